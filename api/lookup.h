// SPDX-License-Identifier: GPL-2.0-or-later
// What handlers of every kind of object share: flags, filters, and the sizes of lists.
#pragma once

#include "api/daemon.h"
#include "rpc/call.h"

// Refuses flags that are not known, as libvirt does: ERROR_UNKNOWN_FLAGS.
int api_check_flags(const struct call *call, uint32_t flags, uint32_t known, struct error *err);

// A filter of a list: of a group's flags at least one that was asked for must be what the object
// has. A group nobody asks about doesn't count.
struct api_filter {
    uint32_t group, has;
};
bool api_filters_hold(const struct api_filter *filters, size_t n, uint32_t flags);

// A reply with n objects, `kind` in the plural, of which the wire takes at most max: ERROR_RPC.
int api_check_list(uint32_t n, uint32_t max, const char *kind, struct error *err);
// What an old client asks for with maxnames or maxids, `what`; `limit` is the name of max.
int api_check_wanted(int32_t wanted, uint32_t max, const char *what, const char *limit,
                     struct error *err);

enum { // virDomainModificationImpact, also of networks
    API_AFFECT_LIVE = 1 << 0,
    API_AFFECT_CONFIG = 1 << 1,
};
