// SPDX-License-Identifier: GPL-2.0-or-later
// Guests: the table of all, and what can be done with one.
//
// Reads answer from what is known here and never wait for a guest. What changes a guest goes
// through its lock, first come first served, with a deadline: a guest that hangs holds up only
// those that want to change that guest. destroy doesn't wait its turn: it ends the process, which
// ends the wait of the lock's holder.
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/child.h"
#include "base/error.h"
#include "base/ip.h"
#include "base/list.h"
#include "base/task.h"
#include "base/uuid.h"
#include "host/host.h"
#include "monitor/qmp_api.h"
#include "base/vec.h"
#include "objects/object.h"
#include "schemas/domain/def.h"
#include "qemu/command.h"
#include "supervisor/state.h"

struct domain;
struct domains;
struct network;
struct networks;

// How long is waited for what, in milliseconds; 0: the usual time.
struct domain_timeouts {
    uint64_t lock_ms;   // for one's turn to change a guest
    uint64_t file_ms;   // for a file system to answer what a start or stop does with users' files
    uint64_t answer_ms; // for QEMU to answer
    uint64_t start_ms;  // for QEMU to set itself up; preallocated memory takes its time
    uint64_t adopt_ms;  // for a QEMU found running to greet
    uint64_t reconnect_ms; // the same after its monitor's connection was lost
    uint64_t retry_ms;     // pause before the second attempt to reconnect; it doubles each time
    uint64_t unplug_ms;    // for a guest to let go of a device
    uint64_t quit_ms;      // for QEMU to end after `quit`
    uint64_t term_ms;      // for QEMU to flush its images after SIGTERM
    uint64_t kill_ms;      // for the kernel to end it after SIGKILL
};

// What happened to a guest; called from the loop or from a task; must not suspend. All may be NULL.
struct domain_observer {
    void (*moved)(void *arg, struct domain *dom, enum domain_move move);
    void (*defined)(void *arg, struct domain *dom, bool added); // else updated
    void (*undefined)(void *arg, struct domain *dom);
    // Any event of its monitor, after we have acted on it.
    void (*qmp_event)(void *arg, struct domain *dom, const struct qmp_event *event);
    // A device was plugged in, or is gone.
    void (*device_added)(void *arg, struct domain *dom, const char *alias);
    void (*device_removed)(void *arg, struct domain *dom, const char *alias);
    // The last guest stopped (true) or the first started.
    void (*idle)(void *arg, bool idle);
    void *arg;
};

struct domains_config {
    struct sched *sched;
    struct host *host;
    struct networks *networks; // NULL: none (tests)
    const char *config_dir;    // definitions: NAME.xml, autostart/NAME.xml
    const char *run_dir;       // running guests: NAME.xml, NAME.pid, NAME.monitor
    const char *state_dir;     // nvram and the like: what belongs to a guest for good
    const char *log_dir;       // NAME.log
    const char *const *hooks;  // directories with hooks/qemu, ends with NULL; may be NULL
    bool system_mode;
    bool set_user; // run QEMU as this user and group
    uid_t qemu_uid;
    gid_t qemu_gid;
    const gid_t *qemu_groups; // borrowed
    size_t nqemu_groups;
    const char *qemu_user;  // its name, for error texts
    uint64_t log_max_bytes; // of a guest's log; a full one is renamed to .0 at the next start
    struct domain_timeouts timeouts;
    struct domain_observer observer;
    // Makes of a disk what QEMU is to be given: the file of a pool's volume, and what that file is
    // built on. Suspends. NULL: disks are what their documents say.
    int (*complete_disk)(struct task *t, void *arg, struct domain_disk *disk, struct error *err);
    void *complete_arg;
};

// An image whose owner was changed for the time the guest runs.
struct granted {
    char *path; // owned
    uid_t uid;  // whose it was
    gid_t gid;
    dev_t dev; // which file it is, so that two domains know it by any path; ino 0: not known
    ino_t ino;
    bool handing_back;
};
struct granted_list {
    struct granted *v;
    size_t n, cap;
};

// A macvtap made for an interface, or about to be. It outlives the guest's process.
struct domain_macvtap {
    char name[IFNAMSIZ];
    struct opt_mac mac;
    int index;     // 0: not learned
    bool unwanted; // being deleted
};
struct domain_macvtap_list {
    struct domain_macvtap *v;
    size_t n, cap;
};

struct side;
struct side_list {
    struct side **v;
    size_t n, cap;
};
// What becomes of what side processes keep for a domain, when that is gone.
enum side_state {
    SIDE_STATE_AS_DEFINED, // removed, unless its document says that it is kept
    SIDE_STATE_KEEP,
    SIDE_STATE_REMOVE,
};

struct domain {
    OBJECT(struct domain_def);
    struct domains *all;

    // What it does.
    enum domain_state state;
    enum domain_move reason;

    // Its process.
    struct process process;
    sd_event_source *process_watch;
    int exit_status; // of waitpid(); -1: unknown
    struct qmp *qmp;
    struct completion ended;  // posted when the process is gone and all is cleaned up
    enum domain_move stop_as; // what to call its end; MOVE_NONE: find out
    bool process_ended;
    bool adopting;               // found running by this daemon; its QEMU has not answered yet
    int retrying_id;             // `id` of the start whose QEMU a task reconnects to; 0: none
    bool restart_on_shutdown;    // a reboot was asked for through the power button
    bool restarting;             // between its power-off and the reset that follows
    enum domain_move pause_as;   // what the next STOP event means; MOVE_NONE: QEMU's own doing
    uint64_t cpu_time_ns;        // the last one seen
    struct granted_list granted; // images made accessible to QEMU's user
    struct domain_macvtap_list macvtaps;
    struct side_list sides;        // processes beside QEMU (side.h)
    enum side_state side_state;    // decided when it was undefined while it ran
    const struct device *plugging; // being plugged in: what is there of it is found by the status
    VEC(char *) deleted;           // aliases that QEMU let go of, and we not yet
    struct completion device_deleted; // posted at each, and when the process ends
    const void *autodestroy;          // client whose end ends it, or NULL
};

struct domains *domains_create(const struct domains_config *config); // copies
void domains_destroy(struct domains *all); // no task may use it any more; guests go on running

// Reads the stored definitions, and the files of running guests, which are then adopted by tasks.
// Once, before clients are let in. Damaged files are set aside (renamed to *.damaged) and named in
// the log.
void domains_load(struct domains *all);
extern const struct object_class domain_class;
// Starts those marked autostart, unless that was done since the machine booted.
void domains_autostart(struct domains *all);

// A network became active: guests that run with interfaces of a network of that name are plugged
// into it, by tasks of their own, when it doesn't know them or has another bridge than before.
void domains_network_started(struct domains *all, struct network *net);

// The <domainCapabilities> document; arguments as of host_find_machine(). Caller frees *xml.
// Suspends.
int domains_capabilities_xml(struct task *t, struct domains *all, const char *emulator,
                             const char *arch, const char *machine, const char *virt_type,
                             char **xml, struct error *err);

OBJECT_FUNCTIONS(domain, domains);
#define AUTO_DOMAIN CLEANUP(domain_unrefp)

// Borrowed; NULL when there is none.
struct domain *domains_find_id(const struct domains *all, int id);

enum domain_start_flags {
    DOMAIN_START_PAUSED = 1 << 0,
    DOMAIN_START_RESET_NVRAM = 1 << 1,
};
enum domain_destroy_flags { DOMAIN_DESTROY_GRACEFUL = 1 << 0 };

// The functions below suspend, and fail with ERROR_OPERATION_INVALID when the guest's state does
// not allow it, ERROR_OPERATION_TIMEOUT when its turn did not come. `dom` is kept by the caller's
// reference.

// Parses a document with what this host has as defaults, and gives addresses. Caller destroys.
int domains_parse(struct task *t, struct domains *all, const char *xml, unsigned parse_flags,
                  struct domain_def **ret, struct error *err);
// Starts a guest that is not stored (takes def); *ret is borrowed.
int domain_create(struct task *t, struct domains *all, struct domain_def *def, unsigned start_flags,
                  const void *autodestroy, struct domain **ret, struct error *err);
enum domain_undefine_flags {
    DOMAIN_UNDEFINE_NVRAM = 1 << 0,
    DOMAIN_UNDEFINE_KEEP_NVRAM = 1 << 1,
    DOMAIN_UNDEFINE_TPM = 1 << 2,
    DOMAIN_UNDEFINE_KEEP_TPM = 1 << 3,
};
int domain_undefine(struct task *t, struct domain *dom, unsigned flags, struct error *err);
enum domain_affect {
    DOMAIN_AFFECT_CURRENT = 0, // the running guest if it runs, else the stored definition
    DOMAIN_AFFECT_LIVE = 1 << 0,
    DOMAIN_AFFECT_CONFIG = 1 << 1,
};
// Changes the document itself, where nothing of the guest has to change with it. change() is called
// with a copy of the stored definition and, or, the live one; all or nothing is kept.
int domain_change(struct task *t, struct domain *dom, unsigned affect,
                  int (*change)(struct domain_def *def, void *arg, struct error *err), void *arg,
                  struct error *err);
// Devices, as one element of the document.
int domain_attach_device(struct task *t, struct domain *dom, const char *xml, unsigned affect,
                         struct error *err);
// Returns once the guest has let go of it, or after some seconds in which it did not: then it does
// so later, or never (*gone false).
int domain_detach_device(struct task *t, struct domain *dom, const char *xml, unsigned affect,
                         bool *gone, struct error *err);
int domain_detach_alias(struct task *t, struct domain *dom, const char *alias, unsigned affect,
                        bool *gone, struct error *err);
// What can be changed while it is plugged in: media of drives, links of interfaces.
int domain_update_device(struct task *t, struct domain *dom, const char *xml, unsigned affect,
                         struct error *err);
// An interface of a definition, by the name of its tap or its MAC. Borrowed; NULL.
struct domain_interface *domain_find_interface(const struct domain_def *def, const char *device);
struct domain_address {
    const struct domain_interface *iface; // borrowed, until the next wait
    struct ip_addr ip;
    unsigned prefix; // 0: not known
};
struct domain_addresses {
    struct domain_address *v;
    size_t n, cap;
};
enum domain_address_source { DOMAIN_ADDRESS_LEASE, DOMAIN_ADDRESS_ARP };
// Appends those of an active domain, by interface. The caller vec_finish()es, also on failure.
int domain_list_addresses(const struct domain *dom, enum domain_address_source source,
                          struct domain_addresses *ret, struct error *err);
struct link_stats;
// What an interface of an active domain has carried, from the guest's point of view.
// ERROR_OPERATION_FAILED: there is nothing of it on the host.
int domain_interface_stats(const struct domain *dom, const struct domain_interface *iface,
                           struct link_stats *ret, struct error *err);
// The rates an interface has: of its own, of its portgroup, or set at its port. Borrowed; NULL:
// none.
const struct network_bandwidth *domain_interface_bandwidth(const struct domain *dom,
                                                           const struct domain_interface *iface);
// Gives an interface other rates (schemas/network/def.h), in the directions that are meant.
int domain_set_interface_bandwidth(struct task *t, struct domain *dom, const char *device,
                                   const struct network_bandwidth *rates, bool inbound,
                                   bool outbound, unsigned affect, struct error *err);
// Connects a client to graphics device `index`: *fd is its end (caller closes).
int domain_open_graphics(struct task *t, struct domain *dom, uint32_t index, bool skip_auth,
                         int *fd, struct error *err);

int domain_start(struct task *t, struct domain *dom, unsigned flags, const void *autodestroy,
                 struct error *err);
int domain_suspend(struct task *t, struct domain *dom, struct error *err);
int domain_resume(struct task *t, struct domain *dom, struct error *err);
int domain_reset(struct task *t, struct domain *dom, struct error *err);
int domain_shutdown(struct task *t, struct domain *dom, struct error *err);
int domain_reboot(struct task *t, struct domain *dom, struct error *err);
int domain_destroy(struct task *t, struct domain *dom, unsigned flags, struct error *err);
// Ends guests that were started with this autodestroy token. Does not suspend.
void domains_autodestroy(struct domains *all, const void *token);

// A command for its monitor, as text; *reply is QEMU's answer (caller frees).
int domain_monitor_command(struct task *t, struct domain *dom, const char *command, bool human,
                           char **reply, struct error *err);
// A descriptor for a console: NULL or the alias of a serial, console or channel device. Of two
// openers the second is refused, unless it forces. Caller closes.
int domain_open_console(struct domain *dom, const char *alias, int *fd, struct error *err);
// Nanoseconds of CPU time of the process; 0 when it has none.
uint64_t domain_cpu_time_ns(struct domain *dom);

// Inside supervisor/: every change of state. A move that the status file misses is found out from
// QEMU by the next daemon, but for those of domain_move_saved(): they are on disk, or not made.
void domain_move(struct domain *dom, enum domain_move move);
int domain_move_saved(struct domain *dom, enum domain_move move, struct error *err);
bool domain_may_move(const struct domain *dom, enum domain_move move);
