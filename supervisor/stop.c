// SPDX-License-Identifier: GPL-2.0-or-later
// The end of a domain: noticing it, bringing it about, cleaning up after it. stop_locked() serves a
// start that failed, a destroy, a guest that powered off and a process that died.
#include "base/file.h"
#include "supervisor/iface.h"
#include "supervisor/internal.h"
#include "supervisor/side.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>

enum {
    END_SEEN_MS = 1000,
    END_POLL_MS = 5,
    TERM_STEP_MS = 50,
    STOPPED_IO_MS = 2000, // for a stopped QEMU's storage
};

// What its end is called when no client asked for it.
static enum domain_move end_of(const struct domain *dom)
{
    if (dom->stop_as != MOVE_NONE)
        return dom->stop_as;
    if (dom->state == DOMAIN_SHUTDOWN)
        return MOVE_STOPPED_SHUTDOWN;
    return MOVE_STOPPED_FAILED;
}

static void run_hook(struct task *t, struct domain *dom, const char *operation)
{
    AUTO_ERROR err = ERROR_INIT;
    if (start_hook(t, dom, operation, "end", &err) < 0)
        log_domain(LOG_LEVEL_WARN, dom->name, "%s", error_message(&err));
}

void stop_locked(struct task *t, struct domain *dom, enum domain_move move)
{
    object_assert_locked(t, &dom->object);
    if (!dom->live)
        return;
    sd_event_source_disable_unref(dom->process_watch);
    dom->process_watch = NULL;
    qmp_close(STEAL(dom->qmp));
    process_close(&dom->process);
    sides_end(t, dom);
    if (!dom->def)
        sides_remove_state(t, dom, dom->live, dom->side_state);
    run_hook(t, dom, "stopped");
    images_hand_back(t, dom, 0);
    iface_unplug_all(t, dom);
    run_hook(t, dom, "release");
    if (dom->granted.n == 0) // else the file is needed until the last one is handed back
        status_remove(dom);
    hotplug_drop_deleted(dom);
    dom->autodestroy = NULL;
    dom->id = -1;
    dom->live->id.set = false; // as libvirt shows it in the event of its end
    domain_move(dom, move);
    object_set_active(&dom->object, false);
    domain_def_destroy(STEAL(dom->live));
    if (!dom->def)
        object_remove(&dom->object);
    completion_post(&dom->ended, 0);
}

static void cleanup_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    // Not domain_lock(): the lock's holder sees the connection end and releases it soon, but a
    // process that is gone must be cleaned up however long that takes.
    if (object_lock_until(t, &dom->object, "clean up", TASK_FOREVER, NULL) < 0)
        return;
    if (dom->live && dom->process_ended)
        stop_locked(t, dom, end_of(dom));
    domain_unlock(dom);
}

static int on_process_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)fd;
    (void)revents;
    struct domain *dom = userdata;
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    process_reap(&dom->process, &dom->exit_status);
    dom->process_ended = true;
    completion_post(&dom->device_deleted, 0);
    if (dom->stop_as == MOVE_NONE && dom->state != DOMAIN_SHUTDOWN) {
        AUTO_FREE char *how = process_status_text(dom->exit_status);
        log_domain(LOG_LEVEL_WARN, dom->name,
                   "its QEMU (pid %d) ended by itself: %s; '%s/%s.log' "
                   "may say why",
                   (int)dom->process.pid, how, dom->all->config.log_dir, dom->name);
    }
    // The monitor's last events may still be on their way: they are read before it is closed.
    task_spawn(dom->all->config.sched, "clean up domain", cleanup_main, domain_ref(dom));
    return 0;
}

int stop_is_unwanted(const struct domain *dom, struct error *err)
{
    if (dom->stop_as == MOVE_NONE)
        return 0;
    return error_set(err, ERROR_OPERATION_ABORTED, AREA_QEMU,
                     "domain '%s' was destroyed while it was started", dom->name);
}

bool stop_is_ending(struct task *t, const struct domain *dom)
{
    uint64_t deadline = task_deadline_ms(END_SEEN_MS);
    while (!dom->process_ended && dom->process.pidfd >= 0) {
        struct pollfd p = {.fd = dom->process.pidfd, .events = POLLIN};
        if (poll(&p, 1, 0) > 0)
            return true;
        if (now_monotonic_us() > deadline || task_sleep(t, task_deadline_ms(END_POLL_MS)) < 0)
            return false;
    }
    return dom->process_ended;
}

int stop_watch(struct domain *dom, struct error *err)
{
    int r = sd_event_add_io(sched_event(dom->all->config.sched), &dom->process_watch,
                            dom->process.pidfd, EPOLLIN, on_process_end, dom);
    // After the monitor's socket, so that a last SHUTDOWN event is seen before the end.
    if (r >= 0)
        r = sd_event_source_set_priority(dom->process_watch, SD_EVENT_PRIORITY_NORMAL + 10);
    if (r < 0)
        return error_set_errno(err, AREA_QEMU, r, "cannot watch the process of domain '%s'",
                               dom->name);
    return stop_is_unwanted(dom, err);
}

// The state of a process or thread in its proc(5) stat file ('R', 'D', 'T', ...); 0: gone.
static char read_state(const char *stat_path)
{
    AUTO_FREE char *stat = NULL;
    if (file_read(stat_path, 4096, &stat, NULL) < 0)
        return 0;
    const char *p = strrchr(stat, ')');
    return p && p[1] ? p[2] : 0;
}

static int has_io(const char *thread, void *arg)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/task/%s/stat", *(const pid_t *)arg, thread);
    return read_state(path) == 'D';
}

// A process that was stopped (SIGSTOP, a debugger) acts on no SIGTERM. One of its threads may still
// wait for storage.
static bool is_stopped(pid_t pid, bool *io)
{
    AUTO_FREE char *stat = xasprintf("/proc/%d/stat", pid);
    AUTO_FREE char *threads = xasprintf("/proc/%d/task", pid);
    char state = read_state(stat);
    *io = dir_each(threads, NULL, has_io, &pid) > 0;
    return state == 'T' || state == 't';
}

// Waits for a process to end after SIGTERM. -ETIMEDOUT also when it is stopped and would not do so.
static int wait_term(struct task *t, struct process *p, uint64_t term_ms)
{
    uint64_t end = task_deadline_ms(term_ms), io_end = task_deadline_ms(STOPPED_IO_MS);
    for (;;) {
        bool io;
        uint64_t step = task_deadline_ms(TERM_STEP_MS);
        int status, r = process_wait(t, p, step < end ? step : end, &status);
        if (r != -ETIMEDOUT || now_monotonic_us() >= end)
            return r;
        if (is_stopped(p->pid, &io) && (!io || now_monotonic_us() >= io_end))
            return r;
    }
}

int stop_process(struct task *t, const struct domain *dom, const struct process *process,
                 const char *what, bool graceful)
{
    const struct domain_timeouts *timeouts = &dom->all->config.timeouts;
    // A second watch on the same descriptor is not possible, so that we wait on a copy.
    struct process p;
    if (process->pidfd < 0 || process_open(process->pid, process->start_time, &p) < 0)
        return 0;
    int status, r = process_kill(&p, SIGTERM);
    uint64_t begin = now_monotonic_us();
    if (r == 0)
        r = wait_term(t, &p, timeouts->term_ms);
    if (r == -ETIMEDOUT && !graceful) {
        log_domain(LOG_LEVEL_WARN, dom->name,
                   "its %s did not end in %ju ms after SIGTERM: killing it", what,
                   (uintmax_t)((now_monotonic_us() - begin) / 1000));
        r = process_kill(&p, SIGKILL);
        if (r == 0)
            r = process_wait(t, &p, task_deadline_ms(timeouts->kill_ms), &status);
    }
    process_close(&p);
    return r == -ESRCH ? 0 : r;
}

int stop_kill(struct task *t, struct domain *dom, bool graceful, struct error *err)
{
    int r = stop_process(t, dom, &dom->process, "QEMU", graceful);
    if (r == 0)
        return 0;
    return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                     "cannot end domain '%s': its QEMU did not end after %s: %s", dom->name,
                     graceful ? "SIGTERM; leave out --graceful to kill it" : "SIGKILL",
                     strerrordesc_np(-r));
}

int domain_destroy(struct task *t, struct domain *dom, unsigned flags, struct error *err)
{
    if (!domain_is_active(dom))
        return domain_not_active(dom, err);
    // No waiting for the lock: the end of its process ends what the lock's holder does with it.
    enum domain_move before = dom->stop_as;
    dom->stop_as = MOVE_STOPPED_DESTROYED;
    if (stop_kill(t, dom, flags & DOMAIN_DESTROY_GRACEFUL, err) < 0) {
        dom->stop_as = before;
        return -1;
    }
    // on_process_end() starts the cleaning up; it is done when `ended` says so.
    int r = completion_wait(t, &dom->ended, task_deadline_ms(dom->all->config.timeouts.lock_ms));
    if (r < 0)
        return error_set_errno(err, AREA_QEMU, r,
                               "domain '%s' was ended, but is not cleaned up yet", dom->name);
    return 0;
}

static void autodestroy_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    AUTO_ERROR err = ERROR_INIT;
    if (domain_destroy(t, dom, 0, &err) < 0)
        log_domain(LOG_LEVEL_ERROR, dom->name, "cannot end it with its client: %s",
                   error_message(&err));
}

void domains_autodestroy(struct domains *all, const void *token)
{
    struct domain *dom;
    OBJECTS_FOREACH(dom, &all->table)
    {
        if (dom->live && dom->autodestroy == token) {
            dom->autodestroy = NULL;
            task_spawn(all->config.sched, "autodestroy", autodestroy_main, domain_ref(dom));
        }
    }
}
