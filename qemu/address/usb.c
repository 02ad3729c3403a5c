// SPDX-License-Identifier: GPL-2.0-or-later
// USB ports: those of the controllers first, then those of hubs. A hub is added when there are too
// few.
#include <stdio.h>

#include "base/str.h"
#include "qemu/address/internal.h"

enum { HUB_PORTS = 8, USB_DEPTH = 5, PORT_TEXT = 32 };

static unsigned controller_ports(const struct domain_controller *c)
{
    switch (c->model) {
    case USB_ICH9_EHCI1:
    case USB_EHCI:
        return 6;
    case USB_ICH9_UHCI1:
    case USB_ICH9_UHCI2:
    case USB_ICH9_UHCI3:
    case USB_OFF:
        return 0; // companions lend their ports to the EHCI
    case USB_NEC_XHCI:
    case USB_QEMU_XHCI:
        return c->ports.set ? (unsigned)c->ports.value : 4;
    case USB_PCI_OHCI:
        return 3;
    default:
        return 2;
    }
}

struct usb_pass {
    const struct domain_def *def;
    const struct device *self; // not compared with itself
    uint64_t bus;
    const char *port;
    struct device *found;
    size_t count;
};

static bool is_usb(const struct domain_def *def, const struct device *dev)
{
    return device_bus(def, dev) == BUS_USB;
}

static bool has_port(const struct device *dev)
{
    return dev->address.type == ADDRESS_USB && dev->address.usb_port;
}

static uint64_t bus_of(const struct device *dev)
{
    return dev->address.bus.set ? dev->address.bus.value : 0;
}

static int same_port(struct device *dev, void *arg)
{
    struct usb_pass *p = arg;
    if (dev == p->self || !is_usb(p->def, dev) || !has_port(dev) || bus_of(dev) != p->bus ||
        !str_eq(dev->address.usb_port, p->port))
        return 0;
    p->found = dev;
    return 1;
}

static struct device *port_user(const struct domain_def *def, const struct device *self,
                                uint64_t bus, const char *port)
{
    struct usb_pass p = {.def = def, .self = self, .bus = bus, .port = port};
    devices_each(def, ORDER_USB, same_port, &p);
    return p.found;
}

static bool take_port(const struct domain_def *def, struct device *dev, uint64_t bus,
                      const char *port)
{
    if (port_user(def, dev, bus, port))
        return false;
    dev->address.type = ADDRESS_USB;
    dev->address.bus = OPT_UINT(bus);
    str_replace(&dev->address.usb_port, port);
    return true;
}

static bool find_port(const struct domain_def *def, struct device *dev)
{
    char port[PORT_TEXT];
    bool any = !dev->address.bus.set;
    VEC_FOREACH (it, &def->controllers) {
        const struct domain_controller *c = *it;
        if (c->type != CONTROLLER_USB || (!any && bus_of(dev) != c->index.value))
            continue;
        for (unsigned n = 1; n <= controller_ports(c); n++) {
            snprintf(port, sizeof(port), "%u", n);
            if (take_port(def, dev, c->index.value, port))
                return true;
        }
    }
    VEC_FOREACH (it, &def->hubs) {
        const struct device *hub = &(*it)->dev;
        if (hub == dev || !has_port(hub) || (!any && bus_of(dev) != bus_of(hub)))
            continue;
        unsigned depth = 1;
        for (const char *s = hub->address.usb_port; *s; s++)
            depth += *s == '.';
        if (depth >= USB_DEPTH || strlen(hub->address.usb_port) > PORT_TEXT - 4)
            continue;
        for (unsigned n = 1; n <= HUB_PORTS; n++) {
            snprintf(port, sizeof(port), "%.*s.%u", PORT_TEXT - 4, hub->address.usb_port, n);
            if (take_port(def, dev, bus_of(hub), port))
                return true;
        }
    }
    return false;
}

static int check_one(struct device *dev, void *arg)
{
    struct usb_pass *p = arg;
    if (!is_usb(p->def, dev) || !has_port(dev))
        return 0;
    p->found = port_user(p->def, dev, bus_of(dev), dev->address.usb_port);
    p->self = dev;
    return p->found ? 1 : 0;
}

static int conflict(const struct device *dev, const struct device *other, struct error *err)
{
    AUTO_FREE char *where = device_where(other);
    return error_set(err, ERROR_XML, AREA_DOMAIN,
                     "line %u: <%s>: USB bus %llu port %s is used by %s already", dev->line,
                     device_kind_name(dev->kind), (unsigned long long)bus_of(dev),
                     dev->address.usb_port, where);
}

static int count_one(struct device *dev, void *arg)
{
    struct usb_pass *p = arg;
    p->count += is_usb(p->def, dev);
    return 0;
}

static int give_one(struct device *dev, void *arg)
{
    struct usb_pass *p = arg;
    return !is_usb(p->def, dev) || has_port(dev) || find_port(p->def, dev) ? 0
                                                                           : ((p->found = dev), -1);
}

static bool usb_off(const struct domain_def *def)
{
    VEC_FOREACH (it, &def->controllers)
        if ((*it)->type == CONTROLLER_USB && (*it)->model == USB_OFF)
            return true;
    return false;
}

static void add_controller_and_hubs(struct domain_def *def, size_t devices)
{
    size_t ports = 0;
    if (!controller_find(def, CONTROLLER_USB, 0))
        controller_add(def, CONTROLLER_USB, 0,
                       chipset_of(def) == CHIPSET_Q35 ? USB_QEMU_XHCI : USB_PIIX3_UHCI);
    VEC_FOREACH (it, &def->controllers) {
        if ((*it)->type == CONTROLLER_USB && (*it)->model == CONTROLLER_MODEL_NONE)
            (*it)->model = chipset_of(def) == CHIPSET_Q35 ? USB_QEMU_XHCI : USB_PIIX3_UHCI;
        if ((*it)->type == CONTROLLER_USB)
            ports += controller_ports(*it);
    }
    ports += def->hubs.n * HUB_PORTS;
    for (; ports && ports < devices; ports += HUB_PORTS, devices++) {
        struct domain_hub *hub = NEW(struct domain_hub);
        hub->dev.kind = DEVICE_HUB;
        hub->type = xstrdup("usb");
        vec_push(&def->hubs, hub);
    }
}

int usb_assign(struct domain_def *def, struct error *err)
{
    struct usb_pass p = {.def = def};
    devices_each(def, ORDER_USB, count_one, &p);
    size_t devices = p.count;
    if (devices && usb_off(def))
        return error_set(err, ERROR_XML, AREA_DOMAIN,
                         "%zu USB devices, but <controller type='usb' model='none'/> says that the "
                         "guest has no USB",
                         devices);
    if (devices)
        add_controller_and_hubs(def, devices);
    if (devices_each(def, ORDER_USB, check_one, &p))
        return conflict(p.self, p.found, err);
    if (devices_each(def, ORDER_USB, give_one, &p) < 0)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                         "line %u: <%s>: no USB port is left; add a <controller type='usb'> or "
                         "<hub type='usb'/>",
                         p.found->line, device_kind_name(p.found->kind));
    return 0;
}

int usb_assign_device(const struct domain_def *def, struct device *dev, struct error *err)
{
    if (!is_usb(def, dev))
        return 0;
    if (has_port(dev)) {
        struct device *other = port_user(def, dev, bus_of(dev), dev->address.usb_port);
        return other ? conflict(dev, other, err) : 0;
    }
    if (usb_off(def) || !find_port(def, dev))
        return error_set(err, ERROR_OPERATION_FAILED, AREA_DOMAIN,
                         "cannot plug in <%s>: the guest has no free USB port; plug in <hub "
                         "type='usb'/> first",
                         device_kind_name(dev->kind));
    return 0;
}
