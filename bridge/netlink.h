// SPDX-License-Identifier: GPL-2.0-or-later
// A route netlink socket and one round trip on it. A call costs about 0.1 ms and waits only
// for the kernel, so that it is made directly on the loop; what is slow in the kernel (deleting
// links) is not offered here but in link.h, off the loop.
//
// Links, addresses and routes are messages of libnl-3, not objects of libnl-route-3 (3.7): that one
// knows no bridge attribute but a port's (no STP, forward delay, multicast snooping, isolation),
// maps the kernel's errno and text to fewer codes of its own, and adds 450 KiB of resident memory
// to a daemon that should need 7 MB.
#pragma once

#include <netlink/msg.h>
#include "base/error.h"

struct netlink;

// A socket in the network namespace of the calling thread.
int netlink_open(struct netlink **ret, struct error *err);
void netlink_close(struct netlink *nl);

// Called for every message of an answer; not 0 stops the parsing and is the call's result.
typedef int (*netlink_fn)(struct nlmsghdr *h, void *arg);

// Sends msg (takes it) and reads its whole answer. fn may be NULL. 0, or -errno as the kernel gave
// it.
int netlink_call(struct netlink *nl, struct nl_msg *msg, netlink_fn fn, void *arg);
// A new message of that type with the family header `head` in it. Never NULL.
struct nl_msg *netlink_message(int type, int flags, const void *head, size_t size);
// Fills err for a call that failed with r: "<text>: <kernel's text>[: <remedy>]". Returns -1.
int netlink_error(struct netlink *nl, struct error *err, int r, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

// What the helpers below put always fits: messages are made large enough for it.
void netlink_put(struct nl_msg *msg, int attr, const void *data, size_t size);
void netlink_put_u8(struct nl_msg *msg, int attr, uint8_t value);
void netlink_put_u32(struct nl_msg *msg, int attr, uint32_t value);
void netlink_put_text(struct nl_msg *msg, int attr, const char *text);
