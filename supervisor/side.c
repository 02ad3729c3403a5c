// SPDX-License-Identifier: GPL-2.0-or-later
#include "supervisor/side.h"

#include "base/file.h"
#include "qemu/alias.h"
#include "qemu/device.h"
#include "supervisor/internal.h"
#include "supervisor/pid_file.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    LOCK_FD = SIDE_SOCKET_FD + 1, // of the pid file, in the process
    END_SEEN_MS = 5000,           // for one whose QEMU has ended
};

// ---- the list ----------------------------------------------------------------------------------

struct side *side_create(const char *alias, pid_t pid, uint64_t start_time)
{
    struct side *s = NEW(struct side);
    s->alias = xstrdup(alias);
    s->process = (struct process){.pid = pid, .start_time = start_time, .pidfd = -1};
    s->log = GUEST_LOG_INIT;
    s->exit_status = -1;
    return s;
}

static void side_destroy(struct side *s)
{
    sd_event_source_disable_unref(s->watch);
    process_close(&s->process);
    guest_log_close(&s->log);
    free(s->alias);
    free(s->program);
    free(s);
}

void sides_finish(struct side_list *list)
{
    VEC_FOREACH (it, list)
        side_destroy(*it);
    vec_finish(list);
}

void side_fds_finish(struct side_fds *fds)
{
    VEC_FOREACH (it, fds)
        close_fd(&it->fd);
    vec_finish(fds);
}

// The side of a device, new when it has none.
static struct side *side_of(struct domain *dom, const struct device *dev)
{
    VEC_FOREACH (it, &dom->sides) {
        if (str_eq((*it)->alias, dev->alias))
            return *it;
    }
    struct side *s = side_create(dev->alias, 0, 0);
    vec_push(&dom->sides, s);
    return s;
}

// ---- watching ----------------------------------------------------------------------------------

struct ending {
    struct domain *dom; // reference
    int id;             // of the domain's start
    char *text;
};

static void ended_main(struct task *t, void *arg)
{
    struct ending *e = arg;
    struct domain *dom = e->dom;
    // Mostly because its QEMU ended, which may be seen later.
    if (dom->live && dom->id == e->id && dom->stop_as == MOVE_NONE && !stop_is_ending(t, dom))
        log_domain(LOG_LEVEL_WARN, dom->name, "%s", e->text);
    domain_unref(dom);
    free(e->text);
    free(e);
}

static int on_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)fd;
    (void)revents;
    struct side *s = userdata;
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    process_reap(&s->process, &s->exit_status);
    s->ended = true;
    AUTO_FREE char *how = process_status_text(s->exit_status);
    struct ending *e = NEW(struct ending);
    e->dom = domain_ref(s->dom);
    e->id = s->dom->id;
    e->text = xasprintf("the %s of its device '%s' (pid %d) ended by itself: %s; '%s' may say why",
                        s->program, s->alias, (int)s->process.pid, how, s->log.path);
    task_spawn(s->dom->all->config.sched, "end of side process", ended_main, e);
    return 0;
}

static int watch(struct domain *dom, struct side *s)
{
    s->dom = dom;
    return sd_event_add_io(sched_event(dom->all->config.sched), &s->watch, s->process.pidfd,
                           EPOLLIN, on_end, s);
}

// ---- start -------------------------------------------------------------------------------------

static char *pid_path(const struct domain *dom, const char *alias)
{
    AUTO_FREE char *dir = status_dir_path(dom);
    return path_for_name(dir, alias, ".pid");
}

static char *log_dir(const struct domain *dom, const char *program)
{
    return path_join(dom->all->config.log_dir, program);
}

static int write_pid(void *arg)
{
    (void)arg;
    return pid_file_write(LOCK_FD);
}

struct starting {
    struct task *t;
    struct domain *dom;
    struct side_fds *fds;
    struct error *err;
};

static int spawn(struct starting *st, struct side *s, struct device_side *plan, const char *dir,
                 int socket)
{
    struct domain *dom = st->dom;
    AUTO_FREE char *path = pid_path(dom, s->alias);
    AUTO_CLOSE int lock = -1;
    int r = pid_file_lock(path, &lock);
    if (r < 0)
        return error_set_errno(st->err, AREA_QEMU, r, "cannot lock '%s', the pid file of %s", path,
                               s->program);
    struct child_fd fds[] = {{socket, SIDE_SOCKET_FD}, {lock, LOCK_FD}};
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv = strv_argv(&plan->args);
    spec.directory = dir;
    spec.stdout_fd = spec.stderr_fd = s->log.fd;
    spec.fds = fds;
    spec.nfds = ARRAY_LEN(fds);
    spec.new_session = true;
    spec.capabilities = 0;
    spec.umask = 077;
    spec.setup = write_pid;
    domains_set_user(dom->all, &spec);
    return child_spawn(st->t, &spec, &s->process, st->err);
}

static int start(struct starting *st, const struct device *dev, struct device_side *plan)
{
    struct domain *dom = st->dom;
    struct side *s = side_of(dom, dev);
    AUTO_FREE char *dir = NULL, *logs = log_dir(dom, plan->args.v[0]);
    s->program = xstrdup(plan->args.v[0]);
    if (!child_has_program(s->program))
        return error_set(st->err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU,
                         "<%s> needs %s, which is not installed (Debian: apt-get install %s)",
                         device_kind_name(dev->kind), s->program, plan->package);
    if (side_state_prepare(st->t, dom, plan, &dir, st->err) < 0 ||
        guest_log_open(&s->log, logs, dom->all->config.log_max_bytes, dom->name, st->err) < 0)
        return -1;
    guest_log_command(&s->log, &plan->args);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_set_errno(st->err, AREA_QEMU, errno, "cannot make a socket for %s",
                               s->program);
    struct command_side fd = {.dev = dev, .fd = pair[0]};
    vec_push(st->fds, fd);
    int r = spawn(st, s, plan, dir, pair[1]);
    close(pair[1]);
    close_fd(&s->log.fd);
    if (r < 0)
        return -1;
    r = watch(dom, s);
    return r < 0 ? error_set_errno(st->err, AREA_QEMU, r, "cannot watch %s", s->program) : 0;
}

static int start_device(struct device *dev, void *arg)
{
    struct starting *st = arg;
    const struct device_class *class = device_class_of(dev->kind);
    struct device_side plan = {0};
    if (!class->side)
        return 0;
    class->side(st->dom->live, dev, &plan);
    int r = start(st, dev, &plan);
    device_side_finish(&plan);
    if (r < 0)
        return error_prefix(st->err, "cannot start domain '%s'", st->dom->name);
    return stop_is_unwanted(st->dom, st->err);
}

int sides_start(struct task *t, struct domain *dom, struct side_fds *ret, struct error *err)
{
    object_assert_locked(t, &dom->object);
    struct starting st = {t, dom, ret, err};
    if (domain_def_each_device(dom->live, start_device, &st) < 0)
        return -1;
    return dom->sides.n ? status_save(dom, err) : 0;
}

void sides_explain(struct task *t, struct domain *dom, struct error *err)
{
    VEC_FOREACH (it, &dom->sides) {
        struct side *s = *it;
        s->watch = sd_event_source_disable_unref(s->watch);
        if (!s->ended && s->process.pidfd >= 0)
            s->ended =
                process_wait(t, &s->process, task_deadline_ms(END_SEEN_MS), &s->exit_status) == 0;
        AUTO_FREE char *tail = s->ended && s->exit_status != 0 ? guest_log_tail(&s->log) : NULL;
        if (tail && err)
            error_set(err, err->code, err->area, "%s; %s says: %s", error_message(err), s->program,
                      tail);
    }
}

// ---- adoption ----------------------------------------------------------------------------------

struct adopting {
    struct task *t;
    struct domain *dom;
    bool running;
};

static int adopt_device(struct device *dev, void *arg)
{
    struct adopting *a = arg;
    const struct device_class *class = device_class_of(dev->kind);
    struct device_side plan = {0};
    if (!class->side || !dev->alias)
        return 0;
    class->side(a->dom->live, dev, &plan);
    struct side *s = side_of(a->dom, dev);
    AUTO_FREE char *path = pid_path(a->dom, dev->alias), *logs = log_dir(a->dom, plan.args.v[0]);
    str_replace(&s->program, plan.args.v[0]);
    s->log.path = path_for_name(logs, a->dom->name, ".log");
    device_side_finish(&plan);
    struct process known = s->process;
    if (pid_file_wait(a->t, path, &known, &s->process) == 0 ||
        (known.start_time && process_open(known.pid, known.start_time, &s->process) == 0))
        (void)watch(a->dom, s);
    else if (a->running && !task_is_cancelled(a->t))
        log_domain(LOG_LEVEL_WARN, a->dom->name,
                   "the %s of its device '%s' ended while no daemon was running", s->program,
                   dev->alias);
    return 0;
}

void sides_adopt(struct task *t, struct domain *dom, bool running)
{
    object_assert_locked(t, &dom->object);
    struct adopting a = {t, dom, running};
    domain_def_each_device(dom->live, adopt_device, &a);
}

// ---- end ---------------------------------------------------------------------------------------

void sides_end(struct task *t, struct domain *dom)
{
    object_assert_locked(t, &dom->object);
    VEC_FOREACH (it, &dom->sides) {
        struct side *s = *it;
        s->watch = sd_event_source_disable_unref(s->watch);
        int r = s->ended ? 0 : stop_process(t, dom, &s->process, s->program, false);
        if (r < 0)
            log_domain(LOG_LEVEL_ERROR, dom->name, "cannot end its %s (pid %d): %s", s->program,
                       (int)s->process.pid, strerrordesc_np(-r));
    }
    sides_finish(&dom->sides);
}
