// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams: bulk data that uses the procedure and serial of the call that opened it. Data that
// arrive during other calls are buffered, up to a limit.
#include "clients/libvireo_internal.h"

#include <string.h>

enum { KEPT_MAX = 16 * 1024 * 1024 };

struct chunk {
    struct list link;
    size_t len, taken;
    uint8_t data[];
};

struct vireo_stream {
    struct list link; // in the connection; unlinked when that was closed
    struct vireo *conn;
    struct packet_header header; // of the packets to send
    struct list chunks;
    size_t kept; // bytes in chunks
    bool ended, confirmed, failed;
    struct vireo_error error; // when failed
};

VIREO_EXPORT struct vireo_stream *vireo_stream_open(struct vireo *conn, struct vireo_error *err)
{
    const struct packet_header *h = &conn->header;
    bool reply = h->type == WIRE_REPLY || h->type == WIRE_REPLY_WITH_FDS;
    if (!reply || h->status != WIRE_OK || conn->broken) {
        conn_fail(err, WIRE_ERR_INVALID_STREAM, WIRE_FROM_STREAMS,
                  "the last call did not open a stream");
        return NULL;
    }
    struct vireo_stream *s = NEW(struct vireo_stream);
    s->conn = conn;
    s->header = *h;
    s->header.type = WIRE_STREAM;
    list_init(&s->chunks);
    list_append(&conn->streams, &s->link);
    return s;
}

static void drop_chunks(struct vireo_stream *s)
{
    struct chunk *c, *next;
    LIST_FOREACH_SAFE (c, next, &s->chunks, link) {
        list_remove(&c->link);
        free(c);
    }
    s->kept = 0;
}

static void stream_free(struct vireo_stream *s)
{
    drop_chunks(s);
    list_remove(&s->link);
    vireo_error_clear(&s->error);
    free(s);
}

void conn_drop_streams(struct vireo *conn)
{
    while (!list_empty(&conn->streams)) {
        struct vireo_stream *s = LIST_FIRST(&conn->streams, struct vireo_stream, link);
        list_remove(&s->link);
        s->conn = NULL;
    }
}

// ---- receiving ----------------------------------------------------------------------------------

static int take_data(struct vireo_stream *s, struct vireo_error *err)
{
    struct vireo *conn = s->conn;
    if (conn->len == 0) {
        s->ended = true;
        return 0;
    }
    if (s->kept + conn->len > KEPT_MAX)
        return conn_broken(conn, err, "too much unread stream data");
    struct chunk *c = xmalloc(sizeof(*c) + conn->len);
    *c = (struct chunk){.len = conn->len};
    memcpy(c->data, conn->payload, conn->len);
    list_append(&s->chunks, &c->link);
    s->kept += conn->len;
    return 0;
}

int conn_take_stream(struct vireo *conn, struct vireo_error *err)
{
    const struct packet_header *h = &conn->header;
    struct vireo_stream *s;
    LIST_FOREACH (s, &conn->streams, link) {
        if (s->header.serial != h->serial || s->header.procedure != h->procedure ||
            s->header.program != h->program)
            continue;
        if (h->status == WIRE_OK)
            s->confirmed = true;
        else if (h->status == WIRE_ERROR) {
            s->failed = true;
            conn_decode_error(conn, &s->error);
        } else if (h->type == WIRE_STREAM_HOLE) {
            s->failed = true;
            conn_fail(&s->error, WIRE_ERR_NO_SUPPORT, WIRE_FROM_STREAMS,
                      "libvireo does not support sparse streams");
        } else
            return take_data(s, err);
        return 0;
    }
    return 0; // of an aborted stream
}

// Reads one packet. 0, 1 when none arrived in time, or -1.
static int wait_packet(struct vireo_stream *s, int64_t end, struct vireo_error *err)
{
    if (!s->conn || s->conn->broken)
        return conn_fail(err, WIRE_ERR_INVALID_CONN, WIRE_FROM_STREAMS,
                         "the connection of the stream is closed or broken");
    int r = conn_read(s->conn, end, err);
    return r ? r : conn_take_packet(s->conn, err);
}

static int copy_failure(const struct vireo_stream *s, struct vireo_error *err)
{
    return conn_fail(err, s->error.code, s->error.domain, "%s",
                     s->error.message ? s->error.message : "the stream failed");
}

// ---- reading and writing ------------------------------------------------------------------------

VIREO_EXPORT long vireo_stream_read(struct vireo_stream *s, void *buf, size_t size, int timeout_ms,
                                    struct vireo_error *err)
{
    int64_t end = conn_deadline_in(timeout_ms);
    while (list_empty(&s->chunks)) {
        if (s->failed)
            return copy_failure(s, err);
        if (s->ended || s->confirmed)
            return 0;
        int r = wait_packet(s, end, err);
        if (r)
            return r < 0 ? -1 : VIREO_STREAM_NOTHING_YET;
    }
    struct chunk *c = LIST_FIRST(&s->chunks, struct chunk, link);
    size_t n = c->len - c->taken < size ? c->len - c->taken : size;
    memcpy(buf, c->data + c->taken, n);
    c->taken += n;
    s->kept -= n;
    if (c->taken == c->len) {
        list_remove(&c->link);
        free(c);
    }
    return (long)n;
}

static int send_one(struct vireo_stream *s, int status, const void *data, size_t len,
                    struct vireo_error *err)
{
    if (!s->conn || s->conn->broken)
        return conn_fail(err, WIRE_ERR_INVALID_CONN, WIRE_FROM_STREAMS,
                         "the connection of the stream is closed or broken");
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_LENGTH_WORD_MAX);
    s->header.status = status;
    packet_begin(&w, &s->header);
    xdr_put_raw(&w, data, len);
    packet_end(&w);
    int r = conn_write(s->conn, w.data, w.len, err);
    xdr_writer_finish(&w);
    return r;
}

VIREO_EXPORT int vireo_stream_write(struct vireo_stream *s, const void *data, size_t len,
                                    struct vireo_error *err)
{
    const uint8_t *p = data;
    while (len) {
        size_t n = len < WIRE_MESSAGE_LEGACY_PAYLOAD_MAX ? len : WIRE_MESSAGE_LEGACY_PAYLOAD_MAX;
        if (s->failed)
            return copy_failure(s, err);
        if (send_one(s, WIRE_CONTINUE, p, n, err) < 0)
            return -1;
        p += n;
        len -= n;
    }
    return 0;
}

// Waits for the daemon's final status; drops remaining data.
static int wait_confirmed(struct vireo_stream *s, struct vireo_error *err)
{
    int64_t end = s->conn ? conn_deadline(s->conn) : -1;
    while (!s->confirmed && !s->failed) {
        int r = wait_packet(s, end, err);
        if (r)
            return r < 0 ? -1 : conn_broken(s->conn, err, "no reply within the timeout");
        drop_chunks(s);
    }
    return s->failed ? copy_failure(s, err) : 0;
}

VIREO_EXPORT int vireo_stream_finish(struct vireo_stream *s, struct vireo_error *err)
{
    int r = s->failed ? copy_failure(s, err) : 0;
    if (r == 0 && !s->confirmed)
        r = send_one(s, WIRE_OK, NULL, 0, err);
    if (r == 0)
        r = wait_confirmed(s, err);
    stream_free(s);
    return r;
}

VIREO_EXPORT void vireo_stream_abort(struct vireo_stream *s)
{
    if (!s)
        return;
    if (!s->failed && !s->confirmed && send_one(s, WIRE_ERROR, NULL, 0, NULL) == 0)
        wait_confirmed(s, NULL);
    stream_free(s);
}
