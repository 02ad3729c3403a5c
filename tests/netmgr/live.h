// SPDX-License-Identifier: GPL-2.0-or-later
// Networks of a test, in namespaces of its own.
#pragma once

#include "netmgr/netmgr.h"
#include "tests/bridge/netns.h"

struct live {
    struct networks *all;
    struct task *t;
    enum firewall_choice firewall;
    bool default_network, on_demand, session;
    const char *const *hooks;
    const char *dnsmasq;
    struct network_observer observer;
};

// The directory of all files; it disappears with the namespace.
#define LIVE_DIR "/run/vt"

void live_open(struct live *l, struct task *t); // creates and loads
void live_close(struct live *l);
// Defines a network; fails the test if that fails.
struct network *live_define(struct live *l, const char *xml);
struct network *live_start(struct live *l, const char *xml);
void live_destroy(struct live *l, struct network *net);
// Waits until a shell command succeeds; returns the time in ms. Fails the test after
// limit_ms, slower() times as much.
unsigned live_wait(struct live *l, unsigned limit_ms, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// Runs the loop until no background work is left.
void live_settle(struct live *l);
// Number of dnsmasq processes of this namespace.
int live_count_dnsmasq(void);
// Checks that nothing of networks is left: links, rules, processes, files of the run directory.
void live_check_clean(struct live *l);

// Connects an agent to a bridge by a veth pair: `cable` here, eth0 there.
void live_plug(struct live *l, struct agent *a, const char *network, const char *cable,
               const char *mac);

extern const char NAT_XML[]; // "nat": 192.168.150.0/24 on vbr0, DHCP, fd00:150::/64
