// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of the daemon's sockets: they exist, a daemon answers, the caller may connect.
#include "clients/doctor.h"
#include "clients/text.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// The command that starts a daemon.
static char *start_fix(const struct doctor *d)
{
    struct stat st;
    if (!d->system_mode)
        return xstrdup("vireod --session --daemon");
    if (doctor_stat(d, "/run/systemd/system", &st))
        return doctor_root_command(d, "systemctl enable --now vireod.socket vireod-ro.socket");
    return doctor_root_command(d, "vireod --system --daemon");
}

// Connects: 0 with the listener's pid (0: unknown), or -errno.
static int probe(const struct doctor *d, const char *path, pid_t *pid)
{
    AUTO_FREE char *full = doctor_path(d, path);
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    *pid = 0;
    if (strlen(full) >= sizeof(sa.sun_path))
        return -ENAMETOOLONG;
    memcpy(sa.sun_path, full, strlen(full) + 1);
    AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 && errno != EAGAIN))
        return -errno;
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
        *pid = peer.pid;
    return 0;
}

static char *server_name(const struct doctor *d, pid_t pid)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/comm", (int)pid);
    AUTO_FREE char *comm = pid ? doctor_read(d, path) : NULL;
    return comm ? xasprintf("%.*s (pid %d)", (int)strcspn(comm, "\n"), comm, (int)pid)
                : xstrdup("another process");
}

static char *quoted(const char *text)
{
    struct strbuf b = {0};
    text_add_shell(&b, text);
    return strbuf_steal(&b);
}

// Reports why the caller may not connect. True when there was a reason.
static bool report_closed(const struct doctor *d, const char *path, const struct stat *st,
                          struct findings *ret)
{
    AUTO_FREE char *how = doctor_describe(st);
    AUTO_FREE char *quoted_path = quoted(path);
    if (doctor_may(d, &d->caller, path, 2))
        return false;
    bool by_group = (st->st_mode & 020) && st->st_gid != 0;
    AUTO_FREE char *name = quoted(d->caller.name);
    if (by_group && st->st_gid == d->socket_gid)
        findings_problem(ret, path,
                         doctor_root_command(d, "usermod -aG %s %s", d->socket_group, name),
                         "user %s is not in group %s (%s) and may not connect; log in again after "
                         "the fix",
                         d->caller.name, d->socket_group, how);
    else if (d->system_mode && d->socket_gid != (gid_t)-1)
        findings_problem(ret, path,
                         doctor_root_command(d, "chgrp %s %s", d->socket_group, quoted_path),
                         "user %s may not connect (%s): its group is not %s, the unix_sock_group "
                         "of the configuration",
                         d->caller.name, how, d->socket_group);
    else
        findings_problem(ret, path, doctor_root_command(d, "chmod 0777 %s", quoted_path),
                         "user %s may not connect (%s)", d->caller.name, how);
    return true;
}

static void report_missing(const struct doctor *d, const char *path, struct findings *ret)
{
    AUTO_FREE char *blocked = doctor_blocked_at(d, &d->caller, path, false);
    if (blocked) {
        AUTO_FREE char *quoted_dir = quoted(blocked);
        findings_problem(ret, path, doctor_root_command(d, "chmod o+x %s", quoted_dir),
                         "user %s cannot reach it: directory %s is closed to other users",
                         d->caller.name, blocked);
    } else if (d->system_mode)
        findings_problem(ret, path, start_fix(d), "is missing: no daemon is running");
    else
        findings_note(ret, path, start_fix(d), "is missing: no daemon is running for this user");
}

// True when the socket exists, a daemon listens and the caller may connect.
static bool check_one(const struct doctor *d, const char *path, char **server, char **how,
                      struct findings *ret)
{
    struct stat st;
    pid_t pid;
    if (!doctor_stat(d, path, &st)) {
        report_missing(d, path, ret);
        return false;
    }
    if (!S_ISSOCK(st.st_mode)) {
        AUTO_FREE char *quoted_path = quoted(path);
        findings_problem(
            ret, path,
            doctor_root_command(d, S_ISDIR(st.st_mode) ? "rmdir %s" : "rm %s", quoted_path),
            "is not a socket; the daemon cannot listen there");
        return false;
    }
    if (report_closed(d, path, &st, ret))
        return false;
    int r = probe(d, path, &pid);
    if (r < 0) {
        findings_problem(ret, path, start_fix(d),
                         "exists but no process listens (%s): no daemon is running",
                         strerrordesc_np(-r));
        return false;
    }
    *server = server_name(d, pid);
    *how = doctor_describe(&st);
    return true;
}

static void check_rights(const struct doctor *d, const char *server, const char *how,
                         struct findings *ret)
{
    AUTO_FREE char *name = quoted(d->caller.name);
    if (!d->system_mode || d->caller.root)
        findings_good(ret, d->socket, "%s, served by %s; %s may change domains", how, server,
                      d->caller.name);
    else if (d->socket_gid != (gid_t)-1 && doctor_in_group(&d->caller, d->socket_gid))
        findings_good(ret, d->socket, "%s, served by %s; %s (group %s) may change domains", how,
                      server, d->caller.name, d->socket_group);
    else if (d->socket_gid != (gid_t)-1)
        findings_problem(ret, d->socket,
                         doctor_root_command(d, "usermod -aG %s %s", d->socket_group, name),
                         "%s, served by %s; %s has read-only access, not being in group %s; log in "
                         "again after the fix",
                         how, server, d->caller.name, d->socket_group);
    else
        findings_note(ret, d->socket, NULL, "%s, served by %s; only root may change domains", how,
                      server);
}

static void check_group(const struct doctor *d, struct findings *ret)
{
    if (!d->system_mode || !*d->socket_group || d->socket_gid != (gid_t)-1)
        return;
    AUTO_FREE char *name = quoted(d->socket_group);
    findings_problem(ret, "group", doctor_root_command(d, "groupadd --system %s", name),
                     "there is no group '%s' (unix_sock_group): only root may change domains; "
                     "restart vireod after the fix",
                     d->socket_group);
}

void doctor_check_sockets(const struct doctor *d, struct findings *ret)
{
    AUTO_FREE char *server = NULL, *how = NULL, *server_ro = NULL, *how_ro = NULL;
    struct stat st;
    check_group(d, ret);
    if (check_one(d, d->socket, &server, &how, ret))
        check_rights(d, server, how, ret);
    // Without a daemon both are missing: one report is enough.
    if (!d->socket_ro || (!doctor_stat(d, d->socket, &st) && !doctor_stat(d, d->socket_ro, &st)))
        return;
    if (check_one(d, d->socket_ro, &server_ro, &how_ro, ret))
        findings_good(ret, d->socket_ro, "%s, served by %s; %s has read-only access", how_ro,
                      server_ro, d->caller.name);
}
