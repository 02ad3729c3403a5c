// SPDX-License-Identifier: LGPL-2.1-or-later
// The subcommands of `vireo`, listed in the table of vireo.c.
#pragma once

#include <stdbool.h>
#include "clients/libvireo.h"

struct options {
    const char *connect; // URI or socket as for vireo_open(); NULL: system for root, else session
    const char *images;  // doctor: directory of images; NULL: the default
    int timeout_ms;      // for each reply of the daemon
    bool json, names;
    char **args; // the operands: names of domains
    int nargs;
};

// 0, or 1 after a failure that was printed on stderr (doctor: when a check failed).
int command_list(const struct options *o);
int command_status(const struct options *o);
int command_doctor(const struct options *o);

// A read-only connection, which every user may open. NULL after printing the error.
struct vireo *command_connect(const struct options *o);
// Prints "vireo: DOING: message" and clears *err; returns 1.
int command_fail(const char *doing, struct vireo_error *err);
