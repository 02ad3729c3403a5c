// SPDX-License-Identifier: GPL-2.0-or-later
#include "supervisor/guest_log.h"
#include "base/file.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

enum { TAIL_MAX = 1500 }; // bytes of QEMU's output in an error

int guest_log_open(struct guest_log *log, const char *dir, uint64_t max_bytes, const char *name,
                   struct error *err)
{
    log->path = path_for_name(dir, name, ".log");
    int r = dir_make(dir, 0700);
    struct stat st;
    if (r == 0 && stat(log->path, &st) == 0 && (uint64_t)st.st_size > max_bytes) {
        AUTO_FREE char *before = xasprintf("%s.0", log->path);
        rename(log->path, before);
    }
    if (r == 0) {
        log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        r = log->fd < 0 ? -errno : 0;
    }
    if (r < 0)
        return error_set_errno(err, AREA_QEMU, r, "cannot open '%s', the log of domain '%s'",
                               log->path, name);
    return 0;
}

void guest_log_close(struct guest_log *log)
{
    close_fd(&log->fd);
    free(STEAL(log->path));
}

static bool is_plain(const char *arg)
{
    if (!*arg)
        return false;
    for (const char *p = arg; *p; p++) {
        if (!strchr("-_=,./:+@%", *p) && !(*p >= '0' && *p <= '9') && !(*p >= 'a' && *p <= 'z') &&
            !(*p >= 'A' && *p <= 'Z'))
            return false;
    }
    return true;
}

static void add_quoted(struct strbuf *b, const char *arg)
{
    strbuf_addc(b, '\'');
    for (const char *p = arg; *p; p++) {
        if (*p == '\'')
            strbuf_add(b, "'\\''");
        else
            strbuf_addc(b, *p);
    }
    strbuf_addc(b, '\'');
}

void guest_log_command(struct guest_log *log, const struct strv *args)
{
    AUTO_STRBUF b = {0};
    char stamp[64];
    time_t now = time(NULL);
    struct tm tm;
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    strbuf_printf(&b, "%s: starting\n", stamp);
    VEC_FOREACH (arg, args) {
        if (is_plain(*arg))
            strbuf_add(&b, *arg);
        else
            add_quoted(&b, *arg);
        strbuf_addc(&b, ' ');
    }
    strbuf_addc(&b, '\n');
    if (write(log->fd, b.data, b.len) < 0)
        log_warn("cannot write to '%s'", log->path);
    log->start = lseek(log->fd, 0, SEEK_END);
}

static bool is_chatter(const char *line)
{
    return str_starts(line, "char device redirected to ");
}

char *guest_log_pick(const char *text)
{
    AUTO_FREE char *copy = xstrdup(text);
    AUTO_STRBUF b = {0};
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (*line && !is_chatter(line))
            strbuf_printf(&b, "%s%s", b.len ? "\n" : "", line);
    }
    return b.len ? strbuf_steal(&b) : NULL;
}

char *guest_log_tail(const struct guest_log *log)
{
    if (log->start == 0)
        return NULL;
    AUTO_CLOSE int fd = open(log->path, O_RDONLY | O_CLOEXEC);
    char text[TAIL_MAX + 1];
    off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from = end - TAIL_MAX > log->start ? end - TAIL_MAX : log->start;
    ssize_t n = fd < 0 ? 0 : pread(fd, text, TAIL_MAX, from);
    if (n <= 0)
        return NULL;
    text[n] = 0;
    return guest_log_pick(text);
}
