// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon as a whole, for the files that put it together.
#pragma once

#include "api/daemon.h"
#include "rpc/server.h"
#include "vireod/config.h"
#include "vireod/options.h"
#include "vireod/paths.h"

enum { QEMU_GROUPS_MAX = 64 };

struct vireod {
    struct options options;
    struct config config;
    struct paths paths;
    struct daemon daemon;
    struct server_config server_config;
    void (*on_idle)(void *daemon, bool idle); // of the server
    sd_event *event;
    sd_event_source *idle_timer;
    int lock_fd, ready_fd; // ready_fd: reports to the foreground process how --daemon went; -1
    char *qemu_user;       // settings may be read again, and this stays
    uid_t qemu_uid;
    gid_t qemu_gid;
    gid_t qemu_groups[QEMU_GROUPS_MAX];
    int nqemu_groups;
    char *config_qemu_dir, *run_qemu_dir, *state_qemu_dir, *log_qemu_dir;
    char *config_net_dir, *run_net_dir, *state_net_dir;
    char *config_pool_dir, *run_pool_dir;
    const char *hooks[3]; // directories with hooks/, NULL at the end
    bool stop, ending;
};

// modules.c: all of v->daemon but uri, sched and the callbacks.
int modules_create(struct vireod *v, struct error *err);
void modules_destroy(struct vireod *v);            // no task may be under way
void modules_fill_server_config(struct vireod *v); // from the settings as they are now

// sockets.c
// One daemon for one set of state, whatever sockets it serves: v->lock_fd.
int state_lock(struct vireod *v, struct error *err);
// Fails, naming the process, when one listens at that path.
int socket_refuse_second(const char *path, struct error *err);
// Those that systemd hands over, or those of v->paths.
int sockets_open(struct vireod *v, struct error *err);
