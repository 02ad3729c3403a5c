// SPDX-License-Identifier: GPL-2.0-or-later
// Status files of pools: the live definition.
#include "storage/internal.h"

int pool_status_save(struct pool *pool, const struct pool_def *def, struct error *err)
{
    AUTO_FREE char *xml = pool_def_format(def);
    return object_status_save(&pool->object, xml, strlen(xml), err);
}

static int load_one(struct object_table *table, const char *file, const char *text, size_t len,
                    struct error *err)
{
    struct pools *all = (struct pools *)table;
    AUTO_POOL_DEF struct pool_def *def = pool_def_load(text, len, 0, err);
    if (!def || objects_check_status_name(table, file, def->name, err) < 0)
        return -1;
    struct pool *pool = pools_find_uuid(all, &def->uuid.value);
    if (pool ? !str_eq(pool->name, def->name) : pools_find_name(all, def->name) != NULL)
        return error_set(err, ERROR_XML, AREA_STORAGE, "another pool has its name or its uuid");
    if (!pool)
        pool = (struct pool *)object_add(table, def->name, &def->uuid.value);
    pool_set_state(pool, POOL_STARTING);
    pool->live = STEAL(def);
    pool_set_state(pool, POOL_ACTIVE);
    pool->updated = pool->def && !str_eq(pool->def->path, pool->live->path);
    return 0;
}

void pools_status_load(struct pools *all)
{
    objects_load_status(&all->table, load_one);
}
