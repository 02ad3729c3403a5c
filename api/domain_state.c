// SPDX-License-Identifier: GPL-2.0-or-later
// What happens to guests, in libvirt's words: states, reasons, and events.
#include "api/domain.h"
#include "api/event_table.h"
#include "api/events.h"

enum { // virDomainState
    STATE_RUNNING = 1,
    STATE_PAUSED = 3,
    STATE_SHUTDOWN = 4,
    STATE_SHUTOFF = 5,
    STATE_CRASHED = 6,
    STATE_PMSUSPENDED = 7,
};

enum { // virDomainEventType
    EVENT_NONE = -1,
    EVENT_DEFINED = 0,
    EVENT_UNDEFINED = 1,
    EVENT_STARTED = 2,
    EVENT_SUSPENDED = 3,
    EVENT_RESUMED = 4,
    EVENT_STOPPED = 5,
    EVENT_SHUTDOWN = 6,
    EVENT_PMSUSPENDED = 7,
    EVENT_CRASHED = 8,
};

// For each move: what virDomainGetState says from then on, and the event it makes. The numbers are
// those of virDomain*Reason and virDomainEvent*DetailType.
static const struct {
    int state, reason, event, detail;
} words[DOMAIN_MOVE_COUNT] = {
    [MOVE_NONE] = {STATE_SHUTOFF, 0, EVENT_NONE, 0},
    [MOVE_LAUNCHED] = {STATE_PAUSED, 11, EVENT_NONE, 0},
    [MOVE_BOOTED] = {STATE_RUNNING, 1, EVENT_STARTED, 0},
    [MOVE_BOOTED_PAUSED] = {STATE_PAUSED, 1, EVENT_STARTED, 0},
    [MOVE_UNPAUSED] = {STATE_RUNNING, 5, EVENT_RESUMED, 0},
    [MOVE_RESTARTED] = {STATE_RUNNING, 1, EVENT_NONE, 0},
    [MOVE_PAUSED_USER] = {STATE_PAUSED, 1, EVENT_SUSPENDED, 0},
    [MOVE_PAUSED_IOERROR] = {STATE_PAUSED, 5, EVENT_SUSPENDED, 2},
    [MOVE_PAUSED_WATCHDOG] = {STATE_PAUSED, 6, EVENT_SUSPENDED, 3},
    [MOVE_PAUSED_UNKNOWN] = {STATE_PAUSED, 0, EVENT_SUSPENDED, 0},
    [MOVE_PAUSED_DUMP] = {STATE_PAUSED, 4, EVENT_SUSPENDED, 0},
    [MOVE_SHUTDOWN_GUEST] = {STATE_SHUTDOWN, 0, EVENT_SHUTDOWN, 1},
    [MOVE_SHUTDOWN_HOST] = {STATE_SHUTDOWN, 0, EVENT_SHUTDOWN, 2},
    [MOVE_PANICKED] = {STATE_CRASHED, 1, EVENT_CRASHED, 0},
    [MOVE_SUSPENDED_TO_MEMORY] = {STATE_PMSUSPENDED, 0, EVENT_PMSUSPENDED, 0},
    [MOVE_SUSPENDED_TO_DISK] = {STATE_PMSUSPENDED, 0, EVENT_PMSUSPENDED, 1},
    [MOVE_WAKEUP] = {STATE_RUNNING, 8, EVENT_STARTED, 4},
    [MOVE_STOPPED_SHUTDOWN] = {STATE_SHUTOFF, 1, EVENT_STOPPED, 0},
    [MOVE_STOPPED_DESTROYED] = {STATE_SHUTOFF, 2, EVENT_STOPPED, 1},
    [MOVE_STOPPED_CRASHED] = {STATE_SHUTOFF, 3, EVENT_STOPPED, 2},
    [MOVE_STOPPED_FAILED] = {STATE_SHUTOFF, 3, EVENT_STOPPED, 5},
    [MOVE_STOPPED_START_FAILED] = {STATE_SHUTOFF, 6, EVENT_NONE, 0},
    [MOVE_STOPPED_LOST] = {STATE_SHUTOFF, 3, EVENT_STOPPED, 5},
    [MOVE_STOPPED_DAEMON] = {STATE_SHUTOFF, 8, EVENT_STOPPED, 5},
};

void api_domain_state(const struct domain *dom, int *state, int *reason)
{
    *state = words[dom->reason].state;
    *reason = words[dom->reason].reason;
}

static void on_moved(void *arg, struct domain *dom, enum domain_move move)
{
    struct daemon *d = arg;
    struct wire_domain_ref ref = api_domain_ref(dom);
    if (words[move].event != EVENT_NONE)
        api_event_domain(d, &ref, words[move].event, words[move].detail);
    if (move == MOVE_BOOTED_PAUSED) // libvirt tells of both
        api_event_domain(d, &ref, EVENT_SUSPENDED, 0);
}

static void on_defined(void *arg, struct domain *dom, bool added)
{
    struct wire_domain_ref ref = api_domain_ref(dom);
    api_event_domain(arg, &ref, EVENT_DEFINED, added ? 0 : 1);
}

static void on_undefined(void *arg, struct domain *dom)
{
    struct wire_domain_ref ref = api_domain_ref(dom);
    api_event_domain(arg, &ref, EVENT_UNDEFINED, 0);
}

// ---- events of the monitor that libvirt has as events of its own
// ---------------------------------

static void send_reboot(struct daemon *d, struct domain *dom, const struct qmp_event *event)
{
    (void)event;
    struct wire_domain_event_callback_reboot_msg m = {.msg.dom = api_domain_ref(dom)};
    api_send_domain_event_callback_reboot(d, &m);
}

static void send_rtc_change(struct daemon *d, struct domain *dom, const struct qmp_event *event)
{
    struct wire_domain_event_callback_rtc_change_msg m = {
        .msg = {.dom = api_domain_ref(dom), .offset = event->rtc_change.offset}};
    api_send_domain_event_callback_rtc_change(d, &m);
}

static void send_watchdog(struct daemon *d, struct domain *dom, const struct qmp_event *event)
{
    static const int32_t actions[] = {
        // virDomainEventWatchdogAction
        [QMP_WATCHDOG_ACTION_NONE] = 0,       [QMP_WATCHDOG_ACTION_PAUSE] = 1,
        [QMP_WATCHDOG_ACTION_RESET] = 2,      [QMP_WATCHDOG_ACTION_POWEROFF] = 3,
        [QMP_WATCHDOG_ACTION_SHUTDOWN] = 4,   [QMP_WATCHDOG_ACTION_DEBUG] = 5,
        [QMP_WATCHDOG_ACTION_INJECT_NMI] = 6,
    };
    struct wire_domain_event_callback_watchdog_msg m = {
        .msg = {.dom = api_domain_ref(dom), .action = actions[event->watchdog.action]}};
    api_send_domain_event_callback_watchdog(d, &m);
}

static void send_balloon_change(struct daemon *d, struct domain *dom, const struct qmp_event *event)
{
    struct wire_domain_event_callback_balloon_change_msg m = {
        .msg = {.dom = api_domain_ref(dom), .actual = event->balloon_change.actual / 1024}};
    api_send_domain_event_callback_balloon_change(d, &m);
}

static void send_io_error(struct daemon *d, struct domain *dom, const struct qmp_event *event)
{
    const struct qmp_block_io_error_event *e = &event->block_io_error;
    const char *alias = e->qom_path ? e->qom_path : "", *path = "";
    if (strrchr(alias, '/'))
        alias = strrchr(alias, '/') + 1;
    VEC_FOREACH (it, &dom->live->disks) {
        const struct domain_disk *disk = *it;
        if (str_eq(disk->dev.alias, e->device) || str_eq(disk->dev.alias, alias)) {
            alias = disk->dev.alias;
            path = disk->source_file ? disk->source_file : disk->source_dev ? disk->source_dev : "";
        }
    }
    static const int32_t actions[] = {
        // virDomainEventIOErrorAction
        [QMP_BLOCK_ERROR_ACTION_IGNORE] = 0,
        [QMP_BLOCK_ERROR_ACTION_STOP] = 1,
        [QMP_BLOCK_ERROR_ACTION_REPORT] = 2,
    };
    struct wire_domain_event_callback_io_error_msg m = {.msg = {.dom = api_domain_ref(dom),
                                                                .srcPath = path,
                                                                .devAlias = alias,
                                                                .action = actions[e->action]}};
    api_send_domain_event_callback_io_error(d, &m);
    struct wire_domain_event_callback_io_error_reason_msg r = {
        .msg = {.dom = m.msg.dom,
                .srcPath = path,
                .devAlias = alias,
                .action = m.msg.action,
                .reason = e->nospace ? "enospc" : ""}};
    api_send_domain_event_callback_io_error_reason(d, &r);
}

static void send_tray_change(struct daemon *d, struct domain *dom, const struct qmp_event *event)
{
    struct wire_domain_event_callback_tray_change_msg m = {
        .msg = {.dom = api_domain_ref(dom),
                .devAlias = event->device_tray_moved.id,
                .reason = event->device_tray_moved.tray_open ? 0 : 1}};
    api_send_domain_event_callback_tray_change(d, &m);
}

static void send_suspend(struct daemon *d, struct domain *dom, const struct qmp_event *event)
{
    (void)event;
    struct wire_domain_event_callback_pmsuspend_msg m = {.msg.dom = api_domain_ref(dom)};
    api_send_domain_event_callback_pmsuspend(d, &m);
}

static void send_suspend_disk(struct daemon *d, struct domain *dom, const struct qmp_event *event)
{
    (void)event;
    struct wire_domain_event_callback_pmsuspend_disk_msg m = {.msg.dom = api_domain_ref(dom)};
    api_send_domain_event_callback_pmsuspend_disk(d, &m);
}

static void send_wakeup(struct daemon *d, struct domain *dom, const struct qmp_event *event)
{
    (void)event;
    struct wire_domain_event_callback_pmwakeup_msg m = {.msg.dom = api_domain_ref(dom)};
    api_send_domain_event_callback_pmwakeup(d, &m);
}

static void on_device_added(void *arg, struct domain *dom, const char *alias)
{
    struct wire_domain_event_callback_device_added_msg m = {.dom = api_domain_ref(dom),
                                                            .devAlias = alias};
    api_send_domain_event_callback_device_added(arg, &m);
}

static void on_device_removed(void *arg, struct domain *dom, const char *alias)
{
    struct wire_domain_event_callback_device_removed_msg m = {
        .msg = {.dom = api_domain_ref(dom), .devAlias = alias}};
    api_send_domain_event_callback_device_removed(arg, &m);
}

static void (*const senders[QMP_EVENT_COUNT])(struct daemon *d, struct domain *dom,
                                              const struct qmp_event *event) = {
    [QMP_EVENT_RESET] = send_reboot,
    [QMP_EVENT_RTC_CHANGE] = send_rtc_change,
    [QMP_EVENT_WATCHDOG] = send_watchdog,
    [QMP_EVENT_BALLOON_CHANGE] = send_balloon_change,
    [QMP_EVENT_BLOCK_IO_ERROR] = send_io_error,
    [QMP_EVENT_DEVICE_TRAY_MOVED] = send_tray_change,
    [QMP_EVENT_SUSPEND] = send_suspend,
    [QMP_EVENT_SUSPEND_DISK] = send_suspend_disk,
    [QMP_EVENT_WAKEUP] = send_wakeup,
};

static void on_qmp_event(void *arg, struct domain *dom, const struct qmp_event *event)
{
    if (senders[event->id])
        senders[event->id](arg, dom, event);
    struct wire_qemu_domain_monitor_event_msg m = {.dom = api_domain_ref(dom),
                                                   .event = event->name,
                                                   .seconds = (int64_t)(event->time_us / 1000000),
                                                   .micros = (uint32_t)(event->time_us % 1000000),
                                                   .details = qmp_event_text(event)};
    api_send_qemu_domain_monitor_event(arg, &m);
}

static void on_idle(void *arg, bool idle)
{
    struct daemon *d = arg;
    if (d->idle_changed)
        d->idle_changed(d);
    (void)idle;
}

struct domain_observer api_domain_observer(struct daemon *d)
{
    return (struct domain_observer){.moved = on_moved,
                                    .defined = on_defined,
                                    .undefined = on_undefined,
                                    .qmp_event = on_qmp_event,
                                    .device_added = on_device_added,
                                    .device_removed = on_device_removed,
                                    .idle = on_idle,
                                    .arg = d};
}
