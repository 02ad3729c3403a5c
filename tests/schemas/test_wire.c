// SPDX-License-Identifier: GPL-2.0-or-later
// The codec: for every type, values made from a seed survive encode and decode unchanged, packets
// that are short never decode, and what claims more than is there allocates nothing. The bytes
// themselves are checked by test_wire_golden.c.
#include "schemas/wire/packet.h"
#include "schemas/wire/types.h"
#include "schemas/wire/xdr.h"
#include "tests/check.h"

#include <string.h>

struct any_array {
    void *v;
    uint32_t n;
};

static uint64_t next(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15u;
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void fill(enum wire_type_id type, void *out, struct arena *a, uint64_t *seed);

static const char *text(struct arena *a, uint64_t *seed)
{
    size_t n = next(seed) % 9;
    char *s = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++)
        s[i] = (char)(1 + next(seed) % 255);
    return s;
}

static void fill_item(const struct wire_field *f, char *out, struct arena *a, uint64_t *seed)
{
    uint64_t v = next(seed);
    struct wire_typed_param_value *value = (void *)out;
    switch (f->kind) {
    case WIRE_KIND_I32:
    case WIRE_KIND_U32:
        memcpy(out, &v, 4);
        break;
    case WIRE_KIND_I64:
    case WIRE_KIND_U64:
    case WIRE_KIND_F64:
        memcpy(out, &v, 8);
        break;
    case WIRE_KIND_CHAR:
    case WIRE_KIND_U8:
        memcpy(out, &v, 1);
        break;
    case WIRE_KIND_U16:
        memcpy(out, &v, 2);
        break;
    case WIRE_KIND_STRING:
        *(const char **)(void *)out = text(a, seed);
        break;
    case WIRE_KIND_VALUE:
        value->type = (int32_t)(1 + v % 7);
        if (value->type == WIRE_VALUE_STRING)
            value->s = text(a, seed);
        else if (value->type == WIRE_VALUE_INT || value->type == WIRE_VALUE_UINT ||
                 value->type == WIRE_VALUE_BOOLEAN)
            value->ui = (uint32_t)next(seed);
        else
            value->ul = next(seed);
        break;
    default:
        fill(f->type, out, a, seed);
    }
}

static size_t size_of(const struct wire_field *f)
{
    static const size_t sizes[] = {[WIRE_KIND_I32] = 4,
                                   [WIRE_KIND_U32] = 4,
                                   [WIRE_KIND_I64] = 8,
                                   [WIRE_KIND_U64] = 8,
                                   [WIRE_KIND_F64] = 8,
                                   [WIRE_KIND_CHAR] = 1,
                                   [WIRE_KIND_U8] = 1,
                                   [WIRE_KIND_U16] = 2,
                                   [WIRE_KIND_STRING] = sizeof(char *),
                                   [WIRE_KIND_VALUE] = sizeof(struct wire_typed_param_value)};
    return f->kind == WIRE_KIND_STRUCT ? wire_type_table[f->type].size : sizes[f->kind];
}

static void fill(enum wire_type_id type, void *out, struct arena *a, uint64_t *seed)
{
    const struct wire_type *t = &wire_type_table[type];
    for (unsigned i = 0; i < t->count; i++) {
        const struct wire_field *f = &wire_fields[t->first + i];
        char *at = (char *)out + f->offset;
        struct any_array array = {.n = (uint32_t)(next(seed) % 4)};
        void *item;
        switch (f->shape) {
        case WIRE_SHAPE_ONE:
            fill_item(f, at, a, seed);
            break;
        case WIRE_SHAPE_OPT:
            if (next(seed) % 2)
                break;
            if (f->kind == WIRE_KIND_STRING) {
                fill_item(f, at, a, seed);
                break;
            }
            item = arena_alloc(a, size_of(f));
            fill_item(f, item, a, seed);
            memcpy(at, &item, sizeof(item));
            break;
        case WIRE_SHAPE_FIXED:
            for (uint32_t k = 0; k < f->limit; k++)
                fill_item(f, at + k * size_of(f), a, seed);
            break;
        case WIRE_SHAPE_UUID:
            for (int k = 0; k < 16; k++)
                at[k] = (char)next(seed);
            break;
        default:
            array.v = array.n ? arena_calloc(a, array.n, size_of(f)) : NULL;
            for (uint32_t k = 0; k < array.n; k++)
                fill_item(f, (char *)array.v + k * size_of(f), a, seed);
            memcpy(at, &array, sizeof(array));
        }
    }
}

static int decode(enum wire_type_id type, const void *data, size_t len, void *out, struct arena *a)
{
    // A copy of just that size, so that the sanitizer sees every byte read too many.
    uint8_t *copy = xmemdup(data, len);
    struct xdr_reader r = {.p = copy, .end = copy + len, .arena = a};
    int result = wire_decode(&r, type, out);
    if (result == 0)
        result = (int)xdr_left(&r); // what it made nothing of
    free(copy);
    return result;
}

static void every_type_round_trips(void)
{
    for (int type = 1; type < WIRE_TYPE_COUNT; type++) {
        for (uint64_t round = 0; round < 20; round++) {
            uint64_t seed = (uint64_t)type * 1000 + round;
            struct arena a = {0};
            void *value = arena_alloc(&a, wire_type_table[type].size);
            void *back = arena_alloc(&a, wire_type_table[type].size);
            fill(type, value, &a, &seed);
            struct xdr_writer w, again;
            xdr_writer_init(&w, WIRE_MESSAGE_MAX);
            xdr_writer_init(&again, WIRE_MESSAGE_MAX);
            CHECK_INT(wire_encode(&w, type, value), 0);
            CHECK_INT(w.len % 4, 0);
            CHECK(w.len >= wire_type_table[type].min_bytes);
            CHECK_INT(decode(type, w.data, w.len, back, &a), 0);
            CHECK_INT(wire_encode(&again, type, back), 0);
            CHECK_INT(again.len, w.len);
            CHECK(memcmp(w.data, again.data, w.len) == 0);
            // Short by four bytes it never decodes.
            CHECK_INT(decode(type, w.data, w.len - 4, back, &a), -1);
            CHECK_INT(decode(type, w.data, w.len - 1, back, &a), -1);
            xdr_writer_finish(&w);
            xdr_writer_finish(&again);
            arena_finish(&a);
        }
    }
}

// A field of 0xff bytes everywhere: no count of those may be believed.
static void claims_allocate_nothing(void)
{
    static uint8_t packet[40];
    for (int fill_byte = 0; fill_byte < 256; fill_byte++) {
        memset(packet, fill_byte, sizeof(packet));
        for (int type = 1; type < WIRE_TYPE_COUNT; type++) {
            struct arena a = {0};
            void *out = xcalloc(1, wire_type_table[type].size);
            decode(type, packet, wire_type_table[type].min_bytes <= 40 ? 40 : 0, out, &a);
            CHECK(a.used < 2000);
            free(out);
            arena_finish(&a);
        }
    }
    // 40 bytes that claim eight million items.
    uint8_t claim[40] = {0, 0x80, 0, 0};
    struct arena a = {0};
    struct wire_domain_get_vcpu_pin_info_ret pins = {0};
    CHECK_INT(decode(WIRE_TYPE_DOMAIN_GET_VCPU_PIN_INFO_RET, claim, 40, &pins, &a), -1);
    claim[1] = 0;
    claim[2] = 0x40; // 16384 references, which is within the limit
    struct wire_connect_list_all_domains_ret all = {0};
    CHECK_INT(decode(WIRE_TYPE_CONNECT_LIST_ALL_DOMAINS_RET, claim, 40, &all, &a), -1);
    CHECK_INT(a.used, 0);
}

static void limits_hold(void)
{
    struct arena a = {0};
    struct wire_connect_list_domains_ret ids = {0};
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_MESSAGE_MAX);
    xdr_put_u32(&w, WIRE_DOMAIN_LIST_MAX);
    for (int i = 0; i < WIRE_DOMAIN_LIST_MAX + 1; i++)
        xdr_put_u32(&w, (uint32_t)i);
    CHECK_INT(decode(WIRE_TYPE_CONNECT_LIST_DOMAINS_RET, w.data, w.len - 4, &ids, &a), 0);
    CHECK_INT(ids.ids.n, WIRE_DOMAIN_LIST_MAX);
    CHECK_INT(ids.ids.v[16383], 16383);
    xdr_set_u32(&w, 0, WIRE_DOMAIN_LIST_MAX + 1);
    CHECK_INT(decode(WIRE_TYPE_CONNECT_LIST_DOMAINS_RET, w.data, w.len, &ids, &a), -1);
    xdr_writer_finish(&w);
    // And for what we send.
    ids.ids.n = WIRE_DOMAIN_LIST_MAX + 1;
    CHECK_INT(wire_encode(&w, WIRE_TYPE_CONNECT_LIST_DOMAINS_RET, &ids), -1);
    xdr_writer_finish(&w);
    CHECK_INT(wire_encode(&w, WIRE_TYPE_CONNECT_GET_TYPE_RET,
                          &(struct wire_connect_get_type_ret){.type = NULL}),
              -1);
    xdr_writer_finish(&w);
    // The longest string goes, a longer one doesn't.
    char *s = xcalloc(1, WIRE_STRING_MAX + 2);
    memset(s, 'x', WIRE_STRING_MAX);
    struct wire_connect_get_type_ret ret = {.type = s}, back = {0};
    CHECK_INT(wire_encode(&w, WIRE_TYPE_CONNECT_GET_TYPE_RET, &ret), 0);
    CHECK_INT(decode(WIRE_TYPE_CONNECT_GET_TYPE_RET, w.data, w.len, &back, &a), 0);
    CHECK_INT(strlen(back.type), WIRE_STRING_MAX);
    xdr_writer_finish(&w);
    s[WIRE_STRING_MAX] = 'x';
    CHECK_INT(wire_encode(&w, WIRE_TYPE_CONNECT_GET_TYPE_RET, &ret), -1);
    xdr_writer_finish(&w);
    free(s);
    arena_finish(&a);
}

// What libvirtd lets pass.
static void laxness(void)
{
    struct arena a = {0};
    struct wire_connect_open_args args = {0};
    static const char odd[] = "\0\0\0\2"          // present, with a 2
                              "\0\0\0\5ab\0cdXYZ" // a NUL inside, padding that is not zero
                              "\0\0\0\1";
    CHECK_INT(decode(WIRE_TYPE_CONNECT_OPEN_ARGS, odd, sizeof(odd) - 1, &args, &a), 0);
    CHECK_STR(args.name, "ab");
    CHECK_INT(args.flags, 1);
    struct wire_domain_get_info_ret info = {0};
    static const char wide[] = "\0\0\1\5\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\1\0\3\0\0\0\0\0\0\0\4";
    CHECK_INT(decode(WIRE_TYPE_DOMAIN_GET_INFO_RET, wide, sizeof(wide) - 1, &info, &a), 0);
    CHECK_INT(info.state, 5);
    CHECK_INT(info.nrVirtCpu, 3);
    struct wire_typed_param p = {0};
    CHECK_INT(decode(WIRE_TYPE_TYPED_PARAM, "\0\0\0\0\0\0\0\10\0\0\0\0", 12, &p, &a), -1);
    CHECK_INT(decode(WIRE_TYPE_TYPED_PARAM, "\0\0\0\0\0\0\0\0\0\0\0\0", 12, &p, &a), -1);
    arena_finish(&a);
}

static void packets(void)
{
    struct packet_header h;
    uint8_t data[64] = {0, 0, 0, 28};
    CHECK_INT(packet_parse(data, 0, &h), 0);
    CHECK_INT(packet_parse(data, 3, &h), 0);
    CHECK_INT(packet_parse(data, 27, &h), 0);
    CHECK_INT(h.length, 28);
    CHECK_INT(packet_parse(data, 28, &h), 1);
    data[3] = 27;
    CHECK_INT(packet_parse(data, 4, &h), -1);
    memcpy(data, "\2\0\0\4", 4);
    CHECK_INT(packet_parse(data, 4, &h), 0);
    data[3] = 5;
    CHECK_INT(packet_parse(data, 4, &h), -1);
}

int main(void)
{
    RUN(every_type_round_trips);
    RUN(claims_allocate_nothing);
    RUN(limits_hold);
    RUN(laxness);
    RUN(packets);
    return 0;
}
