// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the chains and rules of nftables by raw netlink, without libnftables' cache of everything.
//
// Not with libnftnl (1.2.4): it refuses a whole rule for one expression that it does not know, and
// a rule that drops a guest's packets must be found all the same; and it takes 15.8 ms to decode
// 2000 rules where this takes 11.8 ms, as it allocates every expression.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

struct nfnl;

struct nfnl_chain {
    uint8_t family; // NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6, ...
    const char *table, *name;
    bool base;           // attached to a hook
    uint32_t hook;       // NF_INET_FORWARD, ...
    bool policy_drop;    // of a base chain
    uint32_t use;        // its rules plus the references to it
    const char *comment; // or ""
};

enum nfnl_verdict { NFNL_OTHER, NFNL_ACCEPT, NFNL_DROP, NFNL_REJECT };

struct nfnl_rule {
    uint8_t family;
    const char *table, *chain;
    uint64_t handle;
    const char *comment; // or ""
    bool unconditional;  // nothing but counters before the verdict
    enum nfnl_verdict verdict;
    // Interfaces it compares with by name; text without NUL, or with it when all of it must match.
    struct nfnl_name {
        char text[16];
        size_t len;
    } names[2];
    unsigned nnames;
};
bool nfnl_rule_names(const struct nfnl_rule *rule, const char *interface);

// Strings are valid during the call. Not 0 stops and is the result.
typedef int (*nfnl_chain_fn)(const struct nfnl_chain *chain, void *arg);
typedef int (*nfnl_rule_fn)(const struct nfnl_rule *rule, void *arg);

// err says when the kernel has no nftables or denies it.
int nfnl_open(struct nfnl **ret, struct error *err);
void nfnl_close(struct nfnl *n);
int nfnl_each_chain(struct nfnl *n, nfnl_chain_fn fn, void *arg, struct error *err);
// chain NULL: of all chains of the table
int nfnl_each_rule(struct nfnl *n, uint8_t family, const char *table, const char *chain,
                   nfnl_rule_fn fn, void *arg, struct error *err);
