// SPDX-License-Identifier: GPL-2.0-or-later
// Statistics of many domains in one answer.
#include "api/domain.h"
#include "bridge/link.h"

enum {
    STATS_PROVIDED = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL |
                     VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_INTERFACE,
    STATS_PARAMS_MAX = 16,      // besides those for each virtual CPU
    STATS_INTERFACE_PARAMS = 9, // and for each interface
};

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
static void add_interfaces(struct call *call, const struct domain *dom, struct wire_typed_params *p)
{
    const struct domain_def *def = dom->live;
    add_uint(p, "net.count", (uint32_t)def->interfaces.n);
    for (size_t i = 0; i < def->interfaces.n; i++) {
        const struct domain_interface *iface = def->interfaces.v[i];
        struct link_stats s;
        if (!iface->target || domain_interface_stats(dom, iface, &s, NULL) < 0)
            continue;
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

static void fill_stats(struct call *call, struct domain *dom, uint32_t stats,
                       struct wire_typed_params *p)
{
    const struct domain_def *def = domain_current(dom);
    uint64_t vcpus = api_domain_vcpus(def);
    size_t most = STATS_PARAMS_MAX + vcpus + STATS_INTERFACE_PARAMS * def->interfaces.n;
    p->v = arena_calloc(call->arena, most, sizeof(*p->v));
    if (stats & VIR_DOMAIN_STATS_STATE) {
        struct api_domain_state s = api_domain_state(dom);
        add_int(p, "state.state", s.state);
        add_int(p, "state.reason", s.reason);
    }
    if ((stats & VIR_DOMAIN_STATS_CPU_TOTAL) && dom->live)
        add_ullong(p, "cpu.time", domain_cpu_time_ns(dom));
    if (stats & VIR_DOMAIN_STATS_BALLOON) {
        if (dom->live)
            add_ullong(p, "balloon.current", def->current_memory_kib);
        add_ullong(p, "balloon.maximum", def->memory_kib);
    }
    if (stats & VIR_DOMAIN_STATS_VCPU) {
        add_uint(p, "vcpu.current", (uint32_t)vcpus);
        add_uint(p, "vcpu.maximum", (uint32_t)def->vcpus);
        for (uint64_t i = 0; dom->live && i < vcpus; i++)
            add_int(p, arena_printf(call->arena, "vcpu.%ju.state", (uintmax_t)i),
                    dom->state == DOMAIN_RUNNING ? VIR_VCPU_RUNNING : VIR_VCPU_OFFLINE);
    }
    if ((stats & VIR_DOMAIN_STATS_INTERFACE) && dom->live)
        add_interfaces(call, dom, p);
}

static void add_record(struct call *call, struct domain *dom,
                       const struct wire_connect_get_all_domain_stats_args *args,
                       struct wire_domain_stats_records *records)
{
    if (!api_object_matches(&api_domain_class, &dom->object, args->flags))
        return;
    struct wire_domain_stats_record *r = &records->v[records->n++];
    r->dom = api_domain_ref(NULL, dom);
    fill_stats(call, dom, args->stats ? args->stats : STATS_PROVIDED, &r->params);
}

int api_connect_get_all_domain_stats(struct call *call,
                                     const struct wire_connect_get_all_domain_stats_args *args,
                                     struct wire_connect_get_all_domain_stats_ret *ret,
                                     struct error *err)
{
    uint32_t unknown = args->stats & ~(uint32_t)STATS_PROVIDED;
    if ((args->flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS) && unknown)
        return error_set(err, ERROR_ARGUMENT_UNSUPPORTED, AREA_QEMU,
                         "statistics of types 0x%x are not provided; leave out --enforce to get "
                         "the others",
                         unknown);
    struct domains *all = call_daemon(call)->domains;
    struct domain *dom = NULL;
    size_t n = args->doms.n;
    while (args->doms.n == 0 && (dom = domains_next(all, dom)))
        n++;
    if (api_check_count(n, WIRE_DOMAIN_LIST_MAX, "domains", "name some", err) < 0)
        return -1;
    ret->retStats.v = arena_calloc(call->arena, n, sizeof(*ret->retStats.v));
    for (uint32_t i = 0; i < args->doms.n; i++) {
        struct uuid uuid;
        memcpy(uuid.b, args->doms.v[i].uuid, UUID_SIZE);
        if ((dom = domains_find_uuid(all, &uuid)))
            add_record(call, dom, args, &ret->retStats);
    }
    dom = NULL;
    while (args->doms.n == 0 && (dom = domains_next(all, dom)))
        add_record(call, dom, args, &ret->retStats);
    return 0;
}
