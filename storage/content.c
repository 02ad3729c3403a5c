// SPDX-License-Identifier: GPL-2.0-or-later
// The content of a volume, read from and written to in pieces on helper threads.
#include "base/offload.h"
#include "storage/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/param.h>
#include <unistd.h>

enum { PIECE = 256 * 1024 };

struct volume_content {
    struct volume *vol;
    int fd;
    bool write, sparse, held;
    uint64_t at, end; // end: UINT64_MAX when there is none
    uint8_t *buffer;
};

int volume_open(struct task *t, struct volume *vol, const struct volume_range *range,
                struct volume_content **ret, struct error *err)
{
    int fd;
    if (range->offset > INT64_MAX)
        return error_set(err, ERROR_INVALID_ARG, AREA_STORAGE, "the offset %ju is too large",
                         (uintmax_t)range->offset);
    if (volume_hold(vol, range->write, err) < 0)
        return -1;
    if (volume_open_file(t, vol, range->write ? O_RDWR : O_RDONLY, &fd, err) < 0) {
        volume_let_go(vol, range->write);
        return -1;
    }
    struct volume_content *c = *ret = NEW(struct volume_content);
    bool ends = range->length && range->length <= UINT64_MAX - range->offset;
    *c = (struct volume_content){.vol = volume_ref(vol),
                                 .fd = fd,
                                 .write = range->write,
                                 .sparse = range->sparse,
                                 .held = true,
                                 .at = range->offset,
                                 .end = ends ? range->offset + range->length : UINT64_MAX};
    return 0;
}

void volume_close(struct volume_content *c)
{
    if (!c)
        return;
    if (c->held)
        volume_let_go(c->vol, c->write);
    close_fd(&c->fd);
    volume_unref(c->vol);
    free(c->buffer);
    free(c);
}

static int fail(const struct volume_content *c, int errnum, struct error *err)
{
    return error_set_errno(err, AREA_STREAM, errnum, "cannot %s volume '%s' of pool '%s'",
                           c->write ? "write to" : "read", c->vol->name, c->vol->pool->name);
}

// One access to the file, on a helper thread.
struct access {
    int fd;
    const uint8_t *from;
    uint8_t *to;
    uint64_t at, len;
    uint64_t hole; // bytes of hole at `at`
    bool sparse;
    ssize_t done;
    int error;
};

static void read_run(void *arg)
{
    struct access *a = arg;
    if (a->sparse) {
        off_t data = lseek(a->fd, (off_t)a->at, SEEK_DATA);
        off_t size = lseek(a->fd, 0, SEEK_END);
        // Behind the last data there is a hole up to the end.
        if (data < 0 && errno == ENXIO)
            data = size;
        if (data > (off_t)a->at) {
            a->hole = MIN((uint64_t)data - a->at, a->len);
            return;
        }
        off_t hole = lseek(a->fd, (off_t)a->at, SEEK_HOLE);
        if (hole > (off_t)a->at)
            a->len = MIN(a->len, (uint64_t)hole - a->at);
    }
    do
        a->done = pread(a->fd, a->to, (size_t)MIN(a->len, PIECE), (off_t)a->at);
    while (a->done < 0 && errno == EINTR);
    if (a->done < 0)
        a->error = -errno;
}

int volume_read(struct task *t, struct volume_content *c, struct volume_piece *ret,
                struct error *err)
{
    *ret = (struct volume_piece){0};
    if (c->at >= c->end)
        return 0;
    if (!c->buffer)
        c->buffer = xmalloc(PIECE);
    struct access a = {
        .fd = c->fd, .to = c->buffer, .at = c->at, .len = c->end - c->at, .sparse = c->sparse};
    task_offload_for(t, t, read_run, &a);
    if (a.error < 0)
        return fail(c, a.error, err);
    *ret = (struct volume_piece){
        .data = c->buffer, .len = a.hole ? a.hole : (uint64_t)a.done, .hole = a.hole > 0};
    c->at += ret->len;
    return 0;
}

static void write_run(void *arg)
{
    struct access *a = arg;
    while (a->len && a->error == 0) {
        ssize_t n = pwrite(a->fd, a->from, a->len, (off_t)a->at);
        if (n > 0) {
            a->from += n;
            a->at += (uint64_t)n;
            a->len -= (uint64_t)n;
        } else if (n == 0 || errno != EINTR) {
            a->error = n == 0 ? -ENOSPC : -errno;
        }
    }
}

// A hole in what is sent is one in the file: nothing of what was there shows through.
static void hole_run(void *arg)
{
    struct access *a = arg;
    off_t size = lseek(a->fd, 0, SEEK_END);
    if (size >= 0 && (uint64_t)size < a->at + a->len &&
        ftruncate(a->fd, (off_t)(a->at + a->len)) < 0)
        a->error = -errno;
    if (a->error == 0 && fallocate(a->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)a->at,
                                   (off_t)a->len) < 0)
        a->error = -errno;
}

int volume_write(struct task *t, struct volume_content *c, const struct volume_piece *piece,
                 struct error *err)
{
    if (piece->hole && !c->sparse)
        return error_set(err, ERROR_INVALID_STREAM, AREA_STREAM,
                         "a hole in an upload that was not announced as sparse");
    if (!piece->len)
        return 0;
    // More than was announced, or more than a file can have.
    if (piece->len > c->end - c->at || c->at + piece->len > INT64_MAX)
        return fail(c, -ENOSPC, err);
    struct access a = {.fd = c->fd, .from = piece->data, .at = c->at, .len = piece->len};
    task_offload_for(t, t, piece->hole ? hole_run : write_run, &a);
    if (a.error < 0)
        return fail(c, a.error, err);
    c->at += piece->len;
    return 0;
}

static void sync_run(void *arg)
{
    struct access *a = arg;
    a->error = fdatasync(a->fd) < 0 ? -errno : 0;
}

int volume_finish(struct task *t, struct volume_content *c, struct error *err)
{
    struct volume *vol = c->vol;
    struct access a = {.fd = c->fd};
    task_offload_for(t, t, sync_run, &a);
    if (a.error < 0)
        return fail(c, a.error, err);
    volume_let_go(vol, true);
    c->held = false;
    volume_refresh_after(t, vol);
    const struct pool_observer *o = &vol->pool->all->config.observer;
    if (o->refreshed && vol->state != VOLUME_REMOVED)
        o->refreshed(o->arg, vol->pool);
    return 0;
}
