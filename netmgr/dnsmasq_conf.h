// SPDX-License-Identifier: GPL-2.0-or-later
// What dnsmasq reads for a network, as text. Pure functions.
#pragma once

#include "base/str.h"
#include "schemas/network/def.h"

// Where the files are; borrowed.
struct dnsmasq_paths {
    const char *conf, *pid;                 // of the run directory
    const char *hosts, *addnhosts, *leases; // of the state directory
    const char *user;                       // NULL: dnsmasq's own choice
};

struct dnsmasq_files {
    char *conf;      // changes need a restart
    char *hosts;     // fixed leases; read again on SIGHUP
    char *addnhosts; // names; likewise
};

// Does the network need a dnsmasq at all?
bool dnsmasq_wanted(const struct network_def *def);
// ERROR_XML for text that cannot stand in a line of dnsmasq's configuration.
int dnsmasq_files_make(const struct network_def *def, const struct dnsmasq_paths *paths,
                       struct dnsmasq_files *ret, struct error *err);
void dnsmasq_files_finish(struct dnsmasq_files *f);
