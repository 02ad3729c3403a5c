// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses and routes of the namespace.
#pragma once

#include <net/if.h>
#include "base/ip.h"
#include "base/vec.h"
#include "bridge/netlink.h"

enum address_scope { ADDRESS_SCOPE_GLOBAL = 0, ADDRESS_SCOPE_LINK = 253, ADDRESS_SCOPE_HOST = 254 };

struct address {
    int index; // of its interface
    struct ip_prefix prefix;
    uint8_t scope;
    bool tentative;      // IPv6 duplicate detection still under way
    bool duplicate;      // ... and failed
    struct ip_addr peer; // other end of a point-to-point link; family 0: none
};
struct address_vec {
    struct address *v;
    size_t n, cap;
};

struct route {
    struct ip_prefix dst;   // length 0: default; its family is the route's
    struct ip_addr gateway; // family 0: directly connected
    int index;              // interface, or 0
    uint32_t metric;        // 0: the kernel's choice
    uint32_t table;         // 0: main
    uint8_t protocol;       // RTPROT_...; 0: static when adding
};
struct route_vec {
    struct route *v;
    size_t n, cap;
};

// `name` is the interface's, for the error text. IPv4 gets its broadcast address; an IPv6 address
// is added without duplicate detection when `nodad`, so that it serves at once. There already is
// fine.
int address_add(struct netlink *nl, int index, const char *name, const struct ip_prefix *prefix,
                bool nodad, struct error *err);
// Not there is fine.
int address_delete(struct netlink *nl, int index, const char *name, const struct ip_prefix *prefix,
                   struct error *err);
// Those of one interface, or of all for index 0; appended to *ret.
int address_list(struct netlink *nl, int index, struct address_vec *ret, struct error *err);

// Adding what is there already is fine; deleting what is not there, too.
int route_add(struct netlink *nl, const struct route *route, struct error *err);
int route_delete(struct netlink *nl, const struct route *route, struct error *err);
// Unicast routes of the main table, both families; appended to *ret.
int route_list(struct netlink *nl, struct route_vec *ret, struct error *err);

// For watch.c. 0 or -EINVAL.
int address_from_message(struct nlmsghdr *h, struct address *ret);
int route_from_message(struct nlmsghdr *h, struct route *ret); // -ENOENT: not one that we list
