// SPDX-License-Identifier: GPL-2.0-or-later
// Ports of networks: guests' interfaces that are plugged in, and those that clients describe.
#include "api/bandwidth.h"
#include "api/network.h"

enum { // virNetworkPortCreateFlags
    CREATE_RECLAIM = 1 << 0,
    CREATE_VALIDATE = 1 << 1,
};

static struct wire_network_port_ref port_ref(struct arena *a, const struct network_port *port)
{
    struct wire_network_port_ref ref = {.net = api_network_ref_copy(a, port->net)};
    memcpy(ref.uuid, port->def->uuid.value.b, UUID_SIZE);
    return ref;
}

// The port is borrowed and may go when the caller waits.
static int get_port(struct call *call, const struct wire_network_ref *net_ref, const uint8_t *uuid,
                    struct network **net, struct network_port **port, struct error *err)
{
    struct uuid id;
    char text[UUID_TEXT_SIZE];
    memcpy(id.b, uuid, UUID_SIZE);
    if (api_network_get(call, net_ref, net, err) < 0)
        return -1;
    *port = network_find_port(*net, &id);
    if (*port)
        return 0;
    return error_set(err, ERROR_NO_NETWORK_PORT, AREA_NETWORK,
                     "Network port with UUID %s does not exist in network "
                     "'%s'",
                     uuid_format(&id, text), (*net)->name);
}

int api_network_list_all_ports(struct call *call,
                               const struct wire_network_list_all_ports_args *args,
                               struct wire_network_list_all_ports_ret *ret, struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_network_get(call, &args->network, &net, err) < 0)
        return -1;
    // Those of guests that wait for it to be started again are nobody's business meanwhile.
    if (!network_is_active(net))
        return network_require_active(net, err);
    if (net->nports > WIRE_NETWORK_PORT_LIST_MAX)
        return error_set(err, ERROR_RPC, AREA_RPC, "too many ports (%zu) for one list of %d",
                         net->nports, WIRE_NETWORK_PORT_LIST_MAX);
    ret->ret = (uint32_t)net->nports;
    if (!args->need_results)
        return 0;
    ret->ports.v = arena_calloc(call->arena, net->nports, sizeof(*ret->ports.v));
    struct network_port *port = NULL;
    while ((port = network_next_port(net, port)) && ret->ports.n < net->nports)
        ret->ports.v[ret->ports.n++] = port_ref(call->arena, port);
    return 0;
}

int api_network_port_lookup_by_uuid(struct call *call,
                                    const struct wire_network_port_lookup_by_uuid_args *args,
                                    struct wire_network_port_lookup_by_uuid_ret *ret,
                                    struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    struct network_port *port;
    if (get_port(call, &args->network, args->uuid, &net, &port, err) < 0)
        return -1;
    ret->port = port_ref(call->arena, port);
    return 0;
}

// Only who takes over a port that is there says where it is plugged in; else that is for us to say.
static int check_plug(const struct network_port_def *def, bool reclaim, struct error *err)
{
    if (reclaim != (def->plug != NETWORK_PLUG_NONE))
        return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                         reclaim ? "the port's document has no <plug>, which a port to be taken "
                                   "over needs"
                                 : "the port's document has a <plug>, which is only for a port to "
                                   "be taken over; remove it");
    return 0;
}

int api_network_port_create_xml(struct call *call,
                                const struct wire_network_port_create_xml_args *args,
                                struct wire_network_port_create_xml_ret *ret, struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    struct network_port *port;
    if (api_check_flags(call, args->flags, CREATE_RECLAIM | CREATE_VALIDATE, err) < 0 ||
        api_network_get(call, &args->network, &net, err) < 0)
        return -1;
    struct network_port_def *def =
        network_port_def_parse(args->xml, strlen(args->xml),
                               args->flags & CREATE_VALIDATE ? NETWORK_PARSE_VALIDATE : 0, err);
    if (!def)
        return -1;
    if (check_plug(def, args->flags & CREATE_RECLAIM, err) < 0) {
        network_port_def_destroy(def);
        return -1;
    }
    if (network_port_create(call->task, net, def, &port, err) < 0)
        return -1;
    ret->port = port_ref(call->arena, port);
    return 0;
}

int api_network_port_get_xml_desc(struct call *call,
                                  const struct wire_network_port_get_xml_desc_args *args,
                                  struct wire_network_port_get_xml_desc_ret *ret, struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    struct network_port *port;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        get_port(call, &args->port.net, args->port.uuid, &net, &port, err) < 0)
        return -1;
    AUTO_FREE char *xml = network_port_def_format(port->def);
    ret->xml = arena_strdup(call->arena, xml);
    return 0;
}

int api_network_port_delete(struct call *call, const struct wire_network_port_delete_args *args,
                            void *ret, struct error *err)
{
    (void)ret;
    AUTO_NETWORK struct network *net = NULL;
    struct network_port *port;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        get_port(call, &args->port.net, args->port.uuid, &net, &port, err) < 0)
        return -1;
    struct uuid id = port->def->uuid.value;
    return network_port_delete(call->task, net, &id, err);
}

// ---- bandwidth as typed parameters

enum { AFFECT_BITS = API_AFFECT_LIVE | API_AFFECT_CONFIG, STRING_OKAY = 1 << 2 };

int api_network_port_get_parameters(struct call *call,
                                    const struct wire_network_port_get_parameters_args *args,
                                    struct wire_network_port_get_parameters_ret *ret,
                                    struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    struct network_port *port;
    if (api_check_flags(call, args->flags, AFFECT_BITS | STRING_OKAY, err) < 0 ||
        get_port(call, &args->port.net, args->port.uuid, &net, &port, err) < 0)
        return -1;
    api_bandwidth_list(call->arena, port->def->bandwidth, false, &ret->params);
    ret->nparams = (int32_t)ret->params.n;
    if (args->nparams == 0)
        ret->params.n = 0;
    return 0;
}

int api_network_port_set_parameters(struct call *call,
                                    const struct wire_network_port_set_parameters_args *args,
                                    void *ret, struct error *err)
{
    (void)ret;
    AUTO_NETWORK struct network *net = NULL;
    struct network_port *port;
    if (api_check_flags(call, args->flags, AFFECT_BITS, err) < 0 ||
        get_port(call, &args->port.net, args->port.uuid, &net, &port, err) < 0)
        return -1;
    // As with libvirt, what is not given is gone.
    struct network_bandwidth b = {0};
    if (api_bandwidth_read(&args->params, &b, err) < 0)
        return -1;
    b.has_inbound = b.inbound.average.set || b.inbound.floor.set;
    b.has_outbound = b.outbound.average.set;
    if ((!b.inbound.average.set && (b.inbound.peak.set || b.inbound.burst.set)) ||
        (!b.outbound.average.set && (b.outbound.peak.set || b.outbound.burst.set)))
        return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                         "a port's peak and burst need an average");
    struct uuid id = port->def->uuid.value;
    return network_port_set_bandwidth(call->task, net, &id,
                                      b.has_inbound || b.has_outbound ? &b : NULL, err);
}
