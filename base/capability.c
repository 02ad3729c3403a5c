// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/capability.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int get(struct __user_cap_data_struct ret[static _LINUX_CAPABILITY_U32S_3])
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    return syscall(SYS_capget, &head, ret) < 0 ? -errno : 0;
}

uint64_t capabilities_permitted(void)
{
    struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3] = {0};
    (void)get(now);
    return (uint64_t)now[1].permitted << 32 | now[0].permitted;
}

int capabilities_limit_bounding(uint64_t keep)
{
    int has;
    for (int i = 0; i < 64 && (has = prctl(PR_CAPBSET_READ, i, 0, 0, 0)) >= 0; i++) {
        if (has && !(keep & CAPABILITY(i)) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
            return -errno;
    }
    return 0;
}

int capabilities_limit(uint64_t keep)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3];
    int r = get(set);
    if (r < 0)
        return r;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        set[i].permitted &= (uint32_t)(keep >> (32 * i));
        set[i].effective = set[i].permitted;
        set[i].inheritable = 0;
    }
    return syscall(SYS_capset, &head, set) < 0 ? -errno : 0;
}
