// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define TEMPORARY ".vireo-new-" // prefix of files whose writing was not finished

static int write_all(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_read_at(int dirfd, const char *path, size_t max, char **data, size_t *len)
{
    AUTO_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    // The size is only a hint: it is 0 in /proc and may change during the read.
    size_t cap = st.st_size > 0 && (uint64_t)st.st_size <= max ? (size_t)st.st_size + 1 : 4096;
    AUTO_FREE char *buf = xmalloc(cap + 1);
    size_t n = 0;
    for (;;) {
        if (n == cap) {
            cap *= 2;
            buf = xreallocarray(buf, cap + 1, 1);
        }
        ssize_t got = read(fd, buf + n, cap - n);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        if (got == 0)
            break;
        n += (size_t)got;
        if (n > max)
            return -EFBIG;
    }
    buf[n] = 0;
    *data = STEAL(buf);
    if (len)
        *len = n;
    return 0;
}

int file_read(const char *path, size_t max, char **data, size_t *len)
{
    return file_read_at(AT_FDCWD, path, max, data, len);
}

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

// Opened before the change: a failure afterwards could not be reported as "nothing changed".
static int open_parent(const char *path)
{
    AUTO_FREE char *dir = parent_of(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int replace(const char *path, const void *data, size_t len, mode_t mode, bool durable)
{
    AUTO_FREE char *dir = parent_of(path);
    AUTO_FREE char *temp = xasprintf("%s/" TEMPORARY "XXXXXX", dir);
    AUTO_CLOSE int dirfd = durable ? open_parent(path) : -1;
    if (durable && dirfd < 0)
        return dirfd;
    AUTO_CLOSE int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, data, len);
    if (r == 0 && fchmod(fd, mode) < 0)
        r = -errno;
    if (r == 0 && durable && fsync(fd) < 0)
        r = -errno;
    if (r == 0 && rename(temp, path) < 0)
        r = -errno;
    if (r < 0) {
        unlink(temp);
        return r;
    }
    return durable && fsync(dirfd) < 0 ? FILE_UNSYNCED : 0;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
    return replace(path, data, len, mode, true);
}

int file_write_volatile(const char *path, const void *data, size_t len, mode_t mode)
{
    return replace(path, data, len, mode, false);
}

int file_remove(const char *path)
{
    AUTO_CLOSE int dirfd = open_parent(path);
    if (dirfd < 0)
        return dirfd == -ENOENT ? 0 : dirfd;
    if (unlink(path) < 0)
        return errno == ENOENT ? 0 : -errno;
    return fsync(dirfd) < 0 ? FILE_UNSYNCED : 0;
}

struct save {
    const char *path;
    const void *data;
    size_t len;
    mode_t mode;
    int result;
};

static void save_run(void *arg)
{
    struct save *s = arg;
    s->result = file_write_atomic(s->path, s->data, s->len, s->mode);
}

int file_save(struct task *t, const char *path, const void *data, size_t len, mode_t mode)
{
    struct save s = {.path = path, .data = data, .len = len, .mode = mode};
    task_offload(t, save_run, &s);
    return s.result;
}

static void remove_run(void *arg)
{
    struct save *s = arg;
    s->result = file_remove(s->path);
}

int file_remove_durable(struct task *t, const char *path)
{
    struct save s = {.path = path};
    task_offload(t, remove_run, &s);
    return s.result;
}

// Changes file access in this thread only: the raw system calls do not affect other threads.
int file_access_as(const char *path, int mode, uid_t uid, gid_t gid, const gid_t *groups, size_t n)
{
    int nkept = getgroups(0, NULL);
    if (nkept < 0)
        return -errno;
    AUTO_FREE gid_t *kept = xcalloc((size_t)nkept, sizeof(gid_t));
    nkept = getgroups(nkept, kept);
    if (nkept < 0 || syscall(SYS_setgroups, n, groups) < 0)
        return -errno;
    gid_t old_gid = (gid_t)setfsgid(gid);
    uid_t old_uid = (uid_t)setfsuid(uid);
    int r = syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS) < 0 ? -errno : 0;
    setfsuid(old_uid);
    setfsgid(old_gid);
    if (syscall(SYS_setgroups, (size_t)nkept, kept) < 0)
        abort(); // would continue with another user's groups
    return r;
}

int dir_make(const char *path, mode_t mode)
{
    if (mkdir(path, mode) == 0)
        return 0;
    if (errno == EEXIST) {
        struct stat st;
        if (stat(path, &st) < 0)
            return -errno;
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
    }
    if (errno != ENOENT)
        return -errno;
    AUTO_FREE char *parent = parent_of(path);
    if (strcmp(parent, path) == 0)
        return -ENOENT;
    int r = dir_make(parent, mode);
    if (r < 0)
        return r;
    return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

int dir_each(const char *path, const char *suffix, int (*fn)(const char *name, void *arg),
             void *arg)
{
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT ? 0 : -errno;
    int r = 0;
    for (struct dirent *e; r == 0 && (e = readdir(dir));) {
        if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
            continue;
        if (!suffix || str_ends(e->d_name, suffix))
            r = fn(e->d_name, arg);
    }
    closedir(dir);
    return r;
}

static int sweep_entry(const char *name, void *arg)
{
    AUTO_FREE char *path = path_join(arg, name);
    if (str_starts(name, TEMPORARY))
        unlink(path);
    return 0;
}

int dir_sweep(const char *path)
{
    return dir_each(path, NULL, sweep_entry, (void *)path);
}

static int remove_entry(const char *name, void *arg)
{
    AUTO_FREE char *path = path_join(arg, name);
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return dir_remove_all(path);
    return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int dir_remove_all(const char *path)
{
    int r = dir_each(path, NULL, remove_entry, (void *)path);
    if (r < 0)
        return r;
    return rmdir(path) < 0 && errno != ENOENT ? -errno : 0;
}

char *path_for_name(const char *dir, const char *name, const char *suffix)
{
    AUTO_STRBUF b = {0};
    strbuf_printf(&b, "%s/", dir);
    for (const char *p = name; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '/' || c == '%' || c < 0x20 || c == 0x7f || (c == '.' && p == name))
            strbuf_printf(&b, "%%%02X", c);
        else
            strbuf_addc(&b, (char)c);
    }
    strbuf_add(&b, suffix);
    return strbuf_steal(&b);
}

size_t file_stem_len(const char *name)
{
    AUTO_FREE char *path = path_for_name("", name, "");
    return strlen(path) - 1;
}

char *path_join(const char *dir, const char *name)
{
    return xasprintf("%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

// Fills sa for path; a path too long for sun_path goes through a descriptor of its directory, which
// the caller closes after use.
static int unix_address(const char *path, struct sockaddr_un *sa, int *dirfd)
{
    *sa = (struct sockaddr_un){.sun_family = AF_UNIX};
    *dirfd = -1;
    if (strlen(path) < sizeof(sa->sun_path)) {
        memcpy(sa->sun_path, path, strlen(path) + 1);
        return 0;
    }
    AUTO_FREE char *dir = parent_of(path);
    *dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*dirfd < 0)
        return -errno;
    int n = snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", *dirfd,
                     strrchr(path, '/') + 1);
    return n < (int)sizeof(sa->sun_path) ? 0 : -ENAMETOOLONG;
}

int unix_listen(const char *path, mode_t mode, int backlog)
{
    struct sockaddr_un sa;
    AUTO_CLOSE int dirfd = -1;
    int r = unix_address(path, &sa, &dirfd);
    if (r < 0)
        return r;
    AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    // Deletes only a socket: a mistyped path must not cost a file.
    struct stat st;
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return -ENOTSOCK;
    if (unlink(path) < 0 && errno != ENOENT)
        return -errno;
    // The mode applies from the start, also between bind() and chmod().
    mode_t before = umask(0777 & ~mode);
    r = bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ? -errno : 0;
    umask(before);
    if (r < 0)
        return r;
    if (listen(fd, backlog) < 0) {
        r = -errno;
        unlink(path);
        return r;
    }
    return steal_fd(&fd);
}

int unix_connect(const char *path)
{
    struct sockaddr_un sa;
    AUTO_CLOSE int dirfd = -1;
    int r = unix_address(path, &sa, &dirfd);
    if (r < 0)
        return r;
    AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
        return -errno;
    return steal_fd(&fd);
}
