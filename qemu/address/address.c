// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/address/address.h"

#include "base/str.h"
#include "qemu/address/internal.h"

enum chipset chipset_of_machine(const char *arch, const char *machine)
{
    const char *m = machine ? machine : "pc";
    if (arch && !str_eq(arch, "x86_64") && !str_eq(arch, "i686"))
        return CHIPSET_OTHER;
    if (str_eq(m, "pc") || str_starts(m, "pc-i440fx-") || str_starts(m, "pc-0.") ||
        str_starts(m, "pc-1."))
        return CHIPSET_I440FX;
    if (str_eq(m, "q35") || str_starts(m, "pc-q35-"))
        return CHIPSET_Q35;
    return str_eq(m, "isapc") ? CHIPSET_ISA : CHIPSET_OTHER;
}

enum chipset chipset_of(const struct domain_def *def)
{
    return chipset_of_machine(def->os.arch, def->os.machine);
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

struct type_check {
    const struct domain_def *def;
    struct error *err;
};

// An address of another bus would be ignored.
static int check_type(struct device *dev, void *arg)
{
    static const enum address_type types[BUS_COUNT] = {
        [BUS_PCI] = ADDRESS_PCI,
        [BUS_PCIE] = ADDRESS_PCI,
        [BUS_PCI_ROOT] = ADDRESS_PCI,
        [BUS_PCIE_DOWNSTREAM] = ADDRESS_PCI,
        [BUS_USB] = ADDRESS_USB,
        [BUS_DRIVE] = ADDRESS_DRIVE,
        [BUS_VIRTIO_SERIAL] = ADDRESS_VIRTIO_SERIAL,
        [BUS_ISA] = ADDRESS_ISA,
    };
    struct type_check *c = arg;
    enum address_type type = dev->address.type;
    // The chipset's own controllers have fixed places that documents name.
    if (type == ADDRESS_NONE || type == types[device_bus(c->def, dev)] ||
        (dev->kind == DEVICE_CONTROLLER && type == ADDRESS_PCI) || console_is_serial(c->def, dev))
        return 0;
    return error_set(c->err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                     "domain '%s': line %u: <%s> cannot have an address of type '%s'; remove its "
                     "<address>",
                     c->def->name, dev->line, device_kind_name(dev->kind), address_type_name(type));
}

int address_assign(struct domain_def *def, struct error *err)
{
    struct type_check c = {def, err};
    if (domain_def_each_device(def, check_type, &c) < 0)
        return -1;
    // Drives and ports first: they may add controllers, which then want places of their own.
    if (drive_assign(def, err) < 0 || virtio_serial_assign(def, err) < 0 ||
        usb_assign(def, err) < 0)
        return -1;
    return pci_assign(def, err);
}

int address_assign_device(const struct domain_def *def, struct device *dev, struct error *err)
{
    struct type_check c = {def, err};
    if (check_type(dev, &c) < 0 || drive_assign_device(def, dev, err) < 0 ||
        virtio_serial_assign_device(def, dev, err) < 0 || usb_assign_device(def, dev, err) < 0)
        return -1;
    return pci_assign_device(def, dev, err);
}
