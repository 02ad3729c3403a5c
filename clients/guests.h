// SPDX-License-Identifier: LGPL-2.1-or-later
// The guests as the commands show them.
#pragma once

#include "base/str.h"
#include "clients/libvireo.h"

struct guest {
    char *name;
    uint8_t uuid[16];
    int32_t id; // -1: not active
    unsigned state;
    unsigned vcpus;
    uint64_t memory_kib, max_memory_kib;
};

struct guests {
    struct guest *v;
    size_t n, cap;
};

// All guests, the active ones first by id, the others by name. With `names` only those; one that
// is not there is an error. 0 or -1.
int guests_read(struct vireo *conn, char *const *names, int nnames, struct guests *ret,
                struct vireo_error *err);
void guests_sort(struct guests *g);
void guests_finish(struct guests *g);

// "running", as virsh says it.
const char *guests_state_name(unsigned state);
// With a line of headings; nothing at all when there are no guests.
void guests_add_table(struct strbuf *b, const struct guests *g);
void guests_add_json(struct strbuf *b, const struct guests *g);
void guests_add_names(struct strbuf *b, const struct guests *g);
// "2 running, 1 shut off"; "none".
void guests_add_counts(struct strbuf *b, const struct guests *g);
