// SPDX-License-Identifier: GPL-2.0-or-later
// The content of a volume, to and from a client.
#include "base/offload.h"
#include "api/storage.h"
#include "rpc/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/param.h>
#include <unistd.h>

enum { PIECE = 256 * 1024 };

struct transfer {
    struct volume *vol;
    int fd;
    bool up, sparse, closed;
    uint64_t at, end; // end: UINT64_MAX when there is none
    uint8_t *buffer;
};

static void transfer_release(void *arg)
{
    struct transfer *x = arg;
    if (!x->closed)
        volume_release(x->vol, x->up);
    close_fd(&x->fd);
    volume_unref(x->vol);
    free(x->buffer);
    free(x);
}

static int fail(const struct transfer *x, int errnum, struct error *err)
{
    return error_set_errno(err, AREA_STREAM, errnum, "cannot %s volume '%s' of pool '%s'",
                           x->up ? "write to" : "read", x->vol->name, x->vol->pool->name);
}

// One access to the file, on a helper thread.
struct access {
    int fd;
    const uint8_t *from;
    uint8_t *to;
    uint64_t at, len; // done: how far it came
    uint64_t hole;    // bytes of hole at `at`
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

static int download(struct task *t, struct stream *s, void *arg, struct error *err)
{
    struct transfer *x = arg;
    x->buffer = xmalloc(PIECE);
    while (x->at < x->end) {
        struct access a = {
            .fd = x->fd, .to = x->buffer, .at = x->at, .len = x->end - x->at, .sparse = x->sparse};
        task_offload_for(t, t, read_run, &a);
        if (a.error < 0)
            return fail(x, a.error, err);
        if (!a.hole && a.done == 0)
            break;
        if (a.hole ? stream_send_hole(t, s, (int64_t)a.hole, err) < 0
                   : stream_send(t, s, x->buffer, (size_t)a.done, err) < 0)
            return -1;
        x->at += a.hole ? a.hole : (uint64_t)a.done;
    }
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

static int take(struct task *t, struct transfer *x, const struct stream_chunk *chunk,
                struct error *err)
{
    bool hole = chunk->event == STREAM_HOLE;
    uint64_t len = hole ? (uint64_t)chunk->hole : chunk->len;
    if (hole && (!x->sparse || chunk->hole < 0))
        return error_set(err, ERROR_INVALID_STREAM, AREA_STREAM,
                         "a hole in an upload that was not announced as sparse");
    if (!len)
        return 0;
    // More than was announced, or more than a file can have.
    if (len > x->end - x->at || x->at + len > INT64_MAX)
        return fail(x, -ENOSPC, err);
    struct access a = {.fd = x->fd, .from = chunk->data, .at = x->at, .len = len};
    task_offload_for(t, t, hole ? hole_run : write_run, &a);
    if (a.error < 0)
        return fail(x, a.error, err);
    x->at += len;
    return 0;
}

static void sync_run(void *arg)
{
    struct access *a = arg;
    a->error = fdatasync(a->fd) < 0 ? -errno : 0;
}

static int upload(struct task *t, struct stream *s, void *arg, struct error *err)
{
    struct transfer *x = arg;
    for (;;) {
        struct stream_chunk chunk;
        if (stream_receive(t, s, TASK_FOREVER, &chunk) < 0 || chunk.event == STREAM_OVER)
            return 0;
        if (chunk.event == STREAM_FINISHED)
            break;
        if (take(t, x, &chunk, err) < 0)
            return -1;
    }
    // The reply follows when all is on the disk and what the client asks next sees it.
    struct access a = {.fd = x->fd};
    task_offload_for(t, t, sync_run, &a);
    if (a.error < 0)
        return fail(x, a.error, err);
    x->closed = true;
    volume_close(t, x->vol, true);
    return 0;
}

// Takes a reference of its own.
static int open_transfer(struct call *call, struct volume *vol, bool up, bool sparse,
                         uint64_t offset, uint64_t length, struct error *err)
{
    int fd;
    if (offset > INT64_MAX)
        return error_set(err, ERROR_INVALID_ARG, AREA_STORAGE, "the offset %ju is too large",
                         (uintmax_t)offset);
    if (volume_open(call->task, vol, up, &fd, err) < 0)
        return -1;
    struct transfer *x = NEW(struct transfer);
    *x = (struct transfer){.vol = volume_ref(vol), .fd = fd, .up = up, .sparse = sparse};
    x->at = offset;
    // No length: to the end.
    x->end = length && length <= UINT64_MAX - offset ? offset + length : UINT64_MAX;
    return stream_open(call, up ? upload : download, x, transfer_release, err);
}

int api_storage_vol_upload(struct call *call, struct volume *vol,
                           const struct wire_storage_vol_upload_args *args, struct error *err)
{
    return open_transfer(call, vol, true, args->flags & VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM,
                         args->offset, args->length, err);
}

int api_storage_vol_download(struct call *call, struct volume *vol,
                             const struct wire_storage_vol_download_args *args, struct error *err)
{
    return open_transfer(call, vol, false, args->flags & VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM,
                         args->offset, args->length, err);
}
