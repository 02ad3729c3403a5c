// SPDX-License-Identifier: GPL-2.0-or-later
// USB devices of a client.
#include "qemu/domcaps.h"
#include "qemu/internal.h"

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    (void)def;
    (void)dev;
    return BUS_USB;
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_redirdev *r = (const struct domain_redirdev *)dev;
    if (chardev_backend(o, dev, &r->source) < 0)
        return -1;
    struct json_object *j = json_driver("usb-redir");
    put_printf(j, "chardev", "char%s", dev->alias);
    put_str(j, "id", dev->alias);
    put_opt(j, "bootindex", dev->boot_order);
    return out_device_at(o, dev, j);
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    return ((const struct domain_redirdev *)dev)->source.type ==
               ((const struct domain_redirdev *)wanted)->source.type &&
           device_address_fits(dev, wanted);
}

static struct chardev_source *chardev(const struct domain_def *def, struct device *dev)
{
    (void)def;
    return &((struct domain_redirdev *)dev)->source;
}

static void capabilities(struct domcaps *d)
{
    if (!domcaps_open(d, "redirdev", qemu_caps_has_device(d->in->caps, "usb-redir")))
        return;
    domcaps_enum(d, "bus");
    domcaps_value(d, true, "usb");
    domcaps_close(d, "redirdev");
}

const struct device_class redirdev_class = {
    .alias = "redir",
    .order = {[ORDER_BUILD] = 150, [ORDER_USB] = 70},
    .bus = bus,
    .build = build,
    .is_meant = is_meant,
    .chardev = chardev,
    .capabilities = capabilities,
};
