// SPDX-License-Identifier: GPL-2.0-or-later
// In system mode QEMU runs as an unprivileged user. What a guest uses is given to that user for as
// long as it runs, and handed back. Only what it could not open anyway is touched, and only files
// and devices themselves: a directory on the way that lets nobody in is named in the error, with
// the remedy.
#include "base/file.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

// Whether QEMU's user may do that.
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

// A file that a guest uses.
struct use {
    const char *path; // NULL: none
    bool write;
    const char *what;
};
typedef int (*use_fn)(const struct use *use, void *arg, struct error *err);

static int each_disk_use(const struct domain_disk *disk, use_fn fn, void *arg, struct error *err)
{
    struct use use = {.path = disk->source_file ? disk->source_file : disk->source_dev,
                      .write = !disk->readonly && disk->device != DISK_DEVICE_CDROM,
                      .what = "disk"};
    if (use.path && disk->startup == DISK_STARTUP_OPTIONAL && access(use.path, F_OK) < 0)
        return 0;
    int r = fn(&use, arg, err);
    for (const struct disk_backing *b = disk->backing; r == 0 && b; b = b->next) {
        use = (struct use){.path = b->file ? b->file : b->dev, .what = "backing file"};
        r = fn(&use, arg, err);
    }
    return r;
}

// Until fn returns something else than 0, which is then returned.
static int each_use(const struct domain_def *def, use_fn fn, void *arg, struct error *err)
{
    int r = 0;
    VEC_FOREACH (disk, &def->disks) {
        r = each_disk_use(*disk, fn, arg, err);
        if (r != 0)
            return r;
    }
    const struct use others[] = {
        {def->os.kernel, false, "kernel"},   {def->os.initrd, false, "initrd"},
        {def->os.dtb, false, "device tree"}, {def->os.loader, false, "firmware"},
        {def->os.nvram, true, "nvram"},
    };
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(others); i++)
        r = fn(&others[i], arg, err);
    return r;
}

static bool is_granted(const struct domain *dom, const char *path)
{
    VEC_FOREACH (g, &dom->granted)
        if (str_eq(g->path, path))
            return true;
    return false;
}

// Notes whose it is, when it has to be given.
static int plan(const struct use *use, void *arg, struct error *err)
{
    struct domain *dom = arg;
    const struct domains_config *config = &dom->all->config;
    struct stat st;
    if (!use->path || is_granted(dom, use->path))
        return 0;
    if (stat(use->path, &st) < 0)
        return error_set_errno(err, AREA_QEMU, errno,
                               "Cannot access %s '%s' of guest '%s' as uid %d", use->what,
                               use->path, dom->name, (int)geteuid());
    if (!config->set_user)
        return 0;
    if (may(config, use->path, use->write ? R_OK | W_OK : R_OK))
        return 0;
    if (check_way(config, use->path, use->what, err) < 0)
        return -1;
    struct granted g = {.path = xstrdup(use->path), .uid = st.st_uid, .gid = st.st_gid};
    vec_push(&dom->granted, g);
    return 0;
}

// Gives what was noted from `first` on.
static int give(struct domain *dom, size_t first, struct error *err)
{
    const struct domains_config *config = &dom->all->config;
    // Whose they are is on disk before they are anybody else's.
    if (dom->granted.n > first && status_save(dom, err) < 0)
        return -1;
    for (size_t i = first; i < dom->granted.n; i++) {
        const char *path = dom->granted.v[i].path;
        if (chown(path, config->qemu_uid, config->qemu_gid) < 0)
            return error_set_errno(err, AREA_QEMU, errno,
                                   "cannot give '%s' of guest '%s' to user %s", path, dom->name,
                                   config->qemu_user);
    }
    return 0;
}

int images_grant(struct domain *dom, struct error *err)
{
    return each_use(dom->live, plan, dom, err) < 0 ? -1 : give(dom, 0, err);
}

int images_grant_device(struct domain *dom, const struct device *dev, struct error *err)
{
    size_t before = dom->granted.n;
    if (dev->kind == DEVICE_DISK &&
        each_disk_use((const struct domain_disk *)dev, plan, dom, err) < 0)
        return -1;
    return give(dom, before, err);
}

static int is_same(const struct use *use, void *arg, struct error *err)
{
    (void)err;
    const char *path = arg;
    struct stat a, b;
    return use->path &&
           (str_eq(use->path, path) || (stat(use->path, &a) == 0 && stat(path, &b) == 0 &&
                                        a.st_dev == b.st_dev && a.st_ino == b.st_ino));
}

// Another guest that uses it now takes over what has to be handed back.
static bool pass_on(struct domain *dom, const struct granted *g)
{
    struct domain *other = NULL;
    while ((other = domains_next(dom->all, other))) {
        if (other == dom || !other->live || is_granted(other, g->path) ||
            !each_use(other->live, is_same, g->path, NULL))
            continue;
        vec_push(&other->granted, *g);
        (void)status_save(other, NULL);
        return true;
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
