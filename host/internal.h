// SPDX-License-Identifier: GPL-2.0-or-later
// Shared by the node_*.c files; nobody else includes this.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "base/alloc.h"
#include "host/node.h"

// At most max bytes of a file below root, terminated; NULL when it can't be read. Caller frees.
char *node_read(const char *root, size_t max, const char *fmt, ...) PRINTF_LIKE(3, 4);
// A file with one number, or fallback.
uint64_t node_read_number(const char *root, uint64_t fallback, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
// A file with a list of numbers below max ("0-3,8"); 0 of them when there is no such file. Caller
// frees.
uint32_t *node_read_list(const char *root, uint32_t max, size_t *n, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
// The number after "NAME:" at the start of a line (or after "Node N "), or fallback.
uint64_t node_find_number(const char *text, const char *name, uint64_t fallback);
