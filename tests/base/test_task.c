// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/offload.h"
#include "base/str.h"
#include "tests/loop.h"

struct order {
    char text[64];
    struct completion *c;
    struct task_lock *lock;
    int result;
};

static void add(struct order *o, const char *what)
{
    strcat(o->text, what);
}

static void child_task(struct task *t, void *arg)
{
    struct order *o = arg;
    add(o, "b");
    o->result = completion_wait(t, o->c, TASK_FOREVER);
    add(o, "d");
}

static void run_completion(struct task *t, void *arg)
{
    (void)arg;
    struct completion c;
    completion_init(&c);
    struct order o = {.c = &c};
    task_spawn(task_sched(t), "child", child_task, &o);
    add(&o, "a"); // a task spawned by a task runs after the current batch
    CHECK_INT(task_yield(t), 0);
    add(&o, "c");
    completion_post(&c, 42);
    completion_post(&c, 43);
    CHECK_INT(task_yield(t), 0);
    CHECK_STR(o.text, "abcd");
    CHECK_INT(o.result, 42);
    CHECK_INT(completion_wait(t, &c, TASK_FOREVER), 42);
}

static void test_completion(void)
{
    loop_run(run_completion, NULL);
}

static void run_deadlines(struct task *t, void *arg)
{
    (void)arg;
    struct completion c;
    completion_init(&c);
    uint64_t before = now_monotonic_us();
    CHECK_INT(completion_wait(t, &c, task_deadline_ms(20)), -ETIMEDOUT);
    CHECK(now_monotonic_us() - before >= 20000);
    CHECK(list_empty(&c.waiters));
    CHECK_INT(completion_wait(t, &c, 1), -ETIMEDOUT); // already expired
    CHECK_INT(task_sleep(t, task_deadline_ms(1)), 0);

    int fds[2];
    CHECK_INT(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    CHECK_INT(task_wait_fd(t, fds[0], EPOLLIN, task_deadline_ms(5)), -ETIMEDOUT);
    CHECK_INT(write(fds[1], "x", 1), 1);
    CHECK_INT(task_wait_fd(t, fds[0], EPOLLIN, TASK_FOREVER), EPOLLIN);
    close(fds[1]);
    close(fds[0]);
    CHECK_INT(task_wait_fd(t, fds[0], EPOLLIN, TASK_FOREVER), -EBADF);
}

static void test_deadlines(void)
{
    loop_run(run_deadlines, NULL);
}

static void waits_for_lock(struct task *t, void *arg)
{
    struct order *o = arg;
    int r = task_lock_acquire(t, o->lock, TASK_FOREVER);
    add(o, r == 0 ? "l" : "x");
    task_yield(t);
    if (r == 0)
        task_lock_release(o->lock);
}

static void waits_briefly(struct task *t, void *arg)
{
    struct order *o = arg;
    o->result = task_lock_acquire(t, o->lock, task_deadline_ms(1));
    add(o, "t");
}

static void run_lock(struct task *t, void *arg)
{
    (void)arg;
    struct task_lock lock;
    task_lock_init(&lock);
    struct order o = {.lock = &lock};
    CHECK_INT(task_lock_acquire(t, &lock, TASK_FOREVER), 0);
    task_spawn(task_sched(t), "1", waits_for_lock, &o);
    task_spawn(task_sched(t), "2", waits_briefly, &o);
    struct task *third = task_spawn(task_sched(t), "3", waits_for_lock, &o);
    task_spawn(task_sched(t), "4", waits_for_lock, &o);
    task_sleep(t, task_deadline_ms(10));
    CHECK_STR(o.text, "t");
    CHECK_INT(o.result, -ETIMEDOUT);
    task_cancel(third);
    task_lock_release(&lock);
    // Passed to the first waiter: a later caller comes after it.
    CHECK_INT(task_lock_acquire(t, &lock, TASK_FOREVER), 0);
    CHECK_STR(o.text, "txll");
    task_lock_release(&lock);
}

static void test_lock(void)
{
    loop_run(run_lock, NULL);
}

static void blocks(void *arg)
{
    int *n = arg;
    usleep(20000);
    *n += 1;
}

struct count {
    int n;
    bool stop, stopped;
};

static void counts(struct task *t, void *arg)
{
    struct count *c = arg;
    while (!c->stop) {
        c->n++;
        task_yield(t);
    }
    c->stopped = true;
}

static void run_offload(struct task *t, void *arg)
{
    (void)arg;
    struct count c = {0};
    task_spawn(task_sched(t), "counts", counts, &c);
    int done = 0;
    task_offload(t, blocks, &done);
    CHECK_INT(done, 1);
    CHECK(c.n > 10); // others ran meanwhile
    task_cancel(t);
    task_offload(t, blocks, &done); // not interrupted
    CHECK_INT(done, 2);
    CHECK_INT(task_sleep(t, task_deadline_ms(1000)), -ECANCELED);
    c.stop = true;
    while (!c.stopped)
        task_yield(t);
}

static void test_offload(void)
{
    loop_run(run_offload, NULL);
}

// A call that returns when its pipe is closed, like one on a file system whose server hangs.
struct hanging {
    int fds[2];
    int *released;
    bool ran;
};

static struct hanging *hanging_create(int *released)
{
    struct hanging *h = NEW(struct hanging);
    h->released = released;
    CHECK_INT(pipe2(h->fds, O_CLOEXEC), 0);
    return h;
}

static void hangs(void *arg)
{
    struct hanging *h = arg;
    char c;
    h->ran = true;
    CHECK_INT(read(h->fds[0], &c, 1), 0);
}

static void hanging_release(void *arg)
{
    struct hanging *h = arg;
    ++*h->released;
    close(h->fds[0]);
    free(h);
}

static void run_offload_until(struct task *t, void *arg)
{
    (void)arg;
    enum { OWNERS = 30, CALLS = 3 };
    static const char owners[OWNERS];
    int released = 0, done = 0, write_ends[OWNERS * CALLS];
    // The first call of each owner hangs until its deadline, which has then passed for those behind
    // it.
    uint64_t deadline = task_deadline_ms(20);
    for (int i = 0; i < OWNERS * CALLS; i++) {
        struct hanging *h = hanging_create(&released);
        write_ends[i] = h->fds[1];
        CHECK_INT(task_offload_until(t, &owners[i / CALLS], hangs, hanging_release, h, deadline),
                  -ETIMEDOUT);
    }
    // At most two calls of each owner, and a limit of all, have begun; the others were released at
    // once.
    int hanging = OWNERS * CALLS - released;
    CHECK(hanging >= 1 && hanging <= OWNERS);
    task_offload(t, blocks, &done); // daemon work still has threads
    CHECK_INT(done, 1);
    for (int i = 0; i < OWNERS * CALLS; i++)
        close(write_ends[i]);
    while (released < OWNERS * CALLS)
        CHECK_INT(task_sleep(t, task_deadline_ms(1)), 0);
    // The argument of a call that ends in time belongs to the caller again.
    struct hanging *h = hanging_create(&released);
    close(h->fds[1]);
    CHECK_INT(task_offload_until(t, owners, hangs, hanging_release, h, TASK_FOREVER), 0);
    CHECK(h->ran);
    hanging_release(h);
    task_cancel(t);
    h = hanging_create(&released);
    int write_end = h->fds[1];
    CHECK_INT(task_offload_until(t, owners, hangs, hanging_release, h, TASK_FOREVER), -ECANCELED);
    close(write_end);
    while (released < OWNERS * CALLS + 2)
        task_yield(t);
}

static void test_offload_until(void)
{
    loop_run(run_offload_until, NULL);
}

static int use_stack(int depth)
{
    volatile char buf[512];
    memset((char *)buf, depth, sizeof(buf));
    return depth ? buf[0] * 0 + use_stack(depth - 1) + 1 : 0;
}

static void many_child(struct task *t, void *arg)
{
    int *left = arg;
    CHECK_INT(use_stack(100), 100);
    task_yield(t);
    CHECK_INT(use_stack(100), 100);
    task_sleep(t, task_deadline_ms(1));
    (*left)--;
}

static void run_many(struct task *t, void *arg)
{
    (void)arg;
    int left = 2000;
    for (int i = 0; i < 2000; i++)
        task_spawn(task_sched(t), "one of many", many_child, &left);
    while (left > 0)
        CHECK_INT(task_sleep(t, task_deadline_ms(1)), 0);
}

static void test_many(void)
{
    loop_run(run_many, NULL);
}

static void forever(struct task *t, void *arg)
{
    *(int *)arg = task_sleep(t, TASK_FOREVER);
}

static void test_cancel_all(void)
{
    sd_event *event;
    CHECK(sd_event_new(&event) >= 0);
    struct sched *s = sched_create(event);
    int result = 0;
    task_spawn(s, "forever", forever, &result);
    CHECK_INT(sched_count(s), 1);
    sched_cancel_all(s);
    while (sched_count(s) > 0)
        CHECK(sd_event_run(event, 1000000) > 0);
    CHECK_INT(result, -ECANCELED);
    sched_destroy(s);
    sd_event_unref(event);
}

int main(void)
{
    RUN(test_completion);
    RUN(test_deadlines);
    RUN(test_lock);
    RUN(test_offload);
    RUN(test_offload_until);
    RUN(test_many);
    RUN(test_cancel_all);
    return 0;
}
