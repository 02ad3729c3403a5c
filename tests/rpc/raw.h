// SPDX-License-Identifier: GPL-2.0-or-later
// A client that says exactly what the test wants, on the test's own task.
#pragma once

#include <stdbool.h>
#include "base/task.h"
#include "rpc/server.h"
#include "schemas/wire/packet.h"
#include "tests/check.h"

// A row of a procedure that is provided.
#define RUN_BY(function) .run = function, .provided = (const void *)function

struct raw {
    struct task *task;
    int fd;
    struct arena arena;
    struct packet_header header; // of the last packet received
    uint8_t *payload;
    size_t len;
    int fds[WIRE_MESSAGE_FDS_MAX];
    unsigned nfds;
};

// A connection to the server over a socket pair.
void raw_connect(struct raw *c, struct task *t, struct server *s, bool read_only);
void raw_close(struct raw *c);

void raw_write(struct raw *c, const void *data, size_t len);
void raw_write_fd(struct raw *c, int fd);
// A packet with these bytes, and with the encoding of a type.
void raw_packet(struct raw *c, struct packet_header h, const void *payload, size_t len);
void raw_send(struct raw *c, struct packet_header h, enum wire_type_id type, const void *args);
// A plain call of the remote program.
void raw_call(struct raw *c, uint32_t number, uint32_t serial, enum wire_type_id type,
              const void *args);

// The next packet; fails after ten seconds. false at the end of the connection.
bool raw_receive(struct raw *c);
// It must be the good reply to that serial; decodes it.
void raw_reply(struct raw *c, uint32_t serial, enum wire_type_id type, void *ret);
// It must be a failed reply with that code and a message that has this part.
void raw_error(struct raw *c, uint32_t serial, int code, const char *part);
void raw_decode(struct raw *c, enum wire_type_id type, void *ret);
// The server has closed the connection.
void raw_gone(struct raw *c);
// Nothing comes before a ping sent now is answered.
void raw_quiet(struct raw *c);
void raw_ping(struct raw *c);
