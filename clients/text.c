// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clients/text.h"

#include <inttypes.h>
#include <locale.h>
#include <wchar.h>

enum { COLUMNS_MAX = 16 };

void text_init(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
}

// The length of the character at s and what it is; 0 when that is no character.
static size_t next_char(const char *s, wchar_t *ret)
{
    mbstate_t state = {0};
    size_t n = mbrtowc(ret, s, strlen(s), &state);
    return n == (size_t)-1 || n == (size_t)-2 ? 0 : n;
}

size_t text_add(struct strbuf *b, const char *text)
{
    AUTO_FREE char *shown = str_printable(text, strlen(text));
    size_t columns = 0;
    text = shown;
    while (*text) {
        wchar_t c;
        size_t n = next_char(text, &c);
        int width = n ? wcwidth(c) : -1; // -1: not known to this C library
        if (width >= 0) {
            strbuf_addn(b, text, n);
            columns += (size_t)width;
            text += n;
            continue;
        }
        for (size_t i = 0; i < (n ? n : 1); i++, text++, columns += 4)
            strbuf_printf(b, "\\x%02x", (unsigned char)*text);
    }
    return columns;
}

void text_add_json(struct strbuf *b, const char *text)
{
    strbuf_addc(b, '"');
    while (*text) {
        wchar_t c;
        size_t n = next_char(text, &c);
        if (n == 0)
            strbuf_add(b, "\\ufffd");
        else if (c == '"' || c == '\\')
            strbuf_printf(b, "\\%c", (char)c);
        else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            strbuf_printf(b, "\\u%04x", (unsigned)c);
        else
            strbuf_addn(b, text, n);
        text += n ? n : 1;
    }
    strbuf_addc(b, '"');
}

void text_add_shell(struct strbuf *b, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-+=:,./@%";
    if (*text && !text[strspn(text, plain)]) {
        strbuf_add(b, text);
        return;
    }
    strbuf_addc(b, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            strbuf_add(b, "'\\''");
        else
            strbuf_addc(b, *text);
    }
    strbuf_addc(b, '\'');
}

void text_add_memory(struct strbuf *b, uint64_t kib)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    double amount = (double)kib;
    size_t unit = 0;
    while (amount >= 1024 && unit + 1 < ARRAY_LEN(units)) {
        amount /= 1024;
        unit++;
    }
    double tenths = amount * 10;
    bool whole = tenths - 10 * (double)(uint64_t)amount < 0.5;
    strbuf_printf(b, "%.*f %s", whole ? 0 : 1, amount, units[unit]);
}

void text_add_duration(struct strbuf *b, uint64_t s)
{
    uint64_t minutes = s / 60, hours = minutes / 60, days = hours / 24;
    if (days)
        strbuf_printf(b, "%" PRIu64 " day%s %" PRIu64 " h", days, days == 1 ? "" : "s", hours % 24);
    else if (hours)
        strbuf_printf(b, "%" PRIu64 " h %" PRIu64 " min", hours, minutes % 60);
    else if (minutes)
        strbuf_printf(b, "%" PRIu64 " min", minutes);
    else
        strbuf_printf(b, "%" PRIu64 " s", s);
}

void text_add_table(struct strbuf *b, unsigned columns, const struct strv *cells)
{
    size_t widths[COLUMNS_MAX] = {0};
    struct strbuf ignored = {0};
    for (size_t i = 0; i < cells->n; i++) {
        size_t width = text_add(&ignored, cells->v[i]);
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    strbuf_finish(&ignored);
    for (size_t i = 0; i < cells->n; i++) {
        size_t width = text_add(b, cells->v[i]);
        if (i % columns == columns - 1)
            strbuf_addc(b, '\n');
        else
            strbuf_printf(b, "%*s", (int)(widths[i % columns] - width) + 2, "");
    }
}
