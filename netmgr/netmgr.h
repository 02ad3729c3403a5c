// SPDX-License-Identifier: GPL-2.0-or-later
// Virtual networks: their table and operations.
//
// Queries answer from memory and never wait. Operations that change a network take its lock in
// order of arrival, with a deadline. Kernel and dnsmasq are reconciled with the live definition:
// start, update, repair and stop are the same code with another goal.
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

// Notified of changes, from the loop or a task; must not suspend. Members may be NULL.
struct network_observer {
    void (*happened)(void *arg, struct network *net, enum network_event event);
    // The last network stopped (true) or the first started.
    void (*idle)(void *arg, bool idle);
    void *arg;
};

struct networks_config {
    struct sched *sched;
    const char *config_dir;   // definitions: NAME.xml, autostart/NAME.xml
    const char *run_dir;      // files of active networks
    const char *state_dir;    // leases and dnsmasq's input: NAME.leases, NAME.hosts, ...
    const char *const *hooks; // directories with hooks/network, ends with NULL; may be NULL
    const char *dnsmasq;      // path; NULL: searched in PATH
    const char *dnsmasq_user; // NULL: dnsmasq's default
    enum firewall_choice firewall;
    bool system_mode;       // session mode cannot start networks
    bool start_on_demand;   // plugging into an inactive network starts it
    bool refuse_blocked;    // refuse a start when a rule of another program blocks the traffic
    bool default_network;   // define 'default' on the first start
    bool default_autostart; // and mark it autostart
    struct network_observer observer;
    // A network became active; must not suspend. NULL: no callback.
    void (*started)(void *arg, struct network *net);
    void *started_arg;
};

// A port: a domain's interface in a network, or created by a client (net-port-create).
struct network_port {
    struct list link; // in struct network
    struct network *net;
    struct network_port_def *def; // owned; has the port's uuid
    char tap[IFNAMSIZ];           // "": none (created by a client)
    int index;                    // of the tap, whose name another may get; 0: not known yet
    uint32_t mtu;                 // 0: the kernel's default
};

struct network {
    OBJECT(struct network_def);
    struct networks *all;
    struct list ports; // struct network_port
    size_t nports;
    struct network_runtime *runtime; // private to netmgr
};

struct networks *networks_create(const struct networks_config *config, struct error *err); // copies
void networks_destroy(struct networks *all); // no task may use it; networks stay active

// Reads the stored definitions and the status files of active networks, which tasks then adopt and
// repair. Call once, before clients connect. Damaged files are set aside and named in the log.
void networks_load(struct networks *all);
extern const struct object_class network_class;
// Starts the networks marked autostart, once a boot. *done (may be NULL) is posted when all were
// tried: domains start after it.
void networks_autostart(struct networks *all, struct completion *done);

OBJECT_FUNCTIONS(network, networks);
#define AUTO_NETWORK CLEANUP(network_unrefp)

// The document of an active network, with connection counts (unless flags lack NETWORK_XML_LIVE)
// and the default masquerading ports. Caller frees.
char *network_format_live(const struct network *net, unsigned flags);

// The functions below suspend. They fail with ERROR_OPERATION_INVALID when the network's state does
// not allow the operation, and ERROR_OPERATION_TIMEOUT when the lock was not obtained in time. The
// caller keeps a reference to `net`.

// network_define() chooses the bridge name.
// Starts a transient network, or a defined one that is inactive (takes def); *ret is borrowed.
int network_create(struct task *t, struct networks *all, struct network_def *def,
                   struct network **ret, struct error *err);
int network_undefine(struct task *t, struct network *net, struct error *err);
int network_start(struct task *t, struct network *net, struct error *err);
int network_destroy(struct task *t, struct network *net, struct error *err);

enum network_affect { NETWORK_AFFECT_LIVE = 1 << 0, NETWORK_AFFECT_CONFIG = 1 << 1 };
// Changes copies of the definitions that `affect` names (each must exist; 0: the live one of an
// active network, else the stored one), stores and applies them: both or neither.
int network_change(struct task *t, struct network *net, unsigned affect,
                   int (*change)(struct network_def *def, void *arg, struct error *err), void *arg,
                   struct error *err);
// network_def_update() through network_change().
int network_update(struct task *t, struct network *net, unsigned affect, unsigned section,
                   unsigned command, int parent_index, const char *xml, struct error *err);

// A lease given by dnsmasq. Strings are owned.
struct network_lease {
    int64_t expiry_s; // CLOCK_REALTIME; 0: never
    struct ip_addr ip;
    uint8_t prefix;
    char *mac;      // NULL: unknown (DHCPv6: from the port or the DUID)
    char *iaid;     // DHCPv6 only
    char *hostname; // NULL: none
    char *clientid; // IPv6: the DUID; NULL: none
};
struct network_lease_vec {
    struct network_lease *v;
    size_t n, cap;
};
// Appends the leases of one MAC address; NULL: all. Does not suspend. Caller finishes.
int network_get_leases(struct network *net, const char *mac, struct network_lease_vec *ret,
                       struct error *err);
void network_lease_vec_finish(struct network_lease_vec *leases);

// ---- ports --------------------------------------------------------------------------------------
// What a domain's interface requests. Everything is borrowed.
struct network_plug_request {
    const char *network;   // by name
    const char *portgroup; // NULL: the default one, if one exists
    const uint8_t *mac;    // of the interface
    struct uuid owner;     // the domain
    const char *owner_name;
    struct opt_uuid port_id;                   // of an existing port; else a new one is generated
    const struct network_bandwidth *bandwidth; // NULL: the portgroup's
    const struct network_vlan *vlan;           // NULL: the portgroup's or the network's
    enum toggle isolated;                      // UNSET: the network's
    const char *tap;                           // NULL: vnetN or macvtapN
    unsigned queues;
    bool vnet_hdr;
    uint32_t mtu;    // 0: the network's
    const char *dev; // network_replug() of a macvtap: the interface below it, else NULL
};
// What it was given.
struct network_plug {
    char bridge[IFNAMSIZ];
    struct tap tap; // the caller passes the descriptors to QEMU and calls tap_close()
    uint32_t mtu;   // 0: the kernel's default
    // In a network without a bridge, else "": the caller creates the macvtap named in `tap`, which
    // has no descriptors yet, on this interface, and deletes it later.
    char dev[IFNAMSIZ];
    enum direct_mode mode;
    struct uuid port_id;
    char *portgroup; // owned; NULL: none
};
// Adds a port for an interface to an active network, which it starts first where start_on_demand is
// set.
int network_plug(struct task *t, struct networks *all, const struct network_plug_request *request,
                 struct network_plug *ret, struct error *err);
// Adds back the port of a running domain after a restart of vireod, and puts its tap back into the
// bridge. Does not start the network.
int network_replug(struct task *t, struct networks *all, const struct network_plug_request *request,
                   struct error *err);
// Removes the port, if it exists. Doesn't suspend; the domain closes the tap.
void network_unplug(struct networks *all, const char *network, const struct uuid *port_id);

// The same for the port of this tap or macvtap, if there is one.
void network_unplug_tap(struct networks *all, const char *tap);

// A free name "macvtapN"; numbers increase, so that no name is reused soon.
int networks_name_macvtap(struct networks *all, char ret[static IFNAMSIZ], struct error *err);
// Number of ports on an interface of a network without a bridge.
size_t network_count_on(const struct network *net, const char *dev);

// Borrowed; NULL: none.
struct network_port *network_find_port(const struct network *net, const struct uuid *id);
// The next port of the list, the first with `after` NULL; NULL at the end.
struct network_port *network_next_port(const struct network *net, struct network_port *after);
// Creates a port from a client's document (takes def). *ret is borrowed.
int network_port_create(struct task *t, struct network *net, struct network_port_def *def,
                        struct network_port **ret, struct error *err);
int network_port_delete(struct task *t, struct network *net, const struct uuid *id,
                        struct error *err);
// The rates of an interface that has none of its own. Borrowed, until the next suspension; NULL:
// none.
const struct network_bandwidth *network_port_default_bandwidth(const struct networks *all,
                                                               const char *network,
                                                               const char *portgroup);
// Sets the rates of a port (copies them; NULL: none) and applies them to its tap.
int network_port_set_bandwidth(struct task *t, struct network *net, const struct uuid *id,
                               const struct network_bandwidth *bandwidth, struct error *err);

// ---- for interfaces outside networks ------------------------------------------------------------
// Limits the traffic of a host interface, as its guest sees it; NULL: removes the limits. Suspends.
int bandwidth_apply(struct task *t, const char *dev, const struct network_bandwidth *b,
                    struct error *err);
// The kernel's settings for a VLAN and isolation. The caller frees *trunk.
struct port_change network_port_change(const struct network_vlan *vlan, enum toggle isolated,
                                       uint16_t **trunk);
