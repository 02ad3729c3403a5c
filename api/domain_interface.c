// SPDX-License-Identifier: GPL-2.0-or-later
// Network interfaces of domains: addresses, counters and rates.
#include "api/bandwidth.h"
#include "api/domain.h"
#include "bridge/neigh.h"
#include "netmgr/netmgr.h"

#include <errno.h>
#include <arpa/inet.h>

enum { ADDRESSES_MAX = 256 };

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
        a->type = lease->ip.family == AF_INET6 ? VIR_IP_ADDR_TYPE_IPV6 : VIR_IP_ADDR_TYPE_IPV4;
        a->addr = arena_strdup(call->arena, ip_format(&lease->ip, text));
        a->prefix = lease->prefix;
    }
    network_lease_vec_finish(&leases);
    return r;
}

static void from_neighbours(struct call *call, const struct neighbour_vec *neighbours,
                            const struct domain_interface *iface, struct wire_domain_interface *ret)
{
    VEC_FOREACH (n, neighbours) {
        char text[IP_TEXT_SIZE];
        if (memcmp(n->mac, iface->mac.b, MAC_SIZE) != 0)
            continue;
        struct wire_domain_ip_addr *a = add_address(call, ret);
        if (a)
            *a = (struct wire_domain_ip_addr){
                .type = n->ip.family == AF_INET6 ? VIR_IP_ADDR_TYPE_IPV6 : VIR_IP_ADDR_TYPE_IPV4,
                .addr = arena_strdup(call->arena, ip_format(&n->ip, text))};
    }
}

// Neighbours that the kernel of this host knows.
static int list_neighbours(struct neighbour_vec *ret, struct error *err)
{
    struct netlink *nl;
    if (netlink_open(&nl, err) < 0)
        return -1;
    int r = neighbour_list(nl, 0, ret, err);
    netlink_close(nl);
    return r;
}

static void neighbours_finish(struct neighbour_vec *neighbours)
{
    vec_finish(neighbours);
}

static int refuse_agent(const struct domain *dom, struct error *err)
{
    VEC_FOREACH (it, &dom->live->channels) {
        if (str_eq((*it)->name, "org.qemu.guest_agent.0"))
            return error_set(err, ERROR_AGENT_UNRESPONSIVE, AREA_QEMU,
                             "the agent of '%s' is not used yet; "
                             "ask with --source lease or arp",
                             dom->name);
    }
    return error_set(err, ERROR_ARGUMENT_UNSUPPORTED, AREA_QEMU,
                     "guest '%s' has no channel to a guest agent; ask with "
                     "--source lease or arp",
                     dom->name);
}

int api_domain_interface_addresses(struct call *call, struct domain *dom,
                                   const struct wire_domain_interface_addresses_args *args,
                                   struct wire_domain_interface_addresses_ret *ret,
                                   struct error *err)
{
    if (args->source == VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT)
        return refuse_agent(dom, err);
    bool arp = args->source == VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP;
    if (!arp && args->source != VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE)
        return error_set(err, ERROR_ARGUMENT_UNSUPPORTED, AREA_QEMU,
                         "unknown source %u of addresses", args->source);
    CLEANUP(neighbours_finish) struct neighbour_vec neighbours = {0};
    if (arp && list_neighbours(&neighbours, err) < 0)
        return -1;
    const struct domain_def *def = dom->live;
    ret->ifaces.v = arena_calloc(call->arena, def->interfaces.n, sizeof(*ret->ifaces.v));
    VEC_FOREACH (it, &def->interfaces) {
        const struct domain_interface *iface = *it;
        char mac[OPT_MAC_TEXT_SIZE];
        struct wire_domain_interface found = {0};
        opt_mac_format(&iface->mac, mac);
        if (ret->ifaces.n == WIRE_DOMAIN_INTERFACE_MAX)
            break;
        if (arp)
            from_neighbours(call, &neighbours, iface, &found);
        else if (from_leases(call, iface, mac, &found, err) < 0)
            return -1;
        if (found.addrs.n == 0)
            continue;
        found.name = arena_strdup(call->arena, iface->target ? iface->target : "");
        found.hwaddr = arena_strdup(call->arena, mac);
        ret->ifaces.v[ret->ifaces.n++] = found;
    }
    return 0;
}

struct link_stats api_guests_view(const struct domain_interface *iface, const struct link_stats *s)
{
    if (iface->type == INTERFACE_DIRECT)
        return *s;
    return (struct link_stats){.rx_bytes = s->tx_bytes,
                               .rx_packets = s->tx_packets,
                               .rx_errors = s->tx_errors,
                               .rx_dropped = s->tx_dropped,
                               .tx_bytes = s->rx_bytes,
                               .tx_packets = s->rx_packets,
                               .tx_errors = s->rx_errors,
                               .tx_dropped = s->rx_dropped};
}

static int no_interface(const struct domain *dom, const char *device, struct error *err)
{
    return error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                     "'%s' is not a known interface of guest '%s'", device, dom->name);
}

int api_domain_interface_stats(struct call *call, struct domain *dom,
                               const struct wire_domain_interface_stats_args *args,
                               struct wire_domain_interface_stats_ret *ret, struct error *err)
{
    const struct domain_interface *iface = domain_find_interface(dom->live, args->device);
    if (!iface || !iface->target)
        return no_interface(dom, args->device, err);
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
    const struct link_stats s = api_guests_view(iface, &link.stats);
    *ret = (struct wire_domain_interface_stats_ret){
        .rx_bytes = (int64_t)s.rx_bytes,
        .rx_packets = (int64_t)s.rx_packets,
        .rx_errs = (int64_t)s.rx_errors,
        .rx_drop = (int64_t)s.rx_dropped,
        .tx_bytes = (int64_t)s.tx_bytes,
        .tx_packets = (int64_t)s.tx_packets,
        .tx_errs = (int64_t)s.tx_errors,
        .tx_drop = (int64_t)s.tx_dropped,
    };
    return 0;
}

// ---- rates

int api_domain_set_interface_parameters(
    struct call *call, struct domain *dom,
    const struct wire_domain_set_interface_parameters_args *args, struct error *err)
{
    struct network_bandwidth b;
    if (api_bandwidth_read(&args->params, &b, err) < 0)
        return -1;
    // As libvirt: an average of 0 ends the limit of its direction; a direction without parameters
    // stays as it is.
    bool inbound = b.has_inbound, outbound = b.has_outbound;
    for (uint32_t i = 0; i < args->params.n; i++) {
        inbound = inbound || str_eq(args->params.v[i].field, "inbound.average");
        outbound = outbound || str_eq(args->params.v[i].field, "outbound.average");
    }
    return domain_set_interface_bandwidth(call->task, dom, args->device, &b, inbound, outbound,
                                          api_domain_affect(args->flags), err);
}

int api_domain_get_interface_parameters(
    struct call *call, struct domain *dom,
    const struct wire_domain_get_interface_parameters_args *args,
    struct wire_domain_get_interface_parameters_ret *ret, struct error *err)
{
    const struct domain_def *def = api_domain_definition(dom, args->flags, err);
    if (!def)
        return -1;
    ret->nparams = API_BANDWIDTH_PARAMS;
    if (args->nparams == 0)
        return 0;
    const struct domain_interface *iface = domain_find_interface(def, args->device);
    if (!iface)
        return no_interface(dom, args->device, err);
    api_bandwidth_list(call->arena, domain_interface_bandwidth(dom, iface), true, &ret->params);
    if (args->nparams > 0 && (uint32_t)args->nparams < ret->params.n)
        ret->params.n = (uint32_t)args->nparams;
    ret->nparams = (int32_t)ret->params.n;
    return 0;
}
