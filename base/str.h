// SPDX-License-Identifier: LGPL-2.1-or-later
// Text: a growing buffer, checked number parsing, predicates.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/alloc.h"
#include "base/vec.h"

struct strbuf {
    char *data; // NUL-terminated when not NULL
    size_t len, cap;
};

#define AUTO_STRBUF CLEANUP(strbuf_finish) struct strbuf

void strbuf_add(struct strbuf *b, const char *text);
void strbuf_addn(struct strbuf *b, const void *data, size_t n);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
// Escaped for XML text and attributes in either kind of quotes; bytes that XML forbids are dropped.
void strbuf_add_xml(struct strbuf *b, const char *text);
char *strbuf_steal(struct strbuf *b); // never NULL; the buffer is empty again; caller frees
void strbuf_reset(struct strbuf *b);  // keeps the storage
void strbuf_finish(struct strbuf *b);
static inline const char *strbuf_text(const struct strbuf *b)
{
    return b->data ? b->data : "";
}

static inline bool str_eq(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}
static inline bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}
bool str_ends(const char *s, const char *suffix);

// The whole string must be a number (no sign, no whitespace; 0x for hexadecimal when base is 0). 0,
// -EINVAL, or -ERANGE above max.
int str_to_u64(const char *s, int base, uint64_t max, uint64_t *ret);
int str_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret);

// A program's output as one line: its non-empty lines joined by "; ", escaped as by
// str_printable(). Caller frees.
char *str_one_line(const char *s);

// Bytes from outside for display: valid UTF-8 stays; control characters, invalid UTF-8, and
// invisible characters that break lines or change the direction of text are written as \xNN. Caller
// frees.
char *str_printable(const char *s, size_t n);
// The same, but line feeds and tabs stay. NULL: nothing to change. Caller frees.
char *str_clean(const char *s);

// Times.
uint64_t now_monotonic_us(void);
uint64_t now_realtime_us(void);
