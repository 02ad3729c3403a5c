// SPDX-License-Identifier: GPL-2.0-or-later
// What the handlers of network procedures share.
#pragma once

#include "api/daemon.h"
#include "api/object.h"
#include "netmgr/netmgr.h"

extern const struct api_class api_network_class, api_network_port_class;

// A network as the wire names it, the name copied into the arena; NULL: the name is net's own.
struct wire_network_ref api_network_ref(struct arena *a, const struct network *net);
// Borrowed, until the caller waits.
int api_network_port_get(struct network *net, const uint8_t *uuid, struct network_port **ret,
                         struct error *err);

// Sends the events of networks; for struct networks_config.
struct network_observer api_network_observer(struct daemon *d);
