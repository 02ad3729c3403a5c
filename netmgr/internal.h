// SPDX-License-Identifier: GPL-2.0-or-later
// Inside netmgr/.
#pragma once

#include "base/child.h"
#include "base/states.h"
#include "base/str.h"
#include "bridge/watch.h"
#include "firewall/firewalld.h"
#include "netmgr/netmgr.h"
#include "netmgr/plan.h"

enum network_phase {
    PHASE_INACTIVE,
    PHASE_STARTING, // nobody was told yet: after a crash it is undone
    PHASE_ACTIVE,
    PHASE_STOPPING, // after a crash it is finished
};

// What a repair was about; each is counted by itself, see heal.c.
enum repair_kind {
    REPAIR_BRIDGE,
    REPAIR_ADDRESS,
    REPAIR_ROUTE,
    REPAIR_FORWARDING,
    REPAIR_FIREWALL,
    REPAIR_DNSMASQ,
    REPAIR_FILES,
    REPAIR_PORT,
    REPAIR_KINDS
};

// What reconcile() changed.
struct repairs {
    struct strbuf text; // "bridge virbr0 made, address 10.0.0.1/24 put on virbr0"
    unsigned more;      // that did not fit
    unsigned kinds;     // bits of enum repair_kind
    bool bridge_was_gone;
};
// As text for the log; valid until the next change.
const char *repairs_text(struct repairs *r);
void repairs_add(struct repairs *r, enum repair_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

// All paths of a network.
struct network_files {
    struct dnsmasq_paths dnsmasq; // points to the strings below
    char *conf, *pid, *hosts, *addnhosts, *leases;
    char *status, *ports; // ports: a directory
};

struct heal {
    bool running; // a task is at it
    bool wanted;  // something happened since it looked
    char *cause;  // of what happened
    bool is_hint; // the cause is nothing seen on this network itself: such a one takes its place
    struct {
        uint64_t since_us;
        unsigned n;
    } window[REPAIR_KINDS];
    uint64_t not_before_us; // back-off
    uint64_t delay_ms;
    bool warned;
    char *last_error;
    uint64_t total; // repairs since the daemon started
};

struct network_runtime {
    enum network_phase phase;
    struct network_files files;
    struct plan *plan; // in force, when active
    // Put into the kernel by us and not wanted any more while an update is under way.
    struct prefix_vec old_addresses;
    struct route_vec old_routes;
    struct strv old_bridges;
    const struct network_def *storing; // goes to the disk together with the live one; not owned
    struct process dnsmasq;
    sd_event_source *dnsmasq_watch;
    char *lease_text; // of the lease file as last seen whole
    sd_event_source *lease_timer;
    struct heal heal;
    struct strv blockers; // rules of others that are in the way, as far as told
    bool looks_for_blockers;
    char *zone_error; // what firewalld said last, as told; NULL: all was well
};

// A bridge that the kernel is still deleting, and a dnsmasq that is ending.
struct teardown {
    struct list link; // in struct networks
    unsigned refs;
    char bridge[IFNAMSIZ];
    struct process dnsmasq; // or PROCESS_NONE
    char *zone;             // of firewalld; NULL: none asked for
    char *status;           // file that goes with it
    struct completion done;
};

struct triggers;

struct networks {
    struct object_table table;
    struct networks_config config;
    struct list teardowns;
    struct task_lock deleting; // one bridge at a time
    struct task_lock kernel;   // see kernel_enter()
    struct netlink *nl;        // NULL: session mode
    struct firewall *firewall;
    struct firewalld *firewalld;
    struct triggers *triggers;
    struct completion swept; // what a daemon before us left behind is gone
    unsigned next_tap, next_macvtap;
};

// ---- networks.c
void network_set_phase(struct network *net, enum network_phase phase); // the only way to change it
// The kernel changes links one at a time, and deleting a bridge takes it 20 to 70 ms. Who has to
// ask it on the loop waits for our own deletions here, where the loop goes on meanwhile. Entering
// again does nothing, and so does leaving.
void kernel_enter(struct task *t, struct networks *all);
void kernel_leave(struct task *t, struct networks *all);
void networks_event(struct network *net, enum network_event event);

// ---- paths.c
void network_files_init(struct network_files *f, const struct networks_config *config,
                        const char *name);
void network_files_finish(struct network_files *f);

// ---- status.c: active networks on disk
// Written before anything is done, so that whoever comes after us finds it: phase, live definition,
// and what is or was to be in the kernel.
int network_status_save(struct network *net, enum network_phase phase, struct error *err);
struct network_status {
    enum network_phase phase;
    char *name;
    char *boot; // boot id
    struct strv bridges;
    struct prefix_vec addresses;
    struct route_vec routes;
    struct network_def *def;    // NULL: damaged
    struct network_def *stored; // NULL: the one on disk is right
    size_t stored_len;          // in the text
};
int network_status_parse(const char *text, size_t len, struct network_status *ret,
                         struct error *err);
void network_status_finish(struct network_status *s);

// ---- reconcile.c
// Brings kernel and dnsmasq to what net->runtime->plan says, or with `goal` false to nothing:
// start, update, repair, taking over and stop. Suspends. On failure the rest is as it was.
int reconcile(struct task *t, struct network *net, bool goal, struct repairs *repairs,
              struct error *err);

// ---- teardown.c
// The other direction: everything we know of goes; what is not there is fine.
int teardown(struct task *t, struct network *net, struct error *err);
// Deletes a bridge, and waits for a dnsmasq (takes *dnsmasq), behind whoever asks.
void teardown_bridge(struct network *net, const char *bridge, struct process *dnsmasq);
// Waits until that bridge, or one of a network of this name, is gone with its dnsmasq.
int teardown_wait(struct task *t, struct network *net, const char *bridge, struct error *err);
// What was to be removed is.
void network_forget_old(struct network_runtime *rt);

// ---- dnsmasq.c
int dnsmasq_sync(struct task *t, struct network *net, struct repairs *repairs, struct error *err);
// Asks it to end and hands it over; the rest is dnsmasq_wait()'s, which takes stronger means after
// a while. Its exit takes the kernel up to 20 ms (it waits for readers of its packet socket).
struct process dnsmasq_end(struct network *net);
void dnsmasq_wait(struct task *t, struct process *p);
void dnsmasq_remove_files(struct network *net);
// Only closes our ends.
void dnsmasq_release(struct network *net);
// Takes over the one that runs with this network's configuration; others of it are ended.
void dnsmasq_adopt(struct task *t, struct network *net);
// Ends those that run with a configuration in our run directory that is of no known network.
void dnsmasq_sweep(struct task *t, struct networks *all);
// Removes dnsmasq's files of networks that are not known.
void dnsmasq_sweep_files(struct networks *all);
// Reads the lease file into lease_text.
void dnsmasq_read_leases(struct network *net);

// ---- subnet.c
// Fails when the plan's subnets are those of another interface or route, naming it. Doesn't
// suspend.
int subnet_check(struct networks *all, const struct plan *plan, struct error *err);
// A free IPv4 /24 (its first address), looked for from 192.168.122.0 on.
int subnet_choose(struct networks *all, struct ip_prefix *ret, struct error *err);

// ---- fill.c: what a definition gets from us
// Bridge name, and a subnet where it has none and needs one.
int fill_def(struct networks *all, const struct network *self, struct network_def *def,
             struct error *err);
int check_def(struct networks *all, const struct network *self, const struct network_def *def,
              struct error *err);

// ---- start.c
int network_start_locked(struct task *t, struct network *net, struct error *err);
int network_stop_locked(struct task *t, struct network *net, struct error *err);
// Brings an active network to another live definition (takes it, also on failure), and its stored
// definition to `stored` (borrowed) unless that is NULL: both or, also after a crash, none.
int network_apply_locked(struct task *t, struct network *net, struct network_def *live,
                         const struct network_def *stored, struct error *err);
// Logs, once each, which rules of others stop what this network shall let through. From a task of
// its own.
void network_report_blockers(struct network *net);

// ---- heal.c
// Something may be wrong with it: look, from a task of its own.
void heal_trigger(struct network *net, const char *fmt, ...) PRINTF_LIKE(2, 3);
void heal_trigger_all(struct networks *all, const char *cause);
void heal_finish(struct heal *h);

// ---- triggers.c
int triggers_create(struct networks *all, struct triggers **ret, struct error *err);
void triggers_destroy(struct triggers *tr);
// The directories may have been made again.
void triggers_watch_files(struct triggers *tr);

// ---- port_table.c
struct network_port *port_add(struct network *net, struct network_port_def *def,
                              const char *tap); // takes def; tap may be NULL
void port_remove(struct network_port *port);
void port_save(const struct network_port *port);
void ports_load(struct network *net);
void network_drop_ports(struct network *net, bool keep_taps);

// ---- ports.c
int port_plug_back(struct networks *all, struct network_port *port, int bridge_index,
                   struct repairs *repairs, struct error *err);
// Whether an interface in it has a VLAN, which its bridge then has to filter.
bool ports_have_vlans(const struct network *net);

// ---- resolved.c
// Tells systemd-resolved that this network's dnsmasq knows the names of its <domain>, when the
// document asks for it. The link takes that along when it goes.
int resolved_register(struct task *t, const struct network *net, struct error *err);

// ---- direct.c
// The interface a port by a client is on: as it says when that is the network's, else one is
// chosen, none in a network with a bridge. ERROR_INTERNAL, as libvirt: none is free.
int direct_check_port(struct network *net, struct network_port_def *def, struct error *err);
// Chooses one, and a name: def->dev, ret.
int direct_plug(struct network *net, const struct network_plug_request *q,
                struct network_port_def *def, struct network_plug *ret, struct error *err);
void direct_report_missing(const struct network *net);

// ---- hooks.c
// "start", "begin": runs hooks/network. ERROR_HOOK_FAILED. `port` may be NULL.
int network_hooks_run(struct task *t, struct network *net, const char *operation, const char *sub,
                      const struct network_port_def *port, struct error *err);

// ---- default.c
// The network `default`, once ever.
void default_make(struct networks *all);
