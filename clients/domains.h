// SPDX-License-Identifier: LGPL-2.1-or-later
// Domains as the subcommands show them.
#pragma once

#include "base/str.h"
#include "clients/libvireo.h"

struct domain_info {
    char *name;
    uint8_t uuid[16];
    int32_t id; // -1: not active
    unsigned state;
    unsigned vcpus;
    uint64_t memory_kib, max_memory_kib;
};

struct domains {
    struct domain_info *v;
    size_t n, cap;
};

// All domains: the active ones by id, then the others by name. With `names` only those; an unknown
// name is an error. 0 or -1.
int domains_read(struct vireo *conn, char *const *names, int nnames, struct domains *ret,
                 struct vireo_error *err);
void domains_sort(struct domains *d);
void domains_finish(struct domains *d);

// "running", as virsh names it.
const char *domains_state_name(unsigned state);
// With a heading line; adds nothing when there are no domains.
void domains_add_table(struct strbuf *b, const struct domains *d);
void domains_add_json(struct strbuf *b, const struct domains *d);
void domains_add_names(struct strbuf *b, const struct domains *d);
// "2 running, 1 shut off"; "none".
void domains_add_counts(struct strbuf *b, const struct domains *d);
