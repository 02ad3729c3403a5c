// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

static void reserve(struct strbuf *b, size_t more)
{
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return;
    size_t cap = b->cap ? b->cap * 2 : 64;
    if (cap < need)
        cap = need;
    b->data = xreallocarray(b->data, cap, 1);
    b->cap = cap;
}

void strbuf_addn(struct strbuf *b, const void *data, size_t n)
{
    reserve(b, n);
    if (n)
        memcpy(b->data + b->len, data, n);
    b->len += n;
    b->data[b->len] = 0;
}

void strbuf_add(struct strbuf *b, const char *text)
{
    strbuf_addn(b, text, strlen(text));
}

void strbuf_addc(struct strbuf *b, char c)
{
    strbuf_addn(b, &c, 1);
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    strbuf_add(b, text);
}

void strbuf_add_xml(struct strbuf *b, const char *text)
{
    for (const char *p = text; *p; p++) {
        switch (*p) {
        case '<':
            strbuf_add(b, "&lt;");
            break;
        case '>':
            strbuf_add(b, "&gt;");
            break;
        case '&':
            strbuf_add(b, "&amp;");
            break;
        case '"':
            strbuf_add(b, "&quot;");
            break;
        case '\'':
            strbuf_add(b, "&apos;");
            break;
        default:
            if ((unsigned char)*p >= 0x20 || *p == '\n' || *p == '\t' || *p == '\r')
                strbuf_addc(b, *p);
        }
    }
}

char *strbuf_steal(struct strbuf *b)
{
    char *data = b->data ? b->data : xstrdup("");
    *b = (struct strbuf){0};
    return data;
}

void strbuf_reset(struct strbuf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = 0;
}

void strbuf_finish(struct strbuf *b)
{
    free(b->data);
    *b = (struct strbuf){0};
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

int str_to_u64(const char *s, int base, uint64_t max, uint64_t *ret)
{
    if (!isalnum((unsigned char)*s))
        return -EINVAL;
    char *end;
    errno = 0;
    unsigned long long v = strtoull(s, &end, base);
    if (*end)
        return -EINVAL;
    if (errno == ERANGE || v > max)
        return -ERANGE;
    *ret = v;
    return 0;
}

int str_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret)
{
    if (!isdigit((unsigned char)*s) && !(*s == '-' && isdigit((unsigned char)s[1])))
        return -EINVAL;
    char *end;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (*end)
        return -EINVAL;
    if (errno == ERANGE || v < min || v > max)
        return -ERANGE;
    *ret = v;
    return 0;
}

// Invisible characters: zero widths, marks and overrides of direction, line separators, tags.
static bool is_hidden(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        {0x80, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},     {0x180e, 0x180e},
        {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},   {0xd800, 0xdfff},
        {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    }
    return false;
}

// How many bytes at s, of n > 0, are one character that may be shown; 0: it may not.
static size_t shown_length(const char *s, size_t n)
{
    unsigned char first = (unsigned char)s[0];
    size_t len = first < 0x80   ? 1
                 : first < 0xc2 ? 0
                 : first < 0xe0 ? 2
                 : first < 0xf0 ? 3
                 : first < 0xf5 ? 4
                                : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (len == 1)
        return first >= 0x20 && first < 0x7f;
    if (len == 0 || len > n)
        return 0;
    uint32_t c = first & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | ((unsigned char)s[i] & 0x3f);
    }
    return c >= least[len] && c <= 0x10ffff && !is_hidden(c) ? len : 0;
}

static char *escape(const char *s, size_t n, const char *kept)
{
    struct strbuf b = {0};
    for (size_t i = 0, len; i < n; i += len) {
        len = s[i] && strchr(kept, s[i]) ? 1 : shown_length(s + i, n - i);
        if (len)
            strbuf_addn(&b, s + i, len);
        else
            strbuf_printf(&b, "\\x%02x", (unsigned char)s[i]);
        len = len ? len : 1;
    }
    return strbuf_steal(&b);
}

char *str_printable(const char *s, size_t n)
{
    return escape(s, n, "");
}

char *str_clean(const char *s)
{
    size_t n = strlen(s), i = 0;
    for (size_t len; i < n; i += len) {
        len = s[i] == '\n' || s[i] == '\t' ? 1 : shown_length(s + i, n - i);
        if (!len)
            return escape(s, n, "\n\t");
    }
    return NULL;
}

char *str_one_line(const char *s)
{
    struct strbuf b = {0};
    for (size_t n; *(s += strspn(s, "\r\n")); s += n) {
        n = strcspn(s, "\r\n");
        AUTO_FREE char *line = str_printable(s, n);
        if (line[strspn(line, " ")])
            strbuf_printf(&b, "%s%s", b.len ? "; " : "", line);
    }
    return strbuf_steal(&b);
}

void strv_take(struct strv *s, char *text)
{
    vec_push(s, text);
}

void strv_push(struct strv *s, const char *text)
{
    strv_take(s, xstrdup(text));
}

void strv_printf(struct strv *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    strv_take(s, xvasprintf(fmt, ap));
    va_end(ap);
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *s)
{
    if (s->n > 0)
        qsort(s->v, s->n, sizeof(*s->v), compare_strings);
}

bool strv_has(const struct strv *s, const char *text)
{
    VEC_FOREACH (it, s) {
        if (str_eq(*it, text))
            return true;
    }
    return false;
}

void strv_finish(struct strv *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i]);
    vec_finish(s);
}

char **strv_argv(struct strv *s)
{
    vec_reserve(s, s->n + 1);
    s->v[s->n] = NULL;
    return s->v;
}

static uint64_t clock_us(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t now_monotonic_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

uint64_t now_realtime_us(void)
{
    return clock_us(CLOCK_REALTIME);
}
