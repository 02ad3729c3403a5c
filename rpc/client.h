// SPDX-License-Identifier: GPL-2.0-or-later
// One connection, as the api layer sees it.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "rpc/auth.h"
#include "schemas/wire/types.h"

struct client;

const struct rpc_peer *client_peer(const struct client *c);
bool client_is_connected(const struct client *c);

void client_set_read_only(struct client *c); // for good

// Between connect_open and connect_close. Calls that need it are refused otherwise.
bool client_is_open(const struct client *c);
void client_set_open(struct client *c);

bool client_is_authenticated(const struct client *c);
// The way to authenticate that this client must go: WIRE_AUTH_NONE when there is no need.
enum wire_auth_type client_auth_type(const struct client *c);

// Starts the daemon's own pings: the client knows the keepalive program.
void client_start_keepalive(struct client *c);

// Sends an event whose payload is encoded already. A client with more than the configured backlog
// unread is cut off. Never suspends. 0, or -1 when the client is gone: a caller
// that holds no call of it may not use it again.
int client_send_event(struct client *c, uint32_t program, uint32_t procedure, const void *payload,
                      size_t len);

// Ends the connection once the reply to the call under way has been sent.
void client_close_after_reply(struct client *c);
// Ends it now; `why` is logged, NULL says nothing.
void client_disconnect(struct client *c, const char *why);
