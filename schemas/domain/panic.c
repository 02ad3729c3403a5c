// SPDX-License-Identifier: LGPL-2.1-or-later
// <panic>.
#include "schemas/domain/internal.h"

#define S struct domain_panic
static const struct doc_row panic_rows[] = {
    D_TOKEN(ATTR, "model", model),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct device_schema panic_schema = {
    .doc = DEVICE_DOC("panic", S, panic_rows, DEVICE_PANIC),
};
#undef S
