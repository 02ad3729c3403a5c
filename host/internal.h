// SPDX-License-Identifier: GPL-2.0-or-later
// Shared by the node_*.c files only.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "base/alloc.h"
#include "host/node.h"

// At most max bytes of a file below root, NUL-terminated; NULL when unreadable. Caller frees.
char *node_read(const char *root, size_t max, const char *fmt, ...) PRINTF_LIKE(3, 4);
// The number in a file, or fallback.
uint64_t node_read_number(const char *root, uint64_t fallback, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
// The list of numbers below max in a file ("0-3,8"); *n is 0 without such a file. Caller frees.
uint32_t *node_read_list(const char *root, uint32_t max, size_t *n, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
// The number after "NAME:" at the start of a line (or after "Node N "), or fallback.
uint64_t node_find_number(const char *text, const char *name, uint64_t fallback);
