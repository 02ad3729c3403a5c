// SPDX-License-Identifier: LGPL-2.1-or-later
// What this process may do beyond its user. Sets are bits by number: CAPABILITY(CAP_NET_ADMIN).
// All but capabilities_permitted() are plain system calls and may be called between fork and exec.
#pragma once

#include <linux/capability.h>
#include <stdint.h>

#define CAPABILITY(number) (UINT64_C(1) << (number))
#define CAPABILITIES_ALL   UINT64_MAX

uint64_t capabilities_permitted(void);
// Takes from the bounding set what is not in `keep`: no program started from here on has it. 0, or
// -errno: -EPERM without CAP_SETPCAP.
int capabilities_limit_bounding(uint64_t keep);
// Effective and permitted become what is permitted and in `keep`, inheritable and ambient none. 0
// or -errno.
int capabilities_limit(uint64_t keep);
