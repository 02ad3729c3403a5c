// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    const struct domain_input *i = (const struct domain_input *)dev;
    (void)def;
    return i->bus == INPUT_BUS_USB      ? BUS_USB
           : i->bus == INPUT_BUS_VIRTIO ? bus_of_virtio(i->model)
                                        : BUS_NONE;
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_input *i = (const struct domain_input *)dev;
    static const char *const usb[] = {
        [INPUT_MOUSE] = "usb-mouse", [INPUT_TABLET] = "usb-tablet", [INPUT_KEYBOARD] = "usb-kbd"};
    static const char *const virtio[] = {[INPUT_MOUSE] = "virtio-mouse-pci",
                                         [INPUT_TABLET] = "virtio-tablet-pci",
                                         [INPUT_KEYBOARD] = "virtio-keyboard-pci"};
    if (i->bus == INPUT_BUS_PS2) {
        if (i->type == INPUT_TABLET)
            return out_unsupported(o, dev, "there is no PS/2 tablet; use bus='usb'");
        return 0; // the chipset's own
    }
    if (i->type == INPUT_NONE || i->bus == INPUT_BUS_NONE)
        return out_internal(o, dev, "no type or bus");
    AUTO_FREE char *driver =
        i->bus == INPUT_BUS_USB ? xstrdup(usb[i->type]) : virtio_driver(virtio[i->type], i->model);
    struct json_object *j = json_driver(driver);
    put_str(j, "id", dev->alias);
    if (i->bus == INPUT_BUS_VIRTIO)
        put_virtio(j, &i->virtio);
    return out_device_at(o, dev, j);
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    const struct domain_input *a = (const struct domain_input *)dev;
    const struct domain_input *b = (const struct domain_input *)wanted;
    return a->type == b->type && (b->bus == INPUT_BUS_NONE || a->bus == b->bus) &&
           device_address_fits(dev, wanted);
}

const struct device_class input_class = {
    .alias = "input",
    .order = {[ORDER_BUILD] = 90, [ORDER_PCI] = 90, [ORDER_USB] = 50},
    .bus = bus,
    .build = build,
    .plug = true,
    .unplug = true,
    .is_meant = is_meant,
};
