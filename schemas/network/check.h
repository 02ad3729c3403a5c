// SPDX-License-Identifier: LGPL-2.1-or-later
// Shared by the files of network_def_validate().
#pragma once

#include "schemas/network/internal.h"

// The context of a check; every message starts with it.
struct at {
    const struct network_def *def;
    struct error *err;
};

// Sets "network 'x': line 3: ..."; line 0: without the line. Returns -1.
int network_check_fail(const struct at *at, enum error_code code, unsigned line, const char *fmt,
                       ...) PRINTF_LIKE(4, 5);
#define BAD(line, ...)         network_check_fail(at, ERROR_XML, line, __VA_ARGS__)
#define UNSUPPORTED(line, ...) network_check_fail(at, ERROR_CONFIG_UNSUPPORTED, line, __VA_ARGS__)

bool network_has_control(const char *s); // control characters; false for NULL

// check_forward.c: <forward> and its <bridge>.
int network_check_forward(const struct at *at);
int network_check_bridge(const struct at *at);
