// SPDX-License-Identifier: GPL-2.0-or-later
// What a backend does. All functions block, run on a helper thread and touch nothing but their
// arguments.
#pragma once

#include "firewall/rules.h"

struct ipt_tables;
struct xtc_handle;
struct nfnl;
struct nft_ctx;

// What the calls share, one at a time. The netfilter sockets stay open: closing one waits for the
// kernel to finish off what was deleted last, an RCU grace period of 10 ms and more (measured).
struct backend_env {
    const char *lock_path;
    struct nfnl *nfnl;   // NULL: not opened yet
    struct nft_ctx *nft; // likewise
};

struct backend {
    const char *name;
    // 0, or -1 with the reason why it can't be used here.
    int (*probe)(struct backend_env *env, struct error *err);
    int (*apply)(struct backend_env *env, const struct firewall_network *net,
                 const struct rule_vec *rules, struct error *err);
    int (*remove)(struct backend_env *env, const char *bridge, struct error *err);
    // *missing: NULL when complete, else what is not there.
    int (*verify)(struct backend_env *env, const struct firewall_network *net,
                  const struct rule_vec *rules, char **missing, struct error *err);
    int (*sweep)(struct backend_env *env, const struct strv *known, struct error *err);
};

extern const struct backend backend_nftables;
extern const struct backend backend_iptables;

// hooks.c: accepts in chains that others share, where those would drop. `active` is the backend in
// use, rules are the network's.
#define HOOK_TAG "vireo " // before the bridge's name, in the comment of each rule there
int hooks_apply(const struct backend *active, struct backend_env *env, const char *bridge,
                const struct rule_vec *rules, struct error *err);
int hooks_remove(struct backend_env *env, const char *bridge, struct error *err);
int hooks_verify(const struct backend *active, struct backend_env *env, const char *bridge,
                 const struct rule_vec *rules, char **missing, struct error *err);
int hooks_sweep(struct backend_env *env, const struct strv *known, struct error *err);

// blockers.c; services: guests must reach the host's DHCP and DNS
int blockers_find(struct backend_env *env, const char *bridge, bool services, struct strv *ret,
                  struct error *err);

// nft.c: runs nft commands, all or nothing. 0, or -1 with what libnftables said.
int nft_run(struct backend_env *env, const char *commands, struct error *err);
// The socket for reading, opened when needed; NULL with err.
struct nfnl *nft_reader(struct backend_env *env, struct error *err);
void backend_env_finish(struct backend_env *env);

// ipt.c: the lock that all users of the legacy tables share; waits at most a few seconds.
// Descriptor, or -1 with err. Closing it unlocks.
int ipt_lock(const char *path, struct error *err);
// Whether this namespace uses that legacy table already; asking libiptc would create it.
bool ipt_table_used(const struct ipt_tables *ops, const char *table);
// Whether a chain drops whatever its rules don't decide: by its policy, or by a rule for all.
bool ipt_chain_drops(const struct ipt_tables *ops, const char *chain, struct xtc_handle *h);
// Runs `change` on a table and commits, again from the start when another program committed
// meanwhile. change: 1 to commit, 0 nothing to do, -1 with errno set by libiptc.
int ipt_change(const struct ipt_tables *ops, const char *table,
               int (*change)(const struct ipt_tables *ops, struct xtc_handle *h, void *arg),
               void *arg, struct error *err);
