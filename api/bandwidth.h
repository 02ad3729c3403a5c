// SPDX-License-Identifier: GPL-2.0-or-later
// Rates as typed parameters: "inbound.average" and its like, of interfaces and of network ports.
#pragma once

#include "api/handlers.h"
#include "schemas/network/def.h"

enum { API_BANDWIDTH_PARAMS = 7 };

// Those that are set (b may be NULL), or all with 0 for what is not. Allocates in the arena.
void api_bandwidth_list(struct arena *a, const struct network_bandwidth *b, bool all,
                        struct wire_typed_params *ret);
// What is given, 0 for none. As libvirt: without an average, or a floor, a direction has no rates.
int api_bandwidth_read(const struct wire_typed_params *params, struct network_bandwidth *b,
                       struct error *err);
