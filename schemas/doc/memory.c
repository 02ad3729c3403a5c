// SPDX-License-Identifier: LGPL-2.1-or-later
// Making, copying and freeing what the tables describe. Several rows may describe one field
// (variants by tag), so each of these walks accepts a field that it has seen.
#include "schemas/doc/internal.h"

static struct doc_vec load_vec(const void *field)
{
    struct doc_vec v;
    memcpy(&v, field, sizeof(v));
    return v;
}

static void *load_ptr(const void *field)
{
    void *p;
    memcpy(&p, field, sizeof(p));
    return p;
}

static void store_ptr(void *field, void *p)
{
    memcpy(field, &p, sizeof(p));
}

void *doc_object_create(const struct doc_type *t)
{
    void *obj = xcalloc(1, t->size);
    if (t->kind)
        memcpy(obj, &t->kind, sizeof(t->kind));
    return obj;
}

static void free_rows(const struct doc_type *t, void *obj);

static void free_row(const struct doc_row *row, void *obj)
{
    void *field = doc_field(row, obj);
    struct doc_vec vec;
    switch (row->place) {
    case DOC_ATTR:
    case DOC_TEXT:
    case DOC_LEAF:
        doc_value_clear(row, field);
        break;
    case DOC_RAW:
        free(load_ptr(field));
        store_ptr(field, NULL);
        break;
    case DOC_ELEM:
        if (row->present_at)
            *((bool *)obj + row->present_at - 1) = false;
        free_rows(row->type, field);
        break;
    case DOC_INCLUDE:
        free_rows(row->type, field);
        break;
    case DOC_CHILD:
        doc_object_destroy(row->type, load_ptr(field));
        store_ptr(field, NULL);
        break;
    case DOC_LIST:
        vec = load_vec(field);
        for (size_t i = 0; i < vec.n; i++)
            doc_object_destroy(row->type, vec.v[i]);
        free(vec.v);
        memset(field, 0, sizeof(vec));
        break;
    case DOC_EMPTY:
    case DOC_IGNORED:
        break;
    }
}

static void free_rows(const struct doc_type *t, void *obj)
{
    for (size_t i = 0; i < t->nrows; i++)
        free_row(&t->rows[i], obj);
}

void doc_finish(const struct doc_type *t, void *obj)
{
    free_rows(t, obj);
    memset(obj, 0, t->size);
}

void doc_object_destroy(const struct doc_type *t, void *obj)
{
    if (!obj)
        return;
    free_rows(t, obj);
    free(obj);
}

// ---- copy

static void copy_rows(const struct doc_type *t, void *dst, const void *src);

static void *copy_object(const struct doc_type *t, const void *src)
{
    void *dst = xmalloc(t->size);
    doc_copy(t, dst, src);
    return dst;
}

static void copy_list(const struct doc_row *row, void *to, const void *from)
{
    struct doc_vec vec = load_vec(from);
    if (load_vec(to).v != vec.v || !vec.v)
        return; // already done for another row
    void **items = xcalloc(vec.n ? vec.n : 1, sizeof(*items));
    for (size_t i = 0; i < vec.n; i++)
        items[i] = copy_object(row->type, vec.v[i]);
    vec = (struct doc_vec){.v = items, .n = vec.n, .cap = vec.n ? vec.n : 1};
    memcpy(to, &vec, sizeof(vec));
}

static void copy_row(const struct doc_row *row, void *dst, const void *src)
{
    void *to = doc_field(row, dst);
    const void *from = doc_field(row, src);
    switch (row->place) {
    case DOC_ATTR:
    case DOC_TEXT:
    case DOC_LEAF:
        if (row->value != DOC_STRING && row->value != DOC_TOKEN)
            break; // came with the struct
        // fallthrough
    case DOC_RAW:
        if (load_ptr(to) == load_ptr(from))
            store_ptr(to, xstrdup(load_ptr(from)));
        break;
    case DOC_ELEM:
    case DOC_INCLUDE:
        copy_rows(row->type, to, from);
        break;
    case DOC_CHILD:
        if (load_ptr(from) && load_ptr(to) == load_ptr(from))
            store_ptr(to, copy_object(row->type, load_ptr(from)));
        break;
    case DOC_LIST:
        copy_list(row, to, from);
        break;
    case DOC_EMPTY:
    case DOC_IGNORED:
        break;
    }
}

static void copy_rows(const struct doc_type *t, void *dst, const void *src)
{
    for (size_t i = 0; i < t->nrows; i++)
        copy_row(&t->rows[i], dst, src);
}

void doc_copy(const struct doc_type *t, void *dst, const void *src)
{
    memcpy(dst, src, t->size);
    copy_rows(t, dst, src);
}

// ---- live values

static void drop_rows(const struct doc_type *t, void *obj)
{
    for (size_t i = 0; i < t->nrows; i++) {
        const struct doc_row *row = &t->rows[i];
        void *field = doc_field(row, obj);
        if (!doc_row_applies(t, row, obj))
            continue;
        if (row->flags & DOC_LIVE) {
            if (!row->keep || !row->keep(obj))
                free_row(row, obj);
        } else if (row->place == DOC_ELEM || row->place == DOC_INCLUDE) {
            drop_rows(row->type, field);
        } else if (row->place == DOC_CHILD && load_ptr(field)) {
            drop_rows(row->type, load_ptr(field));
        } else if (row->place == DOC_LIST) {
            struct doc_vec vec = load_vec(field);
            for (size_t k = 0; k < vec.n; k++)
                drop_rows(row->type, vec.v[k]);
        }
    }
}

void doc_drop_live(const struct doc_type *t, void *obj)
{
    drop_rows(t, obj);
}
