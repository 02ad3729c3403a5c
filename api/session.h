// SPDX-License-Identifier: GPL-2.0-or-later
// One client's state in the api layer: what it registered for.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "api/events.h"
#include "base/list.h"
#include "rpc/call.h"

struct client;
struct daemon;

struct session {
    struct list link; // in daemon->sessions
    struct daemon *daemon;
    struct client *client; // borrowed: outlives the session
    struct event_registrations events;
    bool close_callback; // asked for connection_closed
};

static inline struct session *call_session(const struct call *call)
{
    return call->session;
}

// For struct server_config.
void *session_create(void *owner, struct client *client);
void session_disconnected(void *session);
void session_destroy(void *session);
