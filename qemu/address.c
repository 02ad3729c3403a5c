// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/address.h"

#include "base/str.h"
#include "qemu/address_internal.h"

enum chipset chipset_of(const struct domain_def *def)
{
    const char *m = def->os.machine ? def->os.machine : "pc";
    if (str_eq(m, "pc") || str_starts(m, "pc-i440fx-") || str_starts(m, "pc-0.") ||
        str_starts(m, "pc-1."))
        return CHIPSET_I440FX;
    if (str_eq(m, "q35") || str_starts(m, "pc-q35-"))
        return CHIPSET_Q35;
    return str_eq(m, "isapc") ? CHIPSET_ISA : CHIPSET_OTHER;
}

struct domain_controller *controller_find(const struct domain_def *def, enum controller_type type,
                                          uint64_t index)
{
    VEC_FOREACH (it, &def->controllers)
        if ((*it)->type == type && (*it)->index.set && (*it)->index.value == index)
            return *it;
    return NULL;
}

struct domain_controller *controller_add(struct domain_def *def, enum controller_type type,
                                         uint64_t index, enum controller_model model)
{
    struct domain_controller *c = NEW(struct domain_controller);
    c->dev.kind = DEVICE_CONTROLLER;
    c->type = type;
    c->index = OPT_UINT(index);
    c->model = model;
    vec_push(&def->controllers, c);
    return c;
}

char *device_where(const struct device *dev)
{
    if (!dev)
        return xstrdup("the chipset");
    if (dev->line)
        return xasprintf("the <%s> at line %u", device_kind_name(dev->kind), dev->line);
    return xasprintf("the implicit <%s>", device_kind_name(dev->kind));
}

bool device_on_usb(const struct device *dev)
{
    switch (dev->kind) {
    case DEVICE_DISK:
        return ((const struct domain_disk *)dev)->bus == DISK_BUS_USB;
    case DEVICE_INPUT:
        return ((const struct domain_input *)dev)->bus == INPUT_BUS_USB;
    case DEVICE_HUB:
    case DEVICE_REDIRDEV:
        return true;
    case DEVICE_SERIAL:
        return ((const struct domain_chardev *)dev)->target == SERIAL_TARGET_USB;
    case DEVICE_SOUND:
        return str_eq(((const struct domain_sound *)dev)->model, "usb");
    case DEVICE_INTERFACE:
        return str_eq(((const struct domain_interface *)dev)->model, "usb-net");
    case DEVICE_CONTROLLER:
        return ((const struct domain_controller *)dev)->type == CONTROLLER_CCID;
    default:
        return false;
    }
}

static enum pci_need controller_need(const struct domain_def *def,
                                     const struct domain_controller *c)
{
    enum chipset chipset = chipset_of(def);
    switch (c->type) {
    case CONTROLLER_USB:
        if (c->model == USB_OFF)
            return PCI_NEED_NONE;
        return c->model == USB_NEC_XHCI || c->model == USB_QEMU_XHCI ? PCI_NEED_EXPRESS
                                                                     : PCI_NEED_CONVENTIONAL;
    case CONTROLLER_SCSI:
        switch (c->model) {
        case SCSI_VIRTIO:
        case SCSI_VIRTIO_NON_TRANSITIONAL:
        case SCSI_VMPVSCSI:
            return PCI_NEED_EXPRESS;
        case SCSI_IBMVSCSI:
            return PCI_NEED_NONE;
        default:
            return PCI_NEED_CONVENTIONAL;
        }
    case CONTROLLER_VIRTIO_SERIAL:
        return c->model == VIRTIO_SERIAL_TRANSITIONAL ? PCI_NEED_CONVENTIONAL : PCI_NEED_EXPRESS;
    case CONTROLLER_SATA:
        return PCI_NEED_CONVENTIONAL;
    case CONTROLLER_IDE:
        return chipset == CHIPSET_I440FX ? PCI_NEED_CONVENTIONAL : PCI_NEED_NONE;
    case CONTROLLER_PCI:
        switch (c->model) {
        case PCI_BRIDGE:
            return PCI_NEED_CONVENTIONAL;
        case PCIE_TO_PCI_BRIDGE:
        case PCIE_SWITCH_UPSTREAM_PORT:
            return PCI_NEED_EXPRESS;
        case PCIE_SWITCH_DOWNSTREAM_PORT:
            return PCI_NEED_DOWNSTREAM;
        case PCIE_ROOT_PORT:
        case PCIE_DMI_TO_PCI_BRIDGE:
        case PCI_EXPANDER_BUS:
        case PCIE_EXPANDER_BUS:
            return PCI_NEED_ROOT;
        default:
            return PCI_NEED_NONE;
        }
    default:
        return PCI_NEED_NONE;
    }
}

static enum pci_need virtio_need(const char *model)
{
    return model && str_ends(model, "-transitional") && !str_ends(model, "-non-transitional")
               ? PCI_NEED_CONVENTIONAL
               : PCI_NEED_EXPRESS;
}

static enum pci_need iface_need(const char *model)
{
    if (!model || str_starts(model, "virtio"))
        return virtio_need(model);
    if (str_eq(model, "e1000e") || str_eq(model, "vmxnet3") || str_eq(model, "igb"))
        return PCI_NEED_EXPRESS;
    return str_eq(model, "usb-net") || str_eq(model, "ne2k_isa") ? PCI_NEED_NONE
                                                                 : PCI_NEED_CONVENTIONAL;
}

static enum pci_need video_need(const char *model)
{
    if (str_eq(model, "none") || str_eq(model, "ramfb"))
        return PCI_NEED_NONE;
    return str_eq(model, "virtio") || str_eq(model, "bochs") ? PCI_NEED_EXPRESS
                                                             : PCI_NEED_CONVENTIONAL;
}

enum pci_need pci_need(const struct domain_def *def, const struct device *dev)
{
    switch (dev->kind) {
    case DEVICE_CONTROLLER:
        return controller_need(def, (const struct domain_controller *)dev);
    case DEVICE_INTERFACE:
        return iface_need(((const struct domain_interface *)dev)->model);
    case DEVICE_DISK: {
        const struct domain_disk *d = (const struct domain_disk *)dev;
        if (d->bus != DISK_BUS_VIRTIO)
            return PCI_NEED_NONE;
        return d->model == DISK_MODEL_VIRTIO_TRANSITIONAL ? PCI_NEED_CONVENTIONAL
                                                          : PCI_NEED_EXPRESS;
    }
    case DEVICE_SOUND: {
        const char *m = ((const struct domain_sound *)dev)->model;
        return str_eq(m, "usb") || str_eq(m, "sb16") || str_eq(m, "pcspk") ? PCI_NEED_NONE
                                                                           : PCI_NEED_CONVENTIONAL;
    }
    case DEVICE_MEMBALLOON: {
        const char *m = ((const struct domain_memballoon *)dev)->model;
        return str_eq(m, "none") ? PCI_NEED_NONE : virtio_need(m);
    }
    case DEVICE_RNG:
        return virtio_need(((const struct domain_rng *)dev)->model);
    case DEVICE_INPUT: {
        const struct domain_input *i = (const struct domain_input *)dev;
        return i->bus == INPUT_BUS_VIRTIO ? virtio_need(i->model) : PCI_NEED_NONE;
    }
    case DEVICE_WATCHDOG:
        return str_eq(((const struct domain_watchdog *)dev)->model, "i6300esb")
                   ? PCI_NEED_CONVENTIONAL
                   : PCI_NEED_NONE;
    case DEVICE_VIDEO:
        return video_need(((const struct domain_video *)dev)->model);
    case DEVICE_SERIAL:
        return ((const struct domain_chardev *)dev)->target == SERIAL_TARGET_PCI
                   ? PCI_NEED_CONVENTIONAL
                   : PCI_NEED_NONE;
    case DEVICE_PANIC:
        return str_eq(((const struct domain_panic *)dev)->model, "pvpanic") ? PCI_NEED_CONVENTIONAL
                                                                            : PCI_NEED_NONE;
    default:
        return PCI_NEED_NONE;
    }
}

int address_assign(struct domain_def *def, struct error *err)
{
    // Drives and ports first: they may add controllers, which then want places of their own.
    if (drive_assign(def, err) < 0 || virtio_serial_assign(def, err) < 0 ||
        usb_assign(def, err) < 0)
        return -1;
    return pci_assign(def, err);
}

int address_assign_device(const struct domain_def *def, struct device *dev, struct error *err)
{
    if (drive_assign_device(def, dev, err) < 0 || virtio_serial_assign_device(def, dev, err) < 0 ||
        usb_assign_device(def, dev, err) < 0)
        return -1;
    return pci_assign_device(def, dev, err);
}
