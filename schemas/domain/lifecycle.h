// SPDX-License-Identifier: LGPL-2.1-or-later
// <on_poweroff>, <on_reboot> and <on_crash> of a domain.
#pragma once

#include "schemas/doc/value.h"

enum lifecycle_action {
    LIFECYCLE_NONE,
    LIFECYCLE_DESTROY,
    LIFECYCLE_RESTART,
    LIFECYCLE_PRESERVE,
    LIFECYCLE_COREDUMP_DESTROY,
    LIFECYCLE_COREDUMP_RESTART
};

const char *lifecycle_action_name(enum lifecycle_action action);
