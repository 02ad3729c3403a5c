// SPDX-License-Identifier: LGPL-2.1-or-later
// Private parts of a connection, shared by libvireo's files.
#pragma once

#include "base/alloc.h"
#include "base/list.h"
#include "clients/libvireo.h"
#include "schemas/wire/packet.h"

#define VIREO_EXPORT __attribute__((visibility("default")))

struct vireo {
    int fd;
    int timeout_ms;
    uint32_t serial;
    bool broken;
    bool reading; // part of a packet was read
    struct arena arena;
    struct list events; // struct queued_event; received while waiting for something else
    unsigned nevents;
    struct list streams;         // struct vireo_stream
    struct packet_header header; // of the last packet
    uint8_t *payload;
    size_t len;
    int fds[WIRE_MESSAGE_FDS_MAX];
    unsigned nfds, next_fd;
};

// Both set *err and return -1; conn_broken() also marks the connection as broken.
int conn_fail(struct vireo_error *err, int code, int domain, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
int conn_broken(struct vireo *conn, struct vireo_error *err, const char *why);

// The deadline of a reply requested now; -1: none.
int64_t conn_deadline(const struct vireo *conn);
int64_t conn_deadline_in(int timeout_ms); // -1: none

int conn_write(struct vireo *conn, const uint8_t *data, size_t len, struct vireo_error *err);
int conn_send(struct vireo *conn, const struct packet_header *h, enum wire_type_id type,
              const void *args, struct vireo_error *err);
// Reads the next packet. 0, 1 when none began before `end`, or -1.
int conn_read(struct vireo *conn, int64_t end, struct vireo_error *err);
// Handles the packet just read when it is not the awaited reply: answers pings, queues events and
// stream data, ignores the rest.
int conn_take_packet(struct vireo *conn, struct vireo_error *err);
int conn_decode_error(struct vireo *conn, struct vireo_error *err);

int conn_take_stream(struct vireo *conn, struct vireo_error *err);
void conn_drop_streams(struct vireo *conn);
