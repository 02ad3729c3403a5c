// SPDX-License-Identifier: LGPL-2.1-or-later
// <vcpu> of a domain.
#pragma once

#include <sched.h>
#include "schemas/doc/value.h"

enum vcpu_placement { VCPU_PLACEMENT_NONE, VCPU_PLACEMENT_STATIC };

// The host's CPUs that <vcpu cpuset=> names: "0-3,^2,8". 0, or -1 when it names none.
int vcpu_cpuset_parse(const char *text, cpu_set_t *ret);
