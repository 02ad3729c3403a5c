// SPDX-License-Identifier: GPL-2.0-or-later
// Ports of virtio-serial controllers: consoles and channels. Port 0 is the first console's only.
#include "base/str.h"
#include "qemu/address/internal.h"

enum { PORTS_DEFAULT = 31, CONTROLLERS_MAX = 32 };

static bool is_on_virtio_serial(const struct domain_def *def, const struct device *dev)
{
    return device_bus(def, dev) == BUS_VIRTIO_SERIAL;
}

struct search {
    const struct domain_def *def;
    const struct device *self;
    uint64_t controller, port;
    const struct device *found;
};

static int uses_port(struct device *dev, void *arg)
{
    struct search *s = arg;
    const struct device_address *a = &dev->address;
    if (dev == s->self || !is_on_virtio_serial(s->def, dev) || a->type != ADDRESS_VIRTIO_SERIAL ||
        !a->serial_port.set || a->serial_port.value != s->port ||
        (a->controller.set ? a->controller.value : 0) != s->controller)
        return 0;
    s->found = dev;
    return 1;
}

static const struct device *port_user(const struct domain_def *def, const struct device *self,
                                      uint64_t controller, uint64_t port)
{
    struct search s = {.def = def, .self = self, .controller = controller, .port = port};
    domain_def_each_device(def, uses_port, &s);
    return s.found;
}

static bool has_port(const struct device *dev)
{
    // libvirt writes port 0 where the port is to be chosen.
    return dev->address.type == ADDRESS_VIRTIO_SERIAL && dev->address.serial_port.set &&
           (dev->address.serial_port.value || dev->kind == DEVICE_CONSOLE);
}

static bool find_port(const struct domain_def *def, struct device *dev)
{
    bool any = dev->address.type == ADDRESS_NONE || !dev->address.controller.set;
    uint64_t first = dev->kind == DEVICE_CONSOLE ? 0 : 1;
    for (uint64_t i = 0; i < CONTROLLERS_MAX; i++) {
        const struct domain_controller *c = controller_find(def, CONTROLLER_VIRTIO_SERIAL, i);
        if (!c || (!any && dev->address.controller.value != i))
            continue;
        uint64_t ports = c->ports.set ? c->ports.value : PORTS_DEFAULT;
        for (uint64_t port = first; port < ports; port++) {
            if (port_user(def, dev, i, port))
                continue;
            dev->address.type = ADDRESS_VIRTIO_SERIAL;
            dev->address.controller = OPT_UINT(i);
            dev->address.bus = OPT_UINT(0);
            dev->address.serial_port = OPT_UINT(port);
            return true;
        }
    }
    return false;
}

static int check_free(const struct domain_def *def, const struct device *dev, struct error *err)
{
    uint64_t controller = dev->address.controller.set ? dev->address.controller.value : 0;
    const struct device *o = port_user(def, dev, controller, dev->address.serial_port.value);
    if (!o)
        return 0;
    AUTO_FREE char *where = device_where(o);
    return error_set(err, ERROR_XML, AREA_DOMAIN,
                     "line %u: <%s>: virtio-serial controller %llu port %llu is used by %s already",
                     dev->line, device_kind_name(dev->kind), (unsigned long long)controller,
                     (unsigned long long)dev->address.serial_port.value, where);
}

static int give(struct domain_def *def, struct device *dev, struct error *err)
{
    if (has_port(dev))
        return 0;
    if (find_port(def, dev))
        return 0;
    uint64_t index = 0;
    if (dev->address.type == ADDRESS_VIRTIO_SERIAL && dev->address.controller.set) {
        index = dev->address.controller.value;
    } else {
        while (controller_find(def, CONTROLLER_VIRTIO_SERIAL, index))
            index++;
    }
    if (index < CONTROLLERS_MAX && !controller_find(def, CONTROLLER_VIRTIO_SERIAL, index)) {
        controller_add(def, CONTROLLER_VIRTIO_SERIAL, index, CONTROLLER_MODEL_NONE);
        if (find_port(def, dev))
            return 0;
    }
    return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                     "line %u: <%s>: no virtio-serial port is left on controller %llu", dev->line,
                     device_kind_name(dev->kind), (unsigned long long)index);
}

struct pass {
    struct domain_def *def;
    struct error *err;
};

static int check_one(struct device *dev, void *arg)
{
    struct pass *p = arg;
    const struct device_address *a = &dev->address;
    if (!is_on_virtio_serial(p->def, dev) || !has_port(dev))
        return 0;
    if (check_free(p->def, dev, p->err) < 0)
        return -1;
    if (a->controller.set && a->controller.value < CONTROLLERS_MAX &&
        !controller_find(p->def, CONTROLLER_VIRTIO_SERIAL, a->controller.value))
        controller_add(p->def, CONTROLLER_VIRTIO_SERIAL, a->controller.value,
                       CONTROLLER_MODEL_NONE);
    return 0;
}

static int give_one(struct device *dev, void *arg)
{
    struct pass *p = arg;
    return is_on_virtio_serial(p->def, dev) ? give(p->def, dev, p->err) : 0;
}

int virtio_serial_assign(struct domain_def *def, struct error *err)
{
    struct pass p = {.def = def, .err = err};
    return domain_def_each_device(def, check_one, &p) < 0 ||
                   domain_def_each_device(def, give_one, &p) < 0
               ? -1
               : 0;
}

int virtio_serial_assign_device(const struct domain_def *def, struct device *dev, struct error *err)
{
    if (!is_on_virtio_serial(def, dev))
        return 0;
    if (has_port(dev))
        return check_free(def, dev, err);
    if (find_port(def, dev))
        return 0;
    return error_set(err, ERROR_OPERATION_FAILED, AREA_DOMAIN,
                     "cannot plug in <%s>: the guest has no free virtio-serial port; plug in "
                     "<controller type='virtio-serial'/> first",
                     device_kind_name(dev->kind));
}
