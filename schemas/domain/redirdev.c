// SPDX-License-Identifier: LGPL-2.1-or-later
// <redirdev>.
#include "schemas/domain/internal.h"

#define S struct domain_redirdev
static const struct doc_row redirdev_rows[] = {
    D_TOKEN(ATTR, "bus", bus, .def = "usb"),
    D_INCLUDE(&chardev_source_doc, source),
    D_INCLUDE(&device_boot_doc, dev),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct device_schema redirdev_schema = {
    .doc = DEVICE_DOC("redirdev", S, redirdev_rows, DEVICE_REDIRDEV),
};
#undef S
