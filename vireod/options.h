// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of vireod.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/log.h"

struct options {
    bool system_mode;
    const char *listen, *root, *config; // NULL: by mode
    uint64_t timeout_s;                 // 0: never
    bool background, check;
    bool has_log_level;
    enum log_level log_level;
};

// Fills *ret. -1: go on; else exit with that status, everything is said.
int options_parse(struct options *ret, int argc, char **argv);
