// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel and dnsmasq are to have for a network, as plain data. Pure functions.
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
    char bridge[IFNAMSIZ]; // "": none, domains get macvtaps
    bool owned;            // vireod owns the bridge; else only its ports are managed

    bool has_mac;
    uint8_t mac[MAC_SIZE];
    uint32_t mtu; // 0: the kernel's default
    // On only where it has an effect, see plan_bridge_options().
    bool stp;
    uint32_t forward_delay_ms;
    bool vlan_filtering;

    bool ipv6;                     // the host has an IPv6 address in it, or guests use IPv6
    struct prefix_vec addresses;   // of the bridge
    struct route_vec routes;       // through the bridge; index is not set
    bool forward4, forward6;       // the host forwards packets
    struct firewall_network rules; // borrows from this struct
    char *out_device;
    char *zone; // of firewalld; NULL: not set

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

// `wired`: a port of the bridge may lead to another bridge. STP holds back frames of a new port for
// 4 s (the kernel's minimum forward delay is 2 s), so it is off while all ports are domains'
// interfaces, unless the document sets a delay.
struct bridge_options plan_bridge_options(const struct plan *p, bool wired);
