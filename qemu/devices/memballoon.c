// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

// "none" is a value of the document, no device.
static bool is_none(const struct device *dev)
{
    return str_eq(((const struct domain_memballoon *)dev)->model, "none");
}

static char *name(const struct domain_def *def, const struct device *dev)
{
    return is_none(dev) ? NULL : alias_first_free(def, "balloon", 0);
}

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    (void)def;
    return is_none(dev) ? BUS_NONE : bus_of_virtio(((const struct domain_memballoon *)dev)->model);
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_memballoon *b = (const struct domain_memballoon *)dev;
    if (is_none(dev))
        return 0;
    AUTO_FREE char *driver = virtio_driver("virtio-balloon-pci", b->model);
    struct json_object *j = json_driver(driver);
    put_str(j, "id", dev->alias);
    put_toggle(j, "deflate-on-oom", b->autodeflate);
    put_toggle(j, "free-page-reporting", b->free_page_reporting);
    put_virtio(j, &b->virtio);
    return out_device_at(o, dev, j);
}

const struct device_class memballoon_class = {
    .name = name,
    .order = {[ORDER_BUILD] = 160, [ORDER_PCI] = 50},
    .bus = bus,
    .build = build,
    .plug = true,
    .unplug = true,
};
