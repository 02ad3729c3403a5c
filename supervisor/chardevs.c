// SPDX-License-Identifier: GPL-2.0-or-later
// The files and listening sockets of character devices. vireod opens them, so that QEMU's user
// needs no access to their directories; a helper thread does it, as their file system may not
// answer.
#include "base/file.h"
#include "base/offload.h"
#include "qemu/device.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>

enum opening_kind { OPEN_OUTPUT, OPEN_LOG, OPEN_LISTENER };

struct opening {
    const struct device *dev; // not touched by the helper
    enum opening_kind kind;
    char *path;
    bool append;
    int fd;    // -1: not open
    int error; // -errno
};

// The caller and the helper each hold a reference: the caller reads `at` after giving up.
struct openings {
    unsigned refs; // changed on the loop only
    VEC(struct opening) v;
    _Atomic size_t at;
};

static void openings_unref(void *arg)
{
    struct openings *o = arg;
    if (--o->refs > 0)
        return;
    VEC_FOREACH (it, &o->v) {
        free(it->path);
        close_fd(&it->fd);
    }
    vec_finish(&o->v);
    free(o);
}

// O_NONBLOCK: opening a pipe without a reader, or some devices, would wait.
static int open_output(const char *path, bool append)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    struct stat st;
    int fd = open(path, flags | (append ? O_APPEND : O_TRUNC), 0600);
    if (fd < 0)
        return errno == ENXIO ? -ESPIPE : -errno;
    int r = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) || S_ISCHR(st.st_mode) ? 0 : -ESPIPE;
    if (r == 0 && fcntl(fd, F_SETFL, append ? O_APPEND : 0) < 0)
        r = -errno;
    if (r == 0)
        return fd;
    close(fd);
    return r;
}

static void open_run(void *arg)
{
    struct openings *o = arg;
    for (size_t i = 0; i < o->v.n; i++) {
        struct opening *it = &o->v.v[i];
        atomic_store(&o->at, i);
        it->fd = it->kind == OPEN_LISTENER ? unix_listen(it->path, 0660, 1)
                                           : open_output(it->path, it->append);
        if (it->fd < 0) {
            it->error = it->fd;
            it->fd = -1;
            return;
        }
    }
}

static void add(struct openings *o, const struct device *dev, enum opening_kind kind,
                const char *path, bool append)
{
    struct opening it = {
        .dev = dev, .kind = kind, .path = xstrdup(path), .append = append, .fd = -1};
    vec_push(&o->v, it);
}

struct adding {
    struct openings *o;
    struct domain_def *def;
    const struct command_input *in;
};

static int add_device(struct device *dev, void *arg)
{
    struct adding *a = arg;
    const struct device_class *class = device_class_of(dev->kind);
    struct chardev_source *s = class->chardev ? class->chardev(a->def, dev) : NULL;
    if (!s)
        return 0;
    if (s->type == CHARDEV_UNIX && !s->path && dev->kind == DEVICE_CHANNEL)
        s->path = command_channel_path(a->in, (struct domain_chardev *)dev);
    if (s->type == CHARDEV_UNIX && s->path && s->mode == CHARDEV_MODE_NONE)
        s->mode = CHARDEV_MODE_BIND;
    if (s->type == CHARDEV_FILE && s->path)
        add(a->o, dev, OPEN_OUTPUT, s->path, s->append == TOGGLE_YES);
    if (s->log_file)
        add(a->o, dev, OPEN_LOG, s->log_file, s->log_append == TOGGLE_YES);
    if (s->type == CHARDEV_UNIX && s->path && s->mode != CHARDEV_MODE_CONNECT)
        add(a->o, dev, OPEN_LISTENER, s->path, false);
    return 0;
}

static int refuse(const struct domain *dom, const struct opening *it, struct error *err)
{
    if (it->kind == OPEN_LISTENER)
        return error_set_errno(err, AREA_QEMU, it->error, "cannot listen at '%s' for domain '%s'",
                               it->path, dom->name);
    if (it->error == -ESPIPE)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU,
                         "cannot write output of domain '%s' to '%s': it is neither a regular file "
                         "nor a character device; for a named pipe use type='pipe'",
                         dom->name, it->path);
    return error_set_errno(err, AREA_QEMU, it->error,
                           "cannot open '%s' for output of domain '%s' as uid %d", it->path,
                           dom->name, (int)geteuid());
}

// Moves an open descriptor into the entry of its device, which is the last one or new.
static void take(struct opening *it, struct chardev_vec *ret)
{
    if (ret->n == 0 || ret->v[ret->n - 1].dev != it->dev) {
        struct command_chardev a = {.dev = it->dev, .listen_fd = -1, .file_fd = -1, .log_fd = -1};
        vec_push(ret, a);
    }
    struct command_chardev *a = &ret->v[ret->n - 1];
    *(it->kind == OPEN_OUTPUT ? &a->file_fd
      : it->kind == OPEN_LOG  ? &a->log_fd
                              : &a->listen_fd) = it->fd;
    it->fd = -1;
}

int chardevs_open(struct task *t, struct domain *dom, const struct command_input *in,
                  struct chardev_vec *ret, struct error *err)
{
    object_assert_locked(t, &dom->object);
    uint64_t limit_ms = dom->all->config.timeouts.file_ms;
    struct openings *o = NEW(struct openings);
    o->refs = 2;
    struct adding adding = {.o = o, .def = dom->live, .in = in};
    domain_def_each_device(dom->live, add_device, &adding);
    int r = task_offload_until(t, dom, open_run, openings_unref, o, task_deadline_ms(limit_ms));
    if (r == -ECANCELED)
        r = error_set(err, ERROR_OPERATION_ABORTED, AREA_QEMU,
                      "vireod ends: gave up the start of domain '%s'", dom->name);
    else if (r < 0)
        r = error_set(err, ERROR_OPERATION_TIMEOUT, AREA_QEMU,
                      "cannot open '%s' of domain '%s': its file system does not answer within %ju "
                      "ms",
                      o->v.v[atomic_load(&o->at)].path, dom->name, (uintmax_t)limit_ms);
    else
        openings_unref(o); // the helper's
    for (size_t i = 0; r == 0 && i < o->v.n; i++) {
        if (o->v.v[i].error < 0)
            r = refuse(dom, &o->v.v[i], err);
        else
            take(&o->v.v[i], ret);
    }
    openings_unref(o);
    return r;
}

void chardevs_finish(struct chardev_vec *v)
{
    VEC_FOREACH (a, v) {
        close_fd(&a->listen_fd);
        close_fd(&a->file_fd);
        close_fd(&a->log_fd);
    }
    vec_finish(v);
}
