// SPDX-License-Identifier: LGPL-2.1-or-later
// Tasks: work that waits, written as one function from top to bottom.
//
// A task is a stackful coroutine on the one thread that runs the sd-event loop. It runs until it
// waits in one of the primitives below (or ends); then the loop goes on. A function that may
// suspend takes `struct task *` first, and after it returns the world may have changed: look things
// up again. Deadlines are absolute, in microseconds of CLOCK_MONOTONIC (task_deadline_ms()), or
// TASK_FOREVER.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>
#include "base/list.h"
#include "base/log.h"

struct sched;
struct task;
struct work_pool;
typedef void (*task_fn)(struct task *t, void *arg);

#define TASK_FOREVER UINT64_MAX

// The loop's tasks. All of them must have ended before destroy (see sched_cancel_all()).
struct sched *sched_create(sd_event *event);
void sched_destroy(struct sched *s);
sd_event *sched_event(struct sched *s);
struct work_pool *sched_work_pool(struct sched *s); // borrowed; for base/offload.c
// Number of tasks that have not ended.
size_t sched_count(const struct sched *s);
// Cancels every task. Run the loop until sched_count() is 0.
void sched_cancel_all(struct sched *s);

// Starts fn as a task of its own. Called from the loop it runs at once, up to its first wait;
// called from a task it runs once that task waits. `name` is for logs and must outlive the task.
// Fields for the log are copied from the caller's task, if any.
struct task *task_spawn(struct sched *s, const char *name, task_fn fn, void *arg);
// Every wait of t from now on, the one under way included, returns -ECANCELED.
void task_cancel(struct task *t);
// Whether that was done: what failed then may be no fault of what was waited for.
bool task_is_cancelled(const struct task *t);

struct sched *task_sched(struct task *t);
sd_event *task_event(struct task *t);
// Fields put on log lines written while t runs. The strings are borrowed.
struct log_fields *task_log_fields(struct task *t);
uint64_t task_deadline_ms(uint64_t from_now_ms);

// The primitives. All return -ETIMEDOUT at the deadline, -ECANCELED when cancelled.

// Waits for EPOLLIN/EPOLLOUT/...; returns the events seen (> 0).
int task_wait_fd(struct task *t, int fd, uint32_t events, uint64_t deadline_us);
int task_sleep(struct task *t, uint64_t deadline_us); // 0
// Lets everything else that is ready go first. Long computations call it now and then.
int task_yield(struct task *t); // 0

// Something that happens once, for any number of waiters.
struct completion {
    bool done;
    int result;
    struct list waiters;
};
void completion_init(struct completion *c);
void completion_post(struct completion *c, int result); // further posts change nothing
// The posted result, at once when it is there already.
int completion_wait(struct task *t, struct completion *c, uint64_t deadline_us);

// A first-come-first-served lock between tasks.
struct task_lock {
    struct task *owner;
    struct list waiters;
};
void task_lock_init(struct task_lock *l);
int task_lock_acquire(struct task *t, struct task_lock *l, uint64_t deadline_us); // 0
void task_lock_release(struct task_lock *l);

// Runs fn(arg) on a helper thread and waits for it to end: for calls that block (fsync, closing a
// tap). For calls on users' files see base/offload.h. fn touches nothing but arg. Neither deadline
// nor cancellation cut it short, as arg is often on the caller's stack. Without a task (at
// start-up, before the loop runs) fn is called here.
void task_offload(struct task *t, void (*fn)(void *arg), void *arg);
// The same without waiting; `arg` belongs to fn from here on.
void sched_offload(struct sched *s, void (*fn)(void *arg), void *arg);
