// SPDX-License-Identifier: GPL-2.0-or-later
// The table of pools: who is in it, who has the lock of one.
#include "storage/internal.h"

#include <errno.h>
#include <fcntl.h>

struct pools *pools_create(const struct pools_config *config)
{
    struct pools *all = NEW(struct pools);
    all->config = *config;
    list_init(&all->list);
    completion_init(&all->loaded);
    return all;
}

void pools_destroy(struct pools *all)
{
    if (!all)
        return;
    struct pool *pool, *tmp;
    LIST_FOREACH_SAFE (pool, tmp, &all->list, link)
        pools_remove(pool);
    free(all);
}

struct pool *pools_add(struct pools *all, const char *name, const struct uuid *uuid)
{
    struct pool *pool = NEW(struct pool);
    pool->all = all;
    pool->refs = 1;
    pool->name = xstrdup(name);
    pool->uuid = *uuid;
    pool->state_file = path_for_name(all->config.run_dir, name, ".xml");
    task_lock_init(&pool->lock);
    completion_init(&pool->ready);
    completion_post(&pool->ready, 0);
    list_append(&all->list, &pool->link);
    return pool;
}

void pools_remove(struct pool *pool)
{
    if (pool->removed)
        return;
    pool->removed = true;
    list_remove(&pool->link);
    pool_drop_volumes(pool);
    pool_unref(pool);
}

struct pool *pool_ref(struct pool *pool)
{
    pool->refs++;
    return pool;
}

void pool_unref(struct pool *pool)
{
    if (--pool->refs > 0)
        return;
    pool_def_destroy(pool->def);
    pool_def_destroy(pool->live);
    vec_finish(&pool->volumes);
    free(pool->state_file);
    free(pool->name);
    free(pool);
}

// False while it is being stored or started for the first time: nobody else may see it.
static bool is_there(const struct pool *pool)
{
    return pool->def || pool->live;
}

struct pool *pools_find_uuid(const struct pools *all, const struct uuid *uuid)
{
    struct pool *pool;
    LIST_FOREACH (pool, &all->list, link) {
        if (is_there(pool) && uuid_eq(&pool->uuid, uuid))
            return pool;
    }
    return NULL;
}

struct pool *pools_find_name(const struct pools *all, const char *name)
{
    struct pool *pool;
    LIST_FOREACH (pool, &all->list, link) {
        if (is_there(pool) && str_eq(pool->name, name))
            return pool;
    }
    return NULL;
}

struct pool *pools_find_path(const struct pools *all, const char *path)
{
    AUTO_FREE char *clean = storage_clean_path(path);
    struct pool *pool;
    LIST_FOREACH (pool, &all->list, link) {
        if (pool->live && str_eq(pool->live->path, clean))
            return pool;
    }
    return NULL;
}

struct pool *pools_next(const struct pools *all, struct pool *after)
{
    struct list *link = after ? after->link.next : all->list.next;
    for (; link != &all->list; link = link->next) {
        struct pool *pool = LIST_ITEM(link, struct pool, link);
        if (is_there(pool))
            return pool;
    }
    return NULL;
}

struct volume *pools_find_volume(const struct pools *all, const char *path)
{
    AUTO_FREE char *clean = storage_clean_path(path);
    struct pool *pool;
    LIST_FOREACH (pool, &all->list, link) {
        const char *dir = pool->live ? pool->live->path : NULL;
        size_t n = dir ? strlen(dir) : 0;
        if (!dir || !str_starts(clean, dir))
            continue;
        // "/" is the one directory that ends with a slash.
        const char *name = clean + (n > 1 ? n : 0);
        struct volume *vol = *name == '/' ? pool_find_volume(pool, name + 1) : NULL;
        if (vol)
            return vol;
    }
    return NULL;
}

int pool_lock(struct task *t, struct pool *pool, const char *job, struct error *err)
{
    int r = task_lock_acquire(t, &pool->lock, task_deadline_ms(POOL_LOCK_TIMEOUT_MS));
    if (r == -ETIMEDOUT)
        return error_set(err, ERROR_OPERATION_TIMEOUT, AREA_STORAGE,
                         "cannot %s storage pool '%s': it is busy with '%s'", job, pool->name,
                         pool->job ? pool->job : "another change");
    if (r < 0)
        return error_set_errno(err, AREA_STORAGE, r, "cannot %s storage pool '%s'", job,
                               pool->name);
    pool->job = job;
    return 0;
}

void pool_unlock(struct pool *pool)
{
    pool->job = NULL;
    task_lock_release(&pool->lock);
}

int pool_require_active(const struct pool *pool, struct error *err)
{
    if (pool->live)
        return 0;
    return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE, "storage pool '%s' is not active",
                     pool->name);
}

void pools_event(struct pool *pool, enum pool_event event)
{
    const struct pool_observer *o = &pool->all->config.observer;
    if (o->happened)
        o->happened(o->arg, pool, event);
}

char *pool_format(const struct pool *pool, bool inactive)
{
    bool live = pool->live && !(inactive && pool->updated);
    AUTO_POOL_DEF struct pool_def *shown = pool_def_copy(live ? pool->live : pool->def);
    shown->capacity = OPT_UINT(live ? pool->capacity : 0);
    shown->allocation = OPT_UINT(live ? pool->allocation : 0);
    shown->available = OPT_UINT(live ? pool->available : 0);
    return pool_def_format(shown);
}
