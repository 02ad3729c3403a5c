// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of network_def_validate() share.
#pragma once

#include "schemas/network/internal.h"

// What every message starts with.
struct at {
    const struct network_def *def;
    struct error *err;
};

// "network 'x': line 3: ..."; line 0: without. Returns -1.
int network_check_fail(const struct at *at, enum error_code code, unsigned line, const char *fmt,
                       ...) PRINTF_LIKE(4, 5);
#define BAD(line, ...)         network_check_fail(at, ERROR_XML, line, __VA_ARGS__)
#define UNSUPPORTED(line, ...) network_check_fail(at, ERROR_CONFIG_UNSUPPORTED, line, __VA_ARGS__)

bool network_has_control(const char *s); // control characters; NULL has none

// network_check_forward.c: <forward>, and the <bridge> that goes with it.
int network_check_forward(const struct at *at);
int network_check_bridge(const struct at *at);
