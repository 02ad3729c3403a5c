// SPDX-License-Identifier: LGPL-2.1-or-later
// States with a table of legal moves.
//
//     enum door_state { DOOR_SHUT, DOOR_OPEN, DOOR_LOCKED };
//     static const struct state_row door_states[] = {
//         [DOOR_SHUT] = {"shut", STATE_BIT(DOOR_OPEN) | STATE_BIT(DOOR_LOCKED)},
//         [DOOR_OPEN] = {"open", STATE_BIT(DOOR_SHUT)},
//         [DOOR_LOCKED] = {"locked", STATE_BIT(DOOR_SHUT)},
//     };
//
// One setter for each kind of object is the only function that writes the state:
//
//     static void set_state(struct door *d, enum door_state to)
//     {
//         state_check(door_states, d->state, to, "door", d->name);
//         d->state = to;
//     }
#pragma once

struct state_row {
    const char *name; // for logs and state files
    unsigned from;    // mask of STATE_BIT()s: the states it may be entered from
};

#define STATE_BIT(state) (1u << (state))

// A move that is not in the table is a bug: it aborts in debug builds (NDEBUG not defined) and is
// logged as an error otherwise. The caller changes the state in any case, as the state reports a
// fact.
void state_check(const struct state_row *rows, unsigned from, unsigned to, const char *kind,
                 const char *name);
// For tables with another row type.
void state_report_illegal(const char *kind, const char *name, const char *from, const char *to);
