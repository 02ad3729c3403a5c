// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// dnsmasq closes all inherited descriptors, so a lock cannot show that it is alive. It is
// identified by its command line, which names a configuration file in vireod's run directory and,
// as a tag that no rule uses, the network namespace of its start: a container may have the same
// paths, and the host sees the container's processes.
//
// Every process may read the command line and start time of another. More reliable sources, such as
// /proc/PID/ns/net, need CAP_SYS_PTRACE once dnsmasq has switched to its own user.
#include "netmgr/dnsmasq_find.h"
#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>

enum {
    CMDLINE_MAX = 64 * 1024,
    STOP_TIMEOUT_MS = 2000,
};

void dnsmasq_vec_finish(struct dnsmasq_vec *f)
{
    VEC_FOREACH (it, f)
        free(it->conf);
    vec_finish(f);
}

char *dnsmasq_mark(void)
{
    struct stat st = {0};
    (void)stat("/proc/thread-self/ns/net", &st);
    return xasprintf("--tag-if=set:vireo-netns-%ju,tag:never", (uintmax_t)st.st_ino);
}

static int read_process(pid_t pid, const char *what, char **ret, size_t *len)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/%s", (int)pid, what);
    return file_read(path, CMDLINE_MAX, ret, len);
}

// The configuration file of a dnsmasq that vireod started in this network namespace; NULL for any
// other process.
static char *conf_of(pid_t pid)
{
    AUTO_FREE char *text = NULL;
    size_t len;
    if (read_process(pid, "cmdline", &text, &len) < 0 || len == 0)
        return NULL;
    const char *slash = strrchr(text, '/'), *conf = NULL;
    if (!str_eq(slash ? slash + 1 : text, "dnsmasq"))
        return NULL;
    AUTO_FREE char *mark = dnsmasq_mark();
    bool marked = false;
    for (const char *arg = text; arg < text + len; arg += strlen(arg) + 1) {
        marked = marked || str_eq(arg, mark);
        if (str_starts(arg, DNSMASQ_CONF_OPTION))
            conf = arg + strlen(DNSMASQ_CONF_OPTION);
    }
    return marked && conf ? xstrdup(conf) : NULL;
}

// A dnsmasq that is exiting: it has no command line but still its sockets. It may be one that
// vireod did not start, so the callers only wait for it.
static bool is_ending(pid_t pid)
{
    AUTO_FREE char *line = NULL, *stat = NULL;
    size_t len;
    if (read_process(pid, "cmdline", &line, &len) < 0 || len > 0 ||
        read_process(pid, "stat", &stat, NULL) < 0)
        return false;
    const char *name = strchr(stat, '('), NAME[] = "(dnsmasq) ";
    return name && str_starts(name, NAME) && !strchr("ZX", name[strlen(NAME)]);
}

struct scan {
    const char *path; // or NULL
    const char *dir;
    struct dnsmasq_vec *ret;
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
        conf = xstrdup(s->path); // an assumption
    bool match = conf && (s->path ? str_eq(conf, s->path)
                                  : str_starts(conf, s->dir) && conf[n] == '/' &&
                                        !strchr(conf + n + 1, '/'));
    if (match) {
        struct dnsmasq_found f = {(pid_t)pid, conf};
        vec_push(s->ret, f);
    } else {
        free(conf);
    }
    return 0;
}

void dnsmasq_find(const char *path, const char *dir, struct dnsmasq_vec *ret)
{
    struct scan s = {.path = path, .dir = dir, .ret = ret};
    (void)dir_each("/proc", NULL, scan_one, &s);
}

int dnsmasq_open(const struct network_files *f, struct process *ret)
{
    AUTO_FREE char *text = NULL;
    uint64_t pid;
    *ret = PROCESS_NONE;
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

// ---- stopping -----------------------------------------------------------------------------------

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
}

void dnsmasq_end_found(struct task *t, const struct dnsmasq_found *f)
{
    struct process p;
    if (process_open(f->pid, 0, &p) < 0)
        return;
    // The pid may have been reused since the scan.
    AUTO_FREE char *now = conf_of(f->pid);
    int status;
    if (str_eq(now, f->conf)) {
        process_kill(&p, SIGTERM);
        dnsmasq_wait(t, &p);
    } else if (is_ending(f->pid)) {
        (void)process_wait(t, &p, task_deadline_ms(STOP_TIMEOUT_MS), &status);
    }
    process_close(&p);
}

size_t dnsmasq_end_others(struct task *t, const char *conf, pid_t keep)
{
    struct dnsmasq_vec all = {0};
    size_t n = 0;
    dnsmasq_find(conf, NULL, &all);
    VEC_FOREACH (it, &all) {
        if (it->pid == keep)
            continue;
        dnsmasq_end_found(t, it);
        n++;
    }
    dnsmasq_vec_finish(&all);
    return n;
}
