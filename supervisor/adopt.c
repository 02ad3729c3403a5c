// SPDX-License-Identifier: GPL-2.0-or-later
// Finding running guests again after the daemon ended in whatever way. Start-up after a crash and
// after a boot are the same: what has a status file and a live process is taken over, the rest is
// cleaned up.
#include "base/file.h"
#include "supervisor/iface.h"
#include "supervisor/internal.h"
#include "supervisor/pid_file.h"
#include "supervisor/side.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

// The daemon may have ended between fork() and the child's writing of its number: the lock is held,
// the number comes within microseconds.
static int find_process(struct task *t, struct domain *dom)
{
    AUTO_FREE char *path = status_pid_path(dom);
    struct process known = dom->process;
    dom->process = PROCESS_NONE;
    return pid_file_wait(t, path, &known, &dom->process);
}

// Ends what cannot be kept.
static void end(struct task *t, struct domain *dom, enum domain_move move)
{
    dom->stop_as = dom->stop_as ? dom->stop_as : move;
    if (stop_kill(t, dom, false, NULL) < 0)
        process_kill(&dom->process, SIGKILL);
    stop_locked(t, dom, dom->stop_as);
}

void adopt_finish(struct task *t, struct domain *dom)
{
    object_assert_locked(t, &dom->object);
    AUTO_ERROR err = ERROR_INIT;
    dom->adopting = false;
    iface_replug_all(t, dom);
    macvtap_unwant_unused(dom);
    if (start_hook(t, dom, "reconnect", "begin", &err) < 0)
        log_domain(LOG_LEVEL_WARN, dom->name, "%s", error_message(&err));
    log_domain(LOG_LEVEL_INFO, dom->name, "taken over: id %d, pid %d", dom->id,
               (int)dom->process.pid);
    (void)status_save(dom, NULL);
}

static void take_over(struct task *t, struct domain *dom)
{
    AUTO_ERROR err = ERROR_INIT;
    // A cancelled attempt is the next daemon's to repeat.
    if (connection_restore(t, dom, dom->all->config.timeouts.adopt_ms, &err) == 0 ||
        task_is_cancelled(t))
        return;
    // A destroy that came before its process was known has ended nothing.
    if (dom->stop_as != MOVE_NONE || stop_is_ending(t, dom)) {
        end(t, dom, MOVE_STOPPED_LOST);
        return;
    }
    log_domain(LOG_LEVEL_ERROR, dom->name,
               "cannot take it over yet: %s; the domain keeps running and can only be destroyed "
               "until its QEMU answers",
               error_message(&err));
    connection_retry_later(dom);
}

static void adopt_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    AUTO_ERROR err = ERROR_INIT;
    // Started from the loop this runs at once, so that no client can change the domain before its
    // state is known; meanwhile it is listed and its last state reported.
    if (domain_lock(t, dom, "take over", &err) < 0)
        return;
    int r = find_process(t, dom);
    sides_adopt(t, dom, r == 0);
    if (r < 0 && task_is_cancelled(t)) {
        domain_unlock(dom); // the next daemon will see
        return;
    }
    if (r < 0) {
        bool unfinished = dom->reason == MOVE_NONE || dom->reason == MOVE_LAUNCHED;
        log_domain(LOG_LEVEL_WARN, dom->name, "it ended while no daemon was running");
        stop_locked(t, dom, unfinished ? MOVE_STOPPED_START_FAILED : MOVE_STOPPED_LOST);
        domain_unlock(dom);
        return;
    }
    if (dom->reason == MOVE_NONE)
        domain_move(dom, MOVE_LAUNCHED);
    if (dom->reason == MOVE_LAUNCHED) {
        // No client has got an answer to its start: it must not run unnoticed.
        log_domain(LOG_LEVEL_WARN, dom->name, "its start was cut off: ending it");
        end(t, dom, MOVE_STOPPED_START_FAILED);
    } else {
        take_over(t, dom);
    }
    domain_unlock(dom);
}

static struct domain *place(struct domains *all, struct status *s)
{
    struct domain *dom = domains_find_uuid(all, &s->def->uuid.value);
    if (!dom)
        dom = (struct domain *)object_add(&all->table, s->def->name, &s->def->uuid.value);
    dom->process = (struct process){.pid = s->pid, .start_time = s->start_time, .pidfd = -1};
    dom->live = STEAL(s->def);
    dom->granted = s->granted;
    s->granted = (struct granted_list){0};
    dom->macvtaps = s->macvtaps;
    s->macvtaps = (struct domain_macvtap_list){0};
    dom->sides = s->sides;
    s->sides = (struct side_list){0};
    dom->side_state = s->side_state;
    dom->id = s->id;
    dom->adopting = true;
    dom->live->id = OPT_UINT((uint64_t)s->id);
    dom->state = s->reason == MOVE_NONE ? DOMAIN_SHUTOFF : s->state;
    dom->reason = s->reason;
    if (s->id >= all->next_id)
        all->next_id = s->id + 1;
    object_set_active(&dom->object, true);
    return dom;
}

// Whether another guest has its name or uuid: only a file that was tampered with says so.
static bool is_taken(struct domains *all, const struct status *s)
{
    struct domain *dom = domains_find_uuid(all, &s->def->uuid.value);
    return dom ? dom->live || !str_eq(dom->name, s->def->name)
               : domains_find_name(all, s->def->name) != NULL;
}

static int adopt_one(struct object_table *table, const char *file, const char *text, size_t len,
                     struct error *err)
{
    struct domains *all = (struct domains *)table;
    struct status s = {0};
    if (status_parse(text, len, &s, err) < 0)
        return -1;
    int r = objects_check_status_name(table, file, s.def->name, err);
    if (r == 0 && is_taken(all, &s))
        r = error_set(err, ERROR_XML, AREA_XML, "another domain has its name or its uuid");
    if (r == 0)
        task_spawn(table->sched, "take over domain", adopt_main, domain_ref(place(all, &s)));
    status_finish(&s);
    return r;
}

void domains_load(struct domains *all)
{
    objects_load(&all->table);
    status_sweep(all->config.run_dir);
    objects_load_status(&all->table, adopt_one);
}

void domains_autostart(struct domains *all)
{
    objects_autostart(&all->table, NULL);
}
