// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's network cards and what they are plugged into on the host.
#pragma once

#include "bridge/macvtap.h"
#include "netmgr/netmgr.h"
#include "supervisor/argv.h"
#include "supervisor/domain.h"

// The host's end of one card while its QEMU is being given it.
struct nic {
    struct domain_interface *iface; // a member of the live definition, or about to be one
    struct tap tap;                 // our descriptors; nfds 0: none (type user)
    int *vhost_fds;
    size_t nvhosts;
};
struct nic_vec {
    struct nic *v;
    size_t n, cap;
};

// Makes what the card needs and fills in its live values (tap, bridge, port). Undoes what it did
// when it fails. Suspends.
int nic_plug(struct task *t, struct domain *dom, struct domain_interface *iface, struct nic *ret,
             struct error *err);
// Closes our descriptors: at once after QEMU has its own, or to take the tap down.
void nic_close(struct domain *dom, struct nic *nic);
// Forgets the port of a card whose tap is gone or going, and its live values; its <downscript> is
// run by a task of its own. Doesn't suspend.
void nic_unplug(struct domain *dom, struct domain_interface *iface);

// Plugs a card of a running guest into what `wanted` names instead; the same: nothing is done. What
// else `wanted` changes is refused. Suspends.
int nic_move(struct task *t, struct domain *dom, struct domain_interface *iface,
             const struct domain_interface *wanted, struct error *err);

// Gives a card of a running guest these rates of its own; NULL: those of its portgroup. Suspends.
int nic_set_bandwidth(struct task *t, struct domain *dom, struct domain_interface *iface,
                      const struct network_bandwidth *wanted, struct error *err);

// What a card asks of its network; everything in it is borrowed.
struct network_plug_request nic_request(const struct domain *dom,
                                        const struct domain_interface *iface);

// All cards of the live definition: all or none. The vector's items are nic_close()d by
// nic_vec_finish().
int nic_plug_all(struct task *t, struct domain *dom, struct nic_vec *ret, struct error *err);
void nic_unplug_all(struct task *t, struct domain *dom); // deletes macvtaps; suspends
void nic_vec_finish(struct domain *dom, struct nic_vec *nics);
struct argv_nic nic_for_argv(const struct nic *nic);

// replug.c
// Says again, after our restart, which ports a running guest has.
void nic_replug_all(struct task *t, struct domain *dom);
// Plugs a card into its network where that is active and doesn't know it; else 0. Suspends.
int nic_plug_back(struct task *t, struct domain *dom, struct domain_interface *iface,
                  struct error *err);

// macvtap.c
// Makes the macvtap of a card and gives it its name; config->name is wanted. On failure nothing is
// left. Suspends.
int macvtap_plug(struct task *t, struct domain *dom, struct nic *nic, struct macvtap_config *config,
                 struct error *err);
// Has it deleted, when it is one of the guest's. Doesn't suspend.
void macvtap_unwant(struct domain *dom, const char *name);
// Likewise those that no card of the running guest has.
void macvtap_unwant_unused(struct domain *dom);
// Deletes all there are, and waits for that. Suspends.
void macvtap_delete_all(struct task *t, struct domain *dom);
