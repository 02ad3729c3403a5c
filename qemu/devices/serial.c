// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    enum chardev_target target = ((const struct domain_chardev *)dev)->target;
    (void)def;
    return target == SERIAL_TARGET_USB ? BUS_USB : target == SERIAL_TARGET_PCI ? BUS_PCI : BUS_ISA;
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_chardev *c = (const struct domain_chardev *)dev;
    const char *driver = c->target == SERIAL_TARGET_USB         ? "usb-serial"
                         : c->target == SERIAL_TARGET_PCI       ? "pci-serial"
                         : c->target == SERIAL_TARGET_ISA_DEBUG ? "isa-debugcon"
                                                                : "isa-serial";
    return chardev_backend(o, dev, &c->source) < 0 ? -1 : chardev_frontend(o, dev, driver);
}

const struct device_class serial_class = {
    .alias = "serial",
    .order = {[ORDER_BUILD] = 50, [ORDER_PCI] = 100, [ORDER_USB] = 80},
    .bus = bus,
    .build = build,
    .is_meant = chardev_is_meant,
    .chardev = chardev_source_of,
};
