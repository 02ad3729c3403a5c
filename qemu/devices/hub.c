// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    (void)def;
    (void)dev;
    return BUS_USB;
}

static int build(struct out *o, const struct device *dev)
{
    struct json_object *j = json_driver("usb-hub");
    put_str(j, "id", dev->alias);
    return out_device_at(o, dev, j);
}

const struct device_class hub_class = {
    .alias = "hub",
    .order = {[ORDER_BUILD] = 20, [ORDER_USB] = 10},
    .bus = bus,
    .build = build,
    .plug = true,
    .unplug = true,
};
