// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes on the wire. Every type against wire_golden.txt, which another encoder wrote; and calls as
// libvirt 9.0's own client library put them on a socket.
#include "base/file.h"
#include "schemas/wire/types.h"
#include "schemas/wire/xdr.h"
#include "tests/check.h"

#include <string.h>

struct any_array {
    void *v;
    uint32_t n;
};

struct maker {
    struct arena arena;
    uint32_t n;
};

// The rule of wire_golden.py.
static void make(struct maker *m, enum wire_type_id type, char *out);

static const char *make_string(struct maker *m, uint32_t n)
{
    return arena_printf(&m->arena, "s%u%.*s", n, (int)(n % 4), "xxxx");
}

static void make_simple(struct maker *m, int kind, uint32_t n, char *out)
{
    int32_t i32 = n % 2 ? -(int32_t)n : (int32_t)n;
    uint32_t u32 = n + (1u << 31);
    int64_t i64 = -((int64_t)n << 32);
    uint64_t u64 = n + (1ull << 63);
    double f64 = n + 0.5;
    uint16_t u16 = (uint16_t)(60000 + n);
    switch (kind) {
    case WIRE_KIND_I32:
        memcpy(out, &i32, 4);
        break;
    case WIRE_KIND_U32:
        memcpy(out, &u32, 4);
        break;
    case WIRE_KIND_I64:
        memcpy(out, &i64, 8);
        break;
    case WIRE_KIND_U64:
        memcpy(out, &u64, 8);
        break;
    case WIRE_KIND_F64:
        memcpy(out, &f64, 8);
        break;
    case WIRE_KIND_CHAR:
        *out = (char)(n * 37 % 256);
        break;
    case WIRE_KIND_U8:
        *(uint8_t *)out = (uint8_t)(200 + n % 50);
        break;
    case WIRE_KIND_U16:
        memcpy(out, &u16, 2);
        break;
    default:
        *(const char **)(void *)out = make_string(m, n);
    }
}

static void make_item(struct maker *m, const struct wire_field *f, char *out)
{
    static const int kinds[] = {WIRE_KIND_I32, WIRE_KIND_U32, WIRE_KIND_I64,   WIRE_KIND_U64,
                                WIRE_KIND_F64, WIRE_KIND_I32, WIRE_KIND_STRING};
    if (f->kind == WIRE_KIND_STRUCT) {
        make(m, f->type, out);
        return;
    }
    uint32_t n = ++m->n;
    struct wire_typed_param_value *value = (void *)out;
    if (f->kind == WIRE_KIND_VALUE) {
        value->type = (int32_t)(1 + n % 7);
        make_simple(m, kinds[n % 7], n, (char *)&value->ul);
    } else {
        make_simple(m, f->kind, n, out);
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

static void make_field(struct maker *m, const struct wire_field *f, char *at)
{
    struct any_array a = {.n = 2};
    uint8_t bytes[16];
    void *item;
    switch (f->shape) {
    case WIRE_SHAPE_ONE:
        make_item(m, f, at);
        return;
    case WIRE_SHAPE_OPT:
        if (++m->n % 2 == 0)
            return;
        if (f->kind == WIRE_KIND_STRING) {
            make_item(m, f, at);
            return;
        }
        item = arena_alloc(&m->arena, size_of(f));
        make_item(m, f, item);
        memcpy(at, &item, sizeof(item));
        return;
    case WIRE_SHAPE_FIXED:
        for (uint32_t i = 0; i < f->limit; i++)
            make_item(m, f, at + i * size_of(f));
        return;
    case WIRE_SHAPE_ARRAY:
        a.v = arena_calloc(&m->arena, 2, size_of(f));
        make_item(m, f, a.v);
        make_item(m, f, (char *)a.v + size_of(f));
        memcpy(at, &a, sizeof(a));
        return;
    }
    m->n++;
    for (uint32_t i = 0; i < 16; i++)
        bytes[i] = (uint8_t)(m->n + i);
    if (f->shape == WIRE_SHAPE_UUID) {
        memcpy(at, bytes, 16);
        return;
    }
    a.n = 3 + m->n % 4;
    a.v = arena_memdup(&m->arena, bytes, a.n);
    memcpy(at, &a, sizeof(a));
}

static void make(struct maker *m, enum wire_type_id type, char *out)
{
    const struct wire_type *t = &wire_type_table[type];
    for (unsigned i = 0; i < t->count; i++) {
        const struct wire_field *f = &wire_fields[t->first + i];
        make_field(m, f, out + f->offset);
    }
}

static char *hex(const void *data, size_t n)
{
    char *text = xmalloc(2 * n + 1);
    text[0] = 0;
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", ((const uint8_t *)data)[i]);
    return text;
}

static size_t unhex(const char *text, uint8_t *out)
{
    size_t n = strlen(text) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned v;
        CHECK_INT(sscanf(text + 2 * i, "%2x", &v), 1);
        out[i] = (uint8_t)v;
    }
    return n;
}

static void check_encodes(enum wire_type_id type, const void *value, const char *want)
{
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_MESSAGE_MAX);
    CHECK_INT(wire_encode(&w, type, value), 0);
    char *got = hex(w.data, w.len);
    if (strcmp(got, want) != 0)
        fprintf(stderr, "of type %s:\n", wire_type_table[type].name);
    CHECK_STR(got, want);
    free(got);
    xdr_writer_finish(&w);
}

static void check_decodes(enum wire_type_id type, const char *text)
{
    struct arena a = {0};
    void *value = arena_alloc(&a, wire_type_table[type].size);
    uint8_t *data = xmalloc(strlen(text));
    size_t n = unhex(text, data);
    struct xdr_reader r = {.p = data, .end = data + n, .arena = &a};
    CHECK_INT(wire_decode(&r, type, value), 0);
    CHECK_INT(xdr_left(&r), 0);
    check_encodes(type, value, text);
    free(data);
    arena_finish(&a);
}

static void every_type(void)
{
    char *golden, *rest;
    CHECK_INT(file_read("wire_golden.txt", 1 << 22, &golden, NULL), 0);
    bool seen[WIRE_TYPE_COUNT] = {false};
    for (char *line = strtok_r(golden, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *text = strchr(line, ' ');
        CHECK(text);
        *text++ = 0;
        int type = 1;
        while (type < WIRE_TYPE_COUNT && strcmp(wire_type_table[type].name, line) != 0)
            type++;
        CHECK(type < WIRE_TYPE_COUNT);
        seen[type] = true;
        struct maker m = {0};
        void *value = arena_alloc(&m.arena, wire_type_table[type].size);
        make(&m, type, value);
        check_encodes(type, value, text);
        check_decodes(type, text);
        arena_finish(&m.arena);
    }
    for (int type = 1; type < WIRE_TYPE_COUNT; type++)
        CHECK(seen[type]);
    free(golden);
}

// What libvirt 9.0.0's client library sent for Python calls.
#define DOM_HEX "0000000567756573740000000102030405060708090a0b0c0d0e0f1000000003"
#define UUID                                                                                       \
    {                                                                                              \
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16                                      \
    }
#define DOM                                                                                        \
    {                                                                                              \
        .name = "guest", .uuid = UUID, .id = 3                                                     \
    }
#define VALUE(name, ...)                                                                           \
    &(struct wire_##name)                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void check_both(enum wire_type_id type, const void *value, const char *text)
{
    check_encodes(type, value, text);
    check_decodes(type, text);
}

static void libvirts_own(void)
{
    check_both(WIRE_TYPE_CONNECT_OPEN_ARGS, VALUE(connect_open_args, .name = "qemu:///system"),
               "000000010000000e71656d753a2f2f2f73797374656d000000000000");
    check_both(WIRE_TYPE_CONNECT_SUPPORTS_FEATURE_ARGS,
               VALUE(connect_supports_feature_args, .feature = 14), "0000000e");
    check_both(WIRE_TYPE_DOMAIN_SNAPSHOT_LOOKUP_BY_NAME_ARGS,
               VALUE(domain_snapshot_lookup_by_name_args, .dom = DOM, .name = "snap"),
               DOM_HEX "00000004736e617000000000");
    uint32_t keys[] = {29, 56, 111};
    check_both(WIRE_TYPE_DOMAIN_SEND_KEY_ARGS,
               VALUE(domain_send_key_args, .dom = DOM, .holdtime = 50, .keycodes = {keys, 3}),
               DOM_HEX "0000000000000032000000030000001d000000380000006f00000000");
    check_both(WIRE_TYPE_DOMAIN_SET_METADATA_ARGS, VALUE(domain_set_metadata_args, .dom = DOM),
               DOM_HEX "0000000000000000000000000000000000000000");
    check_both(WIRE_TYPE_DOMAIN_MIGRATE_SET_MAX_SPEED_ARGS,
               VALUE(domain_migrate_set_max_speed_args, .dom = DOM, .bandwidth = (1ull << 33) + 5),
               DOM_HEX "000000020000000500000000");
    check_both(WIRE_TYPE_DOMAIN_SET_TIME_ARGS,
               VALUE(domain_set_time_args, .dom = DOM, .seconds = -2, .nseconds = 7, .flags = 1),
               DOM_HEX "fffffffffffffffe0000000700000001");
    const char *mounts[] = {"/", "/home"};
    check_both(WIRE_TYPE_DOMAIN_FSFREEZE_ARGS,
               VALUE(domain_fsfreeze_args, .dom = DOM, .mountpoints = {mounts, 2}),
               DOM_HEX "00000002000000012f000000000000052f686f6d6500000000000000");
    check_both(WIRE_TYPE_CONNECT_GET_ALL_DOMAIN_STATS_ARGS,
               VALUE(connect_get_all_domain_stats_args, .stats = 11), "000000000000000b00000000");
    check_both(WIRE_TYPE_STORAGE_VOL_UPLOAD_ARGS,
               VALUE(storage_vol_upload_args, .vol = {.pool = "pool", .name = "vol", .key = "/key"},
                     .offset = 5, .length = 6),
               "00000004706f6f6c00000003766f6c00000000042f6b657900000000000000050000000000000006"
               "00000000");
    check_both(WIRE_TYPE_SECRET_SET_VALUE_ARGS,
               VALUE(secret_set_value_args,
                     .secret = {.uuid = UUID, .usageType = 1, .usageID = "/vol"},
                     .value = {(const uint8_t *)"abcde", 5}),
               "0102030405060708090a0b0c0d0e0f1000000001000000042f766f6c000000056162636465000000"
               "00000000");
    struct wire_typed_param bandwidth = {.field = "bandwidth",
                                         .value = {.type = WIRE_VALUE_ULLONG, .ul = 7}};
    check_both(WIRE_TYPE_DOMAIN_BLOCK_COPY_ARGS,
               VALUE(domain_block_copy_args, .dom = DOM, .path = "vda", .destxml = "<disk/>",
                     .params = {&bandwidth, 1}, .flags = 1),
               DOM_HEX "0000000376646100000000073c6469736b2f3e00000000010000000962616e6477696474"
                       "6800000000000004000000000000000700000001");
    check_both(WIRE_TYPE_NETWORK_UPDATE_ARGS,
               VALUE(network_update_args, .net = {.name = "default", .uuid = UUID}, .command = 1,
                     .section = 9, .parentIndex = -1, .xml = "<host/>", .flags = 3),
               "0000000764656661756c74000102030405060708090a0b0c0d0e0f100000000100000009ffffffff"
               "000000073c686f73742f3e0000000003");
    uint32_t pages[] = {4, 2048};
    check_both(WIRE_TYPE_NODE_GET_FREE_PAGES_ARGS,
               VALUE(node_get_free_pages_args, .pages = {pages, 2}, .cellCount = 2),
               "000000020000000400000800000000000000000200000000");
    check_both(
        WIRE_TYPE_DOMAIN_BLOCK_PEEK_ARGS,
        VALUE(domain_block_peek_args, .dom = DOM, .path = "vda", .offset = 1ull << 40, .size = 512),
        DOM_HEX "000000037664610000000100000000000000020000000000");
    check_both(WIRE_TYPE_QEMU_DOMAIN_MONITOR_COMMAND_ARGS,
               VALUE(qemu_domain_monitor_command_args, .dom = DOM, .cmd = "{\"execute\":\"x\"}",
                     .flags = 1),
               DOM_HEX "0000000f7b2265786563757465223a2278227d0000000001");
}

int main(void)
{
    RUN(every_type);
    RUN(libvirts_own);
    return 0;
}
