// SPDX-License-Identifier: GPL-2.0-or-later
// Who may connect, and how they prove who they are.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"

enum rpc_access { RPC_ACCESS_DENY, RPC_ACCESS_READ_ONLY, RPC_ACCESS_FULL };

// The other end of a UNIX socket, as the kernel reported it at connect time.
struct rpc_peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
    gid_t *groups; // owned; the supplementary ones
    int ngroups;
};

// Checked once, at accept. Root always has full access.
struct rpc_policy {
    bool has_user; // this user has full access
    uid_t user;
    bool has_group; // so have the members of this group
    gid_t group;
    char group_name[33]; // for texts; "": not known
    enum rpc_access others;
};

// 0 or -errno.
int rpc_peer_get(int fd, struct rpc_peer *ret);
void rpc_peer_finish(struct rpc_peer *p);
enum rpc_access rpc_policy_check(const struct rpc_policy *policy, const struct rpc_peer *peer);
