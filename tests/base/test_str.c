// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include "base/error.h"
#include "base/str.h"
#include "base/uuid.h"
#include "tests/check.h"

static void test_numbers(void)
{
    uint64_t u;
    int64_t i;
    CHECK_INT(str_to_u64("18446744073709551615", 10, UINT64_MAX, &u), 0);
    CHECK(u == UINT64_MAX);
    CHECK_INT(str_to_u64("18446744073709551616", 10, UINT64_MAX, &u), -ERANGE);
    CHECK_INT(str_to_u64("256", 10, 255, &u), -ERANGE);
    CHECK_INT(str_to_u64("0x1f", 0, 255, &u), 0);
    CHECK_INT(u, 31);
    const char *bad[] = {"", " 1", "-1", "+1", "1 ", "1x", "x"};
    for (size_t k = 0; k < ARRAY_LEN(bad); k++)
        CHECK_INT(str_to_u64(bad[k], 10, UINT64_MAX, &u), -EINVAL);
    CHECK_INT(str_to_i64("-7", -10, 10, &i), 0);
    CHECK_INT(i, -7);
    CHECK_INT(str_to_i64("-11", -10, 10, &i), -ERANGE);
    CHECK_INT(str_to_i64("--1", -10, 10, &i), -EINVAL);
}

static void test_buffers(void)
{
    AUTO_STRBUF b = {0};
    strbuf_add_xml(&b, "a<b>&\"'\x01\n");
    CHECK_STR(strbuf_text(&b), "a&lt;b&gt;&amp;&quot;&apos;\n");
    strbuf_reset(&b);
    for (int i = 0; i < 1000; i++)
        strbuf_printf(&b, "%d,", i);
    CHECK_INT(b.len, 3890);
    AUTO_FREE char *printable = str_printable("a\n\xff", 3);
    CHECK_STR(printable, "a\\x0a\\xff");
    static const char *const shown[][2] = {
        {"gr\u00fc\u00df \u65e5\u672c \U0001f600", NULL},       // letters and signs stay
        {"one\n\ttwo", NULL},                                   //
        {"\x1b[2J", "\\x1b[2J"},                                // a terminal's command
        {"a\x7f", "a\\x7f"},                                    //
        {"\u202exml.evil", "\\xe2\\x80\\xaexml.evil"},          // turns the rest around
        {"a\u200bb\ufeff", "a\\xe2\\x80\\x8bb\\xef\\xbb\\xbf"}, // not seen at all
        {"\xc2\x9b"
         "1m",
         "\\xc2\\x9b"
         "1m"},                                       // ESC [ in one character
        {"\xc0\xaf", "\\xc0\\xaf"},                   // overlong
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          // a surrogate
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, // beyond the last
        {"\xe6\x97", "\\xe6\\x97"},                   // cut off
    };
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        AUTO_FREE char *clean = str_clean(shown[i][0]);
        if (shown[i][1])
            CHECK_STR(clean, shown[i][1]);
        else
            CHECK(!clean);
    }
    AUTO_ERROR err = ERROR_INIT;
    error_set(&err, ERROR_INTERNAL, AREA_QEMU, "QEMU says: %s", "\x1b[31mred\nline \xff");
    CHECK_STR(err.message, "QEMU says: \\x1b[31mred\nline \\xff");
    error_prefix(&err, "domain '%s'", "\u202e");
    CHECK_STR(err.message, "domain '\\xe2\\x80\\xae': QEMU says: \\x1b[31mred\nline \\xff");
}

static void test_uuid(void)
{
    struct uuid u, v;
    char text[UUID_TEXT_SIZE];
    CHECK_INT(uuid_parse("C7A5FDBD-CDAF-9455-926A-D65C16DB1809", &u), 0);
    CHECK_STR(uuid_format(&u, text), "c7a5fdbd-cdaf-9455-926a-d65c16db1809");
    CHECK_INT(uuid_parse("c7a5fdbdcdaf9455926ad65c16db1809", &v), 0);
    CHECK(uuid_eq(&u, &v));
    CHECK_INT(uuid_parse("c7a5fdbdcdaf9455926ad65c16db18", &v), -EINVAL);
    CHECK_INT(uuid_parse("c7a5fdbdcdaf9455926ad65c16db180900", &v), -EINVAL);
    CHECK_INT(uuid_parse("g7a5fdbdcdaf9455926ad65c16db1809", &v), -EINVAL);
    u = uuid_random();
    v = uuid_random();
    CHECK(!uuid_eq(&u, &v));
    CHECK_INT(u.b[6] >> 4, 4);
}

static void test_errors(void)
{
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(error_set(&err, ERROR_XML, AREA_XML, "bad %d", 7), -1);
    error_prefix(&err, "line %d", 3);
    CHECK_STR(err.message, "line 3: bad 7");
    // The old text may be an argument of the new one.
    error_set(&err, ERROR_SYSTEM, AREA_NONE, "again: %s", err.message);
    CHECK_STR(err.message, "again: line 3: bad 7");
    error_set_errno(&err, AREA_QEMU, -ENOENT, "cannot open 'x'");
    CHECK_STR(err.message, "cannot open 'x': No such file or directory");
    CHECK_INT(err.sys_errno, ENOENT);
    struct error to = ERROR_INIT;
    error_move(&to, &err);
    CHECK(!err.message && to.code == ERROR_SYSTEM);
    error_clear(&to);
    error_set(NULL, ERROR_SYSTEM, AREA_NONE, "discarded");
}

static void test_arena(void)
{
    struct arena a = {0};
    char *big = arena_alloc(&a, 1 << 20);
    big[(1 << 20) - 1] = 1;
    for (size_t i = 1; i < 3000; i++) {
        char *p = arena_alloc(&a, i % 50 + 1);
        CHECK_INT((uintptr_t)p % _Alignof(max_align_t), 0);
        CHECK_INT(p[i % 50], 0);
        memset(p, 0xff, i % 50 + 1);
    }
    CHECK_STR(arena_printf(&a, "%s-%d", "x", 5), "x-5");
    CHECK_STR(arena_strndup(&a, "abc", 2), "ab");
    arena_finish(&a);
}

int main(void)
{
    RUN(test_numbers);
    RUN(test_buffers);
    RUN(test_uuid);
    RUN(test_errors);
    RUN(test_arena);
    return 0;
}
