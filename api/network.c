// SPDX-License-Identifier: GPL-2.0-or-later
// Networks: define, start, stop, show and change them; metadata (libvirt 9.7 and later ask).
#include "api/network.h"
#include "api/event_table.h"
#include "api/metadata.h"

int api_network_define_xml_flags(struct call *call,
                                 const struct wire_network_define_xml_flags_args *args,
                                 struct wire_network_define_xml_flags_ret *ret, struct error *err)
{
    unsigned how = args->flags & VIR_NETWORK_DEFINE_VALIDATE ? NETWORK_PARSE_VALIDATE : 0;
    struct network *net;
    struct network_def *def = network_def_load(args->xml, strlen(args->xml), how, err);
    if (!def || network_define(call->task, call_daemon(call)->networks, def, &net, err) < 0)
        return -1;
    ret->net = api_network_ref(call->arena, net);
    return 0;
}

int api_network_create_xml_flags(struct call *call,
                                 const struct wire_network_create_xml_flags_args *args,
                                 struct wire_network_create_xml_flags_ret *ret, struct error *err)
{
    unsigned how = args->flags & VIR_NETWORK_CREATE_VALIDATE ? NETWORK_PARSE_VALIDATE : 0;
    struct network *net;
    struct network_def *def = network_def_load(args->xml, strlen(args->xml), how, err);
    if (!def || network_create(call->task, call_daemon(call)->networks, def, &net, err) < 0)
        return -1;
    ret->net = api_network_ref(call->arena, net);
    return 0;
}

int api_network_get_xml_desc(struct call *call, struct network *net,
                             const struct wire_network_get_xml_desc_args *args,
                             struct wire_network_get_xml_desc_ret *ret, struct error *err)
{
    bool live = network_is_active(net) && !(args->flags & VIR_NETWORK_XML_INACTIVE);
    ret->xml = arena_take(call->arena, live || !net->def
                                           ? network_format_live(net, live ? NETWORK_XML_LIVE : 0)
                                           : network_def_format(net->def, 0));
    return 0;
}

int api_network_get_bridge_name(struct call *call, struct network *net,
                                struct wire_network_get_bridge_name_ret *ret, struct error *err)
{
    const char *bridge = network_current(net)->bridge;
    if (!bridge)
        return error_set(err, ERROR_INTERNAL, AREA_NETWORK,
                         "network '%s' does not have a bridge name", net->name);
    ret->name = arena_strdup(call->arena, bridge);
    return 0;
}

// ---- leases

static struct wire_network_dhcp_lease lease_on_wire(struct arena *a, const char *bridge,
                                                    const struct network_lease *lease)
{
    char ip[IP_TEXT_SIZE];
    return (struct wire_network_dhcp_lease){
        .iface = bridge,
        .expirytime = lease->expiry_s,
        .type = ip_bits(&lease->ip) == 128 ? VIR_IP_ADDR_TYPE_IPV6 : VIR_IP_ADDR_TYPE_IPV4,
        .mac = arena_strdup(a, lease->mac ? lease->mac : ""), // virsh 9.0 dies of one without
        .iaid = arena_strdup(a, lease->iaid),
        .ipaddr = arena_strdup(a, ip_format(&lease->ip, ip)),
        .prefix = lease->prefix,
        .hostname = arena_strdup(a, lease->hostname),
        .clientid = arena_strdup(a, lease->clientid),
    };
}

int api_network_get_dhcp_leases(struct call *call, struct network *net,
                                const struct wire_network_get_dhcp_leases_args *args,
                                struct wire_network_get_dhcp_leases_ret *ret, struct error *err)
{
    struct opt_mac mac;
    if (args->mac && opt_mac_parse(args->mac, &mac) < 0)
        return error_set(err, ERROR_INVALID_MAC, AREA_NETWORK, "'%.40s' is not a MAC address",
                         args->mac);
    CLEANUP(network_lease_vec_finish) struct network_lease_vec leases = {0};
    if (network_get_leases(net, args->mac, &leases, err) < 0 ||
        api_check_count(leases.n, WIRE_NETWORK_DHCP_LEASES_MAX, "leases", "ask for one MAC address",
                        err) < 0)
        return -1;
    ret->ret = (uint32_t)leases.n;
    if (!args->need_results)
        return 0;
    const char *bridge = network_current(net)->bridge;
    bridge = arena_strdup(call->arena, bridge ? bridge : "");
    ret->leases.v = arena_calloc(call->arena, leases.n, sizeof(*ret->leases.v));
    VEC_FOREACH (lease, &leases)
        ret->leases.v[ret->leases.n++] = lease_on_wire(call->arena, bridge, lease);
    return 0;
}

// ---- changes

// enum virNetworkUpdateFlags as enum network_affect.
static unsigned affect(uint32_t flags)
{
    return (flags & VIR_NETWORK_UPDATE_AFFECT_LIVE ? NETWORK_AFFECT_LIVE : 0) |
           (flags & VIR_NETWORK_UPDATE_AFFECT_CONFIG ? NETWORK_AFFECT_CONFIG : 0);
}

int api_network_update(struct call *call, struct network *net,
                       const struct wire_network_update_args *args, struct error *err)
{
    return network_update(call->task, net, affect(args->flags), args->section, args->command,
                          args->parentIndex, args->xml, err);
}

static struct api_metadata metadata_of(struct network_def *def)
{
    return (struct api_metadata){&def->title, &def->description, &def->metadata, AREA_NETWORK};
}

int api_network_get_metadata(struct call *call, struct network *net,
                             const struct wire_network_get_metadata_args *args,
                             struct wire_network_get_metadata_ret *ret, struct error *err)
{
    bool config = args->flags & VIR_NETWORK_UPDATE_AFFECT_CONFIG;
    if ((args->flags & VIR_NETWORK_UPDATE_AFFECT_LIVE) && network_require_active(net, err) < 0)
        return -1;
    struct network_def *def = config ? net->def : network_current(net);
    if (!def)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                         "network '%s' is transient and has no stored definition", net->name);
    return api_metadata_get(call->arena, metadata_of(def), args->type, args->uri, &ret->metadata,
                            err);
}

static int set_metadata(struct network_def *def, void *arg, struct error *err)
{
    return api_metadata_set(metadata_of(def), arg, err);
}

int api_network_set_metadata(struct call *call, struct network *net,
                             const struct wire_network_set_metadata_args *args, struct error *err)
{
    struct api_metadata_change change = {args->type, args->metadata, args->key, args->uri};
    if (network_change(call->task, net, affect(args->flags), set_metadata, &change, err) < 0)
        return -1;
    struct wire_network_event_callback_metadata_change_msg m = {
        .net = api_network_ref(call->arena, net), .type = args->type, .nsuri = args->uri};
    api_send_network_event_callback_metadata_change(call_daemon(call), &m);
    return 0;
}
