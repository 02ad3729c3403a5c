// SPDX-License-Identifier: GPL-2.0-or-later
// Statistics of many guests in one answer.
#include "api/domain.h"
#include "bridge/link.h"

enum { // virDomainStatsTypes
    STATS_STATE = 1 << 0,
    STATS_CPU_TOTAL = 1 << 1,
    STATS_BALLOON = 1 << 2,
    STATS_VCPU = 1 << 3,
    STATS_INTERFACE = 1 << 4,
    STATS_PROVIDED = STATS_STATE | STATS_CPU_TOTAL | STATS_BALLOON | STATS_VCPU | STATS_INTERFACE,
    STATS_PARAMS_MAX = 16,      // besides those for each virtual CPU
    STATS_INTERFACE_PARAMS = 9, // and for each interface
};
enum { // virConnectGetAllDomainStatsFlags beyond the filters
    STATS_NOWAIT = 1 << 29,
    STATS_BACKING = 1 << 30,
};
static const uint32_t STATS_ENFORCE = 1u << 31;

static uint64_t current_vcpus(const struct domain_def *def)
{
    return def->vcpus_current.set ? def->vcpus_current.value : def->vcpus;
}

static void add_int(struct wire_typed_params *p, const char *field, int32_t value)
{
    p->v[p->n++] = (struct wire_typed_param){field, {.type = WIRE_VALUE_INT, .i = value}};
}
static void add_uint(struct wire_typed_params *p, const char *field, uint32_t value)
{
    p->v[p->n++] = (struct wire_typed_param){field, {.type = WIRE_VALUE_UINT, .ui = value}};
}
static void add_ullong(struct wire_typed_params *p, const char *field, uint64_t value)
{
    p->v[p->n++] = (struct wire_typed_param){field, {.type = WIRE_VALUE_ULLONG, .ul = value}};
}

// Of those interfaces that have something on the host to count at.
static void add_interfaces(struct call *call, const struct domain_def *def, struct netlink *nl,
                           struct wire_typed_params *p)
{
    add_uint(p, "net.count", (uint32_t)def->interfaces.n);
    for (size_t i = 0; i < def->interfaces.n; i++) {
        const struct domain_interface *iface = def->interfaces.v[i];
        struct link link;
        if (!nl || !iface->target || link_find(nl, iface->target, &link, NULL) < 0)
            continue;
        const struct link_stats s = api_guests_view(iface, &link.stats);
        const struct {
            const char *name;
            uint64_t value;
        } counters[] = {
            {"rx.bytes", s.rx_bytes},  {"rx.pkts", s.rx_packets}, {"rx.errs", s.rx_errors},
            {"rx.drop", s.rx_dropped}, {"tx.bytes", s.tx_bytes},  {"tx.pkts", s.tx_packets},
            {"tx.errs", s.tx_errors},  {"tx.drop", s.tx_dropped},
        };
        p->v[p->n++] = (struct wire_typed_param){
            arena_printf(call->arena, "net.%zu.name", i),
            {.type = WIRE_VALUE_STRING, .s = arena_strdup(call->arena, iface->target)}};
        for (size_t k = 0; k < ARRAY_LEN(counters); k++)
            add_ullong(p, arena_printf(call->arena, "net.%zu.%s", i, counters[k].name),
                       counters[k].value);
    }
}

static void fill_stats(struct call *call, struct domain *dom, uint32_t stats, struct netlink *nl,
                       struct wire_typed_params *p)
{
    const struct domain_def *def = domain_current(dom);
    uint64_t vcpus = current_vcpus(def);
    size_t most = STATS_PARAMS_MAX + vcpus + STATS_INTERFACE_PARAMS * def->interfaces.n;
    p->v = arena_calloc(call->arena, most, sizeof(*p->v));
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
    if ((stats & STATS_INTERFACE) && dom->live)
        add_interfaces(call, def, nl, p);
}

static void add_record(struct call *call, struct domain *dom, uint32_t stats, struct netlink *nl,
                       struct wire_domain_stats_records *records)
{
    struct wire_domain_stats_record *r = &records->v[records->n++];
    r->dom = api_domain_ref(dom);
    fill_stats(call, dom, stats ? stats : STATS_PROVIDED, nl, &r->params);
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
    struct netlink *nl = NULL;
    if (!args->stats || args->stats & STATS_INTERFACE)
        (void)netlink_open(&nl, NULL); // without it there are no counters
    for (uint32_t i = 0; i < args->doms.n; i++) {
        struct uuid uuid;
        memcpy(uuid.b, args->doms.v[i].uuid, UUID_SIZE);
        dom = domains_find_uuid(all, &uuid);
        if (dom && api_domain_matches(dom, args->flags & API_LIST_KNOWN))
            add_record(call, dom, args->stats, nl, &ret->retStats);
    }
    dom = NULL;
    while (args->doms.n == 0 && (dom = domains_next(all, dom))) {
        if (api_domain_matches(dom, args->flags & API_LIST_KNOWN))
            add_record(call, dom, args->stats, nl, &ret->retStats);
    }
    netlink_close(nl);
    return 0;
}
