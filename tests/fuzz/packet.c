// SPDX-License-Identifier: GPL-2.0-or-later
// Packets from outside, in both directions: what a server takes from a client and a client from a
// server. Decoding never reads past the end nor takes much more memory than bytes that came; what
// decodes can be encoded, and that decodes to the same.
#include "schemas/wire/packet.h"
#include "schemas/wire/xdr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void try_type(enum wire_type_id type, const uint8_t *data, size_t size)
{
    struct arena a = {0};
    void *value = arena_alloc(&a, wire_type_table[type].size), *again;
    struct xdr_reader r = {.p = data, .end = data + size, .arena = &a};
    int ok = wire_decode(&r, type, value);
    check(a.used <= wire_type_table[type].size + 16 + 16 * size);
    if (ok == 0) {
        struct xdr_writer w, w2;
        xdr_writer_init(&w, WIRE_MESSAGE_MAX);
        xdr_writer_init(&w2, WIRE_MESSAGE_MAX);
        check(wire_encode(&w, type, value) == 0);
        again = arena_alloc(&a, wire_type_table[type].size);
        struct xdr_reader back = {.p = w.data, .end = w.data + w.len, .arena = &a};
        check(wire_decode(&back, type, again) == 0 && xdr_left(&back) == 0);
        check(wire_encode(&w2, type, again) == 0);
        check(w.len == w2.len && memcmp(w.data, w2.data, w.len) == 0);
        xdr_writer_finish(&w);
        xdr_writer_finish(&w2);
    }
    arena_finish(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    while (size) {
        struct packet_header h;
        if (packet_parse(data, size, &h) <= 0)
            break;
        check(h.length >= PACKET_HEADER_SIZE && h.length <= size);
        size_t payload = h.length - PACKET_HEADER_SIZE;
        if (h.status == WIRE_ERROR)
            try_type(WIRE_TYPE_ERROR, data + PACKET_HEADER_SIZE, payload);
        // The procedure chooses the type, so that every one is reached.
        uint32_t type = 1 + (uint32_t)h.procedure % (WIRE_TYPE_COUNT - 1);
        try_type(type, data + PACKET_HEADER_SIZE, payload);
        data += h.length;
        size -= h.length;
    }
    return 0;
}
