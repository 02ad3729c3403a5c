// SPDX-License-Identifier: LGPL-2.1-or-later
// The commands of `vireo`: each one function, listed in the table of vireo.c.
#pragma once

#include <stdbool.h>
#include "clients/libvireo.h"

struct options {
    const char *connect; // URI or socket as libvireo's vireo_open() takes it; NULL: what suits
    const char *images;  // doctor: where images are; NULL: the usual place
    int timeout_ms;      // of each answer of the daemon
    bool json, names;
    char **words; // what is left of the command line: names of guests
    int nwords;
};

// 0, or 1 after a failure that was told on stderr (doctor: when something is wrong).
int command_list(const struct options *o);
int command_status(const struct options *o);
int command_doctor(const struct options *o);

// A connection for looking only, which everybody may have. NULL after telling why not.
struct vireo *command_connect(const struct options *o);
// Tells an error and forgets it; 1.
int command_fail(const char *doing, struct vireo_error *err);
