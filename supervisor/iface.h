// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's network interfaces and what they are plugged into on the host.
#pragma once

#include "bridge/macvtap.h"
#include "netmgr/netmgr.h"
#include "qemu/command.h"
#include "supervisor/domain.h"

// The host's end of one interface while its QEMU is being given it.
struct iface_link {
    struct domain_interface *iface; // a member of the live definition, or about to be one
    struct tap tap;                 // our descriptors; nfds 0: none (type user)
    int *vhost_fds;
    size_t nvhosts;
};
struct iface_vec {
    struct iface_link *v;
    size_t n, cap;
};

int domains_open_netlink(struct domains *all, struct error *err); // all->netlink, once

// Makes what the interface needs and fills in its live values (tap, bridge, port). Undoes what it
// did when it fails. Suspends.
int iface_plug(struct task *t, struct domain *dom, struct domain_interface *iface,
               struct iface_link *ret, struct error *err);
// Closes our descriptors: at once after QEMU has its own, or to take the tap down.
void iface_close(struct domain *dom, struct iface_link *link);
// Forgets the port of an interface whose tap is gone or going, and its live values; its
// <downscript> is run by a task of its own. Doesn't suspend.
void iface_unplug(struct domain *dom, struct domain_interface *iface);

// Plugs an interface of a running guest into what `wanted` names instead; the same: nothing is
// done. What else `wanted` changes is refused. Suspends.
int iface_move(struct task *t, struct domain *dom, struct domain_interface *iface,
               const struct domain_interface *wanted, struct error *err);

// Gives an interface of a running guest these rates of its own; NULL: those of its portgroup.
// Suspends.
int iface_set_bandwidth(struct task *t, struct domain *dom, struct domain_interface *iface,
                        const struct network_bandwidth *wanted, struct error *err);

// What an interface asks of its network; everything in it is borrowed.
struct network_plug_request iface_request(const struct domain *dom,
                                          const struct domain_interface *iface);

// All interfaces of the live definition: all or none. The vector's items are iface_close()d by
// iface_vec_finish().
int iface_plug_all(struct task *t, struct domain *dom, struct iface_vec *ret, struct error *err);
void iface_unplug_all(struct task *t, struct domain *dom); // deletes macvtaps; suspends
void iface_vec_finish(struct domain *dom, struct iface_vec *ifaces);
struct command_iface iface_for_command(const struct iface_link *link);

// replug.c
// Says again, after our restart, which ports a running guest has.
void iface_replug_all(struct task *t, struct domain *dom);
// Plugs an interface into its network where that is active and doesn't know it; else 0. Suspends.
int iface_plug_back(struct task *t, struct domain *dom, struct domain_interface *iface,
                    struct error *err);

// macvtap.c
// Makes the macvtap of an interface and gives it its name; config->name is wanted. On failure
// nothing is left. Suspends.
int macvtap_plug(struct task *t, struct domain *dom, struct iface_link *link,
                 struct macvtap_config *config, struct error *err);
// Has it deleted, when it is one of the guest's. Doesn't suspend.
void macvtap_unwant(struct domain *dom, const char *name);
// Likewise those that no interface of the running guest has.
void macvtap_unwant_unused(struct domain *dom);
// Deletes all there are, and waits for that. Suspends.
void macvtap_delete_all(struct task *t, struct domain *dom);
