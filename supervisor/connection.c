// SPDX-License-Identifier: GPL-2.0-or-later
// The connection to a domain's QEMU: opened at its start, lost, and opened again for as long as the
// process runs. A QEMU that does not answer (stopped by a signal or a debugger, waiting for its
// storage) keeps its domain: until it answers, the domain can only be destroyed.
#include <errno.h>
#include "supervisor/internal.h"

enum {
    RETRY_MAX_MS = 60000, // between two attempts
    RETRY_OPEN_MS = 2000, // for QEMU to greet in all attempts but the first; the lock is held
};

static void retry(struct task *t, struct domain *dom, uint64_t delay_ms);

static void retry_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    retry(t, dom, 0);
}

static void retry_later_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    retry(t, dom, dom->all->config.timeouts.retry_ms);
}

static void spawn_retry(struct domain *dom, task_fn fn)
{
    if (dom->retrying_id == dom->id)
        return;
    dom->retrying_id = dom->id;
    task_spawn(dom->all->config.sched, "reconnect to domain", fn, domain_ref(dom));
}

static void on_closed(struct qmp *q, const struct error *reason, void *userdata)
{
    struct domain *dom = userdata;
    // The task that starts or ends the domain sees it as well.
    if (q != dom->qmp || !dom->live || dom->process_ended || dom->stop_as != MOVE_NONE)
        return;
    log_domain(LOG_LEVEL_DEBUG, dom->name, "QMP connection closed: %s", error_message(reason));
    spawn_retry(dom, retry_main);
}

static const struct qmp_handlers handlers = {.event = events_on_qmp, .closed = on_closed};

int connection_open(struct task *t, struct domain *dom, uint64_t timeout_ms, struct error *err)
{
    object_assert_locked(t, &dom->object);
    AUTO_FREE char *path = status_monitor_path(dom);
    AUTO_FREE char *name = xasprintf("domain '%s'", dom->name);
    struct qmp_spec spec = {.name = name,
                            .path = path,
                            .fd = -1,
                            .handlers = &handlers,
                            .userdata = dom,
                            .deadline_us = task_deadline_ms(timeout_ms)};
    return qmp_open(t, &spec, &dom->qmp, err);
}

int connection_restore(struct task *t, struct domain *dom, uint64_t timeout_ms, struct error *err)
{
    object_assert_locked(t, &dom->object);
    qmp_close(STEAL(dom->qmp));
    if ((!dom->process_watch && stop_watch(dom, err) < 0) ||
        connection_open(t, dom, timeout_ms, err) < 0)
        return -1;
    if (events_resync(t, dom, err) < 0) {
        qmp_close(STEAL(dom->qmp));
        return -1;
    }
    if (dom->adopting)
        adopt_finish(t, dom);
    return 0;
}

void connection_retry_later(struct domain *dom)
{
    spawn_retry(dom, retry_later_main);
}

// One attempt. Whether there is nothing left to do.
static bool attempt(struct task *t, struct domain *dom, int id, uint64_t timeout_ms,
                    struct error *err)
{
    if (domain_lock(t, dom, "reconnect to", err) < 0)
        return false;
    bool over = dom->id != id || dom->process_ended || (dom->qmp && qmp_is_open(dom->qmp));
    if (!over)
        over = connection_restore(t, dom, timeout_ms, err) == 0 || stop_is_ending(t, dom);
    domain_unlock(dom);
    return over;
}

static void retry(struct task *t, struct domain *dom, uint64_t delay_ms)
{
    const struct domain_timeouts *timeouts = &dom->all->config.timeouts;
    uint64_t open_ms = delay_ms ? RETRY_OPEN_MS : timeouts->reconnect_ms;
    bool reported = delay_ms > 0;
    int id = dom->id;
    for (;;) {
        AUTO_ERROR err = ERROR_INIT;
        if (delay_ms && completion_wait(t, &dom->ended, task_deadline_ms(delay_ms)) != -ETIMEDOUT)
            break; // the domain ended, or the daemon does
        if (attempt(t, dom, id, open_ms, &err) || task_is_cancelled(t))
            break;
        if (!reported)
            log_domain(LOG_LEVEL_ERROR, dom->name,
                       "lost the QMP connection: %s; the domain keeps running and can only be "
                       "destroyed until its QEMU answers",
                       error_message(&err));
        reported = true;
        open_ms = timeouts->reconnect_ms < RETRY_OPEN_MS ? timeouts->reconnect_ms : RETRY_OPEN_MS;
        delay_ms = delay_ms ? delay_ms * 2 : timeouts->retry_ms;
        delay_ms = delay_ms < RETRY_MAX_MS ? delay_ms : RETRY_MAX_MS;
    }
    if (reported && dom->id == id && dom->qmp)
        log_domain(LOG_LEVEL_INFO, dom->name, "connected to its QEMU again");
    if (dom->retrying_id == id)
        dom->retrying_id = 0;
}
