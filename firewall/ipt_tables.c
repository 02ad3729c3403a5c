// SPDX-License-Identifier: GPL-2.0-or-later
#include "firewall/ipt_entry.h"

#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>

// The libraries differ in names and in the entry's type only.
#define DEFINE_OPS(lib, entry, rules_family, names)                                                \
    static const void *lib##_first(const char *chain, struct xtc_handle *h)                        \
    {                                                                                              \
        return lib##_first_rule(chain, h);                                                         \
    }                                                                                              \
    static const void *lib##_next(const void *prev, struct xtc_handle *h)                          \
    {                                                                                              \
        return lib##_next_rule(prev, h);                                                           \
    }                                                                                              \
    static const char *lib##_target(const void *e, struct xtc_handle *h)                           \
    {                                                                                              \
        return lib##_get_target(e, h);                                                             \
    }                                                                                              \
    static const char *lib##_policy(const char *chain, struct xtc_handle *h)                       \
    {                                                                                              \
        struct xt_counters counters;                                                               \
        return lib##_builtin(chain, h) ? lib##_get_policy(chain, &counters, h) : NULL;             \
    }                                                                                              \
    static int lib##_insert(const char *chain, const void *e, unsigned at, struct xtc_handle *h)   \
    {                                                                                              \
        return lib##_insert_entry(chain, e, at, h);                                                \
    }                                                                                              \
    static int lib##_append(const char *chain, const void *e, struct xtc_handle *h)                \
    {                                                                                              \
        return lib##_append_entry(chain, e, h);                                                    \
    }                                                                                              \
    static const struct ipt_tables lib##_calls = {                                                 \
        .family = rules_family,                                                                    \
        .proc_names = names,                                                                       \
        .init = lib##_init,                                                                        \
        .free = lib##_free,                                                                        \
        .commit = lib##_commit,                                                                    \
        .strerror = lib##_strerror,                                                                \
        .is_chain = lib##_is_chain,                                                                \
        .first_chain = lib##_first_chain,                                                          \
        .next_chain = lib##_next_chain,                                                            \
        .first_rule = lib##_first,                                                                 \
        .next_rule = lib##_next,                                                                   \
        .get_target = lib##_target,                                                                \
        .get_policy = lib##_policy,                                                                \
        .insert = lib##_insert,                                                                    \
        .append = lib##_append,                                                                    \
        .delete_at = lib##_delete_num_entry,                                                       \
        .flush = lib##_flush_entries,                                                              \
        .create_chain = lib##_create_chain,                                                        \
        .delete_chain = lib##_delete_chain,                                                        \
    }

DEFINE_OPS(iptc, struct ipt_entry, RULE_V4, "/proc/net/ip_tables_names");
DEFINE_OPS(ip6tc, struct ip6t_entry, RULE_V6, "/proc/net/ip6_tables_names");

const struct ipt_tables *ipt_tables_of(enum rule_family family)
{
    return family == RULE_V6 ? &ip6tc_calls : &iptc_calls;
}
