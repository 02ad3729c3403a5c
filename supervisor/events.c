// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's events and what follows from them: states, and the actions that on_poweroff,
// on_reboot and on_crash ask for. Events are acted on as they come, on the loop; what has to wait
// is a task.
#include "base/file.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { DUMP_TIMEOUT_MS = 600000 };

// ---- actions that wait -------------------------------------------------------------------------

// Lets QEMU go: `quit`, and the hard way when it doesn't. Its end is cleaned up by stop.c.
static void end_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    AUTO_ERROR err = ERROR_INIT;
    if (dom->qmp && qmp_send_quit(dom->qmp) == 0 &&
        completion_wait(t, &dom->ended, task_deadline_ms(dom->all->config.timeouts.quit_ms)) == 0)
        return;
    if (domain_is_active(dom) && stop_kill(t, dom, false, &err) < 0)
        log_domain(LOG_LEVEL_ERROR, dom->name, "%s", error_message(&err));
}

// Where <on_reboot> is not restart, QEMU takes a reset for a shutdown: see build_machine() in
// qemu/.
static int restart_locked(struct task *t, struct domain *dom, struct error *err)
{
    object_assert_locked(t, &dom->object);
    uint64_t deadline = domain_answer_deadline(dom);
    bool resets = dom->live->on_reboot == LIFECYCLE_RESTART;
    if ((!resets && qmp_set_action(t, dom->qmp, "reset", deadline, err) < 0) ||
        qmp_system_reset(t, dom->qmp, deadline, err) < 0 ||
        (!resets && qmp_set_action(t, dom->qmp, "shutdown", deadline, err) < 0))
        return -1;
    return qmp_cont(t, dom->qmp, deadline, err);
}

static void restart_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    AUTO_ERROR err = ERROR_INIT;
    if (domain_lock_active(t, dom, "restart", &err) == 0) {
        int r = restart_locked(t, dom, &err);
        domain_unlock(dom);
        if (r == 0)
            return;
    }
    dom->restarting = false;
    if (!domain_is_active(dom) || dom->process_ended)
        return; // it ended: that was why
    log_domain(LOG_LEVEL_ERROR, dom->name, "cannot restart it: %s; ending it", error_message(&err));
    // What it did instead of being restarted becomes its end.
    if (dom->state == DOMAIN_CRASHED)
        dom->stop_as = MOVE_STOPPED_CRASHED;
    else if (dom->state != DOMAIN_SHUTDOWN)
        domain_move(dom, MOVE_SHUTDOWN_GUEST);
    end_main(t, domain_ref(dom));
}

static int dump_memory(struct task *t, struct domain *dom, struct error *err)
{
    AUTO_FREE char *dir = path_join(dom->all->config.state_dir, "dump");
    AUTO_FREE char *suffix = xasprintf("-%ju.core", (uintmax_t)(now_realtime_us() / 1000000));
    AUTO_FREE char *path = path_for_name(dir, dom->name, suffix);
    int r = dir_make(dir, 0700);
    AUTO_CLOSE int fd = r < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, AREA_QEMU, r < 0 ? r : errno, "cannot write '%s'", path);
    if (qmp_getfd(t, dom->qmp, "dump", fd, domain_answer_deadline(dom), err) < 0)
        return -1;
    r = qmp_dump_guest_memory(t, dom->qmp, false, "fd:dump", task_deadline_ms(DUMP_TIMEOUT_MS),
                              err);
    if (r == 0)
        log_domain(LOG_LEVEL_INFO, dom->name, "its memory was dumped to '%s'", path);
    else
        unlink(path);
    return r;
}

static void panic_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    AUTO_ERROR err = ERROR_INIT;
    enum lifecycle_action action = dom->live ? dom->live->on_crash : LIFECYCLE_NONE;
    if (action == LIFECYCLE_COREDUMP_DESTROY || action == LIFECYCLE_COREDUMP_RESTART) {
        if (domain_lock_active(t, dom, "dump", &err) == 0) {
            if (dump_memory(t, dom, &err) < 0)
                log_domain(LOG_LEVEL_ERROR, dom->name, "cannot dump its memory: %s",
                           error_message(&err));
            domain_unlock(dom);
        }
    }
    if (!domain_is_active(dom))
        return;
    if (action == LIFECYCLE_RESTART || action == LIFECYCLE_COREDUMP_RESTART) {
        dom->restarting = true;
        restart_main(t, domain_ref(dom));
    } else {
        dom->stop_as = MOVE_STOPPED_CRASHED;
        end_main(t, domain_ref(dom));
    }
}

// <watchdog action='dump'>: QEMU has paused the guest.
static void watchdog_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    AUTO_ERROR err = ERROR_INIT;
    if (domain_lock_active(t, dom, "dump", &err) < 0)
        return;
    if (dump_memory(t, dom, &err) < 0)
        log_domain(LOG_LEVEL_ERROR, dom->name, "cannot dump its memory: %s", error_message(&err));
    error_clear(&err);
    if (qmp_cont(t, dom->qmp, domain_answer_deadline(dom), &err) < 0)
        log_domain(LOG_LEVEL_ERROR, dom->name, "cannot resume after the dump: %s",
                   error_message(&err));
    domain_unlock(dom);
}

static void spawn(struct domain *dom, const char *name, task_fn fn)
{
    task_spawn(dom->all->config.sched, name, fn, domain_ref(dom));
}

// ---- events ------------------------------------------------------------------------------------

static void act(struct domain *dom, enum lifecycle_action action)
{
    switch (action) {
    case LIFECYCLE_RESTART:
        dom->restarting = true;
        spawn(dom, "restart domain", restart_main);
        break;
    case LIFECYCLE_PRESERVE:
        break;
    default:
        spawn(dom, "end domain", end_main);
    }
}

static void on_shutdown(struct domain *dom, const struct qmp_event *event)
{
    enum qmp_shutdown_cause cause = event->shutdown.reason;
    bool by_host = cause >= QMP_SHUTDOWN_CAUSE_HOST_ERROR && cause <= QMP_SHUTDOWN_CAUSE_HOST_UI;
    // A reset comes as a shutdown where <on_reboot> does not let QEMU carry it out.
    bool host_reset = cause == QMP_SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET;
    bool reset = host_reset || cause == QMP_SHUTDOWN_CAUSE_GUEST_RESET ||
                 cause == QMP_SHUTDOWN_CAUSE_SUBSYSTEM_RESET;
    if (dom->restarting || (dom->state == DOMAIN_SHUTDOWN && !reset))
        return;
    enum lifecycle_action action = reset ? dom->live->on_reboot : dom->live->on_poweroff;
    if (!by_host && (action == LIFECYCLE_RESTART || dom->restart_on_shutdown)) {
        // The power-off is only the first half of a reboot, which a client or the document asked
        // for: the domain's state doesn't change.
        dom->restart_on_shutdown = false;
        act(dom, LIFECYCLE_RESTART);
        return;
    }
    if (dom->stop_as == MOVE_NONE || !by_host)
        domain_move(dom, by_host ? MOVE_SHUTDOWN_HOST : MOVE_SHUTDOWN_GUEST);
    if (!by_host || host_reset)
        act(dom, action);
    // Otherwise the host ends QEMU, which needs no help.
}

static void on_stop(struct domain *dom, const struct qmp_event *event)
{
    (void)event;
    enum domain_move move = dom->pause_as ? dom->pause_as : MOVE_PAUSED_UNKNOWN;
    dom->pause_as = MOVE_NONE;
    if (dom->state == DOMAIN_RUNNING && !dom->restarting)
        domain_move(dom, move);
}

static void on_resume(struct domain *dom, const struct qmp_event *event)
{
    (void)event;
    // An error of which no STOP followed, as it was stopped already, is over.
    if (dom->pause_as != MOVE_PAUSED_USER)
        dom->pause_as = MOVE_NONE;
    if (dom->restarting)
        domain_move(dom, MOVE_RESTARTED);
    else if (dom->state != DOMAIN_RUNNING)
        domain_move(dom, MOVE_UNPAUSED);
    dom->restarting = false;
}

static void act_on_panic(struct domain *dom)
{
    if (dom->live->on_crash != LIFECYCLE_PRESERVE)
        spawn(dom, "act on panic", panic_main);
}

static void on_panicked(struct domain *dom, const struct qmp_event *event)
{
    (void)event;
    if (dom->state == DOMAIN_CRASHED)
        return;
    domain_move(dom, MOVE_PANICKED);
    act_on_panic(dom);
}

static void on_io_error(struct domain *dom, const struct qmp_event *event)
{
    if (event->block_io_error.action == QMP_BLOCK_ERROR_ACTION_STOP)
        dom->pause_as = MOVE_PAUSED_IOERROR;
}

static void on_watchdog(struct domain *dom, const struct qmp_event *event)
{
    if (event->watchdog.action != QMP_WATCHDOG_ACTION_PAUSE)
        return;
    dom->pause_as = MOVE_PAUSED_WATCHDOG;
    // QEMU has one action for all of them.
    if (dom->live->watchdogs.n && dom->live->watchdogs.v[0]->action == WATCHDOG_DUMP)
        spawn(dom, "dump after watchdog", watchdog_main);
}

static void on_suspend(struct domain *dom, const struct qmp_event *event)
{
    (void)event;
    domain_move(dom, MOVE_SUSPENDED_TO_MEMORY);
}

static void on_suspend_disk(struct domain *dom, const struct qmp_event *event)
{
    (void)event;
    domain_move(dom, MOVE_SUSPENDED_TO_DISK);
}

static void on_wakeup(struct domain *dom, const struct qmp_event *event)
{
    (void)event;
    if (dom->state == DOMAIN_PMSUSPENDED)
        domain_move(dom, MOVE_WAKEUP);
}

static void on_vserport(struct domain *dom, const struct qmp_event *event)
{
    VEC_FOREACH (it, &dom->live->channels) {
        struct domain_chardev *c = *it;
        if (c->dev.alias && str_eq(c->dev.alias, event->vserport_change.id))
            c->state = event->vserport_change.open ? CHANNEL_CONNECTED : CHANNEL_DISCONNECTED;
    }
}

static void on_balloon(struct domain *dom, const struct qmp_event *event)
{
    dom->live->current_memory_kib = event->balloon_change.actual / 1024;
}

static void (*const handlers[QMP_EVENT_COUNT])(struct domain *dom,
                                               const struct qmp_event *event) = {
    [QMP_EVENT_SHUTDOWN] = on_shutdown,       [QMP_EVENT_STOP] = on_stop,
    [QMP_EVENT_RESUME] = on_resume,           [QMP_EVENT_GUEST_PANICKED] = on_panicked,
    [QMP_EVENT_BLOCK_IO_ERROR] = on_io_error, [QMP_EVENT_WATCHDOG] = on_watchdog,
    [QMP_EVENT_SUSPEND] = on_suspend,         [QMP_EVENT_SUSPEND_DISK] = on_suspend_disk,
    [QMP_EVENT_WAKEUP] = on_wakeup,           [QMP_EVENT_VSERPORT_CHANGE] = on_vserport,
    [QMP_EVENT_BALLOON_CHANGE] = on_balloon,
};

void events_on_qmp(struct qmp *q, const struct qmp_event *event, void *userdata)
{
    (void)q;
    struct domain *dom = userdata;
    const struct domain_observer *o = &dom->all->config.observer;
    if (!dom->live)
        return;
    if (handlers[event->id])
        handlers[event->id](dom, event);
    if (o->qmp_event)
        o->qmp_event(o->arg, dom, event);
    if (event->id == QMP_EVENT_DEVICE_DELETED && event->device_deleted.device && dom->live)
        hotplug_on_deleted(dom, event->device_deleted.device);
}

// ---- after the connection was lost
// ---------------------------------------------------------------

int events_resync(struct task *t, struct domain *dom, struct error *err)
{
    object_assert_locked(t, &dom->object);
    struct qmp_status_info info;
    if (qmp_query_status(t, dom->qmp, domain_answer_deadline(dom), &info, err) < 0 ||
        start_query(t, dom, err) < 0 || hotplug_resync(t, dom, err) < 0)
        return -1;
    switch (info.status) {
    case QMP_RUN_STATE_RUNNING:
        if (dom->state != DOMAIN_RUNNING)
            domain_move(dom, MOVE_UNPAUSED);
        break;
    case QMP_RUN_STATE_SHUTDOWN:
        if (dom->state != DOMAIN_SHUTDOWN) {
            // It powered off (or rebooted, where that ends it) while no connection was open.
            domain_move(dom, MOVE_SHUTDOWN_GUEST);
            act(dom, dom->live->on_poweroff);
        } else if (dom->live->on_poweroff != LIFECYCLE_PRESERVE) {
            act(dom, dom->live->on_poweroff);
        }
        break;
    case QMP_RUN_STATE_GUEST_PANICKED:
        if (dom->state != DOMAIN_CRASHED)
            on_panicked(dom, NULL);
        else
            act_on_panic(dom); // the daemon that began that is gone
        break;
    case QMP_RUN_STATE_SUSPENDED:
        if (dom->state != DOMAIN_PMSUSPENDED)
            domain_move(dom, MOVE_SUSPENDED_TO_MEMORY);
        break;
    case QMP_RUN_STATE_IO_ERROR:
        if (dom->state == DOMAIN_RUNNING)
            domain_move(dom, MOVE_PAUSED_IOERROR);
        break;
    case QMP_RUN_STATE_WATCHDOG:
        if (dom->state == DOMAIN_RUNNING)
            domain_move(dom, MOVE_PAUSED_WATCHDOG);
        break;
    default:
        if (dom->state == DOMAIN_RUNNING)
            domain_move(dom, MOVE_PAUSED_UNKNOWN);
    }
    return 0;
}
