// SPDX-License-Identifier: LGPL-2.1-or-later
// <hub>.
#include "schemas/domain/internal.h"

#define S struct domain_hub
static const struct doc_row hub_rows[] = {
    D_TOKEN(ATTR, "type", type, .flags = DOC_REQUIRED),
    D_INCLUDE(&device_tail_doc, dev),
};
static int check_hub(const struct domain_def *def, const struct device *dev, struct error *err)
{
    const char *type = ((const struct domain_hub *)dev)->type;
    if (!str_eq(type, "usb"))
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "<hub type='%.40s'> is not supported; only 'usb' is", type);
    return 0;
}

const struct device_schema hub_schema = {
    .doc = DEVICE_DOC("hub", S, hub_rows, DEVICE_HUB),
    .check = check_hub,
};
#undef S
