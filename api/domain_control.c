// SPDX-License-Identifier: GPL-2.0-or-later
// What is done with a running guest.
#include "api/domain.h"
#include "rpc/stream.h"

#define CONTROL(name, function)                                                                    \
    int api_##name(struct call *call, const struct wire_##name##_args *args, void *ret,            \
                   struct error *err)                                                              \
    {                                                                                              \
        (void)ret;                                                                                 \
        AUTO_DOMAIN struct domain *dom = NULL;                                                     \
        if (api_domain_get_active(call, &args->dom, &dom, err) < 0)                                \
            return -1;                                                                             \
        return function(call->task, dom, err);                                                     \
    }

CONTROL(domain_suspend, domain_suspend)
CONTROL(domain_resume, domain_resume)
CONTROL(domain_shutdown, domain_shutdown)

int api_domain_reset(struct call *call, const struct wire_domain_reset_args *args, void *ret,
                     struct error *err)
{
    (void)ret;
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_domain_get_active(call, &args->dom, &dom, err) < 0)
        return -1;
    return domain_reset(call->task, dom, err);
}

enum { // virDomainShutdownFlagValues, virDomainRebootFlagValues
    POWER_ACPI = 1 << 0,
    POWER_AGENT = 1 << 1,
};

static int press_power(struct call *call, const struct wire_domain_ref *ref, uint32_t flags,
                       int (*press)(struct task *t, struct domain *dom, struct error *err),
                       struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_check_flags(call, flags, POWER_ACPI | POWER_AGENT, err) < 0 ||
        api_domain_get_active(call, ref, &dom, err) < 0)
        return -1;
    if (flags == POWER_AGENT)
        return error_set(err, ERROR_ARGUMENT_UNSUPPORTED, AREA_QEMU,
                         "the guest agent of '%s' is not used yet; say --mode acpi", dom->name);
    return press(call->task, dom, err);
}

int api_domain_shutdown_flags(struct call *call, const struct wire_domain_shutdown_flags_args *args,
                              void *ret, struct error *err)
{
    (void)ret;
    return press_power(call, &args->dom, args->flags, domain_shutdown, err);
}

int api_domain_reboot(struct call *call, const struct wire_domain_reboot_args *args, void *ret,
                      struct error *err)
{
    (void)ret;
    return press_power(call, &args->dom, args->flags, domain_reboot, err);
}

int api_domain_destroy(struct call *call, const struct wire_domain_destroy_args *args, void *ret,
                       struct error *err)
{
    (void)ret;
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get_active(call, &args->dom, &dom, err) < 0)
        return -1;
    return domain_destroy(call->task, dom, 0, err);
}

int api_domain_destroy_flags(struct call *call, const struct wire_domain_destroy_flags_args *args,
                             void *ret, struct error *err)
{
    (void)ret;
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_check_flags(call, args->flags, DOMAIN_DESTROY_GRACEFUL, err) < 0 ||
        api_domain_get_active(call, &args->dom, &dom, err) < 0)
        return -1;
    return domain_destroy(call->task, dom, args->flags, err);
}

enum { MONITOR_COMMAND_HMP = 1 << 0 };

int api_qemu_domain_monitor_command(struct call *call,
                                    const struct wire_qemu_domain_monitor_command_args *args,
                                    struct wire_qemu_domain_monitor_command_ret *ret,
                                    struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    AUTO_FREE char *reply = NULL;
    if (api_check_flags(call, args->flags, MONITOR_COMMAND_HMP, err) < 0 ||
        api_domain_get_active(call, &args->dom, &dom, err) < 0 ||
        domain_monitor_command(call->task, dom, args->cmd, args->flags & MONITOR_COMMAND_HMP,
                               &reply, err) < 0)
        return -1;
    if (strlen(reply) > WIRE_STRING_MAX)
        return error_set(err, ERROR_RPC, AREA_RPC,
                         "QEMU's answer of %zu bytes is too large to pass on", strlen(reply));
    ret->result = arena_strdup(call->arena, reply);
    return 0;
}

// ---- console -----------------------------------------------------------------------------------

enum { // virDomainConsoleFlags
    CONSOLE_FORCE = 1 << 0,
    CONSOLE_SAFE = 1 << 1,
};

// One user of one console. Two readers of a terminal would each get half of what is said.
struct console {
    struct list link; // in daemon->consoles
    struct uuid guest;
    char *device;
    int fd;
    struct stream *stream;
};

static void console_release(void *arg)
{
    struct console *c = arg;
    list_remove(&c->link);
    close_fd(&c->fd);
    free(c->device);
    free(c);
}

static int console_carry(struct task *t, struct stream *s, void *arg, struct error *err)
{
    struct console *c = arg;
    c->stream = s;
    return stream_bridge(t, s, c->fd, err);
}

static int evict(struct daemon *d, const struct uuid *guest, const char *device, bool force,
                 struct error *err)
{
    struct console *c;
    LIST_FOREACH (c, &d->consoles, link) {
        if (!uuid_eq(&c->guest, guest) || !str_eq(c->device, device))
            continue;
        if (!force)
            return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                             "Active console session exists for this domain; "
                             "--force takes it over");
        if (c->stream)
            stream_kill(c->stream, "another client took this console over");
        list_remove(&c->link);
        return 0;
    }
    return 0;
}

int api_domain_open_console(struct call *call, const struct wire_domain_open_console_args *args,
                            void *ret, struct error *err)
{
    (void)ret;
    struct daemon *d = call_daemon(call);
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_check_flags(call, args->flags, CONSOLE_FORCE | CONSOLE_SAFE, err) < 0 ||
        api_domain_get_active(call, &args->dom, &dom, err) < 0)
        return -1;
    int fd;
    const char *device = args->dev_name ? args->dev_name : "";
    if (evict(d, &dom->uuid, device, args->flags & CONSOLE_FORCE, err) < 0 ||
        domain_open_console(dom, args->dev_name, &fd, err) < 0)
        return -1;
    struct console *c = NEW(struct console);
    c->guest = dom->uuid;
    c->device = xstrdup(device);
    c->fd = fd;
    list_append(&d->consoles, &c->link);
    return stream_open(call, console_carry, c, console_release, err);
}
