// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/states.h"
#include "supervisor/internal.h"

static const char *const state_names[DOMAIN_STATE_COUNT] = {
    [DOMAIN_SHUTOFF] = "shutoff", [DOMAIN_RUNNING] = "running",
    [DOMAIN_PAUSED] = "paused",   [DOMAIN_SHUTDOWN] = "shutdown",
    [DOMAIN_CRASHED] = "crashed", [DOMAIN_PMSUSPENDED] = "pmsuspended",
};

bool domain_may_move(const struct domain *dom, enum domain_move move)
{
    return domain_moves[move].from & (1u << dom->state);
}

static void set_state(struct domain *dom, enum domain_move move)
{
    // QEMU's real state is what counts, so that an illegal move is made all the same.
    if (!domain_may_move(dom, move))
        state_report_illegal("domain", dom->name, state_names[dom->state], domain_moves[move].name);
    dom->state = domain_moves[move].to;
    dom->reason = move;
}

static void announce(struct domain *dom, enum domain_move move)
{
    const struct domain_observer *o = &dom->all->config.observer;
    log_domain(LOG_LEVEL_INFO, dom->name, "%s", domain_moves[move].name);
    if (o->moved)
        o->moved(o->arg, dom, move);
}

void domain_move(struct domain *dom, enum domain_move move)
{
    set_state(dom, move);
    if (dom->live && dom->state != DOMAIN_SHUTOFF)
        (void)status_save(dom, NULL);
    announce(dom, move);
}

int domain_move_saved(struct domain *dom, enum domain_move move, struct error *err)
{
    enum domain_state state = dom->state;
    enum domain_move reason = dom->reason;
    set_state(dom, move);
    if (status_save(dom, err) < 0) {
        dom->state = state;
        dom->reason = reason;
        return -1;
    }
    announce(dom, move);
    return 0;
}
