// SPDX-License-Identifier: GPL-2.0-or-later
// Inside rpc/.
//
// How this works
//
// A client's socket is read into the server's scratch buffer; whole packets are handled in place,
// only the beginning of an unfinished one is copied to the client. A call's arguments are decoded
// at once; then it gets a task, or waits in `parked` when the client has its share of calls
// running. Pings, stream packets and refusals never wait behind calls. Reading pauses while too
// much is parked, unsent or unread by a stream; it resumes from a defer source, never from inside
// the function that freed some.
#pragma once

#include "base/list.h"
#include "base/states.h"
#include "base/str.h"
#include "rpc/call.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "rpc/stream.h"
#include "schemas/wire/packet.h"

enum {
    READ_CHUNK = 64 * 1024,
    // What a client may send that is not open or only reads: packets up to this, no descriptors;
    // and the unfinished packets of all such clients together, and of all others.
    PACKET_LIMITED = PACKET_HEADER_SIZE + 256 * 1024,
    UNFINISHED_LIMITED = 16 * 1024 * 1024,
    UNFINISHED_MAX = 256 * 1024 * 1024,
    PARKED_CALLS_MAX = 64,
    PARKED_BYTES_MAX = 1024 * 1024,
    UNSENT_HIGH = 1024 * 1024,  // stop taking requests from a client that doesn't read
    UNSENT_STREAM = 512 * 1024, // streams wait
    UNREAD_STREAM = 1024 * 1024,
    PENDING_FDS_MAX = 2 * WIRE_MESSAGE_FDS_MAX,
    ENDED_STREAMS_MAX = 16,
};

// A packet on its way out.
struct outgoing {
    struct list link;
    uint8_t *data; // owned
    size_t len, sent;
    uint32_t nfds, fds_sent;
    int *fds; // owned, as are the descriptors
    bool of_stream;
};

struct pending_fd {
    uint64_t offset; // of the byte it came with
    int fd;
};

// A stream we ended, whose finish or abort may still come.
struct ended_stream {
    uint32_t program, serial;
    int32_t procedure;
    bool used;
};

enum client_state {
    CLIENT_ANONYMOUS,     // may only authenticate
    CLIENT_AUTHENTICATED, // may open the connection
    CLIENT_OPEN,
    CLIENT_LEAVING, // has closed it: its last reply is being made
    CLIENT_CLOSING, // disconnected when that is sent
    CLIENT_GONE,    // disconnected; calls and streams may still refer to it
    CLIENT_STATE_COUNT
};
static const struct state_row client_states[CLIENT_STATE_COUNT] = {
    [CLIENT_ANONYMOUS] = {"anonymous", 0},
    [CLIENT_AUTHENTICATED] = {"authenticated", STATE_BIT(CLIENT_ANONYMOUS)},
    [CLIENT_OPEN] = {"open", STATE_BIT(CLIENT_AUTHENTICATED)},
    [CLIENT_LEAVING] = {"leaving", STATE_BIT(CLIENT_ANONYMOUS) | STATE_BIT(CLIENT_AUTHENTICATED) |
                                       STATE_BIT(CLIENT_OPEN)},
    [CLIENT_CLOSING] = {"closing", STATE_BIT(CLIENT_LEAVING)},
    [CLIENT_GONE] = {"gone", STATE_BIT(CLIENT_GONE) - 1},
};

struct client {
    struct list link; // in server->clients
    struct server *server;
    unsigned refs; // one for the connection, one for each call and stream
    uint64_t id;
    int fd; // -1: disconnected
    sd_event_source *io, *resume, *keepalive;
    struct rpc_peer peer;
    void *session;
    bool reader; // counted as one: let in to read only
    enum client_state state;
    bool read_only, paused, saw_end;

    struct strbuf in;  // the beginning of an unfinished packet
    size_t in_counted; // of it, in server->unfinished[in_limited]
    bool in_limited;
    uint64_t in_offset; // of in.data[0] in all that was ever received
    struct pending_fd fds[PENDING_FDS_MAX];
    unsigned nfds;

    struct list out;                  // struct outgoing
    size_t unsent, unsent_of_streams; // the latter is a part of the former

    unsigned running; // calls in flight, without the parked ones
    struct list parked;
    unsigned nparked;
    size_t parked_bytes;

    struct list streams;
    unsigned nstreams;
    size_t stream_unread;
    struct ended_stream ended[ENDED_STREAMS_MAX];
    unsigned next_ended;

    uint64_t last_seen_us; // a packet came
    unsigned pings;        // unanswered
};

struct listener {
    struct list link;
    struct server *server;
    int fd;
    char *path; // removed at close; NULL: inherited, stays
    bool read_only;
    sd_event_source *io;
};

struct server {
    struct sched *sched;
    sd_event *event;
    struct server_config config;
    const struct rpc_program *programs;
    size_t nprograms;
    void *owner;
    struct list listeners, clients;
    struct server_stats stats;
    unsigned anonymous;
    size_t unfinished[2]; // bytes in `in` of clients that may send all, and of the limited ones
    uint64_t next_id;
    uint64_t log_window_us; // since when lines are counted; see server_may_log()
    unsigned logged, unlogged;
    sd_event_source *retry_accept;
    bool closed;
    uint8_t scratch[READ_CHUNK];
};

// client.c
struct client *client_create(struct server *s, int fd, bool reader, struct rpc_peer *peer);
struct client *client_ref(struct client *c);
void client_unref(struct client *c);
// The only writer of its state.
void client_set_state(struct client *c, enum client_state to);
// Checks again whether the client may be read.
void client_update(struct client *c);
void client_log(const struct client *c, enum log_level level, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

// output.c: takes data and the descriptors. Dropped when the client is gone; cut off when it
// doesn't read.
void client_send(struct client *c, struct xdr_writer *packet, const int *fds, uint32_t nfds);
void client_send_empty(struct client *c, const struct packet_header *h);
// Data of a stream: bounded by its sender, never a reason to cut the client off.
void client_send_stream(struct client *c, struct xdr_writer *packet);
void client_flush(struct client *c);
void client_drop_output(struct client *c);

// dispatch.c
// One whole packet. Takes the descriptors.
void dispatch_call(struct client *c, const struct packet_header *h, const uint8_t *payload,
                   const int *fds, uint32_t nfds);
void dispatch_parked(struct client *c);
void dispatch_drop_parked(struct client *c);
// An error as a reply or for a stream.
void send_error(struct client *c, const struct packet_header *call, enum wire_message_type type,
                const struct error *err);

// stream.c
void stream_packet(struct client *c, const struct packet_header *h, const uint8_t *payload);
void stream_start(struct stream *s); // after the reply
void stream_discard(struct stream *s);
void streams_disconnected(struct client *c);
void streams_can_send(struct client *c);

// keepalive.c
void keepalive_packet(struct client *c, const struct packet_header *h);

// server.c
void server_client_gone(struct server *s, struct client *c);
void server_update_accepting(struct server *s);
// Whether one more line about a client that was cut off or refused goes into the log: clients could
// fill the disk with them. Those left out are counted in the log later.
bool server_may_log(struct server *s);
