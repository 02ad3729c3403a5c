// SPDX-License-Identifier: GPL-2.0-or-later
// Finding and listing storage pools; what kinds there are.
#include "api/storage.h"
#include "base/str.h"

struct wire_storage_pool_ref api_pool_ref(struct arena *a, const struct pool *pool)
{
    struct wire_storage_pool_ref ref = {.name = arena_strdup(a, pool->name)};
    memcpy(ref.uuid, pool->uuid.b, UUID_SIZE);
    return ref;
}

static struct pool *find_uuid(const struct call *call, const uint8_t *bytes, const char *name,
                              struct error *err)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE];
    memcpy(uuid.b, bytes, UUID_SIZE);
    struct pool *pool = pools_find_uuid(call_daemon(call)->pools, &uuid);
    if (!pool)
        error_set(err, ERROR_NO_STORAGE_POOL, AREA_STORAGE,
                  "no storage pool with matching uuid '%s'%s%s%s", uuid_format(&uuid, text),
                  name ? " (" : "", name ? name : "", name ? ")" : "");
    return pool;
}

int api_pool_get(struct call *call, const struct wire_storage_pool_ref *ref, struct pool **ret,
                 struct error *err)
{
    struct pool *pool = find_uuid(call, ref->uuid, ref->name, err);
    if (!pool)
        return -1;
    *ret = pool_ref(pool);
    return pool_wait_ready(call->task, pool, err);
}

int api_pool_get_active(struct call *call, const struct wire_storage_pool_ref *ref,
                        struct pool **ret, struct error *err)
{
    if (api_pool_get(call, ref, ret, err) < 0)
        return -1;
    return pool_require_active(*ret, err);
}

static struct pool *find_name(const struct call *call, const char *name, struct error *err)
{
    struct pool *pool = pools_find_name(call_daemon(call)->pools, name);
    if (!pool)
        error_set(err, ERROR_NO_STORAGE_POOL, AREA_STORAGE,
                  "no storage pool with matching name '%s'", name);
    return pool;
}

int api_storage_pool_lookup_by_name(struct call *call,
                                    const struct wire_storage_pool_lookup_by_name_args *args,
                                    struct wire_storage_pool_lookup_by_name_ret *ret,
                                    struct error *err)
{
    struct pool *pool = find_name(call, args->name, err);
    if (!pool)
        return -1;
    ret->pool = api_pool_ref(call->arena, pool);
    return 0;
}

int api_storage_pool_lookup_by_uuid(struct call *call,
                                    const struct wire_storage_pool_lookup_by_uuid_args *args,
                                    struct wire_storage_pool_lookup_by_uuid_ret *ret,
                                    struct error *err)
{
    struct pool *pool = find_uuid(call, args->uuid, NULL, err);
    if (!pool)
        return -1;
    ret->pool = api_pool_ref(call->arena, pool);
    return 0;
}

int api_storage_pool_lookup_by_volume(struct call *call,
                                      const struct wire_storage_pool_lookup_by_volume_args *args,
                                      struct wire_storage_pool_lookup_by_volume_ret *ret,
                                      struct error *err)
{
    struct pool *pool = find_name(call, args->vol.pool, err);
    if (!pool)
        return -1;
    ret->pool = api_pool_ref(call->arena, pool);
    return 0;
}

int api_storage_pool_lookup_by_target_path(
    struct call *call, const struct wire_storage_pool_lookup_by_target_path_args *args,
    struct wire_storage_pool_lookup_by_target_path_ret *ret, struct error *err)
{
    struct pool *pool = pools_find_path(call_daemon(call)->pools, args->path);
    if (!pool)
        return error_set(err, ERROR_NO_STORAGE_POOL, AREA_STORAGE,
                         "no active storage pool with matching target path "
                         "'%s'",
                         args->path);
    ret->pool = api_pool_ref(call->arena, pool);
    return 0;
}

// ---- lists

enum { // virConnectListAllStoragePoolsFlags
    LIST_INACTIVE = 1 << 0,
    LIST_ACTIVE = 1 << 1,
    LIST_PERSISTENT = 1 << 2,
    LIST_TRANSIENT = 1 << 3,
    LIST_AUTOSTART = 1 << 4,
    LIST_NO_AUTOSTART = 1 << 5,
    LIST_DIR = 1 << 6,
    LIST_TYPES = 0xfffc0, // DIR and the thirteen other types
    LIST_KNOWN = 0xfffff,
};

static bool matches(const struct pool *pool, uint32_t flags)
{
    const struct api_filter filters[] = {
        {LIST_ACTIVE | LIST_INACTIVE, pool->live ? LIST_ACTIVE : LIST_INACTIVE},
        {LIST_PERSISTENT | LIST_TRANSIENT, pool->def ? LIST_PERSISTENT : LIST_TRANSIENT},
        {LIST_AUTOSTART | LIST_NO_AUTOSTART, pool->autostart ? LIST_AUTOSTART : LIST_NO_AUTOSTART},
        {LIST_TYPES, LIST_DIR},
    };
    return api_filters_hold(filters, ARRAY_LEN(filters), flags);
}

static uint32_t count(const struct call *call, uint32_t flags)
{
    uint32_t n = 0;
    struct pool *pool = NULL;
    while ((pool = pools_next(call_daemon(call)->pools, pool)))
        n += matches(pool, flags);
    return n;
}

int api_connect_list_all_storage_pools(struct call *call,
                                       const struct wire_connect_list_all_storage_pools_args *args,
                                       struct wire_connect_list_all_storage_pools_ret *ret,
                                       struct error *err)
{
    if (api_check_flags(call, args->flags, LIST_KNOWN, err) < 0)
        return -1;
    ret->ret = count(call, args->flags);
    if (!args->need_results)
        return 0;
    if (api_check_list(ret->ret, WIRE_STORAGE_POOL_LIST_MAX, "storage pools", err) < 0)
        return -1;
    ret->pools.v = arena_calloc(call->arena, ret->ret, sizeof(*ret->pools.v));
    struct pool *pool = NULL;
    while ((pool = pools_next(call_daemon(call)->pools, pool))) {
        if (matches(pool, args->flags))
            ret->pools.v[ret->pools.n++] = api_pool_ref(call->arena, pool);
    }
    return 0;
}

// Names of active or inactive pools, at most max.
static int list_names(struct call *call, int32_t max, uint32_t flags, struct wire_strings *ret,
                      struct error *err)
{
    if (api_check_wanted(max, WIRE_STORAGE_POOL_LIST_MAX, "maxnames",
                         "REMOTE_STORAGE_POOL_LIST_MAX", err) < 0)
        return -1;
    ret->v = arena_calloc(call->arena, count(call, flags), sizeof(*ret->v));
    struct pool *pool = NULL;
    while ((pool = pools_next(call_daemon(call)->pools, pool))) {
        if (matches(pool, flags) && ret->n < (uint32_t)max)
            ret->v[ret->n++] = arena_strdup(call->arena, pool->name);
    }
    return 0;
}

int api_connect_list_storage_pools(struct call *call,
                                   const struct wire_connect_list_storage_pools_args *args,
                                   struct wire_connect_list_storage_pools_ret *ret,
                                   struct error *err)
{
    return list_names(call, args->maxnames, LIST_ACTIVE, &ret->names, err);
}

int api_connect_list_defined_storage_pools(
    struct call *call, const struct wire_connect_list_defined_storage_pools_args *args,
    struct wire_connect_list_defined_storage_pools_ret *ret, struct error *err)
{
    return list_names(call, args->maxnames, LIST_INACTIVE, &ret->names, err);
}

int api_connect_num_of_storage_pools(struct call *call, const void *args,
                                     struct wire_connect_num_of_storage_pools_ret *ret,
                                     struct error *err)
{
    (void)args;
    (void)err;
    ret->num = (int32_t)count(call, LIST_ACTIVE);
    return 0;
}

int api_connect_num_of_defined_storage_pools(
    struct call *call, const void *args, struct wire_connect_num_of_defined_storage_pools_ret *ret,
    struct error *err)
{
    (void)args;
    (void)err;
    ret->num = (int32_t)count(call, LIST_INACTIVE);
    return 0;
}

// ---- kinds

int api_connect_find_storage_pool_sources(
    struct call *call, const struct wire_connect_find_storage_pool_sources_args *args,
    struct wire_connect_find_storage_pool_sources_ret *ret, struct error *err)
{
    (void)ret;
    if (api_check_flags(call, args->flags, 0, err) < 0)
        return -1;
    if (!pool_type_known(args->type))
        return error_set(err, ERROR_INTERNAL, AREA_STORAGE, "unknown storage pool type %s",
                         args->type);
    return error_set(err, ERROR_NO_SUPPORT, AREA_STORAGE,
                     "pool type '%s' does "
                     "not support source discovery",
                     args->type);
}

int api_connect_get_storage_pool_capabilities(
    struct call *call, const struct wire_connect_get_storage_pool_capabilities_args *args,
    struct wire_connect_get_storage_pool_capabilities_ret *ret, struct error *err)
{
    static const char *const others[] = {
        "fs",    "netfs", "logical",  "disk",    "iscsi", "iscsi-direct", "scsi",
        "mpath", "rbd",   "sheepdog", "gluster", "zfs",   "vstorage",
    };
    if (api_check_flags(call, args->flags, 0, err) < 0)
        return -1;
    AUTO_STRBUF b = {0};
    strbuf_add(&b, "<storagepoolCapabilities>\n  <pool type='dir' supported='yes'>\n"
                   "    <volOptions>\n      <defaultFormat type='raw'/>\n"
                   "      <enum name='targetFormatType'>\n");
    for (unsigned f = VOLUME_FORMAT_NONE; f < VOLUME_FORMAT_COUNT; f++)
        strbuf_printf(&b, "        <value>%s</value>\n", volume_format_name(f));
    strbuf_add(&b, "      </enum>\n    </volOptions>\n  </pool>\n");
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        strbuf_printf(&b, "  <pool type='%s' supported='no'>\n  </pool>\n", others[i]);
    strbuf_add(&b, "</storagepoolCapabilities>\n");
    ret->capabilities = arena_strdup(call->arena, strbuf_text(&b));
    return 0;
}
