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
static int check_redirdev(const struct domain_def *def, const struct device *dev, struct error *err)
{
    const char *bus = ((const struct domain_redirdev *)dev)->bus;
    if (!str_eq(bus, "usb"))
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "<redirdev bus='%.40s'> is not supported; only 'usb' is", bus);
    return 0;
}

const struct device_schema redirdev_schema = {
    .doc = DEVICE_DOC("redirdev", S, redirdev_rows, DEVICE_REDIRDEV),
    .check = check_redirdev,
};
#undef S
