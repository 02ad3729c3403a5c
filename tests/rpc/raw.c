// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rpc/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

void raw_connect(struct raw *c, struct task *t, struct server *s, bool read_only)
{
    int pair[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    *c = (struct raw){.task = t, .fd = pair[0]};
    CHECK_INT(server_add_connection(s, pair[1], read_only, NULL), 0);
}

static void forget(struct raw *c)
{
    free(c->payload);
    c->payload = NULL;
    for (unsigned i = 0; i < c->nfds; i++)
        close(c->fds[i]);
    c->nfds = 0;
}

void raw_close(struct raw *c)
{
    forget(c);
    arena_finish(&c->arena);
    close_fd(&c->fd);
    task_yield(c->task); // the server sees it
}

static void wait_fd(struct raw *c, uint32_t events)
{
    CHECK(task_wait_fd(c->task, c->fd, events, task_deadline_ms(PATIENCE_MS)) > 0);
}

void raw_write(struct raw *c, const void *data, size_t len)
{
    const char *p = data;
    while (len) {
        ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);
        if (n < 0) {
            CHECK(errno == EAGAIN);
            wait_fd(c, EPOLLOUT);
            continue;
        }
        p += n;
        len -= (size_t)n;
    }
}

void raw_write_fd(struct raw *c, int fd)
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
    CHECK_INT(sendmsg(c->fd, &msg, MSG_NOSIGNAL), 1);
}

void raw_packet(struct raw *c, struct packet_header h, const void *payload, size_t len)
{
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_LENGTH_WORD_MAX);
    if (!h.version)
        h.version = 1;
    packet_begin(&w, &h);
    xdr_put_raw(&w, payload, len);
    CHECK_INT(packet_end(&w), 0);
    raw_write(c, w.data, w.len);
    xdr_writer_finish(&w);
}

void raw_send(struct raw *c, struct packet_header h, enum wire_type_id type, const void *args)
{
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_LENGTH_WORD_MAX);
    CHECK_INT(wire_encode(&w, type, args), 0);
    raw_packet(c, h, w.data, w.len);
    xdr_writer_finish(&w);
}

void raw_call(struct raw *c, uint32_t number, uint32_t serial, enum wire_type_id type,
              const void *args)
{
    raw_send(c,
             (struct packet_header){.program = WIRE_PROGRAM_REMOTE,
                                    .procedure = (int32_t)number,
                                    .type = WIRE_CALL,
                                    .serial = serial},
             type, args);
}

static bool read_all(struct raw *c, void *data, size_t len)
{
    char *p = data;
    while (len) {
        ssize_t n = recv(c->fd, p, len, 0);
        if (n < 0 && errno == EAGAIN) {
            wait_fd(c, EPOLLIN);
            continue;
        }
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static int read_fd(struct raw *c)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    char byte = 1;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    ssize_t n;
    while ((n = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EAGAIN)
        wait_fd(c, EPOLLIN);
    CHECK_INT(n, 1);
    CHECK_INT(byte, 0);
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    CHECK(cmsg && cmsg->cmsg_type == SCM_RIGHTS);
    int fd;
    memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
    return fd;
}

bool raw_receive(struct raw *c)
{
    uint8_t head[PACKET_HEADER_SIZE];
    forget(c);
    if (!read_all(c, head, sizeof(head)))
        return false;
    CHECK(packet_parse(head, sizeof(head), &c->header) >= 0);
    uint32_t length = c->header.length;
    uint8_t *whole = xmalloc(length);
    memcpy(whole, head, sizeof(head));
    CHECK(read_all(c, whole + sizeof(head), length - sizeof(head)));
    CHECK_INT(packet_parse(whole, length, &c->header), 1);
    c->len = length - sizeof(head);
    c->payload = xmemdup(whole + sizeof(head), c->len);
    free(whole);
    if (c->header.type == WIRE_REPLY_WITH_FDS) {
        struct xdr_reader r = {.p = c->payload, .end = c->payload + c->len};
        uint32_t nfds;
        CHECK_INT(xdr_get_u32(&r, &nfds), 0);
        while (c->nfds < nfds)
            c->fds[c->nfds++] = read_fd(c);
    }
    return true;
}

void raw_decode(struct raw *c, enum wire_type_id type, void *ret)
{
    struct xdr_reader r = {.p = c->payload, .end = c->payload + c->len, .arena = &c->arena};
    uint32_t nfds;
    if (c->header.type == WIRE_REPLY_WITH_FDS)
        CHECK_INT(xdr_get_u32(&r, &nfds), 0);
    if (type)
        memset(ret, 0, wire_type_table[type].size);
    CHECK_INT(wire_decode(&r, type, ret), 0);
    CHECK_INT(xdr_left(&r), 0);
}

void raw_reply(struct raw *c, uint32_t serial, enum wire_type_id type, void *ret)
{
    CHECK(raw_receive(c));
    CHECK_INT(c->header.serial, serial);
    if (c->header.status != WIRE_OK) {
        struct wire_error e = {0};
        raw_decode(c, WIRE_TYPE_ERROR, &e);
        CHECK_STR(e.message, "no error");
    }
    CHECK(c->header.type == WIRE_REPLY || c->header.type == WIRE_REPLY_WITH_FDS);
    raw_decode(c, type, ret);
}

void raw_error(struct raw *c, uint32_t serial, int code, const char *part)
{
    struct wire_error e = {0};
    CHECK(raw_receive(c));
    CHECK_INT(c->header.serial, serial);
    CHECK_INT(c->header.status, WIRE_ERROR);
    raw_decode(c, WIRE_TYPE_ERROR, &e);
    CHECK_CONTAINS(e.message, part);
    CHECK_INT(e.code, code);
    CHECK_INT(e.level, WIRE_LEVEL_ERR_ERROR);
}

void raw_gone(struct raw *c)
{
    while (raw_receive(c))
        ;
}

void raw_ping(struct raw *c)
{
    raw_packet(c,
               (struct packet_header){.program = WIRE_PROGRAM_KEEPALIVE,
                                      .procedure = WIRE_KEEPALIVE_PING,
                                      .type = WIRE_MESSAGE},
               NULL, 0);
}

void raw_quiet(struct raw *c)
{
    raw_ping(c);
    CHECK(raw_receive(c));
    CHECK_INT(c->header.program, WIRE_PROGRAM_KEEPALIVE);
    CHECK_INT(c->header.procedure, WIRE_KEEPALIVE_PONG);
    CHECK_INT(c->header.type, WIRE_MESSAGE);
    CHECK_INT(c->header.serial, 0);
    CHECK_INT(c->header.length, PACKET_HEADER_SIZE);
}
