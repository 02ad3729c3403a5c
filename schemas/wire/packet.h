// SPDX-License-Identifier: LGPL-2.1-or-later
// The frame around everything: four bytes of length, which counts itself, 24 of header, the
// payload.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "schemas/wire/types.h"
#include "schemas/wire/xdr.h"

enum { PACKET_HEADER_SIZE = WIRE_LENGTH_WORD_MIN };

struct packet_header {
    uint32_t length; // of the whole packet, in bytes
    uint32_t program, version;
    int32_t procedure;
    int32_t type; // enum wire_message_type
    uint32_t serial;
    int32_t status; // enum wire_message_status
};

// Reads the first bytes of a packet. 1 when the whole packet is there, 0 when more must come
// (then h->length says how much, or is 0 when that is not known yet), -1 for a length no packet
// can have.
int packet_parse(const void *data, size_t len, struct packet_header *h);

// Starts a packet in an empty writer; h->length is ignored. What follows is payload.
void packet_begin(struct xdr_writer *w, const struct packet_header *h);
// Fills in the length. 0, or -1 when the payload could not be encoded or is too large.
int packet_end(struct xdr_writer *w);
