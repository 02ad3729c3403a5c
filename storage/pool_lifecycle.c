// SPDX-License-Identifier: GPL-2.0-or-later
// A pool's lifetime: started, scanned, stopped, undefined; its directory made and removed.
#include "base/offload.h"
#include "storage/internal.h"

#include <errno.h>
#include <fcntl.h>

// ---- the directory -----------------------------------------------------------------------------

struct directory {
    const struct pool_def *def;
    const char *step;
    int error;
};

enum { DIRECTORY_MODE = 0711 };

static void build_run(void *arg)
{
    struct directory *d = arg;
    const struct storage_permissions *p = &d->def->permissions;
    const char *path = d->def->path, *slash = strrchr(path, '/');
    AUTO_FREE char *parent = slash > path ? xstrndup(path, (size_t)(slash - path)) : NULL;
    d->step = "make";
    d->error = parent ? dir_make(parent, 0755) : 0;
    mode_t mode = p->mode.set ? (mode_t)p->mode.value : DIRECTORY_MODE;
    if (d->error)
        return;
    bool made = mkdir(path, mode) == 0;
    if (!made && errno != EEXIST) {
        d->error = -errno;
        return;
    }
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uid_t uid = p->owner.set ? (uid_t)p->owner.value : (uid_t)-1;
    gid_t gid = p->group.set ? (gid_t)p->group.value : (gid_t)-1;
    bool change_owner = uid != (uid_t)-1 || gid != (gid_t)-1;
    d->step = "set owner and mode of";
    // The mode of a directory that was there is changed only when the document has one.
    if (fd < 0 || (change_owner && fchown(fd, uid, gid) < 0) ||
        ((made || p->mode.set) && fchmod(fd, mode) < 0))
        d->error = -errno;
    if (d->error && made)
        rmdir(path);
}

static int build_directory(struct task *t, const struct pool_def *def, struct error *err)
{
    struct directory d = {.def = def};
    task_offload_for(t, t, build_run, &d);
    if (d.error < 0)
        return error_set_errno(err, AREA_STORAGE, d.error,
                               "cannot %s directory '%s' of storage pool '%s'", d.step, def->path,
                               def->name);
    return 0;
}

static void remove_run(void *arg)
{
    struct directory *d = arg;
    d->error = rmdir(d->def->path) < 0 ? -errno : 0;
}

// ---- starting and stopping ---------------------------------------------------------------------

static void take_file_system(struct pool *pool, struct pool_def *live, struct scan_result *r)
{
    if (r->too_many)
        object_log(&pool->object, LOG_LEVEL_WARN, "only %d of the files in '%s' are shown",
                   POOL_VOLUMES_MAX, live->path);
    pool->capacity = r->capacity;
    pool->allocation = r->allocation;
    pool->available = r->available;
    live->has_permissions = true;
    str_replace(&live->permissions.label, NULL);
    live->permissions = r->permissions;
}

// Takes def, also on failure.
static int start_locked(struct task *t, struct pool *pool, struct pool_def *def, bool build,
                        struct error *err)
{
    AUTO_POOL_DEF struct pool_def *live = def;
    struct scan_result r = {0};
    object_assert_locked(t, &pool->object);
    pool_set_state(pool, POOL_STARTING);
    if ((build && build_directory(t, live, err) < 0) || storage_scan(t, live->path, &r, err) < 0 ||
        pool_status_save(pool, live, err) < 0) {
        scan_finish(&r);
        pool_set_state(pool, POOL_INACTIVE);
        return -1;
    }
    pool->live = STEAL(live);
    take_file_system(pool, pool->live, &r);
    pool_take_scan(pool, &r, pool->probes);
    pool_set_state(pool, POOL_ACTIVE);
    pools_event(pool, POOL_STARTED);
    return 0;
}

static int check_inactive(const struct pool *pool, struct error *err)
{
    if (!pool->live)
        return 0;
    return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                     "storage pool '%s' is already active", pool->name);
}

static int check_quiet(const struct pool *pool, struct error *err)
{
    if (!pool->jobs)
        return 0;
    return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                     "%u volumes of storage pool '%s' are being "
                     "made or changed; wait for their end",
                     pool->jobs, pool->name);
}

static int create_locked(struct task *t, struct object *o, void *def, void *arg, struct error *err)
{
    return start_locked(t, (struct pool *)o, def, *(bool *)arg, err);
}

int pool_create(struct task *t, struct pools *all, struct pool_def *def, bool build,
                struct pool **ret, struct error *err)
{
    return object_create(t, &all->table, def, create_locked, &build, (struct object **)ret, err);
}

int pool_start(struct task *t, struct pool *pool, bool build, struct error *err)
{
    if (pool_lock_present(t, pool, "start", err) < 0)
        return -1;
    int r = check_inactive(pool, err);
    if (r == 0)
        r = start_locked(t, pool, pool_def_copy(pool->def), build, err);
    pool_unlock(pool);
    return r;
}

int pool_stop(struct task *t, struct pool *pool, struct error *err)
{
    if (pool_lock_present(t, pool, "destroy", err) < 0)
        return -1;
    int r = pool_require_active(pool, err);
    if (r == 0)
        r = check_quiet(pool, err);
    if (r == 0) {
        object_status_remove(&pool->object);
        pool_drop_volumes(pool);
        // The observer still sees it; a transient one is gone after that.
        pools_event(pool, POOL_STOPPED);
        pool_set_state(pool, POOL_INACTIVE);
        pool_def_destroy(STEAL(pool->live));
        pool->updated = false;
        if (!pool->def)
            object_remove(&pool->object);
    }
    pool_unlock(pool);
    return r;
}

static int check_destroyed(const struct pool *pool, struct error *err)
{
    if (!pool->live)
        return 0;
    return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                     "storage pool '%s' is still active; destroy "
                     "it first",
                     pool->name);
}

int pool_undefine(struct task *t, struct pool *pool, struct error *err)
{
    if (pool_lock_present(t, pool, "undefine", err) < 0)
        return -1;
    int r = check_destroyed(pool, err);
    if (r == 0)
        r = object_undefine_locked(t, &pool->object, err);
    pool_unlock(pool);
    return r;
}

int pool_build(struct task *t, struct pool *pool, struct error *err)
{
    if (pool_lock_present(t, pool, "build", err) < 0)
        return -1;
    int r = check_inactive(pool, err);
    if (r == 0)
        r = build_directory(t, pool->def, err);
    if (r == 0)
        pools_event(pool, POOL_BUILT);
    pool_unlock(pool);
    return r;
}

int pool_delete(struct task *t, struct pool *pool, struct error *err)
{
    if (pool_lock_present(t, pool, "delete", err) < 0)
        return -1;
    int r = check_destroyed(pool, err);
    if (r == 0) {
        struct directory d = {.def = pool->def};
        task_offload_for(t, pool, remove_run, &d);
        if (d.error < 0)
            r = error_set_errno(err, AREA_STORAGE, d.error,
                                "failed to remove directory '%s' of pool '%s'", pool->def->path,
                                pool->name);
    }
    if (r == 0)
        pools_event(pool, POOL_DELETED);
    pool_unlock(pool);
    return r;
}

static int refresh_locked(struct task *t, struct pool *pool, struct error *err)
{
    object_assert_locked(t, &pool->object);
    struct scan_result r;
    uint64_t since = pool->probes;
    if (storage_scan(t, pool->live->path, &r, err) < 0)
        return -1;
    take_file_system(pool, pool->live, &r);
    pool_take_scan(pool, &r, since);
    const struct pool_observer *o = &pool->all->config.observer;
    if (o->refreshed)
        o->refreshed(o->arg, pool);
    return 0;
}

int pool_refresh(struct task *t, struct pool *pool, struct error *err)
{
    if (pool_lock_present(t, pool, "refresh", err) < 0)
        return -1;
    int r = pool_require_active(pool, err);
    if (r == 0)
        r = refresh_locked(t, pool, err);
    pool_unlock(pool);
    return r;
}

// ---- with the daemon and with the host ---------------------------------------------------------

static void done_loading(struct pools *all)
{
    if (--all->loading == 0)
        completion_post(&all->loaded, 0);
}

static void adopt_main(struct task *t, void *arg)
{
    AUTO_POOL struct pool *pool = arg;
    AUTO_ERROR err = ERROR_INIT, ignored = ERROR_INIT;
    if (pool->live && pool_refresh(t, pool, &err) < 0) {
        object_log(&pool->object, LOG_LEVEL_ERROR, "it is no longer active: %s",
                   error_message(&err));
        (void)pool_stop(t, pool, &ignored);
    } else if (!pool->live && pool_start(t, pool, false, &err) < 0) {
        object_log(&pool->object, LOG_LEVEL_ERROR, "cannot autostart it: %s", error_message(&err));
    }
    completion_post(&pool->ready, 0);
    done_loading(pool->all);
}

void pools_load(struct pools *all)
{
    bool booted = objects_is_new_boot(&all->table);
    objects_load(&all->table);
    if (booted)
        objects_drop_status(&all->table);
    pools_status_load(all);
    all->loading = 1;
    struct pool *pool = NULL;
    while ((pool = pools_next(all, pool))) {
        if (!pool->live && !(booted && pool->autostart))
            continue;
        all->loading++;
        completion_init(&pool->ready);
        task_spawn(all->config.sched, "scan pool", adopt_main, pool_ref(pool));
    }
    done_loading(all);
}

void pools_wait_loaded(struct task *t, struct pools *all)
{
    (void)completion_wait(t, &all->loaded, task_deadline_ms(POOL_LOADED_TIMEOUT_MS));
}

int pool_wait_ready(struct task *t, struct pool *pool, struct error *err)
{
    if (completion_wait(t, &pool->ready, task_deadline_ms(POOL_LOCK_TIMEOUT_MS)) >= 0)
        return 0;
    return error_set(err, ERROR_OPERATION_TIMEOUT, AREA_STORAGE,
                     "storage pool '%s' is still being scanned after the daemon's start; "
                     "does its directory answer?",
                     pool->name);
}
