// SPDX-License-Identifier: GPL-2.0-or-later
// Repairing networks that others have damaged.
//
// A trigger only says that something may be wrong; one task per network then looks, and repairs
// what differs from the plan. Whatever happens while it is at it makes it look once more. A repair
// is logged once with what it was and what told us. When the same kind of repair is needed again
// and again, somebody fights us: that is said once, and from then on the pauses get longer.
#include "netmgr/internal.h"

#include <errno.h>
#include <stdarg.h>

enum {
    GATHER_MS = 1,     // one deed is often told in several events
    FIGHT_REPAIRS = 6, // of one kind, within
    FIGHT_WINDOW_MS = 10000,
    DELAY_FIRST_MS = 1000,
    DELAY_MAX_MS = 60000,
};

static const char *const kind_values[REPAIR_KINDS] = {
    "its bridge",         "its addresses",    "its routes", "packet forwarding",
    "its firewall rules", "its DHCP and DNS", "its files",  "its ports",
};

void heal_finish(struct heal *h)
{
    free(h->cause);
    free(h->last_error);
}

static void longer_delay(struct heal *h)
{
    h->delay_ms = h->delay_ms ? h->delay_ms * 2 : DELAY_FIRST_MS;
    if (h->delay_ms > DELAY_MAX_MS)
        h->delay_ms = DELAY_MAX_MS;
    h->not_before_us = now_monotonic_us() + h->delay_ms * 1000;
}

static void count(struct network *net, unsigned kinds, const char *cause)
{
    struct heal *h = &net->runtime->heal;
    uint64_t now = now_monotonic_us();
    uint64_t window_us = (FIGHT_WINDOW_MS + 2 * h->delay_ms) * 1000;
    bool fight = false;
    for (int k = 0; k < REPAIR_KINDS; k++) {
        if (!(kinds & 1u << k))
            continue;
        if (now - h->window[k].since_us > window_us) {
            h->window[k].since_us = now;
            h->window[k].n = 0;
        }
        if (++h->window[k].n < FIGHT_REPAIRS)
            continue;
        fight = true;
        // The window goes on while the fight does.
        h->window[k].since_us = now;
        if (!h->warned)
            log_network(LOG_LEVEL_WARN, net->name,
                        "something keeps changing %s (%s): it was put back %u times within %d s; "
                        "from now on at most every %d s, until that ends",
                        kind_values[k], cause, h->window[k].n, FIGHT_WINDOW_MS / 1000,
                        DELAY_MAX_MS / 1000);
        h->warned = true;
    }
    if (fight) {
        longer_delay(h);
    } else if (h->warned && h->not_before_us + window_us < now) {
        h->warned = false;
        h->delay_ms = 0;
    }
}

static void look(struct task *t, struct network *net, const char *cause)
{
    struct heal *h = &net->runtime->heal;
    struct repairs repairs = {0};
    AUTO_ERROR err = ERROR_INIT;
    uint64_t start = now_monotonic_us();
    int r = reconcile(t, net, true, &repairs, &err);
    // Its going down and losing its ports are told long before the deletion itself.
    if (repairs.bridge_was_gone)
        cause = "its bridge was deleted";
    if (repairs.kinds) {
        h->total++;
        log_network(h->warned ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, net->name,
                    "repaired in %ju ms because %s: %s (repair number %ju)",
                    (uintmax_t)((now_monotonic_us() - start) / 1000), cause, repairs_text(&repairs),
                    (uintmax_t)h->total);
        count(net, repairs.kinds, cause);
    }
    strbuf_finish(&repairs.text);
    if (r == 0) {
        free(STEAL(h->last_error));
        return;
    }
    if (!str_eq(h->last_error, error_message(&err)))
        log_network(LOG_LEVEL_ERROR, net->name, "cannot repair it: %s; trying again",
                    error_message(&err));
    str_replace(&h->last_error, error_message(&err));
    longer_delay(h);
    h->wanted = true;
}

static void heal_main(struct task *t, void *arg)
{
    AUTO_NETWORK struct network *net = arg;
    struct heal *h = &net->runtime->heal;
    *task_log_fields(t) = (struct log_fields){0}; // whoever it was that had the lock before
    while (h->wanted && net->runtime->phase == PHASE_ACTIVE) {
        uint64_t when = task_deadline_ms(GATHER_MS);
        if (task_sleep(t, when > h->not_before_us ? when : h->not_before_us) < 0)
            break;
        if (network_lock(t, net, "repair", NULL) < 0)
            break;
        AUTO_FREE char *cause = STEAL(h->cause);
        h->wanted = false;
        if (net->runtime->phase == PHASE_ACTIVE)
            look(t, net, cause ? cause : "something changed");
        network_unlock(net);
    }
    h->running = false;
}

void heal_trigger(struct network *net, const char *fmt, ...)
{
    struct heal *h = &net->runtime->heal;
    if (net->runtime->phase != PHASE_ACTIVE)
        return;
    if (fmt && (!h->cause || h->is_hint)) {
        va_list ap;
        va_start(ap, fmt);
        free(h->cause);
        h->is_hint = false;
        h->cause = xvasprintf(fmt, ap);
        va_end(ap);
    }
    h->wanted = true;
    // Whoever changes it now looks again at the end.
    if (h->running || net->lock.owner)
        return;
    h->running = true;
    task_spawn(net->all->config.sched, "repair network", heal_main, network_ref(net));
}

void heal_trigger_all(struct networks *all, const char *cause)
{
    struct network *net;
    OBJECTS_FOREACH(net, &all->table)
    {
        struct heal *h = &net->runtime->heal;
        if (net->runtime->phase == PHASE_STARTING)
            h->wanted = true; // network_unlock() sees to it when it is there
        bool is_first = !h->cause;
        if (is_first)
            heal_trigger(net, "%s", cause);
        else
            heal_trigger(net, NULL);
        h->is_hint = h->is_hint || is_first;
    }
}
