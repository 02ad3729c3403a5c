// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel and dnsmasq shall have for a network, as plain data. Pure functions.
#pragma once

#include "bridge/addr.h"
#include "bridge/bridge.h"
#include "firewall/firewall.h"
#include "netmgr/dnsmasq_conf.h"

struct prefix_vec {
    struct ip_prefix *v;
    size_t n, cap;
};

struct plan {
    char *name;
    char bridge[IFNAMSIZ]; // "": none, guests get macvtaps
    bool owned;            // the bridge is ours; else there is nothing but ports

    bool has_mac;
    uint8_t mac[MAC_SIZE];
    uint32_t mtu; // 0: the kernel's choice
    // STP is on only where it can do something, see plan_bridge_options().
    bool stp;
    uint32_t forward_delay_ms;
    bool vlan_filtering;

    bool ipv6;                     // the host has an IPv6 address in it, or guests talk IPv6
    struct prefix_vec addresses;   // of the bridge
    struct route_vec routes;       // by way of the bridge; index is not set
    bool forward4, forward6;       // the host forwards packets
    struct firewall_network rules; // borrows from this struct
    char *out_device;
    char *zone; // of firewalld; NULL: not asked for

    bool dnsmasq;
    struct dnsmasq_files files;
};

int plan_make(const struct network_def *def, const struct dnsmasq_paths *paths, struct plan **ret,
              struct error *err);
void plan_destroy(struct plan *p);
static inline void plan_destroyp(struct plan **p)
{
    plan_destroy(*p);
}
#define AUTO_PLAN CLEANUP(plan_destroyp)

// `wired`: the bridge has ports that may lead to another bridge. STP holds frames of a new port
// back for 4 s (the kernel knows no forward delay below 2 s), so it is off while there are only
// ends of guests, unless the document asks for a delay.
struct bridge_options plan_bridge_options(const struct plan *p, bool wired);
// As text, for tests and the log. Caller frees.
char *plan_text(const struct plan *p);
