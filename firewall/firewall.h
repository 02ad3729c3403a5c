// SPDX-License-Identifier: GPL-2.0-or-later
// The packet filter and NAT of virtual networks.
//
// A network is described by a plain struct; rules.h turns it into a list of abstract rules, and one
// of two backends puts them into the kernel: nftables (a table of vireod's) or iptables (vireod's
// chains in the legacy tables). Rules of other programs are never touched, with one exception:
// where the chains that all users of iptables share, or DOCKER-USER, which Docker documents for
// this, would drop a network's traffic, they get its accepts, too.
//
// What is installed for a network is found again by its bridge: chains are named after it.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"
#include "base/vec.h"

enum firewall_mode {
    FIREWALL_ISOLATED, // guests reach each other and the host's services
    FIREWALL_NAT,
    FIREWALL_ROUTE,
    FIREWALL_OPEN, // no rules at all
};

// Everything is borrowed.
struct firewall_network {
    const char *name;
    const char *bridge;
    enum firewall_mode mode;
    const struct ip_prefix *subnets; // host bits don't matter
    size_t nsubnets;
    const char *out_device; // NAT and route only through this interface; NULL: any
    bool nat6;              // NAT: IPv6 subnets too; else they are routed
    // NAT: source addresses to take, by family; first.family 0: the address of the interface used.
    struct ip_addr nat_first, nat_last, nat6_first, nat6_last;
    uint16_t port_first, port_last; // NAT: source ports to take; 0: 1024-65535
    bool dns, dhcp, dhcp6, tftp;    // what guests may ask the host for
};

enum firewall_choice { FIREWALL_AUTO, FIREWALL_NFTABLES, FIREWALL_IPTABLES };
// "auto", "nftables", "iptables"; 0 or -EINVAL.
int firewall_choice_parse(const char *text, enum firewall_choice *ret);

struct firewall;
struct firewall_options {
    enum firewall_choice choice;
    const char *lock_path; // NULL: /run/xtables.lock
};

// Finds a usable backend in the network namespace of the calling thread; auto prefers nftables.
// Having none is no failure here: firewall_backend_name() is then NULL and applying a network that
// needs one fails with the reason, while isolated and open networks work. Doesn't suspend (1 ms).
struct firewall *firewall_create(const struct firewall_options *options);
void firewall_destroy(struct firewall *fw);                   // no call may be running
const char *firewall_backend_name(const struct firewall *fw); // "nftables", "iptables", NULL
// Why there is none; "" when there is one.
const char *firewall_backend_reason(const struct firewall *fw);

// All of these run on a helper thread, one at a time in order; they suspend.

// Puts the network's rules in place of those its bridge has, all or nothing: nftables in one
// transaction; iptables table by table (nat before filter), undone on failure. Does nothing when
// they are there already. When only what others' chains need fails, the network's own rules stay.
int firewall_apply(struct task *t, struct firewall *fw, const struct firewall_network *net,
                   struct error *err);
// Removes whatever the bridge has. Nothing there is fine.
int firewall_remove(struct task *t, struct firewall *fw, const char *bridge, struct error *err);
// Whether exactly what firewall_apply() would install is there; *missing (may be NULL, caller
// frees) says what is not, NULL when complete. Costs well below a millisecond.
int firewall_verify(struct task *t, struct firewall *fw, const struct firewall_network *net,
                    bool *complete, char **missing, struct error *err);
// Removes what was left behind by bridges that are not in `known`, also by the other backend.
int firewall_sweep(struct task *t, struct firewall *fw, const struct strv *known,
                   struct error *err);
// Rules and policies of others that drop what vireod accepts for this bridge: what is forwarded
// and, with `services`, DHCP and DNS of this host; each text names the table, its owner and the
// remedy. Appended to *ret.
int firewall_find_blockers(struct task *t, struct firewall *fw, const char *bridge, bool services,
                           struct strv *ret, struct error *err);

// Reports when any nftables rules of the namespace changed, also by iptables-nft, also by vireod:
// time to verify. Bursts are reported once. The legacy tables have no such notification.
struct firewall_change {
    pid_t pid;           // who changed them; 0: not known
    const char *program; // its name, or ""
};
typedef void (*firewall_change_fn)(const struct firewall_change *change, void *arg);
struct firewall_watch;
int firewall_watch_create(sd_event *event, firewall_change_fn fn, void *arg,
                          struct firewall_watch **ret, struct error *err);
void firewall_watch_destroy(struct firewall_watch *w);
