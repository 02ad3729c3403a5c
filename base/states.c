// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/states.h"
#include "base/log.h"

#include <assert.h>

void state_report_illegal(const char *kind, const char *name, const char *from, const char *to)
{
    log_error("illegal move of %s '%s' from state '%s' to '%s': a bug in vireod", kind, name, from,
              to);
    assert(!"illegal move between states");
}

void state_check(const struct state_row *rows, unsigned from, unsigned to, const char *kind,
                 const char *name)
{
    if (!(rows[to].from & STATE_BIT(from)))
        state_report_illegal(kind, name, rows[from].name, rows[to].name);
}
