// SPDX-License-Identifier: GPL-2.0-or-later
#include "firewall/firewalld.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <systemd/sd-bus.h>

enum { ANSWERS_MS = 3000 }; // for all that is asked at one time

static const char NAME[] = "org.fedoraproject.FirewallD1";
static const char PATH[] = "/org/fedoraproject/FirewallD1";
static const char ZONES[] = "org.fedoraproject.FirewallD1.zone";

// By preference.
static const char *const OPEN_ZONES[] = {"vireo", "libvirt", NULL};
static const char *const ROUTED_ZONES[] = {"vireo-routed", "libvirt-routed", NULL};

struct firewalld {
    sd_event *event;
    firewalld_fn fn;
    void *arg;
    sd_bus *bus; // NULL: not connected
    bool running;
    struct completion known; // whether it runs
};

// ---- whether it runs ---------------------------------------------------------------------------

static void set_running(struct firewalld *f, bool running)
{
    bool came = running && !f->running;
    f->running = running;
    completion_post(&f->known, 0);
    if (came)
        f->fn(f->arg);
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    (void)error;
    set_running(userdata, !sd_bus_message_is_method_error(m, NULL));
    return 0;
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    (void)error;
    struct firewalld *f = userdata;
    const char *name, *before, *now;
    if (sd_bus_message_read(m, "sss", &name, &before, &now) < 0)
        return 0;
    f->running = f->running && str_eq(before, now); // another one knows nothing of the first's
    set_running(f, *now != '\0');
    return 0;
}

static int on_reloaded(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    (void)m;
    (void)error;
    struct firewalld *f = userdata;
    f->fn(f->arg);
    return 0;
}

static void disconnect(struct firewalld *f)
{
    f->bus = sd_bus_close_unref(f->bus);
    f->running = false;
}

static void connect_bus(struct firewalld *f)
{
    static const char MATCH[] =
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
        "member='NameOwnerChanged',arg0='org.fedoraproject.FirewallD1'";
    if (f->bus && sd_bus_is_open(f->bus) > 0)
        return;
    disconnect(f);
    completion_post(&f->known, 0); // to those who wait for the one before
    completion_init(&f->known);
    int r = sd_bus_open_system(&f->bus);
    if (r >= 0)
        r = sd_bus_attach_event(f->bus, f->event, SD_EVENT_PRIORITY_NORMAL);
    if (r >= 0)
        r = sd_bus_add_match_async(f->bus, NULL, MATCH, on_owner_changed, NULL, f);
    if (r >= 0)
        r = sd_bus_match_signal_async(f->bus, NULL, NAME, PATH, NAME, "Reloaded", on_reloaded, NULL,
                                      f);
    if (r >= 0)
        r = sd_bus_call_method_async(f->bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "GetNameOwner", on_owner, f, "s",
                                     NAME);
    if (r >= 0)
        return;
    log_debug("no system bus to ask for firewalld: %s", strerrordesc_np(-r));
    disconnect(f);
    completion_post(&f->known, 0);
}

static bool is_running(struct task *t, struct firewalld *f, uint64_t deadline_us)
{
    connect_bus(f);
    (void)completion_wait(t, &f->known, deadline_us);
    return f->running;
}

struct firewalld *firewalld_create(sd_event *event, firewalld_fn fn, void *arg)
{
    struct firewalld *f = NEW(struct firewalld);
    f->event = sd_event_ref(event);
    f->fn = fn;
    f->arg = arg;
    completion_init(&f->known);
    connect_bus(f);
    return f;
}

void firewalld_destroy(struct firewalld *f)
{
    if (!f)
        return;
    disconnect(f);
    sd_event_unref(f->event);
    free(f);
}

// ---- asking it ---------------------------------------------------------------------------------

struct question {
    struct completion answered;
    sd_bus_message *reply;
};

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    (void)error;
    struct question *q = userdata;
    q->reply = sd_bus_message_ref(m);
    completion_post(&q->answered, 0);
    return 0;
}

// One method of its zones, with a string for each argument that isn't NULL. The reply, to be
// unref'ed, or NULL with err.
static sd_bus_message *ask(struct task *t, struct firewalld *f, uint64_t deadline_us,
                           const char *method, const char *a, const char *b, struct error *err)
{
    sd_bus_message *m = NULL;
    sd_bus_slot *slot = NULL;
    struct question q = {0};
    completion_init(&q.answered);
    int r =
        f->bus ? sd_bus_message_new_method_call(f->bus, &m, NAME, PATH, ZONES, method) : -ENOTCONN;
    if (r >= 0)
        r = sd_bus_message_set_auto_start(m, 0);
    if (r >= 0 && a)
        r = sd_bus_message_append(m, "s", a);
    if (r >= 0 && b)
        r = sd_bus_message_append(m, "s", b);
    if (r >= 0)
        r = sd_bus_call_async(f->bus, &slot, m, on_reply, &q, UINT64_MAX);
    if (r >= 0)
        r = completion_wait(t, &q.answered, deadline_us);
    sd_bus_slot_unref(slot); // q goes
    sd_bus_message_unref(m);
    const sd_bus_error *e = q.reply ? sd_bus_message_get_error(q.reply) : NULL;
    if (r >= 0 && !e)
        return q.reply;
    error_set(err, ERROR_OPERATION_FAILED, AREA_FIREWALL, "firewalld's %s(%s%s%s) failed: %s",
              method, a ? a : "", b ? ", " : "", b ? b : "", e ? e->message : strerrordesc_np(-r));
    sd_bus_message_unref(q.reply);
    return NULL;
}

// The zone an interface is in, "" for none. Caller frees; NULL with err.
static char *zone_of(struct task *t, struct firewalld *f, uint64_t deadline_us, const char *bridge,
                     struct error *err)
{
    sd_bus_message *reply = ask(t, f, deadline_us, "getZoneOfInterface", bridge, NULL, err);
    const char *zone = NULL;
    if (reply && sd_bus_message_read(reply, "s", &zone) < 0)
        error_set(err, ERROR_OPERATION_FAILED, AREA_FIREWALL, "firewalld doesn't name a zone");
    char *ret = zone ? xstrdup(zone) : NULL;
    sd_bus_message_unref(reply);
    return ret;
}

// The first of `wanted` that there is; NULL: none, or err is set.
static const char *choose(struct task *t, struct firewalld *f, uint64_t deadline_us,
                          const char *const *wanted, struct error *err)
{
    sd_bus_message *reply = ask(t, f, deadline_us, "getZones", NULL, NULL, err);
    char **zones = NULL;
    const char *ret = NULL;
    if (reply && sd_bus_message_read_strv(reply, &zones) < 0)
        error_set(err, ERROR_OPERATION_FAILED, AREA_FIREWALL, "firewalld doesn't list its zones");
    for (; zones && *wanted && !ret; wanted++)
        for (char **z = zones; *z && !ret; z++)
            ret = str_eq(*z, *wanted) ? *wanted : NULL;
    for (char **z = zones; zones && *z; z++)
        free(*z);
    free(zones);
    sd_bus_message_unref(reply);
    return ret;
}

int firewalld_put(struct task *t, struct firewalld *f, const char *bridge, const char *zone,
                  bool routed, char **put, struct error *err)
{
    uint64_t deadline = task_deadline_ms(ANSWERS_MS);
    *put = NULL;
    if (!is_running(t, f, deadline))
        return zone ? error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_FIREWALL,
                                "cannot put bridge '%s' into the zone '%s': firewalld does not "
                                "run; start it, or leave <bridge zone=> out",
                                bridge, zone)
                    : 0;
    AUTO_FREE char *now = zone_of(t, f, deadline, bridge, err);
    if (!now)
        return -1;
    if (zone ? str_eq(now, zone) : *now != '\0')
        return 0;
    AUTO_ERROR e = ERROR_INIT;
    const char *into = zone ? zone : choose(t, f, deadline, routed ? ROUTED_ZONES : OPEN_ZONES, &e);
    if (!into)
        return e.message ? error_move(err, &e) : 0;
    sd_bus_message *reply = ask(t, f, deadline, "changeZoneOfInterface", into, bridge, err);
    sd_bus_message_unref(reply);
    if (!reply)
        return -1;
    *put = xstrdup(into);
    return 0;
}

static bool is_own_zone(const char *zone)
{
    for (size_t i = 0; OPEN_ZONES[i]; i++)
        if (str_eq(zone, OPEN_ZONES[i]) || str_eq(zone, ROUTED_ZONES[i]))
            return true;
    return false;
}

void firewalld_take_out(struct task *t, struct firewalld *f, const char *bridge, const char *zone)
{
    AUTO_ERROR err = ERROR_INIT;
    uint64_t deadline = task_deadline_ms(ANSWERS_MS);
    if (!is_running(t, f, deadline))
        return;
    AUTO_FREE char *now = zone_of(t, f, deadline, bridge, NULL);
    if (!now || !(str_eq(now, zone) || is_own_zone(now)))
        return;
    sd_bus_message *reply = ask(t, f, deadline, "removeInterface", now, bridge, &err);
    if (!reply)
        log_debug("%s", error_message(&err));
    sd_bus_message_unref(reply);
}
