// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// json-c's tokenizer keeps its state between pieces, so nothing is buffered twice and each piece is
// read once. It has no bound on size, though, and a value of two bytes costs it a hundred of
// memory: a scan before it counts bytes and values, and refuses what JSON never has (control
// characters; json-c would stop silently at a NUL).
#include "monitor/qmp_parse.h"
#include "base/alloc.h"
#include "base/str.h"
#include "monitor/qmp.h"

enum {
    EXCERPT = 60,
    KEEP_TOKENER = 1024 * 1024, // above, the tokenizer's own buffer is given back after a message
};

static struct json_tokener *make_tokener(void)
{
    struct json_tokener *t = json_tokener_new_ex(QMP_DEPTH_MAX);
    if (!t)
        abort(); // out of memory, as in base/alloc.c
    json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    return t;
}

void qmp_parser_init(struct qmp_parser *p)
{
    *p = (struct qmp_parser){.tokener = make_tokener()};
}

void qmp_parser_finish(struct qmp_parser *p)
{
    if (p->tokener)
        json_tokener_free(p->tokener);
    p->tokener = NULL;
}

static bool is_whitespace(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int refuse(struct error *err, const char *why, const char *data, size_t len)
{
    AUTO_FREE char *excerpt = str_printable(data, len < EXCERPT ? len : EXCERPT);
    return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU, "not QMP: %s at '%s'", why, excerpt);
}

// Counts what the next bytes add to the message under way.
static int scan(struct qmp_parser *p, const char *data, size_t len, struct error *err)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)data[i];
        if (c < 0x20 && (p->in_string || !is_whitespace((char)c)))
            return refuse(err, "control character", data + i, len - i);
        if (p->in_string) {
            if (p->escaped)
                p->escaped = false;
            else if (c == '\\')
                p->escaped = true;
            else if (c == '"')
                p->in_string = false;
        } else if (c == '"') {
            p->in_string = true;
        } else if (c == ',' || c == '{' || c == '[') {
            p->values++;
        }
    }
    p->bytes += len;
    if (p->bytes > QMP_MESSAGE_MAX)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                         "a message larger than %d bytes, the most that is taken", QMP_MESSAGE_MAX);
    if (p->values > QMP_VALUES_MAX)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                         "a message of more than %d values, the most that are taken",
                         QMP_VALUES_MAX);
    return 0;
}

// Number of bytes up to and with the next '}' outside of strings, which may end the message; all if
// there is none. A piece cut there holds no byte of the next message, so scan() counts right.
static size_t piece_length(const struct qmp_parser *p, const char *data, size_t len)
{
    bool in_string = p->in_string, escaped = p->escaped;
    for (size_t i = 0; i < len; i++) {
        char c = data[i];
        if (in_string) {
            if (escaped)
                escaped = false;
            else if (c == '\\')
                escaped = true;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '}') {
            return i + 1;
        }
    }
    return len;
}

static void next_message(struct qmp_parser *p)
{
    if (p->bytes > KEEP_TOKENER) {
        json_tokener_free(p->tokener);
        p->tokener = make_tokener();
    } else {
        json_tokener_reset(p->tokener);
    }
    p->bytes = p->values = 0;
    p->inside = p->in_string = p->escaped = false;
}

int qmp_parser_feed(struct qmp_parser *p, const char *data, size_t len, size_t *used,
                    struct json_object **message, size_t *values, struct error *err)
{
    size_t at = 0;
    *message = NULL;
    *used = len;
    if (!p->inside) {
        while (at < len && is_whitespace(data[at]))
            at++;
        if (at == len)
            return 0;
        if (data[at] != '{')
            return refuse(err, "no object", data + at, len - at);
        p->inside = true;
    }
    while (at < len) {
        size_t n = piece_length(p, data + at, len - at);
        if (scan(p, data + at, n, err) < 0)
            return -1;
        struct json_object *o = json_tokener_parse_ex(p->tokener, data + at, (int)n);
        enum json_tokener_error e = json_tokener_get_error(p->tokener);
        if (o) {
            *used = at + json_tokener_get_parse_end(p->tokener);
            *message = o;
            *values = p->values;
            next_message(p);
            return 1;
        }
        if (e != json_tokener_continue)
            return refuse(err, json_tokener_error_desc(e), data + at, n);
        at += n;
    }
    return 0;
}
