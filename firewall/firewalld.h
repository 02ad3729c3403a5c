// SPDX-License-Identifier: GPL-2.0-or-later
// firewalld drops what comes from an interface, unless the interface is in a zone that lets it in.
// It is asked for that over D-Bus, as firewalld.dbus(5) documents. Our own zones (packaging/
// firewalld) give guests DHCP, DNS and the world; libvirt's do the same and are taken where ours
// are missing.
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>
#include "base/error.h"
#include "base/task.h"

struct firewalld;

// It was started or has read its configuration anew: zones of bridges may be lost.
typedef void (*firewalld_fn)(void *arg);

// The system bus is looked for now and at each later call, as it may come after us.
struct firewalld *firewalld_create(sd_event *event, firewalld_fn fn, void *arg);
void firewalld_destroy(struct firewalld *f); // no call may be under way

// Puts a bridge into that zone or, zone NULL, into ours unless it is in one already: then that is
// its administrator's. *put (caller frees) is the zone it was put into, NULL: nothing was to be
// done, or there is no zone for it. Without a running firewalld only an asked for zone is a
// failure. Suspends, 3 s in all at most.
int firewalld_put(struct task *t, struct firewalld *f, const char *bridge, const char *zone,
                  bool routed, char **put, struct error *err);
// Takes it out again: of one of our zones, or of that one. In another it stays. Suspends.
void firewalld_take_out(struct task *t, struct firewalld *f, const char *bridge, const char *zone);
