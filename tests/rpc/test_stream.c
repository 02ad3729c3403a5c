// SPDX-License-Identifier: GPL-2.0-or-later
// Streams: up, down, both ways, holes, abort, error, and a client that reads slowly or leaves.
#include "rpc/call.h"
#include "rpc/client.h"
#include "rpc/stream.h"
#include "tests/loop.h"
#include "tests/rpc/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { P_UP = 1, P_DOWN, P_BOTH, P_FAIL, P_PLAIN, P_COUNT };

struct fixture {
    struct task *task;
    struct server *server;
    struct completion gate, received;
    size_t bytes, sent;
    uint32_t sum;
    int64_t holes;
    int guest; // the far side of a console
    unsigned released;
    bool fail_upload, saw_over;
};

static void released(void *arg)
{
    ((struct fixture *)arg)->released++;
}

static int upload(struct task *t, struct stream *s, void *arg, struct error *err)
{
    struct fixture *f = arg;
    completion_wait(t, &f->gate, TASK_FOREVER);
    for (;;) {
        struct stream_chunk chunk;
        CHECK_INT(stream_receive(t, s, TASK_FOREVER, &chunk), 0);
        if (chunk.event == STREAM_FINISHED)
            return 0;
        if (chunk.event == STREAM_OVER) {
            f->saw_over = true;
            completion_post(&f->received, 0);
            return -1;
        }
        f->bytes += chunk.len;
        f->holes += chunk.hole;
        for (size_t i = 0; i < chunk.len; i++)
            f->sum += chunk.data[i];
        completion_post(&f->received, 0);
        if (f->fail_upload)
            return error_set(err, ERROR_SYSTEM, AREA_STORAGE, "no space left in pool 'p'");
    }
}

// A megabyte with a hole in the middle and one at the end.
static int download(struct task *t, struct stream *s, void *arg, struct error *err)
{
    struct fixture *f = arg;
    static const char block[300000] = "begin";
    for (int i = 0; i < 4; i++) {
        if (stream_send(t, s, block, sizeof(block), err) < 0) {
            struct stream_chunk c;
            f->saw_over = stream_receive(t, s, TASK_FOREVER, &c) == 0 && c.event == STREAM_OVER;
            return -1;
        }
        f->sent += sizeof(block);
        if ((i == 1 || i == 3) && stream_send_hole(t, s, 1 << (20 + i), err) < 0)
            return -1;
    }
    return 0;
}

static int console(struct task *t, struct stream *s, void *arg, struct error *err)
{
    struct fixture *f = arg;
    int pair[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    f->guest = pair[0];
    int r = stream_bridge(t, s, pair[1], err);
    close(pair[1]);
    return r;
}

static int open_up(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    return stream_open(call, upload, call->owner, released, err);
}

static int open_down(struct call *call, void *object, const void *args, void *ret,
                     struct error *err)
{
    ((struct wire_domain_screenshot_ret *)ret)->mime = "image/png";
    return stream_open(call, download, call->owner, released, err);
}

static int open_both(struct call *call, void *object, const void *args, void *ret,
                     struct error *err)
{
    return stream_open(call, console, call->owner, released, err);
}

static int open_and_fail(struct call *call, void *object, const void *args, void *ret,
                         struct error *err)
{
    open_up(call, object, args, ret, err);
    return error_set(err, ERROR_OPERATION_FAILED, AREA_NONE, "after all, no");
}

enum { FREE = RPC_READ_ONLY | RPC_BEFORE_OPEN };

static const struct rpc_procedure procedures[P_COUNT - 1] = {
    {.name = "up", .label = "Up", .kind = RPC_STREAM_UP, .flags = FREE, RUN_BY(open_up)},
    {.name = "down",
     .label = "Down",
     .kind = RPC_STREAM_DOWN,
     .flags = FREE,
     .ret = WIRE_TYPE_DOMAIN_SCREENSHOT_RET,
     RUN_BY(open_down)},
    {.name = "both", .label = "Both", .kind = RPC_STREAM_BIDI, .flags = FREE, RUN_BY(open_both)},
    {.name = "fail", .label = "Fail", .kind = RPC_STREAM_UP, .flags = FREE, RUN_BY(open_and_fail)},
    {.name = "plain", .label = "Plain", .kind = RPC_CALL, .flags = FREE, RUN_BY(open_up)},
};

static const struct rpc_program programs[] = {{WIRE_PROGRAM_REMOTE, 1, procedures, P_COUNT - 1}};

static void start(struct fixture *f, struct raw *c, struct task *t)
{
    struct server_config config;
    server_config_init(&config);
    config.max_backlog = 65536; // less than one packet of a stream: those have their own bound
    *f = (struct fixture){.task = t, .guest = -1};
    completion_init(&f->gate);
    completion_init(&f->received);
    f->server = server_create(task_sched(t), &config, programs, 1, f);
    raw_connect(c, t, f->server, false);
}

static void wait_until(struct fixture *f, const unsigned *value, unsigned want)
{
    uint64_t end = task_deadline_ms(10000);
    while (*value != want) {
        CHECK(task_deadline_ms(0) < end);
        task_sleep(f->task, task_deadline_ms(1));
    }
}

static void stop(struct fixture *f, struct raw *c, unsigned streams)
{
    raw_close(c);
    server_close(f->server);
    wait_until(f, &f->released, streams);
    wait_until(f, &server_stats(f->server)->calls_in_flight, 0);
    CHECK_INT(server_stats(f->server)->streams, 0);
    while (sched_count(task_sched(f->task)) > 1)
        task_sleep(f->task, task_deadline_ms(1));
    close_fd(&f->guest);
    server_destroy(f->server);
}

static void packet(struct raw *c, int number, uint32_t serial, int type, int status,
                   const void *data, size_t len)
{
    raw_packet(c,
               (struct packet_header){.program = WIRE_PROGRAM_REMOTE,
                                      .procedure = number,
                                      .type = type,
                                      .serial = serial,
                                      .status = status},
               data, len);
}

static void expect(struct raw *c, int number, uint32_t serial, int type, int status)
{
    CHECK(raw_receive(c));
    CHECK_INT(c->header.program, WIRE_PROGRAM_REMOTE);
    CHECK_INT(c->header.procedure, number);
    CHECK_INT(c->header.serial, serial);
    CHECK_INT(c->header.type, type);
    CHECK_INT(c->header.status, status);
}

static void open_stream(struct raw *c, int number, uint32_t serial)
{
    raw_call(c, (uint32_t)number, serial, WIRE_TYPE_NONE, NULL);
    expect(c, number, serial, WIRE_REPLY, WIRE_OK);
}

static void up(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, &c, t);
    open_stream(&c, P_UP, 9);
    completion_post(&f.gate, 0);
    static uint8_t block[262120];
    memset(block, 3, sizeof(block));
    for (int i = 0; i < 20; i++)
        packet(&c, P_UP, 9, WIRE_STREAM, WIRE_CONTINUE, block, sizeof(block));
    packet(&c, P_UP, 9, WIRE_STREAM, WIRE_CONTINUE, "\1\1\1", 3); // any length
    packet(&c, P_UP, 9, WIRE_STREAM_HOLE, WIRE_CONTINUE, "\0\0\0\1\0\0\0\0\0\0\0\0", 12);
    // Data with the serial of no stream are dropped.
    packet(&c, P_UP, 8, WIRE_STREAM, WIRE_CONTINUE, "\7", 1);
    packet(&c, P_UP, 9, WIRE_STREAM, WIRE_OK, NULL, 0);
    expect(&c, P_UP, 9, WIRE_STREAM, WIRE_OK);
    CHECK_INT(c.len, 0);
    CHECK_INT(f.bytes, 20 * sizeof(block) + 3);
    CHECK_INT(f.sum, 20 * sizeof(block) * 3 + 3);
    CHECK_INT(f.holes, 1ll << 32);
    // A second finish is for no stream.
    packet(&c, P_UP, 9, WIRE_STREAM, WIRE_OK, NULL, 0);
    raw_quiet(&c);
    stop(&f, &c, 1);
}

// What a slow handler has not read stays bounded: the socket fills up instead.
static void up_back_pressure(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, &c, t);
    open_stream(&c, P_UP, 1);
    struct xdr_writer w;
    xdr_writer_init(&w, 1 << 20);
    packet_begin(&w, &(struct packet_header){.program = WIRE_PROGRAM_REMOTE,
                                             .version = 1,
                                             .procedure = P_UP,
                                             .type = WIRE_STREAM,
                                             .serial = 1,
                                             .status = WIRE_CONTINUE});
    static const uint8_t block[65536];
    xdr_put_raw(&w, block, sizeof(block));
    packet_end(&w);
    size_t total = 0, off = 0;
    for (int idle = 0; idle < 50;) {
        ssize_t n = send(c.fd, w.data + off, w.len - off, MSG_NOSIGNAL);
        if (n < 0) {
            CHECK_INT(errno, EAGAIN);
            idle++;
            task_sleep(t, task_deadline_ms(1));
            continue;
        }
        idle = 0;
        total += (size_t)n;
        off = (off + (size_t)n) % w.len;
        CHECK(total < 8u << 20);
    }
    completion_post(&f.gate, 0);
    raw_write(&c, w.data + off, w.len - off);
    total += w.len - off;
    packet(&c, P_UP, 1, WIRE_STREAM, WIRE_OK, NULL, 0);
    expect(&c, P_UP, 1, WIRE_STREAM, WIRE_OK);
    CHECK_INT(f.bytes, total / w.len * sizeof(block));
    xdr_writer_finish(&w);
    stop(&f, &c, 1);
}

static void up_error(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, &c, t);
    f.fail_upload = true;
    completion_post(&f.gate, 0);
    open_stream(&c, P_UP, 5);
    packet(&c, P_UP, 5, WIRE_STREAM, WIRE_CONTINUE, "data", 4);
    raw_error(&c, 5, WIRE_ERR_SYSTEM_ERROR, "no space left in pool 'p'");
    CHECK_INT(c.header.type, WIRE_STREAM);
    CHECK_INT(c.header.procedure, P_UP);
    // Data and a finish that crossed it: the finish is still confirmed.
    packet(&c, P_UP, 5, WIRE_STREAM, WIRE_CONTINUE, "data", 4);
    packet(&c, P_UP, 5, WIRE_STREAM, WIRE_OK, NULL, 0);
    expect(&c, P_UP, 5, WIRE_STREAM, WIRE_OK);
    raw_quiet(&c);
    stop(&f, &c, 1);
}

static void up_abort(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, &c, t);
    completion_post(&f.gate, 0);
    open_stream(&c, P_UP, 5);
    packet(&c, P_UP, 5, WIRE_STREAM, WIRE_ERROR, NULL, 0);
    expect(&c, P_UP, 5, WIRE_STREAM, WIRE_OK);
    completion_wait(t, &f.received, task_deadline_ms(10000));
    CHECK(f.saw_over);
    raw_quiet(&c);
    // A hole that makes no sense.
    open_stream(&c, P_UP, 6);
    packet(&c, P_UP, 6, WIRE_STREAM_HOLE, WIRE_CONTINUE, "\xff\0\0\1\0\0\0\0\0\0\0\0", 12);
    raw_error(&c, 6, WIRE_ERR_OPERATION_ABORTED, "hole");
    stop(&f, &c, 2);
}

static void down(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, &c, t);
    raw_call(&c, P_DOWN, 3, WIRE_TYPE_NONE, NULL);
    struct wire_domain_screenshot_ret ret;
    raw_reply(&c, 3, WIRE_TYPE_DOMAIN_SCREENSHOT_RET, &ret);
    CHECK_STR(ret.mime, "image/png");
    size_t bytes = 0, holes = 0;
    uint64_t hole_bytes = 0;
    for (;;) {
        CHECK(raw_receive(&c));
        CHECK_INT(c.header.serial, 3);
        CHECK_INT(c.header.status, WIRE_CONTINUE);
        if (c.header.type == WIRE_STREAM_HOLE) {
            struct wire_stream_hole h;
            raw_decode(&c, WIRE_TYPE_STREAM_HOLE, &h);
            CHECK_INT(c.header.length, 40);
            hole_bytes += (uint64_t)h.length;
            holes++;
            continue;
        }
        CHECK_INT(c.header.type, WIRE_STREAM);
        CHECK(c.len <= 262120);
        if (c.len == 0)
            break;
        bytes += c.len;
    }
    CHECK_INT(bytes, 1200000);
    CHECK_INT(holes, 2);
    CHECK_INT(hole_bytes, (2 << 20) + (8 << 20));
    packet(&c, P_DOWN, 3, WIRE_STREAM, WIRE_OK, NULL, 0);
    expect(&c, P_DOWN, 3, WIRE_STREAM, WIRE_OK);
    stop(&f, &c, 1);
}

// The handler waits for a client that doesn't read, until that aborts.
static void down_slow(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, &c, t);
    open_stream(&c, P_DOWN, 3);
    for (int i = 0; i < 20; i++)
        task_sleep(t, task_deadline_ms(1));
    CHECK(f.sent < 1200000);
    // What else comes meanwhile waits behind it, and does not cut the client off.
    raw_ping(&c);
    packet(&c, P_DOWN, 3, WIRE_STREAM, WIRE_ERROR, NULL, 0);
    unsigned pongs = 0;
    do {
        CHECK(raw_receive(&c));
        pongs += c.header.program == WIRE_PROGRAM_KEEPALIVE;
    } while (c.header.program == WIRE_PROGRAM_KEEPALIVE || c.header.status == WIRE_CONTINUE);
    CHECK_INT(pongs, 1);
    CHECK_INT(c.header.status, WIRE_OK);
    wait_until(&f, &f.released, 1);
    CHECK(f.saw_over);
    raw_quiet(&c);
    // And one who leaves in the middle.
    open_stream(&c, P_DOWN, 4);
    stop(&f, &c, 2);
}

static void both_ways(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    char buf[16];
    start(&f, &c, t);
    open_stream(&c, P_BOTH, 0);
    packet(&c, P_BOTH, 0, WIRE_STREAM, WIRE_CONTINUE, "root\n", 5);
    raw_quiet(&c);
    CHECK(task_wait_fd(t, f.guest, EPOLLIN, task_deadline_ms(10000)) > 0);
    CHECK_INT(read(f.guest, buf, sizeof(buf)), 5);
    CHECK(memcmp(buf, "root\n", 5) == 0);
    CHECK_INT(write(f.guest, "password:", 9), 9);
    expect(&c, P_BOTH, 0, WIRE_STREAM, WIRE_CONTINUE);
    CHECK_INT(c.len, 9);
    CHECK(memcmp(c.payload, "password:", 9) == 0);
    // The guest goes away: end of data, then the client's finish is confirmed.
    close_fd(&f.guest);
    expect(&c, P_BOTH, 0, WIRE_STREAM, WIRE_CONTINUE);
    CHECK_INT(c.len, 0);
    packet(&c, P_BOTH, 0, WIRE_STREAM, WIRE_OK, NULL, 0);
    expect(&c, P_BOTH, 0, WIRE_STREAM, WIRE_OK);
    wait_until(&f, &f.released, 1);
    // The client goes away: the guest's side sees it.
    open_stream(&c, P_BOTH, 1);
    raw_quiet(&c);
    packet(&c, P_BOTH, 1, WIRE_STREAM, WIRE_OK, NULL, 0);
    expect(&c, P_BOTH, 1, WIRE_STREAM, WIRE_OK);
    CHECK(task_wait_fd(t, f.guest, EPOLLIN, task_deadline_ms(10000)) > 0);
    CHECK_INT(read(f.guest, buf, sizeof(buf)), 0);
    close_fd(&f.guest);
    open_stream(&c, P_BOTH, 2);
    raw_quiet(&c);
    stop(&f, &c, 3);
}

static void refused(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, &c, t);
    raw_call(&c, P_PLAIN, 1, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 1, WIRE_ERR_OPERATION_FAILED, "can't open a stream");
    raw_call(&c, P_FAIL, 2, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 2, WIRE_ERR_OPERATION_FAILED, "after all, no");
    CHECK_INT(f.released, 2);
    for (uint32_t i = 0; i < 64; i++)
        open_stream(&c, P_UP, i);
    raw_call(&c, P_UP, 64, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 64, WIRE_ERR_OPERATION_FAILED, "max_client_streams");
    stop(&f, &c, 67);
}

#define RUN_TASK(test)                                                                             \
    do {                                                                                           \
        loop_run(test, NULL);                                                                      \
        printf("ok %s\n", #test);                                                                  \
        fflush(stdout);                                                                            \
    } while (0)

int main(void)
{
    RUN_TASK(up);
    RUN_TASK(up_back_pressure);
    RUN_TASK(up_error);
    RUN_TASK(up_abort);
    RUN_TASK(down);
    RUN_TASK(down_slow);
    RUN_TASK(both_ways);
    RUN_TASK(refused);
    return 0;
}
