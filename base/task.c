// SPDX-License-Identifier: LGPL-2.1-or-later
// How this works
//
// Every task has its own stack. switch_stack() saves the callee-saved registers on the current
// stack, stores its pointer, loads the other one and returns there: 15 instructions, 27 ns on the
// test machine, where swapcontext() takes 437 ns because it saves the signal mask. Tasks are
// entered only from the loop's stack and suspend only back to it, so there is never more than one
// level.
//
// Waking puts a task on the ready list; an sd-event defer source runs the list. A task is never
// resumed from inside another task or from the code that wakes it, so callers need not expect
// reentry.
#include "base/task.h"
#include "base/alloc.h"
#include "base/str.h"
#include "base/offload.h"
#include "base/work.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
enum { STACK_SIZE = 1024 * 1024 };
#else
enum { STACK_SIZE = 256 * 1024 };
#endif
enum { GUARD_SIZE = 4096, STACKS_KEPT = 64 };

struct context {
#if defined(__x86_64__)
    void *sp;
#else
    ucontext_t uc;
#endif
    void *asan_fake;
    const void *stack_bottom; // of the loop's stack: reported by ASan at the first switch
    size_t stack_size;
};

struct stack {
    struct list link;
    char *map; // guard page first
};

struct sched {
    sd_event *event;
    sd_event_source *run_ready;
    struct task *current;
    struct context loop;
    struct list tasks, ready, stacks;
    size_t ntasks, nstacks;
    struct work_pool *pool;
};

struct task {
    struct sched *sched;
    struct list link;  // in sched->tasks
    struct list ready; // in sched->ready
    const char *name;  // for the debugger
    task_fn fn;
    void *arg;
    struct stack *stack;
    struct context context;
    struct log_fields log;
    sd_event_source *timer; // created at the first wait with a deadline, then kept
    // The current wait: a task is suspended in at most one.
    struct list waiting; // in the waiters of a completion or lock
    int result;
    bool woken;
    bool interruptible; // its deadline and cancellation may wake it
    bool cancelled, ended;
};

#if defined(__x86_64__)
void vireo_switch_stack(void **save, void *load);
void vireo_task_start(void);
__asm__(".text\n"
        ".globl vireo_switch_stack\n"
        ".type vireo_switch_stack,@function\n"
        "vireo_switch_stack:\n"
        "  pushq %rbp\n"
        "  pushq %rbx\n"
        "  pushq %r12\n"
        "  pushq %r13\n"
        "  pushq %r14\n"
        "  pushq %r15\n"
        "  movq %rsp, (%rdi)\n"
        "  movq %rsi, %rsp\n"
        "  popq %r15\n"
        "  popq %r14\n"
        "  popq %r13\n"
        "  popq %r12\n"
        "  popq %rbx\n"
        "  popq %rbp\n"
        "  ret\n"
        ".size vireo_switch_stack,.-vireo_switch_stack\n"
        ".globl vireo_task_start\n"
        ".type vireo_task_start,@function\n"
        "vireo_task_start:\n"
        "  movq %rbx, %rdi\n" // the task, stored by prepare()
        "  call vireo_task_main\n"
        "  ud2\n"
        ".size vireo_task_start,.-vireo_task_start\n");
#endif

static void switch_context(struct context *from, struct context *to, bool from_ends)
{
#ifdef WITH_ASAN
    __sanitizer_start_switch_fiber(from_ends ? NULL : &from->asan_fake, to->stack_bottom,
                                   to->stack_size);
#else
    (void)from_ends;
#endif
#if defined(__x86_64__)
    vireo_switch_stack(&from->sp, to->sp);
#else
    swapcontext(&from->uc, &to->uc);
#endif
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(from->asan_fake, NULL, NULL);
#endif
}

static struct stack *stack_get(struct sched *s)
{
    struct stack *k = LIST_FIRST(&s->stacks, struct stack, link);
    if (k) {
        list_remove(&k->link);
        s->nstacks--;
        return k;
    }
    char *map = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED || mprotect(map, GUARD_SIZE, PROT_NONE) < 0)
        abort(); // out of memory, as in base/alloc.c
    k = NEW(struct stack);
    k->map = map;
    return k;
}

static void stack_free(struct stack *k)
{
    munmap(k->map, GUARD_SIZE + STACK_SIZE);
    free(k);
}

static void stack_put(struct sched *s, struct stack *k)
{
#ifdef WITH_ASAN
    __asan_unpoison_memory_region(k->map + GUARD_SIZE, STACK_SIZE);
#endif
    if (s->nstacks >= STACKS_KEPT) {
        stack_free(k);
        return;
    }
    list_append(&s->stacks, &k->link);
    s->nstacks++;
}

static void task_free(struct task *t)
{
    struct sched *s = t->sched;
    list_remove(&t->link);
    list_remove(&t->ready);
    sd_event_source_disable_unref(t->timer);
    stack_put(s, t->stack);
    s->ntasks--;
    free(t);
}

// Runs t on its stack until it waits or ends. Call only from the loop's stack.
static void enter(struct task *t)
{
    struct sched *s = t->sched;
    const struct log_fields *before = log_swap_fields(&t->log);
    s->current = t;
    switch_context(&s->loop, &t->context, false);
    s->current = NULL;
    log_swap_fields(before);
    if (t->ended)
        task_free(t);
}

// Called from assembly, which -flto doesn't read.
__attribute__((used)) void vireo_task_main(struct task *t);
void vireo_task_main(struct task *t)
{
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(NULL, &t->sched->loop.stack_bottom, &t->sched->loop.stack_size);
#endif
    t->fn(t, t->arg);
    t->ended = true;
    switch_context(&t->context, &t->sched->loop, true);
    __builtin_unreachable();
}

#if defined(__x86_64__)
static void prepare(struct task *t)
{
    // The registers that switch_stack() pops, then its return address. vireo_task_start() needs a
    // stack pointer that is a multiple of 16 for its call.
    void **top = (void **)(void *)(t->stack->map + GUARD_SIZE + STACK_SIZE - 8);
    *--top = NULL; // end of the chain for unwinders
    *--top = (void *)vireo_task_start;
    *--top = NULL; // rbp
    *--top = t;    // rbx
    for (int i = 0; i < 4; i++)
        *--top = NULL; // r12..r15
    t->context.sp = top;
}
#else
static void task_entry(unsigned hi, unsigned lo)
{
    vireo_task_main((struct task *)(((uintptr_t)hi << 32) | lo));
}

static void prepare(struct task *t)
{
    getcontext(&t->context.uc);
    t->context.uc.uc_stack.ss_sp = t->stack->map + GUARD_SIZE;
    t->context.uc.uc_stack.ss_size = STACK_SIZE;
    t->context.uc.uc_link = NULL;
    makecontext(&t->context.uc, (void (*)(void))task_entry, 2, (unsigned)((uintptr_t)t >> 32),
                (unsigned)(uintptr_t)t);
}
#endif

static void make_ready(struct task *t)
{
    struct sched *s = t->sched;
    if (!list_empty(&t->ready))
        return;
    list_append(&s->ready, &t->ready);
    sd_event_source_set_enabled(s->run_ready, SD_EVENT_ON);
}

// Posted here, not in on_prepare(): after a turn in which tasks ran the loop must not block, so
// that a caller that runs it turn by turn sees their results.
static int on_nothing_else(sd_event_source *source, void *userdata)
{
    struct sched *s = userdata;
    if (list_empty(&s->ready))
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return 0;
}

static int on_prepare(sd_event_source *source, void *userdata)
{
    (void)source;
    struct sched *s = userdata;
    // Only those that are ready now: tasks that they wake wait until the loop has checked its other
    // sources.
    struct list batch;
    list_init(&batch);
    while (!list_empty(&s->ready)) {
        struct list *first = s->ready.next;
        list_remove(first);
        list_append(&batch, first);
    }
    while (!list_empty(&batch)) {
        struct task *t = LIST_FIRST(&batch, struct task, ready);
        list_remove(&t->ready);
        enter(t);
    }
    return 0;
}

struct sched *sched_create(sd_event *event)
{
    struct sched *s = NEW(struct sched);
    s->event = sd_event_ref(event);
    list_init(&s->tasks);
    list_init(&s->ready);
    list_init(&s->stacks);
    if (sd_event_add_defer(event, &s->run_ready, on_nothing_else, s) < 0 ||
        sd_event_source_set_prepare(s->run_ready, on_prepare) < 0 ||
        sd_event_source_set_priority(s->run_ready, SD_EVENT_PRIORITY_IDLE) < 0)
        abort();
    sd_event_source_set_enabled(s->run_ready, SD_EVENT_OFF);
    s->pool = work_pool_create(event);
    return s;
}

void sched_destroy(struct sched *s)
{
    if (!s)
        return;
    work_pool_destroy(s->pool);
    struct stack *k, *tmp;
    LIST_FOREACH_SAFE (k, tmp, &s->stacks, link)
        stack_free(k);
    sd_event_source_disable_unref(s->run_ready);
    sd_event_unref(s->event);
    free(s);
}

struct work_pool *sched_work_pool(struct sched *s)
{
    return s->pool;
}

sd_event *sched_event(struct sched *s)
{
    return s->event;
}

size_t sched_count(const struct sched *s)
{
    return s->ntasks;
}

void sched_cancel_all(struct sched *s)
{
    struct task *t;
    LIST_FOREACH (t, &s->tasks, link)
        task_cancel(t);
}

struct task *task_spawn(struct sched *s, const char *name, task_fn fn, void *arg)
{
    struct task *t = NEW(struct task);
    t->sched = s;
    t->name = name;
    t->fn = fn;
    t->arg = arg;
    t->stack = stack_get(s);
    t->context.stack_bottom = t->stack->map + GUARD_SIZE;
    t->context.stack_size = STACK_SIZE;
    if (s->current)
        t->log = s->current->log;
    list_init(&t->ready);
    list_init(&t->waiting);
    list_append(&s->tasks, &t->link);
    s->ntasks++;
    prepare(t);
    if (s->current)
        make_ready(t);
    else
        enter(t); // may have ended: afterwards only compare the pointer
    return t;
}

static void wake(struct task *t, int result)
{
    if (t->woken)
        return;
    t->woken = true;
    t->result = result;
    list_remove(&t->waiting);
    make_ready(t);
}

void task_cancel(struct task *t)
{
    t->cancelled = true;
    if (t->interruptible)
        wake(t, -ECANCELED);
}

bool task_is_cancelled(const struct task *t)
{
    return t->cancelled;
}

struct sched *task_sched(struct task *t)
{
    return t->sched;
}

sd_event *task_event(struct task *t)
{
    return t->sched->event;
}

struct log_fields *task_log_fields(struct task *t)
{
    return &t->log;
}

uint64_t task_deadline_ms(uint64_t from_now_ms)
{
    return now_monotonic_us() + from_now_ms * 1000;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    struct task *t = userdata;
    if (t->interruptible)
        wake(t, -ETIMEDOUT);
    return 0;
}

static int set_timer(struct task *t, uint64_t deadline_us)
{
    if (deadline_us == TASK_FOREVER)
        return 0;
    if (!t->timer)
        return sd_event_add_time(t->sched->event, &t->timer, CLOCK_MONOTONIC, deadline_us, 1,
                                 on_deadline, t);
    int r = sd_event_source_set_time(t->timer, deadline_us);
    return r < 0 ? r : sd_event_source_set_enabled(t->timer, SD_EVENT_ONESHOT);
}

static void switch_out(struct task *t)
{
    switch_context(&t->context, &t->sched->loop, false);
}

// Called before each wait; waiters is the list of tasks that wait for the same object, or NULL.
static void begin_wait(struct task *t, struct list *waiters)
{
    t->woken = false;
    t->result = 0;
    if (waiters)
        list_append(waiters, &t->waiting);
}

// Suspends until wake(t), which may already have been called.
static int wait_for(struct task *t, uint64_t deadline_us)
{
    int r = t->cancelled && !t->woken ? -ECANCELED : set_timer(t, deadline_us);
    if (r < 0) {
        list_remove(&t->waiting);
        return r;
    }
    t->interruptible = true;
    switch_out(t);
    t->interruptible = false;
    if (t->timer)
        sd_event_source_set_enabled(t->timer, SD_EVENT_OFF);
    return t->result;
}

static int on_fd(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)fd;
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    wake(userdata, (int)revents);
    return 0;
}

int task_wait_fd(struct task *t, int fd, uint32_t events, uint64_t deadline_us)
{
    begin_wait(t, NULL);
    sd_event_source *source = NULL;
    int r = sd_event_add_io(t->sched->event, &source, fd, events, on_fd, t);
    if (r < 0)
        return r;
    r = wait_for(t, deadline_us);
    sd_event_source_disable_unref(source);
    return r;
}

int task_sleep(struct task *t, uint64_t deadline_us)
{
    begin_wait(t, NULL);
    int r = wait_for(t, deadline_us);
    return r == -ETIMEDOUT ? 0 : r;
}

int task_yield(struct task *t)
{
    begin_wait(t, NULL);
    wake(t, 0);
    return wait_for(t, TASK_FOREVER);
}

void completion_init(struct completion *c)
{
    *c = (struct completion){0};
    list_init(&c->waiters);
}

void completion_post(struct completion *c, int result)
{
    if (c->done)
        return;
    c->done = true;
    c->result = result;
    while (!list_empty(&c->waiters))
        wake(LIST_FIRST(&c->waiters, struct task, waiting), result);
}

int completion_wait(struct task *t, struct completion *c, uint64_t deadline_us)
{
    if (c->done)
        return c->result;
    begin_wait(t, &c->waiters);
    return wait_for(t, deadline_us);
}

void task_lock_init(struct task_lock *l)
{
    l->owner = NULL;
    list_init(&l->waiters);
}

int task_lock_acquire(struct task *t, struct task_lock *l, uint64_t deadline_us)
{
    if (!l->owner) {
        l->owner = t;
        return 0;
    }
    begin_wait(t, &l->waiters);
    return wait_for(t, deadline_us);
}

// Passes the lock to the first waiter, so that no later caller overtakes it.
void task_lock_release(struct task_lock *l)
{
    struct task *next = LIST_FIRST(&l->waiters, struct task, waiting);
    l->owner = next;
    if (next)
        wake(next, 0);
}

struct offload {
    void (*fn)(void *arg);
    void *arg;
    struct task *task;
};

static void offload_run(void *arg)
{
    struct offload *o = arg;
    o->fn(o->arg);
}

static void offload_done(void *arg)
{
    struct offload *o = arg;
    wake(o->task, 0);
}

void task_offload_for(struct task *t, const void *owner, void (*fn)(void *arg), void *arg)
{
    if (!t) {
        fn(arg);
        return;
    }
    struct offload o = {.fn = fn, .arg = arg, .task = t};
    begin_wait(t, NULL);
    work_pool_submit(t->sched->pool, owner, offload_run, offload_done, &o);
    // Not interruptible: neither deadline nor cancellation wakes it.
    switch_out(t);
}

void task_offload(struct task *t, void (*fn)(void *arg), void *arg)
{
    task_offload_for(t, NULL, fn, arg);
}

void sched_offload(struct sched *s, void (*fn)(void *arg), void *arg)
{
    work_pool_submit(s->pool, NULL, fn, NULL, arg);
}
