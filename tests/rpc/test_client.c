// SPDX-License-Identifier: GPL-2.0-or-later
// Packets and descriptors of one client: bad lengths, a backlog that is too long.
#include "tests/rpc/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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

int main(void)
{
    RUN_TASK(bad_lengths);
    RUN_TASK(does_not_read);
    RUN_TASK(descriptors);
    return 0;
}
