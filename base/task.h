// SPDX-License-Identifier: LGPL-2.1-or-later
// Tasks: work that waits, as one function from top to bottom.
//
// A task is a stackful coroutine on the thread that runs the sd-event loop. It runs until it waits
// in one of the primitives below or ends; then the loop continues. A function that may suspend
// takes `struct task *` first; after it returns any state may have changed: look objects up again.
// Deadlines are absolute, in microseconds of CLOCK_MONOTONIC (task_deadline_ms()), or TASK_FOREVER.
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

// The tasks of a loop. All must have ended before destroy (see sched_cancel_all()).
struct sched *sched_create(sd_event *event);
void sched_destroy(struct sched *s);
sd_event *sched_event(struct sched *s);
struct work_pool *sched_work_pool(struct sched *s); // borrowed; for base/offload.c
// Number of tasks that have not ended.
size_t sched_count(const struct sched *s);
// Cancels every task. Run the loop until sched_count() is 0.
void sched_cancel_all(struct sched *s);

// Starts fn as a task. Called from the loop, it runs at once up to its first wait; called from a
// task, it runs when that task waits. `name` is for logs and must outlive the task. Log fields are
// copied from the calling task, if any.
struct task *task_spawn(struct sched *s, const char *name, task_fn fn, void *arg);
// Makes every wait of t, the current one included, return -ECANCELED.
void task_cancel(struct task *t);
// Whether t was cancelled: a failure may then have no other cause.
bool task_is_cancelled(const struct task *t);

struct sched *task_sched(struct task *t);
sd_event *task_event(struct task *t);
// Fields of log lines written while t runs. The strings are borrowed.
struct log_fields *task_log_fields(struct task *t);
uint64_t task_deadline_ms(uint64_t from_now_ms);

// The primitives return -ETIMEDOUT at the deadline and -ECANCELED when cancelled.

// Waits for EPOLLIN/EPOLLOUT/...; returns the events seen (> 0).
int task_wait_fd(struct task *t, int fd, uint32_t events, uint64_t deadline_us);
int task_sleep(struct task *t, uint64_t deadline_us); // 0
// Lets all other ready tasks and sources run. For long computations.
int task_yield(struct task *t); // 0

// An event that happens once, with any number of waiters.
struct completion {
    bool done;
    int result;
    struct list waiters;
};
void completion_init(struct completion *c);
void completion_post(struct completion *c, int result); // later posts have no effect
// The posted result; returns at once if it was posted before.
int completion_wait(struct task *t, struct completion *c, uint64_t deadline_us);

// A lock between tasks, in order of arrival.
struct task_lock {
    struct task *owner;
    struct list waiters;
};
void task_lock_init(struct task_lock *l);
int task_lock_acquire(struct task *t, struct task_lock *l, uint64_t deadline_us); // 0
void task_lock_release(struct task_lock *l);

// Runs fn(arg) on a helper thread and waits for its end: for calls that block (fsync, closing a
// tap). For calls on user files see base/offload.h. fn uses nothing but arg. Neither deadline nor
// cancellation interrupt it, as arg is often on the caller's stack. Without a task (at start,
// before the loop runs) fn is called directly.
void task_offload(struct task *t, void (*fn)(void *arg), void *arg);
// The same without waiting; `arg` belongs to fn.
void sched_offload(struct sched *s, void (*fn)(void *arg), void *arg);
