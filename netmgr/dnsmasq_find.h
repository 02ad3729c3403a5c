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

// The argument that says in which network namespace it was started. Caller frees.
char *dnsmasq_mark(void);
// Appends those of this network namespace that run with the configuration `path`, or with any in
// the directory `dir`; the other one is NULL. Doesn't suspend.
void dnsmasq_find(const char *path, const char *dir, struct dnsmasq_vec *ret);
// The one that the pid file names. 0, -ESRCH when that is none of vireod's, or -errno; then *ret
// is PROCESS_NONE. Doesn't suspend.
int dnsmasq_open(const struct network_files *f, struct process *ret);
// Ends it and waits until it is gone. Suspends.
void dnsmasq_end_found(struct task *t, const struct dnsmasq_found *f);
// Ends all that run with this configuration but the process `keep` (0: none). Returns how many.
// Suspends.
size_t dnsmasq_end_others(struct task *t, const char *conf, pid_t keep);
