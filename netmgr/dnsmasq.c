// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// dnsmasq is started so that it daemonizes: its first process ends with 0 only after the sockets
// are bound and the pid file is written, or with a message and another status (measured: 5 ms). It
// then is no child of vireod and goes on when vireod ends.
//
// dnsmasq_find.c finds it again. A start after a crash scans /proc once, takes over the process
// that the pid file names and ends all others of that configuration, so that none is lost or
// doubled whatever the instant of the crash was.
//
// The configuration file is written only while no dnsmasq of it runs. So what is on disk is what
// the running one has read, and a difference to the plan means: restart.
#include "base/file.h"
#include "netmgr/dnsmasq_find.h"
#include "netmgr/lease.h"
#include "netmgr/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

// It switches to a user of its own and keeps the last three.
#define CAPABILITIES                                                                               \
    (CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_SETGID) | CAPABILITY(CAP_SETUID) |                     \
     CAPABILITY(CAP_NET_ADMIN) | CAPABILITY(CAP_NET_BIND_SERVICE) | CAPABILITY(CAP_NET_RAW))

enum {
    OUTPUT_MAX = 4096,
    START_TIMEOUT_MS = 10000,
    FILE_MAX = 64 << 20,
};

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

// ---- watching it --------------------------------------------------------------------------------

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
    repair_trigger(net, "its dnsmasq (pid %d) ended", (int)pid);
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

void dnsmasq_adopt(struct task *t, struct network *net)
{
    const struct network_files *f = &net->runtime->files;
    struct process p;
    (void)dnsmasq_open(f, &p);
    dnsmasq_end_others(t, f->conf, p.pid);
    if (p.pid && hold(net, &p, NULL) < 0)
        dnsmasq_release(net);
    // Its lists may have changed in the last moment before the crash, without a signal to it.
    process_kill(&net->runtime->dnsmasq, SIGHUP);
}

void dnsmasq_sweep(struct task *t, struct networks *all)
{
    struct dnsmasq_vec found = {0};
    dnsmasq_find(NULL, all->config.run_dir, &found);
    VEC_FOREACH (it, &found) {
        struct network *net;
        bool known = false;
        OBJECTS_FOREACH(net, &all->table)
        known = known || (net->live && str_eq(net->runtime->files.conf, it->conf));
        if (known)
            continue;
        log_warn("ending dnsmasq (pid %d) of a network that is not there any more: '%s'",
                 (int)it->pid, it->conf);
        dnsmasq_end_found(t, it);
    }
    dnsmasq_vec_finish(&found);
}

// ---- starting it --------------------------------------------------------------------------------

// dnsmasq names a line by its number, in a file that is removed with the failed start: the text of
// that line, for the error.
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
    AUTO_FREE char *conf = xasprintf("%s%s", DNSMASQ_CONF_OPTION, f->conf);
    AUTO_FREE char *mark = dnsmasq_mark();
    char *argv[] = {(char *)(c->dnsmasq ? c->dnsmasq : "dnsmasq"), conf, mark, NULL};
    struct child_spec spec = CHILD_SPEC_INIT;
    AUTO_STRBUF output = {0};
    int status;
    spec.argv = argv;
    spec.new_session = true;
    spec.capabilities = CAPABILITIES;
    spec.die_with_parent = true; // until it is in the background, where it can be found again
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
    // Each dnsmasq has one, and they are counted for each user.
    const char *remedy = strstr(said, "inotify") ? "; let root have more of them: sysctl "
                                                   "fs.inotify.max_user_instances=1024"
                                                 : "";
    return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                     "dnsmasq of network '%s' cannot start: %s%s (%s, configuration '%s')%s",
                     net->name, said, line, why, f->conf, remedy);
}

// Runs it and watches what runs then. Descriptors that this takes are reserved before: a dnsmasq
// that is up cannot be left alone because there are none.
static int run_and_hold(struct task *t, struct network *net, struct error *err)
{
    AUTO_CLOSE int spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    AUTO_CLOSE int another = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct process p;
    if (spare < 0 || another < 0)
        return error_set_errno(err, AREA_NETWORK, errno, "cannot start dnsmasq of network '%s'",
                               net->name);
    if (run(t, net, err) < 0)
        return -1;
    close_fd(&spare);
    close_fd(&another);
    int r = dnsmasq_open(&net->runtime->files, &p);
    if (r < 0)
        return error_set_errno(err, AREA_NETWORK, r,
                               "dnsmasq of network '%s' is not running after its start (pid file "
                               "'%s')",
                               net->name, net->runtime->files.pid);
    return hold(net, &p, err);
}

static int start(struct task *t, struct network *net, struct error *err)
{
    const char *conf = net->runtime->files.conf;
    AUTO_ERROR first = ERROR_INIT;
    if (run_and_hold(t, net, &first) == 0)
        return 0;
    // One that vireod does not know of may be in the way, or is what came of this start.
    dnsmasq_release(net);
    if (dnsmasq_end_others(t, conf, 0) == 0)
        return error_move(err, &first);
    if (run_and_hold(t, net, err) == 0)
        return 0;
    dnsmasq_release(net);
    dnsmasq_end_others(t, conf, 0);
    return -1;
}

// ---- its files ----------------------------------------------------------------------------------

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
    OBJECTS_FOREACH(net, &all->table)
    {
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

// Writes a lease file that was deleted while the network is active, as it was last read; one that
// was deleted before the start stays deleted. Returns whether the running dnsmasq still writes to
// the deleted file.
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

// Starts dnsmasq, which makes an empty lease file when that was deleted after restore_leases(): it
// then has to read the leases again.
static int start_with_leases(struct task *t, struct network *net, struct error *err)
{
    const struct network_runtime *rt = net->runtime;
    struct stat st;
    AUTO_FREE char *leases =
        rt->phase == PHASE_ACTIVE && rt->lease_text ? xstrdup(rt->lease_text) : xstrdup("");
    if (start(t, net, err) < 0)
        return -1;
    if (!*leases || stat(rt->files.leases, &st) < 0 || st.st_size > 0)
        return 0;
    stop(t, net);
    (void)file_write_volatile(rt->files.leases, leases, strlen(leases), 0644);
    return start(t, net, err);
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
        start_with_leases(t, net, err) < 0)
        return -1;
    repairs_add(repairs, REPAIR_DNSMASQ, "dnsmasq started%s",
                leases_gone ? " (its lease file was gone)" : "");
    triggers_watch_files(net->all->triggers);
    return 0;
}
