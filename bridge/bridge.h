// SPDX-License-Identifier: GPL-2.0-or-later
// Bridges. Deleting one is link_delete(): it takes long in the kernel.
#pragma once

#include "bridge/link.h"

struct bridge_config {
    const char *name;
    const uint8_t *mac; // NULL: the kernel takes one, and changes it as ports come and go
    uint32_t mtu;       // 0: the kernel's choice
    // STP with a forward delay below 2 s runs with 2 s: the kernel knows no less.
    struct bridge_options options;
};
// The kernel's own defaults: no STP, 15 s delay, 300 s ageing, snooping, no VLANs.
#define BRIDGE_OPTIONS_INIT                                                                        \
    ((struct bridge_options){                                                                      \
        .forward_delay_ms = 15000, .ageing_ms = 300000, .multicast_snooping = true})

// Creates it, down and without addresses. *index (may be NULL) is its number. When the name is
// taken, err (ERROR_OPERATION_INVALID) says by what: a bridge with its addresses, or another kind
// of interface.
int bridge_create(struct netlink *nl, const struct bridge_config *config, int *index,
                  struct error *err);
// Brings an existing one to these options, MAC and MTU.
int bridge_update(struct netlink *nl, const struct bridge_config *config, struct error *err);
// ERROR_CONFIG_UNSUPPORTED unless the bridge of this name keeps VLANs apart.
int bridge_check_vlans(struct netlink *nl, const char *name, struct error *err);
// "a bridge with address 192.168.122.1/24 and 2 ports", "a veth interface". Caller frees. Never
// NULL.
char *bridge_describe(struct netlink *nl, const struct link *l);
