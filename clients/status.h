// SPDX-License-Identifier: LGPL-2.1-or-later
// The text of `vireo status`; separate from the queries, so that it can be tested.
#pragma once

#include <sys/types.h>
#include "clients/domains.h"

struct status {
    char *process;    // name of the daemon's process; NULL: not known
    pid_t pid;        // 0: not known
    int64_t uptime_s; // -1: not known
    char *socket;     // NULL: not known
    char *uri, *hostname;
    uint64_t qemu_version, protocol_version; // 7002022 is 7.2.22; 0: not known
    struct wire_node_get_info_ret node;
    bool has_networks;
    unsigned active_networks, inactive_networks;
    struct domains domains;
};

void status_add(struct strbuf *b, const struct status *s);
void status_finish(struct status *s);
