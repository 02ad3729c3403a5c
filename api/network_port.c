// SPDX-License-Identifier: GPL-2.0-or-later
// Ports of networks: domains' interfaces that are plugged in, and those that clients describe.
#include "api/bandwidth.h"
#include "api/network.h"

static struct wire_network_port_ref port_ref(struct arena *a, const struct network_port *port)
{
    struct wire_network_port_ref ref = {.net = api_network_ref(a, port->net)};
    memcpy(ref.uuid, port->def->uuid.value.b, UUID_SIZE);
    return ref;
}

int api_network_list_all_ports(struct call *call, struct network *net,
                               const struct wire_network_list_all_ports_args *args,
                               struct wire_network_list_all_ports_ret *ret, struct error *err)
{
    if (api_check_count(net->nports, WIRE_NETWORK_PORT_LIST_MAX, "ports", "look up single ones",
                        err) < 0)
        return -1;
    ret->ret = (uint32_t)net->nports;
    if (!args->need_results)
        return 0;
    ret->ports.v = arena_calloc(call->arena, net->nports, sizeof(*ret->ports.v));
    struct network_port *port = NULL;
    while ((port = network_next_port(net, port)) && ret->ports.n < net->nports)
        ret->ports.v[ret->ports.n++] = port_ref(call->arena, port);
    return 0;
}

int api_network_port_lookup_by_uuid(struct call *call, struct network *net,
                                    const struct wire_network_port_lookup_by_uuid_args *args,
                                    struct wire_network_port_lookup_by_uuid_ret *ret,
                                    struct error *err)
{
    struct network_port *port;
    if (api_network_port_get(net, args->uuid, &port, err) < 0)
        return -1;
    ret->port = port_ref(call->arena, port);
    return 0;
}

// Only a client that takes over an existing port gives its plug; else vireod chooses it.
static int check_plug(const struct network_port_def *def, bool reclaim, struct error *err)
{
    if (reclaim == (def->plug != NETWORK_PLUG_NONE))
        return 0;
    return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                     reclaim ? "the port's document has no <plug>, which a port to be taken over "
                               "needs"
                             : "the port's document has a <plug>, which is only for a port to be "
                               "taken over; remove it");
}

int api_network_port_create_xml(struct call *call, struct network *net,
                                const struct wire_network_port_create_xml_args *args,
                                struct wire_network_port_create_xml_ret *ret, struct error *err)
{
    unsigned how = args->flags & VIR_NETWORK_PORT_CREATE_VALIDATE ? NETWORK_PARSE_VALIDATE : 0;
    struct network_port *port;
    struct network_port_def *def = network_port_def_parse(args->xml, strlen(args->xml), how, err);
    if (!def)
        return -1;
    if (check_plug(def, args->flags & VIR_NETWORK_PORT_CREATE_RECLAIM, err) < 0) {
        network_port_def_destroy(def);
        return -1;
    }
    if (network_port_create(call->task, net, def, &port, err) < 0)
        return -1;
    ret->port = port_ref(call->arena, port);
    return 0;
}

int api_network_port_get_xml_desc(struct call *call, struct network_port *port,
                                  struct wire_network_port_get_xml_desc_ret *ret, struct error *err)
{
    ret->xml = arena_take(call->arena, network_port_def_format(port->def));
    return 0;
}

int api_network_port_delete(struct call *call, struct network_port *port, struct error *err)
{
    struct uuid id = port->def->uuid.value;
    return network_port_delete(call->task, port->net, &id, err);
}

// ---- rates

int api_network_port_get_parameters(struct call *call, struct network_port *port,
                                    const struct wire_network_port_get_parameters_args *args,
                                    struct wire_network_port_get_parameters_ret *ret,
                                    struct error *err)
{
    api_bandwidth_list(call->arena, port->def->bandwidth, false, &ret->params);
    ret->nparams = (int32_t)ret->params.n;
    if (args->nparams == 0)
        ret->params.n = 0;
    return 0;
}

int api_network_port_set_parameters(struct call *call, struct network_port *port,
                                    const struct wire_network_port_set_parameters_args *args,
                                    struct error *err)
{
    struct network_bandwidth b; // as libvirt: what is not given is gone
    if (api_bandwidth_read(&args->params, &b, err) < 0)
        return -1;
    if ((!b.inbound.average.set && (b.inbound.peak.set || b.inbound.burst.set)) ||
        (!b.outbound.average.set && (b.outbound.peak.set || b.outbound.burst.set)))
        return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                         "a port's peak and burst need an average");
    struct uuid id = port->def->uuid.value;
    return network_port_set_bandwidth(call->task, port->net, &id,
                                      b.has_inbound || b.has_outbound ? &b : NULL, err);
}
