// SPDX-License-Identifier: LGPL-2.1-or-later
// Child processes: started with nothing but what is listed here, known by pid and start time,
// watched by pidfd.
#pragma once

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include "base/capability.h"
#include "base/error.h"
#include "base/str.h"
#include "base/task.h"

// A process that may outlive us and may not be our child.
struct process {
    pid_t pid;           // 0: none
    uint64_t start_time; // field 22 of /proc/PID/stat, in clock ticks after boot
    int pidfd;           // owned; -1: none
};
#define PROCESS_NONE ((struct process){.pidfd = -1})

// Finds a process again by pid and start time (0: any). 0, -ESRCH when that one is gone, or -errno.
int process_open(pid_t pid, uint64_t start_time, struct process *ret);
int process_kill(const struct process *p, int sig); // 0 or -errno; -ESRCH when gone
void process_close(struct process *p);
// Waits until it ended. 0 with *status filled as by waitpid() (-1 when it was not our child), or as
// task_wait_fd().
int process_wait(struct task *t, struct process *p, uint64_t deadline_us, int *status);
// After pidfd became readable: reaps. 0 with *status, or -ECHILD for a process that was not our
// child.
int process_reap(struct process *p, int *status);
// "exit status 1", "killed by signal 9 (Killed)". Caller frees.
char *process_status_text(int status);

struct child_fd {
    int fd;     // ours; stays open here
    int target; // its number there, 3 or higher
};

struct child_limit {
    int resource; // RLIMIT_...
    struct rlimit value;
};

struct child_spec {
    char *const *argv;                  // argv[0] is also looked up in PATH when it has no slash
    char *const *envp;                  // NULL: ours
    const char *directory;              // NULL: "/"
    int stdin_fd, stdout_fd, stderr_fd; // -1: /dev/null
    const struct child_fd *fds;
    size_t nfds;
    const struct child_limit *limits; // raising one is best effort (needs CAP_SYS_RESOURCE)
    size_t nlimits;
    bool new_session;
    // Killed when this process ends, however it does. What it forks itself is not: a program that
    // goes to the background is protected from a half-done start, and outlives us once it is there.
    bool die_with_parent;
    bool set_user; // switch to uid and gid with no other groups but `groups`
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t ngroups;
    // It gets no others, also not from its program, and no new privileges: its bounding set is this
    // too. Switching to another user than root leaves none. CAPABILITIES_ALL: as vireod.
    uint64_t capabilities;
    int umask; // -1: ours
    // Runs in the child before the user is switched (cgroups, namespaces). Only async-signal-safe
    // calls, and nothing of ours. 0 or -errno.
    int (*setup)(void *arg);
    void *setup_arg;
};
#define CHILD_SPEC_INIT                                                                            \
    ((struct child_spec){.stdin_fd = -1,                                                           \
                         .stdout_fd = -1,                                                          \
                         .stderr_fd = -1,                                                          \
                         .umask = -1,                                                              \
                         .capabilities = CAPABILITIES_ALL})

// Starts a child; suspends until it runs its program or could not. All descriptors but 0-2 and
// `fds` are closed there, signals are at their defaults. On failure err names the program, the step
// and the cause.
int child_spawn(struct task *t, const struct child_spec *spec, struct process *ret,
                struct error *err);

// Runs a program to its end with `input` (may be NULL) on stdin and collects at most output_max
// bytes of stdout and stderr, mixed, in *output (may be NULL). What it leaves running behind it is
// not waited for. Killed at the deadline. 0 whatever the exit status: *status tells. Suspends.
int child_run(struct task *t, const struct child_spec *spec, const char *input, size_t output_max,
              uint64_t deadline_us, int *status, struct strbuf *output, struct error *err);
