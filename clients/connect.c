// SPDX-License-Identifier: LGPL-2.1-or-later
// How the subcommands connect and how they report failures.
#include "base/str.h"
#include "clients/command.h"
#include "clients/text.h"

#include <stdio.h>

int command_fail(const char *doing, struct vireo_error *err)
{
    AUTO_STRBUF b = {0};
    text_add(&b, err->message ? err->message : "unknown error");
    fprintf(stderr, "vireo: %s: %s\n", doing, strbuf_text(&b));
    vireo_error_clear(err);
    return 1;
}

struct vireo *command_connect(const struct options *o)
{
    struct vireo_error err = {0};
    struct vireo *conn = vireo_open_within(o->connect, VIREO_READ_ONLY, o->timeout_ms, &err);
    if (!conn) {
        command_fail("no daemon", &err);
        fputs("vireo: run `vireo doctor` to find the cause\n", stderr);
    }
    return conn;
}
