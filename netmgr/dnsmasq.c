// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// dnsmasq is started so that it daemonizes: its first process ends with 0 only after the sockets
// are bound and the pid file is written, or with a message and another status (measured: 5 ms). It
// then is no child of ours and lives on when we don't.
//
// It closes all descriptors it inherits, so that no lock can tell that it lives. It is found again
// by its command line, which names a configuration file in our run directory: nobody else's does.
// Whoever comes after a crash looks through /proc once, takes over the one whose pid file agrees
// and ends all others, so that none is lost or doubled whatever the instant of the crash was.
//
// The configuration file is written only while no dnsmasq of it runs. So what is on disk is what
// the running one has read, and a difference to what is wanted means: restart.
#include "base/file.h"
#include "netmgr/lease.h"
#include "netmgr/internal.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    CMDLINE_MAX = 64 * 1024,
    OUTPUT_MAX = 4096,
    START_TIMEOUT_MS = 10000,
    STOP_TIMEOUT_MS = 2000,
    FILE_MAX = 64 << 20,
};

static const char CONF_OPTION[] = "--conf-file=";

// ---- finding it --------------------------------------------------------------------------------

struct found {
    pid_t pid;
    char *conf; // owned
};
struct found_vec {
    struct found *v;
    size_t n, cap;
};

static void found_finish(struct found_vec *f)
{
    VEC_FOREACH (it, f)
        free(it->conf);
    vec_finish(f);
}

// One in another network namespace is not ours, whatever its files are called there.
static bool is_in_our_namespace(pid_t pid)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/ns/net", (int)pid);
    struct stat its, ours;
    return stat(path, &its) == 0 && stat("/proc/thread-self/ns/net", &ours) == 0 &&
           its.st_ino == ours.st_ino && its.st_dev == ours.st_dev;
}

static int read_process(pid_t pid, const char *what, char **ret, size_t *len)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/%s", (int)pid, what);
    return file_read(path, CMDLINE_MAX, ret, len);
}

// The configuration file on the command line of a dnsmasq; NULL for anything else.
static char *conf_of(pid_t pid)
{
    AUTO_FREE char *text = NULL;
    size_t len;
    if (read_process(pid, "cmdline", &text, &len) < 0 || len == 0)
        return NULL;
    const char *slash = strrchr(text, '/');
    if (!str_eq(slash ? slash + 1 : text, "dnsmasq"))
        return NULL;
    if (!is_in_our_namespace(pid))
        return NULL;
    for (const char *arg = text; arg < text + len; arg += strlen(arg) + 1) {
        if (str_starts(arg, CONF_OPTION))
            return xstrdup(arg + strlen(CONF_OPTION));
    }
    return NULL;
}

// One that is just ending: it has no command line any more, but still its sockets.
static bool is_ending(pid_t pid)
{
    AUTO_FREE char *line = NULL, *stat = NULL;
    size_t len;
    if (read_process(pid, "cmdline", &line, &len) < 0 || len > 0 ||
        read_process(pid, "stat", &stat, NULL) < 0)
        return false;
    const char *name = strchr(stat, '('), NAME[] = "(dnsmasq) ";
    return name && str_starts(name, NAME) && !strchr("ZX", name[strlen(NAME)]) &&
           is_in_our_namespace(pid);
}

struct scan {
    const char *path; // or
    const char *dir;
    struct found_vec *ret;
};

static int scan_one(const char *name, void *arg)
{
    struct scan *s = arg;
    uint64_t pid;
    if (!isdigit((unsigned char)*name) || str_to_u64(name, 10, INT32_MAX, &pid) < 0)
        return 0;
    char *conf = conf_of((pid_t)pid);
    size_t n = s->dir ? strlen(s->dir) : 0;
    if (!conf && s->path && is_ending((pid_t)pid))
        conf = xstrdup(s->path); // maybe
    bool ours = conf && (s->path ? str_eq(conf, s->path)
                                 : str_starts(conf, s->dir) && conf[n] == '/' &&
                                       !strchr(conf + n + 1, '/'));
    if (ours) {
        struct found f = {(pid_t)pid, conf};
        vec_push(s->ret, f);
    } else {
        free(conf);
    }
    return 0;
}

static void find_by_conf(const char *path, const char *dir, struct found_vec *ret)
{
    struct scan s = {.path = path, .dir = dir, .ret = ret};
    (void)dir_each("/proc", NULL, scan_one, &s);
}

// ---- ending it ---------------------------------------------------------------------------------

void dnsmasq_wait(struct task *t, struct process *p)
{
    int status;
    if (p->pid == 0)
        return;
    if (process_wait(t, p, task_deadline_ms(STOP_TIMEOUT_MS), &status) < 0) {
        process_kill(p, SIGKILL);
        (void)process_wait(t, p, task_deadline_ms(STOP_TIMEOUT_MS), &status);
    }
    process_close(p);
    *p = PROCESS_NONE;
}

static void end_pid(struct task *t, pid_t pid, const char *conf)
{
    struct process p;
    if (process_open(pid, 0, &p) < 0)
        return;
    // Its number may have become another's since we looked.
    AUTO_FREE char *now = conf_of(pid);
    int status;
    if (str_eq(now, conf)) {
        process_kill(&p, SIGTERM);
        dnsmasq_wait(t, &p);
    } else if (is_ending(pid)) {
        (void)process_wait(t, &p, task_deadline_ms(STOP_TIMEOUT_MS), &status);
    }
    process_close(&p);
}

void dnsmasq_release(struct network *net)
{
    struct network_runtime *rt = net->runtime;
    rt->dnsmasq_watch = sd_event_source_disable_unref(rt->dnsmasq_watch);
    process_close(&rt->dnsmasq);
    rt->dnsmasq = PROCESS_NONE;
}

struct process dnsmasq_end(struct network *net)
{
    struct network_runtime *rt = net->runtime;
    rt->dnsmasq_watch = sd_event_source_disable_unref(rt->dnsmasq_watch);
    struct process p = rt->dnsmasq;
    rt->dnsmasq = PROCESS_NONE;
    if (p.pid)
        process_kill(&p, SIGTERM);
    return p;
}

static void stop(struct task *t, struct network *net)
{
    struct process p = dnsmasq_end(net);
    dnsmasq_wait(t, &p);
}

// ---- watching it -------------------------------------------------------------------------------

static int on_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source;
    (void)fd;
    (void)revents;
    struct network *net = userdata;
    pid_t pid = net->runtime->dnsmasq.pid;
    int status;
    process_reap(&net->runtime->dnsmasq, &status);
    dnsmasq_release(net);
    heal_trigger(net, "its dnsmasq (pid %d) ended", (int)pid);
    return 0;
}

static int hold(struct network *net, struct process *p, struct error *err)
{
    struct network_runtime *rt = net->runtime;
    dnsmasq_release(net);
    rt->dnsmasq = *p;
    int r = sd_event_add_io(sched_event(net->all->config.sched), &rt->dnsmasq_watch, p->pidfd,
                            EPOLLIN, on_end, net);
    return r < 0 ? error_set_errno(err, AREA_NETWORK, r, "cannot watch dnsmasq") : 0;
}

static int open_by_pid_file(const struct network_files *f, struct process *ret)
{
    AUTO_FREE char *text = NULL;
    uint64_t pid;
    int r = file_read(f->pid, 32, &text, NULL);
    if (r < 0)
        return r;
    text[strcspn(text, "\n")] = '\0';
    if (str_to_u64(text, 10, INT32_MAX, &pid) < 0)
        return -EINVAL;
    r = process_open((pid_t)pid, 0, ret);
    if (r < 0)
        return r;
    AUTO_FREE char *conf = conf_of((pid_t)pid);
    if (str_eq(conf, f->conf))
        return 0;
    process_close(ret);
    return -ESRCH;
}

void dnsmasq_adopt(struct task *t, struct network *net)
{
    const struct network_files *f = &net->runtime->files;
    struct process p = PROCESS_NONE;
    struct found_vec all = {0};
    if (open_by_pid_file(f, &p) < 0)
        p = PROCESS_NONE;
    find_by_conf(f->conf, NULL, &all);
    VEC_FOREACH (it, &all) {
        if (it->pid != p.pid)
            end_pid(t, it->pid, it->conf);
    }
    found_finish(&all);
    if (p.pid && hold(net, &p, NULL) < 0)
        dnsmasq_release(net);
    // Who changed its lists last may not have come to tell it.
    process_kill(&net->runtime->dnsmasq, SIGHUP);
}

void dnsmasq_sweep(struct task *t, struct networks *all)
{
    struct found_vec found = {0};
    find_by_conf(NULL, all->config.run_dir, &found);
    VEC_FOREACH (it, &found) {
        struct network *net;
        bool known = false;
        LIST_FOREACH (net, &all->list, link)
            known = known || (net->live && str_eq(net->runtime->files.conf, it->conf));
        if (known)
            continue;
        log_warn("ending dnsmasq (pid %d) of a network that is not there any more: '%s'",
                 (int)it->pid, it->conf);
        end_pid(t, it->pid, it->conf);
    }
    found_finish(&found);
}

// ---- starting it -------------------------------------------------------------------------------

// dnsmasq names a line of a file that is gone when somebody reads this: what stands in it is told.
static char *line_it_means(const char *said, const char *conf)
{
    const char *mark = strstr(said, " at line ");
    AUTO_FREE char *text = NULL;
    if (!mark || file_read(conf, FILE_MAX, &text, NULL) < 0)
        return xstrdup("");
    const char *line = text;
    for (long n = strtol(mark + strlen(" at line "), NULL, 10); n > 1 && line; n--) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    AUTO_FREE char *shown = line ? str_printable(line, strcspn(line, "\n")) : NULL;
    return shown ? xasprintf(", which is '%s'", shown) : xstrdup("");
}

static int run(struct task *t, struct network *net, struct error *err)
{
    const struct networks_config *c = &net->all->config;
    struct network_files *f = &net->runtime->files;
    AUTO_FREE char *conf = xasprintf("%s%s", CONF_OPTION, f->conf);
    char *argv[] = {(char *)(c->dnsmasq ? c->dnsmasq : "dnsmasq"), conf, NULL};
    struct child_spec spec = CHILD_SPEC_INIT;
    AUTO_STRBUF output = {0};
    int status;
    spec.argv = argv;
    spec.new_session = true;
    spec.die_with_parent = true; // until it is in the background, where it is found again
    unlink(f->pid);              // a stale number must not be taken for the new one's
    if (child_run(t, &spec, NULL, OUTPUT_MAX, task_deadline_ms(START_TIMEOUT_MS), &status, &output,
                  err) < 0)
        return error_prefix(err,
                            "network '%s' has no DHCP and DNS (install the package "
                            "'dnsmasq-base' if it is missing)",
                            net->name);
    if (status == 0)
        return 0;
    AUTO_FREE char *why = process_status_text(status);
    // A line with empty ones around it.
    const char *text = strbuf_text(&output) + strspn(strbuf_text(&output), "\n");
    AUTO_FREE char *said = str_printable(text, strcspn(text, "\n"));
    AUTO_FREE char *line = line_it_means(said, f->conf);
    // Each dnsmasq has one, and a user's are counted.
    const char *remedy = strstr(said, "inotify") ? "; let root have more of them: sysctl "
                                                   "fs.inotify.max_user_instances=1024"
                                                 : "";
    return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                     "dnsmasq of network '%s' cannot start: %s%s (%s, configuration '%s')%s",
                     net->name, said, line, why, f->conf, remedy);
}

static int start(struct task *t, struct network *net, struct error *err)
{
    struct network_files *f = &net->runtime->files;
    struct process p;
    AUTO_ERROR first = ERROR_INIT;
    int r = run(t, net, &first);
    if (r < 0) {
        // One that we don't know of may be in the way.
        struct found_vec others = {0};
        find_by_conf(f->conf, NULL, &others);
        bool again = others.n > 0;
        VEC_FOREACH (it, &others)
            end_pid(t, it->pid, it->conf);
        found_finish(&others);
        if (!again)
            return error_move(err, &first);
        if (run(t, net, err) < 0)
            return -1;
    }
    r = open_by_pid_file(f, &p);
    if (r < 0)
        return error_set_errno(err, AREA_NETWORK, r,
                               "dnsmasq of network '%s' ended at once or wrote no '%s'", net->name,
                               f->pid);
    return hold(net, &p, err);
}

// ---- its files ---------------------------------------------------------------------------------

// 1: written, 0: was as wanted.
static int sync_file(const char *path, const char *text, bool *missing, struct error *err)
{
    AUTO_FREE char *there = NULL;
    int r = file_read(path, FILE_MAX, &there, NULL);
    *missing = r == -ENOENT;
    if (r == 0 && str_eq(there, text))
        return 0;
    // dnsmasq reads it as a user of its own.
    r = file_write_volatile(path, text, strlen(text), 0644);
    if (r < 0)
        return error_set_errno(err, AREA_NETWORK, r, "cannot write '%s'", path);
    return 1;
}

static bool file_is(const char *path, const char *text)
{
    AUTO_FREE char *there = NULL;
    return file_read(path, FILE_MAX, &there, NULL) == 0 && str_eq(there, text);
}

void dnsmasq_remove_files(struct network *net)
{
    const struct network_files *f = &net->runtime->files;
    const char *const all[] = {f->conf, f->pid, f->hosts, f->addnhosts};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        unlink(all[i]);
}

void dnsmasq_read_leases(struct network *net)
{
    AUTO_FREE char *text = NULL;
    size_t len;
    if (file_read(net->runtime->files.leases, LEASE_FILE_MAX, &text, &len) == 0 &&
        (lease_is_whole(text, len) || len == 0)) {
        free(net->runtime->lease_text);
        net->runtime->lease_text = STEAL(text);
    }
}

struct sweep_files {
    struct networks *all;
    const char *dir;
};

static bool is_known_file(const struct networks *all, const char *path)
{
    const struct network *net;
    LIST_FOREACH (net, &all->list, link) {
        const struct network_files *f = &net->runtime->files;
        const char *const active[] = {f->conf, f->pid, f->hosts, f->addnhosts};
        for (size_t i = 0; net->live && i < ARRAY_LEN(active); i++) {
            if (str_eq(active[i], path))
                return true;
        }
        if (str_eq(f->leases, path))
            return true;
    }
    return false;
}

static int sweep_file(const char *name, void *arg)
{
    static const char *const suffixes[] = {".conf", ".pid", ".hosts", ".addnhosts", ".leases"};
    const struct sweep_files *s = arg;
    AUTO_FREE char *path = path_join(s->dir, name);
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        if (str_ends(name, suffixes[i]) && !is_known_file(s->all, path))
            unlink(path);
    }
    return 0;
}

void dnsmasq_sweep_files(struct networks *all)
{
    struct sweep_files s = {.all = all, .dir = all->config.run_dir};
    (void)dir_each(s.dir, NULL, sweep_file, &s);
    s.dir = all->config.state_dir;
    (void)dir_each(s.dir, NULL, sweep_file, &s);
}

// A lease file deleted while the network is active comes back as it was last seen; before a start
// it was somebody's will. Returns whether the running dnsmasq goes on writing to one that nobody
// sees.
static bool restore_leases(struct network *net, bool alive)
{
    const struct network_runtime *rt = net->runtime;
    // For router advertisements alone there is none.
    if (!network_def_has_dhcp(net->live, AF_INET) && !network_def_has_dhcp(net->live, AF_INET6))
        return false;
    if (access(rt->files.leases, F_OK) == 0)
        return false;
    if (rt->lease_text && rt->phase == PHASE_ACTIVE)
        (void)file_write_volatile(rt->files.leases, rt->lease_text, strlen(rt->lease_text), 0644);
    return alive;
}

static int sync_lists(struct network *net, bool *changed, struct repairs *repairs,
                      struct error *err)
{
    const struct network_runtime *rt = net->runtime;
    bool hosts_missing, names_missing;
    int a = sync_file(rt->files.hosts, rt->plan->files.hosts, &hosts_missing, err);
    if (a < 0)
        return -1;
    int b = sync_file(rt->files.addnhosts, rt->plan->files.addnhosts, &names_missing, err);
    if (b < 0)
        return -1;
    *changed = a || b;
    if (*changed)
        repairs_add(repairs, REPAIR_FILES, "dnsmasq's files %s",
                    hosts_missing || names_missing ? "made" : "changed");
    return 0;
}

int dnsmasq_sync(struct task *t, struct network *net, struct repairs *repairs, struct error *err)
{
    struct network_runtime *rt = net->runtime;
    if (!rt->plan->dnsmasq) {
        stop(t, net);
        dnsmasq_remove_files(net);
        return 0;
    }
    int r = dir_make(net->all->config.run_dir, 0755);
    if (r == 0)
        r = dir_make(net->all->config.state_dir, 0755);
    if (r < 0)
        return error_set_errno(err, AREA_NETWORK, r, "cannot make '%s' for dnsmasq of network '%s'",
                               net->all->config.state_dir, net->name);
    bool alive = rt->dnsmasq.pid != 0, lists_changed;
    bool leases_gone = restore_leases(net, alive);
    bool conf_changed = !file_is(rt->files.conf, rt->plan->files.conf);
    if (leases_gone || conf_changed)
        stop(t, net);
    if (sync_lists(net, &lists_changed, repairs, err) < 0)
        return -1;
    if (rt->dnsmasq.pid) {
        if (lists_changed)
            process_kill(&rt->dnsmasq, SIGHUP);
        if (access(rt->files.pid, F_OK) < 0) {
            AUTO_FREE char *pid = xasprintf("%d\n", (int)rt->dnsmasq.pid);
            (void)file_write_volatile(rt->files.pid, pid, strlen(pid), 0644);
            repairs_add(repairs, REPAIR_FILES, "dnsmasq's pid file made");
        }
        return 0;
    }
    bool missing;
    if (sync_file(rt->files.conf, rt->plan->files.conf, &missing, err) < 0 ||
        start(t, net, err) < 0)
        return -1;
    repairs_add(repairs, REPAIR_DNSMASQ, "dnsmasq started%s",
                leases_gone ? " (its lease file was gone)" : "");
    triggers_watch_files(net->all->triggers);
    return 0;
}
