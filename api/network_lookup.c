// SPDX-License-Identifier: GPL-2.0-or-later
// Finding and listing networks.
#include "api/network.h"

struct wire_network_ref api_network_ref(const struct network *net)
{
    struct wire_network_ref ref = {.name = net->name};
    memcpy(ref.uuid, net->uuid.b, UUID_SIZE);
    return ref;
}

struct wire_network_ref api_network_ref_copy(struct arena *a, const struct network *net)
{
    struct wire_network_ref ref = api_network_ref(net);
    ref.name = arena_strdup(a, ref.name);
    return ref;
}

static struct network *find_uuid(const struct call *call, const uint8_t *bytes, const char *name,
                                 struct error *err)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE];
    memcpy(uuid.b, bytes, UUID_SIZE);
    struct network *net = networks_find_uuid(call_daemon(call)->networks, &uuid);
    if (!net)
        error_set(err, ERROR_NO_NETWORK, AREA_NETWORK, "no network with matching uuid '%s'%s%s%s",
                  uuid_format(&uuid, text), name ? " (" : "", name ? name : "", name ? ")" : "");
    return net;
}

int api_network_get(struct call *call, const struct wire_network_ref *ref, struct network **ret,
                    struct error *err)
{
    struct network *net = find_uuid(call, ref->uuid, ref->name, err);
    if (!net)
        return -1;
    *ret = network_ref(net);
    return 0;
}

int api_network_lookup_by_name(struct call *call,
                               const struct wire_network_lookup_by_name_args *args,
                               struct wire_network_lookup_by_name_ret *ret, struct error *err)
{
    struct network *net = networks_find_name(call_daemon(call)->networks, args->name);
    if (!net)
        return error_set(err, ERROR_NO_NETWORK, AREA_NETWORK, "no network with matching name '%s'",
                         args->name);
    ret->net = api_network_ref(net);
    return 0;
}

int api_network_lookup_by_uuid(struct call *call,
                               const struct wire_network_lookup_by_uuid_args *args,
                               struct wire_network_lookup_by_uuid_ret *ret, struct error *err)
{
    struct network *net = find_uuid(call, args->uuid, NULL, err);
    if (!net)
        return -1;
    ret->net = api_network_ref(net);
    return 0;
}

// ---- lists

enum { // virConnectListAllNetworksFlags beyond INACTIVE and ACTIVE
    LIST_PERSISTENT = 1 << 2,
    LIST_TRANSIENT = 1 << 3,
    LIST_AUTOSTART = 1 << 4,
    LIST_NO_AUTOSTART = 1 << 5,
};

bool api_network_matches(const struct network *net, uint32_t flags)
{
    const struct api_filter filters[] = {
        {API_NETWORK_ACTIVE | API_NETWORK_INACTIVE,
         network_is_active(net) ? API_NETWORK_ACTIVE : API_NETWORK_INACTIVE},
        {LIST_PERSISTENT | LIST_TRANSIENT, net->def ? LIST_PERSISTENT : LIST_TRANSIENT},
        {LIST_AUTOSTART | LIST_NO_AUTOSTART, net->autostart ? LIST_AUTOSTART : LIST_NO_AUTOSTART},
    };
    return api_filters_hold(filters, ARRAY_LEN(filters), flags);
}

static uint32_t count(const struct call *call, uint32_t flags)
{
    uint32_t n = 0;
    struct network *net = NULL;
    while ((net = networks_next(call_daemon(call)->networks, net)))
        n += api_network_matches(net, flags);
    return n;
}

int api_connect_list_all_networks(struct call *call,
                                  const struct wire_connect_list_all_networks_args *args,
                                  struct wire_connect_list_all_networks_ret *ret, struct error *err)
{
    if (api_check_flags(call, args->flags, API_NETWORK_KNOWN, err) < 0)
        return -1;
    ret->ret = count(call, args->flags);
    if (!args->need_results)
        return 0;
    if (api_check_list(ret->ret, WIRE_NETWORK_LIST_MAX, "networks", err) < 0)
        return -1;
    ret->nets.v = arena_calloc(call->arena, ret->ret, sizeof(*ret->nets.v));
    struct network *net = NULL;
    while ((net = networks_next(call_daemon(call)->networks, net))) {
        if (api_network_matches(net, args->flags))
            ret->nets.v[ret->nets.n++] = api_network_ref(net);
    }
    return 0;
}

// Names of active or inactive networks, at most max.
static int list_names(struct call *call, int32_t max, uint32_t flags, struct wire_strings *ret,
                      struct error *err)
{
    if (api_check_wanted(max, WIRE_NETWORK_LIST_MAX, "maxnames", "REMOTE_NETWORK_LIST_MAX", err) <
        0)
        return -1;
    ret->v = arena_calloc(call->arena, count(call, flags), sizeof(*ret->v));
    struct network *net = NULL;
    while ((net = networks_next(call_daemon(call)->networks, net))) {
        if (api_network_matches(net, flags) && ret->n < (uint32_t)max)
            ret->v[ret->n++] = net->name;
    }
    return 0;
}

int api_connect_list_networks(struct call *call, const struct wire_connect_list_networks_args *args,
                              struct wire_connect_list_networks_ret *ret, struct error *err)
{
    return list_names(call, args->maxnames, API_NETWORK_ACTIVE, &ret->names, err);
}

int api_connect_list_defined_networks(struct call *call,
                                      const struct wire_connect_list_defined_networks_args *args,
                                      struct wire_connect_list_defined_networks_ret *ret,
                                      struct error *err)
{
    return list_names(call, args->maxnames, API_NETWORK_INACTIVE, &ret->names, err);
}

int api_connect_num_of_networks(struct call *call, const void *args,
                                struct wire_connect_num_of_networks_ret *ret, struct error *err)
{
    (void)args;
    (void)err;
    ret->num = (int32_t)count(call, API_NETWORK_ACTIVE);
    return 0;
}

int api_connect_num_of_defined_networks(struct call *call, const void *args,
                                        struct wire_connect_num_of_defined_networks_ret *ret,
                                        struct error *err)
{
    (void)args;
    (void)err;
    ret->num = (int32_t)count(call, API_NETWORK_INACTIVE);
    return 0;
}
