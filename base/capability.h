// SPDX-License-Identifier: LGPL-2.1-or-later
// What this process may do beyond its user. Sets are bits by number: CAPABILITY(CAP_NET_ADMIN).
#pragma once

#include <linux/capability.h>
#include <stdint.h>
#include "base/str.h"

#define CAPABILITY(number) (UINT64_C(1) << (number))
#define CAPABILITIES_ALL   UINT64_MAX

uint64_t capabilities_permitted(void);
// Appends the names: "chown, net_admin".
void capabilities_describe(uint64_t set, struct strbuf *b);
// Takes from the bounding set what is not in `keep`: no program started from here on has it. 0, or
// -EPERM: without CAP_SETPCAP.
int capabilities_limit_bounding(uint64_t keep);
// Effective and permitted become what is permitted and in `keep`, inheritable and ambient none. 0
// or -EPERM.
int capabilities_limit(uint64_t keep);

// The same between fork and exec, with only async-signal-safe calls. Of the second, all must be
// permitted, and capabilities_permitted() called before the fork.
int capabilities_drop_bounding(uint64_t keep);
int capabilities_set(uint64_t set);
