// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/states.h"
#include "base/log.h"

#include <assert.h>

void state_report_illegal(const char *kind, const char *name, const char *from, const char *to)
{
    log_error("bug: illegal state change of %s '%s' from '%s' to '%s'", kind, name, from, to);
    assert(!"illegal state change");
}

void state_check(const struct state_row *rows, unsigned from, unsigned to, const char *kind,
                 const char *name)
{
    if (!(rows[to].from & STATE_BIT(from)))
        state_report_illegal(kind, name, rows[from].name, rows[to].name);
}
