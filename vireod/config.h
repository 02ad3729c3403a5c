// SPDX-License-Identifier: GPL-2.0-or-later
// The settings of the daemon, from vireod.conf (packaging/vireod.conf.5 documents each).
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/log.h"

struct config {
    char *unix_sock_group;        // who besides root may change things in system mode; "": no group
    char *qemu_user, *qemu_group; // system mode; "": libvirt-qemu, else the user nobody
    char *emulator;               // preferred QEMU binary; "": found
    char *firewall_backend;       // auto, nftables, iptables
    uint64_t max_clients, max_anonymous_clients, max_client_requests;
    uint64_t client_backlog_bytes;
    uint64_t keepalive_interval_s, keepalive_count;
    uint64_t guest_log_max_bytes;
    enum log_level log_level;
    bool start_networks_on_demand;
    bool refuse_blocked_networks;
};

void config_init(struct config *c); // the defaults
void config_finish(struct config *c);
// Reads `key = value` lines over what is there. All of the text or nothing is taken: on failure *c
// is as it was and err names file and line. `name` is the file's, for errors.
int config_parse(struct config *c, const char *text, const char *name, struct error *err);
// A missing file is fine unless `required`.
int config_load(struct config *c, const char *path, bool required, struct error *err);
