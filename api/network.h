// SPDX-License-Identifier: GPL-2.0-or-later
// What the handlers of network procedures share.
#pragma once

#include "api/daemon.h"
#include "api/handlers.h"
#include "api/lookup.h"
#include "netmgr/netmgr.h"

// Looks up the network a client means; by uuid, as libvirt does. A reference, for AUTO_NETWORK.
int api_network_get(struct call *call, const struct wire_network_ref *ref, struct network **ret,
                    struct error *err);
// A network as the wire names it. The name is net's own.
struct wire_network_ref api_network_ref(const struct network *net);
// The same with a name that outlives what suspends.
struct wire_network_ref api_network_ref_copy(struct arena *a, const struct network *net);

// The filters of virConnectListAllNetworks.
enum {
    API_NETWORK_INACTIVE = 1 << 0,
    API_NETWORK_ACTIVE = 1 << 1,
    API_NETWORK_KNOWN = 0x3f, // all the filters
};
bool api_network_matches(const struct network *net, uint32_t flags);

// What virDomainModificationImpact asks for, as enum network_affect: 0 means the live definition
// of an active network, the stored one of an inactive one.
int api_network_affect(const struct network *net, uint32_t flags, unsigned *ret, struct error *err);

// Sends the events of networks; for struct networks_config.
struct network_observer api_network_observer(struct daemon *d);
