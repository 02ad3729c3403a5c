// SPDX-License-Identifier: GPL-2.0-or-later
// firewalld drops what comes from an interface, unless the interface is in a zone that lets it in.
// It is asked for that over D-Bus, as firewalld.dbus(5) documents. vireod's zones
// (packaging/firewalld) give guests DHCP, DNS and the world; libvirt's do the same and are used
// where those are missing.
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>
#include "base/error.h"
#include "base/task.h"

struct firewalld;

// firewalld started or read its configuration again: zones of bridges may be lost.
typedef void (*firewalld_fn)(void *arg);

// Connects to the system bus now or at a later call, as the bus may start after vireod.
struct firewalld *firewalld_create(sd_event *event, firewalld_fn fn, void *arg);
void firewalld_destroy(struct firewalld *f); // no call may be under way

// Puts a bridge into that zone or, zone NULL, into vireod's unless it is in one already: then that
// is its administrator's. *put (caller frees) is the zone it was put into, NULL: nothing was to be
// done, or there is no zone for it. Without a running firewalld only an asked for zone is a
// failure. Suspends, 3 s in all at most.
int firewalld_put(struct task *t, struct firewalld *f, const char *bridge, const char *zone,
                  bool routed, char **put, struct error *err);
// Takes it out again: of one of vireod's zones, or of that one. In another it stays. Suspends.
void firewalld_take_out(struct task *t, struct firewalld *f, const char *bridge, const char *zone);
