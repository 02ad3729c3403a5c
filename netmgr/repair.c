// SPDX-License-Identifier: GPL-2.0-or-later
// Repairs active networks.
//
// A trigger only reports that something may be wrong; one task per network then compares the
// network with its plan and repairs the difference. A trigger during that makes it compare once
// more. Each repair is logged once with its cause. When the same kind of repair recurs, another
// process keeps changing the network: that is logged once, and the pauses between repairs get
// longer.
#include "netmgr/internal.h"

#include <errno.h>
#include <stdarg.h>

enum {
    GATHER_MS = 1,        // one change often causes several events
    CONFLICT_REPAIRS = 6, // of one kind, within
    CONFLICT_WINDOW_MS = 10000,
    DELAY_FIRST_MS = 1000,
    DELAY_MAX_MS = 60000,
};

static const char *const kind_values[REPAIR_KINDS] = {
    "the bridge",         "the addresses",           "the routes", "packet forwarding",
    "the firewall rules", "the DHCP and DNS server", "the files",  "the ports",
};

void repair_finish(struct repair_state *h)
{
    free(h->cause);
    free(h->last_error);
}

static void longer_delay(struct repair_state *h)
{
    h->delay_ms = h->delay_ms ? h->delay_ms * 2 : DELAY_FIRST_MS;
    if (h->delay_ms > DELAY_MAX_MS)
        h->delay_ms = DELAY_MAX_MS;
    h->not_before_us = now_monotonic_us() + h->delay_ms * 1000;
}

static void count(struct network *net, unsigned kinds, const char *cause)
{
    struct repair_state *h = &net->runtime->repair;
    uint64_t now = now_monotonic_us();
    uint64_t window_us = (CONFLICT_WINDOW_MS + 2 * h->delay_ms) * 1000;
    bool conflict = false;
    for (int k = 0; k < REPAIR_KINDS; k++) {
        if (!(kinds & 1u << k))
            continue;
        if (now - h->window[k].since_us > window_us) {
            h->window[k].since_us = now;
            h->window[k].n = 0;
        }
        if (++h->window[k].n < CONFLICT_REPAIRS)
            continue;
        conflict = true;
        // The window extends while the conflict lasts.
        h->window[k].since_us = now;
        if (!h->warned)
            log_network(LOG_LEVEL_WARN, net->name,
                        "something keeps changing %s (%s): repaired %u times within %d s; "
                        "repairing at most every %d s until it stops",
                        kind_values[k], cause, h->window[k].n, CONFLICT_WINDOW_MS / 1000,
                        DELAY_MAX_MS / 1000);
        h->warned = true;
    }
    if (conflict) {
        longer_delay(h);
    } else if (h->warned && h->not_before_us + window_us < now) {
        h->warned = false;
        h->delay_ms = 0;
    }
}

static void compare_and_repair(struct task *t, struct network *net, const char *cause)
{
    struct repair_state *h = &net->runtime->repair;
    struct repairs repairs = {0};
    AUTO_ERROR err = ERROR_INIT;
    uint64_t start = now_monotonic_us();
    int r = reconcile(t, net, true, &repairs, &err);
    // The bridge going down and losing its ports is reported long before its deletion.
    if (repairs.bridge_was_missing)
        cause = "the bridge was deleted";
    if (repairs.kinds) {
        h->total++;
        log_network(h->warned ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, net->name,
                    "repaired after '%s': %s (%ju ms, repair %ju)", cause, repairs_text(&repairs),
                    (uintmax_t)((now_monotonic_us() - start) / 1000), (uintmax_t)h->total);
        count(net, repairs.kinds, cause);
    }
    strbuf_finish(&repairs.text);
    if (r == 0) {
        free(STEAL(h->last_error));
        return;
    }
    if (!str_eq(h->last_error, error_message(&err)))
        log_network(LOG_LEVEL_ERROR, net->name, "cannot repair: %s; retrying", error_message(&err));
    str_replace(&h->last_error, error_message(&err));
    longer_delay(h);
    h->pending = true;
}

static void repair_main(struct task *t, void *arg)
{
    AUTO_NETWORK struct network *net = arg;
    struct repair_state *h = &net->runtime->repair;
    *task_log_fields(t) = (struct log_fields){0}; // not those of the lock's previous holder
    while (h->pending && net->runtime->phase == PHASE_ACTIVE) {
        uint64_t when = task_deadline_ms(GATHER_MS);
        if (task_sleep(t, when > h->not_before_us ? when : h->not_before_us) < 0)
            break;
        if (network_lock(t, net, "repair", NULL) < 0)
            break;
        AUTO_FREE char *cause = STEAL(h->cause);
        h->pending = false;
        if (net->runtime->phase == PHASE_ACTIVE)
            compare_and_repair(t, net, cause ? cause : "something changed");
        network_unlock(net);
    }
    h->running = false;
}

void repair_trigger(struct network *net, const char *fmt, ...)
{
    struct repair_state *h = &net->runtime->repair;
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
    h->pending = true;
    // The holder of the lock repairs when it unlocks.
    if (h->running || net->lock.owner)
        return;
    h->running = true;
    task_spawn(net->all->config.sched, "repair network", repair_main, network_ref(net));
}

void repair_trigger_all(struct networks *all, const char *cause)
{
    struct network *net;
    OBJECTS_FOREACH(net, &all->table)
    {
        struct repair_state *h = &net->runtime->repair;
        if (net->runtime->phase == PHASE_STARTING)
            h->pending = true; // network_unlock() repairs after the start
        bool is_first = !h->cause;
        if (is_first)
            repair_trigger(net, "%s", cause);
        else
            repair_trigger(net, NULL);
        h->is_hint = h->is_hint || is_first;
    }
}
