// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clients/guests.h"
#include "base/uuid.h"
#include "clients/text.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const STATES[] = {"no state",    "running",  "idle",    "paused",
                                     "in shutdown", "shut off", "crashed", "pmsuspended"};

static void guest_finish(struct guest *g)
{
    free(g->name);
}

void guests_finish(struct guests *g)
{
    VEC_FOREACH (one, g)
        guest_finish(one);
    vec_finish(g);
}

static int compare(const void *a, const void *b)
{
    const struct guest *x = a, *y = b;
    if ((x->id < 0) != (y->id < 0))
        return x->id < 0 ? 1 : -1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return strcmp(x->name, y->name);
}

void guests_sort(struct guests *g)
{
    if (g->n > 1)
        qsort(g->v, g->n, sizeof(*g->v), compare);
}

// 1, 0 when it went away since it was listed, or -1.
static int read_one(struct vireo *conn, const struct wire_domain_ref *ref, struct guest *ret,
                    struct vireo_error *err)
{
    struct wire_domain_get_info_ret info;
    struct wire_domain_get_info_args args = {.dom = *ref};
    if (vireo_domain_get_info(conn, &args, &info, err) < 0) {
        if (err->code != WIRE_ERR_NO_DOMAIN)
            return -1;
        vireo_error_clear(err);
        return 0;
    }
    *ret = (struct guest){.name = xstrdup(ref->name),
                          .id = ref->id,
                          .state = info.state,
                          .vcpus = info.nrVirtCpu,
                          .memory_kib = info.memory,
                          .max_memory_kib = info.maxMem};
    memcpy(ret->uuid, ref->uuid, sizeof(ret->uuid));
    return 1;
}

static int read_all(struct vireo *conn, struct guests *ret, struct vireo_error *err)
{
    struct wire_connect_list_all_domains_ret all;
    struct wire_connect_list_all_domains_args args = {.need_results = 1};
    if (vireo_connect_list_all_domains(conn, &args, &all, err) < 0)
        return -1;
    for (uint32_t i = 0; i < all.domains.n; i++) {
        struct guest one;
        int r = read_one(conn, &all.domains.v[i], &one, err);
        if (r < 0)
            return -1;
        if (r > 0)
            vec_push(ret, one);
    }
    return 0;
}

static int read_named(struct vireo *conn, char *const *names, int nnames, struct guests *ret,
                      struct vireo_error *err)
{
    for (int i = 0; i < nnames; i++) {
        struct wire_domain_lookup_by_name_ret found;
        struct wire_domain_lookup_by_name_args args = {.name = names[i]};
        struct guest one;
        if (vireo_domain_lookup_by_name(conn, &args, &found, err) < 0)
            return -1;
        int r = read_one(conn, &found.dom, &one, err);
        if (r < 0)
            return -1;
        if (r > 0)
            vec_push(ret, one);
    }
    return 0;
}

int guests_read(struct vireo *conn, char *const *names, int nnames, struct guests *ret,
                struct vireo_error *err)
{
    *ret = (struct guests){0};
    int r = nnames ? read_named(conn, names, nnames, ret, err) : read_all(conn, ret, err);
    vireo_release(conn);
    if (r < 0)
        guests_finish(ret);
    guests_sort(ret);
    return r;
}

const char *guests_state_name(unsigned state)
{
    return state < ARRAY_LEN(STATES) ? STATES[state] : "unknown";
}

void guests_add_table(struct strbuf *b, const struct guests *g)
{
    if (g->n == 0)
        return;
    struct strv cells = {0};
    static const char *const heads[] = {"ID", "NAME", "STATE", "VCPUS", "MEMORY"};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++)
        strv_push(&cells, heads[i]);
    VEC_FOREACH (one, g) {
        struct strbuf memory = {0};
        text_add_memory(&memory, one->memory_kib);
        strv_take(&cells, one->id < 0 ? xstrdup("-") : xasprintf("%" PRId32, one->id));
        strv_push(&cells, one->name);
        strv_push(&cells, guests_state_name(one->state));
        strv_printf(&cells, "%u", one->vcpus);
        strv_take(&cells, strbuf_steal(&memory));
    }
    text_add_table(b, ARRAY_LEN(heads), &cells);
    strv_finish(&cells);
}

static void add_json_one(struct strbuf *b, const struct guest *g)
{
    char uuid[UUID_TEXT_SIZE];
    struct uuid id;
    memcpy(id.b, g->uuid, sizeof(id.b));
    uuid_format(&id, uuid);
    strbuf_add(b, "  {\"id\": ");
    if (g->id < 0)
        strbuf_add(b, "null");
    else
        strbuf_printf(b, "%" PRId32, g->id);
    strbuf_add(b, ", \"name\": ");
    text_add_json(b, g->name);
    strbuf_printf(b,
                  ", \"uuid\": \"%s\", \"state\": \"%s\", \"vcpus\": %u, \"memory_kib\": %" PRIu64
                  ", \"max_memory_kib\": %" PRIu64 "}",
                  uuid, guests_state_name(g->state), g->vcpus, g->memory_kib, g->max_memory_kib);
}

void guests_add_json(struct strbuf *b, const struct guests *g)
{
    strbuf_add(b, g->n ? "[\n" : "[");
    for (size_t i = 0; i < g->n; i++) {
        add_json_one(b, &g->v[i]);
        strbuf_add(b, i + 1 < g->n ? ",\n" : "\n");
    }
    strbuf_add(b, "]\n");
}

void guests_add_names(struct strbuf *b, const struct guests *g)
{
    VEC_FOREACH (one, g) {
        text_add(b, one->name);
        strbuf_addc(b, '\n');
    }
}

void guests_add_counts(struct strbuf *b, const struct guests *g)
{
    const char *comma = "";
    for (unsigned state = 0; state <= ARRAY_LEN(STATES); state++) {
        size_t n = 0;
        VEC_FOREACH (one, g)
            n += one->state == state || (state == ARRAY_LEN(STATES) && one->state > state);
        if (n == 0)
            continue;
        strbuf_printf(b, "%s%zu %s", comma, n, guests_state_name(state));
        comma = ", ";
    }
    if (g->n == 0)
        strbuf_add(b, "none");
}
