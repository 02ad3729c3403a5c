// SPDX-License-Identifier: LGPL-2.1-or-later
// vireo list
#include "clients/command.h"
#include "clients/domains.h"

#include <stdio.h>

int command_list(const struct options *o)
{
    struct vireo_error err = {0};
    struct vireo *conn = command_connect(o);
    if (!conn)
        return 1;
    struct domains domains;
    int r = domains_read(conn, o->args, o->nargs, &domains, &err);
    vireo_close(conn);
    if (r < 0)
        return command_fail("cannot list the domains", &err);
    AUTO_STRBUF out = {0};
    if (o->json)
        domains_add_json(&out, &domains);
    else if (o->names)
        domains_add_names(&out, &domains);
    else
        domains_add_table(&out, &domains);
    fputs(strbuf_text(&out), stdout);
    if (domains.n == 0 && !o->json && !o->names)
        fputs("no domains are defined\n", stderr);
    domains_finish(&domains);
    return 0;
}
