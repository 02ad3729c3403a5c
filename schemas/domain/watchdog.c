// SPDX-License-Identifier: LGPL-2.1-or-later
// <watchdog>.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(
    watchdog_action_values, NULL, [WATCHDOG_RESET] = "reset", [WATCHDOG_SHUTDOWN] = "shutdown",
    [WATCHDOG_POWEROFF] = "poweroff", [WATCHDOG_PAUSE] = "pause", [WATCHDOG_DUMP] = "dump",
    [WATCHDOG_NONE] = "none", [WATCHDOG_INJECT_NMI] = "inject-nmi");

#define S struct domain_watchdog
static const struct doc_row watchdog_rows[] = {
    D_TOKEN(ATTR, "model", model, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "action", action, &watchdog_action_values),
    D_INCLUDE(&device_tail_doc, dev),
};

static void fill_watchdogs(const struct domain_fill *f)
{
    VEC_FOREACH (it, &f->def->watchdogs) {
        if ((*it)->action == WATCHDOG_NONE_GIVEN)
            (*it)->action = WATCHDOG_RESET;
    }
}

const struct device_schema watchdog_schema = {
    .doc = DEVICE_DOC("watchdog", S, watchdog_rows, DEVICE_WATCHDOG),
    .fill = fill_watchdogs,
};
#undef S

const char *watchdog_action_name(enum watchdog_action action)
{
    return doc_enum_name(&watchdog_action_values, action);
}
