// SPDX-License-Identifier: GPL-2.0-or-later
// What clients that may not, or not yet, do everything can take from the others: memory, places,
// descriptors, the log.
#include "rpc/call.h"
#include "rpc/client.h"
#include "tests/loop.h"
#include "tests/rpc/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMITED = 28 + 256 * 1024, P_OPEN = 1, P_ECHO, P_FDS, P_COUNT };

static int do_open(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    client_set_open(call->client);
    return 0;
}

static int do_echo(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    ((struct wire_connect_get_type_ret *)ret)->type =
        ((const struct wire_domain_lookup_by_name_args *)args)->name;
    return 0;
}

static int do_fds(struct call *call, void *object, const void *args, void *ret, struct error *err)
{
    return 0;
}

static const struct rpc_procedure procedures[P_COUNT] = {
    [P_OPEN - 1] = {.name = "open",
                    .label = "Open",
                    .flags = RPC_READ_ONLY | RPC_BEFORE_OPEN,
                    RUN_BY(do_open)},
    [P_ECHO - 1] = {.name = "echo",
                    .label = "Echo",
                    .flags = RPC_READ_ONLY | RPC_BEFORE_OPEN,
                    .args = WIRE_TYPE_DOMAIN_LOOKUP_BY_NAME_ARGS,
                    .ret = WIRE_TYPE_CONNECT_GET_TYPE_RET,
                    RUN_BY(do_echo)},
    [P_FDS - 1] = {.name = "fds", .label = "Fds", .flags = RPC_READ_ONLY, RUN_BY(do_fds)},
};
static const struct rpc_program programs[] = {{WIRE_PROGRAM_REMOTE, 1, procedures, P_COUNT - 1}};

static struct server *start(struct task *t, const struct server_config *given)
{
    struct server_config config;
    server_config_init(&config);
    config.policy.others = RPC_ACCESS_READ_ONLY;
    return server_create(task_sched(t), given ? given : &config, programs, 1, NULL);
}

static void open_client(struct raw *c)
{
    raw_call(c, P_OPEN, 0, WIRE_TYPE_NONE, NULL);
    raw_reply(c, 0, WIRE_TYPE_NONE, NULL);
}

// A packet of exactly this length, which holds a call of echo.
static void echo_packet(struct raw *c, size_t length)
{
    struct xdr_writer w;
    xdr_writer_init(&w, WIRE_LENGTH_WORD_MAX);
    packet_begin(&w, &(struct packet_header){
                         .program = WIRE_PROGRAM_REMOTE, .version = 1, .procedure = P_ECHO});
    xdr_put_u32(&w, 1);
    xdr_put_raw(&w, "z\0\0\0", 4);
    AUTO_FREE uint8_t *rest = xcalloc(1, length - w.len);
    xdr_put_raw(&w, rest, length - w.len);
    CHECK_INT(packet_end(&w), 0);
    raw_write(c, w.data, w.len);
    xdr_writer_finish(&w);
}

// Before a connection is open, and on a read-only one always.
static void large_packets(struct task *t, void *arg)
{
    struct server *s = start(t, NULL);
    for (int i = 0; i < 6; i++) {
        bool read_only = i & 1, open = i >= 2, large = i >= 4;
        struct raw c;
        struct wire_connect_get_type_ret ret;
        raw_connect(&c, t, s, read_only);
        if (open)
            open_client(&c);
        echo_packet(&c, LIMITED);
        raw_reply(&c, 0, WIRE_TYPE_CONNECT_GET_TYPE_RET, &ret);
        if (open && !read_only) {
            echo_packet(&c, large ? WIRE_LENGTH_WORD_MAX : LIMITED + 4);
            raw_reply(&c, 0, WIRE_TYPE_CONNECT_GET_TYPE_RET, &ret);
        } else {
            // The length alone is enough.
            uint32_t length = htobe32(large ? WIRE_LENGTH_WORD_MAX : LIMITED + 4);
            raw_write(&c, &length, sizeof(length));
            raw_gone(&c);
        }
        raw_close(&c);
    }
    server_destroy(s);
}

static void descriptors_of_readers(struct task *t, void *arg)
{
    struct server *s = start(t, NULL);
    struct raw c;
    raw_connect(&c, t, s, true);
    open_client(&c);
    int pipe_fds[2];
    CHECK_INT(pipe2(pipe_fds, O_CLOEXEC), 0);
    uint32_t one = htobe32(1);
    raw_packet(&c,
               (struct packet_header){.program = WIRE_PROGRAM_REMOTE,
                                      .version = 1,
                                      .procedure = P_FDS,
                                      .type = WIRE_CALL_WITH_FDS},
               &one, sizeof(one));
    raw_write_fd(&c, pipe_fds[1]);
    close(pipe_fds[1]);
    raw_gone(&c);
    char byte;
    CHECK_INT(read(pipe_fds[0], &byte, 1), 0); // the daemon kept no end of it
    close(pipe_fds[0]);
    raw_close(&c);
    server_destroy(s);
}

// Unfinished packets of readers together stay below a bound, and a client that may do more goes on.
static void unfinished_packets(struct task *t, void *arg)
{
    enum { READERS = 100, BOUND = 16 * 1024 * 1024 };
    struct server *s = start(t, NULL);
    static struct raw readers[READERS];
    AUTO_FREE uint8_t *part = xcalloc(1, LIMITED - 4);
    uint32_t length = htobe32(LIMITED);
    memcpy(part, &length, sizeof(length));
    struct raw writer;
    raw_connect(&writer, t, s, false);
    open_client(&writer);
    raw_write(&writer, part, LIMITED - 4);
    for (int i = 0; i < READERS; i++) {
        raw_connect(&readers[i], t, s, true);
        raw_write(&readers[i], part, LIMITED - 4);
        task_yield(t);
        CHECK(server_stats(s)->unfinished <= BOUND + LIMITED);
    }
    CHECK(server_stats(s)->clients_cut > READERS - BOUND / LIMITED - 2);
    CHECK(server_stats(s)->clients < READERS);
    raw_write(&writer, part, 4); // the rest of it: procedure 0
    raw_error(&writer, 0, WIRE_ERR_RPC, "Cannot find program 0");
    for (int i = 0; i < READERS; i++)
        raw_close(&readers[i]);
    CHECK_INT(server_stats(s)->unfinished, 0);
    raw_close(&writer);
    server_destroy(s);
}

static int connect_as(struct server *s, uid_t uid, bool read_only, int *client, struct error *err)
{
    int pair[2];
    CHECK_INT(seteuid(uid), 0);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    CHECK_INT(seteuid(0), 0);
    *client = pair[0];
    return server_add_connection(s, pair[1], read_only, err);
}

static void wait_readers(struct task *t, const struct server *s, unsigned n)
{
    for (int i = 0; i < 1000 && server_stats(s)->readers != n; i++)
        task_sleep(t, task_deadline_ms(10));
    CHECK_INT(server_stats(s)->readers, n);
}

// Readers do not get the places of others, nor one user's those of another's.
static void places(struct task *t, void *arg)
{
    struct server_config config;
    server_config_init(&config);
    config.policy = (struct rpc_policy){.others = RPC_ACCESS_READ_ONLY};
    config.max_clients = 6;
    config.max_readers = 5;
    config.max_readers_of_user = 2;
    struct server *s = start(t, &config);
    static const struct {
        uid_t uid;
        bool read_only;
        const char *refusal; // NULL: let in
    } clients[] = {
        {65534, false, NULL}, // a reader by the policy
        {65534, true, NULL},
        {65534, true, "all 2 places for read-only clients of one user are taken"},
        {65533, true, NULL},
        {0, true, NULL},
        {0, true, NULL},
        {65533, true, "all 5 places for read-only clients are taken"},
        {0, true, "all 5 places"},
        {0, false, NULL},
    };
    int fds[ARRAY_LEN(clients)];
    for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
        AUTO_ERROR err = ERROR_INIT;
        int r = connect_as(s, clients[i].uid, clients[i].read_only, &fds[i], &err);
        CHECK_INT(r, clients[i].refusal ? -1 : 0);
        if (r < 0)
            CHECK_CONTAINS(error_message(&err), clients[i].refusal);
    }
    CHECK_INT(server_stats(s)->readers, 5);
    CHECK_INT(server_stats(s)->clients, 6);
    close(fds[0]); // its place is free again
    wait_readers(t, s, 4);
    int again;
    CHECK_INT(connect_as(s, 65534, true, &again, NULL), 0);
    close(again);
    for (size_t i = 1; i < ARRAY_LEN(clients); i++)
        close(fds[i]);
    wait_readers(t, s, 0);
    server_destroy(s);
}

// Clients that are cut off by the thousands do not fill the log.
static void log_lines(struct task *t, void *arg)
{
    int saved = dup(STDERR_FILENO), file = memfd_create("log", MFD_CLOEXEC);
    CHECK(saved >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    struct server *s = start(t, NULL);
    for (int i = 0; i < 3000; i++) {
        struct raw c;
        raw_connect(&c, t, s, true);
        raw_write(&c, "\xff\xff\xff\xff", 4);
        raw_gone(&c);
        raw_close(&c);
    }
    server_destroy(s);
    CHECK(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    off_t bytes = lseek(file, 0, SEEK_END);
    close(file);
    CHECK(bytes > 100);
    CHECK(bytes < 32 * 1024);
}

#define RUN_TASK(test)                                                                             \
    do {                                                                                           \
        loop_run(test, NULL);                                                                      \
        printf("ok %s\n", #test);                                                                  \
        fflush(stdout);                                                                            \
    } while (0)

int main(void)
{
    RUN_TASK(large_packets);
    RUN_TASK(descriptors_of_readers);
    RUN_TASK(unfinished_packets);
    if (geteuid() == 0)
        RUN_TASK(places);
    RUN_TASK(log_lines);
    return 0;
}
