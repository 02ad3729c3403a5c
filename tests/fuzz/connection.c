// SPDX-License-Identifier: GPL-2.0-or-later
// Connections and streams of rpc/ under clients that send anything: many packets, whole or in
// pieces, descriptors in odd places, hangups.
//
// The input is a list of steps, each of a byte that says what (its low three bits) and with which
// of the clients, a byte of length, and that many bytes:
//   0 bytes as they are   1 a packet: procedure, type, status, serial, payload   2 a descriptor
//   3 let the daemon run  4 read what it sent   5 hang up and connect again   6 half-close
//   7 a packet whose payload is `length` KiB
#include "rpc/call.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "rpc/stream.h"
#include "schemas/wire/packet.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENTS = 3, STEPS_MAX = 400 };

static int do_open(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    (void)object, (void)args, (void)ret, (void)err;
    client_set_open(call->client);
    return 0;
}

static int do_close(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    (void)object, (void)args, (void)ret, (void)err;
    client_close_after_reply(call->client);
    return 0;
}

static int do_echo(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    (void)call, (void)object, (void)err;
    const struct wire_domain_lookup_by_name_args *a = args;
    ((struct wire_connect_get_type_ret *)ret)->type = a->name;
    return 0;
}

static int do_sleep(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    (void)object, (void)args, (void)ret, (void)err;
    task_sleep(call->task, task_deadline_ms(1));
    return 0;
}

static int do_fds(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    (void)object, (void)args, (void)ret;
    int fd = call_take_fd(call, 0, err);
    return fd < 0 ? -1 : call_give_fd(call, fd, err);
}

static int upload(struct task *t, struct stream *s, void *arg, struct error *err)
{
    (void)arg;
    for (;;) {
        struct stream_chunk chunk;
        if (stream_receive(t, s, TASK_FOREVER, &chunk) < 0 || chunk.event == STREAM_OVER)
            return 0;
        if (chunk.event == STREAM_FINISHED)
            return 0;
        if (chunk.event == STREAM_DATA && chunk.len == 2)
            return error_set(err, ERROR_SYSTEM, AREA_STREAM, "no");
    }
}

static int download(struct task *t, struct stream *s, void *arg, struct error *err)
{
    (void)arg;
    static const char block[100000];
    for (int i = 0; i < 8; i++) {
        if (stream_send(t, s, block, sizeof(block), err) < 0 ||
            stream_send_hole(t, s, 4096, err) < 0)
            return -1;
    }
    return 0;
}

static int bridge(struct task *t, struct stream *s, void *arg, struct error *err)
{
    (void)arg;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        abort();
    (void)!write(pair[0], "hello", 5);
    int r = stream_bridge(t, s, pair[1], err);
    close(pair[0]);
    close(pair[1]);
    return r;
}

static int do_up(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    (void)object, (void)args, (void)ret;
    return stream_open(call, upload, NULL, NULL, err);
}

static int do_down(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    (void)object, (void)args, (void)ret;
    return stream_open(call, download, NULL, NULL, err);
}

static int do_bridge(struct call *call, void *object, const void *args, void *ret,
                     struct error *err)
{
    (void)object, (void)args, (void)ret;
    return stream_open(call, bridge, NULL, NULL, err);
}

#define ROW(function, ...)                                                                         \
    {                                                                                              \
        .name = #function, .label = #function, .run = function,                                    \
        .provided = (const void *)function, __VA_ARGS__                                            \
    }

static const struct rpc_procedure procedures[] = {
    ROW(do_open, .flags = RPC_READ_ONLY | RPC_BEFORE_OPEN),
    ROW(do_close, .flags = RPC_READ_ONLY | RPC_BEFORE_OPEN),
    ROW(do_echo, .flags = RPC_READ_ONLY, .args = WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
        .ret = WIRE_TYPE_CONNECT_GET_TYPE_RET),
    ROW(do_sleep, .flags = RPC_READ_ONLY),
    ROW(do_fds, .flags = RPC_FDS_IN | RPC_FDS_OUT),
    ROW(do_up, .kind = RPC_STREAM_UP),
    ROW(do_down, .kind = RPC_STREAM_DOWN),
    ROW(do_bridge, .kind = RPC_STREAM_BIDI),
};
enum { PROCEDURES = sizeof(procedures) / sizeof(*procedures) };
static const struct rpc_program programs[] = {{WIRE_PROGRAM_REMOTE, 1, procedures, PROCEDURES}};

struct peer {
    int fd;
    bool opened;
};

static void reconnect(struct server *s, struct peer *p, bool read_only)
{
    int pair[2];
    if (p->fd >= 0)
        close(p->fd);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        abort();
    *p = (struct peer){.fd = pair[0]};
    server_add_connection(s, pair[1], read_only, NULL);
}

static void run(sd_event *event, int turns)
{
    while (turns-- > 0 && sd_event_run(event, 0) > 0)
        continue;
}

static void send_packet(int fd, const uint8_t *d, size_t len, size_t extra)
{
    uint8_t head[4] = {0};
    memcpy(head, d, len < 4 ? len : 4);
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_LENGTH_WORD_MAX);
    packet_begin(&w, &(struct packet_header){.program = head[0] == 0xff ? WIRE_PROGRAM_KEEPALIVE
                                                                        : WIRE_PROGRAM_REMOTE,
                                             .version = 1,
                                             .procedure = head[0] % (PROCEDURES + 2),
                                             .type = head[1] % 8,
                                             .status = head[2] % 4,
                                             .serial = head[3] % 8});
    if (len > 4)
        xdr_put_raw(&w, d + 4, len - 4);
    AUTO_FREE uint8_t *more = xcalloc(1, extra + 1);
    xdr_put_raw(&w, more, extra);
    if (packet_end(&w) == 0)
        (void)!send(fd, w.data, w.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    xdr_writer_finish(&w);
}

static void send_descriptor(int fd, uint8_t byte)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *m = CMSG_FIRSTHDR(&msg);
    m->cmsg_level = SOL_SOCKET;
    m->cmsg_type = SCM_RIGHTS;
    m->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(m), &fd, sizeof(fd));
    (void)!sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void step(sd_event *event, struct server *s, struct peer *p, uint8_t what, const uint8_t *d,
                 size_t len)
{
    uint8_t first = len ? d[0] : 0;
    switch (what) {
    case 0:
        (void)!send(p->fd, d, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        break;
    case 1:
        send_packet(p->fd, d, len, 0);
        break;
    case 2:
        send_descriptor(p->fd, first);
        break;
    case 3:
        run(event, 1 + first % 32);
        break;
    case 4: {
        static uint8_t sink[65536];
        while (recv(p->fd, sink, sizeof(sink), MSG_DONTWAIT) == sizeof(sink))
            continue;
        break;
    }
    case 5:
        reconnect(s, p, first & 1);
        break;
    case 6:
        shutdown(p->fd, SHUT_WR);
        break;
    default:
        send_packet(p->fd, d, len < 4 ? len : 4, len * 1024);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sd_event *event;
    signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_LEVEL_ERROR);
    if (sd_event_new(&event) < 0)
        abort();
    struct sched *sched = sched_create(event);
    struct server_config config;
    server_config_init(&config);
    config.max_client_streams = 3;
    config.max_backlog = 300000;
    struct server *s = server_create(sched, &config, programs, 1, NULL);
    struct peer peers[CLIENTS] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};
    for (size_t i = 0; i < CLIENTS; i++)
        reconnect(s, &peers[i], i == CLIENTS - 1);
    for (int n = 0; n < STEPS_MAX && size >= 2; n++) {
        size_t len = data[1] < size - 2 ? data[1] : size - 2;
        step(event, s, &peers[(data[0] >> 3) % CLIENTS], data[0] & 7, data + 2, len);
        data += 2 + len;
        size -= 2 + len;
    }
    run(event, 100);
    for (size_t i = 0; i < CLIENTS; i++)
        close(peers[i].fd);
    run(event, 100);
    server_close(s);
    sched_cancel_all(sched);
    while (sched_count(sched) > 0)
        sd_event_run(event, 1000);
    // Nothing may be left of clients that are gone.
    const struct server_stats *stats = server_stats(s);
    if (stats->clients || stats->readers || stats->calls_in_flight || stats->streams ||
        stats->unfinished)
        abort();
    server_destroy(s);
    sched_destroy(sched);
    sd_event_unref(event);
    return 0;
}
