// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory. Callers bound sizes from outside first (base/limits.h), so a failed allocation means that
// the machine is out of memory: the x-functions abort, and a restart continues from the stored
// state.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);                // zeroed; aborts on overflow of n * size
void *xreallocarray(void *p, size_t n, size_t size); // aborts on overflow of n * size
char *xstrdup(const char *s);                        // NULL for NULL
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);

#define NEW(type) ((type *)xcalloc(1, sizeof(type)))

// Replaces an owned string by a copy of another.
void str_replace(char **dst, const char *src);

// An arena: allocations that are freed together. Zeroed memory, aligned for any type.
struct arena_block;
struct arena {
    struct arena_block *blocks;
    size_t used; // bytes allocated
};

void *arena_alloc(struct arena *a, size_t size);
void *arena_calloc(struct arena *a, size_t n, size_t size); // aborts on overflow of n * size
char *arena_strdup(struct arena *a, const char *s);         // NULL for NULL
char *arena_take(struct arena *a, char *s);                 // the same, and frees s
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void *arena_memdup(struct arena *a, const void *p, size_t n);
void arena_finish(struct arena *a);
