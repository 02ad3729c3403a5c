// SPDX-License-Identifier: GPL-2.0-or-later
// How this works: the buses are rebuilt from the PCI controllers, what has an address is put on
// them, then devices with a customary place (IDE at 1.1, the first video device, ...) take it, and
// the rest take the first place of their kind in an order that never changes. On q35 express
// devices go behind root ports and conventional ones behind a bridge, as libvirt does, so that
// guests that come from it find their hardware where it was.
#include "base/str.h"
#include "qemu/address/pci_map.h"

struct visit {
    int (*fn)(struct device *dev, void *arg);
    void *arg;
    bool bridges;
};

static int visit_one(struct device *dev, void *arg)
{
    struct visit *v = arg;
    bool bridge = dev->kind == DEVICE_CONTROLLER &&
                  ((const struct domain_controller *)dev)->type == CONTROLLER_PCI;
    return bridge == v->bridges ? v->fn(dev, v->arg) : 0;
}

// Everything that may sit on PCI, in the order in which places are given: bridges first.
static int each_pci(const struct domain_def *def, int (*fn)(struct device *dev, void *arg),
                    void *arg)
{
    struct visit v = {.fn = fn, .arg = arg, .bridges = true};
    int rc = devices_each(def, ORDER_PCI, visit_one, &v);
    v.bridges = false;
    return rc ? rc : devices_each(def, ORDER_PCI, visit_one, &v);
}

// The kind of slot it needs; BUS_NONE: none.
static enum device_bus pci_need(const struct domain_def *def, const struct device *dev)
{
    enum device_bus bus = device_bus(def, dev);
    return bus == BUS_PCI || bus == BUS_PCIE || bus == BUS_PCI_ROOT || bus == BUS_PCIE_DOWNSTREAM
               ? bus
               : BUS_NONE;
}

struct pass {
    struct pci_map *map;
    struct error *err;
    size_t express, conventional, count; // what still wants a place
};

static int keep_one(struct device *dev, void *arg)
{
    struct pass *p = arg;
    return pci_has_address(dev) ? pci_keep(p->map, dev, p->err) : 0;
}

static bool wants(const struct domain_def *def, const struct device *dev)
{
    return dev->address.type == ADDRESS_NONE ||
                   (dev->address.type == ADDRESS_PCI && !dev->address.slot.set)
               ? pci_need(def, dev) != BUS_NONE
               : false;
}

static int count_one(struct device *dev, void *arg)
{
    struct pass *p = arg;
    if (!wants(p->map->def, dev))
        return 0;
    enum device_bus need = pci_need(p->map->def, dev);
    p->count++;
    if (need == BUS_PCIE)
        p->express++;
    else if (need == BUS_PCI)
        p->conventional++;
    return 0;
}

struct fixed_place {
    enum controller_model model;
    unsigned slot[2], function; // of the first and second set
};
static const struct fixed_place ich9_usb[] = {
    {USB_ICH9_EHCI1, {0x1d, 0x1a}, 7},
    {USB_ICH9_UHCI1, {0x1d, 0x1a}, 0},
    {USB_ICH9_UHCI2, {0x1d, 0x1a}, 1},
    {USB_ICH9_UHCI3, {0x1d, 0x1a}, 2},
};

static const struct fixed_place *ich9_place(const struct domain_controller *c)
{
    for (size_t i = 0; i < ARRAY_LEN(ich9_usb); i++)
        if (c->type == CONTROLLER_USB && ich9_usb[i].model == c->model)
            return &ich9_usb[i];
    return NULL;
}

static bool try_put(struct pci_map *m, struct device *dev, unsigned slot, unsigned function)
{
    if (m->bus[0].used[slot][function])
        return false;
    pci_put(m, dev, 0, slot, function);
    return true;
}

// The other controllers of one USB index share a slot; the one at function 0 says so.
static bool join_companions(struct pci_map *m, struct domain_controller *c)
{
    const struct fixed_place *mine = ich9_place(c);
    if (!mine)
        return false;
    VEC_FOREACH (it, &m->def->controllers) {
        struct domain_controller *o = *it;
        if (o == c || !ich9_place(o) || o->index.value != c->index.value ||
            !pci_has_address(&o->dev))
            continue;
        unsigned bus = o->dev.address.bus.value, slot = o->dev.address.slot.value;
        if (m->bus[bus].used[slot][mine->function])
            continue;
        pci_put(m, &c->dev, bus, slot, mine->function);
        return true;
    }
    return false;
}

static void mark_multifunction(struct domain_controller *c)
{
    if (c->model == USB_ICH9_UHCI1 && c->dev.address.multifunction == TOGGLE_UNSET)
        c->dev.address.multifunction = TOGGLE_YES;
}

static void place_controller(struct pci_map *m, struct domain_controller *c)
{
    uint64_t index = c->index.value;
    if (m->chipset == CHIPSET_I440FX) {
        if (c->type == CONTROLLER_IDE && index == 0)
            try_put(m, &c->dev, 1, 1);
        else if (c->type == CONTROLLER_USB && index == 0 && c->model == USB_PIIX3_UHCI)
            try_put(m, &c->dev, 1, 2);
        return;
    }
    if (c->type == CONTROLLER_SATA && index == 0) {
        try_put(m, &c->dev, 0x1f, 2);
    } else if (c->type == CONTROLLER_PCI && c->model == PCIE_DMI_TO_PCI_BRIDGE &&
               pci_slot_free(m, 0, 0x1e)) {
        try_put(m, &c->dev, 0x1e, 0);
    } else if (ich9_place(c) && !join_companions(m, c)) {
        for (unsigned set = 0; set < 2; set++) {
            unsigned slot = ich9_place(c)->slot[set];
            if (pci_slot_free(m, 0, slot) && try_put(m, &c->dev, slot, ich9_place(c)->function))
                break;
        }
    }
    if (pci_has_address(&c->dev))
        mark_multifunction(c);
}

static void place_customary(struct pci_map *m)
{
    const struct domain_def *def = m->def;
    VEC_FOREACH (it, &def->controllers)
        if (wants(def, &(*it)->dev))
            place_controller(m, *it);
    if (def->videos.n && wants(def, &def->videos.v[0]->dev)) {
        unsigned slot = m->chipset == CHIPSET_Q35 ? 1 : 2;
        if (pci_slot_free(m, 0, slot))
            pci_put(m, &def->videos.v[0]->dev, 0, slot, 0);
    }
    if (m->chipset == CHIPSET_Q35)
        VEC_FOREACH (it, &def->sounds)
            if (str_eq((*it)->model, "ich9") && wants(def, &(*it)->dev) &&
                pci_slot_free(m, 0, 0x1b))
                pci_put(m, &(*it)->dev, 0, 0x1b, 0);
}

// Root ports fill the functions of a slot, so that many fit on the root bus.
static bool place_root_port(struct pci_map *m, struct domain_controller *c)
{
    struct pci_bus *root = &m->bus[0];
    for (unsigned s = 1; s < PCI_SLOTS; s++) {
        const struct device *head = root->owner[s][0];
        struct domain_controller *port = NULL;
        VEC_FOREACH (it, &m->def->controllers)
            if (head == &(*it)->dev && (*it)->model == PCIE_ROOT_PORT &&
                (*it)->dev.address.multifunction != TOGGLE_NO)
                port = *it;
        if (!port && !pci_slot_free(m, 0, s))
            continue;
        for (unsigned f = 0; f < PCI_FUNCTIONS; f++) {
            if (root->used[s][f])
                continue;
            pci_put(m, &c->dev, 0, s, f);
            if (f && port)
                port->dev.address.multifunction = TOGGLE_YES;
            return true;
        }
    }
    return false;
}

static bool place_any(struct pci_map *m, struct device *dev, bool hotplug)
{
    enum place_kind a = PLACE_ROOT_PCI, b = PLACE_BRIDGE;
    switch (pci_need(m->def, dev)) {
    case BUS_PCIE:
        if (m->chipset == CHIPSET_Q35)
            a = b = PLACE_PORT;
        break;
    case BUS_PCI_ROOT:
        if (((struct domain_controller *)dev)->model == PCIE_ROOT_PORT)
            return place_root_port(m, (struct domain_controller *)dev);
        a = b = m->bus[0].kind;
        break;
    case BUS_PCIE_DOWNSTREAM:
        a = b = PLACE_UPSTREAM;
        break;
    default:
        break;
    }
    unsigned bus = 0, slot = 0;
    unsigned function = 0;
    if (dev->kind == DEVICE_CONTROLLER) {
        struct domain_controller *c = (struct domain_controller *)dev;
        if (join_companions(m, c)) {
            mark_multifunction(c);
            return true;
        }
        if (ich9_place(c))
            function = ich9_place(c)->function;
        mark_multifunction(c);
    }
    bool bridge =
        dev->kind == DEVICE_CONTROLLER && ((struct domain_controller *)dev)->model == PCI_BRIDGE;
    if (!(bridge && pci_find_slot(m, PLACE_DMI, PLACE_DMI, hotplug, &bus, &slot)) &&
        !pci_find_slot(m, a, b, hotplug, &bus, &slot) &&
        !(a != b && pci_find_slot(m, PLACE_DMI, PLACE_DMI, hotplug, &bus, &slot)))
        return false;
    pci_put(m, dev, bus, slot, function);
    return true;
}

static int place_one(struct device *dev, void *arg)
{
    struct pass *p = arg;
    if (!wants(p->map->def, dev) || place_any(p->map, dev, false))
        return 0;
    return error_set(p->err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                     "line %u: <%s>: no free PCI slot of its kind is left in this machine",
                     dev->line, device_kind_name(dev->kind));
}

static int add_bus(struct domain_def *def, struct pci_map *m, enum controller_model model,
                   struct error *err)
{
    uint64_t index = m->n;
    if (index >= PCI_BUS_MAX)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                         "the devices need more than %u PCI buses", PCI_BUS_MAX);
    pci_map_add_bus(m, controller_add(def, CONTROLLER_PCI, index, model));
    return 0;
}

// q35: each express device needs a port; the first conventional one a port with a bridge behind
// it. In the order of placing, so that the numbers come out as libvirt's.
struct growth {
    struct domain_def *def;
    struct pci_map *map;
    struct error *err;
    size_t ports; // free ones
    bool bridge;
    VEC(struct device *) devices; // listed first: growing moves the controllers' vector
};

static int list_one(struct device *dev, void *arg)
{
    struct growth *g = arg;
    vec_push(&g->devices, dev);
    return 0;
}

static int take_port(struct growth *g)
{
    if (g->ports) {
        g->ports--;
        return 0;
    }
    return add_bus(g->def, g->map, PCIE_ROOT_PORT, g->err);
}

static int grow_one(struct growth *g, const struct device *dev)
{
    if (!wants(g->def, dev))
        return 0;
    enum device_bus need = pci_need(g->def, dev);
    if (need == BUS_PCIE)
        return take_port(g);
    if (need != BUS_PCI || g->bridge)
        return 0;
    g->bridge = true;
    return take_port(g) < 0 ? -1 : add_bus(g->def, g->map, PCIE_TO_PCI_BRIDGE, g->err);
}

// Adds the root ports and bridges that what still has no place will need.
static int add_buses(struct domain_def *def, struct pci_map *m, struct error *err)
{
    struct pass p = {.map = m, .err = err};
    each_pci(def, count_one, &p);
    if (m->chipset == CHIPSET_I440FX) {
        size_t need = p.express + p.conventional;
        // A bridge takes a slot on the root bus and brings 31.
        for (size_t have = pci_free_slots(m, PLACE_ROOT_PCI, PLACE_BRIDGE); need > have;
             have += PCI_SLOTS - 2)
            if (add_bus(def, m, PCI_BRIDGE, err) < 0)
                return -1;
        return 0;
    }
    struct growth g = {.def = def,
                       .map = m,
                       .err = err,
                       .ports = pci_free_slots(m, PLACE_PORT, PLACE_PORT),
                       .bridge = pci_has_bus(m, PLACE_BRIDGE) || pci_has_bus(m, PLACE_DMI)};
    int rc = 0;
    each_pci(def, list_one, &g);
    for (size_t i = 0; rc == 0 && i < g.devices.n; i++)
        rc = grow_one(&g, g.devices.v[i]);
    vec_finish(&g.devices);
    if (rc < 0)
        return -1;
    // One port stays free for hotplug.
    if (!g.ports && add_bus(def, m, PCIE_ROOT_PORT, err) < 0)
        return -1;
    return 0;
}

// Controllers that addresses speak of and the document leaves out.
static int max_bus_one(struct device *dev, void *arg)
{
    uint64_t *max = arg;
    if (pci_has_address(dev) && dev->address.bus.set && dev->address.bus.value > *max &&
        dev->address.bus.value < PCI_BUS_MAX)
        *max = dev->address.bus.value;
    return 0;
}

static void add_named_buses(struct domain_def *def, enum chipset chipset)
{
    uint64_t max = 0;
    if (!controller_find(def, CONTROLLER_PCI, 0))
        controller_add(def, CONTROLLER_PCI, 0, chipset == CHIPSET_Q35 ? PCIE_ROOT : PCI_ROOT);
    each_pci(def, max_bus_one, &max);
    for (uint64_t i = 1; i <= max; i++)
        if (!controller_find(def, CONTROLLER_PCI, i))
            controller_add(def, CONTROLLER_PCI, i,
                           chipset == CHIPSET_Q35 ? PCIE_ROOT_PORT : PCI_BRIDGE);
}

// What the definition says already.
static int build_map(struct pci_map *m, const struct domain_def *def, struct error *err)
{
    pci_map_init(m, def);
    VEC_FOREACH (it, &def->controllers) {
        const struct domain_controller *c = *it;
        if (c->type != CONTROLLER_PCI)
            continue;
        if (c->index.value >= PCI_BUS_MAX)
            return error_set(err, ERROR_XML, AREA_DOMAIN,
                             "line %u: <controller type='pci'>: index %llu is above %u",
                             c->dev.line, (unsigned long long)c->index.value, PCI_BUS_MAX - 1);
        pci_map_add_bus(m, c);
    }
    struct pass p = {.map = m, .err = err};
    return each_pci(def, keep_one, &p);
}

// What the guest sees of a port or bridge besides its address.
static void fill_targets(struct domain_def *def)
{
    VEC_FOREACH (it, &def->controllers) {
        struct domain_controller *c = *it;
        if (c->type != CONTROLLER_PCI || !pci_has_address(&c->dev))
            continue;
        const struct device_address *a = &c->dev.address;
        const char *model = c->model == PCIE_ROOT_PORT                ? "pcie-root-port"
                            : c->model == PCI_BRIDGE                  ? "pci-bridge"
                            : c->model == PCIE_TO_PCI_BRIDGE          ? "pcie-pci-bridge"
                            : c->model == PCIE_DMI_TO_PCI_BRIDGE      ? "i82801b11-bridge"
                            : c->model == PCIE_SWITCH_UPSTREAM_PORT   ? "x3130-upstream"
                            : c->model == PCIE_SWITCH_DOWNSTREAM_PORT ? "xio3130-downstream"
                                                                      : NULL;
        if (!c->pci_model && model)
            c->pci_model = xstrdup(model);
        if (c->model == PCI_BRIDGE && !c->pci_chassis_nr.set)
            c->pci_chassis_nr = c->index;
        if (c->model != PCIE_ROOT_PORT && c->model != PCIE_SWITCH_DOWNSTREAM_PORT)
            continue;
        if (!c->pci_chassis.set)
            c->pci_chassis = c->index;
        if (!c->pci_port.set)
            c->pci_port = c->model == PCIE_ROOT_PORT
                              ? OPT_UINT(a->slot.value << 3 | a->function.value)
                              : OPT_UINT(a->slot.value);
    }
}

// A device of function 0 shows the guest that its slot has several functions.
static int mark_shared_slot(struct device *dev, void *arg)
{
    const struct pci_map *m = arg;
    struct device_address *a = &dev->address;
    if (!pci_has_address(dev) || a->multifunction != TOGGLE_UNSET || a->function.value != 0)
        return 0;
    for (unsigned f = 1; f < PCI_FUNCTIONS; f++) {
        const struct device *other = m->bus[a->bus.value].owner[a->slot.value][f];
        if (other)
            a->multifunction = TOGGLE_YES;
    }
    return 0;
}

int pci_assign(struct domain_def *def, struct error *err)
{
    AUTO_PCI_MAP m = {0};
    enum chipset chipset = chipset_of(def);
    if (chipset != CHIPSET_I440FX && chipset != CHIPSET_Q35) {
        struct pci_map none = {.def = def};
        struct pass p = {.map = &none, .err = err};
        each_pci(def, count_one, &p);
        if (p.count)
            return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                             "machine type '%s' has no PCI slots that are given automatically; %zu "
                             "devices need one: use 'pc' or 'q35', or remove them",
                             def->os.machine, p.count);
        return 0;
    }
    add_named_buses(def, chipset);
    if (build_map(&m, def, err) < 0)
        return -1;
    place_customary(&m);
    if (add_buses(def, &m, err) < 0)
        return -1;
    struct pass p = {.map = &m, .err = err};
    if (each_pci(def, place_one, &p) < 0)
        return -1;
    each_pci(def, mark_shared_slot, &m);
    fill_targets(def);
    return 0;
}

int pci_assign_device(const struct domain_def *def, struct device *dev, struct error *err)
{
    AUTO_PCI_MAP m = {0};
    if (!pci_has_address(dev) && !wants(def, dev))
        return 0;
    if (build_map(&m, def, err) < 0)
        return -1;
    if (pci_has_address(dev))
        return pci_keep(&m, dev, err);
    if (place_any(&m, dev, true))
        return 0;
    return error_set(err, ERROR_OPERATION_FAILED, AREA_DOMAIN,
                     "cannot plug in <%s>: no free PCI slot takes one while the guest runs; %s",
                     device_kind_name(dev->kind),
                     m.chipset == CHIPSET_Q35
                         ? "add <controller type='pci' model='pcie-root-port'/> to the inactive "
                           "definition and restart the guest"
                         : "unplug something first");
}
