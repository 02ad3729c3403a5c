// SPDX-License-Identifier: GPL-2.0-or-later
#include "bridge/sysctl.h"
#include "base/str.h"
#include "bridge/link.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

static int fail(const char *verb, const char *path, int e, struct error *err)
{
    const char *remedy = e == EROFS ? ": /proc/sys is mounted read-only here (a container?)"
                         : e == EACCES || e == EPERM ? ": this needs root in the network namespace"
                         : e == ENOENT ? ": the kernel or this interface doesn't have it"
                                       : "";
    error_set(err, ERROR_SYSTEM, AREA_NETWORK, "cannot %s '%s': %s%s", verb, path, strerror(e),
              remedy);
    if (err)
        err->sys_errno = e;
    return -1;
}

static char *make_path(const char *root, const char *key)
{
    return xasprintf("%s/%s", root ? root : "/proc/sys", key);
}

int sysctl_read(const char *root, const char *key, long *ret, struct error *err)
{
    AUTO_FREE char *path = make_path(root, key);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail("read", path, errno, err);
    char text[64];
    ssize_t n = read(fd, text, sizeof(text) - 1);
    if (n < 0)
        return fail("read", path, errno, err);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    text[n] = '\0';
    int64_t value;
    if (str_to_i64(text, LONG_MIN, LONG_MAX, &value) < 0)
        return fail("read a number in", path, EINVAL, err);
    *ret = (long)value;
    return 0;
}

int sysctl_write(const char *root, const char *key, long value, bool *changed, struct error *err)
{
    if (changed)
        *changed = false;
    long before;
    if (sysctl_read(root, key, &before, err) < 0)
        return -1;
    if (before == value)
        return 0;
    AUTO_FREE char *path = make_path(root, key);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return fail("write", path, errno, err);
    char text[32];
    int n = snprintf(text, sizeof(text), "%ld\n", value);
    if (write(fd, text, (size_t)n) != n)
        return fail("write", path, errno, err);
    if (changed)
        *changed = true;
    return 0;
}

int sysctl_write_interface(const char *root, const char *family, const char *interface,
                           const char *key, long value, bool *changed, struct error *err)
{
    if (link_name_check(interface, err) < 0)
        return -1;
    AUTO_FREE char *path = xasprintf("net/%s/conf/%s/%s", family, interface, key);
    return sysctl_write(root, path, value, changed, err);
}
