// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as settings: all of it or nothing is taken, and what is wrong is named.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "vireod/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *show(const struct config *c)
{
    return xasprintf("%s\n%s\n%s\n%s\n%s\n%ju %ju %ju %ju %ju %ju %ju %d %d", c->unix_sock_group,
                     c->qemu_user, c->qemu_group, c->emulator, c->firewall_backend,
                     (uintmax_t)c->max_clients, (uintmax_t)c->max_anonymous_clients,
                     (uintmax_t)c->max_client_requests, (uintmax_t)c->client_backlog_bytes,
                     (uintmax_t)c->keepalive_interval_s, (uintmax_t)c->keepalive_count,
                     (uintmax_t)c->guest_log_max_bytes, (int)c->log_level,
                     c->start_networks_on_demand);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *text = xstrndup((const char *)data, size);
    struct config c;
    config_init(&c);
    AUTO_FREE char *before = show(&c);
    int r = config_parse(&c, text, "vireod.conf", &err);
    AUTO_FREE char *after = show(&c);
    if (r < 0 &&
        (!str_eq(before, after) || !err.message || !str_starts(err.message, "vireod.conf:")))
        abort();
    if (r == 0 &&
        (err.message || c.max_clients < 1 || c.max_clients > 1000000 || c.max_client_requests < 1 ||
         c.client_backlog_bytes < 65536 || c.keepalive_count < 1 || c.guest_log_max_bytes < 4096))
        abort();
    // The same text says the same again.
    if (r == 0 && config_parse(&c, text, "vireod.conf", &err) < 0)
        abort();
    AUTO_FREE char *again = show(&c);
    if (!str_eq(after, again))
        abort();
    config_finish(&c);
    return 0;
}
