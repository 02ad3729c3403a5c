// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon as the handlers see it: call->owner.
#pragma once

#include <stdbool.h>
#include "base/list.h"
#include "base/task.h"
#include "rpc/call.h"

struct domains;
struct host;
struct networks;
struct pools;
struct server;

struct daemon {
    struct sched *sched;
    struct server *server;
    struct list sessions; // struct session
    struct list consoles; // struct console, in api/domain_control.c
    struct host *host;
    struct domains *domains;
    struct networks *networks;
    struct pools *pools;
    // A connection ended: what was tied to it ends. May be NULL.
    void (*client_left)(struct daemon *d, const struct client *client);
    // A client or a guest came, or the last one went. May be NULL.
    void (*idle_changed)(struct daemon *d);
    bool system_mode;
    const char *uri; // "qemu:///system" or "qemu:///session"
};

// For the observers of modules.
static inline void daemon_on_idle(void *daemon, bool idle)
{
    struct daemon *d = daemon;
    (void)idle;
    if (d->idle_changed)
        d->idle_changed(d);
}

static inline struct daemon *call_daemon(const struct call *call)
{
    return call->owner;
}
