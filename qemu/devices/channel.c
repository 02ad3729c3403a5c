// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/domcaps.h"
#include "qemu/internal.h"

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    (void)def;
    return ((const struct domain_chardev *)dev)->target == CHANNEL_TARGET_VIRTIO ? BUS_VIRTIO_SERIAL
                                                                                 : BUS_NONE;
}

static int guestfwd(struct out *o, const struct domain_chardev *c)
{
    struct json_object *j = json_object_new_object(), *list = json_object_new_array(),
                       *item = json_object_new_object();
    put_str(j, "type", "user");
    put_printf(item, "str", "tcp:%s:%s-chardev:char%s", c->fwd_address, c->fwd_port, c->dev.alias);
    json_object_array_add(list, item);
    json_object_object_add(j, "guestfwd", list);
    put_str(j, "id", c->dev.alias);
    out_json(o, "-netdev", j);
    return 0;
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_chardev *c = (const struct domain_chardev *)dev;
    if (chardev_backend(o, dev, &c->source) < 0)
        return -1;
    return c->target == CHANNEL_TARGET_GUESTFWD ? guestfwd(o, c)
                                                : chardev_frontend(o, dev, "virtserialport");
}

static void capabilities(struct domcaps *d)
{
    if (!domcaps_open(d, "channel", qemu_caps_has_device(d->in->caps, "virtserialport")))
        return;
    domcaps_enum(d, "type");
    domcaps_value(d, true, "pty");
    domcaps_value(d, true, "unix");
    domcaps_value(d, domcaps_has_spice(d), "spicevmc");
    domcaps_close(d, "channel");
}

const struct device_class channel_class = {
    .alias = "channel",
    .order = {[ORDER_BUILD] = 70},
    .bus = bus,
    .build = build,
    .is_meant = chardev_is_meant,
    .chardev = chardev_source_of,
    .capabilities = capabilities,
};
