// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/work.h"
#include "base/alloc.h"
#include "base/list.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

// Closing a tap costs 20 ms in the kernel, and fifty at once in fifty threads little more, so that
// the pool may grow well past the number of processors: its threads wait, they don't compute.
enum { THREADS_MAX = 32 };

struct work_item {
    struct list link;
    void (*fn)(void *arg);
    void (*done)(void *arg);
    void *arg;
};

struct work_pool {
    pthread_mutex_t mutex; // guards what follows, up to `stopping`
    pthread_cond_t wanted;
    struct list queue, finished;
    size_t queued, idle;
    bool stopping;
    pthread_t threads[THREADS_MAX]; // used by the loop only
    size_t nthreads;
    int wake_fd;
    sd_event_source *source;
};

static void *thread_main(void *arg)
{
    struct work_pool *p = arg;
    pthread_mutex_lock(&p->mutex);
    for (;;) {
        while (list_empty(&p->queue) && !p->stopping) {
            p->idle++;
            pthread_cond_wait(&p->wanted, &p->mutex);
            p->idle--;
        }
        struct work_item *item = LIST_FIRST(&p->queue, struct work_item, link);
        if (!item)
            break;
        list_remove(&item->link);
        p->queued--;
        pthread_mutex_unlock(&p->mutex);
        item->fn(item->arg);
        pthread_mutex_lock(&p->mutex);
        list_append(&p->finished, &item->link);
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
    pthread_cond_init(&p->wanted, NULL);
    list_init(&p->queue);
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
    pthread_cond_broadcast(&p->wanted);
    pthread_mutex_unlock(&p->mutex);
    for (size_t i = 0; i < p->nthreads; i++)
        pthread_join(p->threads[i], NULL);
    collect(p);
    sd_event_source_disable_unref(p->source);
    close(p->wake_fd);
    pthread_cond_destroy(&p->wanted);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

static void add_thread(struct work_pool *p)
{
    // Signals are the loop's business.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&p->threads[p->nthreads], NULL, thread_main, p) == 0)
        p->nthreads++;
    else if (p->nthreads == 0)
        abort(); // nobody would ever do the work
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void work_pool_submit(struct work_pool *p, void (*fn)(void *arg), void (*done)(void *arg),
                      void *arg)
{
    struct work_item *item = NEW(struct work_item);
    *item = (struct work_item){.fn = fn, .done = done, .arg = arg};
    pthread_mutex_lock(&p->mutex);
    list_append(&p->queue, &item->link);
    p->queued++;
    bool more = p->queued > p->idle && p->nthreads < THREADS_MAX;
    pthread_cond_signal(&p->wanted);
    pthread_mutex_unlock(&p->mutex);
    if (more)
        add_thread(p);
}
