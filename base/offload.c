// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/offload.h"
#include "base/alloc.h"
#include "base/work.h"

struct foreign_call {
    void (*fn)(void *arg);
    void (*release)(void *arg);
    void *arg;
    struct completion ended;
    bool abandoned;
};

static void call_run(void *arg)
{
    struct foreign_call *c = arg;
    c->fn(c->arg);
}

static void call_ended(void *arg)
{
    struct foreign_call *c = arg;
    completion_post(&c->ended, 0);
    if (c->abandoned) {
        c->release(c->arg);
        free(c);
    }
}

int task_offload_until(struct task *t, const void *owner, void (*fn)(void *arg),
                       void (*release)(void *arg), void *arg, uint64_t deadline_us)
{
    if (!t) {
        fn(arg);
        return 0;
    }
    struct foreign_call *c = NEW(struct foreign_call);
    *c = (struct foreign_call){.fn = fn, .release = release, .arg = arg};
    completion_init(&c->ended);
    struct work_pool *pool = sched_work_pool(task_sched(t));
    struct work_item *item = work_pool_submit(pool, owner, call_run, call_ended, c);
    int r = completion_wait(t, &c->ended, deadline_us);
    if (c->ended.done) {
        free(c);
        return 0;
    }
    if (work_pool_withdraw(pool, item)) {
        release(arg);
        free(c);
    } else {
        c->abandoned = true;
    }
    return r;
}
