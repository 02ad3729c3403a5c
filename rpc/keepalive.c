// SPDX-License-Identifier: GPL-2.0-or-later
// Pings: answered whatever else runs. vireod sends its own only to clients that announced
// keepalive; one that sends nothing at all for interval * (count + 1) is closed.
#include "rpc/internal.h"

static void send_keepalive(struct client *c, enum wire_keepalive procedure)
{
    client_send_empty(c, &(struct packet_header){.program = WIRE_PROGRAM_KEEPALIVE,
                                                 .version = 1,
                                                 .procedure = procedure,
                                                 .type = WIRE_MESSAGE});
}

void keepalive_packet(struct client *c, const struct packet_header *h)
{
    if (h->version == 1 && h->type == WIRE_MESSAGE && h->procedure == WIRE_KEEPALIVE_PING)
        send_keepalive(c, WIRE_KEEPALIVE_PONG);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)usec;
    struct client *c = userdata;
    const struct server_config *config = &c->server->config;
    uint64_t interval = config->keepalive_interval_ms * 1000, now = now_monotonic_us();
    // While we don't read, silence is our doing, unless it doesn't read either.
    bool deaf = c->paused && c->unsent < UNSENT_HIGH;
    if (now - c->last_seen_us >= interval && !deaf) {
        if (c->pings >= config->keepalive_count) {
            c->server->stats.clients_cut++;
            client_disconnect(
                c, "no answer to keepalive_count pings in keepalive_interval_s seconds each");
            return 0;
        }
        c->pings++;
        client_ref(c);
        send_keepalive(c, WIRE_KEEPALIVE_PING);
        bool gone = c->fd < 0;
        client_unref(c);
        if (gone)
            return 0;
        now += interval;
    } else {
        now = (deaf ? now : c->last_seen_us) + interval;
    }
    sd_event_source_set_time(source, now);
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
}

void client_start_keepalive(struct client *c)
{
    uint64_t interval = c->server->config.keepalive_interval_ms * 1000;
    if (c->keepalive || c->fd < 0 || !interval)
        return;
    if (sd_event_add_time(c->server->event, &c->keepalive, CLOCK_MONOTONIC,
                          now_monotonic_us() + interval, interval / 10 + 1, on_timer, c) < 0)
        abort(); // out of memory, as in base/alloc.c
}
