// SPDX-License-Identifier: GPL-2.0-or-later
// RUN/NAME.status: the live definition of an active pool. It is there as long as the pool is
// active.
#include "storage/internal.h"

int pool_status_save(struct pool *pool, const struct pool_def *def, struct error *err)
{
    AUTO_FREE char *xml = pool_def_format(def);
    int r = dir_make(pool->all->config.run_dir, 0755);
    if (r == 0)
        r = file_write_volatile(pool->status_file, xml, strlen(xml), 0600);
    if (r < 0)
        return error_set_errno(err, AREA_STORAGE, r,
                               "cannot write '%s', the status of storage pool '%s'",
                               pool->status_file, pool->name);
    return 0;
}

void pool_status_remove(struct pool *pool)
{
    unlink(pool->status_file);
}

static struct pool_def *read_status(const char *path, struct error *err)
{
    AUTO_FREE char *xml = NULL;
    size_t len;
    int r = file_read(path, OBJECT_FILE_MAX, &xml, &len);
    if (r < 0) {
        error_set_errno(err, AREA_STORAGE, r, "cannot read it");
        return NULL;
    }
    return pool_def_load(xml, len, 0, err);
}

static int load_one(const char *name, void *arg)
{
    struct pools *all = arg;
    AUTO_FREE char *path = path_join(all->config.run_dir, name);
    AUTO_ERROR err = ERROR_INIT;
    AUTO_POOL_DEF struct pool_def *def = read_status(path, &err);
    struct pool *pool = def ? pools_find_uuid(all, &def->uuid.value) : NULL;
    if (!def || (pool ? !str_eq(pool->name, def->name) : pools_find_name(all, def->name) != NULL)) {
        log_error("the status '%s' of a storage pool is of no use and is removed: %s", path,
                  def ? "another pool has its name" : error_message(&err));
        unlink(path);
        return 0;
    }
    if (!pool)
        pool = (struct pool *)object_add(&all->table, def->name, &def->uuid.value);
    pool_set_state(pool, POOL_STARTING);
    pool->live = STEAL(def);
    pool_set_state(pool, POOL_ACTIVE);
    pool->updated = pool->def && !str_eq(pool->def->path, pool->live->path);
    return 0;
}

void pools_status_load(struct pools *all)
{
    (void)dir_each(all->config.run_dir, ".status", load_one, all);
}

static int drop_one(const char *name, void *arg)
{
    AUTO_FREE char *path = path_join(arg, name);
    unlink(path);
    return 0;
}

void pools_status_drop(struct pools *all)
{
    (void)dir_each(all->config.run_dir, ".status", drop_one, (void *)all->config.run_dir);
}
