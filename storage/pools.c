// SPDX-License-Identifier: GPL-2.0-or-later
// The table of pools: what differs from other objects.
#include "storage/internal.h"

#include <errno.h>
#include <fcntl.h>

static const struct state_row pool_states[] = {
    [POOL_INACTIVE] = {"inactive", STATE_BIT(POOL_STARTING) | STATE_BIT(POOL_ACTIVE)},
    [POOL_STARTING] = {"starting", STATE_BIT(POOL_INACTIVE)},
    [POOL_ACTIVE] = {"active", STATE_BIT(POOL_STARTING)},
};

void pool_set_state(struct pool *pool, enum pool_state state)
{
    state_check(pool_states, pool->state, state, "storage pool", pool->name);
    pool->state = state;
    object_set_active(&pool->object, state == POOL_ACTIVE);
}

// ---- the class

static void *parse(const struct object_table *table, const char *xml, size_t len, struct error *err)
{
    (void)table;
    return pool_def_load(xml, len, 0, err);
}

static char *format(const void *def)
{
    return pool_def_format(def);
}

static void destroy_def(void *def)
{
    pool_def_destroy(def);
}

static void init(struct object *o)
{
    struct pool *pool = (struct pool *)o;
    pool->all = (struct pools *)o->table;
    completion_init(&pool->ready);
    completion_post(&pool->ready, 0);
}

static void finish(struct object *o)
{
    vec_finish(&((struct pool *)o)->volumes);
}

static bool has_path(const struct pool_def *def, const char *path)
{
    return def && str_eq(def->path, path);
}

// Two pools in one directory would each think that its volumes are its own.
static int check(struct object *self, void *definition, struct error *err)
{
    const struct pool_def *def = definition;
    struct object *o;
    OBJECTS_FOREACH(o, self->table)
    {
        const struct pool *pool = (struct pool *)o;
        if (o != self && (has_path(pool->def, def->path) || has_path(pool->live, def->path) ||
                          has_path(pool->pending, def->path)))
            return error_set(err, ERROR_OPERATION_FAILED, AREA_STORAGE,
                             "Storage source conflict with pool: '%s' has the "
                             "directory '%s'",
                             pool->name, def->path);
    }
    return 0;
}

static void defined(struct object *o, bool added)
{
    (void)added;
    pools_event((struct pool *)o, POOL_DEFINED);
}

static void undefined(struct object *o)
{
    pools_event((struct pool *)o, POOL_UNDEFINED);
}

const struct object_class pool_class = {
    .kind = "storage pool",
    .noun = "pool",
    .active = "active",
    .busy_remedy = "",
    .status_remedy = "start the pool again",
    .run_mode = 0755,
    .no_object = ERROR_NO_STORAGE_POOL,
    .area = AREA_STORAGE,
    .size = sizeof(struct pool),
    .log_field = offsetof(struct log_fields, pool),
    .def_name = offsetof(struct pool_def, name),
    .def_uuid = offsetof(struct pool_def, uuid.value),
    .parse = parse,
    .format = format,
    .destroy_def = destroy_def,
    .init = init,
    .finish = finish,
    .check = check,
    .defined = defined,
    .undefined = undefined,
};

// ---- the table

struct pools *pools_create(const struct pools_config *config)
{
    struct pools *all = NEW(struct pools);
    all->config = *config;
    all->table = (struct object_table){.class = &pool_class,
                                       .sched = config->sched,
                                       .config_dir = config->config_dir,
                                       .run_dir = config->run_dir,
                                       .lock_ms = POOL_LOCK_TIMEOUT_MS};
    objects_init(&all->table);
    completion_init(&all->loaded);
    return all;
}

void pools_destroy(struct pools *all)
{
    if (!all)
        return;
    for (struct pool *pool = NULL; (pool = pools_next(all, pool));)
        pool_drop_volumes(pool);
    objects_finish(&all->table);
    free(all);
}

struct pool *pools_find_path(const struct pools *all, const char *path)
{
    AUTO_FREE char *clean = storage_clean_path(path);
    for (struct pool *pool = NULL; (pool = pools_next(all, pool));) {
        if (has_path(pool->live, clean))
            return pool;
    }
    return NULL;
}

struct volume *pools_find_volume(const struct pools *all, const char *path)
{
    AUTO_FREE char *clean = storage_clean_path(path);
    for (struct pool *pool = NULL; (pool = pools_next(all, pool));) {
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

// ---- what this provides

char *pool_capabilities_format(void)
{
    static const char *const others[] = {
        "fs",    "netfs", "logical",  "disk",    "iscsi", "iscsi-direct", "scsi",
        "mpath", "rbd",   "sheepdog", "gluster", "zfs",   "vstorage",
    };
    struct strbuf b = {0};
    strbuf_add(&b, "<storagepoolCapabilities>\n  <pool type='dir' supported='yes'>\n"
                   "    <volOptions>\n      <defaultFormat type='raw'/>\n"
                   "      <enum name='targetFormatType'>\n");
    for (unsigned f = VOLUME_FORMAT_NONE; f < VOLUME_FORMAT_COUNT; f++)
        strbuf_printf(&b, "        <value>%s</value>\n", volume_format_name(f));
    strbuf_add(&b, "      </enum>\n    </volOptions>\n  </pool>\n");
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        strbuf_printf(&b, "  <pool type='%s' supported='no'>\n  </pool>\n", others[i]);
    strbuf_add(&b, "</storagepoolCapabilities>\n");
    return strbuf_steal(&b);
}
