// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clients/domains.h"
#include "base/uuid.h"
#include "clients/text.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const STATES[] = {"no state",    "running",  "idle",    "paused",
                                     "in shutdown", "shut off", "crashed", "pmsuspended"};

static void domain_finish(struct domain_info *d)
{
    free(d->name);
}

void domains_finish(struct domains *d)
{
    VEC_FOREACH (one, d)
        domain_finish(one);
    vec_finish(d);
}

static int compare(const void *a, const void *b)
{
    const struct domain_info *x = a, *y = b;
    if ((x->id < 0) != (y->id < 0))
        return x->id < 0 ? 1 : -1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return strcmp(x->name, y->name);
}

void domains_sort(struct domains *d)
{
    if (d->n > 1)
        qsort(d->v, d->n, sizeof(*d->v), compare);
}

// 1, 0 when the domain was undefined after it was listed, or -1.
static int read_one(struct vireo *conn, const struct wire_domain_ref *ref, struct domain_info *ret,
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
    *ret = (struct domain_info){.name = xstrdup(ref->name),
                                .id = ref->id,
                                .state = info.state,
                                .vcpus = info.nrVirtCpu,
                                .memory_kib = info.memory,
                                .max_memory_kib = info.maxMem};
    memcpy(ret->uuid, ref->uuid, sizeof(ret->uuid));
    return 1;
}

static int read_all(struct vireo *conn, struct domains *ret, struct vireo_error *err)
{
    struct wire_connect_list_all_domains_ret all;
    struct wire_connect_list_all_domains_args args = {.need_results = 1};
    if (vireo_connect_list_all_domains(conn, &args, &all, err) < 0)
        return -1;
    for (uint32_t i = 0; i < all.domains.n; i++) {
        struct domain_info one;
        int r = read_one(conn, &all.domains.v[i], &one, err);
        if (r < 0)
            return -1;
        if (r > 0)
            vec_push(ret, one);
    }
    return 0;
}

static int read_named(struct vireo *conn, char *const *names, int nnames, struct domains *ret,
                      struct vireo_error *err)
{
    for (int i = 0; i < nnames; i++) {
        struct wire_domain_lookup_by_name_ret found;
        struct wire_domain_lookup_by_name_args args = {.name = names[i]};
        struct domain_info one;
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

int domains_read(struct vireo *conn, char *const *names, int nnames, struct domains *ret,
                 struct vireo_error *err)
{
    *ret = (struct domains){0};
    int r = nnames ? read_named(conn, names, nnames, ret, err) : read_all(conn, ret, err);
    vireo_release(conn);
    if (r < 0)
        domains_finish(ret);
    domains_sort(ret);
    return r;
}

const char *domains_state_name(unsigned state)
{
    return state < ARRAY_LEN(STATES) ? STATES[state] : "unknown";
}

void domains_add_table(struct strbuf *b, const struct domains *d)
{
    if (d->n == 0)
        return;
    struct strv cells = {0};
    static const char *const heads[] = {"ID", "NAME", "STATE", "VCPUS", "MEMORY"};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++)
        strv_push(&cells, heads[i]);
    VEC_FOREACH (one, d) {
        struct strbuf memory = {0};
        text_add_memory(&memory, one->memory_kib);
        strv_take(&cells, one->id < 0 ? xstrdup("-") : xasprintf("%" PRId32, one->id));
        strv_push(&cells, one->name);
        strv_push(&cells, domains_state_name(one->state));
        strv_printf(&cells, "%u", one->vcpus);
        strv_take(&cells, strbuf_steal(&memory));
    }
    text_add_table(b, ARRAY_LEN(heads), &cells);
    strv_finish(&cells);
}

static void add_json_one(struct strbuf *b, const struct domain_info *d)
{
    char uuid[UUID_TEXT_SIZE];
    struct uuid id;
    memcpy(id.b, d->uuid, sizeof(id.b));
    uuid_format(&id, uuid);
    strbuf_add(b, "  {\"id\": ");
    if (d->id < 0)
        strbuf_add(b, "null");
    else
        strbuf_printf(b, "%" PRId32, d->id);
    strbuf_add(b, ", \"name\": ");
    text_add_json(b, d->name);
    strbuf_printf(b,
                  ", \"uuid\": \"%s\", \"state\": \"%s\", \"vcpus\": %u, \"memory_kib\": %" PRIu64
                  ", \"max_memory_kib\": %" PRIu64 "}",
                  uuid, domains_state_name(d->state), d->vcpus, d->memory_kib, d->max_memory_kib);
}

void domains_add_json(struct strbuf *b, const struct domains *d)
{
    strbuf_add(b, d->n ? "[\n" : "[");
    for (size_t i = 0; i < d->n; i++) {
        add_json_one(b, &d->v[i]);
        strbuf_add(b, i + 1 < d->n ? ",\n" : "\n");
    }
    strbuf_add(b, "]\n");
}

void domains_add_names(struct strbuf *b, const struct domains *d)
{
    VEC_FOREACH (one, d) {
        text_add(b, one->name);
        strbuf_addc(b, '\n');
    }
}

void domains_add_counts(struct strbuf *b, const struct domains *d)
{
    const char *comma = "";
    for (unsigned state = 0; state <= ARRAY_LEN(STATES); state++) {
        size_t n = 0;
        VEC_FOREACH (one, d)
            n += one->state == state || (state == ARRAY_LEN(STATES) && one->state > state);
        if (n == 0)
            continue;
        strbuf_printf(b, "%s%zu %s", comma, n, domains_state_name(state));
        comma = ", ";
    }
    if (d->n == 0)
        strbuf_add(b, "none");
}
