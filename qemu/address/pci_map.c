// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/address/pci_map.h"

static enum place_kind place_of(enum controller_model model)
{
    switch (model) {
    case PCI_ROOT:
        return PLACE_ROOT_PCI;
    case PCIE_ROOT:
        return PLACE_ROOT_PCIE;
    case PCIE_DMI_TO_PCI_BRIDGE:
        return PLACE_DMI;
    case PCI_BRIDGE:
    case PCIE_TO_PCI_BRIDGE:
        return PLACE_BRIDGE;
    case PCIE_ROOT_PORT:
    case PCIE_SWITCH_DOWNSTREAM_PORT:
        return PLACE_PORT;
    case PCIE_SWITCH_UPSTREAM_PORT:
        return PLACE_UPSTREAM;
    default:
        return PLACE_NONE;
    }
}

void pci_map_add_bus(struct pci_map *m, const struct domain_controller *c)
{
    struct pci_bus *b = &m->bus[c->index.value];
    b->kind = place_of(c->model);
    b->hotplug = c->pci_hotplug != TOGGLE_NO &&
                 (c->model == PCI_ROOT || c->model == PCI_BRIDGE || c->model == PCIE_ROOT_PORT ||
                  c->model == PCIE_SWITCH_DOWNSTREAM_PORT || c->model == PCIE_TO_PCI_BRIDGE);
    if (c->index.value >= m->n)
        m->n = c->index.value + 1;
}

// What the chipset itself occupies.
static void reserve_chipset(struct pci_map *m)
{
    struct pci_bus *root = &m->bus[0];
    root->used[0][0] = true;
    if (m->chipset == CHIPSET_I440FX) {
        root->used[1][0] = root->used[1][3] = true; // ISA bridge, power management
    } else if (m->chipset == CHIPSET_Q35) {
        root->used[0x1f][0] = root->used[0x1f][3] = true; // ISA bridge, SMBus
    }
}

void pci_map_init(struct pci_map *m, const struct domain_def *def)
{
    *m = (struct pci_map){.def = def, .chipset = chipset_of(def)};
    m->bus = xcalloc(PCI_BUS_MAX, sizeof(*m->bus));
    reserve_chipset(m);
}

void pci_map_finish(struct pci_map *m)
{
    free(m->bus);
}

static void bus_slots(const struct pci_bus *b, unsigned *first, unsigned *last)
{
    *first = b->kind == PLACE_PORT || b->kind == PLACE_UPSTREAM || b->kind == PLACE_DMI ? 0 : 1;
    *last = b->kind == PLACE_PORT ? 0 : PCI_SLOTS - 1;
}

bool pci_slot_free(const struct pci_map *m, unsigned bus, unsigned slot)
{
    for (unsigned f = 0; f < PCI_FUNCTIONS; f++)
        if (m->bus[bus].used[slot][f])
            return false;
    return true;
}

static void set_address(struct device *dev, unsigned bus, unsigned slot, unsigned function)
{
    dev->address.type = ADDRESS_PCI;
    dev->address.domain = OPT_UINT(0);
    dev->address.bus = OPT_UINT(bus);
    dev->address.slot = OPT_UINT(slot);
    dev->address.function = OPT_UINT(function);
}

void pci_put(struct pci_map *m, struct device *dev, unsigned bus, unsigned slot, unsigned function)
{
    set_address(dev, bus, slot, function);
    m->bus[bus].used[slot][function] = true;
    m->bus[bus].owner[slot][function] = dev;
}

bool pci_has_address(const struct device *dev)
{
    return dev->address.type == ADDRESS_PCI && dev->address.slot.set;
}

// The chipset has an IDE or SATA controller in itself, which a document may name; no other device
// can be there.
static bool is_in_chipset(const struct pci_map *m, const struct device *dev, uint64_t bus,
                          uint64_t slot, uint64_t function)
{
    const struct domain_controller *c = (const struct domain_controller *)dev;
    bool own = dev->kind == DEVICE_CONTROLLER && c->index.value == 0;
    if (bus == 0 && m->chipset == CHIPSET_I440FX && slot == 1 && function == 1)
        return !own || c->type != CONTROLLER_IDE;
    if (bus == 0 && m->chipset == CHIPSET_Q35 && slot == 0x1f && function == 2)
        return !own || c->type != CONTROLLER_SATA;
    return false;
}

int pci_keep(struct pci_map *m, struct device *dev, struct error *err)
{
    struct device_address *a = &dev->address;
    uint64_t bus = a->bus.set ? a->bus.value : 0,
             function = a->function.set ? a->function.value : 0;
    unsigned first = 0, last = 0;
    if (a->domain.set && a->domain.value)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                         "line %u: <%s>: PCI domain 0x%llx is not there, only 0", dev->line,
                         device_kind_name(dev->kind), (unsigned long long)a->domain.value);
    if (bus >= PCI_BUS_MAX || m->bus[bus].kind == PLACE_NONE)
        return error_set(
            err, ERROR_XML, AREA_DOMAIN,
            "line %u: <%s>: PCI bus 0x%02llx has no <controller type='pci' index='%llu'>",
            dev->line, device_kind_name(dev->kind), (unsigned long long)bus,
            (unsigned long long)bus);
    bus_slots(&m->bus[bus], &first, &last);
    if (a->slot.value < first || a->slot.value > last || function >= PCI_FUNCTIONS)
        return error_set(
            err, ERROR_XML, AREA_DOMAIN,
            "line %u: <%s>: PCI bus 0x%02llx takes slots 0x%02x to 0x%02x, functions 0 "
            "to 7, not 0x%02llx.%llu",
            dev->line, device_kind_name(dev->kind), (unsigned long long)bus, first, last,
            (unsigned long long)a->slot.value, (unsigned long long)function);
    if (m->bus[bus].used[a->slot.value][function] ||
        is_in_chipset(m, dev, bus, a->slot.value, function)) {
        AUTO_FREE char *other = device_where(m->bus[bus].owner[a->slot.value][function]);
        return error_set(err, ERROR_XML, AREA_DOMAIN,
                         "line %u: <%s>: PCI address 0000:%02llx:%02llx.%llu is used by %s already",
                         dev->line, device_kind_name(dev->kind), (unsigned long long)bus,
                         (unsigned long long)a->slot.value, (unsigned long long)function, other);
    }
    pci_put(m, dev, bus, a->slot.value, function);
    return 0;
}

bool pci_find_slot(const struct pci_map *m, enum place_kind a, enum place_kind b, bool hotplug,
                   unsigned *bus, unsigned *slot)
{
    for (size_t i = 0; i < m->n; i++) {
        unsigned first = 0, last = 0;
        if ((m->bus[i].kind != a && m->bus[i].kind != b) || (hotplug && !m->bus[i].hotplug))
            continue;
        bus_slots(&m->bus[i], &first, &last);
        for (unsigned s = first; s <= last; s++)
            if (pci_slot_free(m, i, s)) {
                *bus = i;
                *slot = s;
                return true;
            }
    }
    return false;
}

size_t pci_free_slots(const struct pci_map *m, enum place_kind a, enum place_kind b)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        unsigned first = 0, last = 0;
        if (m->bus[i].kind != a && m->bus[i].kind != b)
            continue;
        bus_slots(&m->bus[i], &first, &last);
        for (unsigned s = first; s <= last; s++)
            n += pci_slot_free(m, i, s);
    }
    return n;
}

bool pci_has_bus(const struct pci_map *m, enum place_kind kind)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->bus[i].kind == kind)
            return true;
    return false;
}
