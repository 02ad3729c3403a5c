// SPDX-License-Identifier: GPL-2.0-or-later
// Where everything is, by mode: see FILES in vireod(8).
#pragma once

#include <stdbool.h>

struct paths {
    char *socket, *socket_ro; // socket_ro NULL: none
    char *config_file;
    char *config_dir; // definitions of guests in qemu/, of networks in networks/
    char *run_dir;    // running guests; gone after a boot
    char *state_dir;
    char *log_dir;
    char *cache_dir;
};

// `root` NULL: the real places; `listen` NULL: the mode's own socket.
void paths_init(struct paths *p, bool system_mode, const char *root, const char *listen);
void paths_finish(struct paths *p);
