// SPDX-License-Identifier: GPL-2.0-or-later
// A network as a list of abstract rules, and those as text of either backend. Pure functions.
#pragma once

#include <net/if.h>
#include "base/str.h"
#include "firewall/firewall.h"

// Where a rule is. The chain itself selects what it is about, given here in parentheses.
enum rule_chain {
    RULE_INPUT,       // guest to host (in: bridge)
    RULE_OUTPUT,      // host to guest (out: bridge)
    RULE_FORWARD_IN,  // to guests (out: bridge); all networks' come before any RULE_FORWARD_OUT
    RULE_FORWARD_OUT, // from guests (in: bridge)
    RULE_NAT,         // source NAT (anything)
    RULE_MANGLE,      // host or forwarded to guest (out: bridge)
    RULE_CHAIN_COUNT
};

enum rule_family { RULE_ANY, RULE_V4, RULE_V6 };

enum rule_action {
    RULE_ACCEPT,
    RULE_REJECT, // with "port unreachable"
    RULE_RETURN,
    RULE_SOURCE_NAT,    // to nat_first-nat_last, or the interface's own address
    RULE_FILL_CHECKSUM, // iptables only: nftables has no such thing
};

struct rule {
    enum rule_chain chain;
    enum rule_family family;
    char in[IFNAMSIZ], out[IFNAMSIZ]; // further conditions; "": any
    struct ip_prefix src, dst;        // family 0: any
    bool not_dst;                     // anything but dst
    bool established;                 // connections known already, and related ones
    uint8_t protocol;                 // IPPROTO_TCP, IPPROTO_UDP; 0: any
    uint16_t port;                    // destination; 0: any
    enum rule_action action;
    struct ip_addr nat_first, nat_last;
    uint16_t port_first, port_last; // source ports; 0: the kernel's choice
    const char *comment;            // legacy tables only; borrowed, may be NULL
};

struct rule_vec {
    struct rule *v;
    size_t n, cap;
};

#define RULES_FOREACH(r, rules)                                                                    \
    for (const struct rule *r = (rules)->v; (rules)->n && r < (rules)->v + (rules)->n; r++)

// Checks and converts. Appends to *ret.
int rules_from_network(const struct firewall_network *net, struct rule_vec *ret, struct error *err);

// The nft transaction that puts these rules in place of what the bridge has. A hash of the rules
// goes into the comments of its chains, so that verifying needs not read the rules.
void rules_to_nft(const struct firewall_network *net, const struct rule_vec *rules,
                  struct strbuf *ret);
// ... and the one that removes what the bridge has, whether there or not.
void rules_remove_nft(const char *bridge, struct strbuf *ret);
// The chain's name for that bridge, "to_virbr0"; odd characters become _xx.
void rules_nft_chain(enum rule_chain chain, const char *bridge, struct strbuf *ret);
// The bridge behind such a name; NULL when it is none. Caller frees.
char *rules_nft_bridge(const char *chain);
// What a rule asks of a packet, "udp dport 53 ", without what its chain asks.
void rules_nft_conditions(const struct rule *rule, struct strbuf *ret);
// The comment of its chains, "default 0123456789abcdef".
char *rules_nft_tag(const struct firewall_network *net, const struct rule_vec *rules);

// The legacy names: table "filter", built-in chain "FORWARD", vireod's "VIREO_FWI".
struct iptables_place {
    const char *table, *builtin, *top;
    bool match_in, match_out; // how the network's chain is jumped to
};
const struct iptables_place *rules_iptables_place(enum rule_chain chain);
bool rules_iptables_has(enum rule_family family, const struct rule *rule);
