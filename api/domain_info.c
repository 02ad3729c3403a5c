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
    const struct domain_def *def;
    uint32_t known = API_AFFECT_LIVE | API_AFFECT_CONFIG | VCPU_MAXIMUM;
    if (args->flags & VCPU_GUEST)
        return error_set(err, ERROR_AGENT_UNRESPONSIVE, AREA_QEMU, "the agent is not used yet");
    if (api_check_flags(call, args->flags, known, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0 ||
        api_domain_definition(dom, args->flags, &def, err) < 0)
        return -1;
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

// No model is in force (api_node_get_security_model).
int api_domain_get_security_label(struct call *call,
                                  const struct wire_domain_get_security_label_args *args,
                                  struct wire_domain_get_security_label_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    static const char empty[1];
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->label = (struct wire_chars){.v = arena_memdup(call->arena, empty, 1), .n = 1};
    return 0;
}
