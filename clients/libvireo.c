// SPDX-License-Identifier: LGPL-2.1-or-later
// The connection that the generated call stubs use.
#include "clients/libvireo_internal.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 10000, URI_MAX = 4096 };

struct queued_event {
    struct list link;
    struct vireo_event event;
};

struct event_row {
    uint32_t program, procedure;
    enum wire_type_id type;
};

int conn_fail(struct vireo_error *err, int code, int domain, const char *fmt, ...)
{
    if (!err)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    char *message = xvasprintf(fmt, ap);
    va_end(ap);
    vireo_error_clear(err);
    *err = (struct vireo_error){.code = code, .domain = domain, .message = message};
    return -1;
}

int conn_broken(struct vireo *conn, struct vireo_error *err, const char *why)
{
    conn->broken = true;
    return conn_fail(err, WIRE_ERR_RPC, WIRE_FROM_RPC, "the connection to the daemon failed: %s",
                     why);
}

VIREO_EXPORT void vireo_error_clear(struct vireo_error *err)
{
    if (!err)
        return;
    free(err->message);
    *err = (struct vireo_error){0};
}

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

// 1 when ready, 0 at the deadline (-1: none), -errno.
static int wait_ready(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms < 0 ? -1 : deadline_ms - now_ms();
        if (deadline_ms >= 0 && left < 0)
            left = 0;
        struct pollfd p = {.fd = fd, .events = events};
        int r = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
        if (r >= 0)
            return r;
        if (errno != EINTR)
            return -errno;
    }
}

int64_t conn_deadline(const struct vireo *conn)
{
    return conn_deadline_in(conn->timeout_ms);
}

int64_t conn_deadline_in(int timeout_ms)
{
    return timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
}

int conn_write(struct vireo *conn, const uint8_t *data, size_t len, struct vireo_error *err)
{
    int64_t end = conn_deadline(conn);
    while (len) {
        ssize_t n = send(conn->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return conn_broken(conn, err, strerrordesc_np(errno));
        if (wait_ready(conn->fd, POLLOUT, end) <= 0)
            return conn_broken(conn, err, "the daemon stopped reading");
    }
    return 0;
}

// Reads exactly `len` bytes: the byte after them may carry descriptors.
static int read_all(struct vireo *conn, uint8_t *data, size_t len, int64_t end,
                    struct vireo_error *err)
{
    while (len) {
        ssize_t n = recv(conn->fd, data, len, MSG_DONTWAIT);
        if (n > 0) {
            conn->reading = true;
            data += n;
            len -= (size_t)n;
            continue;
        }
        if (n == 0)
            return conn_broken(conn, err, "the daemon closed the connection");
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return conn_broken(conn, err, strerrordesc_np(errno));
        int r = wait_ready(conn->fd, POLLIN, end);
        if (r == 0 && !conn->reading)
            return 1; // no packet was begun
        if (r <= 0)
            return conn_broken(conn, err, "no reply within the timeout");
    }
    return 0;
}

static int read_fd(struct vireo *conn)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    if (recvmsg(conn->fd, &msg, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS || cmsg->cmsg_len != CMSG_LEN(sizeof(int)))
        return -1;
    int fd;
    memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
    return fd;
}

static void drop_fds(struct vireo *conn)
{
    for (unsigned i = conn->next_fd; i < conn->nfds; i++)
        close(conn->fds[i]);
    conn->nfds = conn->next_fd = 0;
}

static int read_fds(struct vireo *conn, struct vireo_error *err)
{
    struct xdr_reader r = {.p = conn->payload, .end = conn->payload + conn->len};
    uint32_t n;
    if (xdr_get_u32(&r, &n) < 0 || n > WIRE_MESSAGE_FDS_MAX)
        return conn_broken(conn, err, "a reply has an invalid number of file descriptors");
    while (conn->nfds < n) {
        int fd = read_fd(conn);
        if (fd < 0)
            return conn_broken(conn, err, "a file descriptor is missing");
        conn->fds[conn->nfds++] = fd;
    }
    return 0;
}

int conn_read(struct vireo *conn, int64_t end, struct vireo_error *err)
{
    uint8_t head[PACKET_HEADER_SIZE];
    conn->reading = false;
    int r = read_all(conn, head, sizeof(head), end, err);
    if (r)
        return r;
    if (packet_parse(head, sizeof(head), &conn->header) < 0)
        return conn_broken(conn, err, "the daemon sent a packet with an invalid length");
    uint32_t length = conn->header.length;
    free(conn->payload);
    // Bounded: packet_parse() accepts at most 32 MiB.
    uint8_t *whole = xmalloc(length);
    memcpy(whole, head, sizeof(head));
    conn->payload = NULL;
    if (read_all(conn, whole + sizeof(head), length - sizeof(head), end, err) < 0) {
        free(whole);
        return -1;
    }
    packet_parse(whole, length, &conn->header);
    conn->len = length - sizeof(head);
    memmove(whole, whole + sizeof(head), conn->len);
    conn->payload = whole;
    return conn->header.type == WIRE_REPLY_WITH_FDS ? read_fds(conn, err) : 0;
}

int conn_send(struct vireo *conn, const struct packet_header *h, enum wire_type_id type,
              const void *args, struct vireo_error *err)
{
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_LENGTH_WORD_MAX);
    packet_begin(&w, h);
    wire_encode(&w, type, args);
    int r = packet_end(&w) < 0
                ? conn_fail(err, WIRE_ERR_INVALID_ARG, WIRE_FROM_RPC,
                            "an argument is missing or exceeds a limit of the protocol")
                : conn_write(conn, w.data, w.len, err);
    xdr_writer_finish(&w);
    return r;
}

int conn_decode_error(struct vireo *conn, struct vireo_error *err)
{
    struct wire_error e = {0};
    struct arena arena = {0};
    struct xdr_reader r = {.p = conn->payload, .end = conn->payload + conn->len, .arena = &arena};
    if (wire_decode(&r, WIRE_TYPE_ERROR, &e) < 0)
        conn_fail(err, WIRE_ERR_RPC, WIRE_FROM_RPC,
                  "the daemon sent an error that cannot be decoded");
    else
        conn_fail(err, e.code, e.domain, "%s", e.message ? e.message : "unknown error");
    arena_finish(&arena);
    return -1;
}

static int decode_reply(struct vireo *conn, enum wire_type_id type, void *ret,
                        struct vireo_error *err)
{
    struct xdr_reader r = {
        .p = conn->payload, .end = conn->payload + conn->len, .arena = &conn->arena};
    uint32_t nfds;
    if (conn->header.type == WIRE_REPLY_WITH_FDS && xdr_get_u32(&r, &nfds) < 0)
        return conn_broken(conn, err, "a reply is too short");
    if (type)
        memset(ret, 0, wire_type_table[type].size);
    if (wire_decode(&r, type, ret) < 0)
        return conn_fail(err, WIRE_ERR_RPC, WIRE_FROM_RPC,
                         "the daemon sent a reply that cannot be decoded");
    return 0;
}

static int vireo_call_typed(struct vireo *conn, uint32_t program, uint32_t procedure,
                            enum wire_type_id args_type, const void *args,
                            enum wire_type_id ret_type, void *ret, struct vireo_error *err)
{
    struct packet_header h = {.program = program,
                              .version = 1,
                              .procedure = (int32_t)procedure,
                              .type = WIRE_CALL,
                              .serial = conn->serial++};
    if (conn->broken)
        return conn_fail(err, WIRE_ERR_INVALID_CONN, WIRE_FROM_RPC, "the connection is broken");
    drop_fds(conn);
    if (conn_send(conn, &h, args_type, args, err) < 0)
        return -1;
    int64_t end = conn_deadline(conn);
    for (;;) {
        int r = conn_read(conn, end, err);
        if (r)
            return r < 0 ? -1 : conn_broken(conn, err, "no reply within the timeout");
        const struct packet_header *got = &conn->header;
        bool reply = got->type == WIRE_REPLY || got->type == WIRE_REPLY_WITH_FDS;
        if (!reply || got->serial != h.serial || got->procedure != h.procedure) {
            if (conn_take_packet(conn, err) < 0)
                return -1;
            continue;
        }
        return got->status == WIRE_OK ? decode_reply(conn, ret_type, ret, err)
                                      : conn_decode_error(conn, err);
    }
}

#include "clients/libvireo_procedures.inc"

static int queue_event(struct vireo *conn, const struct event_row *row, struct vireo_error *err)
{
    if (conn->nevents >= EVENTS_MAX)
        return conn_broken(conn, err, "too many unread events");
    struct xdr_reader r = {
        .p = conn->payload, .end = conn->payload + conn->len, .arena = &conn->arena};
    void *payload = arena_alloc(&conn->arena, wire_type_table[row->type].size);
    if (wire_decode(&r, row->type, payload) < 0)
        return conn_fail(err, WIRE_ERR_RPC, WIRE_FROM_RPC,
                         "the daemon sent an event that cannot be decoded");
    struct queued_event *q = arena_alloc(&conn->arena, sizeof(*q));
    q->event = (struct vireo_event){row->program, row->procedure, payload};
    list_append(&conn->events, &q->link);
    conn->nevents++;
    return 0;
}

int conn_take_packet(struct vireo *conn, struct vireo_error *err)
{
    const struct packet_header *h = &conn->header;
    if (h->type == WIRE_STREAM || h->type == WIRE_STREAM_HOLE)
        return conn_take_stream(conn, err);
    if (h->type != WIRE_MESSAGE)
        return 0;
    if (h->program == WIRE_PROGRAM_KEEPALIVE && h->procedure == WIRE_KEEPALIVE_PING) {
        struct packet_header pong = *h;
        pong.procedure = WIRE_KEEPALIVE_PONG;
        return conn_send(conn, &pong, WIRE_TYPE_NONE, NULL, err);
    }
    for (size_t i = 0; i < ARRAY_LEN(event_rows); i++) {
        if (event_rows[i].program == h->program &&
            event_rows[i].procedure == (uint32_t)h->procedure)
            return queue_event(conn, &event_rows[i], err);
    }
    return 0;
}

VIREO_EXPORT int vireo_next_event(struct vireo *conn, int timeout_ms, struct vireo_event *ret,
                                  struct vireo_error *err)
{
    int64_t end = conn_deadline_in(timeout_ms);
    while (list_empty(&conn->events)) {
        if (conn->broken)
            return conn_fail(err, WIRE_ERR_INVALID_CONN, WIRE_FROM_RPC, "the connection is broken");
        int r = conn_read(conn, end, err);
        if (r)
            return r < 0 ? -1 : 0;
        if (conn_take_packet(conn, err) < 0)
            return -1;
    }
    struct queued_event *q = LIST_FIRST(&conn->events, struct queued_event, link);
    list_remove(&q->link);
    conn->nevents--;
    *ret = q->event;
    return 1;
}

VIREO_EXPORT int vireo_fd(const struct vireo *conn)
{
    return conn->fd;
}

VIREO_EXPORT int vireo_take_fd(struct vireo *conn)
{
    return conn->next_fd < conn->nfds ? conn->fds[conn->next_fd++] : -1;
}

VIREO_EXPORT void vireo_set_timeout(struct vireo *conn, int timeout_ms)
{
    conn->timeout_ms = timeout_ms;
}

VIREO_EXPORT void vireo_release(struct vireo *conn)
{
    // Unread events are dropped: the arena holds them.
    list_init(&conn->events);
    conn->nevents = 0;
    arena_finish(&conn->arena);
}

static int connect_socket(const char *path, int timeout_ms, struct vireo_error *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(addr.sun_path))
        return conn_fail(err, WIRE_ERR_INVALID_ARG, WIRE_FROM_RPC,
                         "the socket path '%s' has more than %zu characters", path,
                         sizeof(addr.sun_path) - 1);
    memcpy(addr.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // connect() blocks while the daemon's queue of connections is full; SO_SNDTIMEO limits it.
    struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    if (fd >= 0 && timeout_ms > 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    return conn_fail(err, WIRE_ERR_SYSTEM_ERROR, WIRE_FROM_RPC,
                     "cannot connect to the daemon's socket '%s': %s; is vireod running?", path,
                     strerrordesc_np(saved));
}

// Decodes %XX in a URI; an invalid sequence stays as it is.
static void decode_percent(char *s)
{
    char *to = s;
    for (; *s; s++) {
        unsigned byte;
        bool coded = *s == '%' && isxdigit((unsigned char)s[1]) && isxdigit((unsigned char)s[2]) &&
                     sscanf(s + 1, "%2x", &byte) == 1 && byte != 0;
        *to++ = coded ? (char)byte : *s;
        s += coded ? 2 : 0;
    }
    *to = 0;
}

// The socket path and the URI to send to the daemon.
static void resolve(const char *where, unsigned flags, char path[static URI_MAX],
                    char name[static URI_MAX])
{
    bool root = geteuid() == 0;
    if (!where)
        where = root ? "qemu:///system" : "qemu:///session";
    if (where[0] == '/') {
        snprintf(path, URI_MAX, "%s", where);
        name[0] = 0;
        return;
    }
    const char *query = strchr(where, '?');
    snprintf(name, URI_MAX, "%.*s", (int)(query ? query - where : (ptrdiff_t)strlen(where)), where);
    char *transport = strstr(name, "+unix:");
    if (transport)
        memmove(transport, transport + 5, strlen(transport + 5) + 1);
    const char *socket_is = query ? strstr(query, "socket=") : NULL;
    const char *runtime = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
    if (socket_is) {
        socket_is += strlen("socket=");
        snprintf(path, URI_MAX, "%.*s", (int)strcspn(socket_is, "&"), socket_is);
        decode_percent(path);
    } else if (root || !strstr(name, "/session"))
        snprintf(path, URI_MAX, "/run/libvirt/libvirt-sock%s",
                 flags & VIREO_READ_ONLY ? "-ro" : "");
    else if (runtime)
        snprintf(path, URI_MAX, "%s/libvirt/libvirt-sock", runtime);
    else
        snprintf(path, URI_MAX, "%s/.cache/libvirt/libvirt-sock", home ? home : "");
}

VIREO_EXPORT char *vireo_socket_path(const char *where, unsigned flags)
{
    char path[URI_MAX], name[URI_MAX];
    resolve(where, flags, path, name);
    return xstrdup(path);
}

static int open_connection(struct vireo *conn, const char *name, unsigned flags,
                           struct vireo_error *err)
{
    struct wire_auth_list_ret auth;
    if (vireo_auth_list(conn, &auth, err) < 0)
        return -1;
    bool no_auth = auth.types.n == 0;
    for (uint32_t i = 0; i < auth.types.n; i++)
        no_auth |= auth.types.v[i] == WIRE_AUTH_NONE;
    if (!no_auth)
        return conn_fail(
            err, WIRE_ERR_AUTH_UNAVAILABLE, WIRE_FROM_RPC,
            "the daemon requires an authentication method that libvireo does not support");
    struct wire_connect_open_args args = {.name = name, .flags = flags & VIREO_READ_ONLY};
    return vireo_connect_open(conn, &args, err);
}

VIREO_EXPORT struct vireo *vireo_open(const char *where, unsigned flags, struct vireo_error *err)
{
    return vireo_open_within(where, flags, -1, err);
}

VIREO_EXPORT struct vireo *vireo_open_within(const char *where, unsigned flags, int timeout_ms,
                                             struct vireo_error *err)
{
    char path[URI_MAX], name[URI_MAX];
    resolve(where, flags, path, name);
    int fd = connect_socket(path, timeout_ms, err);
    if (fd < 0)
        return NULL;
    struct vireo *conn = NEW(struct vireo);
    conn->fd = fd;
    conn->timeout_ms = timeout_ms;
    list_init(&conn->events);
    list_init(&conn->streams);
    if (open_connection(conn, name, flags, err) < 0) {
        conn->broken = true; // skip the close call
        vireo_close(conn);
        return NULL;
    }
    return conn;
}

VIREO_EXPORT void vireo_close(struct vireo *conn)
{
    if (!conn)
        return;
    if (!conn->broken)
        vireo_connect_close(conn, NULL);
    conn_drop_streams(conn);
    drop_fds(conn);
    close(conn->fd);
    free(conn->payload);
    arena_finish(&conn->arena);
    free(conn);
}
