// SPDX-License-Identifier: GPL-2.0-or-later
// What goes to a client: sent at once where the socket takes it, else queued up to a bound.
#include "rpc/internal.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void outgoing_free(struct outgoing *o)
{
    list_remove(&o->link);
    for (uint32_t i = 0; i < o->nfds; i++)
        close(o->fds[i]);
    free(o->fds);
    free(o->data);
    free(o);
}

// A descriptor travels with a byte of its own, after the packet.
static ssize_t send_fd(int sock, int fd)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = "", .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
    return sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// 1 when the packet has gone, 0 when the socket is full, -errno.
static int send_one(struct client *c, struct outgoing *o)
{
    while (o->sent < o->len) {
        ssize_t n = send(c->fd, o->data + o->sent, o->len - o->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN ? 0 : errno == EINTR ? 0 : -errno;
        o->sent += (size_t)n;
        c->unsent -= (size_t)n;
        if (o->of_stream)
            c->unsent_of_streams -= (size_t)n;
    }
    while (o->fds_sent < o->nfds) {
        if (send_fd(c->fd, o->fds[o->fds_sent]) < 0)
            return errno == EAGAIN || errno == EINTR || errno == ETOOMANYREFS ? 0 : -errno;
        o->fds_sent++;
    }
    return 1;
}

void client_flush(struct client *c)
{
    struct outgoing *o;
    while (c->fd >= 0 && (o = LIST_FIRST(&c->out, struct outgoing, link))) {
        int r = send_one(c, o);
        if (r == 0)
            break;
        if (r < 0) {
            client_disconnect(c, NULL); // it hung up
            return;
        }
        outgoing_free(o);
    }
    if (c->fd < 0)
        return;
    if (c->state == CLIENT_CLOSING && list_empty(&c->out)) {
        client_disconnect(c, NULL);
        return;
    }
    if (c->unsent < UNSENT_STREAM)
        streams_can_send(c);
    client_update(c);
}

void client_drop_output(struct client *c)
{
    struct outgoing *o, *tmp;
    LIST_FOREACH_SAFE (o, tmp, &c->out, link)
        outgoing_free(o);
    c->unsent = c->unsent_of_streams = 0;
}

// Takes the packet and its descriptors.
static struct outgoing *outgoing_create(struct xdr_writer *packet, const int *fds, uint32_t nfds)
{
    struct outgoing *o = NEW(struct outgoing);
    list_init(&o->link);
    o->data = STEAL(packet->data);
    o->len = packet->len;
    o->nfds = nfds;
    o->fds = nfds ? xmemdup(fds, nfds * sizeof(*fds)) : NULL;
    return o;
}

static void queue_packet(struct client *c, struct outgoing *o)
{
    if (c->fd < 0 || c->state == CLIENT_CLOSING) {
        outgoing_free(o);
        return;
    }
    bool idle = list_empty(&c->out);
    list_append(&c->out, &o->link);
    c->unsent += o->len;
    if (o->of_stream)
        c->unsent_of_streams += o->len;
    if (idle)
        client_flush(c);
}

void client_send(struct client *c, struct xdr_writer *packet, const int *fds, uint32_t nfds)
{
    struct outgoing *o = outgoing_create(packet, fds, nfds);
    // One packet of any size goes to a client that reads: the bound is on what it leaves unread.
    // Streams have their own bound: they wait.
    if (c->unsent - c->unsent_of_streams > c->server->config.max_backlog &&
        c->state != CLIENT_CLOSING) {
        outgoing_free(o);
        c->server->stats.clients_cut++;
        client_disconnect(c,
                          "output backlog exceeds client_backlog_bytes: the client does not read");
        return;
    }
    queue_packet(c, o);
}

void client_send_stream(struct client *c, struct xdr_writer *packet)
{
    struct outgoing *o = outgoing_create(packet, NULL, 0);
    o->of_stream = true;
    queue_packet(c, o);
}

void client_send_empty(struct client *c, const struct packet_header *h)
{
    struct xdr_writer w;
    xdr_writer_init(&w, PACKET_HEADER_SIZE);
    packet_begin(&w, h);
    packet_end(&w);
    client_send(c, &w, NULL, 0);
}

int client_send_event(struct client *c, uint32_t program, uint32_t procedure, const void *payload,
                      size_t len)
{
    if (c->fd < 0)
        return -1;
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_LENGTH_WORD_MAX);
    packet_begin(&w, &(struct packet_header){.program = program,
                                             .version = 1,
                                             .procedure = (int32_t)procedure,
                                             .type = WIRE_MESSAGE});
    xdr_put_raw(&w, payload, len);
    if (packet_end(&w) < 0) {
        xdr_writer_finish(&w);
        client_log(c, LOG_LEVEL_ERROR, "event %u is too large for a packet: not sent", procedure);
        return 0;
    }
    c->server->stats.events++;
    client_ref(c);
    client_send(c, &w, NULL, 0);
    bool gone = c->fd < 0;
    client_unref(c);
    return gone ? -1 : 0;
}
