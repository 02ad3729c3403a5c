// SPDX-License-Identifier: GPL-2.0-or-later
// Virtual networks: the table of all, and what can be done with one.
//
// Reads answer from what is known here and never wait. What changes a network goes through its
// lock, first come first served, with a deadline. What the kernel and dnsmasq do for a network is
// reconciled with its live definition: start, update, repair and stop are the same code with
// another goal.
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/list.h"
#include "base/task.h"
#include "base/uuid.h"
#include "bridge/tap.h"
#include "firewall/firewall.h"
#include "objects/object.h"
#include "schemas/network/def.h"

struct network;
struct networks;

enum { NETWORK_LOCK_TIMEOUT_MS = 30000 };

enum network_event { NETWORK_DEFINED, NETWORK_UNDEFINED, NETWORK_STARTED, NETWORK_STOPPED };

// What happened to a network; called from the loop or from a task; must not suspend. All may be
// NULL.
struct network_observer {
    void (*happened)(void *arg, struct network *net, enum network_event event);
    // The last network stopped (true) or the first started.
    void (*idle)(void *arg, bool idle);
    void *arg;
};

struct networks_config {
    struct sched *sched;
    const char *config_dir;   // definitions: NAME.xml, autostart/NAME.xml
    const char *run_dir;      // active networks: NAME.xml, NAME.pid, NAME.conf, ports
    const char *state_dir;    // leases and what dnsmasq reads: NAME.leases, NAME.hosts, ...
    const char *const *hooks; // directories with hooks/network, ends with NULL; may be NULL
    const char *dnsmasq;      // its path; NULL: looked up in PATH
    const char *dnsmasq_user; // NULL: dnsmasq's own choice
    enum firewall_choice firewall;
    bool system_mode;       // else no network can be started
    bool start_on_demand;   // a plug into an inactive network starts it
    bool refuse_blocked;    // no start where a rule of others drops the network's traffic
    bool default_network;   // define 'default' on the first start ever
    bool default_autostart; // and start it with the host
    struct network_observer observer;
    // A network became active; must not suspend. NULL: nobody is plugged in.
    void (*started)(void *arg, struct network *net);
    void *started_arg;
};

// One port of a network: a guest's interface plugged into it. Also made by clients
// (net-port-create).
struct network_port {
    struct list link; // in struct network
    struct network *net;
    struct network_port_def *def; // owned; its uuid is the port's
    char tap[IFNAMSIZ];           // "": none (made by a client)
    uint32_t mtu;                 // 0: the kernel's choice
};

struct network {
    OBJECT(struct network_def);
    struct networks *all;
    struct list ports; // struct network_port
    size_t nports;
    struct network_runtime *runtime; // netmgr's own
};

struct networks *networks_create(const struct networks_config *config, struct error *err); // copies
void networks_destroy(struct networks *all); // no task may use it any more; networks stay up

// Reads the stored definitions, and the state of active networks, which are then adopted and
// repaired by tasks. Once, before clients are let in. Damaged files are set aside and named in the
// log.
void networks_load(struct networks *all);
extern const struct object_class network_class;
// Starts those marked autostart, unless that was done since the machine booted. *done (may be NULL)
// is posted when all of them were tried: guests start after it.
void networks_autostart(struct networks *all, struct completion *done);

OBJECT_FUNCTIONS(network, networks);
#define AUTO_NETWORK CLEANUP(network_unrefp)

// The document of an active network: with how many are plugged in (unless flags lack
// NETWORK_XML_LIVE), and the ports that it masquerades from where none were chosen. Caller frees.
char *network_format_live(const struct network *net, unsigned flags);

// The functions below suspend, and fail with ERROR_OPERATION_INVALID when the network's state does
// not allow it, ERROR_OPERATION_TIMEOUT when its turn did not come. `net` is kept by the caller's
// reference.

// network_define() gives it a bridge name.
// Starts a network that is not stored, or is and is inactive (takes def); *ret is borrowed.
int network_create(struct task *t, struct networks *all, struct network_def *def,
                   struct network **ret, struct error *err);
int network_undefine(struct task *t, struct network *net, struct error *err);
int network_start(struct task *t, struct network *net, struct error *err);
int network_destroy(struct task *t, struct network *net, struct error *err);

enum network_affect { NETWORK_AFFECT_LIVE = 1 << 0, NETWORK_AFFECT_CONFIG = 1 << 1 };
// Changes copies of the definitions that `affect` names (not 0; each must be there), stores and
// applies them: both or none.
int network_change(struct task *t, struct network *net, unsigned affect,
                   int (*change)(struct network_def *def, void *arg, struct error *err), void *arg,
                   struct error *err);
// network_def_update() by way of network_change().
int network_update(struct task *t, struct network *net, unsigned affect, unsigned section,
                   unsigned command, int parent_index, const char *xml, struct error *err);

// One lease as dnsmasq gave it. Strings are owned.
struct network_lease {
    int64_t expiry_s; // of CLOCK_REALTIME; 0: never
    struct ip_addr ip;
    uint8_t prefix;
    char *mac;      // NULL: not known (DHCPv6: of the port, or of the DUID, that has it)
    char *iaid;     // DHCPv6 only
    char *hostname; // NULL: none
    char *clientid; // IPv6: the DUID; NULL: none
};
struct network_lease_vec {
    struct network_lease *v;
    size_t n, cap;
};
// Appends those of one MAC, or of all for NULL. Does not suspend. Caller finishes.
int network_get_leases(struct network *net, const char *mac, struct network_lease_vec *ret,
                       struct error *err);
void network_lease_vec_finish(struct network_lease_vec *leases);

// ---- ports

// What a guest's interface wants. Everything is borrowed.
struct network_plug_request {
    const char *network;   // by name
    const char *portgroup; // NULL: the default one, if any
    const uint8_t *mac;    // of the guest's interface
    struct uuid owner;     // the guest
    const char *owner_name;
    struct opt_uuid port_id;                   // the one it had before; else a new one is made
    const struct network_bandwidth *bandwidth; // NULL: the portgroup's
    const struct network_vlan *vlan;           // NULL: the portgroup's or the network's
    enum toggle isolated;                      // UNSET: the network's
    const char *tap;                           // NULL: vnetN or macvtapN
    unsigned queues;
    bool vnet_hdr;
    uint32_t mtu;    // 0: the network's
    const char *dev; // network_replug() of a macvtap: what it stands on, else NULL
};
// What it got.
struct network_plug {
    char bridge[IFNAMSIZ];
    struct tap tap; // descriptors are the caller's, who gives them to QEMU and tap_close()s
    uint32_t mtu;   // 0: the kernel's choice
    // In a network without a bridge, else "": the caller makes a macvtap of the name in `tap`,
    // which has no descriptors, on this interface, and deletes it one day.
    char dev[IFNAMSIZ];
    enum direct_mode mode;
    struct uuid port_id;
    char *portgroup; // owned; NULL: none
};
// Plugs an interface into an active network (or starts it, see start_on_demand), makes a port of
// it.
int network_plug(struct task *t, struct networks *all, const struct network_plug_request *request,
                 struct network_plug *ret, struct error *err);
// A guest that runs already says after our restart that it has this port: it is recorded and its
// tap is put back into the bridge. Does not start the network.
int network_replug(struct task *t, struct networks *all, const struct network_plug_request *request,
                   struct error *err);
// Forgets the port. Gone already is fine. Doesn't suspend; the tap is its guest's to close.
void network_unplug(struct networks *all, const char *network, const struct uuid *port_id);

// The same for the port that a tap or macvtap of this name is plugged into, if there is one.
void network_unplug_tap(struct networks *all, const char *tap);

// A name "macvtapN" that no interface has; numbers go on, so that none comes twice soon.
int networks_name_macvtap(struct networks *all, char ret[static IFNAMSIZ], struct error *err);
// How many ports of a network without a bridge are on that interface of its.
size_t network_count_on(const struct network *net, const char *dev);

// Borrowed; NULL when there is none.
struct network_port *network_find_port(const struct network *net, const struct uuid *id);
// Next in the list, NULL: first; NULL at the end.
struct network_port *network_next_port(const struct network *net, struct network_port *after);
// A port that a client describes (takes def). *ret is borrowed.
int network_port_create(struct task *t, struct network *net, struct network_port_def *def,
                        struct network_port **ret, struct error *err);
int network_port_delete(struct task *t, struct network *net, const struct uuid *id,
                        struct error *err);
// The rates that an interface without any of its own has. Borrowed, until the next wait; NULL:
// none.
const struct network_bandwidth *network_port_default_bandwidth(const struct networks *all,
                                                               const char *network,
                                                               const char *portgroup);
// Sets the rates of a port (a copy is kept; NULL: none) and applies them to its tap.
int network_port_set_bandwidth(struct task *t, struct network *net, const struct uuid *id,
                               const struct network_bandwidth *bandwidth, struct error *err);

// ---- for interfaces that are in no network

// Limits what passes an interface of the host, as its guest sees it; NULL: not any more. Suspends.
int bandwidth_apply(struct task *t, const char *dev, const struct network_bandwidth *b,
                    struct error *err);
// What a VLAN and isolation are for the kernel. *trunk is the caller's to free.
struct port_change network_port_change(const struct network_vlan *vlan, enum toggle isolated,
                                       uint16_t **trunk);
