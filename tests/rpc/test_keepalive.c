// SPDX-License-Identifier: GPL-2.0-or-later
// Pings of clients, and those of the server.
#include "rpc/client.h"
#include "tests/rpc/fixture.h"

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
    config.keepalive_interval_ms = 200;
    config.keepalive_count = 2;
    config.session_create = ping_session;
    start(&f, t, &config);
    struct raw c;
    raw_connect(&c, t, f.server, false);
    // A client that answers stays.
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
    // One that does not is cut off after two pings.
    int pings = 0;
    while (raw_receive(&c))
        pings++;
    CHECK_INT(pings, 2);
    CHECK_INT(server_stats(f.server)->clients_cut, 1);
    raw_close(&c);
    stop(&f);
}

int main(void)
{
    RUN_TASK(keepalive);
    RUN_TASK(own_pings);
    return 0;
}
