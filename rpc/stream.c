// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// Each stream has a task that runs its function. Packets from the client become chunks in a queue
// that the function reads; while too much is queued, the client's socket is not read. Sending waits
// while the client has much unsent. When the stream is over (aborted, or the client gone), every
// wait of the task returns at once.
#include "rpc/internal.h"
#include "base/states.h"
#include "rpc/wire_error.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

struct chunk {
    struct list link;
    enum stream_event event;
    int64_t hole;
    size_t len;
    uint8_t data[];
};

enum stream_state {
    STREAM_STATE_OPEN,
    STREAM_STATE_FINISHED, // the client sent its finish
    STREAM_STATE_OVER,     // nothing more may be sent
    STREAM_STATE_COUNT
};
static const struct state_row stream_states[STREAM_STATE_COUNT] = {
    [STREAM_STATE_OPEN] = {"open", 0},
    [STREAM_STATE_FINISHED] = {"finished", STATE_BIT(STREAM_STATE_OPEN)},
    [STREAM_STATE_OVER] = {"over", STATE_BIT(STREAM_STATE_OPEN) | STATE_BIT(STREAM_STATE_FINISHED)},
};

struct stream {
    struct list link; // in client->streams
    unsigned refs;
    struct client *client;       // referenced
    const char *label;           // of the call that opened it
    struct packet_header header; // of its packets
    enum rpc_kind kind;
    stream_fn fn;
    void *arg;
    void (*release)(void *arg);
    struct task *task;
    struct list input;     // struct chunk
    struct chunk *current; // lent to the reader
    struct completion arrived, drained;
    enum stream_state state;
    bool end_sent;
    bool nudged; // the reader shall look up
};

static void set_state(struct stream *s, enum stream_state to)
{
    state_check(stream_states, s->state, to, "stream", s->label);
    s->state = to;
}

static bool is_over(const struct stream *s)
{
    return s->state == STREAM_STATE_OVER;
}

// The client has finished its side, or the stream is over.
static bool is_finished(const struct stream *s)
{
    return s->state != STREAM_STATE_OPEN;
}

static void stream_unref(struct stream *s)
{
    if (--s->refs)
        return;
    client_unref(s->client);
    free(s);
}

int stream_open(struct call *call, stream_fn fn, void *arg, void (*release)(void *arg),
                struct error *err)
{
    struct client *c = call->client;
    const char *why = NULL;
    if (call->procedure->kind == RPC_CALL || call->stream)
        why = "this call can't open a stream";
    else if (c->nstreams >= c->server->config.max_client_streams)
        why = "this client has as many streams open as it may (max_client_streams)";
    if (why) {
        if (release)
            release(arg);
        return error_set(err, ERROR_OPERATION_FAILED, AREA_STREAM, "%s: %s", call->procedure->label,
                         why);
    }
    struct stream *s = NEW(struct stream);
    s->refs = 1;
    s->client = client_ref(c);
    s->label = call->procedure->label;
    s->header = (struct packet_header){.program = call->program,
                                       .version = 1,
                                       .procedure = (int32_t)call->number,
                                       .type = WIRE_STREAM,
                                       .serial = call->serial,
                                       .status = WIRE_CONTINUE};
    s->kind = call->procedure->kind;
    s->fn = fn;
    s->arg = arg;
    s->release = release;
    list_init(&s->input);
    completion_init(&s->arrived);
    completion_init(&s->drained);
    list_append(&c->streams, &s->link);
    c->nstreams++;
    c->server->stats.streams++;
    call->stream = s;
    return 0;
}

static void send_status(struct stream *s, enum wire_message_status status)
{
    struct packet_header h = s->header;
    h.status = status;
    client_send_empty(s->client, &h);
}

static void drop_chunk(struct stream *s, struct chunk *k)
{
    s->client->stream_unread -= k->len;
    list_remove(&k->link);
    free(k);
}

static void drop_input(struct stream *s)
{
    struct chunk *k, *tmp;
    LIST_FOREACH_SAFE (k, tmp, &s->input, link)
        drop_chunk(s, k);
}

// Wakes the waiting tasks; each checks the state again.
static void wake_stream(struct stream *s)
{
    completion_post(&s->arrived, 0);
    completion_post(&s->drained, 0);
}

static void set_over(struct stream *s)
{
    if (is_over(s))
        return;
    set_state(s, STREAM_STATE_OVER);
    drop_input(s);
    wake_stream(s);
    if (s->task)
        task_cancel(s->task);
}

// A finish or abort may still be on its way and wants its confirmation.
static void remember_ended(struct stream *s)
{
    struct client *c = s->client;
    c->ended[c->next_ended++ % ENDED_STREAMS_MAX] =
        (struct ended_stream){.program = s->header.program,
                              .procedure = s->header.procedure,
                              .serial = s->header.serial,
                              .used = true};
}

static void fail_stream(struct stream *s, const struct error *err)
{
    struct client *c = client_ref(s->client);
    remember_ended(s);
    send_error(c, &s->header, WIRE_STREAM, err);
    client_unref(c);
}

static void unlink_stream(struct stream *s)
{
    if (list_empty(&s->link))
        return;
    list_remove(&s->link);
    s->client->nstreams--;
    s->client->server->stats.streams--;
}

void stream_discard(struct stream *s)
{
    if (s->state != STREAM_STATE_OVER) // the client may have aborted it meanwhile
        set_state(s, STREAM_STATE_OVER);
    unlink_stream(s);
    drop_input(s);
    if (s->release)
        s->release(s->arg);
    stream_unref(s);
}

// After its function ended well: until the client has finished, too.
static void wait_for_finish(struct task *t, struct stream *s)
{
    struct stream_chunk chunk = {.event = STREAM_DATA};
    stream_send_end(s);
    while (!is_over(s) && chunk.event != STREAM_FINISHED && chunk.event != STREAM_OVER) {
        if (stream_receive(t, s, TASK_FOREVER, &chunk) < 0)
            return;
    }
}

static void stream_task(struct task *t, void *arg)
{
    struct stream *s = arg;
    struct client *c = client_ref(s->client);
    AUTO_ERROR err = ERROR_INIT;
    s->task = t;
    *task_log_fields(t) = (struct log_fields){.client = c->id};
    if (is_over(s)) {
        // The client hung up before we came this far.
    } else if (s->fn(t, s, s->arg, &err) < 0) {
        if (!is_over(s))
            fail_stream(s, &err);
    } else {
        if (s->state == STREAM_STATE_OPEN)
            wait_for_finish(t, s);
        if (s->state == STREAM_STATE_FINISHED)
            send_status(s, WIRE_OK);
        else if (s->state == STREAM_STATE_OPEN)
            remember_ended(s); // the daemon is shutting down
    }
    if (!is_over(s))
        set_state(s, STREAM_STATE_OVER);
    s->task = NULL;
    free(STEAL(s->current));
    unlink_stream(s);
    drop_input(s);
    if (s->release)
        s->release(s->arg);
    stream_unref(s);
    client_update(c);
    client_unref(c);
}

void stream_start(struct stream *s)
{
    task_spawn(s->client->server->sched, "stream", stream_task, s);
}

void streams_disconnected(struct client *c)
{
    struct stream *s, *tmp;
    LIST_FOREACH_SAFE (s, tmp, &c->streams, link)
        set_over(s);
}

void streams_can_send(struct client *c)
{
    struct stream *s;
    LIST_FOREACH (s, &c->streams, link)
        completion_post(&s->drained, 0);
}

void stream_kill(struct stream *s, const char *why)
{
    if (is_over(s))
        return;
    AUTO_ERROR err = ERROR_INIT;
    error_set(&err, ERROR_OPERATION_ABORTED, AREA_STREAM, "%s", why);
    fail_stream(s, &err);
    set_over(s);
}

static bool is_same(const struct packet_header *a, const struct packet_header *b)
{
    return a->program == b->program && a->procedure == b->procedure && a->serial == b->serial;
}

// A packet for a stream that is no more: only a finish or an abort of one we ended is answered.
static void confirm_ended(struct client *c, const struct packet_header *h)
{
    for (unsigned i = 0; i < ENDED_STREAMS_MAX; i++) {
        struct ended_stream *e = &c->ended[i];
        if (!e->used || e->program != h->program || e->procedure != h->procedure ||
            e->serial != h->serial)
            continue;
        e->used = false;
        struct packet_header reply = *h;
        reply.type = WIRE_STREAM;
        reply.status = WIRE_OK;
        client_send_empty(c, &reply);
        return;
    }
}

static void queue_chunk(struct stream *s, enum stream_event event, const void *data, size_t len,
                        int64_t hole)
{
    struct chunk *k = xmalloc(sizeof(*k) + len);
    *k = (struct chunk){.event = event, .len = len, .hole = hole};
    if (len)
        memcpy(k->data, data, len);
    list_append(&s->input, &k->link);
    s->client->stream_unread += len;
    completion_post(&s->arrived, 0);
}

static void queue_hole(struct stream *s, const struct packet_header *h, const uint8_t *payload)
{
    struct xdr_reader r = {.p = payload, .end = payload + h->length - PACKET_HEADER_SIZE};
    uint64_t length;
    uint32_t flags;
    if (xdr_get_u64(&r, &length) < 0 || xdr_get_u32(&r, &flags) < 0 || (int64_t)length < 0 || flags)
        stream_kill(s, "the client sent a hole that makes no sense");
    else
        queue_chunk(s, STREAM_HOLE, NULL, 0, (int64_t)length);
}

static void client_finished(struct stream *s)
{
    set_state(s, STREAM_STATE_FINISHED);
    completion_post(&s->arrived, 0);
    // A client that reads has all it wants. One that uploads gets a reply when all is written.
    if (s->kind != RPC_STREAM_UP) {
        struct client *c = client_ref(s->client);
        send_status(s, WIRE_OK);
        set_over(s);
        client_unref(c);
    }
}

void stream_packet(struct client *c, const struct packet_header *h, const uint8_t *payload)
{
    struct stream *s, *found = NULL;
    LIST_FOREACH (s, &c->streams, link) {
        if (is_same(&s->header, h) && !is_over(s)) {
            found = s;
            break;
        }
    }
    if (!found) {
        if (h->type == WIRE_STREAM && h->status != WIRE_CONTINUE)
            confirm_ended(c, h);
        return;
    }
    s = found;
    if (h->type == WIRE_STREAM && h->status == WIRE_ERROR) {
        send_status(s, WIRE_OK);
        set_over(s);
    } else if (h->type == WIRE_STREAM && h->status == WIRE_OK) {
        if (s->state == STREAM_STATE_OPEN)
            client_finished(s);
    } else if (is_finished(s) || s->kind == RPC_STREAM_DOWN) {
        // Nothing to do with it.
    } else if (h->type == WIRE_STREAM_HOLE) {
        queue_hole(s, h, payload);
    } else if (h->length > PACKET_HEADER_SIZE) {
        queue_chunk(s, STREAM_DATA, payload, h->length - PACKET_HEADER_SIZE, 0);
    }
}

static int over_error(struct stream *s, struct error *err)
{
    return error_set(err, ERROR_OPERATION_ABORTED, AREA_STREAM, "%s",
                     client_is_connected(s->client) ? "the client ended the stream"
                                                    : "the client has gone");
}

// Waits until the backlog is small again. One task at a time.
static int wait_drained(struct task *t, struct stream *s, struct error *err)
{
    while (!is_over(s) && s->client->unsent >= UNSENT_STREAM) {
        completion_init(&s->drained);
        if (completion_wait(t, &s->drained, TASK_FOREVER) < 0)
            return over_error(s, err);
    }
    return is_over(s) ? over_error(s, err) : 0;
}

int stream_send(struct task *t, struct stream *s, const void *data, size_t len, struct error *err)
{
    const uint8_t *p = data;
    while (len) {
        if (wait_drained(t, s, err) < 0)
            return -1;
        size_t n = len < WIRE_MESSAGE_LEGACY_PAYLOAD_MAX ? len : WIRE_MESSAGE_LEGACY_PAYLOAD_MAX;
        struct xdr_writer w;
        xdr_writer_init(&w, PACKET_HEADER_SIZE + n);
        packet_begin(&w, &s->header);
        xdr_put_raw(&w, p, n);
        packet_end(&w);
        client_send_stream(s->client, &w);
        p += n;
        len -= n;
    }
    return is_over(s) ? over_error(s, err) : 0;
}

int stream_send_hole(struct task *t, struct stream *s, int64_t length, struct error *err)
{
    if (wait_drained(t, s, err) < 0)
        return -1;
    struct packet_header h = s->header;
    h.type = WIRE_STREAM_HOLE;
    struct xdr_writer w;
    xdr_writer_init(&w, PACKET_HEADER_SIZE + 12);
    packet_begin(&w, &h);
    xdr_put_u64(&w, (uint64_t)length);
    xdr_put_u32(&w, 0);
    packet_end(&w);
    client_send_stream(s->client, &w);
    return is_over(s) ? over_error(s, err) : 0;
}

void stream_send_end(struct stream *s)
{
    if (is_over(s) || s->end_sent || s->kind == RPC_STREAM_UP)
        return;
    s->end_sent = true;
    send_status(s, WIRE_CONTINUE);
}

static void fill_chunk(struct stream *s, struct stream_chunk *ret)
{
    struct chunk *k = LIST_FIRST(&s->input, struct chunk, link);
    *ret = (struct stream_chunk){.event = is_over(s) ? STREAM_OVER : STREAM_FINISHED};
    if (is_over(s) || !k)
        return;
    list_remove(&k->link);
    s->client->stream_unread -= k->len;
    s->current = k;
    *ret =
        (struct stream_chunk){.event = k->event, .data = k->data, .len = k->len, .hole = k->hole};
    client_update(s->client);
}

int stream_receive(struct task *t, struct stream *s, uint64_t deadline_us, struct stream_chunk *ret)
{
    free(STEAL(s->current));
    while (!is_finished(s) && list_empty(&s->input) && !s->nudged) {
        completion_init(&s->arrived);
        int r = completion_wait(t, &s->arrived, deadline_us);
        if (r < 0 && !is_over(s))
            return r;
    }
    if (s->nudged && list_empty(&s->input) && !is_finished(s))
        return -EINTR;
    fill_chunk(s, ret);
    return 0;
}

// A bridge is two tasks: the stream's own copies from the client, a helper to the client. They
// share this, as either may end first.
struct bridge {
    unsigned refs;
    struct stream *stream;
    struct task *helper; // NULL: ended
    int fd;              // a duplicate: the helper may outlive the caller's
    struct error err;    // why the helper ended, if not by the end of the data
};

static void bridge_unref(struct bridge *b)
{
    if (--b->refs)
        return;
    close_fd(&b->fd);
    error_clear(&b->err);
    stream_unref(b->stream);
    free(b);
}

static int bridge_copy_out(struct task *t, struct bridge *b)
{
    char buf[16 * 1024];
    for (;;) {
        ssize_t n = read(b->fd, buf, sizeof(buf));
        if (n > 0) {
            if (stream_send(t, b->stream, buf, (size_t)n, &b->err) < 0)
                return -1;
            continue;
        }
        if (n == 0 || errno == EIO) // so a pty reports its end
            return 0;
        if (errno != EAGAIN && errno != EINTR)
            return error_set_errno(&b->err, AREA_STREAM, errno, "cannot read from the guest");
        if (task_wait_fd(t, b->fd, EPOLLIN, TASK_FOREVER) < 0)
            return -1;
    }
}

static void bridge_helper(struct task *t, void *arg)
{
    struct bridge *b = arg;
    bridge_copy_out(t, b);
    b->helper = NULL;
    b->stream->nudged = true;
    completion_post(&b->stream->arrived, 0);
    bridge_unref(b);
}

// 1: the guest's side has ended.
static int write_all(struct task *t, int fd, const uint8_t *data, size_t len, struct error *err)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EIO || errno == EPIPE || errno == ECONNRESET) {
            return 1;
        } else if (errno != EAGAIN && errno != EINTR) {
            return error_set_errno(err, AREA_STREAM, errno, "cannot write to the guest");
        } else if (task_wait_fd(t, fd, EPOLLOUT, TASK_FOREVER) < 0) {
            return error_set(err, ERROR_OPERATION_ABORTED, AREA_STREAM, "the stream ended");
        }
    }
    return 0;
}

int stream_bridge(struct task *t, struct stream *s, int fd, struct error *err)
{
    struct bridge *b = NEW(struct bridge);
    b->refs = 2;
    b->stream = s;
    s->refs++;
    b->fd = dup(fd);
    if (b->fd < 0) {
        b->refs = 1;
        bridge_unref(b);
        return error_set_errno(err, AREA_STREAM, errno, "cannot duplicate a descriptor");
    }
    s->nudged = false;
    b->helper = task_spawn(task_sched(t), "stream out", bridge_helper, b);
    int r = 0;
    for (;;) {
        struct stream_chunk chunk;
        if (stream_receive(t, s, TASK_FOREVER, &chunk) < 0 || chunk.event >= STREAM_FINISHED)
            break;
        if (chunk.event == STREAM_DATA && (r = write_all(t, fd, chunk.data, chunk.len, err)) != 0)
            break;
    }
    s->nudged = false;
    if (b->helper)
        task_cancel(b->helper);
    else if (r >= 0 && b->err.code != ERROR_NONE)
        r = error_move(err, &b->err);
    bridge_unref(b);
    return r < 0 ? -1 : 0;
}
