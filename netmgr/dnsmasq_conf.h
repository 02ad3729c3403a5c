// SPDX-License-Identifier: GPL-2.0-or-later
// dnsmasq's files of a network, as text. Pure functions.
#pragma once

#include "base/str.h"
#include "schemas/network/def.h"

// Paths of the files; borrowed.
struct dnsmasq_paths {
    const char *conf, *pid;                 // in the run directory
    const char *hosts, *addnhosts, *leases; // in the state directory
    const char *user;                       // NULL: dnsmasq's default
};

struct dnsmasq_files {
    char *conf;      // a change needs a restart
    char *hosts;     // fixed leases; reread on SIGHUP
    char *addnhosts; // names; reread on SIGHUP
};

// Whether the network needs a dnsmasq.
bool dnsmasq_needed(const struct network_def *def);
// ERROR_XML for text that cannot be part of a line of dnsmasq's configuration.
int dnsmasq_files_make(const struct network_def *def, const struct dnsmasq_paths *paths,
                       struct dnsmasq_files *ret, struct error *err);
void dnsmasq_files_finish(struct dnsmasq_files *f);
