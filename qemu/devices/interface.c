// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/internal.h"

static const struct command_iface *plugged(const struct out *o,
                                           const struct domain_interface *iface)
{
    for (size_t i = 0; i < o->in->nifaces; i++)
        if (o->in->ifaces[i].iface == iface)
            return &o->in->ifaces[i];
    return NULL;
}

// "5" or "5:6:7"; when plugging in, the names under which getfd left them.
static char *fd_list(struct out *o, const int *fds, size_t n, const char *name, const char *alias)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < n; i++) {
        if (i)
            strbuf_addc(&b, ':');
        if (o->steps)
            strbuf_printf(&b, "%s-%s-%zu", name, alias, i);
        else
            strbuf_printf(&b, "%d", out_fd(o, fds[i]));
    }
    return strbuf_steal(&b);
}

static int tap(struct out *o, const struct domain_interface *iface, struct json_object *j)
{
    const struct command_iface *p = plugged(o, iface);
    put_str(j, "type", "tap");
    if (o->undo)
        return 0; // QEMU has the descriptors
    if (!p || !p->ntaps)
        return out_internal(o, &iface->dev, "no tap was made for it");
    AUTO_FREE char *taps = fd_list(o, p->tap_fds, p->ntaps, "fd", iface->dev.alias);
    put_str(j, p->ntaps > 1 ? "fds" : "fd", taps);
    if (p->nvhosts) {
        AUTO_FREE char *vhosts = fd_list(o, p->vhost_fds, p->nvhosts, "vhostfd", iface->dev.alias);
        put_bool(j, "vhost", true);
        put_str(j, p->nvhosts > 1 ? "vhostfds" : "vhostfd", vhosts);
    } else if (iface->driver == INTERFACE_BACKEND_VHOST) {
        return out_unsupported(o, &iface->dev,
                               "<driver name='vhost'>: /dev/vhost-net cannot be "
                               "used here; leave it out or load the vhost_net module");
    }
    put_opt(j, "sndbuf", iface->sndbuf);
    return 0;
}

static void user(const struct domain_interface *iface, struct json_object *j)
{
    put_str(j, "type", "user");
    VEC_FOREACH (it, &iface->ips) {
        const struct interface_ip *ip = *it;
        if (strchr(ip->address, ':')) {
            put_str(j, "ipv6-prefix", ip->address);
            put_opt(j, "ipv6-prefixlen", ip->prefix);
        } else if (ip->prefix.set) {
            put_printf(j, "net", "%s/%llu", ip->address, opt_or(ip->prefix, 24));
        } else {
            put_str(j, "net", ip->address);
        }
    }
}

static void put_queues(const struct out *o, const struct domain_interface *iface,
                       struct json_object *j)
{
    const struct command_iface *p = plugged(o, iface);
    if (!p || p->ntaps < 2)
        return;
    put_bool(j, "mq", true);
    put_uint(j, "vectors", 2 * p->ntaps + 2); // one each for send and receive, control, config
}

static int build_frontend(struct out *o, const struct domain_interface *iface)
{
    char mac[OPT_MAC_TEXT_SIZE];
    bool virtio = iface->model && str_starts(iface->model, "virtio");
    AUTO_FREE char *driver = virtio ? virtio_driver("virtio-net-pci", iface->model)
                                    : xstrdup(iface->model ? iface->model : "rtl8139");
    struct json_object *j = json_driver(driver);
    if (virtio) {
        if (iface->tx_timer != TOGGLE_UNSET)
            put_str(j, "tx", iface->tx_timer == TOGGLE_YES ? "timer" : "bh");
        put_toggle(j, "ioeventfd", iface->ioeventfd);
        put_toggle(j, "event_idx", iface->event_idx);
        put_queues(o, iface, j);
        put_opt(j, "rx_queue_size", iface->rx_queue_size);
        put_opt(j, "tx_queue_size", iface->tx_queue_size);
        put_opt(j, "host_mtu", iface->mtu);
        put_virtio(j, &iface->virtio);
    }
    put_printf(j, "netdev", "host%s", iface->dev.alias);
    put_str(j, "id", iface->dev.alias);
    put_str(j, "mac", opt_mac_format(&iface->mac, mac));
    if (boot_index(o, &iface->dev))
        put_uint(j, "bootindex", boot_index(o, &iface->dev));
    if (iface->rom_enabled == TOGGLE_NO)
        put_str(j, "romfile", "");
    else
        put_str_opt(j, "romfile", iface->rom_file);
    if (iface->rom_bar != TOGGLE_UNSET)
        put_uint(j, "rombar", iface->rom_bar == TOGGLE_YES);
    return out_device_at(o, &iface->dev, j);
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_interface *iface = (const struct domain_interface *)dev;
    if (!iface->dev.alias || !iface->mac.set)
        return out_internal(o, &iface->dev, "no alias or no MAC address");
    if (iface->type == INTERFACE_USER && iface->mtu.set)
        return out_unsupported(o, &iface->dev, "<mtu> is not for type='user'; remove it");
    struct json_object *j = json_object_new_object();
    if (iface->type == INTERFACE_USER) {
        user(iface, j);
    } else if (tap(o, iface, j) < 0) {
        json_object_put(j);
        return -1;
    }
    put_printf(j, "id", "host%s", iface->dev.alias);
    out_json(o, "-netdev", j);
    return build_frontend(o, iface);
}

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    const char *model = ((const struct domain_interface *)dev)->model;
    (void)def;
    if (!model || str_starts(model, "virtio"))
        return bus_of_virtio(model);
    if (str_eq(model, "e1000e") || str_eq(model, "vmxnet3") || str_eq(model, "igb"))
        return BUS_PCIE;
    return str_eq(model, "usb-net") ? BUS_USB : str_eq(model, "ne2k_isa") ? BUS_NONE : BUS_PCI;
}

// Its link; what it is plugged into is on the host.
static int update(struct out *o, const struct device *old, const struct device *now)
{
    struct json_object *j = json_object_new_object();
    put_str(j, "name", old->alias);
    put_bool(j, "up", ((const struct domain_interface *)now)->link != LINK_DOWN);
    out_step(o, "set_link", j);
    return 0;
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    const struct domain_interface *a = (const struct domain_interface *)dev;
    const struct domain_interface *b = (const struct domain_interface *)wanted;
    return (!b->mac.set || memcmp(a->mac.b, b->mac.b, sizeof(a->mac.b)) == 0) &&
           device_address_fits(dev, wanted);
}

static enum boot_dev boot(const struct device *dev)
{
    (void)dev;
    return BOOT_NETWORK;
}

const struct device_class interface_class = {
    .alias = "net",
    .order = {[ORDER_BUILD] = 40, [ORDER_PCI] = 10, [ORDER_USB] = 40},
    .bus = bus,
    .build = build,
    .plug = true,
    .unplug = true,
    .update = update,
    .is_meant = is_meant,
    .boot = boot,
};
