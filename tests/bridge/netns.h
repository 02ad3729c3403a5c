// SPDX-License-Identifier: GPL-2.0-or-later
// A private network for a test: namespaces of its own, agents in further ones that make and take
// connections, and a loop to run tasks on.
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/task.h"
#include "tests/check.h"

// Puts the process into new network and mount namespaces, with a private /run and loopback up. Ends
// the test as skipped where that isn't allowed.
void netns_enter(void);
// Ends the test as skipped without this program or file.
void netns_need_program(const char *name);
void netns_need_file(const char *path);
// Runs a shell command; the test fails with its text unless it ends with 0.
void netns_sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int netns_sh_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
// What it prints. Caller frees.
char *netns_output(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

// Another network namespace with a process in it that obeys the calls below. Ends with the test.
struct agent {
    pid_t pid;
    int fd;
};
void agent_start(struct agent *a);
void agent_stop(struct agent *a);
void agent_sh(struct agent *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Answers TCP and UDP on that port, both families, with the peer's "ADDRESS PORT".
void agent_serve(struct agent *a, int port);
// Asks such a server, over "tcp" or "udp"; the answer, or "refused", "timeout", "unreachable". The
// result is valid until the next call.
const char *agent_ask(struct agent *a, const char *protocol, const char *address, int port);

struct tap;
// Closes its descriptors before it returns: the interface is gone then.
void netns_close_tap(struct tap *tap);

// Runs fn as a task until it ends, with its own loop.
void run_task(task_fn fn, void *arg);
