// SPDX-License-Identifier: GPL-2.0-or-later
// Calls: every error that the RPC layer makes, order, limits, rights and the other checks of a row.
#include "tests/rpc/fixture.h"

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

static void order(struct task *t, void *arg)
{
    (void)arg;
    struct fixture f;
    struct raw c;
    start(&f, t, NULL);
    raw_connect(&c, t, f.server, false);
    open_client(&c);
    // The first call waits, the second is answered first.
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
        xdr_put_u32(&w, 10 * (5 - i % 6));
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

int main(void)
{
    RUN_TASK(errors);
    RUN_TASK(order);
    RUN_TASK(request_limit);
    RUN_TASK(client_leaves);
    RUN_TASK(read_only);
    RUN_TASK(contract);
    return 0;
}
