// SPDX-License-Identifier: GPL-2.0-or-later
// Long work on files: piece by piece on helper threads, so that the daemon can end meanwhile and no
// thread is held for hours.
#include "base/offload.h"
#include "storage/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/param.h>

enum { ZEROES = 1024 * 1024 };
static const uint64_t ALLOCATE_PIECE = UINT64_C(8) << 30, WRITE_PIECE = UINT64_C(64) << 20;

struct piece {
    int in, out;
    uint64_t from, to;
    int error;
};

// Runs fn on one piece after the other; fn moves `from` on by itself. 0 or -errno.
static int in_pieces(struct task *t, void (*fn)(void *arg), struct piece *whole, uint64_t size)
{
    struct piece p = *whole;
    while (p.from < whole->to) {
        if (task_is_cancelled(t))
            return -ECANCELED;
        p.to = MIN(whole->to, p.from + size);
        task_offload_for(t, t, fn, &p);
        if (p.error < 0)
            return p.error;
    }
    return 0;
}

static void zero_run(void *arg)
{
    struct piece *p = arg;
    AUTO_FREE char *zeroes = xcalloc(1, ZEROES);
    while (p->from < p->to && p->error == 0) {
        ssize_t n = pwrite(p->out, zeroes, MIN(ZEROES, p->to - p->from), (off_t)p->from);
        if (n > 0)
            p->from += (uint64_t)n;
        else if (n == 0 || errno != EINTR)
            p->error = n == 0 ? -ENOSPC : -errno;
    }
}

int file_zero(struct task *t, int fd, uint64_t from, uint64_t to)
{
    struct piece p = {.out = fd, .from = from, .to = to};
    return in_pieces(t, zero_run, &p, WRITE_PIECE);
}

static void allocate_run(void *arg)
{
    struct piece *p = arg;
    if (fallocate(p->out, 0, (off_t)p->from, (off_t)(p->to - p->from)) == 0)
        p->from = p->to;
    else if (errno != EINTR)
        p->error = -errno;
}

int file_allocate(struct task *t, int fd, uint64_t from, uint64_t to)
{
    struct piece p = {.out = fd, .from = from, .to = to};
    int r = in_pieces(t, allocate_run, &p, ALLOCATE_PIECE);
    // Where the file system cannot promise blocks they are written.
    return r == -EOPNOTSUPP ? file_zero(t, fd, from, to) : r;
}

// One stretch of data, without what the file system can do itself.
static int copy_by_hand(struct piece *p, uint64_t end)
{
    AUTO_FREE char *buf = xmalloc(ZEROES);
    while (p->from < end) {
        ssize_t n = pread(p->in, buf, MIN(ZEROES, end - p->from), (off_t)p->from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0) { // it became shorter: the rest is a hole
            p->from = end;
            return 0;
        }
        for (ssize_t done = 0; done < n;) {
            ssize_t w = pwrite(p->out, buf + done, (size_t)(n - done), (off_t)p->from + done);
            if (w < 0 && errno != EINTR)
                return -errno;
            done += w > 0 ? w : 0;
        }
        p->from += (uint64_t)n;
    }
    return 0;
}

static int copy_stretch(struct piece *p, uint64_t end)
{
    while (p->from < end) {
        off_t in = (off_t)p->from, out = in;
        ssize_t n = copy_file_range(p->in, &in, p->out, &out, end - p->from, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return copy_by_hand(p, end);
        p->from += (uint64_t)n;
    }
    return 0;
}

static void copy_run(void *arg)
{
    struct piece *p = arg;
    while (p->from < p->to && p->error == 0) {
        off_t data = lseek(p->in, (off_t)p->from, SEEK_DATA);
        uint64_t start = data >= 0 ? (uint64_t)data : errno == ENXIO ? p->to : p->from;
        if (start >= p->to) {
            p->from = p->to;
            return;
        }
        off_t hole = lseek(p->in, (off_t)start, SEEK_HOLE);
        p->from = start;
        p->error = copy_stretch(p, hole > data ? MIN((uint64_t)hole, p->to) : p->to);
    }
}

int file_copy(struct task *t, int in, int out, uint64_t size)
{
    struct piece p = {.in = in, .out = out, .to = size};
    return in_pieces(t, copy_run, &p, WRITE_PIECE);
}
