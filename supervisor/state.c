// SPDX-License-Identifier: GPL-2.0-or-later
#include "supervisor/internal.h"

#include <stdlib.h>

void domain_move(struct domain *dom, enum domain_move move)
{
    const struct domain_observer *o = &dom->all->config.observer;
    const struct domain_move_row *row = &domain_moves[move];
    if (!(row->from & (1u << dom->state))) {
        // A mistake of ours. The guest's real state is what counts, so that it is taken all the
        // same.
        log_domain(LOG_LEVEL_ERROR, dom->name, "unexpected move '%s' from state %d (%s)", row->word,
                   dom->state, domain_moves[dom->reason].word);
    }
    dom->state = row->to;
    dom->reason = move;
    log_domain(LOG_LEVEL_INFO, dom->name, "%s", row->word);
    if (dom->live && dom->state != DOMAIN_SHUTOFF)
        (void)status_save(dom, NULL);
    if (o->moved)
        o->moved(o->arg, dom, move);
}
