// SPDX-License-Identifier: GPL-2.0-or-later
// What is done with a volume that is there: removed, made larger or smaller, overwritten.
#include "base/offload.h"
#include "storage/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/param.h>

struct file_job {
    const char *path;
    int flags;
    int fd;
    uint64_t size;
    struct stat st;
    int error;
};

static void open_run(void *arg)
{
    struct file_job *j = arg;
    j->fd = open(j->path, j->flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (j->fd < 0 || fstat(j->fd, &j->st) < 0)
        j->error = -errno;
    else if (!S_ISREG(j->st.st_mode))
        j->error = S_ISDIR(j->st.st_mode) ? -EISDIR : -EINVAL;
    if (j->error)
        close_fd(&j->fd);
}

static int open_file(struct task *t, const struct volume *vol, int flags, struct file_job *j,
                     struct error *err)
{
    AUTO_FREE char *path = volume_path(vol);
    *j = (struct file_job){.path = path, .flags = flags, .fd = -1};
    task_offload_for(t, vol->pool, open_run, j);
    j->path = NULL;
    if (j->error < 0)
        return error_set_errno(err, AREA_STORAGE, j->error,
                               "cannot open volume '%s' of pool '%s' ('%s')", vol->name,
                               vol->pool->name, path);
    return 0;
}

int volume_open_file(struct task *t, const struct volume *vol, int flags, int *ret,
                     struct error *err)
{
    struct file_job j;
    if (open_file(t, vol, flags, &j, err) < 0)
        return -1;
    *ret = j.fd;
    return 0;
}

void volume_refresh_after(struct task *t, struct volume *vol)
{
    AUTO_ERROR err = ERROR_INIT;
    if (volume_refresh(t, vol, &err) < 0 && vol->state != VOLUME_REMOVED)
        log_warn("%s", error_message(&err));
    pool_read_space(t, vol->pool);
}

// ---- delete

static void remove_run(void *arg)
{
    struct file_job *j = arg;
    j->error = (j->flags ? rmdir(j->path) : unlink(j->path)) < 0 ? -errno : 0;
}

int volume_delete(struct task *t, struct volume *vol, struct error *err)
{
    struct pool *pool = vol->pool;
    if (pool_lock(t, pool, "delete a volume of", err) < 0)
        return -1;
    int r = volume_hold(vol, true, err);
    if (r == 0) {
        AUTO_FREE char *path = volume_path(vol);
        bool dir = vol->def->type == VOLUME_TYPE_DIR;
        struct file_job j = {.path = path, .flags = dir};
        task_offload_for(t, vol->pool, remove_run, &j);
        volume_let_go(vol, true);
        // Gone already is what was asked for.
        if (j.error == 0 || j.error == -ENOENT)
            volume_remove(vol);
        else
            r = error_set_errno(err, AREA_STORAGE, j.error,
                                "cannot remove %s '%s', volume '%s' of pool '%s'",
                                dir ? "directory" : "file", path, vol->name, pool->name);
    }
    pool_unlock(pool);
    pool_read_space(t, pool);
    return r;
}

// ---- resize

static void truncate_run(void *arg)
{
    struct file_job *j = arg;
    j->error = ftruncate(j->fd, (off_t)j->size) < 0 ? -errno : 0;
}

static int resize_raw(struct task *t, struct volume *vol, uint64_t size, bool allocate,
                      struct error *err)
{
    struct file_job j;
    if (open_file(t, vol, O_RDWR, &j, err) < 0)
        return -1;
    uint64_t before = (uint64_t)j.st.st_size;
    j.size = size;
    task_offload_for(t, vol->pool, truncate_run, &j);
    int r = j.error;
    if (r == 0 && allocate) {
        r = file_allocate(t, j.fd, 0, size);
        if (r < 0) { // all or nothing
            j.size = before;
            task_offload_for(t, vol->pool, truncate_run, &j);
        }
    }
    close_fd(&j.fd);
    return r < 0 ? error_set_errno(err, AREA_STORAGE, r, "cannot resize volume '%s' of pool '%s'",
                                   vol->name, vol->pool->name)
                 : 0;
}

static int resize_image(struct task *t, struct volume *vol, uint64_t size, struct error *err)
{
    CLEANUP(strv_finish) struct strv args = {0};
    strv_push(&args, "resize");
    strv_push(&args, "-f");
    strv_push(&args, volume_format_name(vol->def->target.format));
    if (size < vol->def->capacity.value)
        strv_push(&args, "--shrink");
    strv_push(&args, vol->def->target.path);
    strv_printf(&args, "%ju", (uintmax_t)size);
    return qemu_img_run(t, vol->pool->all, &args, -1, QEMU_IMG_LONG_MS, err);
}

static int new_size(const struct volume *vol, uint64_t capacity, unsigned flags, uint64_t *ret,
                    struct error *err)
{
    uint64_t now = vol->def->capacity.value, allocated = vol->def->allocation.value;
    bool shrink = flags & VOLUME_RESIZE_SHRINK;
    *ret = capacity;
    if (flags & VOLUME_RESIZE_DELTA) {
        if (shrink)
            *ret = now - MIN(now, capacity);
        else if (__builtin_add_overflow(now, capacity, ret))
            *ret = UINT64_MAX;
    }
    if (*ret > INT64_MAX)
        return error_set(err, ERROR_OVERFLOW, AREA_STORAGE,
                         "the new size of volume '%s' is too large", vol->name);
    if (*ret < allocated)
        return error_set(err, ERROR_INVALID_ARG, AREA_STORAGE,
                         "can't shrink capacity below existing allocation: volume "
                         "'%s' has %ju bytes on disk",
                         vol->name, (uintmax_t)allocated);
    if (*ret < now && !shrink)
        return error_set(err, ERROR_INVALID_ARG, AREA_STORAGE,
                         "Can't shrink capacity of volume '%s' below the current "
                         "capacity of %ju bytes unless the shrink flag is given",
                         vol->name, (uintmax_t)now);
    return 0;
}

static int resize_held(struct task *t, struct volume *vol, uint64_t capacity, unsigned flags,
                       struct error *err)
{
    uint64_t size;
    bool plain = vol->def->target.format == VOLUME_FORMAT_RAW ||
                 vol->def->target.format == VOLUME_FORMAT_ISO;
    if (new_size(vol, capacity, flags, &size, err) < 0)
        return -1;
    if (plain)
        return resize_raw(t, vol, size, flags & VOLUME_RESIZE_ALLOCATE, err);
    if (flags & VOLUME_RESIZE_ALLOCATE)
        return error_set(err, ERROR_OPERATION_UNSUPPORTED, AREA_STORAGE,
                         "Operation not supported: preallocate is only supported for raw volumes, "
                         "and '%s' is %s",
                         vol->name, volume_format_name(vol->def->target.format));
    if (vol->def->type == VOLUME_TYPE_DIR)
        return error_set(err, ERROR_OPERATION_UNSUPPORTED, AREA_STORAGE,
                         "volume '%s' is a directory: it has no size to change", vol->name);
    return resize_image(t, vol, size, err);
}

int volume_resize(struct task *t, struct volume *vol, uint64_t capacity, unsigned flags,
                  struct error *err)
{
    if (volume_refresh(t, vol, err) < 0 || volume_hold(vol, true, err) < 0)
        return -1;
    int r = resize_held(t, vol, capacity, flags, err);
    volume_let_go(vol, true);
    volume_refresh_after(t, vol);
    return r;
}

// ---- wipe

// What is a hole becomes one again: there is nothing of the file's in it.
static int wipe_file(struct task *t, struct file_job *j)
{
    uint64_t size = (uint64_t)j->st.st_size;
    if ((uint64_t)j->st.st_blocks * 512 >= size)
        return file_zero(t, j->fd, 0, size);
    j->size = 0;
    task_offload_for(t, t, truncate_run, j);
    if (j->error == 0) {
        j->size = size;
        task_offload_for(t, t, truncate_run, j);
    }
    return j->error;
}

int volume_wipe(struct task *t, struct volume *vol, struct error *err)
{
    struct file_job j;
    if (volume_hold(vol, true, err) < 0)
        return -1;
    int r = open_file(t, vol, O_RDWR, &j, err);
    if (r == 0) {
        int failed = wipe_file(t, &j);
        close_fd(&j.fd);
        if (failed < 0)
            r = error_set_errno(err, AREA_STORAGE, failed, "cannot wipe volume '%s' of pool '%s'",
                                vol->name, vol->pool->name);
    }
    volume_let_go(vol, true);
    volume_refresh_after(t, vol);
    return r;
}
