// SPDX-License-Identifier: LGPL-2.1-or-later
// vireo list
#include "clients/command.h"
#include "clients/guests.h"

#include <stdio.h>

int command_list(const struct options *o)
{
    struct vireo_error err = {0};
    struct vireo *conn = command_connect(o);
    if (!conn)
        return 1;
    struct guests guests;
    int r = guests_read(conn, o->words, o->nwords, &guests, &err);
    vireo_close(conn);
    if (r < 0)
        return command_fail("cannot list the guests", &err);
    AUTO_STRBUF out = {0};
    if (o->json)
        guests_add_json(&out, &guests);
    else if (o->names)
        guests_add_names(&out, &guests);
    else
        guests_add_table(&out, &guests);
    fputs(strbuf_text(&out), stdout);
    if (guests.n == 0 && !o->json && !o->names)
        fputs("no guests are defined\n", stderr);
    guests_finish(&guests);
    return 0;
}
