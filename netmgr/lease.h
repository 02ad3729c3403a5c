// SPDX-License-Identifier: GPL-2.0-or-later
// dnsmasq's lease file. Pure functions.
#pragma once

#include "netmgr/netmgr.h"

enum { LEASE_FILE_MAX = 16 << 20 };

// Appends the leases in `text` to *ret. dnsmasq writes the file in place, so its end may be
// missing: invalid lines are skipped. Returns their number.
size_t lease_parse(const char *text, size_t len, struct network_lease_vec *ret);
// Whether the text ends like a complete file.
bool lease_is_whole(const char *text, size_t len);
