// SPDX-License-Identifier: GPL-2.0-or-later
// What there can be only one daemon of: its sockets and its state.
#include "base/file.h"
#include "base/str.h"
#include "vireod/vireod.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

enum {
    LOCK_WAIT_US = 2 * 1000000, // for children of a daemon that was killed
    LOCK_POLL_US = 2000,
    SOCKET_POLL_US = 10000, // each check leaves a connection waiting
};

// The process that listens at path. Caller frees; NULL: none. *gone: it has ended.
static char *find_owner(const char *path, bool *gone)
{
    *gone = false;
    AUTO_CLOSE int fd = unix_connect(path);
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return fd < 0 && fd != -EAGAIN ? NULL : xstrdup("another process");
    *gone = peer.pid > 0 && kill(peer.pid, 0) < 0 && errno == ESRCH;
    AUTO_FREE char *comm_path = xasprintf("/proc/%d/comm", (int)peer.pid);
    AUTO_FREE char *comm = NULL;
    if (file_read(comm_path, 64, &comm, NULL) < 0)
        return xasprintf("process %d", (int)peer.pid);
    comm[strcspn(comm, "\n")] = 0;
    return xasprintf("%s (pid %d, uid %d)", comm, (int)peer.pid, (int)peer.uid);
}

// A child that a killed daemon had between fork() and exec() holds the socket for some more
// milliseconds.
int socket_refuse_second(const char *path, struct error *err)
{
    uint64_t deadline = now_monotonic_us() + LOCK_WAIT_US;
    bool gone;
    AUTO_FREE char *owner = find_owner(path, &gone);
    while (owner && gone && now_monotonic_us() < deadline) {
        usleep(SOCKET_POLL_US);
        free(owner);
        owner = find_owner(path, &gone);
    }
    if (!owner)
        return 0;
    return error_set(err, ERROR_RESOURCE_BUSY, AREA_RPC,
                     "'%s' is served by %s already; end that one, or choose another socket with "
                     "--listen",
                     path, owner);
}

static int make_parent(const char *path, mode_t mode)
{
    AUTO_FREE char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    return *dir ? dir_make(dir, mode) : 0;
}

static bool fd_is_read_only(int fd)
{
    struct sockaddr_un sa = {0};
    socklen_t len = sizeof(sa);
    return getsockname(fd, (struct sockaddr *)&sa, &len) == 0 && sa.sun_family == AF_UNIX &&
           str_ends(sa.sun_path, "-ro");
}

static int listen_at(struct vireod *v, const char *path, bool read_only, struct error *err)
{
    // In system mode everybody may connect and the policy decides; elsewhere only the user.
    mode_t mode = v->options.system_mode ? 0777 : 0700;
    int r = make_parent(path, v->options.system_mode ? 0755 : 0700);
    if (r < 0)
        return error_set_errno(err, AREA_RPC, r, "cannot make the directory of '%s'", path);
    return server_listen(v->daemon.server, path, mode, read_only, err);
}

int sockets_open(struct vireod *v, struct error *err)
{
    int n = sd_listen_fds(1);
    for (int i = 0; i < n; i++) {
        int fd = SD_LISTEN_FDS_START + i;
        if (server_listen_fd(v->daemon.server, fd, fd_is_read_only(fd), err) < 0)
            return -1;
    }
    if (n > 0)
        return 0;
    if (socket_refuse_second(v->paths.socket, err) < 0 ||
        listen_at(v, v->paths.socket, false, err) < 0)
        return -1;
    if (v->paths.socket_ro && listen_at(v, v->paths.socket_ro, true, err) < 0)
        return -1;
    log_info("serving %s at '%s'", v->daemon.uri, v->paths.socket);
    return 0;
}

// A daemon that was killed between fork() and exec() of a child leaves the lock to that child for
// some more milliseconds: it is waited for, unless who wrote its number into the file is still
// there.
static int take_lock(int fd, pid_t *owner)
{
    uint64_t deadline = now_monotonic_us() + LOCK_WAIT_US;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        char text[32] = "";
        if (errno != EWOULDBLOCK)
            return -errno;
        *owner = pread(fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 0;
        if ((*owner > 0 && kill(*owner, 0) == 0) || now_monotonic_us() > deadline)
            return -EWOULDBLOCK;
        usleep(LOCK_POLL_US); // nothing is served yet, and no event reports the release of a lock
    }
    return 0;
}

int state_lock(struct vireod *v, struct error *err)
{
    AUTO_FREE char *path = path_join(v->paths.run_dir, "vireod.pid");
    int r = dir_make(v->paths.run_dir, 0700);
    if (r < 0)
        return error_set_errno(err, AREA_NONE, r, "cannot make the directory '%s' as uid %d%s",
                               v->paths.run_dir, (int)geteuid(),
                               v->options.system_mode && geteuid() != 0
                                   ? " (--system is for root: try --session)"
                                   : "");
    v->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (v->lock_fd < 0)
        return error_set_errno(err, AREA_NONE, errno, "cannot open '%s'", path);
    pid_t owner = 0;
    r = take_lock(v->lock_fd, &owner);
    if (r == -EWOULDBLOCK)
        return error_set(err, ERROR_RESOURCE_BUSY, AREA_NONE,
                         "vireod (pid %d) runs with the state in '%s' already; end that one, or "
                         "choose other state with --root",
                         (int)owner, v->paths.run_dir);
    if (r < 0)
        return error_set_errno(err, AREA_NONE, r, "cannot lock '%s'", path);
    char text[32];
    int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(v->lock_fd, 0) < 0 || pwrite(v->lock_fd, text, (size_t)n, 0) != n)
        return error_set_errno(err, AREA_NONE, errno, "cannot write '%s'", path);
    return 0;
}
