// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    (void)def, (void)dev;
    return BUS_ISA;
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_chardev *c = (const struct domain_chardev *)dev;
    return chardev_backend(o, dev, &c->source) < 0 ? -1 : chardev_frontend(o, dev, "isa-parallel");
}

const struct device_class parallel_class = {
    .alias = "parallel",
    .order = {[ORDER_BUILD] = 60},
    .bus = bus,
    .build = build,
    .is_meant = chardev_is_meant,
    .chardev = chardev_source_of,
};
