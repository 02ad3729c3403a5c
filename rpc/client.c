// SPDX-License-Identifier: GPL-2.0-or-later
// A connection: reading its socket, cutting packets out, and its end.
#include "rpc/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

void client_log(const struct client *c, enum log_level level, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    log_write(level, &(struct log_fields){.client = c->id}, "%s", text);
}

const struct rpc_peer *client_peer(const struct client *c)
{
    return &c->peer;
}

bool client_is_connected(const struct client *c)
{
    return c->fd >= 0;
}

void client_set_read_only(struct client *c)
{
    c->read_only = true;
}

bool client_is_open(const struct client *c)
{
    return c->state == CLIENT_OPEN;
}

void client_set_state(struct client *c, enum client_state to)
{
    char name[32];
    snprintf(name, sizeof(name), "%" PRIu64, c->id);
    state_check(client_states, c->state, to, "client", name);
    c->state = to;
}

void client_set_open(struct client *c)
{
    if (c->state == CLIENT_AUTHENTICATED) // not when it has closed or left meanwhile
        client_set_state(c, CLIENT_OPEN);
}

bool client_is_authenticated(const struct client *c)
{
    return c->state != CLIENT_ANONYMOUS;
}

enum wire_auth_type client_auth_type(const struct client *c)
{
    return client_is_authenticated(c) ? WIRE_AUTH_NONE : c->server->config.auth;
}

struct client *client_ref(struct client *c)
{
    c->refs++;
    return c;
}

void client_unref(struct client *c)
{
    if (--c->refs)
        return;
    if (c->session && c->server->config.session_destroy)
        c->server->config.session_destroy(c->session);
    rpc_peer_finish(&c->peer);
    strbuf_finish(&c->in);
    free(c);
}

static bool is_limited(const struct client *c)
{
    return c->read_only || !client_is_open(c);
}

static void count_unfinished(struct client *c, size_t bytes)
{
    struct server *s = c->server;
    s->unfinished[c->in_limited] -= c->in_counted;
    c->in_limited = is_limited(c);
    c->in_counted = bytes;
    s->unfinished[c->in_limited] += bytes;
    s->stats.unfinished = s->unfinished[0] + s->unfinished[1];
}

void client_disconnect(struct client *c, const char *why)
{
    if (c->fd < 0)
        return;
    if (why && server_may_log(c->server))
        client_log(c, LOG_LEVEL_WARN, "closing connection of client (uid %u, pid %d): %s",
                   c->peer.uid, c->peer.pid, why);
    c->io = sd_event_source_disable_unref(c->io);
    c->resume = sd_event_source_disable_unref(c->resume);
    c->keepalive = sd_event_source_disable_unref(c->keepalive);
    close_fd(&c->fd);
    for (unsigned i = 0; i < c->nfds; i++)
        close(c->fds[i].fd);
    c->nfds = 0;
    count_unfinished(c, 0);
    client_drop_output(c);
    dispatch_drop_parked(c);
    streams_disconnected(c);
    if (c->session && c->server->config.session_disconnected)
        c->server->config.session_disconnected(c->session);
    server_client_gone(c->server, c);
    client_set_state(c, CLIENT_GONE);
    client_unref(c);
}

void client_close_after_reply(struct client *c)
{
    if (c->state < CLIENT_LEAVING)
        client_set_state(c, CLIENT_LEAVING);
}

static bool may_read(const struct client *c)
{
    return c->state != CLIENT_CLOSING && c->nparked < PARKED_CALLS_MAX &&
           c->parked_bytes < PARKED_BYTES_MAX && c->unsent < UNSENT_HIGH &&
           c->stream_unread < UNREAD_STREAM;
}

void client_update(struct client *c)
{
    if (c->fd < 0)
        return;
    bool read = may_read(c);
    uint32_t events = (read && !c->saw_end ? EPOLLIN : 0) | (list_empty(&c->out) ? 0 : EPOLLOUT);
    sd_event_source_set_io_events(c->io, events);
    if (read && c->paused) {
        c->paused = false;
        sd_event_source_set_enabled(c->resume, SD_EVENT_ONESHOT);
    }
}

// Descriptors that came with a byte in [from, to); those that no packet announced are closed.
static void drop_fds(struct client *c, uint64_t to)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < c->nfds; i++) {
        if (c->fds[i].offset < to)
            close(c->fds[i].fd);
        else
            c->fds[kept++] = c->fds[i];
    }
    c->nfds = kept;
}

static int take_fd(struct client *c, uint64_t offset)
{
    for (unsigned i = 0; i < c->nfds; i++) {
        if (c->fds[i].offset == offset) {
            int fd = c->fds[i].fd;
            c->fds[i] = c->fds[--c->nfds];
            return fd;
        }
    }
    return -1;
}

static void handle_packet(struct client *c, const struct packet_header *h, const uint8_t *payload,
                          const int *fds, uint32_t nfds)
{
    c->last_seen_us = now_monotonic_us();
    c->pings = 0;
    bool call = h->type == WIRE_CALL || h->type == WIRE_CALL_WITH_FDS;
    if (h->program == WIRE_PROGRAM_KEEPALIVE)
        keepalive_packet(c, h);
    else if (h->type == WIRE_STREAM || h->type == WIRE_STREAM_HOLE)
        stream_packet(c, h, payload);
    else if (call) {
        dispatch_call(c, h, payload, fds, nfds);
        return;
    }
    // Anything else is ignored.
    for (uint32_t i = 0; i < nfds; i++)
        close(fds[i]);
}

static ssize_t bad_packet(struct client *c, const char *why)
{
    c->server->stats.bad_packets++;
    client_disconnect(c, why);
    return -1;
}

// One packet from the front of what has come; offset is its place in all that came. Bytes used, 0
// when more must come, -1 after a disconnect.
static ssize_t next_packet(struct client *c, const uint8_t *data, size_t len, uint64_t offset)
{
    struct packet_header h;
    int r = packet_parse(data, len, &h);
    if (r < 0) {
        AUTO_FREE char *why = xasprintf("bad packet: its length is %u", h.length);
        return bad_packet(c, why);
    }
    if (h.length > PACKET_LIMITED && is_limited(c)) {
        AUTO_FREE char *why = xasprintf(
            "packet of %u bytes: at most %u are taken %s", h.length, PACKET_LIMITED,
            client_is_open(c) ? "from a read-only connection" : "before a connection is open");
        return bad_packet(c, why);
    }
    if (r == 0)
        return 0;
    uint32_t nfds = 0;
    bool with_fds = h.type == WIRE_CALL_WITH_FDS || h.type == WIRE_REPLY_WITH_FDS;
    if (with_fds) {
        struct xdr_reader in = {.p = data + PACKET_HEADER_SIZE, .end = data + h.length};
        xdr_get_u32(&in, &nfds);
        if (nfds > WIRE_MESSAGE_FDS_MAX)
            return bad_packet(
                c, "bad packet: it announces more file descriptors than a packet may have");
        if (len - h.length < nfds)
            return 0;
    }
    int fds[WIRE_MESSAGE_FDS_MAX];
    for (uint32_t i = 0; i < nfds; i++) {
        fds[i] = take_fd(c, offset + h.length + i);
        if (fds[i] >= 0)
            continue;
        while (i > 0)
            close(fds[--i]);
        return bad_packet(c, "bad packet: a file descriptor that it announces did not come");
    }
    handle_packet(c, &h, data + PACKET_HEADER_SIZE, fds, nfds);
    return c->fd < 0 ? -1 : (ssize_t)(h.length + nfds);
}

// Handles the whole packets at the front; returns the bytes used. The caller holds a reference.
static size_t handle_packets(struct client *c, const uint8_t *data, size_t len)
{
    size_t used = 0;
    while (c->fd >= 0) {
        if (!may_read(c)) {
            c->paused = true;
            break;
        }
        ssize_t n = next_packet(c, data + used, len - used, c->in_offset + used);
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    return used;
}

// Whose unfinished packets are the largest goes when all of them together are too large.
static void bound_unfinished(struct server *s, bool limited)
{
    size_t most = limited ? UNFINISHED_LIMITED : UNFINISHED_MAX;
    if (s->unfinished[limited] <= most)
        return;
    struct client *c, *largest = NULL;
    LIST_FOREACH (c, &s->clients, link) {
        if (c->in_limited == limited && (!largest || c->in_counted > largest->in_counted))
            largest = c;
    }
    AUTO_FREE char *why = xasprintf("unfinished packets of all%s clients exceed %zu bytes, and it "
                                    "has sent the most of them",
                                    limited ? " read-only and unopened" : "", most);
    s->stats.clients_cut++;
    client_disconnect(largest, why);
}

static void handle_input(struct client *c, const uint8_t *fresh, size_t n)
{
    if (c->in.len) {
        strbuf_addn(&c->in, fresh, n);
        // The buffer may not move while packets are handled from it: nothing appends to it
        // meanwhile.
        size_t used = handle_packets(c, (const uint8_t *)c->in.data, c->in.len);
        c->in_offset += used;
        c->in.len -= used;
        if (c->in.len == 0)
            strbuf_finish(&c->in);
        else if (used) // not for each piece of a large packet
            memmove(c->in.data, c->in.data + used, c->in.len);
    } else if (n) {
        size_t used = handle_packets(c, fresh, n);
        c->in_offset += used;
        if (used < n)
            strbuf_addn(&c->in, fresh + used, n - used);
    }
    if (c->fd < 0) {
        strbuf_finish(&c->in);
        return;
    }
    drop_fds(c, c->in_offset); // those of later bytes are still awaited
    if (c->saw_end && !c->paused) {
        client_disconnect(c, NULL);
        return;
    }
    count_unfinished(c, c->in.len);
    bound_unfinished(c->server, c->in_limited);
}

static void keep_fds(struct client *c, struct msghdr *msg, uint64_t offset)
{
    for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m; m = CMSG_NXTHDR(msg, m)) {
        if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(m) + i * sizeof(int), sizeof(fd));
            // One byte, one descriptor; further ones have no place. No call that only reads takes
            // any.
            if (i == 0 && c->nfds < PENDING_FDS_MAX && !is_limited(c))
                c->fds[c->nfds++] = (struct pending_fd){.offset = offset, .fd = fd};
            else
                close(fd);
        }
    }
}

static void read_socket(struct client *c)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(WIRE_MESSAGE_FDS_MAX * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = c->server->scratch, .iov_len = READ_CHUNK};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            client_disconnect(c, NULL);
        return;
    }
    if (n == 0) {
        c->saw_end = true;
    } else {
        // The kernel ends a read after a byte that carries descriptors.
        keep_fds(c, &msg, c->in_offset + c->in.len + (size_t)n - 1);
    }
    handle_input(c, c->server->scratch, (size_t)n);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source;
    (void)fd;
    struct client *c = client_ref(userdata);
    if (revents & EPOLLOUT)
        client_flush(c);
    if (c->fd >= 0 && may_read(c) && (revents & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        read_socket(c);
    else if (c->fd >= 0 && (revents & (EPOLLHUP | EPOLLERR)))
        client_disconnect(c, NULL); // hung up while it was not read: no one waits for its replies
    client_update(c);
    client_unref(c);
    return 0;
}

static int on_resume(sd_event_source *source, void *userdata)
{
    (void)source;
    struct client *c = client_ref(userdata);
    handle_input(c, NULL, 0);
    client_update(c);
    client_unref(c);
    return 0;
}

// Takes fd and the peer's groups.
struct client *client_create(struct server *s, int fd, bool reader, struct rpc_peer *peer)
{
    struct client *c = NEW(struct client);
    c->server = s;
    c->refs = 1;
    c->fd = fd;
    c->id = ++s->next_id;
    c->peer = *peer;
    *peer = (struct rpc_peer){0};
    c->reader = c->read_only = reader;
    c->state = s->config.auth == WIRE_AUTH_NONE ? CLIENT_AUTHENTICATED : CLIENT_ANONYMOUS;
    c->last_seen_us = now_monotonic_us();
    list_init(&c->out);
    list_init(&c->parked);
    list_init(&c->streams);
    list_append(&s->clients, &c->link);
    if (sd_event_add_io(s->event, &c->io, fd, EPOLLIN, on_io, c) < 0 ||
        sd_event_add_defer(s->event, &c->resume, on_resume, c) < 0)
        abort(); // out of memory, as in base/alloc.c
    sd_event_source_set_enabled(c->resume, SD_EVENT_OFF);
    if (s->config.session_create)
        c->session = s->config.session_create(s->owner, c);
    return c;
}
