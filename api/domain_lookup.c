// SPDX-License-Identifier: GPL-2.0-or-later
// Domains as the wire knows them.
#include "api/domain.h"

struct wire_domain_ref api_domain_ref(struct arena *a, const struct domain *dom)
{
    struct wire_domain_ref ref = {.name = a ? arena_strdup(a, dom->name) : dom->name,
                                  .id = dom->id};
    memcpy(ref.uuid, dom->uuid.b, UUID_SIZE);
    return ref;
}

static struct object_table *table(const struct daemon *d)
{
    return domains_table(d->domains);
}

static void refer(struct arena *a, const struct object *o, void *ref)
{
    *(struct wire_domain_ref *)ref = api_domain_ref(a, (const struct domain *)o);
}

static const uint32_t filters[] = {
    VIR_CONNECT_LIST_DOMAINS_RUNNING | VIR_CONNECT_LIST_DOMAINS_PAUSED |
        VIR_CONNECT_LIST_DOMAINS_SHUTOFF | VIR_CONNECT_LIST_DOMAINS_OTHER,
    VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE | VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE,
    VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT | VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT,
    VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT | VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT,
    0,
};

static uint32_t traits(const struct object *o)
{
    const struct domain *dom = (const struct domain *)o;
    static const uint32_t states[] = {[DOMAIN_RUNNING] = VIR_CONNECT_LIST_DOMAINS_RUNNING,
                                      [DOMAIN_PAUSED] = VIR_CONNECT_LIST_DOMAINS_PAUSED,
                                      [DOMAIN_SHUTOFF] = VIR_CONNECT_LIST_DOMAINS_SHUTOFF};
    uint32_t by_state = dom->state < ARRAY_LEN(states) ? states[dom->state] : 0;
    return (by_state ? by_state : VIR_CONNECT_LIST_DOMAINS_OTHER) |
           VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE | VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT |
           VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT;
}

const struct api_class api_domain_class = {
    .rpc = API_OBJECT_RPC,
    .table = table,
    .refer = refer,
    .not_active = "domain is not running",
    .ref_size = sizeof(struct wire_domain_ref),
    .list_max = WIRE_DOMAIN_LIST_MAX,
    .list_max_name = "REMOTE_DOMAIN_LIST_MAX",
    API_OBJECT_FILTERS(DOMAINS),
    .filters = filters,
    .traits = traits,
};

unsigned api_domain_affect(uint32_t flags)
{
    return (flags & VIR_DOMAIN_AFFECT_LIVE ? DOMAIN_AFFECT_LIVE : 0) |
           (flags & VIR_DOMAIN_AFFECT_CONFIG ? DOMAIN_AFFECT_CONFIG : 0);
}

struct domain_def *api_domain_definition(const struct domain *dom, uint32_t flags,
                                         struct error *err)
{
    bool live = flags & VIR_DOMAIN_AFFECT_LIVE, config = flags & VIR_DOMAIN_AFFECT_CONFIG;
    struct domain_def *def = config ? dom->def : live ? dom->live : domain_current(dom);
    if (live && config)
        error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                  "flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually "
                  "exclusive");
    else if (!def)
        error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU, "%s",
                  config ? "transient domains do not have any persistent config"
                         : "domain is not running");
    return live && config ? NULL : def;
}

int api_domain_lookup_by_id(struct call *call, const struct wire_domain_lookup_by_id_args *args,
                            struct wire_domain_lookup_by_id_ret *ret, struct error *err)
{
    struct domain *dom = domains_find_id(call_daemon(call)->domains, args->id);
    if (!dom)
        return error_set(err, ERROR_NO_DOMAIN, AREA_QEMU, "no domain with matching id %d",
                         args->id);
    ret->dom = api_domain_ref(call->arena, dom);
    return 0;
}

int api_connect_list_domains(struct call *call, const struct wire_connect_list_domains_args *args,
                             struct wire_connect_list_domains_ret *ret, struct error *err)
{
    struct domains *all = call_daemon(call)->domains;
    if (api_check_wanted(args->maxids, WIRE_DOMAIN_LIST_MAX, "maxids", "REMOTE_DOMAIN_LIST_MAX",
                         err) < 0)
        return -1;
    ret->ids.v = arena_calloc(call->arena, domains_count_active(all), sizeof(*ret->ids.v));
    struct domain *dom = NULL;
    while ((dom = domains_next(all, dom))) {
        if (domain_is_active(dom) && ret->ids.n < (uint32_t)args->maxids)
            ret->ids.v[ret->ids.n++] = dom->id;
    }
    return 0;
}
