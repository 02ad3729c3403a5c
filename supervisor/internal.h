// SPDX-License-Identifier: GPL-2.0-or-later
// Private to supervisor/: what its files share about a domain's lifetime.
#pragma once

#include "supervisor/domain.h"

struct netlink;

struct domains {
    struct object_table table;
    struct domains_config config;
    struct netlink *netlink; // opened when first needed
    int next_id;
    uint64_t handed_back;                 // how often images were: see images.c
    struct completion handing_back_ended; // posted at each, then initialised again
};

// domains.c
// complete_definition() with what this host has; emulator and caps may be NULL.
int domains_complete(const struct domains *all, struct domain_def *def, const char *emulator,
                     const struct qemu_caps *caps, struct error *err);
// As domain_lock(), and resolves `affect` (enum domain_affect): a guest whose running half is meant
// must be active, and its QEMU be there to be spoken to.
int domain_lock_affected(struct task *t, struct domain *dom, const char *job, unsigned *affect,
                         struct error *err);
// The same for the running half.
int domain_lock_active(struct task *t, struct domain *dom, const char *job, struct error *err);
// Makes CURRENT what it means now, and refuses what is not there. Lock held.
int domain_resolve_affect(const struct domain *dom, unsigned *affect, struct error *err);
void domains_set_user(const struct domains *all, struct child_spec *spec); // that of QEMU
uint64_t domain_answer_deadline(const struct domain *dom); // for QEMU's answer to a command
int domain_not_active(const struct domain *dom, struct error *err); // sets err, -1

// A stored definition as it is on disk; NULL with err when it is damaged. Caller destroys.
struct domain_def *domain_parse_stored(const char *xml, size_t len, struct error *err);

// status.c: running guests on disk
char *status_format(const struct domain *dom);          // caller frees
int status_save(struct domain *dom, struct error *err); // doesn't wait for the disk
void status_remove(struct domain *dom);
struct status {
    int id;
    enum domain_state state;
    enum domain_move reason;
    pid_t pid; // 0: not known yet
    uint64_t start_time;
    struct domain_def *def; // owned
    struct granted_list granted;
    struct domain_macvtap_list macvtaps;
    struct side_list sides;
    enum side_state side_state;
};
int status_parse(const char *text, size_t len, struct status *ret, struct error *err);
void status_finish(struct status *s);
void granted_finish(struct granted_list *list);
// pid_file.h
char *status_pid_path(const struct domain *dom);
char *status_monitor_path(const struct domain *dom);
char *status_dir_path(const struct domain *dom); // the domain's own, while it runs
// Removes those that a daemon left that was killed before it wrote, or after it removed, the
// status.
void status_sweep(const char *run_dir);

// start.c
// Runs the administrator's script for this step, if there is one.
int start_hook(struct task *t, struct domain *dom, const char *operation, const char *suboperation,
               struct error *err);
int start_locked(struct task *t, struct domain *dom, unsigned flags, const void *autodestroy,
                 struct error *err);
// Asks QEMU for what only it knows (ptys, ports) and puts that into dom->live.
// What complete_disk() of the configuration makes of it.
int start_complete_disk(struct task *t, struct domain *dom, struct domain_disk *disk,
                        struct error *err);
int start_query(struct task *t, struct domain *dom, struct error *err);

// ports.c
// Gives the live definition's graphics the ports they will listen at: those asked for, or free
// ones.
int ports_choose(struct domain *dom, struct error *err);

// stop.c
// Cleans up after a process that has ended; lock held. Idempotent.
void stop_locked(struct task *t, struct domain *dom, enum domain_move move);
// Ends the process and waits for that; the lock may be held or not. 0, or -1 when it doesn't end.
int stop_kill(struct task *t, struct domain *dom, bool graceful, struct error *err);
// The same for any of its processes, `what` in the log. 0 or -errno.
int stop_process(struct task *t, const struct domain *dom, const struct process *process,
                 const char *what, bool graceful);
// On dom->process, which may have been found just now; fails as stop_is_unwanted() does.
int stop_watch(struct domain *dom, struct error *err);
// -1 with ERROR_OPERATION_ABORTED when a guest that is being started, or taken over, has been
// destroyed meanwhile: destroy could not end a process that was not known yet.
int stop_is_unwanted(const struct domain *dom, struct error *err);
// Whether its process has ended. A connection's end is seen before that of the process that had it:
// waits for a moment.
bool stop_is_ending(struct task *t, const struct domain *dom);

// connection.c
// Connects to the domain's QEMU; its events are acted on from here on.
int connection_open(struct task *t, struct domain *dom, uint64_t timeout_ms, struct error *err);
// Opens it again, or for a process found running, and brings the domain in line with it. Lock held.
int connection_restore(struct task *t, struct domain *dom, uint64_t timeout_ms, struct error *err);
// Tries that again, with growing pauses, for as long as the process runs.
void connection_retry_later(struct domain *dom);

// adopt.c
// What is done once QEMU has answered for the first time. Lock held.
void adopt_finish(struct task *t, struct domain *dom);

// events.c
void events_on_qmp(struct qmp *q, const struct qmp_event *event, void *userdata); // a handler
// Brings dom's state in line with what QEMU says now (after a reconnect).
int events_resync(struct task *t, struct domain *dom, struct error *err);

// hotplug.c: the running guest. Who calls these holds the lock; they suspend.
// Takes dev, also on failure.
int hotplug_attach(struct task *t, struct domain *dom, struct device *dev, struct error *err);
// Asks the guest to let go of a device, and waits a while: 0 with *gone false when it has not.
int hotplug_detach(struct task *t, struct domain *dom, const struct device *wanted, bool *gone,
                   struct error *err);
// Makes the device that `new` means like it, as far as that can be done.
int hotplug_update(struct task *t, struct domain *dom, struct device *new, struct error *err);
// QEMU has let go of a device: cleans up behind it when it is that task's turn.
void hotplug_on_deleted(struct domain *dom, const char *alias);
// The same for devices that went while vireod was not connected.
int hotplug_resync(struct task *t, struct domain *dom, struct error *err);
// Forgets those that wait for that.
void hotplug_drop_deleted(struct domain *dom);

// chardevs.c
struct chardev_vec {
    struct command_chardev *v;
    size_t n, cap;
};
// Opens what the character devices of the running definition write to and listen at. The caller
// finishes *ret, also on failure. Suspends.
int chardevs_open(struct task *t, struct domain *dom, const struct command_input *in,
                  struct chardev_vec *ret, struct error *err);
void chardevs_finish(struct chardev_vec *v);

// nvram.c: these suspend.
enum nvram_state { NVRAM_MISSING, NVRAM_VARIABLES, NVRAM_OTHER };
// Makes the file of the running definition from the template, unless it is there and reset is
// false. `template` NULL: does nothing.
int nvram_make(struct task *t, struct domain *dom, const char *template, bool reset,
               struct error *err);
// What an nvram path (NULL: none) names: variables, or some other thing that is not undefine's to
// remove.
int nvram_check(struct task *t, struct domain *dom, const char *path, enum nvram_state *ret,
                struct error *err);
void nvram_remove(struct task *t, struct domain *dom, const char *path); // failures are logged

// images.c
// Makes the files of the running definition accessible to QEMU's user, noting what was changed.
// They suspend.
int images_grant(struct task *t, struct domain *dom, struct error *err);
// The same for a device that is plugged in; a failure hands it back.
int images_grant_device(struct task *t, struct domain *dom, const struct device *dev,
                        struct error *err);
// Hands back what was noted in dom->granted from index `first` on. Waits for the file system, but
// not longer than timeouts.file_ms: it goes on by itself then.
void images_hand_back(struct task *t, struct domain *dom, size_t first);
