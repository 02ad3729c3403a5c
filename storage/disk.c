// SPDX-License-Identifier: GPL-2.0-or-later
#include "storage/disk.h"
#include "base/offload.h"
#include "storage/internal.h"
#include "storage/probe.h"

#include <errno.h>

enum { CHAIN_MAX = 64 }; // layers; more are most likely a circle

static int resolve_volume(struct task *t, struct pools *all, struct domain_disk *disk,
                          struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    struct pool *found = pools_find_name(all, disk->source_pool);
    if (!found)
        return error_set(err, ERROR_NO_STORAGE_POOL, AREA_STORAGE,
                         "disk '%s' is in pool '%s', which does not exist", disk->target,
                         disk->source_pool);
    pool = pool_ref(found);
    if (pool_wait_ready(t, pool, err) < 0)
        return -1;
    if (!pool->live)
        return error_set(
            err, ERROR_CONFIG_UNSUPPORTED, AREA_STORAGE,
            "storage pool '%s' containing volume '%s' of disk '%s' is not active; start "
            "it first (virsh pool-start %s)",
            pool->name, disk->source_volume, disk->target, pool->name);
    struct volume *vol = pool_find_volume(pool, disk->source_volume);
    if (!vol || vol->state == VOLUME_BUILDING)
        return error_set(
            err, ERROR_NO_STORAGE_VOL, AREA_STORAGE,
            "Storage volume not found: disk '%s' is volume '%s' of pool '%s', which %s",
            disk->target, disk->source_volume, pool->name,
            vol ? "is still being made"
                : "does not exist; refresh the pool if it is "
                  "new there");
    if (vol->def->type != VOLUME_TYPE_FILE)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_STORAGE,
                         "disk '%s' cannot be volume '%s' of pool '%s', which is a directory",
                         disk->target, vol->name, pool->name);
    disk->type = DISK_TYPE_FILE;
    str_replace(&disk->source_file, vol->def->target.path);
    str_replace(&disk->source_pool, NULL);
    str_replace(&disk->source_volume, NULL);
    return 0;
}

struct chain {
    char *path, *format;
    struct disk_backing *first;
    bool too_long;
    char *unsaid; // an image of no declared format that is not raw; owned
    enum volume_format found;
};

static bool format_has_backing(const char *format)
{
    return str_eq(format, "qcow2") || str_eq(format, "qcow") || str_eq(format, "qed");
}

static char *below(const char *path, const char *reference)
{
    if (*reference == '/')
        return xstrdup(reference);
    const char *slash = strrchr(path, '/');
    return xasprintf("%.*s/%s", slash ? (int)(slash - path) : 0, path, reference);
}

// An image whose format is not declared may only be raw: its guest may have written what it says of
// itself.
static enum volume_format only_raw(struct chain *c, const char *path)
{
    struct image_info info;
    if (image_probe_file(path, &info) == 0 && info.format != VOLUME_FORMAT_RAW &&
        info.format != VOLUME_FORMAT_ISO && !c->unsaid) {
        c->unsaid = xstrdup(path);
        c->found = info.format;
    }
    image_info_finish(&info);
    return VOLUME_FORMAT_RAW;
}

// From one image to the next as long as each is what it should be. What is wrong with one QEMU says
// better.
static void chain_run(void *arg)
{
    struct chain *c = arg;
    AUTO_FREE char *path = xstrdup(c->path), *format = xstrdup(c->format);
    struct disk_backing **next = &c->first;
    for (unsigned n = 0; format_has_backing(format); n++) {
        struct image_info info;
        if (image_probe_file(path, &info) < 0 || !str_eq(volume_format_name(info.format), format) ||
            !info.backing || !storage_is_plain_path(info.backing)) {
            image_info_finish(&info);
            return;
        }
        if (n == CHAIN_MAX) {
            c->too_long = true;
            image_info_finish(&info);
            return;
        }
        struct disk_backing *b = NEW(struct disk_backing);
        b->type = DISK_TYPE_FILE;
        b->file = below(path, info.backing);
        if (info.backing_format == VOLUME_FORMAT_NONE)
            info.backing_format = only_raw(c, b->file);
        b->format = xstrdup(volume_format_name(info.backing_format));
        *next = b;
        next = &b->next;
        str_replace(&path, b->file);
        str_replace(&format, b->format);
        image_info_finish(&info);
    }
}

static void chain_destroy(void *arg)
{
    struct chain *c = arg;
    for (struct disk_backing *b = c->first, *next; b; b = next) {
        next = b->next;
        free(b->format);
        free(b->file);
        free(b);
    }
    free(c->path);
    free(c->format);
    free(c->unsaid);
    free(c);
}

static int take_chain(struct domain_disk *disk, struct chain *c, struct error *err)
{
    disk->backing = STEAL(c->first);
    if (c->unsaid)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                         "disk '%s' is built on '%s', whose content "
                         "is %s, but the image on it does not say so; if it is, make it say so: "
                         "qemu-img rebase -u -b '%s' -F %s '%s'",
                         disk->target, c->unsaid, volume_format_name(c->found), c->unsaid,
                         volume_format_name(c->found), c->path);
    if (c->too_long)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_STORAGE,
                         "disk '%s': image '%s' is built on more than %d others, or on itself",
                         disk->target, c->path, CHAIN_MAX);
    return 0;
}

static int find_chain(struct task *t, struct domain_disk *disk, struct error *err)
{
    struct chain *c = NEW(struct chain);
    c->path = xstrdup(disk->source_file);
    c->format = xstrdup(disk->driver_format);
    int r = task_offload_until(t, t, chain_run, chain_destroy, c,
                               task_deadline_ms(FOREIGN_FILE_TIMEOUT_MS));
    if (r == -ECANCELED)
        return error_set(err, ERROR_OPERATION_ABORTED, AREA_STORAGE,
                         "vireod ends: gave up reading image '%s'", disk->source_file);
    if (r < 0)
        return error_set(
            err, ERROR_OPERATION_TIMEOUT, AREA_STORAGE,
            "cannot read image '%s' of disk '%s': its file system, or that of an image "
            "below it, does not answer within %d ms",
            disk->source_file, disk->target, FOREIGN_FILE_TIMEOUT_MS);
    r = take_chain(disk, c, err);
    chain_destroy(c);
    return r;
}

int storage_complete_disk(struct task *t, struct pools *all, struct domain_disk *disk,
                          struct error *err)
{
    if (disk->type == DISK_TYPE_VOLUME && resolve_volume(t, all, disk, err) < 0)
        return -1;
    if (disk->type != DISK_TYPE_FILE || !disk->source_file || disk->backing ||
        !format_has_backing(disk->driver_format))
        return 0;
    return find_chain(t, disk, err);
}
