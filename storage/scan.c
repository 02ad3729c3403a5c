// SPDX-License-Identifier: GPL-2.0-or-later
// Probing files: one, or all of a directory. This runs on helper threads and touches nothing of
// the loop's. Whatever a directory holds, neither what it is nor that it changes meanwhile may
// stop or fail the scan: what cannot be a volume is passed over.
#include "base/offload.h"
#include "storage/internal.h"
#include "storage/probe.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libxml/xmlstring.h>
#include <sys/statvfs.h>

static struct storage_permissions permissions_of(const struct stat *st)
{
    return (struct storage_permissions){
        .mode = OPT_UINT(st->st_mode & 07777),
        .owner = OPT_INT(st->st_uid),
        .group = OPT_INT(st->st_gid),
    };
}

static char *time_text(const struct timespec *ts)
{
    return ts->tv_nsec ? xasprintf("%lld.%09ld", (long long)ts->tv_sec, ts->tv_nsec)
                       : xasprintf("%lld", (long long)ts->tv_sec);
}

static struct storage_timestamps timestamps_of(const struct stat *st)
{
    return (struct storage_timestamps){
        .atime = time_text(&st->st_atim),
        .mtime = time_text(&st->st_mtim),
        .ctime = time_text(&st->st_ctim),
        .btime = xstrdup("0"), // as libvirt shows it on Linux
    };
}

// Opens a regular file for reading without ever waiting or touching a device: -EINVAL for others.
static int open_regular(const char *path, struct stat *st)
{
    if (stat(path, st) < 0)
        return -errno;
    if (!S_ISREG(st->st_mode))
        return S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, st) < 0)
        return -errno;
    return S_ISREG(st->st_mode) ? steal_fd(&fd) : -EINVAL;
}

static int probe_fd(int fd, struct image_info *ret)
{
    AUTO_FREE uint8_t *head = xmalloc(IMAGE_HEAD_MAX);
    size_t len = 0;
    while (len < IMAGE_HEAD_MAX) {
        ssize_t n = pread(fd, head + len, IMAGE_HEAD_MAX - len, (off_t)len);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            break;
        len += n > 0 ? (size_t)n : 0;
    }
    image_probe(head, len, ret);
    return 0;
}

int image_probe_file(const char *path, struct image_info *ret)
{
    struct stat st;
    *ret = (struct image_info){0};
    AUTO_CLOSE int fd = open_regular(path, &st);
    return fd < 0 ? fd : probe_fd(fd, ret);
}

bool storage_is_plain_path(const char *path)
{
    size_t colon = strcspn(path, ":");
    return !path[colon] || memchr(path, '/', colon);
}

// What an image is built on. Only its first link is read.
static struct volume_backing *probe_backing(const char *dir, const struct image_info *info)
{
    struct volume_backing *b = NEW(struct volume_backing);
    bool relative = *info->backing != '/' && storage_is_plain_path(info->backing);
    b->path = relative ? path_join(dir, info->backing) : xstrdup(info->backing);
    b->format = info->backing_format;
    struct stat st;
    AUTO_CLOSE int fd = storage_is_plain_path(b->path) ? open_regular(b->path, &st) : -1;
    if (fd >= 0) {
        struct image_info next = {0};
        if (b->format == VOLUME_FORMAT_NONE && probe_fd(fd, &next) == 0)
            b->format = next.format;
        image_info_finish(&next);
        b->permissions = permissions_of(&st);
        b->timestamps = timestamps_of(&st);
    }
    if (b->format == VOLUME_FORMAT_NONE)
        b->format = VOLUME_FORMAT_RAW;
    return b;
}

static void probe_image(int fd, const char *dir, struct volume_def *def)
{
    struct image_info info = {.format = VOLUME_FORMAT_RAW};
    (void)probe_fd(fd, &info);
    struct volume_target *t = &def->target;
    t->format = info.format;
    if (info.has_capacity)
        def->capacity = OPT_UINT(info.capacity);
    if (info.version3)
        t->compat = xstrdup("1.1");
    if (info.cluster_size)
        t->cluster_size = OPT_UINT(info.cluster_size);
    t->has_features = info.version3;
    t->lazy_refcounts = info.lazy_refcounts;
    t->extended_l2 = info.extended_l2;
    if (info.backing)
        def->backing = probe_backing(dir, &info);
    image_info_finish(&info);
}

struct volume_def *volume_probe(const char *dir, const char *name, int *error)
{
    AUTO_FREE char *path = path_join(dir, name);
    struct stat st;
    AUTO_CLOSE int fd = open_regular(path, &st);
    if (fd < 0 && fd != -EISDIR) {
        *error = fd;
        return NULL;
    }
    struct volume_def *def = NEW(struct volume_def);
    def->type = fd >= 0 ? VOLUME_TYPE_FILE : VOLUME_TYPE_DIR;
    def->name = xstrdup(name);
    def->key = xstrdup(path);
    def->target = (struct volume_target){
        .path = xstrdup(path),
        .format = VOLUME_FORMAT_DIR,
        .has_permissions = true,
        .permissions = permissions_of(&st),
        .timestamps = timestamps_of(&st),
    };
    uint64_t size = fd >= 0 ? (uint64_t)st.st_size : 0;
    def->capacity = OPT_UINT(size);
    def->allocation = OPT_UINT(fd >= 0 ? (uint64_t)st.st_blocks * 512 : 0);
    if (size)
        def->physical = OPT_UINT(size);
    if (fd >= 0)
        probe_image(fd, dir, def);
    return def;
}

// Names that a document cannot have, and files that vireod made and never finished.
static bool is_shown(const char *name)
{
    if (str_eq(name, ".") || str_eq(name, "..") || str_starts(name, STORAGE_TEMPORARY))
        return false;
    for (const char *p = name; *p; p++) {
        if (iscntrl((unsigned char)*p))
            return false;
    }
    return xmlCheckUTF8((const unsigned char *)name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct volume_def *const *)a)->name, (*(struct volume_def *const *)b)->name);
}

static int scan_entries(DIR *dir, const char *path, struct scan_result *r)
{
    for (;;) {
        errno = 0;
        struct dirent *e = readdir(dir);
        if (!e)
            break;
        if (!is_shown(e->d_name))
            continue;
        if (r->volumes.n == POOL_VOLUMES_MAX) {
            r->too_many = true;
            break;
        }
        int error;
        struct volume_def *def = volume_probe(path, e->d_name, &error);
        if (def)
            vec_push(&r->volumes, def);
    }
    int saved = errno;
    if (r->volumes.n)
        qsort(r->volumes.v, r->volumes.n, sizeof(*r->volumes.v), by_name);
    return -saved;
}

static int read_space(int fd, struct scan_result *r)
{
    struct statvfs fs;
    if (fstatvfs(fd, &fs) < 0)
        return -errno;
    r->capacity = (uint64_t)fs.f_blocks * fs.f_frsize;
    r->available = (uint64_t)fs.f_bfree * fs.f_frsize;
    r->allocation = r->capacity - r->available;
    return 0;
}

struct scan {
    const char *path;
    struct scan_result *result;
};

static void scan_run(void *arg)
{
    const struct scan *s = arg;
    struct scan_result *r = s->result;
    struct stat st;
    DIR *dir = opendir(s->path);
    if (!dir || fstat(dirfd(dir), &st) < 0) {
        r->error = -errno;
    } else {
        r->permissions = permissions_of(&st);
        r->error = read_space(dirfd(dir), r);
        if (r->error == 0)
            r->error = scan_entries(dir, s->path, r);
    }
    if (dir)
        closedir(dir);
}

int storage_scan(struct task *t, const char *path, struct scan_result *ret, struct error *err)
{
    struct scan s = {.path = path, .result = ret};
    *ret = (struct scan_result){0};
    task_offload_for(t, t, scan_run, &s);
    if (ret->error == 0)
        return 0;
    int r = ret->error;
    scan_finish(ret);
    return error_set_errno(err, AREA_STORAGE, r, "cannot open directory '%s'", path);
}

static void space_run(void *arg)
{
    const struct scan *s = arg;
    AUTO_CLOSE int fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    s->result->error = fd < 0 ? -errno : read_space(fd, s->result);
}

void pool_read_space(struct task *t, struct pool *pool)
{
    if (!pool->live)
        return;
    AUTO_FREE char *path = xstrdup(pool->live->path);
    struct scan_result r = {0};
    struct scan s = {.path = path, .result = &r};
    task_offload_for(t, pool, space_run, &s);
    if (r.error < 0 || !pool->live)
        return; // the next refresh reports it
    pool->capacity = r.capacity;
    pool->allocation = r.allocation;
    pool->available = r.available;
}

void scan_finish(struct scan_result *r)
{
    VEC_FOREACH (def, &r->volumes)
        volume_def_destroy(*def);
    vec_finish(&r->volumes);
}

struct probe {
    const char *dir, *name;
    struct volume_def *def;
    int error;
};

static void probe_run(void *arg)
{
    struct probe *l = arg;
    l->def = volume_probe(l->dir, l->name, &l->error);
}

int volume_probe_at(struct task *t, const char *dir, const char *name, struct volume_def **ret)
{
    struct probe l = {.dir = dir, .name = name};
    task_offload_for(t, t, probe_run, &l);
    *ret = l.def;
    return l.def ? 0 : l.error;
}
