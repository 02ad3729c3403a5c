// SPDX-License-Identifier: LGPL-2.1-or-later
// XDR, and a codec for every type of the wire, driven by generated tables.
//
// Decoding takes nothing on trust: a length or count is held against its limit and against the
// bytes that are really there before anything is allocated, so a small packet can't ask for much
// memory. libvirt's laxness is kept: padding may be anything, any present-flag but 0 means present,
// an embedded NUL cuts a string, bytes after the last field are left alone.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/alloc.h"
#include "schemas/wire/table.h"

struct xdr_reader {
    const uint8_t *p, *end; // borrowed
    struct arena *arena;    // holds what is decoded
};

// A growing packet. After an overflow of max, or an item that can't be encoded, failed is set and
// further puts do nothing.
struct xdr_writer {
    uint8_t *data; // owned
    size_t len, cap, max;
    bool failed;
};

static inline size_t xdr_left(const struct xdr_reader *r)
{
    return (size_t)(r->end - r->p);
}
// 0, or -1 when the bytes run out.
int xdr_get_u32(struct xdr_reader *r, uint32_t *ret);
int xdr_get_u64(struct xdr_reader *r, uint64_t *ret);

void xdr_writer_init(struct xdr_writer *w, size_t max);
void xdr_writer_finish(struct xdr_writer *w);
void xdr_put_u32(struct xdr_writer *w, uint32_t value);
void xdr_put_u64(struct xdr_writer *w, uint64_t value);
void xdr_put_raw(struct xdr_writer *w, const void *data, size_t len);  // without padding
void xdr_set_u32(struct xdr_writer *w, size_t offset, uint32_t value); // overwrites

// The generated tables.
enum wire_shape {
    WIRE_SHAPE_ONE,
    WIRE_SHAPE_OPT,
    WIRE_SHAPE_ARRAY, // {v, n}
    WIRE_SHAPE_FIXED, // limit items in place
    WIRE_SHAPE_BYTES, // {v, n}, a byte each on the wire too
    WIRE_SHAPE_UUID,
};

enum wire_kind {
    WIRE_KIND_I32,
    WIRE_KIND_U32,
    WIRE_KIND_I64,
    WIRE_KIND_U64,
    WIRE_KIND_F64,
    WIRE_KIND_CHAR,
    WIRE_KIND_U8,
    WIRE_KIND_U16,
    WIRE_KIND_STRING,
    WIRE_KIND_VALUE, // struct wire_typed_param_value
    WIRE_KIND_STRUCT,
};

struct wire_field {
    uint16_t offset; // in the struct
    uint8_t shape, kind;
    uint16_t type;      // of a struct: enum wire_type_id
    uint16_t min_bytes; // of one item on the wire
    uint32_t limit;     // of an array
};

struct wire_type {
    const char *name;
    uint16_t first, count; // in wire_fields
    uint16_t size;         // of the struct
    uint16_t min_bytes;    // on the wire
};

extern const struct wire_field wire_fields[];
extern const struct wire_type wire_type_table[WIRE_TYPE_COUNT];

// `out` is the zeroed struct of that type; WIRE_TYPE_NONE does nothing. 0, or -1 when the bytes
// don't hold one; then *out is in part filled and of no use.
int wire_decode(struct xdr_reader *r, enum wire_type_id type, void *out);
// 0, or -1 when a limit is passed or something that must be there is NULL.
int wire_encode(struct xdr_writer *w, enum wire_type_id type, const void *in);
