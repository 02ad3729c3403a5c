// SPDX-License-Identifier: GPL-2.0-or-later
// Title, description and the application's own elements of a network (libvirt 9.7 and later ask).
#include "api/network.h"
#include "schemas/domain/def.h"

enum { // virNetworkMetadataType
    METADATA_DESCRIPTION = 0,
    METADATA_TITLE = 1,
    METADATA_ELEMENT = 2,
};

static int check_uri(int32_t type, const char *uri, struct error *err)
{
    if (type < METADATA_DESCRIPTION || type > METADATA_ELEMENT)
        return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK, "unknown type of metadata: %d",
                         type);
    if (type == METADATA_ELEMENT && !uri)
        return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                         "an element of the metadata needs its namespace");
    return 0;
}

int api_network_get_metadata(struct call *call, const struct wire_network_get_metadata_args *args,
                             struct wire_network_get_metadata_ret *ret, struct error *err)
{
    AUTO_NETWORK struct network *net = NULL;
    unsigned affect;
    if (api_check_flags(call, args->flags, API_AFFECT_LIVE | API_AFFECT_CONFIG, err) < 0 ||
        check_uri(args->type, args->uri, err) < 0 ||
        api_network_get(call, &args->network, &net, err) < 0 ||
        api_network_affect(net, args->flags, &affect, err) < 0)
        return -1;
    const struct network_def *def = affect & NETWORK_AFFECT_CONFIG ? net->def : net->live;
    AUTO_FREE char *element = NULL;
    const char *text = def->description;
    if (args->type == METADATA_TITLE)
        text = def->title;
    else if (args->type == METADATA_ELEMENT)
        text = element = domain_metadata_get(def->metadata, args->uri);
    if (!text)
        return error_set(err, ERROR_NO_DOMAIN_METADATA, AREA_NETWORK,
                         "network '%s' has no such metadata", net->name);
    ret->metadata = arena_strdup(call->arena, text);
    return 0;
}

static int set(struct network_def *def, void *arg, struct error *err)
{
    const struct wire_network_set_metadata_args *args = arg;
    const char *text = args->metadata && *args->metadata ? args->metadata : NULL;
    switch (args->type) {
    case METADATA_TITLE:
        str_replace(&def->title, text);
        return 0;
    case METADATA_DESCRIPTION:
        str_replace(&def->description, text);
        return 0;
    default:
        return domain_metadata_set(&def->metadata, args->key, args->uri, args->metadata, err);
    }
}

int api_network_set_metadata(struct call *call, const struct wire_network_set_metadata_args *args,
                             void *ret, struct error *err)
{
    (void)ret;
    AUTO_NETWORK struct network *net = NULL;
    unsigned affect;
    if (api_check_flags(call, args->flags, API_AFFECT_LIVE | API_AFFECT_CONFIG, err) < 0 ||
        check_uri(args->type, args->uri, err) < 0)
        return -1;
    if (args->type == METADATA_TITLE && args->metadata && strchr(args->metadata, '\n'))
        return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                         "a network's title must be one line");
    if (api_network_get(call, &args->network, &net, err) < 0 ||
        api_network_affect(net, args->flags, &affect, err) < 0 ||
        network_change(call->task, net, affect, set, (void *)args, err) < 0)
        return -1;
    struct network_observer o = api_network_observer(call_daemon(call));
    o.metadata(o.arg, net, args->type, args->uri);
    return 0;
}
