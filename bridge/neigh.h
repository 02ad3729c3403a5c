// SPDX-License-Identifier: GPL-2.0-or-later
// Who has been heard of on the host's interfaces: ARP and IPv6 neighbour discovery.
#pragma once

#include "base/ip.h"
#include "base/vec.h"
#include "bridge/link.h"

struct neighbour {
    int index; // of the interface
    struct ip_addr ip;
    uint8_t mac[MAC_SIZE];
};
struct neighbour_vec {
    struct neighbour *v;
    size_t n, cap;
};

// Those of one interface, or of all for index 0, that have answered; appended to *ret.
int neighbour_list(struct netlink *nl, int index, struct neighbour_vec *ret, struct error *err);
