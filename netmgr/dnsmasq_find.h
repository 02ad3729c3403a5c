// SPDX-License-Identifier: GPL-2.0-or-later
// vireod's dnsmasq processes, found by their command line.
#pragma once

#include "base/vec.h"
#include "netmgr/internal.h"

#define DNSMASQ_CONF_OPTION "--conf-file="

struct dnsmasq_found {
    pid_t pid;
    char *conf; // owned
};
struct dnsmasq_vec {
    struct dnsmasq_found *v;
    size_t n, cap;
};
void dnsmasq_vec_finish(struct dnsmasq_vec *f);

// The argument that names the network namespace of its start. Caller frees.
char *dnsmasq_mark(void);
// Appends the dnsmasq processes of this network namespace that use the configuration `path`, or any
// in the directory `dir`; the other argument is NULL. Doesn't suspend.
void dnsmasq_find(const char *path, const char *dir, struct dnsmasq_vec *ret);
// Opens the process that the pid file names. 0, -ESRCH when vireod did not start it, or -errno; on
// failure *ret is PROCESS_NONE. Doesn't suspend.
int dnsmasq_open(const struct network_files *f, struct process *ret);
// Stops it and waits for its exit. Suspends.
void dnsmasq_end_found(struct task *t, const struct dnsmasq_found *f);
// Stops all processes with this configuration except the process `keep` (0: none). Returns their
// number. Suspends.
size_t dnsmasq_end_others(struct task *t, const char *conf, pid_t keep);
