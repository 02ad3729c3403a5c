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

char *str_printable(const char *s, size_t n)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < n; i++) {
        if (isprint((unsigned char)s[i]))
            strbuf_addc(&b, s[i]);
        else
            strbuf_printf(&b, "\\x%02x", (unsigned char)s[i]);
    }
    return strbuf_steal(&b);
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
