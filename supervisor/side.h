// SPDX-License-Identifier: GPL-2.0-or-later
// The processes that a domain's devices need beside QEMU (swtpm), one for each device whose class
// has side().
//
// How this works
//
// A side process is started before QEMU, as QEMU's user, with one end of a pair of sockets; QEMU
// gets the other one, so that no other process can connect and the end of either is seen by the
// other. RUN/UUID/ALIAS.pid is its pid file (pid_file.h), the status file has its pid and start
// time: an adopted domain's are found again by both. It is ended with its domain, also when the
// start fails half-way. What it writes goes to LOG/PROGRAM/NAME.log.
//
// What it keeps for the domain is in STATE/PROGRAM/UUID/. A new directory is filled under another
// name, so that one that exists is complete.
#pragma once

#include <systemd/sd-event.h>
#include "qemu/device.h"
#include "supervisor/guest_log.h"

struct side {
    struct domain *dom; // borrowed; set with watch
    char *alias;        // of its device
    char *program;      // "swtpm"; NULL: as read from the status file
    struct process process;
    sd_event_source *watch;
    struct guest_log log; // closed: its path, and where this start's output begins
    bool ended;
    int exit_status; // of waitpid(); -1: unknown
};

// A process that was recorded; it is not opened yet.
struct side *side_create(const char *alias, pid_t pid, uint64_t start_time);
void sides_finish(struct side_list *list); // the processes go on

// These suspend; lock held.

struct side_fds {
    struct command_side *v;
    size_t n, cap;
};
// Starts those of the live definition; *ret has QEMU's ends of the sockets. The caller finishes
// *ret, also on failure, and calls sides_end() then.
int sides_start(struct task *t, struct domain *dom, struct side_fds *ret, struct error *err);
void side_fds_finish(struct side_fds *fds);
// Finds those of a domain that an earlier daemon started; `running`: its QEMU runs.
void sides_adopt(struct task *t, struct domain *dom, bool running);
void sides_end(struct task *t, struct domain *dom); // idempotent

// QEMU ended while it was started: adds the last lines of a side process that failed to the error.
// Waits a moment for their ends.
void sides_explain(struct task *t, struct domain *dom, struct error *err);

// side_state.c
// Makes the directory that the process of a plan keeps, unless it has none, and brings it up to
// date. *dir (caller frees) is NULL when it has none.
int side_state_prepare(struct task *t, struct domain *dom, struct device_side *plan, char **dir,
                       struct error *err);
// Removes what the side processes of `def` keep for the domain. Failures are logged.
void sides_remove_state(struct task *t, struct domain *dom, const struct domain_def *def,
                        enum side_state how);
