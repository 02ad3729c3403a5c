// SPDX-License-Identifier: GPL-2.0-or-later
// Networks for a test, in the test's own namespaces.
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

// Everything is below this directory, which is gone with the namespace.
#define LIVE_DIR "/run/vt"

void live_open(struct live *l, struct task *t); // creates and loads
void live_close(struct live *l);
// Must succeed.
struct network *live_define(struct live *l, const char *xml);
struct network *live_start(struct live *l, const char *xml);
void live_destroy(struct live *l, struct network *net);
// Waits until a shell command succeeds; returns after how many ms. Fails the test after limit_ms.
unsigned live_wait(struct live *l, unsigned limit_ms, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// The loop runs until nothing is done behind anybody's back.
void live_settle(struct live *l);
// Those of this namespace.
int live_count_dnsmasq(void);
// Nothing of networks is left: links, rules, processes, files of the run directory.
void live_check_clean(struct live *l);

// An agent's end of a cable into a bridge: "g1" here, eth0 there.
void live_plug(struct live *l, struct agent *a, const char *network, const char *cable,
               const char *mac);

extern const char NAT_XML[]; // "nat": 192.168.150.0/24 on vbr0, DHCP, fd00:150::/64
