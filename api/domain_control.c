// SPDX-License-Identifier: GPL-2.0-or-later
// What is done with a running domain.
#include "api/domain.h"

static int check_agent(const struct domain *dom, bool agent_only, struct error *err)
{
    if (!agent_only)
        return 0;
    return error_set(err, ERROR_ARGUMENT_UNSUPPORTED, AREA_QEMU,
                     "the guest agent of '%s' is not used yet; say --mode acpi", dom->name);
}

int api_domain_shutdown_flags(struct call *call, struct domain *dom,
                              const struct wire_domain_shutdown_flags_args *args, struct error *err)
{
    if (check_agent(dom, args->flags == VIR_DOMAIN_SHUTDOWN_GUEST_AGENT, err) < 0)
        return -1;
    return domain_shutdown(call->task, dom, err);
}

int api_domain_reboot(struct call *call, struct domain *dom,
                      const struct wire_domain_reboot_args *args, struct error *err)
{
    if (check_agent(dom, args->flags == VIR_DOMAIN_REBOOT_GUEST_AGENT, err) < 0)
        return -1;
    return domain_reboot(call->task, dom, err);
}

int api_domain_destroy_flags(struct call *call, struct domain *dom,
                             const struct wire_domain_destroy_flags_args *args, struct error *err)
{
    unsigned how = args->flags & VIR_DOMAIN_DESTROY_GRACEFUL ? DOMAIN_DESTROY_GRACEFUL : 0;
    return domain_destroy(call->task, dom, how, err);
}

int api_qemu_domain_monitor_command(struct call *call, struct domain *dom,
                                    const struct wire_qemu_domain_monitor_command_args *args,
                                    struct wire_qemu_domain_monitor_command_ret *ret,
                                    struct error *err)
{
    AUTO_FREE char *reply = NULL;
    bool hmp = args->flags & VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP;
    if (domain_monitor_command(call->task, dom, args->cmd, hmp, &reply, err) < 0)
        return -1;
    if (strlen(reply) > WIRE_STRING_MAX)
        return error_set(err, ERROR_RPC, AREA_RPC,
                         "QEMU's answer of %zu bytes is too large to pass on", strlen(reply));
    ret->result = arena_strdup(call->arena, reply);
    return 0;
}

// The client keeps one end and sends the other, which QEMU gets.
int api_domain_open_graphics_fd(struct call *call, struct domain *dom,
                                const struct wire_domain_open_graphics_fd_args *args,
                                struct error *err)
{
    int fd;
    if (domain_open_graphics(call->task, dom, args->idx,
                             args->flags & VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH, &fd, err) < 0)
        return -1;
    return call_give_fd(call, fd, err);
}
