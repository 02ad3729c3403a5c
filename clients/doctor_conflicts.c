// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks for libvirt's daemons, which use the same socket: running, or enabled for the next boot.
#include "clients/doctor.h"
#include "base/file.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const OTHER_DAEMONS[] = {"libvirtd", "virtqemud", "virtproxyd", "virtnetworkd"};

struct search {
    const struct doctor *d;
    struct findings *ret;
    bool found[ARRAY_LEN(OTHER_DAEMONS)];
};

static char *fix(const struct doctor *d, const char *name, const char *pid)
{
    struct stat st;
    if (d->system_mode && doctor_stat(d, "/run/systemd/system", &st))
        return doctor_root_command(d,
                                   "systemctl disable --now %s.service %s.socket %s-ro.socket "
                                   "%s-admin.socket",
                                   name, name, name, name);
    if (!pid)
        return NULL;
    return d->system_mode ? doctor_root_command(d, "kill %s", pid) : xasprintf("kill %s", pid);
}

static bool read_link(const struct doctor *d, const char *path, char ret[static PATH_MAX])
{
    AUTO_FREE char *full = doctor_path(d, path);
    ssize_t n = readlink(full, ret, PATH_MAX - 1);
    if (n < 0)
        return false;
    ret[n] = 0;
    return true;
}

// A daemon in another mount namespace, such as a container's, has other sockets.
static bool in_other_namespace(const struct doctor *d, const char *pid)
{
    char self[PATH_MAX], other[PATH_MAX];
    AUTO_FREE char *path = xasprintf("/proc/%s/ns/mnt", pid);
    return read_link(d, "/proc/self/ns/mnt", self) && read_link(d, path, other) &&
           !str_eq(self, other);
}

// A client may start vireod under the name "libvirtd".
static bool is_vireod(const struct doctor *d, const char *pid)
{
    char exe[PATH_MAX];
    AUTO_FREE char *path = xasprintf("/proc/%s/exe", pid);
    if (!read_link(d, path, exe))
        return false;
    char *deleted = strstr(exe, " (deleted)");
    if (deleted)
        *deleted = 0;
    return str_ends(exe, "/vireod");
}

static uid_t uid_of(const struct doctor *d, const char *pid)
{
    AUTO_FREE char *path = xasprintf("/proc/%s/status", pid);
    AUTO_FREE char *text = doctor_read(d, path);
    const char *line = text ? strstr(text, "\nUid:\t") : NULL;
    return line ? (uid_t)strtoul(line + strlen("\nUid:\t"), NULL, 10) : (uid_t)-1;
}

static int on_process(const char *pid, void *arg)
{
    struct search *s = arg;
    if (pid[strspn(pid, "0123456789")])
        return 0;
    AUTO_FREE char *path = xasprintf("/proc/%s/comm", pid);
    AUTO_FREE char *comm = doctor_read(s->d, path);
    if (!comm)
        return 0;
    comm[strcspn(comm, "\n")] = 0;
    for (size_t i = 0; i < ARRAY_LEN(OTHER_DAEMONS); i++) {
        if (!str_eq(comm, OTHER_DAEMONS[i]) || is_vireod(s->d, pid) ||
            in_other_namespace(s->d, pid) ||
            uid_of(s->d, pid) != (s->d->system_mode ? 0 : s->d->caller.uid))
            continue;
        s->found[i] = true;
        findings_problem(s->ret, "another daemon", fix(s->d, comm, pid),
                         "%s (pid %s) is running and manages the same domains, networks and "
                         "socket; stop it before starting vireod",
                         comm, pid);
    }
    return 0;
}

static bool is_enabled(const struct doctor *d, const char *name)
{
    AUTO_FREE char *socket =
        xasprintf("%s/etc/systemd/system/sockets.target.wants/%s.socket", d->root, name);
    AUTO_FREE char *service =
        xasprintf("%s/etc/systemd/system/multi-user.target.wants/%s.service", d->root, name);
    struct stat st; // of the links; dangling ones count too
    return lstat(socket, &st) == 0 || lstat(service, &st) == 0;
}

void doctor_check_conflicts(const struct doctor *d, struct findings *ret)
{
    struct search s = {.d = d, .ret = ret};
    AUTO_FREE char *proc = doctor_path(d, "/proc");
    size_t before = ret->n;
    dir_each(proc, NULL, on_process, &s);
    for (size_t i = 0; d->system_mode && i < ARRAY_LEN(OTHER_DAEMONS); i++) {
        if (!s.found[i] && is_enabled(d, OTHER_DAEMONS[i]))
            findings_problem(ret, "another daemon", fix(d, OTHER_DAEMONS[i], NULL),
                             "%s is enabled in systemd: it will take the socket at the next boot",
                             OTHER_DAEMONS[i]);
    }
    if (ret->n == before)
        findings_good(ret, "another daemon", "none of libvirt's daemons is running or enabled");
}
