// SPDX-License-Identifier: GPL-2.0-or-later
// What changes in the namespace's links, addresses and routes, as it happens, on the loop.
#pragma once

#include <systemd/sd-event.h>
#include "bridge/addr.h"
#include "bridge/link.h"

enum watch_kind {
    WATCH_LINK, // new or changed
    WATCH_LINK_GONE,
    WATCH_ADDRESS,
    WATCH_ADDRESS_GONE,
    WATCH_ROUTE,
    WATCH_ROUTE_GONE,
    WATCH_LOST, // events were lost: read everything again
};

struct watch_event {
    enum watch_kind kind;
    union {
        struct link link;
        struct address address;
        struct route route;
    };
};

struct net_watch;
// May destroy the watch.
typedef void (*net_watch_fn)(const struct watch_event *event, void *arg);

int net_watch_create(sd_event *event, net_watch_fn fn, void *arg, struct net_watch **ret,
                     struct error *err);
void net_watch_destroy(struct net_watch *w);
