// SPDX-License-Identifier: GPL-2.0-or-later
// Networks: defining, starting, stopping, showing and changing them.
#include "api/network.h"

enum { // virNetworkDefineFlags, virNetworkCreateFlags
    DEFINE_VALIDATE = 1 << 0,
};

static struct network_def *parse(struct call *call, const char *xml, uint32_t flags,
                                 struct error *err)
{
    if (api_check_flags(call, flags, DEFINE_VALIDATE, err) < 0)
        return NULL;
    return network_def_load(xml, strlen(xml), flags & DEFINE_VALIDATE ? NETWORK_PARSE_VALIDATE : 0,
                            err);
}

static int define(struct call *call, const char *xml, uint32_t flags, struct wire_network_ref *ret,
                  struct error *err)
{
    struct network *net;
    struct network_def *def = parse(call, xml, flags, err);
    if (!def || network_define(call->task, call_daemon(call)->networks, def, &net, err) < 0)
        return -1;
    *ret = api_network_ref_copy(call->arena, net);
    return 0;
}

int api_network_define_xml(struct call *call, const struct wire_network_define_xml_args *args,
                           struct wire_network_define_xml_ret *ret, struct error *err)
{
    return define(call, args->xml, 0, &ret->net, err);
}

int api_network_define_xml_flags(struct call *call,
                                 const struct wire_network_define_xml_flags_args *args,
                                 struct wire_network_define_xml_flags_ret *ret, struct error *err)
{
    return define(call, args->xml, args->flags, &ret->net, err);
}

static int create(struct call *call, const char *xml, uint32_t flags, struct wire_network_ref *ret,
                  struct error *err)
{
    struct network *net;
    struct network_def *def = parse(call, xml, flags, err);
    if (!def || network_create(call->task, call_daemon(call)->networks, def, &net, err) < 0)
        return -1;
    *ret = api_network_ref_copy(call->arena, net);
    return 0;
}

int api_network_create_xml(struct call *call, const struct wire_network_create_xml_args *args,
                           struct wire_network_create_xml_ret *ret, struct error *err)
{
    return create(call, args->xml, 0, &ret->net, err);
}

int api_network_create_xml_flags(struct call *call,
                                 const struct wire_network_create_xml_flags_args *args,
                                 struct wire_network_create_xml_flags_ret *ret, struct error *err)
{
    return create(call, args->xml, args->flags, &ret->net, err);
}

int api_network_create(struct call *call, const struct wire_network_create_args *args, void *ret,
                       struct error *err)
{
    (void)ret;
    AUTO_NETWORK struct network *net = NULL;
    if (api_network_get(call, &args->net, &net, err) < 0)
        return -1;
    return network_start(call->task, net, err);
}

int api_network_destroy(struct call *call, const struct wire_network_destroy_args *args, void *ret,
                        struct error *err)
{
    (void)ret;
    AUTO_NETWORK struct network *net = NULL;
    if (api_network_get(call, &args->net, &net, err) < 0)
        return -1;
    return network_destroy(call->task, net, err);
}

int api_network_undefine(struct call *call, const struct wire_network_undefine_args *args,
                         void *ret, struct error *err)
{
    (void)ret;
    AUTO_NETWORK struct network *net = NULL;
    if (api_network_get(call, &args->net, &net, err) < 0)
        return -1;
    return network_undefine(call->task, net, err);
}

// ---- questions

enum { XML_INACTIVE = 1 << 0 }; // virNetworkXMLFlags

int api_network_get_xml_desc(struct call *call, const struct wire_network_get_xml_desc_args *args,
                             struct wire_network_get_xml_desc_ret *ret, struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    if (api_check_flags(call, args->flags, XML_INACTIVE, err) < 0 ||
        api_network_get(call, &args->net, &net, err) < 0)
        return -1;
    bool live = network_is_active(net) && !(args->flags & XML_INACTIVE);
    AUTO_FREE char *xml = live || !net->def ? network_format_live(net, live ? NETWORK_XML_LIVE : 0)
                                            : network_def_format(net->def, 0);
    ret->xml = arena_strdup(call->arena, xml);
    return 0;
}

int api_network_get_bridge_name(struct call *call,
                                const struct wire_network_get_bridge_name_args *args,
                                struct wire_network_get_bridge_name_ret *ret, struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    if (api_network_get(call, &args->net, &net, err) < 0)
        return -1;
    const char *bridge = network_current(net)->bridge;
    if (!bridge)
        return error_set(err, ERROR_INTERNAL, AREA_NETWORK,
                         "network '%s' does not have a bridge name", net->name);
    ret->name = arena_strdup(call->arena, bridge);
    return 0;
}

int api_network_is_active(struct call *call, const struct wire_network_is_active_args *args,
                          struct wire_network_is_active_ret *ret, struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    if (api_network_get(call, &args->net, &net, err) < 0)
        return -1;
    ret->active = network_is_active(net);
    return 0;
}

int api_network_is_persistent(struct call *call, const struct wire_network_is_persistent_args *args,
                              struct wire_network_is_persistent_ret *ret, struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    if (api_network_get(call, &args->net, &net, err) < 0)
        return -1;
    ret->persistent = net->def != NULL;
    return 0;
}

int api_network_get_autostart(struct call *call, const struct wire_network_get_autostart_args *args,
                              struct wire_network_get_autostart_ret *ret, struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    if (api_network_get(call, &args->net, &net, err) < 0)
        return -1;
    ret->autostart = net->autostart;
    return 0;
}

int api_network_set_autostart(struct call *call, const struct wire_network_set_autostart_args *args,
                              void *ret, struct error *err)
{
    (void)ret;
    AUTO_NETWORK struct network *net = NULL;
    if (api_network_get(call, &args->net, &net, err) < 0)
        return -1;
    return network_set_autostart(call->task, net, args->autostart != 0, err);
}

// ---- leases

static struct wire_network_dhcp_lease lease_on_wire(struct arena *a, const char *bridge,
                                                    const struct network_lease *lease)
{
    char ip[IP_TEXT_SIZE];
    return (struct wire_network_dhcp_lease){
        .iface = bridge,
        .expirytime = lease->expiry_s,
        .type = ip_bits(&lease->ip) == 128,                   // virIPAddrType: 0 is IPv4
        .mac = arena_strdup(a, lease->mac ? lease->mac : ""), // virsh 9.0 dies of one without
        .iaid = arena_strdup(a, lease->iaid),
        .ipaddr = arena_strdup(a, ip_format(&lease->ip, ip)),
        .prefix = lease->prefix,
        .hostname = arena_strdup(a, lease->hostname),
        .clientid = arena_strdup(a, lease->clientid),
    };
}

int api_network_get_dhcp_leases(struct call *call,
                                const struct wire_network_get_dhcp_leases_args *args,
                                struct wire_network_get_dhcp_leases_ret *ret, struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    struct opt_mac mac;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_network_get(call, &args->net, &net, err) < 0)
        return -1;
    if (args->mac && opt_mac_parse(args->mac, &mac) < 0)
        return error_set(err, ERROR_INVALID_MAC, AREA_NETWORK, "'%.40s' is not a MAC address",
                         args->mac);
    CLEANUP(network_lease_vec_finish) struct network_lease_vec leases = {0};
    if (network_get_leases(net, args->mac, &leases, err) < 0)
        return -1;
    if (leases.n > WIRE_NETWORK_DHCP_LEASES_MAX)
        return error_set(err, ERROR_RPC, AREA_RPC,
                         "too many leases (%zu) for one list of %d; ask for one MAC address",
                         leases.n, WIRE_NETWORK_DHCP_LEASES_MAX);
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

int api_network_affect(const struct network *net, uint32_t flags, unsigned *ret, struct error *err)
{
    bool live = flags & API_AFFECT_LIVE, config = flags & API_AFFECT_CONFIG;
    if (!live && !config) {
        live = network_is_active(net);
        config = !live;
    }
    if (live && !network_is_active(net))
        return error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK, "network '%s' is not active",
                         net->name);
    if (config && !net->def)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                         "network '%s' is transient, it has no "
                         "stored definition to change",
                         net->name);
    *ret = (live ? NETWORK_AFFECT_LIVE : 0) | (config ? NETWORK_AFFECT_CONFIG : 0);
    return 0;
}

int api_network_update(struct call *call, const struct wire_network_update_args *args, void *ret,
                       struct error *err)
{
    (void)ret;
    AUTO_NETWORK struct network *net = NULL;
    unsigned affect;
    if (api_check_flags(call, args->flags, API_AFFECT_LIVE | API_AFFECT_CONFIG, err) < 0 ||
        api_network_get(call, &args->net, &net, err) < 0 ||
        api_network_affect(net, args->flags, &affect, err) < 0)
        return -1;
    return network_update(call->task, net, affect, args->section, args->command, args->parentIndex,
                          args->xml, err);
}
