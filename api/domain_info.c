// SPDX-License-Identifier: GPL-2.0-or-later
// What is asked about domains. The answers come from what is known here; no guest is waited for.
#include "api/domain.h"

int api_domain_get_info(struct call *call, struct domain *dom, struct wire_domain_get_info_ret *ret,
                        struct error *err)
{
    const struct domain_def *def = domain_current(dom);
    *ret = (struct wire_domain_get_info_ret){
        .state = (uint8_t)api_domain_state(dom).state,
        .maxMem = def->memory_kib,
        .memory = def->current_memory_kib,
        .nrVirtCpu = (uint16_t)api_domain_vcpus(def),
        .cpuTime = domain_cpu_time_ns(dom),
    };
    return 0;
}

int api_domain_get_state(struct call *call, struct domain *dom,
                         struct wire_domain_get_state_ret *ret, struct error *err)
{
    struct api_domain_state s = api_domain_state(dom);
    *ret = (struct wire_domain_get_state_ret){.state = s.state, .reason = s.reason};
    return 0;
}

int api_domain_get_control_info(struct call *call, struct domain *dom,
                                struct wire_domain_get_control_info_ret *ret, struct error *err)
{
    ret->state = VIR_DOMAIN_CONTROL_OK;
    if (dom->job) {
        ret->state = VIR_DOMAIN_CONTROL_OCCUPIED;
        ret->stateTime = (now_monotonic_us() - dom->job_since_us) / 1000;
    } else if (!dom->qmp || !qmp_is_open(dom->qmp)) {
        ret->state = VIR_DOMAIN_CONTROL_ERROR;
    }
    return 0;
}

int api_domain_get_os_type(struct call *call, struct domain *dom,
                           struct wire_domain_get_os_type_ret *ret, struct error *err)
{
    const char *type = domain_current(dom)->os.type;
    ret->type = arena_strdup(call->arena, type ? type : "hvm");
    return 0;
}

int api_domain_get_max_memory(struct call *call, struct domain *dom,
                              struct wire_domain_get_max_memory_ret *ret, struct error *err)
{
    ret->memory = domain_current(dom)->memory_kib;
    return 0;
}

int api_domain_get_vcpus_flags(struct call *call, struct domain *dom,
                               const struct wire_domain_get_vcpus_flags_args *args,
                               struct wire_domain_get_vcpus_flags_ret *ret, struct error *err)
{
    if (args->flags & VIR_DOMAIN_VCPU_GUEST)
        return error_set(err, ERROR_AGENT_UNRESPONSIVE, AREA_QEMU, "the agent is not used yet");
    const struct domain_def *def = api_domain_definition(dom, args->flags, err);
    if (!def)
        return -1;
    bool maximum = args->flags & VIR_DOMAIN_VCPU_MAXIMUM;
    ret->num = (int32_t)(maximum ? def->vcpus : api_domain_vcpus(def));
    return 0;
}

// No security model is in force (api_node_get_security_model).
int api_domain_get_security_label(struct call *call, struct domain *dom,
                                  struct wire_domain_get_security_label_ret *ret, struct error *err)
{
    ret->label = (struct wire_chars){.v = "", .n = 1};
    return 0;
}
