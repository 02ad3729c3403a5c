// SPDX-License-Identifier: GPL-2.0-or-later
// In system mode QEMU runs as an unprivileged user. What a guest uses is given to that user for as
// long as it runs, and handed back. Only what it could not open anyway is touched, and only files
// and devices themselves: a directory on the way that lets nobody in is named in the error, with
// the remedy.
#include "base/file.h"
#include "supervisor/private.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool may(const struct domains_config *config, const char *path, int mode)
{
    return file_access_as(path, mode, config->qemu_uid, config->qemu_gid, config->qemu_groups,
                          config->nqemu_groups) == 0;
}

// Whether QEMU's user can get to the file's directory.
static int check_way(const struct domains_config *config, const char *path, const char *what,
                     struct error *err)
{
    AUTO_FREE char *part = xstrdup(path);
    for (char *p = part; (p = strchr(p + 1, '/'));) {
        *p = 0;
        if (!may(config, part, X_OK))
            return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                             "cannot open %s '%s' as user %s: permission denied on directory '%s'; "
                             "let that user pass (chmod o+x '%s', or setfacl -m u:%s:x '%s')",
                             what, path, config->qemu_user, part, part, config->qemu_user, part);
        *p = '/';
    }
    return 0;
}

static bool is_granted(const struct domain *dom, const char *path)
{
    VEC_FOREACH (g, &dom->granted)
        if (str_eq(g->path, path))
            return true;
    return false;
}

static int grant(struct domain *dom, const char *path, bool write, const char *what,
                 struct error *err)
{
    const struct domains_config *config = &dom->all->config;
    struct stat st;
    if (!path || !config->set_user || is_granted(dom, path))
        return 0;
    if (stat(path, &st) < 0)
        return error_set_errno(err, AREA_QEMU, errno, "cannot open %s '%s' of guest '%s'", what,
                               path, dom->name);
    if (check_way(config, path, what, err) < 0)
        return -1;
    if (may(config, path, write ? R_OK | W_OK : R_OK))
        return 0;
    if (chown(path, config->qemu_uid, config->qemu_gid) < 0)
        return error_set_errno(err, AREA_QEMU, errno, "cannot give %s '%s' to user %s", what, path,
                               config->qemu_user);
    struct granted g = {.path = xstrdup(path), .uid = st.st_uid, .gid = st.st_gid};
    vec_push(&dom->granted, g);
    return 0;
}

static int grant_disk(struct domain *dom, const struct domain_disk *disk, struct error *err)
{
    const char *path = disk->source_file ? disk->source_file : disk->source_dev;
    bool write = !disk->readonly && disk->device != DISK_DEVICE_CDROM;
    if (path && disk->startup == DISK_STARTUP_OPTIONAL && access(path, F_OK) < 0)
        return 0;
    if (grant(dom, path, write, "disk", err) < 0)
        return -1;
    for (const struct disk_backing *b = disk->backing; b; b = b->next)
        if (grant(dom, b->file ? b->file : b->dev, false, "backing file", err) < 0)
            return -1;
    return 0;
}

int images_grant(struct domain *dom, struct error *err)
{
    const struct domain_def *def = dom->live;
    VEC_FOREACH (disk, &def->disks)
        if (grant_disk(dom, *disk, err) < 0)
            return -1;
    if (grant(dom, def->os.kernel, false, "kernel", err) < 0 ||
        grant(dom, def->os.initrd, false, "initrd", err) < 0 ||
        grant(dom, def->os.dtb, false, "device tree", err) < 0 ||
        grant(dom, def->os.loader, false, "firmware", err) < 0 ||
        grant(dom, def->os.nvram, true, "nvram", err) < 0)
        return -1;
    return 0;
}

int images_grant_device(struct domain *dom, const struct device *dev, struct error *err)
{
    return dev->kind == DEVICE_DISK ? grant_disk(dom, (const struct domain_disk *)dev, err) : 0;
}

// Another guest that uses it now takes over what has to be handed back.
static bool pass_on(struct domain *dom, struct granted *g)
{
    struct domain *other = NULL;
    while ((other = domains_next(dom->all, other))) {
        if (other == dom || !other->live)
            continue;
        VEC_FOREACH (disk, &other->live->disks) {
            const char *path = (*disk)->source_file ? (*disk)->source_file : (*disk)->source_dev;
            if (str_eq(path, g->path) && !is_granted(other, path)) {
                struct granted copy = *g;
                vec_push(&other->granted, copy);
                return true;
            }
        }
    }
    return false;
}

void images_restore(struct domain *dom)
{
    const struct domains_config *config = &dom->all->config;
    VEC_FOREACH (g, &dom->granted) {
        struct stat st;
        if (pass_on(dom, g))
            continue;
        // Only what is still as we left it: its owner may have taken it back.
        if (stat(g->path, &st) == 0 && st.st_uid == config->qemu_uid &&
            st.st_gid == config->qemu_gid && chown(g->path, g->uid, g->gid) < 0)
            log_domain(LOG_LEVEL_WARN, dom->name, "cannot hand '%s' back to uid %d", g->path,
                       (int)g->uid);
        free(g->path);
    }
    vec_finish(&dom->granted);
}
