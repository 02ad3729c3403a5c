// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/alloc.h"
#include "base/str.h"
#include "monitor/qmp.h"
#include "monitor/qmp_parse.h"
#include "tests/check.h"

// Feeds text in pieces of `chunk` bytes; the messages one per line, then "!" and the error if any.
static char *parse(const char *text, size_t len, size_t chunk)
{
    struct qmp_parser p;
    AUTO_STRBUF out = {0};
    AUTO_ERROR err = ERROR_INIT;
    qmp_parser_init(&p);
    for (size_t at = 0; at < len;) {
        size_t n = len - at < chunk ? len - at : chunk, used, values;
        struct json_object *message;
        int r = qmp_parser_feed(&p, text + at, n, &used, &message, &values, &err);
        if (r > 0) {
            strbuf_printf(&out, "%s\n",
                          json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN));
            json_object_put(message);
        } else if (r < 0) {
            strbuf_printf(&out, "!%s", err.message);
            break;
        }
        CHECK(used <= n && (r > 0 || used == n));
        at += used;
    }
    if (!err.message && p.inside)
        strbuf_add(&out, "...");
    qmp_parser_finish(&p);
    return strbuf_steal(&out);
}

static void messages_in_any_pieces(void)
{
    const char *text = "{\"a\": [1, {\"}\": \"{\\\"}\\\\\"}]}\r\n\r\n {\"b\": 18446744073709551615}"
                       "{\"c\":-9223372036854775808,\"d\":null,\"e\":1.5,\"f\":-2.5e-30}\r\n";
    for (size_t chunk = 1; chunk < strlen(text) + 2; chunk++) {
        AUTO_FREE char *got = parse(text, strlen(text), chunk);
        CHECK_STR(got, "{\"a\":[1,{\"}\":\"{\\\"}\\\\\"}]}\n{\"b\":18446744073709551615}\n"
                       "{\"c\":-9223372036854775808,\"d\":null,\"e\":1.5,\"f\":-2.5e-30}\n");
    }
}

static void unfinished(void)
{
    AUTO_FREE char *got = parse("{\"a\": [", 7, 3);
    CHECK_STR(got, "...");
}

static void garbage(void)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"xyz", "!not QMP: no object at 'xyz'"},
        {"[1]", "!not QMP: no object"},
        {"{\"a\": \x01}", "!not QMP: control character"},
        {"{\"a\": \"x\ny\"}", "!not QMP: control character"},
        {"{a: 1}", "!not QMP: "},
        {"{\"a\": 1,}", "!not QMP: "},
        {"{\"a\" 1}", "!not QMP: "},
        {"{\"a\": nul}", "!not QMP: "},
        {"{\"a\": 1} HTTP/1.1", "{\"a\":1}\n!not QMP: no object at 'HTTP/1.1'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t chunk = 1; chunk < 40; chunk += 38) {
            AUTO_FREE char *got = parse(cases[i].text, strlen(cases[i].text), chunk);
            CHECK_CONTAINS(got, chunk == 1 ? "not QMP: " : cases[i].says);
        }
    }
    AUTO_FREE char *nul = parse("{\"a\"\0: 1}", 9, 100);
    CHECK_CONTAINS(nul, "!not QMP: control character");
}

static void too_deep(void)
{
    AUTO_STRBUF b = {0};
    strbuf_add(&b, "{\"a\":");
    for (int i = 0; i < QMP_DEPTH_MAX + 1; i++)
        strbuf_addc(&b, '[');
    AUTO_FREE char *got = parse(b.data, b.len, 7);
    CHECK_CONTAINS(got, "!not QMP: nesting");
}

static void too_large(void)
{
    size_t n = (size_t)QMP_MESSAGE_MAX + 1;
    AUTO_FREE char *text = xmalloc(n);
    memset(text, 'x', n);
    memcpy(text, "{\"a\":\"", 6);
    AUTO_FREE char *got = parse(text, n, QMP_SLICE);
    CHECK_CONTAINS(got, "!a message larger than 67108864 bytes");
}

static void too_many_values(void)
{
    size_t n = (size_t)QMP_VALUES_MAX * 2 + 64;
    AUTO_FREE char *text = xmalloc(n);
    for (size_t i = 0; i < n; i++)
        text[i] = i % 2 ? ',' : '1';
    memcpy(text, "{\"aaa\":[", 8);
    AUTO_FREE char *got = parse(text, n, QMP_SLICE);
    CHECK_CONTAINS(got, "values, the most that are taken");
}

// Commas in a text are no values, and a message's count starts from nothing.
static void values_count_outside_of_strings(void)
{
    AUTO_STRBUF b = {0};
    for (int k = 0; k < 3; k++) {
        strbuf_add(&b, "{\"a\":\"");
        for (int i = 0; i < QMP_VALUES_MAX; i++)
            strbuf_addc(&b, ',');
        strbuf_add(&b, "\"}\r\n");
    }
    AUTO_FREE char *got = parse(b.data, b.len, 1000);
    CHECK(got[0] == '{' && !strchr(got, '!'));
}

int main(void)
{
    RUN(messages_in_any_pieces);
    RUN(unfinished);
    RUN(garbage);
    RUN(too_deep);
    RUN(too_large);
    RUN(too_many_values);
    RUN(values_count_outside_of_strings);
    return 0;
}
