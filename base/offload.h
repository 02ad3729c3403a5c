// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls on files that users control: images, sockets and directories of domains and pools. Any of
// them may be on a network file system whose server does not answer, so a call may never return.
#pragma once

#include <stdint.h>
#include "base/task.h"

enum { FOREIGN_FILE_TIMEOUT_MS = 30000 }; // for one step on a user's files

// Runs fn(arg) on a helper thread and waits for it until the deadline. `owner` stands for the
// domain or pool whose file it is: an address that is only compared. The calls of one
// owner are made one after another, in order, and all owners together leave threads to the daemon's
// own files (task_offload()). 0: fn has run, and arg is the caller's again. -ETIMEDOUT, -ECANCELED:
// fn may still run; arg, on the heap, is given to release() on the loop once fn has ended, or at
// once when it never began. Without a task fn is called here.
int task_offload_until(struct task *t, const void *owner, void (*fn)(void *arg),
                       void (*release)(void *arg), void *arg, uint64_t deadline_us);

// The same as task_offload(), bounded for each owner: for work on a pool that may take long.
void task_offload_for(struct task *t, const void *owner, void (*fn)(void *arg), void *arg);
