// SPDX-License-Identifier: LGPL-2.1-or-later
// <hub>.
#include "schemas/domain/internal.h"

#define S struct domain_hub
static const struct doc_row hub_rows[] = {
    D_TOKEN(ATTR, "type", type, .flags = DOC_REQUIRED),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct device_schema hub_schema = {
    .doc = DEVICE_DOC("hub", S, hub_rows, DEVICE_HUB),
};
#undef S
