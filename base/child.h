// SPDX-License-Identifier: LGPL-2.1-or-later
// Child processes: started with only what is listed here, identified by pid and start time, watched
// by pidfd.
#pragma once

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include "base/capability.h"
#include "base/error.h"
#include "base/str.h"
#include "base/task.h"

// A process that may outlive vireod and may not be its child.
struct process {
    pid_t pid;           // 0: none
    uint64_t start_time; // field 22 of /proc/PID/stat, in clock ticks after boot
    int pidfd;           // owned; -1: none
};
#define PROCESS_NONE ((struct process){.pidfd = -1})

// Finds a process by pid and start time (0: any). 0, -ESRCH when it does not exist, or -errno.
int process_open(pid_t pid, uint64_t start_time, struct process *ret);
int process_kill(const struct process *p, int sig); // 0 or -errno; -ESRCH when it does not exist
void process_close(struct process *p);
// Waits for its exit. 0 with *status as from waitpid() (-1 when it is not a child), or as
// task_wait_fd().
int process_wait(struct task *t, struct process *p, uint64_t deadline_us, int *status);
// After pidfd became readable: reaps. 0 with *status, or -ECHILD for a process that is not a child.
int process_reap(struct process *p, int *status);
// "exit status 1", "killed by signal 9 (Killed)". Caller frees.
char *process_status_text(int status);

struct child_fd {
    int fd;     // of this process, where it stays open
    int target; // its number in the child, 3 or higher
};

struct child_limit {
    int resource; // RLIMIT_...
    struct rlimit value;
};

struct child_spec {
    char *const *argv;                  // argv[0] without a slash is searched in PATH
    char *const *envp;                  // NULL: inherited
    const char *directory;              // NULL: "/"
    int stdin_fd, stdout_fd, stderr_fd; // -1: /dev/null
    const struct child_fd *fds;
    size_t nfds;
    const struct child_limit *limits; // raising one is best effort (needs CAP_SYS_RESOURCE)
    size_t nlimits;
    bool new_session;
    // Killed when this process ends for any reason. Not its own children: a program that daemonizes
    // is killed if it is half started, and keeps running once it forked.
    bool die_with_parent;
    bool set_user; // switch to uid and gid with no other groups but `groups`
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t ngroups;
    // The child's capabilities and its bounding set, with no_new_privs. Switching to another user
    // than root drops all of them. CAPABILITIES_ALL: unchanged.
    uint64_t capabilities;
    int umask; // -1: inherited
    // Runs in the child before the switch of users (cgroups, namespaces). Only async-signal-safe
    // calls, no shared state. 0 or -errno.
    int (*setup)(void *arg);
    void *setup_arg;
};
#define CHILD_SPEC_INIT                                                                            \
    ((struct child_spec){.stdin_fd = -1,                                                           \
                         .stdout_fd = -1,                                                          \
                         .stderr_fd = -1,                                                          \
                         .umask = -1,                                                              \
                         .capabilities = CAPABILITIES_ALL})

// Whether PATH, or the usual directories, have a program of this name.
bool child_has_program(const char *name);

// Starts a child; suspends until it runs its program or failed. Descriptors other than 0-2 and
// `fds` are closed in it, signals are at their defaults. On failure err names the program, the step
// and the cause.
int child_spawn(struct task *t, const struct child_spec *spec, struct process *ret,
                struct error *err);

// Runs a program to its end with `input` (may be NULL) on stdin, and collects at most output_max
// bytes of its stdout and stderr, mixed, in *output (may be NULL). Does not wait for processes that
// it leaves running. Killed at the deadline; with new_session, what it has started is killed too.
// 0 whatever the exit status, which is in *status. Suspends.
int child_run(struct task *t, const struct child_spec *spec, const char *input, size_t output_max,
              uint64_t deadline_us, int *status, struct strbuf *output, struct error *err);
