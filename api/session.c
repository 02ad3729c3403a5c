// SPDX-License-Identifier: GPL-2.0-or-later
#include "api/session.h"
#include "api/daemon.h"
#include "base/alloc.h"

void *session_create(void *owner, struct client *client)
{
    struct session *s = NEW(struct session);
    s->daemon = owner;
    s->client = client;
    event_registrations_init(&s->events);
    list_append(&s->daemon->sessions, &s->link);
    return s;
}

// Nothing is sent any more; calls that still run may read it.
void session_disconnected(void *session)
{
    struct session *s = session;
    list_remove(&s->link);
    if (s->daemon->client_left)
        s->daemon->client_left(s->daemon, s->client);
}

void session_destroy(void *session)
{
    struct session *s = session;
    list_remove(&s->link);
    event_registrations_finish(&s->events);
    free(s);
}
