// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests of rules in a real kernel have in common: a guest behind a bridge, a second
// network, and an outside host, each in a network namespace of its own, and the backend under test.
#pragma once

#include "base/str.h"
#include "bridge/bridge.h"
#include "firewall/rules.h"
#include "tests/bridge/netns.h"

extern struct agent guest, neighbour, outside;
extern struct firewall *fw;
extern bool legacy; // the backend is iptables

// A call of the module, run as a task.
struct op {
    int (*fn)(struct task *t, struct op *op);
    const struct firewall_network *net;
    const char *bridge;
    const struct strv *known;
    struct strv *blockers;
    bool complete;
    char *missing;
    struct error err;
    int result;
    uint64_t took_us;
};
void op_task(struct task *t, void *arg); // sets result and took_us
void must(struct op *op);                // the test fails unless it succeeds
int do_apply(struct task *t, struct op *op);
int do_verify(struct task *t, struct op *op);

uint64_t apply(const struct firewall_network *net); // the time it took, in microseconds
void remove_network(const char *bridge);
void check_complete(const struct firewall_network *net);
void check_missing(const struct firewall_network *net, const char *what);
// No rule of vireod is left.
void check_clean(void);

// The address (or "refused", "timeout", "unreachable") and port that the other side sees.
int ask(struct agent *a, const char *protocol, const char *address, char from[static 64]);
void check_from(struct agent *a, const char *protocol, const char *to, const char *want);
void check_both(struct agent *a, const char *to, const char *want); // over TCP and UDP

// The network of `guest` on virbr0, and that of `neighbour` on virbr9.
struct firewall_network network(enum firewall_mode mode);
struct firewall_network neighbours(enum firewall_mode mode);

// argv[1] is the backend. Makes the stage, calls `run`, takes it down.
int stage_main(int argc, char **argv, void (*run)(void));
