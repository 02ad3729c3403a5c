// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a test function as a task on a loop of its own.
#pragma once

#include <signal.h>
#include <systemd/sd-event.h>
#include "base/task.h"
#include "tests/check.h"

// Runs fn until every task has ended; fails when a task is still waiting after a minute.
static inline void loop_run(void (*fn)(struct task *t, void *arg), void *arg)
{
    signal(SIGPIPE, SIG_IGN);
    sd_event *event;
    CHECK(sd_event_new(&event) >= 0);
    struct sched *s = sched_create(event);
    task_spawn(s, "test", fn, arg);
    while (sched_count(s) > 0) {
        int r = sd_event_run(event, 60 * 1000000ull);
        CHECK(r > 0);
    }
    sched_destroy(s);
    sd_event_unref(event);
}
