// SPDX-License-Identifier: GPL-2.0-or-later
// Rules as the kernel's x_tables want them, and the two libiptc libraries behind one face.
#pragma once

#include "firewall/rules.h"

struct xtc_handle;

// The calls of libip4tc or libip6tc. Entries are ipt_entry or ip6t_entry. Those that change return
// 1, or 0 with errno set, as the libraries do.
struct ipt_tables {
    enum rule_family family;
    const char *proc_names; // which tables this namespace uses already
    struct xtc_handle *(*init)(const char *table);
    void (*free)(struct xtc_handle *h);
    int (*commit)(struct xtc_handle *h);
    const char *(*strerror)(int e);
    int (*is_chain)(const char *chain, struct xtc_handle *h);
    const char *(*first_chain)(struct xtc_handle *h);
    const char *(*next_chain)(struct xtc_handle *h);
    const void *(*first_rule)(const char *chain, struct xtc_handle *h);
    const void *(*next_rule)(const void *prev, struct xtc_handle *h);
    const char *(*get_target)(const void *e, struct xtc_handle *h);
    const char *(*get_policy)(const char *chain, struct xtc_handle *h); // NULL: not built in
    int (*insert)(const char *chain, const void *e, unsigned at, struct xtc_handle *h);
    int (*append)(const char *chain, const void *e, struct xtc_handle *h);
    int (*delete_at)(const char *chain, unsigned at, struct xtc_handle *h);
    int (*flush)(const char *chain, struct xtc_handle *h);
    int (*create_chain)(const char *chain, struct xtc_handle *h);
    int (*delete_chain)(const char *chain, struct xtc_handle *h);
};
const struct ipt_tables *ipt_tables_of(enum rule_family family); // RULE_V4, RULE_V6

// A network's rule. Caller frees.
void *entry_from_rule(enum rule_family family, const struct rule *rule);
// "-i in -o out -m comment --comment X -j target"; each but target may be NULL. Caller frees.
void *entry_from_jump(enum rule_family family, const char *in, const char *out, const char *comment,
                      const char *target);
// Whether a rule read from the kernel, whose target has that name, is the one built here. Counters
// don't count.
bool entry_equal(enum rule_family family, const void *built, const void *read,
                 const char *read_target);
// Whether it matches every packet.
bool entry_matches_all(enum rule_family family, const void *entry);
// Whether it asks for that interface by name.
bool entry_names(enum rule_family family, const void *entry, const char *interface);
// The text of its comment match, or NULL; borrowed from the entry.
const char *entry_comment(enum rule_family family, const void *entry);
