// SPDX-License-Identifier: GPL-2.0-or-later
// What QEMU may send. The first byte chooses the size of the pieces; whatever they are, the
// messages found must be the same.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "monitor/qmp_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int parse(const char *text, size_t len, size_t chunk, struct strbuf *out)
{
    struct qmp_parser p;
    int r = 0;
    qmp_parser_init(&p);
    for (size_t at = 0; r >= 0 && at < len;) {
        size_t n = len - at < chunk ? len - at : chunk, used, values;
        struct json_object *message;
        AUTO_ERROR err = ERROR_INIT;
        r = qmp_parser_feed(&p, text + at, n, &used, &message, &values, &err);
        if (used > n || (r < 0) != (err.message != NULL))
            abort();
        at += used;
        if (r > 0) {
            strbuf_add(out, json_object_to_json_string(message));
            json_object_put(message);
        }
    }
    qmp_parser_finish(&p);
    return r < 0 ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_STRBUF whole = {0}, pieces = {0};
    if (size < 1)
        return 0;
    int a = parse((const char *)data + 1, size - 1, size, &whole);
    int b = parse((const char *)data + 1, size - 1, (size_t)data[0] + 1, &pieces);
    if (a == 0 && (b < 0 || strcmp(strbuf_text(&whole), strbuf_text(&pieces)) != 0))
        abort();
    return 0;
}
