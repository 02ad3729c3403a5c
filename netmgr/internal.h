// SPDX-License-Identifier: GPL-2.0-or-later
// Private declarations of netmgr/.
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
    PHASE_STARTING, // not reported to clients yet: undone after a crash
    PHASE_ACTIVE,
    PHASE_STOPPING, // finished after a crash
};

// Kinds of repairs; repair.c counts each.
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
    struct strbuf text; // "bridge virbr0 created, address 10.0.0.1/24 added to virbr0"
    unsigned more;      // repairs that did not fit
    unsigned kinds;     // bits of enum repair_kind
    bool bridge_was_missing;
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

struct repair_state {
    bool running; // a task repairs the network
    bool pending; // a trigger came since the last comparison
    char *cause;  // of the trigger
    bool is_hint; // the cause is not specific to this network; a specific one replaces it
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
    struct plan *plan; // of an active network
    // In the kernel by an earlier plan and not in the current one, while an update runs.
    struct prefix_vec old_addresses;
    struct route_vec old_routes;
    struct strv old_bridges;
    const struct network_def *storing; // saved together with the live one; not owned
    struct process dnsmasq;
    sd_event_source *dnsmasq_watch;
    char *lease_text; // the last complete lease file
    sd_event_source *lease_timer;
    struct repair_state repair;
    struct strv blockers; // blocking rules of other programs that were logged
    bool checking_blockers;
    char *zone_error; // firewalld's last error, which was logged; NULL: none
};

// A bridge that the kernel is deleting, and a dnsmasq that is exiting.
struct teardown {
    struct list link; // in struct networks
    unsigned refs;
    char bridge[IFNAMSIZ];
    struct process dnsmasq; // or PROCESS_NONE
    char *zone;             // of firewalld; NULL: none set
    char *status;           // status file to delete with it
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
    struct completion swept; // posted when leftovers of an earlier daemon are removed
    unsigned next_tap, next_macvtap;
};

// ---- networks.c ---------------------------------------------------------------------------------
void network_set_phase(struct network *net, enum network_phase phase); // the only way to change it
// The kernel changes links one at a time, and deleting a bridge takes 20 to 70 ms. A task that
// queries the kernel on the loop first waits here for vireod's own deletions, while the loop runs.
// Entering and leaving twice is harmless.
void kernel_enter(struct task *t, struct networks *all);
void kernel_leave(struct task *t, struct networks *all);
void networks_event(struct network *net, enum network_event event);

// ---- paths.c ------------------------------------------------------------------------------------
void network_files_init(struct network_files *f, const struct networks_config *config,
                        const char *name);
void network_files_finish(struct network_files *f);

// ---- status.c: active networks on disk ----------------------------------------------------------
// Called before any change, so that the next daemon finds it: phase, live definition, and what is
// or will be in the kernel.
int network_status_save(struct network *net, enum network_phase phase, struct error *err);
struct network_status {
    enum network_phase phase;
    char *name;
    char *boot; // boot id
    struct strv bridges;
    struct prefix_vec addresses;
    struct route_vec routes;
    struct network_def *def;    // NULL: damaged
    struct network_def *stored; // NULL: the stored file is current
    size_t stored_len;          // length in the text
};
int network_status_parse(const char *text, size_t len, struct network_status *ret,
                         struct error *err);
void network_status_finish(struct network_status *s);

// ---- reconcile.c --------------------------------------------------------------------------------
// Makes the kernel and dnsmasq match net->runtime->plan, or removes all with `goal` false: used for
// start, update, repair, adoption and stop. Suspends. A failure leaves the rest unchanged.
int reconcile(struct task *t, struct network *net, bool goal, struct repairs *repairs,
              struct error *err);

// ---- teardown.c ---------------------------------------------------------------------------------
// The reverse of reconcile(): removes everything of the network that exists.
int teardown(struct task *t, struct network *net, struct error *err);
// Deletes a bridge, and waits for a dnsmasq (takes *dnsmasq), in a task of its own.
void teardown_bridge(struct network *net, const char *bridge, struct process *dnsmasq);
// Waits until that bridge, or one of a network of this name, is deleted and its dnsmasq has exited.
int teardown_wait(struct task *t, struct network *net, const char *bridge, struct error *err);
// Clears the lists of what was to be removed.
void network_forget_old(struct network_runtime *rt);

// ---- dnsmasq.c ----------------------------------------------------------------------------------
int dnsmasq_sync(struct task *t, struct network *net, struct repairs *repairs, struct error *err);
// Asks dnsmasq to exit and returns the process; dnsmasq_wait() waits, and kills it after a while.
// The exit takes the kernel up to 20 ms (it waits for readers of the packet socket).
struct process dnsmasq_end(struct network *net);
void dnsmasq_wait(struct task *t, struct process *p);
void dnsmasq_remove_files(struct network *net);
// Closes vireod's descriptors; dnsmasq keeps running.
void dnsmasq_release(struct network *net);
// Adopts the dnsmasq with this network's configuration; stops other ones with it.
void dnsmasq_adopt(struct task *t, struct network *net);
// Stops every dnsmasq with a configuration in the run directory that is of no known network.
void dnsmasq_sweep(struct task *t, struct networks *all);
// Removes dnsmasq's files of unknown networks.
void dnsmasq_sweep_files(struct networks *all);
// Reads the lease file into lease_text.
void dnsmasq_read_leases(struct network *net);

// ---- subnet.c -----------------------------------------------------------------------------------
// Fails when another interface or route uses one of the plan's subnets, naming it. Doesn't suspend.
int subnet_check(struct networks *all, const struct plan *plan, struct error *err);
// Chooses a free IPv4 /24 (its first address), from 192.168.122.0 up.
int subnet_choose(struct networks *all, struct ip_prefix *ret, struct error *err);

// ---- fill.c: completes definitions --------------------------------------------------------------
// Chooses the bridge name, and a subnet where an <ip> lacks one.
int fill_def(struct networks *all, const struct network *self, struct network_def *def,
             struct error *err);
int check_def(struct networks *all, const struct network *self, const struct network_def *def,
              struct error *err);

// ---- start.c ------------------------------------------------------------------------------------
int network_start_locked(struct task *t, struct network *net, struct error *err);
int network_stop_locked(struct task *t, struct network *net, struct error *err);
// Changes an active network to another live definition (takes it, also on failure), and its stored
// definition to `stored` (borrowed) unless NULL: both or, also after a crash, neither.
int network_apply_locked(struct task *t, struct network *net, struct network_def *live,
                         const struct network_def *stored, struct error *err);
// Logs, once each, the rules of other programs that block this network's traffic. Runs in a task of
// its own.
void network_report_blockers(struct network *net);

// ---- repair.c -----------------------------------------------------------------------------------
// Reports that something may be wrong; a task of its own compares and repairs.
void repair_trigger(struct network *net, const char *fmt, ...) PRINTF_LIKE(2, 3);
void repair_trigger_all(struct networks *all, const char *cause);
void repair_finish(struct repair_state *h);

// ---- triggers.c ---------------------------------------------------------------------------------
int triggers_create(struct networks *all, struct triggers **ret, struct error *err);
void triggers_destroy(struct triggers *tr);
// Watches dnsmasq's directories, which may have been created again.
void triggers_watch_files(struct triggers *tr);

// ---- port_table.c -------------------------------------------------------------------------------
struct network_port *port_add(struct network *net, struct network_port_def *def,
                              const char *tap); // takes def; tap may be NULL
void port_remove(struct network_port *port);
void port_save(const struct network_port *port);
void ports_load(struct network *net);
void network_drop_ports(struct network *net, bool keep_taps);

// ---- ports.c ------------------------------------------------------------------------------------
// Whether `l` is the port's tap; another link that got its name is not.
bool port_has_tap(struct network_port *port, const struct link *l);
int port_plug_back(struct networks *all, struct network_port *port, int bridge_index,
                   struct repairs *repairs, struct error *err);
// Whether one of its interfaces has a VLAN, so that the bridge must filter.
bool ports_have_vlans(const struct network *net);

// ---- resolved.c ---------------------------------------------------------------------------------
// Registers this network's dnsmasq with systemd-resolved for the names in its <domain>, when the
// document asks for it. The kernel removes the registration with the link.
int resolved_register(struct task *t, const struct network *net, struct error *err);

// ---- direct.c -----------------------------------------------------------------------------------
// Checks or chooses the interface of a client's port; none in a network with a bridge.
// ERROR_INTERNAL, as in libvirt: none is free.
int direct_check_port(struct network *net, struct network_port_def *def, struct error *err);
// Chooses an interface and a name: def->dev, ret.
int direct_plug(struct network *net, const struct network_plug_request *q,
                struct network_port_def *def, struct network_plug *ret, struct error *err);
void direct_report_missing(const struct network *net);

// ---- hooks.c ------------------------------------------------------------------------------------
// "start", "begin": runs hooks/network. ERROR_HOOK_FAILED. `port` may be NULL.
int network_hooks_run(struct task *t, struct network *net, const char *operation, const char *sub,
                      const struct network_port_def *port, struct error *err);

// ---- default.c ----------------------------------------------------------------------------------
// Defines the network `default`, once.
void default_make(struct networks *all);
