// SPDX-License-Identifier: LGPL-2.1-or-later
// A typed growing array: `VEC(char *) names = {0}; vec_push(&names, x); names.v[i]`.
// The vector owns its storage but not what the items point to.
#pragma once

#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *v;                                                                                   \
        size_t n, cap;                                                                             \
    }

#define vec_reserve(vec, need)                                                                     \
    do {                                                                                           \
        if ((vec)->cap < (need)) {                                                                 \
            size_t cap_ = (vec)->cap ? (vec)->cap * 2 : 8;                                         \
            if (cap_ < (need))                                                                     \
                cap_ = (need);                                                                     \
            (vec)->v = xreallocarray((vec)->v, cap_, sizeof(*(vec)->v));                           \
            (vec)->cap = cap_;                                                                     \
        }                                                                                          \
    } while (0)

#define vec_push(vec, item)                                                                        \
    do {                                                                                           \
        vec_reserve(vec, (vec)->n + 1);                                                            \
        (vec)->v[(vec)->n++] = (item);                                                             \
    } while (0)

// Removes item i and keeps the order.
#define vec_remove(vec, i)                                                                         \
    do {                                                                                           \
        size_t i_ = (i);                                                                           \
        memmove(&(vec)->v[i_], &(vec)->v[i_ + 1], ((vec)->n - i_ - 1) * sizeof(*(vec)->v));        \
        (vec)->n--;                                                                                \
    } while (0)

#define vec_finish(vec)                                                                            \
    do {                                                                                           \
        free((vec)->v);                                                                            \
        (vec)->v = NULL;                                                                           \
        (vec)->n = (vec)->cap = 0;                                                                 \
    } while (0)

#define VEC_FOREACH(it, vec)                                                                       \
    for (__typeof__((vec)->v + 0) it = (vec)->v; (vec)->n && it < (vec)->v + (vec)->n; it++)

// A vector of owned strings.
struct strv {
    char **v;
    size_t n, cap;
};

void strv_push(struct strv *s, const char *text); // copies
void strv_take(struct strv *s, char *text);       // takes
void strv_printf(struct strv *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void strv_sort(struct strv *s); // bytewise
bool strv_has(const struct strv *s, const char *text);
void strv_finish(struct strv *s);
// The strings followed by a NULL, for exec(); borrowed from s, valid until it changes.
char **strv_argv(struct strv *s);
