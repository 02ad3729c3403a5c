// SPDX-License-Identifier: GPL-2.0-or-later
// Pools' definitions on disk, see base/store.h; RUN/NAME.xml is there while a pool is active.
#include "base/store.h"
#include "storage/internal.h"

static struct store store_in(const char *config_dir)
{
    return (struct store){.dir = config_dir, .kind = "storage pool", .area = AREA_STORAGE};
}

int pool_store_save(struct task *t, struct pool *pool, const struct pool_def *def,
                    struct error *err)
{
    struct store s = store_in(pool->all->config.config_dir);
    AUTO_FREE char *xml = pool_def_format(def);
    return store_save(t, &s, pool->name, xml, err);
}

int pool_store_remove(struct task *t, struct pool *pool, struct error *err)
{
    struct store s = store_in(pool->all->config.config_dir);
    return store_remove(t, &s, pool->name, err);
}

int pool_store_mark(struct task *t, struct pool *pool, bool autostart, struct error *err)
{
    struct store s = store_in(pool->all->config.config_dir);
    return store_mark(t, &s, pool->name, autostart, err);
}

static struct pool_def *parse_file(const struct store *s, const char *file, const char *xml,
                                   size_t len, struct error *err)
{
    AUTO_POOL_DEF struct pool_def *def = pool_def_load(xml, len, 0, err);
    if (!def || store_check_name(s, file, def->name, err) < 0)
        return NULL;
    return STEAL(def);
}

static int load_one(const struct store *s, const char *file, const char *xml, size_t len, void *arg,
                    struct error *err)
{
    struct pools *all = arg;
    struct pool_def *def = parse_file(s, file, xml, len, err);
    if (!def)
        return -1;
    if (pools_find_uuid(all, &def->uuid.value)) {
        log_error("the stored definition '%s' in '%s' is not used: another storage pool has its "
                  "uuid",
                  file, s->dir);
        pool_def_destroy(def);
        return 0;
    }
    struct pool *pool = pools_add(all, def->name, &def->uuid.value);
    pool->def = def;
    pool->autostart = store_is_marked(s, def->name);
    return 0;
}

void pools_store_load(struct pools *all)
{
    struct store s = store_in(all->config.config_dir);
    store_load(&s, load_one, all);
}

static int check_one(const struct store *s, const char *file, const char *xml, size_t len,
                     void *arg, struct error *err)
{
    (void)arg;
    AUTO_POOL_DEF struct pool_def *def = parse_file(s, file, xml, len, err);
    return def ? 0 : -1;
}

size_t pools_check(const char *config_dir, size_t *total)
{
    struct store s = store_in(config_dir);
    return store_check(&s, check_one, NULL, total);
}

// ---- active pools

int pool_state_save(struct pool *pool, const struct pool_def *def, struct error *err)
{
    AUTO_FREE char *xml = pool_def_format(def);
    int r = dir_make(pool->all->config.run_dir, 0755);
    if (r == 0)
        r = file_write_volatile(pool->state_file, xml, strlen(xml), 0600);
    if (r < 0)
        return error_set_errno(err, AREA_STORAGE, r,
                               "cannot write '%s', the state of storage pool '%s'",
                               pool->state_file, pool->name);
    return 0;
}

void pool_state_remove(struct pool *pool)
{
    unlink(pool->state_file);
}

static struct pool_def *read_state(const char *path, struct error *err)
{
    AUTO_FREE char *xml = NULL;
    size_t len;
    int r = file_read(path, STORE_FILE_MAX, &xml, &len);
    if (r < 0) {
        error_set_errno(err, AREA_STORAGE, r, "cannot read it");
        return NULL;
    }
    return pool_def_load(xml, len, 0, err);
}

static int load_state(const char *name, void *arg)
{
    struct pools *all = arg;
    AUTO_FREE char *path = path_join(all->config.run_dir, name);
    AUTO_ERROR err = ERROR_INIT;
    AUTO_POOL_DEF struct pool_def *def = read_state(path, &err);
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
