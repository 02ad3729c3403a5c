// SPDX-License-Identifier: GPL-2.0-or-later
// Consoles on virtio-serial. The first one mostly mirrors the first serial port and is no device of
// its own.
#include "qemu/internal.h"

static bool is_mirror(const struct device *dev)
{
    return ((const struct domain_chardev *)dev)->target != CONSOLE_TARGET_VIRTIO;
}

// Consoles count by their place, the mirror included, which has the name of what it mirrors.
static char *name(const struct domain_def *def, const struct device *dev)
{
    size_t i = 0;
    while (i < def->consoles.n && dev != &def->consoles.v[i]->dev)
        i++;
    if (i == 0 && def->consoles.n && def->serials.n &&
        def->consoles.v[0]->target == CONSOLE_TARGET_SERIAL)
        return xstrdup(def->serials.v[0]->dev.alias);
    return alias_first_free(def, "console", i);
}

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    (void)def;
    return is_mirror(dev) ? BUS_NONE : BUS_VIRTIO_SERIAL;
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_chardev *c = (const struct domain_chardev *)dev;
    if (is_mirror(dev))
        return 0;
    return chardev_backend(o, dev, &c->source) < 0 ? -1 : chardev_frontend(o, dev, "virtconsole");
}

static struct chardev_source *chardev(const struct domain_def *def, struct device *dev)
{
    return is_mirror(dev) ? NULL : chardev_source_of(def, dev);
}

const struct device_class console_class = {
    .name = name,
    .order = {[ORDER_BUILD] = 80},
    .bus = bus,
    .build = build,
    .is_meant = chardev_is_meant,
    .chardev = chardev,
};
