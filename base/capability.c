// SPDX-License-Identifier: LGPL-2.1-or-later
// How this works
//
// libcap-ng keeps a set for each thread and applies it as a whole: it refuses all of a set that
// names one capability too many. Sets are therefore limited to what is permitted first, as a
// container or this machine's root may lack some.
//
// Between fork and exec most of libcap-ng is safe: its state belongs to the thread and is reset by
// fork, capng_clear() and capng_update() change only that, capng_apply() of capabilities and the
// ambient set are capset and prctl. Reading the current sets and applying the bounding set are not:
// both open /proc/PID/status with stdio, which allocates, and another thread may have held the
// allocator's lock at the fork. So a child gets the set from its parent, and drops from the
// bounding set with prctl itself.
#include "base/capability.h"

#include <cap-ng.h>
#include <errno.h>
#include <sys/prctl.h>

enum { COUNT = 64 };

uint64_t capabilities_permitted(void)
{
    uint64_t set = 0;
    if (capng_get_caps_process() != 0)
        return 0;
    for (unsigned i = 0; i < COUNT; i++) {
        if (capng_have_capability(CAPNG_PERMITTED, i))
            set |= CAPABILITY(i);
    }
    return set;
}

void capabilities_describe(uint64_t set, struct strbuf *b)
{
    for (unsigned i = 0; i < COUNT; i++) {
        if (set & CAPABILITY(i))
            strbuf_printf(b, "%s%s", b->len ? ", " : "", capng_capability_to_name(i));
    }
}

// What the kernel does not know is left out.
static void select_set(uint64_t set, capng_type_t type)
{
    capng_clear(CAPNG_SELECT_ALL);
    for (unsigned i = 0; i < COUNT; i++) {
        if (set & CAPABILITY(i))
            (void)capng_update(CAPNG_ADD, type, i);
    }
}

int capabilities_limit_bounding(uint64_t keep)
{
    select_set(keep, CAPNG_BOUNDING_SET);
    return capng_apply(CAPNG_SELECT_BOUNDS) == 0 ? 0 : -EPERM;
}

int capabilities_set(uint64_t set)
{
    select_set(set, CAPNG_EFFECTIVE | CAPNG_PERMITTED);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0 || capng_apply(CAPNG_SELECT_AMBIENT) != 0)
        return -EPERM;
    return 0;
}

int capabilities_limit(uint64_t keep)
{
    return capabilities_set(keep & capabilities_permitted());
}

int capabilities_drop_bounding(uint64_t keep)
{
    int has;
    for (int i = 0; i < COUNT && (has = prctl(PR_CAPBSET_READ, i, 0, 0, 0)) >= 0; i++) {
        if (has && !(keep & CAPABILITY(i)) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
            return -errno;
    }
    return 0;
}
