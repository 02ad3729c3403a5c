// SPDX-License-Identifier: LGPL-2.1-or-later
// <cpu> of a domain.
#pragma once

#include "base/vec.h"
#include "schemas/doc/value.h"

enum cpu_mode {
    CPU_MODE_NONE,
    CPU_MODE_CUSTOM,
    CPU_MODE_HOST_MODEL,
    CPU_MODE_HOST_PASSTHROUGH,
    CPU_MODE_MAXIMUM
};
enum cpu_match { CPU_MATCH_NONE, CPU_MATCH_EXACT };
enum cpu_check { CPU_CHECK_NONE_GIVEN, CPU_CHECK_NONE, CPU_CHECK_PARTIAL, CPU_CHECK_FULL };
enum cpu_policy {
    CPU_POLICY_NONE,
    CPU_POLICY_FORCE,
    CPU_POLICY_REQUIRE,
    CPU_POLICY_OPTIONAL,
    CPU_POLICY_DISABLE
};

struct cpu_feature {
    enum cpu_policy policy; // NONE: require
    char *name;
};
struct domain_cpu {
    enum cpu_mode mode;
    enum cpu_match match;
    enum cpu_check check;
    enum toggle migratable;
    char *model;
    enum toggle model_fallback; // YES: allow, NO: forbid
    char *model_vendor_id;
    char *vendor;
    bool has_topology;
    struct opt_uint sockets, dies, cores,
        threads; // <topology>; sockets, cores, threads set together
    VEC(struct cpu_feature *) features;
};
