// SPDX-License-Identifier: GPL-2.0-or-later
// Macvtaps: a guest's interface put straight on an interface of the host, without a bridge.
//
// Unlike a tap it is an interface of its own that stays when its descriptors are closed, until
// macvtap_delete(). The host itself and the macvtaps of an interface don't reach each other,
// whatever the mode: that is how the kernel's driver works.
#pragma once

#include "bridge/tap.h"
#include "schemas/doc/value.h"

struct macvtap_config {
    const char *name;
    const char *lower; // the interface below it; set up when it isn't
    enum direct_mode mode;
    // The guest's. In mode passthrough the interface below has it, too, until the macvtap is
    // deleted.
    const uint8_t *mac;
    uint32_t mtu;    // 0: that of the interface below
    unsigned queues; // 0 counts as 1; one descriptor each
    bool vnet_hdr;   // frames carry virtio's header
};

// Makes it, sets it up and opens it; the descriptors are closed with tap_close(). Runs on a helper
// thread; suspends. On failure nothing is left, and `conflict` is the name of the interface that is
// in the way, or "". ERROR_SYSTEM with the errno.
int macvtap_open(struct task *t, const struct macvtap_config *config, struct tap *ret,
                 char conflict[static IFNAMSIZ], struct error *err);

// Deletes it when it is a macvtap with that number or, when `index` is 0, that MAC: another that
// has its name by now stays. Gone already is fine. Runs on a helper thread; suspends.
int macvtap_delete(struct task *t, const char *name, int index, const uint8_t mac[static MAC_SIZE],
                   struct error *err);

// Whether something keeps macvtaps off `lower`, those that want it for themselves (passthrough) or
// the others: 1 with *ret, the macvtap or macvlan on it or the bridge it is a port of;
// 0 when nothing does; -1 with err.
int macvtap_find_conflict(struct netlink *nl, const struct link *lower, bool passthrough,
                          struct link *ret, struct error *err);
