// SPDX-License-Identifier: GPL-2.0-or-later
// Network interfaces as plain structs: looked up, listed, changed, deleted.
#pragma once

#include <net/if.h>
#include "base/task.h"
#include "base/vec.h"
#include "bridge/netlink.h"

enum { LINK_KIND_SIZE = 16, MAC_SIZE = 6, MAC_TEXT_SIZE = 18 };

struct link_stats { // 64-bit counters of the kernel, from the host's point of view
    uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
    uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};

struct bridge_options {
    bool stp;
    uint32_t forward_delay_ms;
    uint32_t ageing_ms;
    bool multicast_snooping;
    bool vlan_filtering;
};

struct link {
    int index;
    char name[IFNAMSIZ];
    char kind[LINK_KIND_SIZE]; // "bridge", "tun", "veth", ...; "" for hardware and loopback
    unsigned flags;            // IFF_UP, IFF_RUNNING, ...
    bool has_mac;
    uint8_t mac[MAC_SIZE];
    uint32_t mtu;
    int master;       // index of the bridge or bond it is a port of, or 0
    int lower;        // index of the interface below it (a veth: of its other end), or 0
    bool passthrough; // a macvtap or macvlan that has that for itself
    bool isolated;    // a bridge port that doesn't talk to other isolated ports
    struct bridge_options bridge; // when kind is "bridge"
    struct link_stats stats;
};

struct link_vec {
    struct link *v;
    size_t n, cap;
};

// A name the kernel accepts: 1 to 15 bytes without '/', spaces, control characters or '%', not "."
// or "..". With `pattern` one "%d" is allowed, for which the kernel chooses a number.
bool link_name_valid(const char *name, bool pattern);
int link_name_check(const char *name, struct error *err); // the same, with err

// 0; -ENODEV without setting err when there is no such interface; -1 with err.
int link_find(struct netlink *nl, const char *name, struct link *ret, struct error *err);
int link_find_index(struct netlink *nl, int index, struct link *ret, struct error *err);
// Every interface of the namespace, appended to *ret.
int link_list(struct netlink *nl, struct link_vec *ret, struct error *err);

// What to change, all in one request; the kernel may stop half-way.
struct link_change {
    const uint8_t *mac; // NULL: as it is
    uint32_t mtu;       // 0: as it is
    bool set_master;
    int master; // 0: leaves its bridge
    bool set_up;
    bool up;
    const char *alias; // NULL: as it is
};
// `name` is for the error text only.
int link_change(struct netlink *nl, int index, const char *name, const struct link_change *change,
                struct error *err);

// A port of a bridge.
struct port_change {
    bool set_isolated;
    bool isolated;
    uint16_t vlan;         // 0: as it is; else the only untagged VLAN of this port
    const uint16_t *trunk; // further VLANs, tagged
    size_t ntrunk;
    // Not NULL: the one address behind this port. No other is learned, and what is for unknown
    // ones doesn't go there.
    const uint8_t *only_mac;
};
int link_change_port(struct netlink *nl, int index, const char *name,
                     const struct port_change *change, struct error *err);

// Deletes an interface. The kernel takes 20 to 70 ms for it, so this runs on a helper thread with a
// socket of its own; suspends. Gone already is fine.
int link_delete(struct task *t, const char *name, struct error *err);
// The same on the calling thread, which must not be the loop's.
int link_delete_blocking(const char *name, struct error *err);

int mac_parse(const char *text, uint8_t ret[static MAC_SIZE]); // 0 or -EINVAL
const char *mac_format(const uint8_t mac[static MAC_SIZE], char buf[static MAC_TEXT_SIZE]);

// For watch.c: what a RTM_NEWLINK or RTM_DELLINK message says. 0 or -EINVAL.
int link_from_message(struct nlmsghdr *h, struct link *ret);
