// SPDX-License-Identifier: GPL-2.0-or-later
// Network interfaces of domains: addresses, counters and rates.
#include "api/bandwidth.h"
#include "api/domain.h"
#include "bridge/link.h"

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
                     "domain '%s' has no channel to a guest agent; ask with "
                     "--source lease or arp",
                     dom->name);
}

static struct wire_domain_interface interface_on_wire(struct arena *a,
                                                      const struct domain_interface *iface,
                                                      struct wire_domain_ip_addr *addrs)
{
    char mac[OPT_MAC_TEXT_SIZE];
    return (struct wire_domain_interface){
        .name = arena_strdup(a, iface->target ? iface->target : ""),
        .hwaddr = arena_strdup(a, opt_mac_format(&iface->mac, mac)),
        .addrs.v = addrs,
    };
}

static struct wire_domain_ip_addr address_on_wire(struct arena *a,
                                                  const struct domain_address *address)
{
    char text[IP_TEXT_SIZE];
    return (struct wire_domain_ip_addr){
        .type = ip_bits(&address->ip) == 128 ? VIR_IP_ADDR_TYPE_IPV6 : VIR_IP_ADDR_TYPE_IPV4,
        .addr = arena_strdup(a, ip_format(&address->ip, text)),
        .prefix = address->prefix,
    };
}

static void addresses_finish(struct domain_addresses *all)
{
    vec_finish(all);
}

int api_domain_interface_addresses(struct call *call, struct domain *dom,
                                   const struct wire_domain_interface_addresses_args *args,
                                   struct wire_domain_interface_addresses_ret *ret,
                                   struct error *err)
{
    if (args->source == VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT)
        return refuse_agent(dom, err);
    if (args->source > VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP)
        return error_set(err, ERROR_ARGUMENT_UNSUPPORTED, AREA_QEMU,
                         "unknown source %u of addresses", args->source);
    bool arp = args->source == VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP;
    CLEANUP(addresses_finish) struct domain_addresses all = {0};
    if (domain_list_addresses(dom, arp ? DOMAIN_ADDRESS_ARP : DOMAIN_ADDRESS_LEASE, &all, err) < 0)
        return -1;
    struct wire_domain_ip_addr *addrs = arena_calloc(call->arena, all.n, sizeof(*addrs));
    ret->ifaces.v = arena_calloc(call->arena, all.n, sizeof(*ret->ifaces.v));
    for (size_t i = 0; i < all.n; i++) {
        const struct domain_address *a = &all.v[i];
        if (i == 0 || a->iface != a[-1].iface)
            ret->ifaces.v[ret->ifaces.n++] = interface_on_wire(call->arena, a->iface, &addrs[i]);
        addrs[i] = address_on_wire(call->arena, a);
        ret->ifaces.v[ret->ifaces.n - 1].addrs.n++;
    }
    return 0;
}

static int no_interface(const struct domain *dom, const char *device, struct error *err)
{
    return error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                     "'%s' is not a known interface of domain '%s'", device, dom->name);
}

int api_domain_interface_stats(struct call *call, struct domain *dom,
                               const struct wire_domain_interface_stats_args *args,
                               struct wire_domain_interface_stats_ret *ret, struct error *err)
{
    const struct domain_interface *iface = domain_find_interface(dom->live, args->device);
    if (!iface || !iface->target)
        return no_interface(dom, args->device, err);
    struct link_stats s;
    if (domain_interface_stats(dom, iface, &s, err) < 0)
        return -1;
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
