// SPDX-License-Identifier: GPL-2.0-or-later
// A file with the number of a process, which keeps it locked until it ends.
//
// The file is opened and locked (flock) before fork() and the descriptor stays open in the child.
// So the process runs exactly while the file is locked, at any instant, also between fork() and the
// first status file that has its number. The child writes the number before its program.
#pragma once

#include "base/child.h"

// Opens and locks it for a new process. -EWOULDBLOCK: the process of an earlier start runs.
int pid_file_lock(const char *path, int *fd);
// Writes the number of this process; for child_spec.setup().
int pid_file_write(int fd);
// The process that holds it: 0 with *ret, -ESRCH when none does, -EAGAIN when its number is not
// written yet. `known`: its pid and start time as far as they were recorded.
int pid_file_find(const char *path, const struct process *known, struct process *ret);
// The same, but waits a moment for the number.
int pid_file_wait(struct task *t, const char *path, const struct process *known,
                  struct process *ret);
