// SPDX-License-Identifier: GPL-2.0-or-later
// What is asked about guests. Answers come from what is known here; no guest is waited for.
#include "api/domain.h"

#include <stdio.h>

static uint64_t current_vcpus(const struct domain_def *def)
{
    return def->vcpus_current.set ? def->vcpus_current.value : def->vcpus;
}

int api_domain_get_info(struct call *call, const struct wire_domain_get_info_args *args,
                        struct wire_domain_get_info_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    const struct domain_def *def = domain_current(dom);
    int state, reason;
    api_domain_state(dom, &state, &reason);
    ret->state = (uint8_t)state;
    ret->maxMem = def->memory_kib;
    ret->memory = def->current_memory_kib;
    ret->nrVirtCpu = (uint16_t)current_vcpus(def);
    ret->cpuTime = domain_cpu_time_ns(dom);
    return 0;
}

int api_domain_get_state(struct call *call, const struct wire_domain_get_state_args *args,
                         struct wire_domain_get_state_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    int state, reason;
    api_domain_state(dom, &state, &reason);
    ret->state = state;
    ret->reason = reason;
    return 0;
}

int api_domain_get_control_info(struct call *call,
                                const struct wire_domain_get_control_info_args *args,
                                struct wire_domain_get_control_info_ret *ret, struct error *err)
{
    enum { CONTROL_OK, CONTROL_JOB, CONTROL_OCCUPIED, CONTROL_ERROR };
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_domain_get_active(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->state = dom->job ? CONTROL_OCCUPIED : CONTROL_OK;
    if (dom->job)
        ret->stateTime = (now_monotonic_us() - dom->job_since_us) / 1000;
    if (!dom->job && !(dom->qmp && qmp_is_open(dom->qmp)))
        ret->state = CONTROL_ERROR;
    return 0;
}

int api_domain_is_active(struct call *call, const struct wire_domain_is_active_args *args,
                         struct wire_domain_is_active_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->active = domain_is_active(dom);
    return 0;
}

int api_domain_is_persistent(struct call *call, const struct wire_domain_is_persistent_args *args,
                             struct wire_domain_is_persistent_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->persistent = dom->def != NULL;
    return 0;
}

int api_domain_is_updated(struct call *call, const struct wire_domain_is_updated_args *args,
                          struct wire_domain_is_updated_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->updated = dom->updated;
    return 0;
}

int api_domain_get_os_type(struct call *call, const struct wire_domain_get_os_type_args *args,
                           struct wire_domain_get_os_type_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    const char *type = domain_current(dom)->os.type;
    ret->type = arena_strdup(call->arena, type ? type : "hvm");
    return 0;
}

int api_domain_get_max_memory(struct call *call, const struct wire_domain_get_max_memory_args *args,
                              struct wire_domain_get_max_memory_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->memory = domain_current(dom)->memory_kib;
    return 0;
}

int api_domain_get_max_vcpus(struct call *call, const struct wire_domain_get_max_vcpus_args *args,
                             struct wire_domain_get_max_vcpus_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->num = (int32_t)domain_current(dom)->vcpus;
    return 0;
}

enum { // virDomainVcpuFlags
    VCPU_MAXIMUM = 1 << 2,
    VCPU_GUEST = 1 << 3,
};

int api_domain_get_vcpus_flags(struct call *call,
                               const struct wire_domain_get_vcpus_flags_args *args,
                               struct wire_domain_get_vcpus_flags_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    uint32_t known = API_AFFECT_LIVE | API_AFFECT_CONFIG | VCPU_MAXIMUM;
    if (args->flags & VCPU_GUEST)
        return error_set(err, ERROR_AGENT_UNRESPONSIVE, AREA_QEMU,
                         "Guest agent is not responding: the agent is not used yet");
    if (api_check_flags(call, args->flags, known, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    const struct domain_def *def = domain_current(dom);
    if (args->flags & API_AFFECT_CONFIG)
        def = dom->def;
    else if (args->flags & API_AFFECT_LIVE)
        def = dom->live;
    if (!def)
        return error_set(
            err, ERROR_OPERATION_INVALID, AREA_QEMU, "Requested operation is not valid: %s",
            args->flags & API_AFFECT_CONFIG ? "transient domains do not have any persistent config"
                                            : "domain is not running");
    ret->num = (int32_t)(args->flags & VCPU_MAXIMUM ? def->vcpus : current_vcpus(def));
    return 0;
}

int api_domain_has_managed_save_image(struct call *call,
                                      const struct wire_domain_has_managed_save_image_args *args,
                                      struct wire_domain_has_managed_save_image_ret *ret,
                                      struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->result = 0; // nothing makes one
    return 0;
}

// No guest has any: nothing makes them. Clients ask before they undefine.
int api_domain_snapshot_num(struct call *call, const struct wire_domain_snapshot_num_args *args,
                            struct wire_domain_snapshot_num_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->num = 0;
    return 0;
}

int api_domain_list_all_snapshots(struct call *call,
                                  const struct wire_domain_list_all_snapshots_args *args,
                                  struct wire_domain_list_all_snapshots_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->ret = 0;
    return 0;
}

int api_domain_get_messages(struct call *call, const struct wire_domain_get_messages_args *args,
                            struct wire_domain_get_messages_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->msgs.n = 0;
    return 0;
}

// ---- statistics --------------------------------------------------------------------------------

enum { // virDomainStatsTypes
    STATS_STATE = 1 << 0,
    STATS_CPU_TOTAL = 1 << 1,
    STATS_BALLOON = 1 << 2,
    STATS_VCPU = 1 << 3,
    STATS_PROVIDED = STATS_STATE | STATS_CPU_TOTAL | STATS_BALLOON | STATS_VCPU,
    STATS_PARAMS_MAX = 16, // besides those for each virtual CPU
};
enum { // virConnectGetAllDomainStatsFlags beyond the filters
    STATS_NOWAIT = 1 << 29,
    STATS_BACKING = 1 << 30,
};
static const uint32_t STATS_ENFORCE = 1u << 31;

enum value_type { VALUE_INT = 1, VALUE_UINT = 2, VALUE_ULLONG = 4 };

static void add_int(struct wire_typed_params *p, const char *field, int32_t value)
{
    p->v[p->n++] = (struct wire_typed_param){field, {.type = VALUE_INT, .i = value}};
}
static void add_uint(struct wire_typed_params *p, const char *field, uint32_t value)
{
    p->v[p->n++] = (struct wire_typed_param){field, {.type = VALUE_UINT, .ui = value}};
}
static void add_ullong(struct wire_typed_params *p, const char *field, uint64_t value)
{
    p->v[p->n++] = (struct wire_typed_param){field, {.type = VALUE_ULLONG, .ul = value}};
}

static void fill_stats(struct call *call, struct domain *dom, uint32_t stats,
                       struct wire_typed_params *p)
{
    const struct domain_def *def = domain_current(dom);
    uint64_t vcpus = current_vcpus(def);
    p->v = arena_calloc(call->arena, STATS_PARAMS_MAX + vcpus, sizeof(*p->v));
    if (stats & STATS_STATE) {
        int state, reason;
        api_domain_state(dom, &state, &reason);
        add_int(p, "state.state", state);
        add_int(p, "state.reason", reason);
    }
    if ((stats & STATS_CPU_TOTAL) && dom->live)
        add_ullong(p, "cpu.time", domain_cpu_time_ns(dom));
    if (stats & STATS_BALLOON) {
        if (dom->live)
            add_ullong(p, "balloon.current", def->current_memory_kib);
        add_ullong(p, "balloon.maximum", def->memory_kib);
    }
    if (stats & STATS_VCPU) {
        add_uint(p, "vcpu.current", (uint32_t)vcpus);
        add_uint(p, "vcpu.maximum", (uint32_t)def->vcpus);
        for (uint64_t i = 0; dom->live && i < vcpus; i++)
            add_int(p, arena_printf(call->arena, "vcpu.%ju.state", (uintmax_t)i),
                    dom->state == DOMAIN_RUNNING ? 1 : 0);
    }
}

static void add_record(struct call *call, struct domain *dom, uint32_t stats,
                       struct wire_domain_stats_records *records)
{
    struct wire_domain_stats_record *r = &records->v[records->n++];
    r->dom = api_domain_ref(dom);
    fill_stats(call, dom, stats ? stats : STATS_PROVIDED, &r->params);
}

int api_connect_get_all_domain_stats(struct call *call,
                                     const struct wire_connect_get_all_domain_stats_args *args,
                                     struct wire_connect_get_all_domain_stats_ret *ret,
                                     struct error *err)
{
    uint32_t control = STATS_ENFORCE | STATS_NOWAIT | STATS_BACKING;
    if (api_check_flags(call, args->flags, API_LIST_KNOWN | control, err) < 0)
        return -1;
    if ((args->flags & STATS_ENFORCE) && (args->stats & ~(uint32_t)STATS_PROVIDED))
        return error_set(
            err, ERROR_ARGUMENT_UNSUPPORTED, AREA_QEMU,
            "statistics of types 0x%x are not provided; leave out --enforce to get the "
            "others",
            args->stats & ~(uint32_t)STATS_PROVIDED);
    struct domains *all = call_daemon(call)->domains;
    size_t n = 0;
    struct domain *dom = NULL;
    while ((dom = domains_next(all, dom)))
        n++;
    n = args->doms.n > 0 ? args->doms.n : n;
    if (n > WIRE_DOMAIN_LIST_MAX)
        return error_set(err, ERROR_RPC, AREA_RPC, "too many guests (%zu) for one answer", n);
    ret->retStats.v = arena_calloc(call->arena, n, sizeof(*ret->retStats.v));
    for (uint32_t i = 0; i < args->doms.n; i++) {
        struct uuid uuid;
        memcpy(uuid.b, args->doms.v[i].uuid, UUID_SIZE);
        dom = domains_find_uuid(all, &uuid);
        if (dom && api_domain_matches(dom, args->flags & API_LIST_KNOWN))
            add_record(call, dom, args->stats, &ret->retStats);
    }
    dom = NULL;
    while (args->doms.n == 0 && (dom = domains_next(all, dom))) {
        if (api_domain_matches(dom, args->flags & API_LIST_KNOWN))
            add_record(call, dom, args->stats, &ret->retStats);
    }
    return 0;
}
