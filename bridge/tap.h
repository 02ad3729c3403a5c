// SPDX-License-Identifier: GPL-2.0-or-later
// Taps: the host's end of a guest's network interface.
#pragma once

#include <sys/types.h>
#include "bridge/link.h"

enum { TAP_QUEUES_MAX = 256 }; // the kernel's limit

struct tap_config {
    const char *name; // may have one "%d"; NULL: "vnet%d"
    unsigned queues;  // 0 counts as 1; more makes it a multi-queue tap, one descriptor each
    bool vnet_hdr;    // frames carry virtio's header
    bool persistent;  // outlives its descriptors, until link_delete()
    bool set_owner;   // who besides CAP_NET_ADMIN may attach to it
    uid_t uid;
    gid_t gid;
    const uint8_t *mac;      // NULL: the kernel's choice; see tap_mac()
    uint32_t mtu;            // 0: the bridge's when there is one, else the kernel's choice
    const char *bridge;      // NULL: in none
    bool down;               // leave it down
    bool existing;           // one that another program made persistent: opened, and left as it is
    struct port_change port; // needs a bridge
};

struct tap {
    char name[IFNAMSIZ];
    int index;
    int *fds; // owned
    unsigned nfds;
};

// The host end's MAC for a guest's: the same with fe in front, so that the bridge, which takes the
// lowest MAC of its ports, never takes this one.
void tap_mac(const uint8_t guest[static MAC_SIZE], uint8_t ret[static MAC_SIZE]);

// Opens /dev/net/tun and sets everything in one request (0.2 ms; doesn't suspend). On failure
// nothing is left but a closing on a helper thread of `s`.
int tap_open(struct sched *s, struct netlink *nl, const struct tap_config *config, struct tap *ret,
             struct error *err);
// For who may not do that: asks QEMU's setuid program qemu-bridge-helper for a tap in a bridge that
// is allowed to users. Its name is the kernel's choice. Suspends.
int tap_open_by_helper(struct task *t, const char *bridge, bool vnet_hdr, struct tap *ret,
                       struct error *err);
// Takes the descriptors and closes them on a helper thread (the kernel needs 20 ms to take down a
// tap that loses its last one). Doesn't wait.
void tap_close(struct sched *s, struct tap *tap);
