// SPDX-License-Identifier: GPL-2.0-or-later
// Networks and their ports as the wire knows them.
#include "api/network.h"

struct wire_network_ref api_network_ref(struct arena *a, const struct network *net)
{
    struct wire_network_ref ref = {.name = a ? arena_strdup(a, net->name) : net->name};
    memcpy(ref.uuid, net->uuid.b, UUID_SIZE);
    return ref;
}

static struct object_table *table(const struct daemon *d)
{
    return networks_table(d->networks);
}

static void refer(struct arena *a, const struct object *o, void *ref)
{
    *(struct wire_network_ref *)ref = api_network_ref(a, (const struct network *)o);
}

const struct api_class api_network_class = {
    .rpc = API_OBJECT_RPC,
    .table = table,
    .refer = refer,
    .ref_size = sizeof(struct wire_network_ref),
    .list_max = WIRE_NETWORK_LIST_MAX,
    .list_max_name = "REMOTE_NETWORK_LIST_MAX",
    API_OBJECT_FILTERS(NETWORKS),
};

// ---- ports

int api_network_port_get(struct network *net, const uint8_t *bytes, struct network_port **ret,
                         struct error *err)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE];
    memcpy(uuid.b, bytes, UUID_SIZE);
    *ret = network_find_port(net, &uuid);
    if (*ret)
        return 0;
    return error_set(err, ERROR_NO_NETWORK_PORT, AREA_NETWORK,
                     "Network port with UUID %s does not exist in network '%s'",
                     uuid_format(&uuid, text), net->name);
}

// A port has no references of its own: it is there until the handler waits, its network longer.
static void *find_port(const struct rpc_object_class *class, struct call *call, const void *ref,
                       void **held, struct error *err)
{
    const struct wire_network_port_ref *r = ref;
    struct network_port *port;
    struct network *net = api_object_find(&api_network_class.rpc, call, &r->net, held, err);
    if (!net)
        return NULL;
    if (api_network_port_get(net, r->uuid, &port, err) == 0)
        return port;
    network_unref(net);
    return NULL;
}

const struct api_class api_network_port_class = {.rpc = {find_port, api_object_unref, NULL}};
