// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls on files that users control: images, sockets and directories of domains and pools. They may
// be on a network file system whose server does not answer, so a call may never return.
#pragma once

#include <stdint.h>
#include "base/task.h"

enum { FOREIGN_FILE_TIMEOUT_MS = 30000 }; // for one step on user files

// Runs fn(arg) on a helper thread and waits for it until the deadline. `owner` identifies the
// domain or pool of the file: an address that is only compared. Calls of one owner run in order,
// one at a time, and all owners together leave threads for the daemon's own files (task_offload()).
// 0: fn has run, and arg belongs to the caller again. -ETIMEDOUT, -ECANCELED: fn may still run;
// arg, on the heap, is passed to release() on the loop once fn has returned, or at once if it never
// ran. Without a task fn is called directly.
int task_offload_until(struct task *t, const void *owner, void (*fn)(void *arg),
                       void (*release)(void *arg), void *arg, uint64_t deadline_us);

// Like task_offload(), bounded for each owner: for long work on a pool.
void task_offload_for(struct task *t, const void *owner, void (*fn)(void *arg), void *arg);
