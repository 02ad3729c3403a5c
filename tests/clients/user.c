// SPDX-License-Identifier: LGPL-2.1-or-later
// A program as a user of the installed libvireo writes it: test_install.py builds it with
// pkg-config alone, and runs it against a daemon that does not run.
#include <libvireo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int list(struct vireo *conn, struct vireo_error *err)
{
    struct wire_connect_list_all_domains_args args = {.need_results = 1};
    struct wire_connect_list_all_domains_ret all;
    if (vireo_connect_list_all_domains(conn, &args, &all, err) < 0)
        return -1;
    for (uint32_t i = 0; i < all.domains.n; i++)
        puts(all.domains.v[i].name);
    return 0;
}

int main(int argc, char **argv)
{
    struct vireo_error err = {0};
    const char *where = argc > 1 ? argv[1] : "qemu:///session";
    char *socket = vireo_socket_path(where, 0);
    printf("socket %s\n", socket);
    free(socket);
    struct vireo *conn = vireo_open(where, VIREO_READ_ONLY, &err);
    int r = conn ? list(conn, &err) : -1;
    if (r < 0)
        printf("error %d: %s\n", err.code, err.message);
    vireo_error_clear(&err);
    vireo_close(conn);
    return r < 0 ? 1 : 0;
}
