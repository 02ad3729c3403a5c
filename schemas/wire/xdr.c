// SPDX-License-Identifier: LGPL-2.1-or-later
#include "schemas/wire/xdr.h"
#include "schemas/wire/types.h"

#include <endian.h>
#include <string.h>

// The layout of every {v, n}. Copied in and out, as the real types differ.
struct any_array {
    void *v;
    uint32_t n;
};

int xdr_get_u32(struct xdr_reader *r, uint32_t *ret)
{
    if (xdr_left(r) < 4)
        return -1;
    uint32_t v;
    memcpy(&v, r->p, 4);
    *ret = be32toh(v);
    r->p += 4;
    return 0;
}

int xdr_get_u64(struct xdr_reader *r, uint64_t *ret)
{
    if (xdr_left(r) < 8)
        return -1;
    uint64_t v;
    memcpy(&v, r->p, 8);
    *ret = be64toh(v);
    r->p += 8;
    return 0;
}

void xdr_writer_init(struct xdr_writer *w, size_t max)
{
    *w = (struct xdr_writer){.max = max};
}

void xdr_writer_finish(struct xdr_writer *w)
{
    free(w->data);
    *w = (struct xdr_writer){.max = w->max};
}

static uint8_t *grow(struct xdr_writer *w, size_t n)
{
    if (w->failed || n > w->max - w->len) {
        w->failed = true;
        return NULL;
    }
    if (w->len + n > w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 256;
        if (cap < w->len + n)
            cap = w->len + n;
        w->data = xreallocarray(w->data, cap, 1);
        w->cap = cap;
    }
    uint8_t *p = w->data + w->len;
    w->len += n;
    return p;
}

void xdr_put_raw(struct xdr_writer *w, const void *data, size_t len)
{
    uint8_t *p = grow(w, len);
    if (p && len)
        memcpy(p, data, len);
}

void xdr_put_u32(struct xdr_writer *w, uint32_t value)
{
    value = htobe32(value);
    xdr_put_raw(w, &value, 4);
}

void xdr_put_u64(struct xdr_writer *w, uint64_t value)
{
    value = htobe64(value);
    xdr_put_raw(w, &value, 8);
}

void xdr_set_u32(struct xdr_writer *w, size_t offset, uint32_t value)
{
    if (w->failed)
        return;
    value = htobe32(value);
    memcpy(w->data + offset, &value, 4);
}

// A length and so many bytes with their padding; *bytes points into the packet.
static int get_counted(struct xdr_reader *r, uint32_t limit, const uint8_t **bytes, uint32_t *n)
{
    if (xdr_get_u32(r, n) < 0 || *n > limit)
        return -1;
    size_t padded = ((size_t)*n + 3) & ~(size_t)3;
    if (padded > xdr_left(r))
        return -1;
    *bytes = r->p;
    r->p += padded;
    return 0;
}

static int get_string(struct xdr_reader *r, const char **ret)
{
    const uint8_t *bytes;
    uint32_t n;
    if (get_counted(r, WIRE_STRING_MAX, &bytes, &n) < 0)
        return -1;
    *ret = arena_strndup(r->arena, (const char *)bytes, n);
    return 0;
}

static void put_counted(struct xdr_writer *w, uint32_t limit, const void *data, size_t n)
{
    if (n > limit || (n && !data)) {
        w->failed = true;
        return;
    }
    xdr_put_u32(w, (uint32_t)n);
    xdr_put_raw(w, data, n);
    xdr_put_raw(w, "\0\0", -n & 3);
}

static void put_string(struct xdr_writer *w, const char *s)
{
    if (s)
        put_counted(w, WIRE_STRING_MAX, s, strlen(s));
    else
        w->failed = true;
}

static int decode_value(struct xdr_reader *r, struct wire_typed_param_value *v)
{
    uint32_t type, small;
    uint64_t large;
    if (xdr_get_u32(r, &type) < 0)
        return -1;
    v->type = (int32_t)type;
    switch (v->type) {
    case WIRE_VALUE_INT:
    case WIRE_VALUE_UINT:
    case WIRE_VALUE_BOOLEAN:
        if (xdr_get_u32(r, &small) < 0)
            return -1;
        v->ui = small;
        return 0;
    case WIRE_VALUE_LLONG:
    case WIRE_VALUE_ULLONG:
    case WIRE_VALUE_DOUBLE:
        if (xdr_get_u64(r, &large) < 0)
            return -1;
        v->ul = large; // a double's bits, too
        return 0;
    case WIRE_VALUE_STRING:
        return get_string(r, &v->s);
    default:
        return -1;
    }
}

static void encode_value(struct xdr_writer *w, const struct wire_typed_param_value *v)
{
    xdr_put_u32(w, (uint32_t)v->type);
    switch (v->type) {
    case WIRE_VALUE_INT:
    case WIRE_VALUE_UINT:
    case WIRE_VALUE_BOOLEAN:
        xdr_put_u32(w, v->ui);
        break;
    case WIRE_VALUE_LLONG:
    case WIRE_VALUE_ULLONG:
    case WIRE_VALUE_DOUBLE:
        xdr_put_u64(w, v->ul);
        break;
    case WIRE_VALUE_STRING:
        put_string(w, v->s);
        break;
    default:
        w->failed = true;
    }
}

static size_t item_size(const struct wire_field *f)
{
    switch (f->kind) {
    case WIRE_KIND_I32:
    case WIRE_KIND_U32:
        return 4;
    case WIRE_KIND_I64:
    case WIRE_KIND_U64:
    case WIRE_KIND_F64:
        return 8;
    case WIRE_KIND_CHAR:
    case WIRE_KIND_U8:
        return 1;
    case WIRE_KIND_U16:
        return 2;
    case WIRE_KIND_STRING:
        return sizeof(char *);
    case WIRE_KIND_VALUE:
        return sizeof(struct wire_typed_param_value);
    default:
        return wire_type_table[f->type].size;
    }
}

static int decode_item(struct xdr_reader *r, const struct wire_field *f, char *out)
{
    uint32_t small;
    uint64_t large;
    switch (f->kind) {
    case WIRE_KIND_I32:
    case WIRE_KIND_U32:
        if (xdr_get_u32(r, &small) < 0)
            return -1;
        memcpy(out, &small, 4);
        return 0;
    case WIRE_KIND_I64:
    case WIRE_KIND_U64:
    case WIRE_KIND_F64:
        if (xdr_get_u64(r, &large) < 0)
            return -1;
        memcpy(out, &large, 8);
        return 0;
    case WIRE_KIND_CHAR:
    case WIRE_KIND_U8:
        if (xdr_get_u32(r, &small) < 0)
            return -1;
        *(uint8_t *)out = (uint8_t)small;
        return 0;
    case WIRE_KIND_U16:
        if (xdr_get_u32(r, &small) < 0)
            return -1;
        memcpy(out, &(uint16_t){(uint16_t)small}, 2);
        return 0;
    case WIRE_KIND_STRING:
        return get_string(r, (const char **)(void *)out);
    case WIRE_KIND_VALUE:
        return decode_value(r, (struct wire_typed_param_value *)(void *)out);
    default:
        return wire_decode(r, f->type, out);
    }
}

static void encode_item(struct xdr_writer *w, const struct wire_field *f, const char *in)
{
    uint32_t small;
    uint64_t large;
    uint16_t half;
    switch (f->kind) {
    case WIRE_KIND_I32:
    case WIRE_KIND_U32:
        memcpy(&small, in, 4);
        xdr_put_u32(w, small);
        break;
    case WIRE_KIND_I64:
    case WIRE_KIND_U64:
    case WIRE_KIND_F64:
        memcpy(&large, in, 8);
        xdr_put_u64(w, large);
        break;
    case WIRE_KIND_CHAR: // signed, whatever the machine's char is
        xdr_put_u32(w, (uint32_t)(int32_t)(signed char)*in);
        break;
    case WIRE_KIND_U8:
        xdr_put_u32(w, *(const uint8_t *)in);
        break;
    case WIRE_KIND_U16:
        memcpy(&half, in, 2);
        xdr_put_u32(w, half);
        break;
    case WIRE_KIND_STRING:
        put_string(w, *(const char *const *)(const void *)in);
        break;
    case WIRE_KIND_VALUE:
        encode_value(w, (const struct wire_typed_param_value *)(const void *)in);
        break;
    default:
        wire_encode(w, f->type, in);
    }
}

static int decode_array(struct xdr_reader *r, const struct wire_field *f, char *out)
{
    struct any_array a = {0};
    if (xdr_get_u32(r, &a.n) < 0 || a.n > f->limit || a.n > xdr_left(r) / f->min_bytes)
        return -1;
    if (a.n) {
        size_t size = item_size(f);
        char *items = arena_calloc(r->arena, a.n, size);
        for (uint32_t i = 0; i < a.n; i++) {
            if (decode_item(r, f, items + i * size) < 0)
                return -1;
        }
        a.v = items;
    }
    memcpy(out, &a, sizeof(a));
    return 0;
}

static int decode_opt(struct xdr_reader *r, const struct wire_field *f, char *out)
{
    uint32_t present;
    if (xdr_get_u32(r, &present) < 0)
        return -1;
    if (!present)
        return 0;
    if (f->kind == WIRE_KIND_STRING)
        return decode_item(r, f, out);
    if (xdr_left(r) < f->min_bytes)
        return -1;
    void *item = arena_alloc(r->arena, item_size(f));
    if (decode_item(r, f, item) < 0)
        return -1;
    memcpy(out, &item, sizeof(item));
    return 0;
}

static int decode_field(struct xdr_reader *r, const struct wire_field *f, char *out)
{
    struct any_array a = {0};
    const uint8_t *bytes;
    switch (f->shape) {
    case WIRE_SHAPE_ONE:
        return decode_item(r, f, out);
    case WIRE_SHAPE_OPT:
        return decode_opt(r, f, out);
    case WIRE_SHAPE_ARRAY:
        return decode_array(r, f, out);
    case WIRE_SHAPE_FIXED:
        for (uint32_t i = 0; i < f->limit; i++) {
            if (decode_item(r, f, out + i * item_size(f)) < 0)
                return -1;
        }
        return 0;
    case WIRE_SHAPE_BYTES:
        if (get_counted(r, f->limit, &bytes, &a.n) < 0)
            return -1;
        a.v = a.n ? arena_memdup(r->arena, bytes, a.n) : NULL;
        memcpy(out, &a, sizeof(a));
        return 0;
    default:
        if (xdr_left(r) < 16)
            return -1;
        memcpy(out, r->p, 16);
        r->p += 16;
        return 0;
    }
}

static void encode_field(struct xdr_writer *w, const struct wire_field *f, const char *in)
{
    struct any_array a;
    const void *item;
    switch (f->shape) {
    case WIRE_SHAPE_ONE:
        encode_item(w, f, in);
        break;
    case WIRE_SHAPE_OPT:
        memcpy(&item, in, sizeof(item));
        xdr_put_u32(w, item != NULL);
        if (item)
            encode_item(w, f, f->kind == WIRE_KIND_STRING ? in : item);
        break;
    case WIRE_SHAPE_ARRAY:
        memcpy(&a, in, sizeof(a));
        if (a.n > f->limit || (a.n && !a.v)) {
            w->failed = true;
            break;
        }
        xdr_put_u32(w, a.n);
        for (uint32_t i = 0; i < a.n && !w->failed; i++)
            encode_item(w, f, (const char *)a.v + i * item_size(f));
        break;
    case WIRE_SHAPE_FIXED:
        for (uint32_t i = 0; i < f->limit; i++)
            encode_item(w, f, in + i * item_size(f));
        break;
    case WIRE_SHAPE_BYTES:
        memcpy(&a, in, sizeof(a));
        put_counted(w, f->limit, a.v, a.n);
        break;
    default:
        xdr_put_raw(w, in, 16);
    }
}

int wire_decode(struct xdr_reader *r, enum wire_type_id type, void *out)
{
    const struct wire_type *t = &wire_type_table[type];
    for (unsigned i = 0; i < t->count; i++) {
        const struct wire_field *f = &wire_fields[t->first + i];
        if (decode_field(r, f, (char *)out + f->offset) < 0)
            return -1;
    }
    return 0;
}

int wire_encode(struct xdr_writer *w, enum wire_type_id type, const void *in)
{
    const struct wire_type *t = &wire_type_table[type];
    for (unsigned i = 0; i < t->count && !w->failed; i++) {
        const struct wire_field *f = &wire_fields[t->first + i];
        encode_field(w, f, (const char *)in + f->offset);
    }
    return w->failed ? -1 : 0;
}
