// SPDX-License-Identifier: GPL-2.0-or-later
// Storage volumes: found, listed, shown, made, changed, removed.
#include "api/storage.h"

struct wire_storage_vol_ref api_volume_ref(struct arena *a, const struct volume *vol)
{
    return (struct wire_storage_vol_ref){
        .pool = arena_strdup(a, vol->pool->name),
        .name = arena_strdup(a, vol->name),
        .key = arena_strdup(a, vol->def->key),
    };
}

int api_volume_get(struct call *call, const struct wire_storage_vol_ref *ref, struct volume **ret,
                   struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    struct pool *found = pools_find_name(call_daemon(call)->pools, ref->pool);
    if (!found)
        return error_set(err, ERROR_NO_STORAGE_POOL, AREA_STORAGE,
                         "no storage pool with matching name '%s'", ref->pool);
    pool = pool_ref(found);
    if (pool_wait_ready(call->task, pool, err) < 0 || pool_require_active(pool, err) < 0)
        return -1;
    struct volume *vol = pool_find_volume(pool, ref->name);
    if (!vol)
        return error_set(err, ERROR_NO_STORAGE_VOL, AREA_STORAGE,
                         "no storage vol with matching name '%s'", ref->name);
    *ret = volume_ref(vol);
    return 0;
}

// ---- finding

int api_storage_vol_lookup_by_name(struct call *call,
                                   const struct wire_storage_vol_lookup_by_name_args *args,
                                   struct wire_storage_vol_lookup_by_name_ret *ret,
                                   struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    if (api_pool_get_active(call, &args->pool, &pool, err) < 0)
        return -1;
    struct volume *vol = pool_find_volume(pool, args->name);
    if (!vol)
        return error_set(err, ERROR_NO_STORAGE_VOL, AREA_STORAGE,
                         "no storage vol with matching name '%s'", args->name);
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

int api_storage_pool_num_of_volumes(struct call *call,
                                    const struct wire_storage_pool_num_of_volumes_args *args,
                                    struct wire_storage_pool_num_of_volumes_ret *ret,
                                    struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    if (api_pool_get_active(call, &args->pool, &pool, err) < 0)
        return -1;
    ret->num = (int32_t)pool->volumes.n;
    return 0;
}

int api_storage_pool_list_volumes(struct call *call,
                                  const struct wire_storage_pool_list_volumes_args *args,
                                  struct wire_storage_pool_list_volumes_ret *ret, struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    if (args->maxnames < 0 || args->maxnames > WIRE_STORAGE_VOL_LIST_MAX)
        return error_set(err, ERROR_RPC, AREA_RPC, "maxnames > REMOTE_STORAGE_VOL_LIST_MAX");
    if (api_pool_get_active(call, &args->pool, &pool, err) < 0)
        return -1;
    ret->names.v = arena_calloc(call->arena, pool->volumes.n, sizeof(*ret->names.v));
    VEC_FOREACH (vol, &pool->volumes) {
        if (ret->names.n < (uint32_t)args->maxnames)
            ret->names.v[ret->names.n++] = arena_strdup(call->arena, (*vol)->name);
    }
    return 0;
}

int api_storage_pool_list_all_volumes(struct call *call,
                                      const struct wire_storage_pool_list_all_volumes_args *args,
                                      struct wire_storage_pool_list_all_volumes_ret *ret,
                                      struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_pool_get_active(call, &args->pool, &pool, err) < 0)
        return -1;
    ret->ret = (uint32_t)pool->volumes.n;
    if (!args->need_results)
        return 0;
    if (ret->ret > WIRE_STORAGE_VOL_LIST_MAX)
        return error_set(err, ERROR_RPC, AREA_RPC,
                         "too many volumes (%u) in pool '%s' for one list of %d", ret->ret,
                         pool->name, WIRE_STORAGE_VOL_LIST_MAX);
    ret->vols.v = arena_calloc(call->arena, ret->ret, sizeof(*ret->vols.v));
    VEC_FOREACH (vol, &pool->volumes)
        ret->vols.v[ret->vols.n++] = api_volume_ref(call->arena, *vol);
    return 0;
}

// ---- showing

enum { INFO_GET_PHYSICAL = 1 << 0 }; // virStorageVolInfoFlags

static int get_info(struct call *call, const struct wire_storage_vol_ref *ref, uint32_t flags,
                    struct wire_storage_vol_get_info_ret *ret, struct error *err)
{
    AUTO_VOLUME struct volume *vol = NULL;
    if (api_check_flags(call, flags, INFO_GET_PHYSICAL, err) < 0 ||
        api_volume_get(call, ref, &vol, err) < 0 || volume_look_again(call->task, vol, err) < 0)
        return -1;
    static const char types[] = {// virStorageVolType
                                 [VOLUME_TYPE_NONE] = 0,
                                 [VOLUME_TYPE_FILE] = 0,
                                 [VOLUME_TYPE_BLOCK] = 1,
                                 [VOLUME_TYPE_DIR] = 2};
    const struct volume_def *def = vol->def;
    ret->type = types[def->type];
    ret->capacity = def->capacity.value;
    ret->allocation = flags & INFO_GET_PHYSICAL ? def->physical.value : def->allocation.value;
    return 0;
}

int api_storage_vol_get_info(struct call *call, const struct wire_storage_vol_get_info_args *args,
                             struct wire_storage_vol_get_info_ret *ret, struct error *err)
{
    return get_info(call, &args->vol, 0, ret, err);
}

int api_storage_vol_get_info_flags(struct call *call,
                                   const struct wire_storage_vol_get_info_flags_args *args,
                                   struct wire_storage_vol_get_info_flags_ret *ret,
                                   struct error *err)
{
    struct wire_storage_vol_get_info_ret info = {0};
    if (get_info(call, &args->vol, args->flags, &info, err) < 0)
        return -1;
    ret->type = info.type;
    ret->capacity = info.capacity;
    ret->allocation = info.allocation;
    return 0;
}

int api_storage_vol_get_xml_desc(struct call *call,
                                 const struct wire_storage_vol_get_xml_desc_args *args,
                                 struct wire_storage_vol_get_xml_desc_ret *ret, struct error *err)
{
    AUTO_VOLUME struct volume *vol = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_volume_get(call, &args->vol, &vol, err) < 0 ||
        volume_look_again(call->task, vol, err) < 0)
        return -1;
    AUTO_FREE char *xml = volume_def_format(vol->def);
    ret->xml = arena_strdup(call->arena, xml);
    return 0;
}

int api_storage_vol_get_path(struct call *call, const struct wire_storage_vol_get_path_args *args,
                             struct wire_storage_vol_get_path_ret *ret, struct error *err)
{
    AUTO_VOLUME struct volume *vol = NULL;
    if (api_volume_get(call, &args->vol, &vol, err) < 0)
        return -1;
    ret->name = arena_strdup(call->arena, vol->def->target.path);
    return 0;
}

// ---- making and changing

enum { // virStorageVolCreateFlags
    CREATE_PREALLOC_METADATA = 1 << 0,
    CREATE_REFLINK = 1 << 1,
    CREATE_VALIDATE = 1 << 2,
};

static int create(struct call *call, const struct wire_storage_pool_ref *ref, const char *xml,
                  const struct wire_storage_vol_ref *source, uint32_t flags,
                  struct wire_storage_vol_ref *ret, struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    AUTO_VOLUME struct volume *from = NULL, *vol = NULL;
    unsigned how = flags & CREATE_VALIDATE ? STORAGE_PARSE_VALIDATE : 0;
    if (api_check_flags(call, flags,
                        CREATE_PREALLOC_METADATA | CREATE_VALIDATE | (source ? CREATE_REFLINK : 0),
                        err) < 0 ||
        api_pool_get_active(call, ref, &pool, err) < 0 ||
        (source && api_volume_get(call, source, &from, err) < 0))
        return -1;
    AUTO_VOLUME_DEF struct volume_def *def = volume_def_load(xml, strlen(xml), how, err);
    unsigned wanted = (flags & CREATE_PREALLOC_METADATA ? VOLUME_PREALLOCATE_METADATA : 0) |
                      (flags & CREATE_REFLINK ? VOLUME_REFLINK : 0);
    if (!def || volume_create(call->task, pool, def, wanted, from, &vol, err) < 0)
        return -1;
    *ret = api_volume_ref(call->arena, vol);
    return 0;
}

int api_storage_vol_create_xml(struct call *call,
                               const struct wire_storage_vol_create_xml_args *args,
                               struct wire_storage_vol_create_xml_ret *ret, struct error *err)
{
    return create(call, &args->pool, args->xml, NULL, args->flags, &ret->vol, err);
}

int api_storage_vol_create_xml_from(struct call *call,
                                    const struct wire_storage_vol_create_xml_from_args *args,
                                    struct wire_storage_vol_create_xml_from_ret *ret,
                                    struct error *err)
{
    return create(call, &args->pool, args->xml, &args->clonevol, args->flags, &ret->vol, err);
}

int api_storage_vol_delete(struct call *call, const struct wire_storage_vol_delete_args *args,
                           void *ret, struct error *err)
{
    (void)ret;
    AUTO_VOLUME struct volume *vol = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_volume_get(call, &args->vol, &vol, err) < 0)
        return -1;
    return volume_delete(call->task, vol, err);
}

int api_storage_vol_resize(struct call *call, const struct wire_storage_vol_resize_args *args,
                           void *ret, struct error *err)
{
    (void)ret;
    // virStorageVolResizeFlags are enum volume_resize_flags.
    AUTO_VOLUME struct volume *vol = NULL;
    if (api_check_flags(call, args->flags,
                        VOLUME_RESIZE_ALLOCATE | VOLUME_RESIZE_DELTA | VOLUME_RESIZE_SHRINK,
                        err) < 0 ||
        api_volume_get(call, &args->vol, &vol, err) < 0)
        return -1;
    return volume_resize(call->task, vol, args->capacity, args->flags, err);
}

enum { WIPE_ZERO = 0, WIPE_ALGORITHMS = 10 }; // virStorageVolWipeAlgorithm

static int wipe(struct call *call, const struct wire_storage_vol_ref *ref, uint32_t algorithm,
                uint32_t flags, struct error *err)
{
    AUTO_VOLUME struct volume *vol = NULL;
    if (api_check_flags(call, flags, 0, err) < 0 || api_volume_get(call, ref, &vol, err) < 0)
        return -1;
    if (algorithm >= WIPE_ALGORITHMS)
        return error_set(err, ERROR_INVALID_ARG, AREA_STORAGE, "wiping algorithm %u not supported",
                         algorithm);
    if (algorithm != WIPE_ZERO)
        return error_set(err, ERROR_ARGUMENT_UNSUPPORTED, AREA_STORAGE,
                         "cannot wipe volume '%s' with algorithm %u: only zeroes are written",
                         vol->name, algorithm);
    return volume_wipe(call->task, vol, err);
}

int api_storage_vol_wipe(struct call *call, const struct wire_storage_vol_wipe_args *args,
                         void *ret, struct error *err)
{
    (void)ret;
    return wipe(call, &args->vol, WIPE_ZERO, args->flags, err);
}

int api_storage_vol_wipe_pattern(struct call *call,
                                 const struct wire_storage_vol_wipe_pattern_args *args, void *ret,
                                 struct error *err)
{
    (void)ret;
    return wipe(call, &args->vol, args->algorithm, args->flags, err);
}
