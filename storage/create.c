// SPDX-License-Identifier: GPL-2.0-or-later
// How a volume comes to be
//
// Its name is taken in the pool's table at once; its file has none until it is complete: it is made
// as an unnamed file of the directory and gets its name by link(), which fails when another process
// took that meanwhile. So a failure, and the death of this daemon, leave nothing behind. Where the
// file system has no unnamed files (NFS) a hidden one takes their place.
#include "base/offload.h"
#include "storage/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/param.h>

enum { FILE_MODE = 0600 };

struct making {
    struct pool *pool;
    char *dir;                    // the pool's
    const struct volume_def *def; // what was asked for, filled in
    struct volume_def *source;    // as it was when this began; NULL: none
    unsigned flags;
    int fd; // of the file that is made; -1
    int source_fd;
    char *path; // the volume's
    char *temp; // of a hidden file; NULL: unnamed
    int error;
};

// ---- on helper threads

// On btrfs: blocks are overwritten in place. It goes with empty files only.
static int forbid_copies(int fd)
{
    int flags;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
        return -1;
    flags |= FS_NOCOW_FL;
    return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static void open_run(void *arg)
{
    struct making *m = arg;
    struct stat st;
    if (lstat(m->path, &st) == 0) {
        m->error = -EEXIST;
        return;
    }
    m->fd = open(m->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
    if (m->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        m->temp = xasprintf("%s/" STORAGE_TEMPORARY "XXXXXX", m->dir);
        m->fd = mkostemp(m->temp, O_CLOEXEC);
        if (m->fd < 0)
            free(STEAL(m->temp));
    }
    if (m->fd < 0 || (m->def->target.nocow && forbid_copies(m->fd) < 0))
        m->error = -errno;
    if (m->source && m->error == 0) {
        m->source_fd = open(m->source->target.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (m->source_fd < 0)
            m->error = -errno;
    }
}

// libvirt's images have whole KiB; QEMU's own need only whole sectors.
static uint64_t whole_kib(uint64_t bytes)
{
    return bytes / 1024 + (bytes % 1024 != 0);
}

static int set_permissions(const struct making *m, int fd)
{
    const struct storage_permissions *p = &m->def->target.permissions;
    uid_t uid = p->owner.set ? (uid_t)p->owner.value : (uid_t)-1;
    gid_t gid = p->group.set ? (gid_t)p->group.value : (gid_t)-1;
    if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid) < 0)
        return -errno;
    return fchmod(fd, p->mode.set ? (mode_t)p->mode.value : FILE_MODE) < 0 ? -errno : 0;
}

static void name_run(void *arg)
{
    struct making *m = arg;
    m->error = set_permissions(m, m->fd);
    if (m->error == 0 && fsync(m->fd) < 0)
        m->error = -errno;
    if (m->error)
        return;
    AUTO_FREE char *from = m->temp ? NULL : xasprintf("/proc/self/fd/%d", m->fd);
    if (linkat(AT_FDCWD, m->temp ? m->temp : from, AT_FDCWD, m->path,
               m->temp ? 0 : AT_SYMLINK_FOLLOW) < 0)
        m->error = -errno;
}

static void close_run(void *arg)
{
    struct making *m = arg;
    if (m->temp)
        unlink(m->temp);
    close_fd(&m->fd);
    close_fd(&m->source_fd);
}

static void directory_run(void *arg)
{
    struct making *m = arg;
    if (mkdir(m->path, 0700) < 0) {
        m->error = -errno;
        return;
    }
    AUTO_CLOSE int fd = open(m->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    m->error = fd < 0 ? -errno : set_permissions(m, fd);
    if (m->error)
        rmdir(m->path);
}

struct size_job {
    int fd;
    uint64_t size;
    int error;
};

static void truncate_run(void *arg)
{
    struct size_job *s = arg;
    s->error = ftruncate(s->fd, (off_t)s->size) < 0 ? -errno : 0;
}

static void reflink_run(void *arg)
{
    struct making *m = arg;
    m->error = ioctl(m->fd, FICLONE, m->source_fd) < 0 ? -errno : 0;
}

// ---- content

static int fail(const struct making *m, int errnum, const char *what, struct error *err)
{
    if (errnum == -EEXIST)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                         "volume target path '%s' already exists; "
                         "refresh the pool to see it",
                         m->path);
    return error_set_errno(err, AREA_STORAGE, errnum, "cannot %s '%s'", what, m->path);
}

static int make_raw(struct task *t, struct making *m, struct error *err)
{
    uint64_t capacity = m->def->capacity.value;
    struct size_job s = {.fd = m->fd, .size = capacity};
    uint64_t allocate = MIN(m->def->allocation.value, capacity);
    int r;
    if (m->flags & VOLUME_REFLINK) {
        task_offload_for(t, m->pool, reflink_run, m);
        if (m->error < 0)
            return fail(m, m->error, "share the source's blocks in", err);
        allocate = 0;
    }
    task_offload_for(t, m->pool, truncate_run, &s);
    if (s.error < 0)
        return fail(m, s.error, "set the size of", err);
    if (allocate && (r = file_allocate(t, m->fd, 0, allocate)) < 0)
        return fail(m, r, "allocate the bytes of", err);
    if (m->source && !(m->flags & VOLUME_REFLINK) &&
        (r = file_copy(t, m->source_fd, m->fd, m->source->capacity.value)) < 0)
        return fail(m, r, "copy the source to", err);
    return 0;
}

static char *format_options(const struct making *m, bool convert)
{
    const struct volume_target *t = &m->def->target;
    if (t->format != VOLUME_FORMAT_QCOW2)
        return NULL;
    AUTO_STRBUF b = {0};
    strbuf_printf(&b, "compat=%s", t->compat ? t->compat : "1.1");
    if (t->cluster_size.set)
        strbuf_printf(&b, ",cluster_size=%ju", (uintmax_t)t->cluster_size.value);
    if (t->lazy_refcounts)
        strbuf_add(&b, ",lazy_refcounts=on");
    if (t->extended_l2)
        strbuf_add(&b, ",extended_l2=on");
    if (m->flags & VOLUME_PREALLOCATE_METADATA)
        strbuf_printf(&b, ",preallocation=%s",
                      !convert && m->def->allocation.value >= m->def->capacity.value ? "falloc"
                                                                                     : "metadata");
    return strbuf_steal(&b);
}

static int make_with_qemu_img(struct task *t, struct making *m, struct error *err)
{
    const struct volume_def *def = m->def;
    const char *format = volume_format_name(def->target.format);
    AUTO_FREE char *options = format_options(m, m->source != NULL);
    CLEANUP(strv_finish) struct strv args = {0};
    strv_push(&args, m->source ? "convert" : "create");
    if (m->source) {
        enum volume_format from = m->source->target.format;
        strv_push(&args, "-f");
        strv_push(&args, from == VOLUME_FORMAT_ISO ? "raw" : volume_format_name(from));
        strv_push(&args, "-O");
    } else {
        strv_push(&args, "-f");
    }
    strv_push(&args, format);
    if (options) {
        strv_push(&args, "-o");
        strv_push(&args, options);
    }
    if (def->backing && !m->source) {
        strv_push(&args, "-b");
        strv_push(&args, def->backing->path);
        strv_push(&args, "-F");
        strv_push(&args, volume_format_name(def->backing->format));
    }
    if (m->source)
        strv_push(&args, m->source->target.path);
    strv_push(&args, QEMU_IMG_TARGET);
    if (!m->source && def->capacity.set)
        strv_printf(&args, "%juK", (uintmax_t)whole_kib(def->capacity.value));
    bool is_long = m->source || (m->flags & VOLUME_PREALLOCATE_METADATA);
    if (qemu_img_run(t, m->pool->all, &args, m->fd, is_long ? QEMU_IMG_LONG_MS : QEMU_IMG_SHORT_MS,
                     err) < 0)
        return -1;
    if (!m->source || def->capacity.value <= m->source->capacity.value ||
        (def->target.format != VOLUME_FORMAT_RAW && def->target.format != VOLUME_FORMAT_QCOW2))
        return 0;
    CLEANUP(strv_finish) struct strv resize = {0};
    strv_push(&resize, "resize");
    strv_push(&resize, "-f");
    strv_push(&resize, format);
    strv_push(&resize, QEMU_IMG_TARGET);
    strv_printf(&resize, "%juK", (uintmax_t)whole_kib(def->capacity.value));
    return qemu_img_run(t, m->pool->all, &resize, m->fd, QEMU_IMG_SHORT_MS, err);
}

// A raw file and a CD's image are the same bytes.
static bool is_plain(enum volume_format format)
{
    return format == VOLUME_FORMAT_RAW || format == VOLUME_FORMAT_ISO;
}

static int make_content(struct task *t, struct making *m, struct error *err)
{
    if (is_plain(m->def->target.format) && (!m->source || is_plain(m->source->target.format)))
        return make_raw(t, m, err);
    if (m->flags & VOLUME_REFLINK)
        return error_set(err, ERROR_ARGUMENT_UNSUPPORTED, AREA_STORAGE,
                         "cannot share blocks for volume '%s': both it and its source must be raw",
                         m->def->name);
    return make_with_qemu_img(t, m, err);
}

static int make_file(struct task *t, struct making *m, struct error *err)
{
    if (m->def->target.format == VOLUME_FORMAT_DIR) {
        task_offload_for(t, m->pool, directory_run, m);
        return m->error < 0 ? fail(m, m->error, "make directory", err) : 0;
    }
    task_offload_for(t, m->pool, open_run, m);
    int r = m->error < 0 ? fail(m, m->error, "create", err) : make_content(t, m, err);
    if (r == 0) {
        task_offload_for(t, m->pool, name_run, m);
        if (m->error < 0)
            r = fail(m, m->error, "finish", err);
    }
    task_offload_for(t, m->pool, close_run, m);
    free(STEAL(m->temp));
    return r;
}

// ---- what is asked for

static int check_format(const struct volume_def *def, unsigned flags, struct error *err)
{
    static const uint64_t writable =
        1u << VOLUME_FORMAT_RAW | 1u << VOLUME_FORMAT_ISO | 1u << VOLUME_FORMAT_DIR |
        1u << VOLUME_FORMAT_QCOW | 1u << VOLUME_FORMAT_QCOW2 | 1u << VOLUME_FORMAT_QED |
        1u << VOLUME_FORMAT_VMDK | 1u << VOLUME_FORMAT_VDI | 1u << VOLUME_FORMAT_VPC;
    const struct volume_target *t = &def->target;
    const char *name = volume_format_name(t->format);
    bool qcow2 = t->format == VOLUME_FORMAT_QCOW2;
    if (!(writable & 1u << t->format))
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_STORAGE,
                         "volumes of format '%s' cannot be made", name);
    if (!qcow2 && (flags & VOLUME_PREALLOCATE_METADATA))
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_STORAGE,
                         "metadata preallocation is not supported for %s "
                         "volumes",
                         name);
    if (!qcow2 && (t->lazy_refcounts || t->extended_l2 || t->compat))
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_STORAGE,
                         "<compat> and <features> go with format qcow2, not with "
                         "'%s'",
                         name);
    if (str_eq(t->compat, "0.10") && (t->lazy_refcounts || t->extended_l2))
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_STORAGE,
                         "%s not supported with compat level 0.10",
                         t->lazy_refcounts ? "lazy_refcounts" : "extended_l2");
    if (def->backing && (is_plain(t->format) || t->format == VOLUME_FORMAT_DIR))
        return error_set(err, ERROR_NO_SUPPORT, AREA_STORAGE,
                         "backing storage "
                         "not supported for %s volumes",
                         name);
    return 0;
}

static int check_name(const struct pool *pool, const char *name, const struct volume *source,
                      struct error *err)
{
    if (strchr(name, '/'))
        return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                         "volume name '%s' cannot contain '/'", name);
    if (str_eq(name, ".") || str_eq(name, "..") || str_starts(name, STORAGE_TEMPORARY))
        return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                         "'%s' cannot be the name of a volume", name);
    if (!pool_find_volume(pool, name))
        return 0;
    if (source)
        return error_set(err, ERROR_INTERNAL, AREA_STORAGE,
                         "storage volume name '%s' already in use.", name);
    return error_set(err, ERROR_STORAGE_VOL_EXISTS, AREA_STORAGE,
                     "storage volume '%s' exists already", name);
}

// A guest may have written what an image says of itself: it may only be raw unless the document
// says otherwise, as a layer of another format could name any file of the host.
static int assume_raw(struct volume_def *def, const struct volume_def *below, struct error *err)
{
    const char *format = volume_format_name(below->target.format);
    def->backing->format = VOLUME_FORMAT_RAW;
    if (is_plain(below->target.format))
        return 0;
    return error_set(
        err, ERROR_CONFIG_UNSUPPORTED, AREA_STORAGE,
        "cannot build volume '%s' on '%s', whose content "
        "is %s, but its document does not say so; if it is, add <format type='%s'/> to "
        "<backingStore> (vol-create-as --backing-vol-format %s)",
        def->name, def->backing->path, format, format, format);
}

// Fills in what the document leaves open, as libvirt does.
static int fill(struct task *t, const char *dir, struct volume_def *def,
                const struct volume *source, struct error *err)
{
    if (def->target.format == VOLUME_FORMAT_NONE)
        def->target.format = VOLUME_FORMAT_RAW;
    if (source && (!def->capacity.set || def->capacity.value < source->def->capacity.value))
        def->capacity = source->def->capacity;
    if (!source && !def->backing && !def->allocation.set)
        def->allocation = def->capacity;
    if (!def->capacity.set && !def->backing && def->target.format != VOLUME_FORMAT_DIR)
        return error_set(err, ERROR_XML, AREA_STORAGE, "storage volume '%s': <capacity> is missing",
                         def->name);
    if (!source && def->capacity.set && def->allocation.value > def->capacity.value)
        def->capacity = def->allocation;
    // What a source is built on is copied, not built on.
    if (!def->backing || source)
        return 0;
    AUTO_VOLUME_DEF struct volume_def *below = NULL;
    char *path = def->backing->path;
    if (*path != '/') {
        def->backing->path = path_join(dir, path);
        free(path);
        path = def->backing->path;
    }
    int r = volume_probe_at(t, "/", path + 1, &below);
    if (r < 0 || below->type != VOLUME_TYPE_FILE)
        return error_set_errno(err, AREA_STORAGE, r < 0 ? r : -EISDIR,
                               "inaccessible backing store volume %s", path);
    if (def->backing->format == VOLUME_FORMAT_ISO)
        def->backing->format = VOLUME_FORMAT_RAW;
    return def->backing->format == VOLUME_FORMAT_NONE ? assume_raw(def, below, err) : 0;
}

// The table's entry for what is being made: the name is taken.
static struct volume *reserve(struct pool *pool, const char *path, const struct volume_def *def)
{
    struct volume_def *shown = volume_def_copy(def);
    shown->type = def->target.format == VOLUME_FORMAT_DIR ? VOLUME_TYPE_DIR : VOLUME_TYPE_FILE;
    str_replace(&shown->key, path);
    str_replace(&shown->target.path, path);
    shown->allocation = OPT_UINT(0);
    if (!shown->capacity.set)
        shown->capacity = OPT_UINT(0);
    struct volume *vol = volume_add(pool, shown);
    volume_set_state(vol, VOLUME_BUILDING);
    pool->jobs++;
    return vol;
}

// A reference to the entry; NULL when it cannot be.
static struct volume *begin(struct task *t, struct making *m, struct volume_def *def,
                            struct volume *source, struct error *err)
{
    struct pool *pool = m->pool;
    struct volume *vol = NULL;
    if (pool_lock(t, pool, "make a volume in", err) < 0)
        return NULL;
    int r = pool_require_active(pool, err);
    AUTO_FREE char *dir = xstrdup(r == 0 ? pool->live->path : "");
    if (r == 0)
        r = check_name(pool, def->name, source, err);
    if (r == 0)
        r = fill(t, dir, def, source, err);
    if (r == 0)
        r = check_format(def, m->flags, err);
    if (r == 0 && source)
        r = volume_hold(source, false, err);
    if (r == 0) {
        m->path = path_join(dir, def->name);
        m->dir = STEAL(dir);
        m->source = source ? volume_def_copy(source->def) : NULL;
        vol = volume_ref(reserve(pool, m->path, def));
    }
    pool_unlock(pool);
    return vol;
}

int volume_create(struct task *t, struct pool *pool, const struct volume_def *wanted,
                  unsigned flags, struct volume *source, struct volume **ret, struct error *err)
{
    AUTO_VOLUME_DEF struct volume_def *def = volume_def_copy(wanted);
    AUTO_VOLUME struct volume *vol = NULL;
    struct making m = {.pool = pool, .def = def, .flags = flags, .fd = -1, .source_fd = -1};
    if (source && volume_refresh(t, source, err) < 0)
        return -1;
    vol = begin(t, &m, def, source, err);
    if (!vol)
        return -1;
    int r = make_file(t, &m, err);
    struct volume_def *now = NULL;
    if (r == 0 && (r = volume_probe_at(t, m.dir, def->name, &now)) < 0)
        error_set_errno(err, AREA_STORAGE, r, "cannot read the new volume '%s'", m.path);
    if (source)
        volume_let_go(source, false);
    pool->jobs--;
    if (vol->state == VOLUME_BUILDING)
        volume_set_state(vol, VOLUME_PRESENT);
    if (now) {
        volume_set_def(vol, now);
        *ret = volume_ref(vol);
    } else {
        volume_remove(vol);
    }
    free(m.dir);
    free(m.path);
    volume_def_destroy(m.source);
    pool_read_space(t, pool);
    return r < 0 ? -1 : 0;
}
