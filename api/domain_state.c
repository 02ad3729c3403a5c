// SPDX-License-Identifier: GPL-2.0-or-later
// What happens to domains, as libvirt has it: states, reasons, and events.
#include "api/domain.h"
#include "api/event_table.h"
#include "api/events.h"

// What a move means to clients: the state and its reason from then on, and the event.
#define STATE(s, r) VIR_DOMAIN_##s, VIR_DOMAIN_##s##_##r
#define EVENT(e, d) VIR_DOMAIN_EVENT_##e, VIR_DOMAIN_EVENT_##e##_##d
#define NO_EVENT    -1, 0

static const struct {
    int state, reason, event, detail;
} meaning[DOMAIN_MOVE_COUNT] = {
    [MOVE_NONE] = {STATE(SHUTOFF, UNKNOWN), NO_EVENT},
    [MOVE_LAUNCHED] = {STATE(PAUSED, STARTING_UP), NO_EVENT},
    [MOVE_BOOTED] = {STATE(RUNNING, BOOTED), EVENT(STARTED, BOOTED)},
    [MOVE_BOOTED_PAUSED] = {STATE(PAUSED, USER), EVENT(STARTED, BOOTED)},
    [MOVE_UNPAUSED] = {STATE(RUNNING, UNPAUSED), EVENT(RESUMED, UNPAUSED)},
    [MOVE_RESTARTED] = {STATE(RUNNING, BOOTED), NO_EVENT},
    [MOVE_PAUSED_USER] = {STATE(PAUSED, USER), EVENT(SUSPENDED, PAUSED)},
    [MOVE_PAUSED_IOERROR] = {STATE(PAUSED, IOERROR), EVENT(SUSPENDED, IOERROR)},
    [MOVE_PAUSED_WATCHDOG] = {STATE(PAUSED, WATCHDOG), EVENT(SUSPENDED, WATCHDOG)},
    [MOVE_PAUSED_UNKNOWN] = {STATE(PAUSED, UNKNOWN), EVENT(SUSPENDED, PAUSED)},
    [MOVE_PAUSED_DUMP] = {STATE(PAUSED, DUMP), EVENT(SUSPENDED, PAUSED)},
    [MOVE_SHUTDOWN_GUEST] = {STATE(SHUTDOWN, UNKNOWN), EVENT(SHUTDOWN, GUEST)},
    [MOVE_SHUTDOWN_HOST] = {STATE(SHUTDOWN, UNKNOWN), EVENT(SHUTDOWN, HOST)},
    [MOVE_PANICKED] = {STATE(CRASHED, PANICKED), EVENT(CRASHED, PANICKED)},
    [MOVE_SUSPENDED_TO_MEMORY] = {STATE(PMSUSPENDED, UNKNOWN), EVENT(PMSUSPENDED, MEMORY)},
    [MOVE_SUSPENDED_TO_DISK] = {STATE(PMSUSPENDED, UNKNOWN), EVENT(PMSUSPENDED, DISK)},
    [MOVE_WAKEUP] = {STATE(RUNNING, WAKEUP), EVENT(STARTED, WAKEUP)},
    [MOVE_STOPPED_SHUTDOWN] = {STATE(SHUTOFF, SHUTDOWN), EVENT(STOPPED, SHUTDOWN)},
    [MOVE_STOPPED_DESTROYED] = {STATE(SHUTOFF, DESTROYED), EVENT(STOPPED, DESTROYED)},
    [MOVE_STOPPED_CRASHED] = {STATE(SHUTOFF, CRASHED), EVENT(STOPPED, CRASHED)},
    [MOVE_STOPPED_FAILED] = {STATE(SHUTOFF, CRASHED), EVENT(STOPPED, FAILED)},
    [MOVE_STOPPED_START_FAILED] = {STATE(SHUTOFF, FAILED), NO_EVENT},
    [MOVE_STOPPED_LOST] = {STATE(SHUTOFF, CRASHED), EVENT(STOPPED, FAILED)},
};

struct api_domain_state api_domain_state(const struct domain *dom)
{
    return (struct api_domain_state){meaning[dom->reason].state, meaning[dom->reason].reason};
}

static void send_lifecycle(struct daemon *d, struct domain *dom, int event, int detail)
{
    api_send_domain_event_callback_lifecycle(
        d, &(struct wire_domain_event_callback_lifecycle_msg){
               .msg = {.dom = api_domain_ref(NULL, dom), .event = event, .detail = detail}});
}

static void on_moved(void *arg, struct domain *dom, enum domain_move move)
{
    if (meaning[move].event >= 0)
        send_lifecycle(arg, dom, meaning[move].event, meaning[move].detail);
    if (move == MOVE_BOOTED_PAUSED) // libvirt sends both
        send_lifecycle(arg, dom, EVENT(SUSPENDED, PAUSED));
}

static void on_defined(void *arg, struct domain *dom, bool added)
{
    send_lifecycle(arg, dom, VIR_DOMAIN_EVENT_DEFINED,
                   added ? VIR_DOMAIN_EVENT_DEFINED_ADDED : VIR_DOMAIN_EVENT_DEFINED_UPDATED);
}

static void on_undefined(void *arg, struct domain *dom)
{
    send_lifecycle(arg, dom, EVENT(UNDEFINED, REMOVED));
}

// ---- events of QEMU that libvirt has as events of its own

union message {
    struct wire_domain_event_callback_rtc_change_msg rtc_change;
    struct wire_domain_event_callback_watchdog_msg watchdog;
    struct wire_domain_event_callback_balloon_change_msg balloon_change;
    struct wire_domain_event_callback_tray_change_msg tray_change;
    struct wire_domain_event_callback_io_error_msg io_error;
    struct wire_domain_event_callback_io_error_reason_msg io_error_reason;
    struct wire_domain_event_callback_pmsuspend_msg pmsuspend;
};

static void fill_rtc_change(const struct domain *dom, const struct qmp_event *event,
                            union message *m)
{
    m->rtc_change.msg.offset = event->rtc_change.offset;
}

static void fill_watchdog(const struct domain *dom, const struct qmp_event *event, union message *m)
{
    static const int32_t actions[] = {
        [QMP_WATCHDOG_ACTION_NONE] = VIR_DOMAIN_EVENT_WATCHDOG_NONE,
        [QMP_WATCHDOG_ACTION_PAUSE] = VIR_DOMAIN_EVENT_WATCHDOG_PAUSE,
        [QMP_WATCHDOG_ACTION_RESET] = VIR_DOMAIN_EVENT_WATCHDOG_RESET,
        [QMP_WATCHDOG_ACTION_POWEROFF] = VIR_DOMAIN_EVENT_WATCHDOG_POWEROFF,
        [QMP_WATCHDOG_ACTION_SHUTDOWN] = VIR_DOMAIN_EVENT_WATCHDOG_SHUTDOWN,
        [QMP_WATCHDOG_ACTION_DEBUG] = VIR_DOMAIN_EVENT_WATCHDOG_DEBUG,
        [QMP_WATCHDOG_ACTION_INJECT_NMI] = VIR_DOMAIN_EVENT_WATCHDOG_INJECTNMI,
    };
    m->watchdog.msg.action = actions[event->watchdog.action];
}

static void fill_balloon_change(const struct domain *dom, const struct qmp_event *event,
                                union message *m)
{
    m->balloon_change.msg.actual = event->balloon_change.actual / 1024;
}

static void fill_tray_change(const struct domain *dom, const struct qmp_event *event,
                             union message *m)
{
    bool open = event->device_tray_moved.tray_open;
    m->tray_change.msg.devAlias = event->device_tray_moved.id;
    m->tray_change.msg.reason =
        open ? VIR_DOMAIN_EVENT_TRAY_CHANGE_OPEN : VIR_DOMAIN_EVENT_TRAY_CHANGE_CLOSE;
}

static void fill_io_error(const struct domain *dom, const struct qmp_event *event, union message *m)
{
    static const int32_t actions[] = {
        [QMP_BLOCK_ERROR_ACTION_IGNORE] = VIR_DOMAIN_EVENT_IO_ERROR_NONE,
        [QMP_BLOCK_ERROR_ACTION_STOP] = VIR_DOMAIN_EVENT_IO_ERROR_PAUSE,
        [QMP_BLOCK_ERROR_ACTION_REPORT] = VIR_DOMAIN_EVENT_IO_ERROR_REPORT,
    };
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
    m->io_error.msg.srcPath = path;
    m->io_error.msg.devAlias = alias;
    m->io_error.msg.action = actions[e->action];
}

static void fill_io_error_reason(const struct domain *dom, const struct qmp_event *event,
                                 union message *m)
{
    union message same = {0};
    fill_io_error(dom, event, &same);
    m->io_error_reason.msg.srcPath = same.io_error.msg.srcPath;
    m->io_error_reason.msg.devAlias = same.io_error.msg.devAlias;
    m->io_error_reason.msg.action = same.io_error.msg.action;
    m->io_error_reason.msg.reason = event->block_io_error.nospace ? "enospc" : "";
}

static const struct {
    enum qmp_event_id id;
    enum api_event_row row;
    // What the message says besides the domain. NULL: nothing.
    void (*fill)(const struct domain *dom, const struct qmp_event *event, union message *m);
} qmp_events[] = {
    {QMP_EVENT_RESET, API_EVENT_DOMAIN_EVENT_CALLBACK_REBOOT, NULL},
    {QMP_EVENT_RTC_CHANGE, API_EVENT_DOMAIN_EVENT_CALLBACK_RTC_CHANGE, fill_rtc_change},
    {QMP_EVENT_WATCHDOG, API_EVENT_DOMAIN_EVENT_CALLBACK_WATCHDOG, fill_watchdog},
    {QMP_EVENT_BALLOON_CHANGE, API_EVENT_DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE, fill_balloon_change},
    {QMP_EVENT_BLOCK_IO_ERROR, API_EVENT_DOMAIN_EVENT_CALLBACK_IO_ERROR, fill_io_error},
    {QMP_EVENT_BLOCK_IO_ERROR, API_EVENT_DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON,
     fill_io_error_reason},
    {QMP_EVENT_DEVICE_TRAY_MOVED, API_EVENT_DOMAIN_EVENT_CALLBACK_TRAY_CHANGE, fill_tray_change},
    {QMP_EVENT_SUSPEND, API_EVENT_DOMAIN_EVENT_CALLBACK_PMSUSPEND, NULL},
    {QMP_EVENT_SUSPEND_DISK, API_EVENT_DOMAIN_EVENT_CALLBACK_PMSUSPEND_DISK, NULL},
    {QMP_EVENT_WAKEUP, API_EVENT_DOMAIN_EVENT_CALLBACK_PMWAKEUP, NULL},
};

static void on_device_added(void *arg, struct domain *dom, const char *alias)
{
    struct wire_domain_event_callback_device_added_msg m = {.dom = api_domain_ref(NULL, dom),
                                                            .devAlias = alias};
    api_send_domain_event_callback_device_added(arg, &m);
}

static void on_device_removed(void *arg, struct domain *dom, const char *alias)
{
    struct wire_domain_event_callback_device_removed_msg m = {
        .msg = {.dom = api_domain_ref(NULL, dom), .devAlias = alias}};
    api_send_domain_event_callback_device_removed(arg, &m);
}

static void on_qmp_event(void *arg, struct domain *dom, const struct qmp_event *event)
{
    for (size_t i = 0; i < ARRAY_LEN(qmp_events); i++) {
        union message m = {0};
        if (qmp_events[i].id != event->id)
            continue;
        if (qmp_events[i].fill)
            qmp_events[i].fill(dom, event, &m);
        struct wire_domain_ref *ref = api_event_object(qmp_events[i].row, &m);
        *ref = api_domain_ref(NULL, dom);
        api_event_send(arg, qmp_events[i].row, &m);
    }
    struct wire_qemu_domain_monitor_event_msg m = {.dom = api_domain_ref(NULL, dom),
                                                   .event = event->name,
                                                   .seconds = (int64_t)(event->time_us / 1000000),
                                                   .micros = (uint32_t)(event->time_us % 1000000),
                                                   .details = qmp_event_text(event)};
    api_send_qemu_domain_monitor_event(arg, &m);
}

struct domain_observer api_domain_observer(struct daemon *d)
{
    return (struct domain_observer){.moved = on_moved,
                                    .defined = on_defined,
                                    .undefined = on_undefined,
                                    .qmp_event = on_qmp_event,
                                    .device_added = on_device_added,
                                    .device_removed = on_device_removed,
                                    .idle = daemon_on_idle,
                                    .arg = d};
}
