// SPDX-License-Identifier: GPL-2.0-or-later
// dnsmasq's lease file. Pure functions.
#pragma once

#include "netmgr/netmgr.h"

enum { LEASE_FILE_MAX = 16 << 20 };

// Appends what the text says to *ret. dnsmasq writes the file in place, so that its end may be
// missing: lines that make no sense are left out. Returns how many were.
size_t lease_parse(const char *text, size_t len, struct network_lease_vec *ret);
// Whether the text ends where a whole file does.
bool lease_is_whole(const char *text, size_t len);
