// SPDX-License-Identifier: GPL-2.0-or-later
#include "rpc/auth.h"
#include "base/alloc.h"

#include <errno.h>
#include <sys/socket.h>

int rpc_peer_get(int fd, struct rpc_peer *ret)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return -errno;
    *ret = (struct rpc_peer){.uid = cred.uid, .gid = cred.gid, .pid = cred.pid};
    len = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) < 0 && errno != ERANGE)
        return 0; // a kernel without it: the primary group must do
    if (len == 0)
        return 0;
    ret->groups = xmalloc(len);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, ret->groups, &len) < 0)
        len = 0;
    ret->ngroups = (int)(len / sizeof(gid_t));
    return 0;
}

void rpc_peer_finish(struct rpc_peer *p)
{
    free(p->groups);
    *p = (struct rpc_peer){0};
}

enum rpc_access rpc_policy_check(const struct rpc_policy *policy, const struct rpc_peer *peer)
{
    if (peer->uid == 0 || (policy->has_user && peer->uid == policy->user))
        return RPC_ACCESS_FULL;
    if (policy->has_group) {
        if (peer->gid == policy->group)
            return RPC_ACCESS_FULL;
        for (int i = 0; i < peer->ngroups; i++) {
            if (peer->groups[i] == policy->group)
                return RPC_ACCESS_FULL;
        }
    }
    return policy->others;
}
