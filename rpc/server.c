// SPDX-License-Identifier: GPL-2.0-or-later
#include "rpc/internal.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    LISTEN_BACKLOG = 1000,
    ACCEPT_BATCH = 32,
    ACCEPT_RETRY_US = 100 * 1000,
    LOG_WINDOW_US = 10 * 1000 * 1000,
    LOG_LINES = 20, // a window
};

void server_config_init(struct server_config *config)
{
    *config = (struct server_config){
        .max_clients = WIRE_DAEMON_MAX_CLIENTS,
        .max_anonymous_clients = WIRE_DAEMON_MAX_ANONYMOUS_CLIENTS,
        .max_readers = WIRE_DAEMON_MAX_CLIENTS,
        .max_readers_of_user = WIRE_DAEMON_MAX_CLIENTS,
        .max_client_requests = WIRE_DAEMON_MAX_CLIENT_REQUESTS,
        .max_backlog = 32 * 1024 * 1024,
        .max_client_streams = 64,
        .keepalive_interval_ms = WIRE_DAEMON_KEEPALIVE_INTERVAL * 1000,
        .keepalive_count = WIRE_DAEMON_KEEPALIVE_COUNT,
        .auth = WIRE_AUTH_NONE,
        .policy = {.has_user = true, .user = geteuid(), .others = RPC_ACCESS_DENY},
    };
}

struct server *server_create(struct sched *sched, const struct server_config *config,
                             const struct rpc_program *programs, size_t nprograms, void *owner)
{
    struct server *s = NEW(struct server);
    s->sched = sched;
    s->event = sched_event(sched);
    s->config = *config;
    s->programs = programs;
    s->nprograms = nprograms;
    s->owner = owner;
    list_init(&s->listeners);
    list_init(&s->clients);
    return s;
}

static void listener_free(struct listener *l)
{
    list_remove(&l->link);
    sd_event_source_disable_unref(l->io);
    close_fd(&l->fd);
    if (l->path)
        unlink(l->path);
    free(l->path);
    free(l);
}

void server_close(struct server *s)
{
    if (!s || s->closed)
        return;
    s->closed = true;
    struct listener *l, *ltmp;
    LIST_FOREACH_SAFE (l, ltmp, &s->listeners, link)
        listener_free(l);
    s->retry_accept = sd_event_source_disable_unref(s->retry_accept);
    struct client *c;
    while ((c = LIST_FIRST(&s->clients, struct client, link)))
        client_disconnect(c, NULL);
}

void server_destroy(struct server *s)
{
    server_close(s);
    free(s);
}

void server_set_config(struct server *s, const struct server_config *config)
{
    s->config = *config;
    server_update_accepting(s);
}

const struct server_stats *server_stats(const struct server *s)
{
    return &s->stats;
}

bool server_is_idle(const struct server *s)
{
    return s->stats.clients == 0;
}

void server_update_accepting(struct server *s)
{
    bool accept =
        s->stats.clients < s->config.max_clients &&
        (s->config.auth == WIRE_AUTH_NONE || s->anonymous < s->config.max_anonymous_clients);
    bool readers = s->stats.readers < s->config.max_readers;
    struct listener *l;
    LIST_FOREACH (l, &s->listeners, link)
        sd_event_source_set_enabled(l->io, accept && (!l->read_only || readers) ? SD_EVENT_ON
                                                                                : SD_EVENT_OFF);
}

bool server_may_log(struct server *s)
{
    uint64_t now = now_monotonic_us();
    if (now - s->log_window_us > LOG_WINDOW_US) {
        if (s->unlogged)
            log_warn("%u more clients were cut off or refused; not logged one by one", s->unlogged);
        s->log_window_us = now;
        s->logged = s->unlogged = 0;
    }
    if (s->logged < LOG_LINES) {
        s->logged++;
        return true;
    }
    s->unlogged++;
    return false;
}

void server_client_gone(struct server *s, struct client *c)
{
    list_remove(&c->link);
    s->stats.clients--;
    s->stats.readers -= c->reader;
    if (!client_is_authenticated(c))
        s->anonymous--;
    if (!s->closed)
        server_update_accepting(s);
    if (s->stats.clients == 0 && s->config.on_idle)
        s->config.on_idle(s->owner, true);
}

// Places are kept for those that may do more, and for those of other users.
static int check_readers(const struct server *s, const struct rpc_peer *peer, struct error *err)
{
    if (s->stats.readers >= s->config.max_readers)
        return error_set(err, ERROR_RESOURCE_BUSY, AREA_RPC,
                         "all %u places for read-only clients are taken", s->config.max_readers);
    if (peer->uid == 0)
        return 0;
    unsigned n = 0;
    struct client *c;
    LIST_FOREACH (c, &s->clients, link)
        n += c->reader && c->peer.uid == peer->uid;
    if (n < s->config.max_readers_of_user)
        return 0;
    return error_set(err, ERROR_RESOURCE_BUSY, AREA_RPC,
                     "all %u places for read-only clients of one user are taken", n);
}

// The access that the peer gets, or -1.
static int admit(struct server *s, const struct rpc_peer *peer, bool read_only, struct error *err)
{
    enum rpc_access access = rpc_policy_check(&s->config.policy, peer);
    if (access == RPC_ACCESS_DENY)
        return error_set(err, ERROR_ACCESS_DENIED, AREA_RPC, "it may not use this daemon");
    if (access == RPC_ACCESS_FULL && !read_only)
        return RPC_ACCESS_FULL;
    return check_readers(s, peer, err) < 0 ? -1 : RPC_ACCESS_READ_ONLY;
}

int server_add_connection(struct server *s, int fd, bool read_only, struct error *err)
{
    struct rpc_peer peer = {0};
    int r = rpc_peer_get(fd, &peer);
    if (r < 0) {
        close(fd);
        return error_set_errno(err, AREA_RPC, r, "cannot read the credentials of a client");
    }
    int access = admit(s, &peer, read_only, err);
    if (access < 0) {
        s->stats.clients_refused++;
        error_prefix(err, "connection of uid %u (pid %d) refused", peer.uid, peer.pid);
        rpc_peer_finish(&peer);
        close(fd);
        return -1;
    }
    s->stats.clients_total++;
    s->stats.clients++;
    s->stats.readers += access == RPC_ACCESS_READ_ONLY;
    if (s->config.auth != WIRE_AUTH_NONE)
        s->anonymous++;
    client_create(s, fd, access == RPC_ACCESS_READ_ONLY, &peer);
    if (s->stats.clients == 1 && s->config.on_idle)
        s->config.on_idle(s->owner, false);
    return 0;
}

static int on_retry_accept(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    server_update_accepting(userdata);
    return 0;
}

// Out of descriptors or memory: the connection stays in the queue; to try again at once would spin.
static void pause_accepting(struct server *s, int errnum)
{
    log_error("cannot accept connections: %s; trying again in %d ms", strerrordesc_np(errnum),
              ACCEPT_RETRY_US / 1000);
    struct listener *l;
    LIST_FOREACH (l, &s->listeners, link)
        sd_event_source_set_enabled(l->io, SD_EVENT_OFF);
    s->retry_accept = sd_event_source_disable_unref(s->retry_accept);
    sd_event_add_time_relative(s->event, &s->retry_accept, CLOCK_MONOTONIC, ACCEPT_RETRY_US, 0,
                               on_retry_accept, s);
}

static int on_connection(sd_event_source *source, int listening, uint32_t revents, void *userdata)
{
    (void)revents;
    struct listener *l = userdata;
    struct server *s = l->server;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        int enabled = SD_EVENT_OFF;
        sd_event_source_get_enabled(source, &enabled);
        if (enabled == SD_EVENT_OFF)
            break; // full
        int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                pause_accepting(s, errno);
            break;
        }
        AUTO_ERROR err = ERROR_INIT;
        if (server_add_connection(s, fd, l->read_only, &err) < 0 && server_may_log(s))
            log_warn("%s", error_message(&err));
        server_update_accepting(s);
    }
    return 0;
}

static int add_listener(struct server *s, int fd, char *path, bool read_only, struct error *err)
{
    struct listener *l = NEW(struct listener);
    *l = (struct listener){.server = s, .fd = fd, .path = path, .read_only = read_only};
    list_append(&s->listeners, &l->link);
    int r = sd_event_add_io(s->event, &l->io, fd, EPOLLIN, on_connection, l);
    if (r < 0) {
        error_set_errno(err, AREA_RPC, r, "cannot watch listening socket %d", fd);
        listener_free(l);
        return -1;
    }
    server_update_accepting(s);
    return 0;
}

int server_listen_fd(struct server *s, int fd, bool read_only, struct error *err)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        error_set_errno(err, AREA_RPC, errno, "cannot use listening socket %d", fd);
        close(fd);
        return -1;
    }
    return add_listener(s, fd, NULL, read_only, err);
}

int server_listen(struct server *s, const char *path, mode_t mode, bool read_only,
                  struct error *err)
{
    int fd = unix_listen(path, mode, LISTEN_BACKLOG);
    if (fd < 0)
        return error_set_errno(err, AREA_RPC, fd, "cannot listen on socket '%s'", path);
    return add_listener(s, fd, xstrdup(path), read_only, err);
}
