// SPDX-License-Identifier: GPL-2.0-or-later
// Finding running guests again after the daemon ended in whatever way. Start-up after a crash and
// after a boot are the same: what has a status file and a live process is taken over, the rest is
// cleaned up.
#include "base/file.h"
#include "supervisor/iface.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

enum {
    PID_WAIT_MS = 2000, // between fork() and the child's first write
    STATUS_MAX = 32 * 1024 * 1024,
};

// The daemon ended between fork() and the child's writing of its number: the lock is held, the
// number comes within microseconds.
static int find_process(struct task *t, struct domain *dom)
{
    uint64_t deadline = task_deadline_ms(PID_WAIT_MS);
    struct process known = dom->process;
    dom->process = PROCESS_NONE;
    int r;
    while ((r = status_find_process(dom, &known, &dom->process)) == -EAGAIN &&
           now_monotonic_us() < deadline) {
        if (task_sleep(t, task_deadline_ms(10)) < 0)
            break;
    }
    return r;
}

// Ends what cannot be kept.
static void end(struct task *t, struct domain *dom, enum domain_move move)
{
    dom->stop_as = dom->stop_as ? dom->stop_as : move;
    if (stop_kill(t, dom, false, NULL) < 0)
        process_kill(&dom->process, SIGKILL);
    stop_locked(t, dom, dom->stop_as);
}

static int take_over(struct task *t, struct domain *dom, struct error *err)
{
    if (stop_watch(dom, err) < 0 ||
        events_connect(t, dom, dom->all->config.timeouts.adopt_ms, err) < 0)
        return -1;
    return events_resync(t, dom, err);
}

static void adopt_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    AUTO_ERROR err = ERROR_INIT;
    // Started from the loop this runs at once, so that nobody can change the guest before it is
    // known how it stands; it is listed meanwhile, and its state can be asked for.
    if (domain_lock(t, dom, "take over", &err) < 0)
        return;
    int r = find_process(t, dom);
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
        // Never told to anybody as started, so that it must not go on behind its owner's back.
        log_domain(LOG_LEVEL_WARN, dom->name, "its start was cut off: ending it");
        end(t, dom, MOVE_STOPPED_START_FAILED);
    } else if (take_over(t, dom, &err) < 0) {
        // Not when it was we who were told to end: the guest is all right, and the next daemon's.
        if (!task_is_cancelled(t)) {
            bool ended = stop_is_ending(t, dom);
            log_domain(LOG_LEVEL_ERROR, dom->name, "cannot take it over: %s; ending it",
                       error_message(&err));
            end(t, dom, ended ? MOVE_STOPPED_LOST : MOVE_STOPPED_DAEMON);
        }
    } else {
        iface_replug_all(t, dom);
        macvtap_unwant_unused(dom);
        if (start_hook(t, dom, "reconnect", "begin", &err) < 0)
            log_domain(LOG_LEVEL_WARN, dom->name, "%s", error_message(&err));
        log_domain(LOG_LEVEL_INFO, dom->name, "taken over: id %d, pid %d", dom->id,
                   (int)dom->process.pid);
        (void)status_save(dom, NULL);
    }
    domain_unlock(dom);
}

static struct domain *place(struct domains *all, struct status *s)
{
    struct domain *dom = domains_find_uuid(all, &s->def->uuid.value);
    if (!dom)
        dom = domains_add(all, s->def->name, &s->def->uuid.value);
    dom->process = (struct process){.pid = s->pid, .start_time = s->start_time, .pidfd = -1};
    dom->live = STEAL(s->def);
    dom->granted = s->granted;
    s->granted = (struct granted_list){0};
    dom->macvtaps = s->macvtaps;
    s->macvtaps = (struct domain_macvtap_list){0};
    dom->id = s->id;
    dom->live->id = OPT_UINT((uint64_t)s->id);
    dom->state = s->reason == MOVE_NONE ? DOMAIN_SHUTOFF : s->state;
    dom->reason = s->reason;
    if (s->id >= all->next_id)
        all->next_id = s->id + 1;
    all->active++;
    return dom;
}

// Whether another guest has its name or uuid: only a file that was tampered with says so.
static bool is_taken(struct domains *all, const struct status *s)
{
    struct domain *dom = domains_find_uuid(all, &s->def->uuid.value);
    return dom ? dom->live || !str_eq(dom->name, s->def->name)
               : domains_find_name(all, s->def->name) != NULL;
}

static int adopt_one(const char *name, void *arg)
{
    struct domains *all = arg;
    AUTO_FREE char *path = path_join(all->config.run_dir, name);
    AUTO_FREE char *text = NULL;
    AUTO_ERROR err = ERROR_INIT;
    struct status s = {0};
    size_t len;
    int r = file_read(path, STATUS_MAX, &text, &len);
    if (r < 0)
        error_set_errno(&err, AREA_QEMU, r, "cannot read it");
    if (r == 0 && status_parse(text, len, &s, &err) == 0 && is_taken(all, &s)) {
        error_set(&err, ERROR_XML, AREA_XML, "another guest has its name or its uuid");
        status_finish(&s);
    }
    if (err.message) {
        AUTO_FREE char *aside = xasprintf("%s.damaged", path);
        rename(path, aside);
        log_error(
            "the state file '%s' of a guest is damaged: %s; set aside as '%s'; if its QEMU still "
            "runs, end it by hand",
            path, error_message(&err), aside);
        return 0;
    }
    struct domain *dom = place(all, &s);
    task_spawn(all->config.sched, "take over guest", adopt_main, domain_ref(dom));
    return 0;
}

static void adopt_all(struct domains *all)
{
    int r = dir_each(all->config.run_dir, ".xml", adopt_one, all);
    if (r < 0)
        log_error("cannot look for running guests in '%s': %s", all->config.run_dir,
                  strerrordesc_np(-r));
}

// ---- what is stored, and what is started with the host
// --------------------------------------------

static void load_one(struct domains *all, struct domain_def *def, bool autostart)
{
    struct domain_defaults defaults = {.arch = host_arch(all->config.host)};
    struct domain *before = domains_find_uuid(all, &def->uuid.value);
    if (!before)
        before = domains_find_name(all, def->name);
    if (before) {
        log_error("the stored definition of guest '%s' is not used: another has the same name or "
                  "uuid",
                  def->name);
        domain_def_destroy(def);
        return;
    }
    domain_def_fill(def, &defaults);
    struct domain *dom = domains_add(all, def->name, &def->uuid.value);
    dom->def = def;
    dom->autostart = autostart;
}

void domains_load(struct domains *all)
{
    AUTO_FREE char *marks = path_join(all->config.config_dir, "autostart");
    const char *const dirs[] = {all->config.config_dir, marks, all->config.run_dir};
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        (void)dir_sweep(dirs[i]);
    status_sweep(all->config.run_dir);
    domain_store_load(all, load_one);
    adopt_all(all);
}

static void autostart_main(struct task *t, void *arg)
{
    AUTO_DOMAIN struct domain *dom = arg;
    AUTO_ERROR err = ERROR_INIT;
    if (!domain_is_active(dom) && domain_start(t, dom, 0, NULL, &err) < 0)
        log_domain(LOG_LEVEL_ERROR, dom->name, "cannot autostart it: %s", error_message(&err));
}

void domains_autostart(struct domains *all)
{
    // Once per boot: a daemon that is restarted doesn't start again what somebody has stopped
    // since.
    AUTO_FREE char *mark = path_join(all->config.run_dir, "autostarted");
    AUTO_FREE char *boot = NULL, *before = NULL;
    if (file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL) == 0 &&
        file_read(mark, 64, &before, NULL) == 0 && str_eq(boot, before))
        return;
    if (boot && dir_make(all->config.run_dir, 0700) == 0 &&
        file_write_volatile(mark, boot, strlen(boot), 0600) < 0)
        log_warn("cannot write '%s'", mark);
    struct domain *dom = NULL;
    while ((dom = domains_next(all, dom))) {
        if (dom->def && dom->autostart)
            task_spawn(all->config.sched, "autostart guest", autostart_main, domain_ref(dom));
    }
}
