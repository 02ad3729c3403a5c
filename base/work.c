// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/work.h"
#include "base/alloc.h"
#include "base/list.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

// Closing a tap blocks for 20 ms in the kernel, and fifty at once in fifty threads little longer,
// so the pool may grow far beyond the number of processors: its threads wait, they don't compute.
enum { THREADS_MAX = 96, FOREIGN_THREADS_MAX = 64 };

struct work_item {
    struct list link;
    const void *owner; // NULL: daemon work
    void (*fn)(void *arg);
    void (*done)(void *arg);
    void *arg;
};

struct work_pool {
    pthread_mutex_t mutex; // protects the members up to `stopping`
    pthread_cond_t changed;
    struct list queue, running, finished;
    size_t queued, idle;
    bool stopping;
    pthread_t threads[THREADS_MAX]; // used by the loop only
    size_t nthreads;
    int wake_fd;
    sd_event_source *source;
};

static size_t count_running(const struct work_pool *p, const void *owner)
{
    size_t n = 0;
    struct work_item *item;
    LIST_FOREACH (item, &p->running, link)
        n += owner ? item->owner == owner : item->owner != NULL;
    return n;
}

// The first item that may run.
static struct work_item *next_item(const struct work_pool *p)
{
    size_t foreign = count_running(p, NULL);
    struct work_item *item;
    LIST_FOREACH (item, &p->queue, link) {
        if (!item->owner || (foreign < FOREIGN_THREADS_MAX && count_running(p, item->owner) == 0))
            return item;
    }
    return NULL;
}

// Whether a thread runs daemon work.
static bool own_is_running(const struct work_pool *p)
{
    struct work_item *item;
    LIST_FOREACH (item, &p->running, link) {
        if (!item->owner)
            return true;
    }
    return false;
}

static void move(struct work_item *item, struct list *to)
{
    list_remove(&item->link);
    list_append(to, &item->link);
}

static void *thread_main(void *arg)
{
    struct work_pool *p = arg;
    pthread_mutex_lock(&p->mutex);
    for (;;) {
        struct work_item *item;
        while (!(item = next_item(p)) && !p->stopping) {
            p->idle++;
            pthread_cond_wait(&p->changed, &p->mutex);
            p->idle--;
        }
        if (!item)
            break;
        move(item, &p->running);
        p->queued--;
        pthread_mutex_unlock(&p->mutex);
        item->fn(item->arg);
        pthread_mutex_lock(&p->mutex);
        move(item, &p->finished);
        // An item of the same owner may wait for this one, and work_pool_destroy() may.
        pthread_cond_broadcast(&p->changed);
        eventfd_write(p->wake_fd, 1);
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

static void collect(struct work_pool *p)
{
    for (;;) {
        pthread_mutex_lock(&p->mutex);
        struct work_item *item = LIST_FIRST(&p->finished, struct work_item, link);
        if (item)
            list_remove(&item->link);
        pthread_mutex_unlock(&p->mutex);
        if (!item)
            return;
        if (item->done)
            item->done(item->arg);
        free(item);
    }
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source;
    (void)revents;
    eventfd_t n;
    eventfd_read(fd, &n);
    collect(userdata);
    return 0;
}

struct work_pool *work_pool_create(sd_event *event)
{
    struct work_pool *p = NEW(struct work_pool);
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->changed, NULL);
    list_init(&p->queue);
    list_init(&p->running);
    list_init(&p->finished);
    p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->wake_fd < 0 || sd_event_add_io(event, &p->source, p->wake_fd, EPOLLIN, on_wake, p) < 0)
        abort(); // no descriptors at start-up
    return p;
}

void work_pool_destroy(struct work_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    p->stopping = true;
    pthread_cond_broadcast(&p->changed);
    while (!list_empty(&p->queue) || own_is_running(p))
        pthread_cond_wait(&p->changed, &p->mutex);
    bool hanging = !list_empty(&p->running);
    pthread_mutex_unlock(&p->mutex);
    collect(p);
    sd_event_source_disable_unref(p->source);
    if (hanging) {
        for (size_t i = 0; i < p->nthreads; i++)
            pthread_detach(p->threads[i]); // they use p until the process exits
        return;
    }
    for (size_t i = 0; i < p->nthreads; i++)
        pthread_join(p->threads[i], NULL);
    close(p->wake_fd);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

static void add_thread(struct work_pool *p)
{
    // Only the loop handles signals.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&p->threads[p->nthreads], NULL, thread_main, p) == 0)
        p->nthreads++;
    else if (p->nthreads == 0)
        abort(); // no thread would run the work
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct work_item *work_pool_submit(struct work_pool *p, const void *owner, void (*fn)(void *arg),
                                   void (*done)(void *arg), void *arg)
{
    struct work_item *item = NEW(struct work_item);
    *item = (struct work_item){.owner = owner, .fn = fn, .done = done, .arg = arg};
    pthread_mutex_lock(&p->mutex);
    list_append(&p->queue, &item->link);
    p->queued++;
    bool more = p->queued > p->idle && p->nthreads < THREADS_MAX && next_item(p);
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->mutex);
    if (more)
        add_thread(p);
    return item;
}

bool work_pool_withdraw(struct work_pool *p, struct work_item *item)
{
    bool queued = false;
    struct work_item *it;
    pthread_mutex_lock(&p->mutex);
    LIST_FOREACH (it, &p->queue, link)
        queued |= it == item;
    if (queued) {
        list_remove(&item->link);
        p->queued--;
    }
    pthread_mutex_unlock(&p->mutex);
    if (queued)
        free(item);
    return queued;
}
