// SPDX-License-Identifier: LGPL-2.1-or-later
// <interface>.
#include "schemas/domain/internal.h"
#include "schemas/network/def.h"
#include "schemas/network/internal.h"

#include <inttypes.h>
#include <sys/socket.h>

static DOC_ENUM_VALUES(
    interface_type_values, "vhostuser server client mcast internal hostdev udp vdpa null vds",
    [INTERFACE_USER] = "user", [INTERFACE_ETHERNET] = "ethernet", [INTERFACE_NETWORK] = "network",
    [INTERFACE_BRIDGE] = "bridge", [INTERFACE_DIRECT] = "direct");
static DOC_ENUM_VALUES(interface_link_values, NULL, [LINK_UP] = "up", [LINK_DOWN] = "down");
static DOC_ENUM_VALUES(
    interface_backend_values,
    NULL, [INTERFACE_BACKEND_QEMU] = "qemu", [INTERFACE_BACKEND_VHOST] = "vhost");
static DOC_ENUM_VALUES(interface_txmode_values,
                       NULL, [TOGGLE_YES] = "timer", [TOGGLE_NO] = "iothread");

bool interface_target_is_generated(const char *name)
{
    return str_starts(name, "vnet") || str_starts(name, "macvtap") || str_starts(name, "macvlan");
}

static bool is_own_tap_name(const void *obj)
{
    const struct domain_interface *iface = obj;
    return iface->target && !interface_target_is_generated(iface->target);
}

#define S struct interface_ip
static const struct doc_row ip_rows[] = {
    D_TOKEN(ATTR, "address", address, .flags = DOC_REQUIRED),
    D_TOKEN(ATTR, "family", family),
    D_UINT(ATTR, "prefix", prefix, 1, 128),
};
static const struct doc_type ip_doc = DOC_TYPE("interfaceIp", S, ip_rows);
#undef S

#define S           struct domain_interface
#define WHEN(type_) .when = DOC_BIT(INTERFACE_##type_)
static const struct doc_row mac_rows[] = {
    D_MAC(ATTR, "address", mac),
    D_TOKEN(ATTR, "type", mac_type),
};
static const struct doc_type mac_doc = DOC_TYPE("interfaceMac", S, mac_rows);

static const struct doc_row source_rows[] = {
    D_TOKEN(ATTR, "network", network, WHEN(NETWORK), .flags = DOC_REQUIRED),
    D_TOKEN(ATTR, "portgroup", portgroup, WHEN(NETWORK)),
    D_TOKEN(ATTR, "network", network, WHEN(DIRECT), .flags = DOC_LIVE),
    D_TOKEN(ATTR, "portgroup", portgroup, WHEN(DIRECT), .flags = DOC_LIVE),
    D_UUID(ATTR, "portid", port_id, WHEN(NETWORK), .flags = DOC_LIVE),
    D_UUID(ATTR, "portid", port_id, WHEN(DIRECT), .flags = DOC_LIVE),
    D_TOKEN(ATTR, "bridge", bridge, WHEN(BRIDGE), .flags = DOC_REQUIRED),
    D_TOKEN(ATTR, "bridge", bridge, WHEN(NETWORK), .flags = DOC_LIVE),
    D_TOKEN(ATTR, "dev", direct_dev, WHEN(DIRECT), .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "mode", direct_mode, &doc_direct_mode_values, WHEN(DIRECT), .def = "vepa"),
};
static const struct doc_type source_doc =
    DOC_TYPE("interfaceSource", S, source_rows, DOC_TAGGED(S, type, &interface_type_values));

static const struct doc_row path_rows[] = {
    D_STR(ATTR, "path", script, .flags = DOC_REQUIRED),
};
static const struct doc_type script_doc = DOC_TYPE("interfaceScript", S, path_rows);
static const struct doc_row down_rows[] = {
    D_STR(ATTR, "path", downscript, .flags = DOC_REQUIRED),
};
static const struct doc_type downscript_doc = DOC_TYPE("interfaceDownscript", S, down_rows);

static const struct doc_row target_rows[] = {
    D_TOKEN(ATTR, "dev", target, .flags = DOC_LIVE, .keep = is_own_tap_name),
    D_YESNO(ATTR, "managed", target_managed, WHEN(ETHERNET)),
};
static const struct doc_type target_doc =
    DOC_TYPE("interfaceTarget", S, target_rows, DOC_TAGGED(S, type, &interface_type_values));

static const struct doc_row model_rows[] = {
    D_TOKEN(ATTR, "type", model),
};
static const struct doc_type model_doc = DOC_TYPE("interfaceModel", S, model_rows);

static const struct doc_row driver_rows[] = {
    D_ENUM(ATTR, "name", driver, &interface_backend_values),
    D_ENUM(ATTR, "txmode", tx_timer, &interface_txmode_values),
    D_ONOFF(ATTR, "ioeventfd", ioeventfd),
    D_ONOFF(ATTR, "event_idx", event_idx),
    D_UINT(ATTR, "queues", queues, 1, 256),
    D_UINT(ATTR, "rx_queue_size", rx_queue_size, 1, 1024),
    D_UINT(ATTR, "tx_queue_size", tx_queue_size, 1, 1024),
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type driver_doc = DOC_TYPE("interfaceDriver", S, driver_rows);

static const struct doc_row tune_rows[] = {
    D_UINT(LEAF, "sndbuf", sndbuf, 0, 0xffffffff, .unit = "bytes"),
};
static const struct doc_type tune_doc = DOC_TYPE("interfaceTune", S, tune_rows);

static const struct doc_row link_rows[] = {
    D_ENUM(ATTR, "state", link, &interface_link_values, .flags = DOC_REQUIRED),
};
static const struct doc_type link_doc = DOC_TYPE("interfaceLink", S, link_rows);

static const struct doc_row mtu_rows[] = {
    D_UINT(ATTR, "size", mtu, 68, 65535, .flags = DOC_REQUIRED, .unit = "bytes"),
};
static const struct doc_type mtu_doc = DOC_TYPE("interfaceMtu", S, mtu_rows);

static const struct doc_row port_rows[] = {
    D_YESNO(ATTR, "isolated", port_isolated),
};
static const struct doc_type port_doc = DOC_TYPE("interfacePort", S, port_rows);

static const struct doc_row rom_rows[] = {
    D_YESNO(ATTR, "enabled", rom_enabled),
    D_ONOFF(ATTR, "bar", rom_bar),
    D_STR(ATTR, "file", rom_file),
};
static const struct doc_type rom_doc = DOC_TYPE("interfaceRom", S, rom_rows);

static const struct doc_row interface_rows[] = {
    D_ENUM(ATTR, "type", type, &interface_type_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_ELEM("mac", &mac_doc),
    D_ELEM("source", &source_doc, WHEN(NETWORK), .flags = DOC_REQUIRED),
    D_ELEM("source", &source_doc, WHEN(BRIDGE), .flags = DOC_REQUIRED),
    D_ELEM("source", &source_doc, WHEN(DIRECT), .flags = DOC_REQUIRED),
    D_CHILD("vlan", &network_vlan_doc, vlan, WHEN(NETWORK)),
    D_CHILD("vlan", &network_vlan_doc, vlan, WHEN(BRIDGE)),
    D_CHILD("bandwidth", &network_bandwidth_doc, bandwidth, WHEN(NETWORK)),
    D_CHILD("bandwidth", &network_bandwidth_doc, bandwidth, WHEN(BRIDGE)),
    D_CHILD("bandwidth", &network_bandwidth_doc, bandwidth, WHEN(ETHERNET)),
    D_EMPTY("bandwidth", .hint = "there is nothing on the host that could limit it; remove it"),
    D_ELEM("port", &port_doc),
    D_LIST("ip", &ip_doc, ips, WHEN(USER)),
    D_EMPTY("ip",
            .hint = "nothing on the host gives a guest its address; remove it, or let the network "
                    "do it: a <host> in its <dhcp>"),
    D_ELEM("script", &script_doc, WHEN(ETHERNET)),
    D_EMPTY("script", .hint = "only type 'ethernet' has one; remove it"),
    D_ELEM("downscript", &downscript_doc, WHEN(ETHERNET)),
    D_EMPTY("downscript", .hint = "only type 'ethernet' has one; remove it"),
    D_ELEM("target", &target_doc),
    D_ELEM("model", &model_doc),
    D_ELEM("driver", &driver_doc),
    D_EMPTY("backend"),
    D_ELEM("tune", &tune_doc),
    D_ELEM("link", &link_doc),
    D_ELEM("mtu", &mtu_doc),
    D_INCLUDE(&device_boot_doc, dev),
    D_ELEM("rom", &rom_doc),
    D_INCLUDE(&device_tail_doc, dev),
};

static void fill_interfaces(const struct domain_fill *f)
{
    for (size_t i = 0; i < f->def->interfaces.n; i++) {
        struct domain_interface *iface = f->def->interfaces.v[i];
        if (!iface->mac.set) {
            struct uuid random = uuid_random();
            iface->mac = (struct opt_mac){
                .set = true, .b = {0x52, 0x54, 0x00, random.b[0], random.b[1], random.b[2]}};
        }
        if (!iface->model)
            iface->model = xstrdup(f->x86 ? "rtl8139" : "virtio");
    }
}

static bool is_power_of_two(uint64_t n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

// QEMU's own network takes one subnet of each family.
static int check_user_ips(const struct domain_def *def, const struct domain_interface *iface,
                          struct error *err)
{
    const struct device *dev = &iface->dev;
    unsigned seen4 = 0, seen6 = 0;
    VEC_FOREACH (it, &iface->ips) {
        const struct interface_ip *ip = *it;
        struct ip_addr a;
        if (ip_parse(ip->address, &a) < 0 ||
            (ip->family && !str_eq(ip->family, a.family == AF_INET ? "ipv4" : "ipv6")))
            return device_fail(def, dev, ERROR_XML, err,
                               "<ip address='%s'> is not an address of family '%s'", ip->address,
                               ip->family ? ip->family : "ipv4' or 'ipv6");
        if (ip->prefix.set && ip->prefix.value > ip_bits(&a))
            return device_fail(def, dev, ERROR_XML, err,
                               "<ip prefix='%" PRIu64 "'> is more than %u", ip->prefix.value,
                               ip_bits(&a));
        if ((a.family == AF_INET ? seen4++ : seen6++) > 0)
            return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                               "an interface of type 'user' takes one <ip> of each family; remove "
                               "'%s'",
                               ip->address);
    }
    return 0;
}

static int check_interface(const struct domain_def *def, const struct device *dev,
                           struct error *err)
{
    const struct domain_interface *iface = (const struct domain_interface *)dev;
    if (iface->mac.b[0] & 1)
        return device_fail(def, dev, ERROR_XML, err,
                           "the MAC address of an interface must not be a multicast address");
    if (iface->bandwidth && network_bandwidth_check(iface->bandwidth, err) < 0)
        return error_prefix(err, "domain '%s': line %u", def->name, iface->bandwidth->line);
    if (iface->type == INTERFACE_DIRECT && iface->port_isolated)
        return device_fail(def, dev, ERROR_XML, err,
                           "<port isolated=> is for bridges, not for type='direct'");
    if ((iface->rx_queue_size.set && !is_power_of_two(iface->rx_queue_size.value)) ||
        (iface->tx_queue_size.set && !is_power_of_two(iface->tx_queue_size.value)))
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "rx_queue_size and tx_queue_size of a <driver> must be powers of two, "
                           "as 256, 512 and 1024 are");
    return check_user_ips(def, iface, err);
}

const struct device_schema interface_schema = {
    .doc = DEVICE_DOC("interface", S, interface_rows, DEVICE_INTERFACE,
                      DOC_TAGGED(S, type, &interface_type_values)),
    .fill = fill_interfaces,
    .check = check_interface,
};
#undef WHEN
#undef S
