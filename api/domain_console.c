// SPDX-License-Identifier: GPL-2.0-or-later
// Consoles of domains, as streams. One client a console: of two readers of a terminal each would
// get half of the output.
#include "api/domain.h"
#include "rpc/stream.h"

struct console {
    struct list link; // in daemon->consoles
    struct uuid domain;
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

static int evict(struct daemon *d, const struct uuid *domain, const char *device, bool force,
                 struct error *err)
{
    struct console *c;
    LIST_FOREACH (c, &d->consoles, link) {
        if (!uuid_eq(&c->domain, domain) || !str_eq(c->device, device))
            continue;
        if (!force)
            return error_set(
                err, ERROR_OPERATION_FAILED, AREA_QEMU,
                "Active console session exists for this domain; --force takes it over");
        if (c->stream)
            stream_kill(c->stream, "another client took this console over");
        list_remove(&c->link);
        return 0;
    }
    return 0;
}

int api_domain_open_console(struct call *call, struct domain *dom,
                            const struct wire_domain_open_console_args *args, struct error *err)
{
    struct daemon *d = call_daemon(call);
    const char *device = args->dev_name ? args->dev_name : "";
    int fd;
    if (evict(d, &dom->uuid, device, args->flags & VIR_DOMAIN_CONSOLE_FORCE, err) < 0 ||
        domain_open_console(dom, args->dev_name, &fd, err) < 0)
        return -1;
    struct console *c = NEW(struct console);
    c->domain = dom->uuid;
    c->device = xstrdup(device);
    c->fd = fd;
    list_append(&d->consoles, &c->link);
    return stream_open(call, console_carry, c, console_release, err);
}
