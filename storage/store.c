// SPDX-License-Identifier: GPL-2.0-or-later
// Definitions on disk: CONFIG/NAME.xml, one per pool, replaced atomically and made durable before a
// client is told that it is stored; the empty file autostart/NAME.xml marks those started with the
// host. RUN/NAME.xml is there while a pool is active.
#include "storage/private.h"

#include <errno.h>
#include <stdio.h>

static int save(struct task *t, const char *dir, const char *path, const struct pool_def *def,
                bool durable, struct error *err)
{
    AUTO_FREE char *xml = pool_def_format(def);
    int r = dir_make(dir, durable ? 0700 : 0755);
    if (r == 0)
        r = durable ? file_save(t, path, xml, strlen(xml), 0600)
                    : file_write_volatile(path, xml, strlen(xml), 0600);
    if (r < 0)
        return error_set_errno(err, AREA_STORAGE, r,
                               "cannot write '%s' for storage pool '%s'; nothing was changed", path,
                               def->name);
    return 0;
}

int pool_store_save(struct task *t, struct pool *pool, const struct pool_def *def,
                    struct error *err)
{
    return save(t, pool->all->config.config_dir, pool->stored_file, def, true, err);
}

int pool_state_save(struct task *t, struct pool *pool, const struct pool_def *def,
                    struct error *err)
{
    return save(t, pool->all->config.run_dir, pool->state_file, def, false, err);
}

void pool_state_remove(struct pool *pool)
{
    unlink(pool->state_file);
}

int pool_store_remove(struct task *t, struct pool *pool, struct error *err)
{
    // The mark first: alone it would mark whatever gets the name next.
    int r = file_remove_durable(t, pool->mark_file);
    if (r == 0)
        r = file_remove_durable(t, pool->stored_file);
    if (r < 0)
        return error_set_errno(err, AREA_STORAGE, r,
                               "cannot remove '%s', the definition of storage pool '%s'",
                               pool->stored_file, pool->name);
    return 0;
}

int pool_store_set_autostart(struct task *t, struct pool *pool, bool on, struct error *err)
{
    AUTO_FREE char *dir = path_join(pool->all->config.config_dir, "autostart");
    int r = on ? dir_make(dir, 0700) : file_remove_durable(t, pool->mark_file);
    if (r == 0 && on)
        r = file_save(t, pool->mark_file, "", 0, 0600);
    if (r < 0)
        return error_set_errno(err, AREA_STORAGE, r,
                               "cannot %s '%s', the autostart mark of storage pool '%s'",
                               on ? "make" : "remove", pool->mark_file, pool->name);
    return 0;
}

static struct pool_def *read_definition(const char *path, struct error *err)
{
    AUTO_FREE char *xml = NULL;
    size_t len;
    int r = file_read(path, POOL_FILE_MAX, &xml, &len);
    if (r < 0) {
        error_set_errno(err, AREA_STORAGE, r, "cannot read it");
        return NULL;
    }
    return pool_def_load(xml, len, 0, err);
}

static int load_one(const char *name, void *arg)
{
    struct pools *all = arg;
    AUTO_FREE char *path = path_join(all->config.config_dir, name);
    AUTO_ERROR err = ERROR_INIT;
    struct pool_def *def = read_definition(path, &err);
    if (!def) {
        AUTO_FREE char *aside = xasprintf("%s.damaged", path);
        bool moved = rename(path, aside) == 0;
        log_error("the stored definition '%s' is damaged: %s; %s '%s'; mend it and define it again",
                  path, error_message(&err), moved ? "set aside as" : "cannot be renamed to",
                  aside);
        return 0;
    }
    if (pools_find_uuid(all, &def->uuid.value) || pools_find_name(all, def->name)) {
        log_error("the stored definition '%s' is not used: another storage pool has the same name "
                  "or uuid",
                  path);
        pool_def_destroy(def);
        return 0;
    }
    struct pool *pool = pools_add(all, def->name, &def->uuid.value);
    pool->def = def;
    pool->autostart = access(pool->mark_file, F_OK) == 0;
    return 0;
}

void pools_store_load(struct pools *all)
{
    int r = dir_each(all->config.config_dir, ".xml", load_one, all);
    if (r < 0)
        log_error("cannot read the stored definitions in '%s': %s", all->config.config_dir,
                  strerrordesc_np(-r));
}

static int load_state(const char *name, void *arg)
{
    struct pools *all = arg;
    AUTO_FREE char *path = path_join(all->config.run_dir, name);
    AUTO_ERROR err = ERROR_INIT;
    AUTO_POOL_DEF struct pool_def *def = read_definition(path, &err);
    struct pool *pool = def ? pools_find_uuid(all, &def->uuid.value) : NULL;
    if (!def || (pool ? !str_eq(pool->name, def->name) : pools_find_name(all, def->name) != NULL)) {
        log_error("the state '%s' of a storage pool is of no use and is removed: %s", path,
                  def ? "another pool has its name" : error_message(&err));
        unlink(path);
        return 0;
    }
    if (!pool)
        pool = pools_add(all, def->name, &def->uuid.value);
    pool->live = STEAL(def);
    pool->updated = pool->def && !str_eq(pool->def->path, pool->live->path);
    return 0;
}

void pools_state_load(struct pools *all)
{
    (void)dir_each(all->config.run_dir, ".xml", load_state, all);
}

static int drop_state(const char *name, void *arg)
{
    AUTO_FREE char *path = path_join(arg, name);
    unlink(path);
    return 0;
}

bool pools_new_boot(struct pools *all)
{
    const char *dir = all->config.run_dir;
    AUTO_FREE char *mark = path_join(dir, "autostarted");
    AUTO_FREE char *boot = NULL, *before = NULL;
    if (file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL) == 0 &&
        file_read(mark, 64, &before, NULL) == 0 && str_eq(boot, before))
        return false;
    (void)dir_each(dir, ".xml", drop_state, (void *)dir);
    if (boot && dir_make(dir, 0755) == 0 && file_write_volatile(mark, boot, strlen(boot), 0600) < 0)
        log_warn("cannot write '%s'", mark);
    return true;
}

struct check {
    const char *dir;
    size_t total, bad;
};

static int check_one(const char *name, void *arg)
{
    struct check *c = arg;
    AUTO_FREE char *path = path_join(c->dir, name);
    AUTO_ERROR err = ERROR_INIT;
    AUTO_POOL_DEF struct pool_def *def = read_definition(path, &err);
    c->total++;
    if (!def) {
        fprintf(stderr, "%s: %s\n", path, error_message(&err));
        c->bad++;
    }
    return 0;
}

size_t pools_check(const char *config_dir, size_t *total)
{
    struct check c = {.dir = config_dir};
    (void)dir_each(config_dir, ".xml", check_one, &c);
    *total = c.total;
    return c.bad;
}
