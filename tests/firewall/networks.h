// SPDX-License-Identifier: GPL-2.0-or-later
// Networks of every kind: their rules are compared with goldens and put into a real kernel.
#pragma once

#include "firewall/firewall.h"

enum { SUBNETS_MAX = 4 };

struct network_case {
    const char *name; // of the golden, too
    const char *bridge;
    enum firewall_mode mode;
    const char *subnets[SUBNETS_MAX];
    const char *out_device;
    const char *nat[2], *nat6[2]; // address ranges
    uint16_t ports[2];
    bool nat_v6, dns, dhcp, dhcp6, tftp;
};

extern const struct network_case NETWORK_CASES[];
extern const size_t NETWORK_CASES_COUNT;

// Storage must outlive the network.
void network_from_case(const struct network_case *c, struct ip_prefix storage[static SUBNETS_MAX],
                       struct firewall_network *ret);
const struct network_case *network_case_find(const char *name);
