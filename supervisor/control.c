// SPDX-License-Identifier: GPL-2.0-or-later
// What clients do with a running domain.
#include "base/file.h"
#include "qemu/alias.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

int domain_suspend(struct task *t, struct domain *dom, struct error *err)
{
    if (domain_lock_active(t, dom, "suspend", err) < 0)
        return -1;
    int r = 0;
    if (dom->state == DOMAIN_PMSUSPENDED)
        r = error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU, "domain '%s' is pmsuspended",
                      dom->name);
    else if (dom->state != DOMAIN_PAUSED) {
        dom->pause_as = MOVE_PAUSED_USER;
        r = qmp_stop(t, dom->qmp, domain_answer_deadline(dom), err);
        // After a timeout QEMU may still carry it out, when it answers again.
        if (r == 0 || err->code != ERROR_OPERATION_TIMEOUT)
            dom->pause_as = MOVE_NONE;
    }
    domain_unlock(dom);
    return r;
}

static int resume_locked(struct task *t, struct domain *dom, struct error *err)
{
    object_assert_locked(t, &dom->object);
    switch (dom->state) {
    case DOMAIN_RUNNING:
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU, "domain '%s' is already running",
                         dom->name);
    case DOMAIN_PMSUSPENDED:
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                         "domain '%s' is pmsuspended; wake it up "
                         "with dompmwakeup",
                         dom->name);
    case DOMAIN_CRASHED:
    case DOMAIN_SHUTDOWN:
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                         "domain '%s' has %s; reset or destroy it", dom->name,
                         dom->state == DOMAIN_CRASHED ? "crashed" : "shut down");
    default:
        dom->pause_as = MOVE_NONE;
        return qmp_cont(t, dom->qmp, domain_answer_deadline(dom), err);
    }
}

int domain_resume(struct task *t, struct domain *dom, struct error *err)
{
    if (domain_lock_active(t, dom, "resume", err) < 0)
        return -1;
    int r = resume_locked(t, dom, err);
    domain_unlock(dom);
    return r;
}

int domain_reset(struct task *t, struct domain *dom, struct error *err)
{
    if (domain_lock_active(t, dom, "reset", err) < 0)
        return -1;
    bool kept = dom->state == DOMAIN_CRASHED || dom->state == DOMAIN_SHUTDOWN;
    bool resets = dom->live->on_reboot == LIFECYCLE_RESTART;
    dom->restart_on_shutdown = false;
    int r = qmp_system_reset(t, dom->qmp, domain_answer_deadline(dom), err);
    // A guest that panicked or powered off and is kept is then like a machine after its reset
    // button was pressed: paused, and ready to be resumed. Where <on_reboot> is something else,
    // the SHUTDOWN event has done that.
    if (r == 0 && kept && resets && dom->live)
        domain_move(dom, MOVE_PAUSED_USER);
    domain_unlock(dom);
    return r;
}

static int press_power_button(struct task *t, struct domain *dom, const char *job, bool restart,
                              struct error *err)
{
    if (domain_lock_active(t, dom, job, err) < 0)
        return -1;
    // The guest would not see the button. As libvirt; a reboot is remembered until the guest runs
    // again.
    if (!restart && dom->state != DOMAIN_RUNNING) {
        domain_unlock(dom);
        return domain_not_active(dom, err);
    }
    // Before the command: a guest may be quick.
    bool before = dom->restart_on_shutdown;
    dom->restart_on_shutdown = restart;
    int r = qmp_system_powerdown(t, dom->qmp, domain_answer_deadline(dom), err);
    if (r < 0)
        dom->restart_on_shutdown = before;
    domain_unlock(dom);
    return r;
}

int domain_shutdown(struct task *t, struct domain *dom, struct error *err)
{
    return press_power_button(t, dom, "shut down", false, err);
}

int domain_reboot(struct task *t, struct domain *dom, struct error *err)
{
    // As libvirt: <on_reboot> decides what a reboot ends in.
    bool restart = !dom->live || dom->live->on_reboot == LIFECYCLE_RESTART;
    return press_power_button(t, dom, "reboot", restart, err);
}

int domain_monitor_command(struct task *t, struct domain *dom, const char *command, bool human,
                           char **reply, struct error *err)
{
    if (domain_lock_active(t, dom, "send a monitor command to", err) < 0)
        return -1;
    int r = human ? qmp_human_monitor_command(t, dom->qmp, command, domain_answer_deadline(dom),
                                              reply, err)
                  : qmp_execute_raw(t, dom->qmp, command, domain_answer_deadline(dom), reply, err);
    domain_unlock(dom);
    return r;
}

static struct domain_chardev *first_console(struct domain_def *def)
{
    if (def->consoles.n > 0)
        return def->consoles.v[0];
    return def->serials.n > 0 ? def->serials.v[0] : NULL;
}

static int open_tty(const char *path)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int domain_open_console(struct domain *dom, const char *alias, int *fd, struct error *err)
{
    if (!domain_is_active(dom))
        return domain_not_active(dom, err);
    struct domain_chardev *c = NULL;
    if (alias) {
        struct device *dev = alias_find(dom->live, alias);
        bool fits = dev && (dev->kind == DEVICE_SERIAL || dev->kind == DEVICE_CONSOLE ||
                            dev->kind == DEVICE_PARALLEL || dev->kind == DEVICE_CHANNEL);
        c = fits ? (struct domain_chardev *)dev : NULL;
    } else {
        c = first_console(dom->live);
    }
    if (!c)
        return error_set(err, ERROR_INTERNAL, AREA_QEMU,
                         "cannot find character device %s in domain '%s'", alias ? alias : "(null)",
                         dom->name);
    const struct chardev_source *s = &c->source;
    if (s->type == CHARDEV_UNIX && s->path && s->mode != CHARDEV_MODE_CONNECT)
        *fd = unix_connect(s->path);
    else if (s->type == CHARDEV_PTY && s->path)
        *fd = open_tty(s->path);
    else
        return error_set(err, ERROR_INTERNAL, AREA_QEMU,
                         "character device %s of domain '%s' is not using a PTY or a "
                         "listening unix socket, but '%s'",
                         alias ? alias : c->dev.alias, dom->name, chardev_type_name(s->type));
    if (*fd < 0)
        return error_set_errno(err, AREA_QEMU, *fd, "cannot open '%s', a console of domain '%s'",
                               s->path, dom->name);
    return 0;
}

int domain_open_graphics(struct task *t, struct domain *dom, uint32_t index, bool skip_auth,
                         int *fd, struct error *err)
{
    if (domain_lock_active(t, dom, "open the graphics of", err) < 0)
        return -1;
    int r = -1, pair[2];
    if (index >= dom->live->graphics.n) {
        error_set(err, ERROR_INTERNAL, AREA_QEMU, "domain '%s' has no graphics device %u",
                  dom->name, index);
    } else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        error_set_errno(err, AREA_QEMU, errno, "cannot make a socket pair");
    } else {
        const char *protocol = dom->live->graphics.v[index]->type == GRAPHICS_VNC ? "vnc" : "spice";
        r = qmp_getfd(t, dom->qmp, "graphics", pair[1], domain_answer_deadline(dom), err);
        if (r == 0)
            r = qmp_add_client(t, dom->qmp, protocol, "graphics", skip_auth,
                               domain_answer_deadline(dom), err);
        close(pair[1]);
        if (r == 0)
            *fd = pair[0];
        else
            close(pair[0]);
    }
    domain_unlock(dom);
    return r;
}

uint64_t domain_cpu_time_ns(struct domain *dom)
{
    if (dom->process.pid <= 0)
        return 0;
    char path[64];
    AUTO_FREE char *stat = NULL;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)dom->process.pid);
    if (file_read(path, 4096, &stat, NULL) < 0)
        return dom->cpu_time_ns;
    // utime and stime are fields 14 and 15; what follows the last ')' begins with field 3.
    unsigned long long user, system;
    const char *p = strrchr(stat, ')');
    if (p && sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
                    &system) == 2)
        dom->cpu_time_ns = (user + system) * (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
    return dom->cpu_time_ns;
}
