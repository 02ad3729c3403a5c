// SPDX-License-Identifier: GPL-2.0-or-later
// The listening side: sockets, limits, and the list of clients.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/task.h"
#include "rpc/auth.h"
#include "rpc/program.h"
#include "schemas/wire/types.h"

struct client;
struct server;

struct server_config {
    unsigned max_clients;           // beyond it connections wait in the kernel's queue
    unsigned max_anonymous_clients; // not yet authenticated
    unsigned max_readers;           // of max_clients, those let in to read only
    unsigned max_readers_of_user;   // those of one uid, but for root's
    unsigned max_client_requests;   // calls of one client in flight; further ones wait
    size_t max_backlog;             // bytes one client may leave unread before it is cut off
    unsigned max_client_streams;    // open streams of one client
    uint64_t keepalive_interval_ms; // 0: vireod sends no pings
    unsigned keepalive_count;
    enum wire_auth_type auth; // WIRE_AUTH_NONE: being let in by the policy is enough
    struct rpc_policy policy;

    // The api layer's side of a client; called with the server's owner. All may be NULL.
    void *(*session_create)(void *owner, struct client *client);
    void (*session_disconnected)(void *session); // at once; calls may still run
    void (*session_destroy)(void *session);      // after the last call ended
    // No client is left, or the first one came.
    void (*on_idle)(void *owner, bool idle);
};

// libvirtd's defaults, for the current user in session mode.
void server_config_init(struct server_config *config);

struct server_stats {
    uint64_t clients_total, clients_refused; // accepted; refused by the policy or a limit
    uint64_t clients_cut;                    // cut off by a limit, or did not answer pings
    uint64_t calls, calls_failed, calls_refused, replies_dropped;
    uint64_t events, bad_packets;
    unsigned clients, readers, calls_in_flight, streams;
    size_t unfinished; // bytes of packets that have not come whole
};

// `programs` is borrowed; config is copied.
struct server *server_create(struct sched *sched, const struct server_config *config,
                             const struct rpc_program *programs, size_t nprograms, void *owner);
// Disconnects everyone. Calls in flight must have ended before server_destroy() (see
// sched_cancel_all()).
void server_close(struct server *s);
void server_destroy(struct server *s);

// Replaces the limits and the policy (SIGHUP); clients that are there keep their access.
void server_set_config(struct server *s, const struct server_config *config);

// Takes a listening socket, from the service manager for instance.
int server_listen_fd(struct server *s, int fd, bool read_only, struct error *err);
// Listens at path, replacing a socket file that is there. The file is removed by server_close().
int server_listen(struct server *s, const char *path, mode_t mode, bool read_only,
                  struct error *err);
// Takes a connected socket as if it had been accepted. Also used by the tests.
int server_add_connection(struct server *s, int fd, bool read_only, struct error *err);

const struct server_stats *server_stats(const struct server *s);
bool server_is_idle(const struct server *s);
