// SPDX-License-Identifier: GPL-2.0-or-later
// Finding and listing guests.
#include "api/domain.h"

struct wire_domain_ref api_domain_ref(const struct domain *dom)
{
    struct wire_domain_ref ref = {.name = dom->name, .id = dom->id};
    memcpy(ref.uuid, dom->uuid.b, UUID_SIZE);
    return ref;
}

struct wire_domain_ref api_domain_ref_copy(struct arena *a, const struct domain *dom)
{
    struct wire_domain_ref ref = api_domain_ref(dom);
    ref.name = arena_strdup(a, ref.name);
    return ref;
}

int api_domain_get(struct call *call, const struct wire_domain_ref *ref, struct domain **ret,
                   struct error *err)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE];
    memcpy(uuid.b, ref->uuid, UUID_SIZE);
    struct domain *dom = domains_find_uuid(call_daemon(call)->domains, &uuid);
    if (!dom)
        return error_set(err, ERROR_NO_DOMAIN, AREA_QEMU, "no domain with matching uuid '%s' (%s)",
                         uuid_format(&uuid, text), ref->name);
    *ret = domain_ref(dom);
    // For the log lines of this call; the reference is held for as long as it runs.
    task_log_fields(call->task)->domain = arena_strdup(call->arena, dom->name);
    return 0;
}

int api_domain_get_active(struct call *call, const struct wire_domain_ref *ref, struct domain **ret,
                          struct error *err)
{
    if (api_domain_get(call, ref, ret, err) < 0)
        return -1;
    if (domain_is_active(*ret))
        return 0;
    return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU, "domain is not running");
}

unsigned api_domain_affect(uint32_t flags)
{
    return (flags & API_AFFECT_LIVE ? DOMAIN_AFFECT_LIVE : 0) |
           (flags & API_AFFECT_CONFIG ? DOMAIN_AFFECT_CONFIG : 0);
}

int api_domain_definition(const struct domain *dom, uint32_t flags, const struct domain_def **ret,
                          struct error *err)
{
    bool live = flags & API_AFFECT_LIVE, config = flags & API_AFFECT_CONFIG;
    if (live && config)
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                         "flags 'VIR_DOMAIN_AFFECT_LIVE' and "
                         "'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive");
    *ret = config ? dom->def : live ? dom->live : domain_current(dom);
    if (*ret)
        return 0;
    return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU, "%s",
                     config ? "transient domains do not have any persistent config"
                            : "domain is not running");
}

int api_domain_lookup_by_id(struct call *call, const struct wire_domain_lookup_by_id_args *args,
                            struct wire_domain_lookup_by_id_ret *ret, struct error *err)
{
    struct domain *dom = domains_find_id(call_daemon(call)->domains, args->id);
    if (!dom)
        return error_set(err, ERROR_NO_DOMAIN, AREA_QEMU, "no domain with matching id %d",
                         args->id);
    ret->dom = api_domain_ref(dom);
    return 0;
}

int api_domain_lookup_by_name(struct call *call, const struct wire_domain_lookup_by_name_args *args,
                              struct wire_domain_lookup_by_name_ret *ret, struct error *err)
{
    struct domain *dom = domains_find_name(call_daemon(call)->domains, args->name);
    if (!dom)
        return error_set(err, ERROR_NO_DOMAIN, AREA_QEMU, "no domain with matching name '%s'",
                         args->name);
    ret->dom = api_domain_ref(dom);
    return 0;
}

int api_domain_lookup_by_uuid(struct call *call, const struct wire_domain_lookup_by_uuid_args *args,
                              struct wire_domain_lookup_by_uuid_ret *ret, struct error *err)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE];
    memcpy(uuid.b, args->uuid, UUID_SIZE);
    struct domain *dom = domains_find_uuid(call_daemon(call)->domains, &uuid);
    if (!dom)
        return error_set(err, ERROR_NO_DOMAIN, AREA_QEMU, "no domain with matching uuid '%s'",
                         uuid_format(&uuid, text));
    ret->dom = api_domain_ref(dom);
    return 0;
}

// ---- lists -------------------------------------------------------------------------------------

enum { // virConnectListAllDomainsFlags beyond ACTIVE and INACTIVE
    LIST_PERSISTENT = 1 << 2,
    LIST_TRANSIENT = 1 << 3,
    LIST_RUNNING = 1 << 4,
    LIST_PAUSED = 1 << 5,
    LIST_SHUTOFF = 1 << 6,
    LIST_OTHER = 1 << 7,
    LIST_MANAGED_SAVE = 1 << 8,
    LIST_NO_MANAGED_SAVE = 1 << 9,
    LIST_AUTOSTART = 1 << 10,
    LIST_NO_AUTOSTART = 1 << 11,
    LIST_SNAPSHOT = 1 << 12,
    LIST_NO_SNAPSHOT = 1 << 13,
    LIST_CHECKPOINT = 1 << 14,
    LIST_NO_CHECKPOINT = 1 << 15,
};

static uint32_t state_filter(const struct domain *dom)
{
    switch (dom->state) {
    case DOMAIN_RUNNING:
        return LIST_RUNNING;
    case DOMAIN_PAUSED:
        return LIST_PAUSED;
    case DOMAIN_SHUTOFF:
        return LIST_SHUTOFF;
    default:
        return LIST_OTHER;
    }
}

bool api_domain_matches(const struct domain *dom, uint32_t flags)
{
    const struct api_filter filters[] = {
        {API_LIST_ACTIVE | API_LIST_INACTIVE, dom->live ? API_LIST_ACTIVE : API_LIST_INACTIVE},
        {LIST_PERSISTENT | LIST_TRANSIENT, dom->def ? LIST_PERSISTENT : LIST_TRANSIENT},
        {LIST_RUNNING | LIST_PAUSED | LIST_SHUTOFF | LIST_OTHER, state_filter(dom)},
        {LIST_MANAGED_SAVE | LIST_NO_MANAGED_SAVE, LIST_NO_MANAGED_SAVE},
        {LIST_AUTOSTART | LIST_NO_AUTOSTART, dom->autostart ? LIST_AUTOSTART : LIST_NO_AUTOSTART},
        {LIST_SNAPSHOT | LIST_NO_SNAPSHOT, LIST_NO_SNAPSHOT},
        {LIST_CHECKPOINT | LIST_NO_CHECKPOINT, LIST_NO_CHECKPOINT},
    };
    return api_filters_hold(filters, ARRAY_LEN(filters), flags);
}

static uint32_t count(const struct call *call, uint32_t flags)
{
    uint32_t n = 0;
    struct domain *dom = NULL;
    while ((dom = domains_next(call_daemon(call)->domains, dom)))
        n += api_domain_matches(dom, flags);
    return n;
}

int api_connect_list_all_domains(struct call *call,
                                 const struct wire_connect_list_all_domains_args *args,
                                 struct wire_connect_list_all_domains_ret *ret, struct error *err)
{
    if (api_check_flags(call, args->flags, API_LIST_KNOWN, err) < 0)
        return -1;
    ret->ret = count(call, args->flags);
    if (!args->need_results)
        return 0;
    if (api_check_list(ret->ret, WIRE_DOMAIN_LIST_MAX, "guests", err) < 0)
        return -1;
    ret->domains.v = arena_calloc(call->arena, ret->ret, sizeof(*ret->domains.v));
    struct domain *dom = NULL;
    while ((dom = domains_next(call_daemon(call)->domains, dom))) {
        if (api_domain_matches(dom, args->flags))
            ret->domains.v[ret->domains.n++] = api_domain_ref(dom);
    }
    return 0;
}

static int check_max(int32_t max, const char *what, struct error *err)
{
    return api_check_wanted(max, WIRE_DOMAIN_LIST_MAX, what, "REMOTE_DOMAIN_LIST_MAX", err);
}

int api_connect_list_domains(struct call *call, const struct wire_connect_list_domains_args *args,
                             struct wire_connect_list_domains_ret *ret, struct error *err)
{
    if (check_max(args->maxids, "maxids", err) < 0)
        return -1;
    ret->ids.v = arena_calloc(call->arena, count(call, API_LIST_ACTIVE), sizeof(*ret->ids.v));
    struct domain *dom = NULL;
    while ((dom = domains_next(call_daemon(call)->domains, dom))) {
        if (dom->live && ret->ids.n < (uint32_t)args->maxids)
            ret->ids.v[ret->ids.n++] = dom->id;
    }
    return 0;
}

int api_connect_num_of_domains(struct call *call, const void *args,
                               struct wire_connect_num_of_domains_ret *ret, struct error *err)
{
    (void)args;
    (void)err;
    ret->num = (int32_t)count(call, API_LIST_ACTIVE);
    return 0;
}

int api_connect_list_defined_domains(struct call *call,
                                     const struct wire_connect_list_defined_domains_args *args,
                                     struct wire_connect_list_defined_domains_ret *ret,
                                     struct error *err)
{
    if (check_max(args->maxnames, "maxnames", err) < 0)
        return -1;
    ret->names.v = arena_calloc(call->arena, count(call, API_LIST_INACTIVE), sizeof(*ret->names.v));
    struct domain *dom = NULL;
    while ((dom = domains_next(call_daemon(call)->domains, dom))) {
        if (!dom->live && ret->names.n < (uint32_t)args->maxnames)
            ret->names.v[ret->names.n++] = dom->name;
    }
    return 0;
}

int api_connect_num_of_defined_domains(struct call *call, const void *args,
                                       struct wire_connect_num_of_defined_domains_ret *ret,
                                       struct error *err)
{
    (void)args;
    (void)err;
    ret->num = (int32_t)count(call, API_LIST_INACTIVE);
    return 0;
}
