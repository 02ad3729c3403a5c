// SPDX-License-Identifier: GPL-2.0-or-later
// Network interfaces of guests: addresses and counters.
#include "api/domain.h"
#include "base/file.h"
#include "bridge/link.h"
#include "netmgr/netmgr.h"

#include <errno.h>
#include <stdio.h>

enum { // virDomainInterfaceAddressesSource
    SOURCE_LEASE,
    SOURCE_AGENT,
    SOURCE_ARP,
};
enum { ARP_MAX = 4 * 1024 * 1024, ADDRESSES_MAX = 256 };

static struct wire_domain_ip_addr *add_address(struct call *call, struct wire_domain_interface *ret)
{
    if (!ret->addrs.v)
        ret->addrs.v = arena_calloc(call->arena, ADDRESSES_MAX, sizeof(*ret->addrs.v));
    return ret->addrs.n < ADDRESSES_MAX ? &ret->addrs.v[ret->addrs.n++] : NULL;
}

static int from_leases(struct call *call, const struct domain_interface *iface, const char *mac,
                       struct wire_domain_interface *ret, struct error *err)
{
    struct networks *networks = call_daemon(call)->networks;
    struct network *net =
        iface->network && networks ? networks_find_name(networks, iface->network) : NULL;
    struct network_lease_vec leases = {0};
    if (!net)
        return 0;
    int r = network_get_leases(net, mac, &leases, err);
    VEC_FOREACH (lease, &leases) {
        struct wire_domain_ip_addr *a = add_address(call, ret);
        char text[IP_TEXT_SIZE];
        if (!a)
            break;
        a->type = lease->ip.family == AF_INET6;
        a->addr = arena_strdup(call->arena, ip_format(&lease->ip, text));
        a->prefix = lease->prefix;
    }
    network_lease_vec_finish(&leases);
    return r;
}

// The kernel's neighbour table: who has been heard of on this host.
static int from_arp(struct call *call, const char *mac, struct wire_domain_interface *ret,
                    struct error *err)
{
    AUTO_FREE char *table = NULL;
    int r = file_read("/proc/net/arp", ARP_MAX, &table, NULL);
    if (r < 0)
        return error_set_errno(err, AREA_QEMU, r, "cannot read /proc/net/arp");
    char *save = NULL;
    for (char *line = strtok_r(table, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char ip[64], hw[32];
        unsigned flags;
        if (sscanf(line, "%63s %*s 0x%x %31s", ip, &flags, hw) != 3 || !flags || !str_eq(hw, mac))
            continue;
        struct wire_domain_ip_addr *a = add_address(call, ret);
        if (a)
            *a = (struct wire_domain_ip_addr){.addr = arena_strdup(call->arena, ip)};
    }
    return 0;
}

int api_domain_interface_addresses(struct call *call,
                                   const struct wire_domain_interface_addresses_args *args,
                                   struct wire_domain_interface_addresses_ret *ret,
                                   struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_domain_get_active(call, &args->dom, &dom, err) < 0)
        return -1;
    if (args->source == SOURCE_AGENT)
        return error_set(
            err, ERROR_AGENT_UNRESPONSIVE, AREA_QEMU,
            "Guest agent is not responding: the agent of '%s' is not used yet; ask with "
            "--source lease or arp",
            dom->name);
    if (args->source > SOURCE_ARP)
        return error_set(err, ERROR_ARGUMENT_UNSUPPORTED, AREA_QEMU,
                         "unknown source %u of addresses", args->source);
    const struct domain_def *def = dom->live;
    ret->ifaces.v = arena_calloc(call->arena, def->interfaces.n, sizeof(*ret->ifaces.v));
    VEC_FOREACH (it, &def->interfaces) {
        const struct domain_interface *iface = *it;
        char mac[OPT_MAC_TEXT_SIZE];
        struct wire_domain_interface found = {0};
        opt_mac_format(&iface->mac, mac);
        if (ret->ifaces.n == WIRE_DOMAIN_INTERFACE_MAX)
            break;
        if (args->source == SOURCE_LEASE ? from_leases(call, iface, mac, &found, err) < 0
                                         : from_arp(call, mac, &found, err) < 0)
            return -1;
        if (found.addrs.n == 0)
            continue;
        found.name = arena_strdup(call->arena, iface->target ? iface->target : "");
        found.hwaddr = arena_strdup(call->arena, mac);
        ret->ifaces.v[ret->ifaces.n++] = found;
    }
    return 0;
}

// By the name of its tap or its MAC, as libvirt.
static const struct domain_interface *find_interface(const struct domain_def *def,
                                                     const char *device)
{
    VEC_FOREACH (it, &def->interfaces) {
        char mac[OPT_MAC_TEXT_SIZE];
        if (((*it)->target && str_eq((*it)->target, device)) ||
            strcasecmp(opt_mac_format(&(*it)->mac, mac), device) == 0)
            return *it;
    }
    return NULL;
}

int api_domain_interface_stats(struct call *call,
                               const struct wire_domain_interface_stats_args *args,
                               struct wire_domain_interface_stats_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get_active(call, &args->dom, &dom, err) < 0)
        return -1;
    const struct domain_interface *iface = find_interface(dom->live, args->device);
    if (!iface || !iface->target)
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                         "invalid argument: '%s' is not a known interface of guest '%s'",
                         args->device, dom->name);
    struct link link;
    struct netlink *nl;
    if (netlink_open(&nl, err) < 0)
        return -1;
    int r = link_find(nl, iface->target, &link, err);
    netlink_close(nl);
    if (r == -ENODEV)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                         "interface '%s' of guest '%s' is gone", iface->target, dom->name);
    if (r < 0)
        return -1;
    const struct link_stats *s = &link.stats;
    // A macvtap stands in the guest's place and counts like the guest.
    if (iface->type == INTERFACE_DIRECT) {
        *ret = (struct wire_domain_interface_stats_ret){
            .rx_bytes = (int64_t)s->rx_bytes,
            .rx_packets = (int64_t)s->rx_packets,
            .rx_errs = (int64_t)s->rx_errors,
            .rx_drop = (int64_t)s->rx_dropped,
            .tx_bytes = (int64_t)s->tx_bytes,
            .tx_packets = (int64_t)s->tx_packets,
            .tx_errs = (int64_t)s->tx_errors,
            .tx_drop = (int64_t)s->tx_dropped,
        };
        return 0;
    }
    // The kernel counts a tap from the host's side; the guest's is the other way round.
    ret->rx_bytes = (int64_t)s->tx_bytes;
    ret->rx_packets = (int64_t)s->tx_packets;
    ret->rx_errs = (int64_t)s->tx_errors;
    ret->rx_drop = (int64_t)s->tx_dropped;
    ret->tx_bytes = (int64_t)s->rx_bytes;
    ret->tx_packets = (int64_t)s->rx_packets;
    ret->tx_errs = (int64_t)s->rx_errors;
    ret->tx_drop = (int64_t)s->rx_dropped;
    return 0;
}
