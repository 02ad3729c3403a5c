// SPDX-License-Identifier: GPL-2.0-or-later
// Storage volumes: find, list, show, create, change, remove.
#include "api/storage.h"

struct wire_storage_vol_ref api_volume_ref(struct arena *a, const struct volume *vol)
{
    return (struct wire_storage_vol_ref){
        .pool = arena_strdup(a, vol->pool->name),
        .name = arena_strdup(a, vol->name),
        .key = arena_strdup(a, vol->def->key),
    };
}

static struct volume *find_name(const struct pool *pool, const char *name, struct error *err)
{
    struct volume *vol = pool_find_volume(pool, name);
    if (!vol)
        error_set(err, ERROR_NO_STORAGE_VOL, AREA_STORAGE, "no storage vol with matching name '%s'",
                  name);
    return vol;
}

struct volume *api_volume_find(struct call *call, const struct wire_storage_vol_ref *ref,
                               struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    struct pool *found = pools_find_name(call_daemon(call)->pools, ref->pool);
    if (!found) {
        error_set(err, ERROR_NO_STORAGE_POOL, AREA_STORAGE,
                  "no storage pool with matching name '%s'", ref->pool);
        return NULL;
    }
    pool = pool_ref(found);
    if (pool_wait_ready(call->task, pool, err) < 0 || pool_require_active(pool, err) < 0)
        return NULL;
    struct volume *vol = find_name(pool, ref->name, err);
    return vol ? volume_ref(vol) : NULL;
}

static void *find(const struct rpc_object_class *class, struct call *call, const void *ref,
                  void **held, struct error *err)
{
    return *held = api_volume_find(call, ref, err);
}

static void unref(void *vol)
{
    volume_unref(vol);
}

const struct api_class api_storage_vol_class = {.rpc = {find, unref, NULL}};

// ---- finding

int api_storage_vol_lookup_by_name(struct call *call, struct pool *pool,
                                   const struct wire_storage_vol_lookup_by_name_args *args,
                                   struct wire_storage_vol_lookup_by_name_ret *ret,
                                   struct error *err)
{
    struct volume *vol = find_name(pool, args->name, err);
    if (!vol)
        return -1;
    ret->vol = api_volume_ref(call->arena, vol);
    return 0;
}

// A key of a file is its path.
static int lookup_path(struct call *call, const char *path, const char *what,
                       struct wire_storage_vol_ref *ret, struct error *err)
{
    struct pools *all = call_daemon(call)->pools;
    pools_wait_loaded(call->task, all);
    struct volume *vol = pools_find_volume(all, path);
    if (!vol)
        return error_set(err, ERROR_NO_STORAGE_VOL, AREA_STORAGE,
                         "no storage vol with matching %s '%s'", what, path);
    *ret = api_volume_ref(call->arena, vol);
    return 0;
}

int api_storage_vol_lookup_by_key(struct call *call,
                                  const struct wire_storage_vol_lookup_by_key_args *args,
                                  struct wire_storage_vol_lookup_by_key_ret *ret, struct error *err)
{
    return lookup_path(call, args->key, "key", &ret->vol, err);
}

int api_storage_vol_lookup_by_path(struct call *call,
                                   const struct wire_storage_vol_lookup_by_path_args *args,
                                   struct wire_storage_vol_lookup_by_path_ret *ret,
                                   struct error *err)
{
    return lookup_path(call, args->path, "path", &ret->vol, err);
}

int api_storage_pool_num_of_volumes(struct call *call, struct pool *pool,
                                    struct wire_storage_pool_num_of_volumes_ret *ret,
                                    struct error *err)
{
    ret->num = (int32_t)pool->volumes.n;
    return 0;
}

int api_storage_pool_list_volumes(struct call *call, struct pool *pool,
                                  const struct wire_storage_pool_list_volumes_args *args,
                                  struct wire_storage_pool_list_volumes_ret *ret, struct error *err)
{
    if (api_check_wanted(args->maxnames, WIRE_STORAGE_VOL_LIST_MAX, "maxnames",
                         "REMOTE_STORAGE_VOL_LIST_MAX", err) < 0)
        return -1;
    ret->names.v = arena_calloc(call->arena, pool->volumes.n, sizeof(*ret->names.v));
    VEC_FOREACH (vol, &pool->volumes) {
        if (ret->names.n < (uint32_t)args->maxnames)
            ret->names.v[ret->names.n++] = arena_strdup(call->arena, (*vol)->name);
    }
    return 0;
}

int api_storage_pool_list_all_volumes(struct call *call, struct pool *pool,
                                      const struct wire_storage_pool_list_all_volumes_args *args,
                                      struct wire_storage_pool_list_all_volumes_ret *ret,
                                      struct error *err)
{
    ret->ret = (uint32_t)pool->volumes.n;
    if (!args->need_results)
        return 0;
    if (api_check_count(ret->ret, WIRE_STORAGE_VOL_LIST_MAX, "volumes", "look up single ones",
                        err) < 0)
        return -1;
    ret->vols.v = arena_calloc(call->arena, ret->ret, sizeof(*ret->vols.v));
    VEC_FOREACH (vol, &pool->volumes)
        ret->vols.v[ret->vols.n++] = api_volume_ref(call->arena, *vol);
    return 0;
}

// ---- showing

int api_storage_vol_get_info_flags(struct call *call, struct volume *vol,
                                   const struct wire_storage_vol_get_info_flags_args *args,
                                   struct wire_storage_vol_get_info_flags_ret *ret,
                                   struct error *err)
{
    static const char types[] = {[VOLUME_TYPE_NONE] = VIR_STORAGE_VOL_FILE,
                                 [VOLUME_TYPE_FILE] = VIR_STORAGE_VOL_FILE,
                                 [VOLUME_TYPE_BLOCK] = VIR_STORAGE_VOL_BLOCK,
                                 [VOLUME_TYPE_DIR] = VIR_STORAGE_VOL_DIR};
    if (volume_refresh(call->task, vol, err) < 0)
        return -1;
    const struct volume_def *def = vol->def;
    bool physical = args->flags & VIR_STORAGE_VOL_GET_PHYSICAL;
    ret->type = types[def->type];
    ret->capacity = def->capacity.value;
    ret->allocation = physical ? def->physical.value : def->allocation.value;
    return 0;
}

int api_storage_vol_get_xml_desc(struct call *call, struct volume *vol,
                                 struct wire_storage_vol_get_xml_desc_ret *ret, struct error *err)
{
    if (volume_refresh(call->task, vol, err) < 0)
        return -1;
    ret->xml = arena_take(call->arena, volume_def_format(vol->def));
    return 0;
}

int api_storage_vol_get_path(struct call *call, struct volume *vol,
                             struct wire_storage_vol_get_path_ret *ret, struct error *err)
{
    ret->name = arena_strdup(call->arena, vol->def->target.path);
    return 0;
}

// ---- creating and changing

static int create(struct call *call, struct pool *pool, const char *xml, struct volume *from,
                  uint32_t flags, struct wire_storage_vol_ref *ret, struct error *err)
{
    AUTO_VOLUME struct volume *vol = NULL;
    unsigned how = flags & VIR_STORAGE_VOL_CREATE_VALIDATE ? STORAGE_PARSE_VALIDATE : 0;
    AUTO_VOLUME_DEF struct volume_def *def = volume_def_load(xml, strlen(xml), how, err);
    unsigned wanted =
        (flags & VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA ? VOLUME_PREALLOCATE_METADATA : 0) |
        (flags & VIR_STORAGE_VOL_CREATE_REFLINK ? VOLUME_REFLINK : 0);
    if (!def || volume_create(call->task, pool, def, wanted, from, &vol, err) < 0)
        return -1;
    *ret = api_volume_ref(call->arena, vol);
    return 0;
}

int api_storage_vol_create_xml(struct call *call, struct pool *pool,
                               const struct wire_storage_vol_create_xml_args *args,
                               struct wire_storage_vol_create_xml_ret *ret, struct error *err)
{
    return create(call, pool, args->xml, NULL, args->flags, &ret->vol, err);
}

int api_storage_vol_create_xml_from(struct call *call, struct pool *pool,
                                    const struct wire_storage_vol_create_xml_from_args *args,
                                    struct wire_storage_vol_create_xml_from_ret *ret,
                                    struct error *err)
{
    AUTO_VOLUME struct volume *from = api_volume_find(call, &args->clonevol, err);
    if (!from)
        return -1;
    return create(call, pool, args->xml, from, args->flags, &ret->vol, err);
}

int api_storage_vol_resize(struct call *call, struct volume *vol,
                           const struct wire_storage_vol_resize_args *args, struct error *err)
{
    unsigned how = (args->flags & VIR_STORAGE_VOL_RESIZE_ALLOCATE ? VOLUME_RESIZE_ALLOCATE : 0) |
                   (args->flags & VIR_STORAGE_VOL_RESIZE_DELTA ? VOLUME_RESIZE_DELTA : 0) |
                   (args->flags & VIR_STORAGE_VOL_RESIZE_SHRINK ? VOLUME_RESIZE_SHRINK : 0);
    return volume_resize(call->task, vol, args->capacity, how, err);
}

int api_storage_vol_wipe_pattern(struct call *call, struct volume *vol,
                                 const struct wire_storage_vol_wipe_pattern_args *args,
                                 struct error *err)
{
    if (args->algorithm > VIR_STORAGE_VOL_WIPE_ALG_TRIM)
        return error_set(err, ERROR_INVALID_ARG, AREA_STORAGE, "wiping algorithm %u not supported",
                         args->algorithm);
    if (args->algorithm != VIR_STORAGE_VOL_WIPE_ALG_ZERO)
        return error_set(err, ERROR_ARGUMENT_UNSUPPORTED, AREA_STORAGE,
                         "cannot wipe volume '%s' with algorithm %u: only zeroes are written",
                         vol->name, args->algorithm);
    return volume_wipe(call->task, vol, err);
}
