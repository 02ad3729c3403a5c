// SPDX-License-Identifier: LGPL-2.1-or-later
// <panic>.
#include "schemas/domain/internal.h"

#define S struct domain_panic
static const struct doc_row panic_rows[] = {
    D_TOKEN(ATTR, "model", model),
    D_INCLUDE(&device_tail_doc, dev),
};

static void fill_panics(const struct domain_fill *f)
{
    VEC_FOREACH (it, &f->def->panics) {
        if (!(*it)->model)
            (*it)->model = xstrdup("isa");
    }
}

static int check_panic(const struct domain_def *def, const struct device *dev, struct error *err)
{
    if (dev->address.irq.set)
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "<panic> has no interrupt; remove irq= of its <address>");
    return 0;
}

const struct device_schema panic_schema = {
    .doc = DEVICE_DOC("panic", S, panic_rows, DEVICE_PANIC),
    .fill = fill_panics,
    .check = check_panic,
};
#undef S
