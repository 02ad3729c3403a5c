// SPDX-License-Identifier: GPL-2.0-or-later
// The server under a client that says exactly what it wants: every row of the errors that the RPC
// layer makes, order, limits, keepalive, descriptors, access.
#include "base/file.h"
#include "rpc/call.h"
#include "rpc/client.h"
#include "rpc/wire_error.h"
#include "tests/loop.h"
#include "tests/rpc/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct task *task;
    struct server *server;
    struct completion gate; // what waiting calls wait for
    unsigned waiting, sessions, held;
    bool idle;
};

static int do_open(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    client_set_open(call->client);
    return 0;
}

static int do_echo(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    const struct wire_domain_lookup_by_name_args *a = args;
    ((struct wire_connect_get_type_ret *)ret)->type = a->name;
    return 0;
}

static int do_wait(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    struct fixture *f = call->owner;
    f->waiting++;
    int r = completion_wait(call->task, &f->gate, TASK_FOREVER);
    f->waiting--;
    if (r < 0)
        return error_set(err, ERROR_OPERATION_ABORTED, AREA_RPC, "cancelled");
    return do_echo(call, object, args, ret, err);
}

// Later for larger numbers of milliseconds.
static int do_sleep(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    const struct wire_domain_lookup_by_id_args *a = args;
    task_sleep(call->task, task_deadline_ms((uint64_t)a->id));
    return 0;
}

// Gives back the descriptors it got, the last one first.
static int do_fds(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    if (call->nin_fds == 0)
        return call_take_fd(call, 0, err);
    for (uint32_t i = call->nin_fds; i-- > 0;) {
        if (call_give_fd(call, call_take_fd(call, i, err), err) < 0)
            return -1;
    }
    return 0;
}

static int do_too_much(struct call *call, void *object, const void *args, void *ret,
                       struct error *err)
{
    struct wire_connect_list_domains_ret *r = ret;
    r->ids.n = WIRE_DOMAIN_LIST_MAX + 1;
    r->ids.v = arena_calloc(call->arena, r->ids.n, sizeof(*r->ids.v));
    return 0;
}

static int do_silent(struct call *call, void *object, const void *args, void *ret,
                     struct error *err)
{
    return -1;
}

// An object: what its reference is named.
struct thing {
    const char *name;
    unsigned refs;
};

static void *find_thing(const struct rpc_object_class *class, struct call *call, const void *ref,
                        void **held, struct error *err)
{
    struct fixture *f = call->owner;
    const struct wire_domain_ref *r = ref;
    if (strcmp(r->name, "none") == 0) {
        error_set(err, ERROR_NO_DOMAIN, AREA_QEMU, "no thing '%s'", r->name);
        return NULL;
    }
    f->held++;
    struct thing *thing = arena_alloc(call->arena, sizeof(*thing));
    thing->name = r->name;
    *held = f;
    return thing;
}

static void unref_thing(void *held)
{
    ((struct fixture *)held)->held--;
}

static int require_thing(const struct rpc_object_class *class, const void *object, unsigned needs,
                         struct error *err)
{
    if (needs == RPC_ACTIVE && strcmp(((const struct thing *)object)->name, "off") == 0)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU, "it is off");
    return 0;
}

static const struct rpc_object_class things = {find_thing, unref_thing, require_thing};

static int do_object(struct call *call, void *object, const void *args, void *ret,
                     struct error *err)
{
    CHECK_INT(((struct fixture *)call->owner)->held, 1);
    const struct thing *thing = object;
    if (strcmp(thing->name, "bad") == 0)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU, "it is bad");
    ((struct wire_connect_get_type_ret *)ret)->type = thing->name;
    return 0;
}

enum {
    P_OPEN = 1,
    P_ECHO,
    P_WAIT,
    P_SLEEP,
    P_FDS,
    P_EVENT,
    P_NONE,
    P_WRITE,
    P_FLAGS,
    P_MUCH,
    P_SILENT,
    P_LIST,
    P_OBJECT,
    P_COUNT
};

static const struct rpc_procedure procedures[P_COUNT] = {
    [P_OPEN - 1] = {.name = "open",
                    .label = "Open",
                    .flags = RPC_READ_ONLY | RPC_BEFORE_OPEN | RPC_BEFORE_AUTH,
                    RUN_BY(do_open)},
    [P_ECHO - 1] = {.name = "echo",
                    .label = "Echo",
                    .flags = RPC_READ_ONLY,
                    .args = WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
                    .ret = WIRE_TYPE_CONNECT_GET_TYPE_RET,
                    RUN_BY(do_echo)},
    [P_WAIT - 1] = {.name = "wait",
                    .label = "Wait",
                    .flags = RPC_READ_ONLY,
                    .args = WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
                    .ret = WIRE_TYPE_CONNECT_GET_TYPE_RET,
                    RUN_BY(do_wait)},
    [P_SLEEP - 1] = {.name = "sleep",
                     .label = "Sleep",
                     .flags = RPC_READ_ONLY,
                     .args = WIRE_TYPE_DOMAIN_LOOKUP_BY_ID_ARGS,
                     RUN_BY(do_sleep)},
    [P_FDS -
        1] = {.name = "fds", .label = "Fds", .flags = RPC_FDS_IN | RPC_FDS_OUT, RUN_BY(do_fds)},
    [P_EVENT - 1] = {.name = "event", .label = "event", .kind = RPC_EVENT},
    [P_NONE -
        1] = {.name = "none", .label = "virNone", .feature = "snapshots", .flags = RPC_READ_ONLY},
    [P_WRITE - 1] = {.name = "write", .label = "virWrite", RUN_BY(do_open)},
    [P_FLAGS - 1] = {.name = "flags",
                     .label = "virFlags",
                     .flags = RPC_READ_ONLY,
                     .args = WIRE_TYPE_DOMAIN_GET_XML_DESC_ARGS,
                     .denied_flags = 9,
                     .flags_offset = offsetof(struct wire_domain_get_xml_desc_args, flags),
                     RUN_BY(do_open)},
    [P_MUCH - 1] = {.name = "much",
                    .label = "virMuch",
                    .ret = WIRE_TYPE_CONNECT_LIST_DOMAINS_RET,
                    RUN_BY(do_too_much)},
    [P_SILENT - 1] = {.name = "silent", .label = "virSilent", RUN_BY(do_silent)},
    [P_LIST - 1] = {.name = "list",
                    .label = "virList",
                    .args = WIRE_TYPE_DOMAIN_SET_SCHEDULER_PARAMETERS_ARGS,
                    RUN_BY(do_open)},
    [P_OBJECT - 1] = {.name = "object",
                      .label = "virObject",
                      .flags = RPC_READ_ONLY | RPC_HAS_FLAGS,
                      .args = WIRE_TYPE_DOMAIN_GET_XML_DESC_ARGS,
                      .ret = WIRE_TYPE_CONNECT_GET_TYPE_RET,
                      .flags_offset = offsetof(struct wire_domain_get_xml_desc_args, flags),
                      .known_flags = 5,
                      .denied_flags = 4,
                      .object = &things,
                      .object_offset = offsetof(struct wire_domain_get_xml_desc_args, dom),
                      .needs = RPC_ACTIVE,
                      RUN_BY(do_object)},
};

static const struct rpc_program programs[] = {{WIRE_PROGRAM_REMOTE, 1, procedures, P_COUNT - 1}};

static void *new_session(void *owner, struct client *client)
{
    (void)client;
    ((struct fixture *)owner)->sessions++;
    return owner;
}

static void end_session(void *session)
{
    ((struct fixture *)session)->sessions--;
}

static void on_idle(void *owner, bool idle)
{
    ((struct fixture *)owner)->idle = idle;
}

static void config_init(struct server_config *config)
{
    server_config_init(config);
    config->session_create = new_session;
    config->session_destroy = end_session;
    config->on_idle = on_idle;
}

static void start(struct fixture *f, struct task *t, const struct server_config *config)
{
    struct server_config own;
    config_init(&own);
    *f = (struct fixture){.task = t, .idle = true};
    completion_init(&f->gate);
    f->server = server_create(task_sched(t), config ? config : &own, programs, 1, f);
}

static void wait_until(struct fixture *f, const unsigned *value, unsigned want)
{
    uint64_t end = task_deadline_ms(10000);
    while (*value != want) {
        CHECK(task_deadline_ms(0) < end);
        task_sleep(f->task, task_deadline_ms(1));
    }
}

static void stop(struct fixture *f)
{
    completion_post(&f->gate, 0);
    server_close(f->server);
    wait_until(f, &server_stats(f->server)->calls_in_flight, 0);
    CHECK_INT(f->sessions, 0);
    CHECK(f->idle);
    server_destroy(f->server);
}

static void open_client(struct raw *c)
{
    raw_call(c, P_OPEN, 0, WIRE_TYPE_NONE, NULL);
    raw_reply(c, 0, WIRE_TYPE_NONE, NULL);
}

static void echo(struct raw *c, uint32_t serial, const char *text)
{
    struct wire_connect_get_type_ret ret;
    raw_call(c, P_ECHO, serial, WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
             &(struct wire_domain_lookup_by_name_args){.name = text});
    raw_reply(c, serial, WIRE_TYPE_CONNECT_GET_TYPE_RET, &ret);
    CHECK_STR(ret.type, text);
}

static void call_wait(struct raw *c, uint32_t serial, const char *text)
{
    raw_call(c, P_WAIT, serial, WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
             &(struct wire_domain_lookup_by_name_args){.name = text});
}

static void errors(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, t, NULL);
    raw_connect(&c, t, f.server, false);
    CHECK(!f.idle);
    raw_call(&c, P_ECHO, 1, WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
             &(struct wire_domain_lookup_by_name_args){.name = "x"});
    raw_error(&c, 1, WIRE_ERR_INTERNAL_ERROR, "internal error: hypervisor connection not open");
    CHECK_INT(c.header.type, WIRE_REPLY);
    CHECK_INT(c.header.procedure, P_ECHO);
    open_client(&c);
    raw_call(&c, P_COUNT, 2, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 2, WIRE_ERR_RPC, "unknown procedure: 14");
    raw_call(&c, 0, 2, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 2, WIRE_ERR_RPC, "unknown procedure: 0");
    raw_call(&c, UINT32_MAX, 2, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 2, WIRE_ERR_RPC, "unknown procedure: -1");
    raw_call(&c, P_EVENT, 3, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 3, WIRE_ERR_RPC, "unknown procedure: 6");
    raw_packet(&c, (struct packet_header){.program = 7, .procedure = 1, .serial = 4}, NULL, 0);
    raw_error(&c, 4, WIRE_ERR_RPC, "Cannot find program 7 version 1");
    raw_packet(&c,
               (struct packet_header){
                   .program = WIRE_PROGRAM_REMOTE, .version = 2, .procedure = 1, .serial = 5},
               NULL, 0);
    raw_error(&c, 5, WIRE_ERR_RPC, "Cannot find program 536903814 version 2");
    raw_packet(
        &c,
        (struct packet_header){
            .program = WIRE_PROGRAM_REMOTE, .procedure = P_OPEN, .status = WIRE_ERROR, .serial = 6},
        NULL, 0);
    raw_error(&c, 6, WIRE_ERR_RPC, "Unexpected message status");
    raw_call(&c, P_ECHO, 7, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 7, WIRE_ERR_RPC, "Unable to decode message payload");
    raw_call(&c, P_NONE, 8, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 8, WIRE_ERR_NO_SUPPORT,
              "this function is not supported by the connection driver: vireod does not provide "
              "snapshots yet (virNone)");
    raw_call(&c, P_MUCH, 9, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 9, WIRE_ERR_RPC, "virMuch");
    raw_call(&c, P_SILENT, 10, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 10, WIRE_ERR_INTERNAL_ERROR, "virSilent");
    // Replies, messages and types that don't exist are ignored, as are packets for no stream.
    for (int type = WIRE_REPLY; type < 9; type++) {
        if (type != WIRE_CALL_WITH_FDS && type != WIRE_REPLY_WITH_FDS)
            raw_packet(&c,
                       (struct packet_header){.program = WIRE_PROGRAM_REMOTE,
                                              .procedure = P_ECHO,
                                              .type = type,
                                              .serial = 77},
                       "\0\0\0", 4);
    }
    raw_quiet(&c);
    // Bytes after the arguments are ignored.
    raw_packet(&c, (struct packet_header){.program = WIRE_PROGRAM_REMOTE, .procedure = P_ECHO},
               "\0\0\0\1a...and more, and more", 20);
    struct wire_connect_get_type_ret ret;
    raw_reply(&c, 0, WIRE_TYPE_CONNECT_GET_TYPE_RET, &ret);
    CHECK_STR(ret.type, "a");
    echo(&c, UINT32_MAX, "still there");
    raw_close(&c);
    stop(&f);
}

static void one_bad_length(struct fixture *f, const char *length)
{
    struct raw c;
    uint64_t bad = server_stats(f->server)->bad_packets;
    raw_connect(&c, f->task, f->server, false);
    raw_write(&c, length, 4);
    raw_gone(&c);
    CHECK_INT(server_stats(f->server)->bad_packets, bad + 1);
    raw_close(&c);
}

static void bad_lengths(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, t, NULL);
    one_bad_length(&f, "\0\0\0\0");
    one_bad_length(&f, "\0\0\0\3");
    one_bad_length(&f, "\0\0\0\33");
    one_bad_length(&f, "\2\0\0\5"); // 32 MiB + 5
    one_bad_length(&f, "\xff\xff\xff\xff");
    // The largest one is waited for, and taken when it comes, in small pieces.
    raw_connect(&c, t, f.server, false);
    open_client(&c);
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_LENGTH_WORD_MAX);
    packet_begin(
        &w, &(struct packet_header){
                .program = WIRE_PROGRAM_REMOTE, .version = 1, .procedure = P_ECHO, .serial = 3});
    xdr_put_u32(&w, 1);
    xdr_put_raw(&w, "z\0\0\0", 4);
    uint8_t *rest = xcalloc(1, WIRE_LENGTH_WORD_MAX - w.len);
    xdr_put_raw(&w, rest, WIRE_LENGTH_WORD_MAX - w.len);
    free(rest);
    CHECK_INT(packet_end(&w), 0);
    for (size_t i = 0; i < 40; i++)
        raw_write(&c, w.data + i, 1);
    raw_write(&c, w.data + 40, w.len - 40);
    xdr_writer_finish(&w);
    struct wire_connect_get_type_ret ret;
    raw_reply(&c, 3, WIRE_TYPE_CONNECT_GET_TYPE_RET, &ret);
    CHECK_STR(ret.type, "z");
    raw_close(&c);
    stop(&f);
}

static void order(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, t, NULL);
    raw_connect(&c, t, f.server, false);
    open_client(&c);
    // The one sent first is answered last.
    call_wait(&c, 1, "slow");
    echo(&c, 2, "quick");
    completion_post(&f.gate, 0);
    struct wire_connect_get_type_ret ret;
    raw_reply(&c, 1, WIRE_TYPE_CONNECT_GET_TYPE_RET, &ret);
    CHECK_STR(ret.type, "slow");
    // Thirty in one write: each answered once.
    struct xdr_writer all;
    xdr_writer_init(&all, WIRE_LENGTH_WORD_MAX);
    for (uint32_t i = 0; i < 30; i++) {
        struct xdr_writer w;
        xdr_writer_init(&w, 4096);
        packet_begin(&w, &(struct packet_header){.program = WIRE_PROGRAM_REMOTE,
                                                 .version = 1,
                                                 .procedure = P_SLEEP,
                                                 .serial = i});
        xdr_put_u32(&w, 5 - i % 6);
        packet_end(&w);
        xdr_put_raw(&all, w.data, w.len);
        xdr_writer_finish(&w);
    }
    raw_write(&c, all.data, all.len);
    xdr_writer_finish(&all);
    uint32_t seen = 0;
    bool in_order = true;
    for (uint32_t i = 0; i < 30; i++) {
        CHECK(raw_receive(&c));
        CHECK_INT(c.header.status, WIRE_OK);
        CHECK(!(seen & (1u << c.header.serial)));
        seen |= 1u << c.header.serial;
        in_order &= c.header.serial == i;
    }
    CHECK_INT(seen, (1u << 30) - 1);
    CHECK(!in_order);
    raw_close(&c);
    stop(&f);
}

static void request_limit(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c, other;
    start(&f, t, NULL);
    raw_connect(&c, t, f.server, false);
    raw_connect(&other, t, f.server, false);
    open_client(&c);
    open_client(&other);
    for (uint32_t i = 0; i < 400; i++)
        call_wait(&c, i, "w");
    wait_until(&f, &f.waiting, 5);
    // Neither others nor keepalive wait for it.
    echo(&other, 1, "free");
    CHECK_INT(f.waiting, 5);
    struct raw few;
    raw_connect(&few, t, f.server, false);
    open_client(&few);
    for (uint32_t i = 0; i < 8; i++)
        call_wait(&few, i, "w");
    raw_quiet(&few);
    CHECK_INT(f.waiting, 10);
    completion_post(&f.gate, 0);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 400; i++) {
        CHECK(raw_receive(&c));
        sum += c.header.serial;
    }
    CHECK_INT(sum, 400 * 399 / 2);
    raw_close(&few);
    raw_close(&other);
    raw_close(&c);
    stop(&f);
}

static void client_leaves(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, t, NULL);
    raw_connect(&c, t, f.server, false);
    open_client(&c);
    for (uint32_t i = 0; i < 7; i++)
        call_wait(&c, i, "w");
    wait_until(&f, &f.waiting, 5);
    raw_close(&c);
    wait_until(&f, &server_stats(f.server)->clients, 0);
    CHECK(f.idle);
    CHECK_INT(f.waiting, 5); // they run to their end
    CHECK_INT(f.sessions, 1);
    completion_post(&f.gate, 0);
    wait_until(&f, &f.waiting, 0);
    wait_until(&f, &f.sessions, 0);
    CHECK_INT(server_stats(f.server)->replies_dropped, 5);
    stop(&f);
}

static void does_not_read(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct server_config config;
    config_init(&config);
    config.max_backlog = 100000;
    start(&f, t, &config);
    struct raw c, other;
    raw_connect(&c, t, f.server, false);
    raw_connect(&other, t, f.server, false);
    open_client(&c);
    open_client(&other);
    static char big[60000];
    memset(big, 'x', sizeof(big) - 1);
    for (uint32_t i = 0; server_stats(f.server)->clients == 2; i++) {
        CHECK(i < 1000);
        struct xdr_writer w;
        xdr_writer_init(&w, 100000);
        packet_begin(&w, &(struct packet_header){.program = WIRE_PROGRAM_REMOTE,
                                                 .version = 1,
                                                 .procedure = P_ECHO,
                                                 .serial = i});
        wire_encode(&w, WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
                    &(struct wire_domain_lookup_by_name_args){.name = big});
        packet_end(&w);
        if (send(c.fd, w.data, w.len, MSG_NOSIGNAL) < 0) {
            CHECK(errno == EPIPE || errno == ECONNRESET || errno == EAGAIN);
        }
        xdr_writer_finish(&w);
        echo(&other, i, "unharmed");
    }
    CHECK_INT(server_stats(f.server)->clients_cut, 1);
    echo(&other, 1, "unharmed");
    raw_close(&other);
    raw_close(&c);
    stop(&f);
}

static void keepalive(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, t, NULL);
    raw_connect(&c, t, f.server, false);
    raw_quiet(&c); // before open
    open_client(&c);
    for (uint32_t i = 0; i < 5; i++)
        call_wait(&c, i, "w");
    wait_until(&f, &f.waiting, 5);
    raw_quiet(&c);
    raw_packet(&c,
               (struct packet_header){.program = WIRE_PROGRAM_KEEPALIVE,
                                      .procedure = WIRE_KEEPALIVE_PONG,
                                      .type = WIRE_MESSAGE},
               NULL, 0);
    raw_packet(&c,
               (struct packet_header){
                   .program = WIRE_PROGRAM_KEEPALIVE, .procedure = 3, .type = WIRE_MESSAGE},
               NULL, 0);
    raw_quiet(&c);
    raw_close(&c);
    stop(&f);
}

static void *ping_session(void *owner, struct client *client)
{
    client_start_keepalive(client);
    return new_session(owner, client);
}

static void own_pings(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct server_config config;
    config_init(&config);
    config.keepalive_interval_ms = 20;
    config.keepalive_count = 2;
    config.session_create = ping_session;
    start(&f, t, &config);
    struct raw c;
    raw_connect(&c, t, f.server, false);
    // One who answers stays.
    for (int i = 0; i < 5; i++) {
        CHECK(raw_receive(&c));
        CHECK_INT(c.header.program, WIRE_PROGRAM_KEEPALIVE);
        CHECK_INT(c.header.procedure, WIRE_KEEPALIVE_PING);
        CHECK_INT(c.header.type, WIRE_MESSAGE);
        raw_packet(&c,
                   (struct packet_header){.program = WIRE_PROGRAM_KEEPALIVE,
                                          .procedure = WIRE_KEEPALIVE_PONG,
                                          .type = WIRE_MESSAGE},
                   NULL, 0);
    }
    // One who doesn't is cut off after two.
    int pings = 0;
    while (raw_receive(&c))
        pings++;
    CHECK_INT(pings, 2);
    CHECK_INT(server_stats(f.server)->clients_cut, 1);
    raw_close(&c);
    stop(&f);
}

static void check_same_file(int a, int b)
{
    struct stat sa, sb;
    CHECK_INT(fstat(a, &sa), 0);
    CHECK_INT(fstat(b, &sb), 0);
    CHECK(sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino);
}

static void descriptors(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    int a[2], b[2];
    CHECK_INT(pipe2(a, O_CLOEXEC), 0);
    CHECK_INT(pipe2(b, O_CLOEXEC), 0);
    start(&f, t, NULL);
    raw_connect(&c, t, f.server, false);
    open_client(&c);
    struct packet_header h = {.program = WIRE_PROGRAM_REMOTE,
                              .procedure = P_FDS,
                              .type = WIRE_CALL_WITH_FDS,
                              .serial = 1};
    raw_packet(&c, h, "\0\0\0\2", 4);
    raw_write_fd(&c, a[0]);
    raw_write_fd(&c, b[0]);
    // At once behind it: nothing of this may be taken for a byte with a descriptor.
    raw_call(&c, P_OPEN, 2, WIRE_TYPE_NONE, NULL);
    raw_reply(&c, 1, WIRE_TYPE_NONE, NULL);
    CHECK_INT(c.header.type, WIRE_REPLY_WITH_FDS);
    CHECK_INT(c.nfds, 2);
    check_same_file(c.fds[0], b[0]);
    check_same_file(c.fds[1], a[0]);
    raw_reply(&c, 2, WIRE_TYPE_NONE, NULL);
    // None announced, none there; and no count at all.
    raw_packet(&c, h, "\0\0\0\0", 4);
    raw_error(&c, 1, WIRE_ERR_INTERNAL_ERROR, "No FD available at slot 0");
    CHECK_INT(c.header.type, WIRE_REPLY);
    raw_packet(&c, h, NULL, 0);
    raw_error(&c, 1, WIRE_ERR_RPC, "Unable to decode message payload");
    // An unannounced descriptor is closed; the byte that came with it is skipped.
    raw_close(&c);
    raw_connect(&c, t, f.server, false);
    raw_packet(&c, h, "\0\0\0\41", 4);
    raw_gone(&c);
    raw_close(&c);
    raw_connect(&c, t, f.server, false);
    raw_packet(&c, h, "\0\0\0\1", 4);
    raw_write(&c, "", 1); // a byte without
    raw_gone(&c);
    raw_close(&c);
    stop(&f);
    for (int i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
}

static void read_only(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, t, NULL);
    raw_connect(&c, t, f.server, true);
    open_client(&c);
    echo(&c, 1, "reading is fine");
    raw_call(&c, P_WRITE, 2, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 2, WIRE_ERR_OPERATION_DENIED,
              "operation forbidden: read only access prevents virWrite");
    struct wire_domain_get_xml_desc_args args = {.dom = {.name = "d"}};
    for (uint32_t flags = 0; flags < 16; flags++) {
        args.flags = flags;
        raw_call(&c, P_FLAGS, flags, WIRE_TYPE_DOMAIN_GET_XML_DESC_ARGS, &args);
        if (flags & 9)
            raw_error(&c, flags, WIRE_ERR_OPERATION_DENIED, "read only access prevents virFlags");
        else
            raw_reply(&c, flags, WIRE_TYPE_NONE, NULL);
    }
    raw_close(&c);
    stop(&f);
}

// What a row says is checked before its handler runs: rights, flags, the object and its state.
static void contract(struct task *t, void *arg)
{
    struct fixture f;
    struct server_config config;
    config_init(&config);
    start(&f, t, &config);
    for (int read_only = 0; read_only < 2; read_only++) {
        struct raw c;
        raw_connect(&c, t, f.server, read_only);
        raw_call(&c, P_OPEN, 0, WIRE_TYPE_NONE, NULL);
        raw_reply(&c, 0, WIRE_TYPE_NONE, NULL);
        static const struct {
            const char *name;
            uint32_t flags;
            int code, code_read_only;
            const char *text;
        } calls[] = {
            {"on", 0, 0, 0, ""},
            {"on", 1, 0, 0, ""},
            {"on", 4, 0, WIRE_ERR_OPERATION_DENIED, "with flags 0x4"},
            {"on", 10, WIRE_ERR_INVALID_ARG, WIRE_ERR_INVALID_ARG,
             "unsupported flags (0xa) in function virObject"},
            {"none", 2, WIRE_ERR_INVALID_ARG, WIRE_ERR_INVALID_ARG, "unsupported flags (0x2)"},
            {"none", 1, WIRE_ERR_NO_DOMAIN, WIRE_ERR_NO_DOMAIN, "Domain not found: no thing"},
            {"off", 0, WIRE_ERR_OPERATION_INVALID, WIRE_ERR_OPERATION_INVALID,
             "Requested operation is not valid: it is off"},
            {"bad", 0, WIRE_ERR_OPERATION_FAILED, WIRE_ERR_OPERATION_FAILED, "it is bad"},
        };
        for (uint32_t i = 0; i < ARRAY_LEN(calls); i++) {
            struct wire_domain_get_xml_desc_args args = {.dom.name = calls[i].name,
                                                         .flags = calls[i].flags};
            struct wire_connect_get_type_ret ret;
            int code = read_only ? calls[i].code_read_only : calls[i].code;
            raw_call(&c, P_OBJECT, i, WIRE_TYPE_DOMAIN_GET_XML_DESC_ARGS, &args);
            if (code)
                raw_error(&c, i, code, calls[i].text);
            else
                raw_reply(&c, i, WIRE_TYPE_CONNECT_GET_TYPE_RET, &ret);
            CHECK_INT(f.held, 0);
        }
        raw_close(&c);
    }
    stop(&f);
}

static void authentication(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct server_config config;
    config_init(&config);
    config.auth = WIRE_AUTH_POLKIT;
    start(&f, t, &config);
    struct raw c;
    raw_connect(&c, t, f.server, false);
    raw_call(&c, P_WRITE, 1, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 1, WIRE_ERR_RPC, "authentication required");
    raw_call(&c, P_COUNT, 1, WIRE_TYPE_NONE, NULL);
    raw_error(&c, 1, WIRE_ERR_RPC, "unknown procedure: 14");
    raw_call(&c, P_OPEN, 2, WIRE_TYPE_NONE, NULL); // allowed before
    raw_reply(&c, 2, WIRE_TYPE_NONE, NULL);
    raw_close(&c);
    stop(&f);
}

static void policy(void)
{
    struct rpc_policy p = {.others = RPC_ACCESS_READ_ONLY, .has_group = true, .group = 77};
    gid_t groups[] = {5, 77};
    struct rpc_peer root = {0}, user = {.uid = 1000, .gid = 1000},
                    primary = {.uid = 1000, .gid = 77},
                    member = {.uid = 1000, .gid = 1000, .groups = groups, .ngroups = 2};
    CHECK_INT(rpc_policy_check(&p, &root), RPC_ACCESS_FULL);
    CHECK_INT(rpc_policy_check(&p, &user), RPC_ACCESS_READ_ONLY);
    CHECK_INT(rpc_policy_check(&p, &primary), RPC_ACCESS_FULL);
    CHECK_INT(rpc_policy_check(&p, &member), RPC_ACCESS_FULL);
    p = (struct rpc_policy){.has_user = true, .user = 1000, .others = RPC_ACCESS_DENY};
    CHECK_INT(rpc_policy_check(&p, &user), RPC_ACCESS_FULL);
    user.uid = 1001;
    CHECK_INT(rpc_policy_check(&p, &user), RPC_ACCESS_DENY);
}

static void listening(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct server_config config;
    config_init(&config);
    config.max_clients = 2;
    start(&f, t, &config);
    char dir[] = "/tmp/vireo-rpc-XXXXXX";
    CHECK(mkdtemp(dir));
    char path[64], ro[64];
    snprintf(path, sizeof(path), "%s/sock", dir);
    snprintf(ro, sizeof(ro), "%s/sock-ro", dir);
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(server_listen(f.server, path, 0700, false, &err), 0);
    CHECK_INT(server_listen(f.server, ro, 0777, true, &err), 0);
    struct stat st;
    CHECK_INT(stat(ro, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0777);
    CHECK_INT(server_listen(f.server, "/nonexistent/sock", 0700, false, &err), -1);
    CHECK_CONTAINS(error_message(&err), "/nonexistent/sock");
    struct raw a = {.task = t, .fd = unix_connect(path)}, b = {.task = t, .fd = unix_connect(ro)},
               late = {.task = t};
    CHECK(a.fd >= 0 && b.fd >= 0);
    open_client(&a);
    open_client(&b);
    raw_call(&a, P_WRITE, 1, WIRE_TYPE_NONE, NULL);
    raw_reply(&a, 1, WIRE_TYPE_NONE, NULL);
    raw_call(&b, P_WRITE, 1, WIRE_TYPE_NONE, NULL);
    raw_error(&b, 1, WIRE_ERR_OPERATION_DENIED, "read only");
    // A third one waits until one of them has left.
    late.fd = unix_connect(path);
    CHECK(late.fd >= 0);
    raw_call(&late, P_OPEN, 0, WIRE_TYPE_NONE, NULL);
    echo(&b, 1, "one more turn of the loop");
    CHECK_INT(server_stats(f.server)->clients, 2);
    raw_close(&a);
    raw_reply(&late, 0, WIRE_TYPE_NONE, NULL);
    raw_close(&b);
    raw_close(&late);
    stop(&f);
    CHECK_INT(access(path, F_OK), -1);
    CHECK_INT(rmdir(dir), 0);
}

static void every_error_has_a_code(void)
{
    for (int i = ERROR_INTERNAL; i < ERROR_CODE_COUNT; i++)
        CHECK(wire_error_code(i) != WIRE_ERR_OK);
    for (int i = AREA_QEMU; i < AREA_COUNT; i++)
        CHECK(wire_error_domain(i) != WIRE_FROM_NONE);
}

// As libvirt: the code says how a text begins. Only unknown flags and system errors begin bare.
static void texts_begin_as_their_code(void)
{
    static const struct {
        enum error_code code;
        const char *text;
    } expected[] = {
        {ERROR_OPERATION_INVALID, "Requested operation is not valid: what"},
        {ERROR_NO_DOMAIN, "Domain not found: what"},
        {ERROR_INVALID_ARG, "invalid argument: what"},
        {ERROR_UNKNOWN_FLAGS, "what"},
        {ERROR_SYSTEM, "what"},
    };
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        AUTO_ERROR err = ERROR_INIT;
        struct arena arena = {0};
        error_set(&err, expected[i].code, AREA_QEMU, "what");
        CHECK_STR(wire_error_make(&err, &arena).message, expected[i].text);
        arena_finish(&arena);
    }
}

#define RUN_TASK(test)                                                                             \
    do {                                                                                           \
        loop_run(test, NULL);                                                                      \
        printf("ok %s\n", #test);                                                                  \
        fflush(stdout);                                                                            \
    } while (0)

int main(void)
{
    RUN_TASK(errors);
    RUN_TASK(bad_lengths);
    RUN_TASK(order);
    RUN_TASK(request_limit);
    RUN_TASK(client_leaves);
    RUN_TASK(does_not_read);
    RUN_TASK(keepalive);
    RUN_TASK(own_pings);
    RUN_TASK(descriptors);
    RUN_TASK(read_only);
    RUN_TASK(contract);
    RUN_TASK(authentication);
    RUN(policy);
    RUN_TASK(listening);
    RUN(every_error_has_a_code);
    RUN(texts_begin_as_their_code);
    return 0;
}
