// SPDX-License-Identifier: GPL-2.0-or-later
// Ports of virtio-serial controllers: consoles and channels. Port 0 is the first console's only.
#include "base/str.h"
#include "qemu/address_internal.h"

enum { PORTS_DEFAULT = 31, CONTROLLERS_MAX = 32 };

static bool on_virtio_serial(const struct device *dev)
{
    const struct domain_chardev *c = (const struct domain_chardev *)dev;
    return (dev->kind == DEVICE_CHANNEL && c->target == CHANNEL_TARGET_VIRTIO) ||
           (dev->kind == DEVICE_CONSOLE && c->target == CONSOLE_TARGET_VIRTIO);
}

static const struct device *port_user(const struct domain_def *def, const struct device *self,
                                      uint64_t controller, uint64_t port)
{
    const struct device *lists[2] = {0};
    size_t most = def->consoles.n > def->channels.n ? def->consoles.n : def->channels.n;
    for (size_t i = 0; i < most; i++) {
        lists[0] = i < def->consoles.n ? &def->consoles.v[i]->dev : NULL;
        lists[1] = i < def->channels.n ? &def->channels.v[i]->dev : NULL;
        for (size_t k = 0; k < 2; k++) {
            const struct device *o = lists[k];
            if (o && o != self && on_virtio_serial(o) && o->address.type == ADDRESS_VIRTIO_SERIAL &&
                o->address.serial_port.set &&
                (o->address.controller.set ? o->address.controller.value : 0) == controller &&
                o->address.serial_port.value == port)
                return o;
        }
    }
    return NULL;
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

static int assign_list(struct domain_def *def, struct domain_chardev **v, size_t n, bool check,
                       struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct device *dev = &v[i]->dev;
        if (!on_virtio_serial(dev))
            continue;
        if (check ? has_port(dev) && check_free(def, dev, err) < 0 : give(def, dev, err) < 0)
            return -1;
        if (check && has_port(dev) && dev->address.controller.set &&
            dev->address.controller.value < CONTROLLERS_MAX &&
            !controller_find(def, CONTROLLER_VIRTIO_SERIAL, dev->address.controller.value))
            controller_add(def, CONTROLLER_VIRTIO_SERIAL, dev->address.controller.value,
                           CONTROLLER_MODEL_NONE);
    }
    return 0;
}

int virtio_serial_assign(struct domain_def *def, struct error *err)
{
    for (int check = 1; check >= 0; check--)
        if (assign_list(def, def->consoles.v, def->consoles.n, check, err) < 0 ||
            assign_list(def, def->channels.v, def->channels.n, check, err) < 0)
            return -1;
    return 0;
}

int virtio_serial_assign_device(const struct domain_def *def, struct device *dev, struct error *err)
{
    if (!on_virtio_serial(dev))
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
