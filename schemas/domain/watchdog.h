// SPDX-License-Identifier: LGPL-2.1-or-later
// <watchdog> of a domain.
#pragma once

#include "schemas/domain/device.h"

enum watchdog_action {
    WATCHDOG_NONE_GIVEN,
    WATCHDOG_RESET,
    WATCHDOG_SHUTDOWN,
    WATCHDOG_POWEROFF,
    WATCHDOG_PAUSE,
    WATCHDOG_DUMP,
    WATCHDOG_NONE,
    WATCHDOG_INJECT_NMI
};
struct domain_watchdog {
    struct device dev;
    char *model; // "i6300esb", "ib700", "diag288", "itco"
    enum watchdog_action action;
};

const char *watchdog_action_name(enum watchdog_action action);
