// SPDX-License-Identifier: GPL-2.0-or-later
// Storage pools as the wire knows them; the kinds of pools.
#include "api/storage.h"
#include "base/str.h"

struct wire_storage_pool_ref api_pool_ref(struct arena *a, const struct pool *pool)
{
    struct wire_storage_pool_ref ref = {.name = a ? arena_strdup(a, pool->name) : pool->name};
    memcpy(ref.uuid, pool->uuid.b, UUID_SIZE);
    return ref;
}

static struct object_table *table(const struct daemon *d)
{
    return pools_table(d->pools);
}

static void refer(struct arena *a, const struct object *o, void *ref)
{
    *(struct wire_storage_pool_ref *)ref = api_pool_ref(a, (const struct pool *)o);
}

static int wait_ready(struct task *t, struct object *o, struct error *err)
{
    return pool_wait_ready(t, (struct pool *)o, err);
}

static const uint32_t filters[] = {
    VIR_CONNECT_LIST_STORAGE_POOLS_DIR | VIR_CONNECT_LIST_STORAGE_POOLS_FS |
        VIR_CONNECT_LIST_STORAGE_POOLS_NETFS | VIR_CONNECT_LIST_STORAGE_POOLS_LOGICAL |
        VIR_CONNECT_LIST_STORAGE_POOLS_DISK | VIR_CONNECT_LIST_STORAGE_POOLS_ISCSI |
        VIR_CONNECT_LIST_STORAGE_POOLS_SCSI | VIR_CONNECT_LIST_STORAGE_POOLS_MPATH |
        VIR_CONNECT_LIST_STORAGE_POOLS_RBD | VIR_CONNECT_LIST_STORAGE_POOLS_SHEEPDOG |
        VIR_CONNECT_LIST_STORAGE_POOLS_GLUSTER | VIR_CONNECT_LIST_STORAGE_POOLS_ZFS |
        VIR_CONNECT_LIST_STORAGE_POOLS_VSTORAGE | VIR_CONNECT_LIST_STORAGE_POOLS_ISCSI_DIRECT,
    0,
};

static uint32_t traits(const struct object *o)
{
    return VIR_CONNECT_LIST_STORAGE_POOLS_DIR;
}

const struct api_class api_storage_pool_class = {
    .rpc = API_OBJECT_RPC,
    .table = table,
    .refer = refer,
    .wait_ready = wait_ready,
    .ref_size = sizeof(struct wire_storage_pool_ref),
    .list_max = WIRE_STORAGE_POOL_LIST_MAX,
    .list_max_name = "REMOTE_STORAGE_POOL_LIST_MAX",
    API_OBJECT_FILTERS(STORAGE_POOLS),
    .filters = filters,
    .traits = traits,
};

int api_storage_pool_lookup_by_volume(struct call *call,
                                      const struct wire_storage_pool_lookup_by_volume_args *args,
                                      struct wire_storage_pool_lookup_by_volume_ret *ret,
                                      struct error *err)
{
    return api_object_lookup_by_name(call, &api_storage_pool_class, args->vol.pool, &ret->pool,
                                     err);
}

int api_storage_pool_lookup_by_target_path(
    struct call *call, const struct wire_storage_pool_lookup_by_target_path_args *args,
    struct wire_storage_pool_lookup_by_target_path_ret *ret, struct error *err)
{
    struct pool *pool = pools_find_path(call_daemon(call)->pools, args->path);
    if (!pool)
        return error_set(err, ERROR_NO_STORAGE_POOL, AREA_STORAGE,
                         "no active storage pool with matching target path '%s'", args->path);
    ret->pool = api_pool_ref(call->arena, pool);
    return 0;
}

int api_connect_find_storage_pool_sources(
    struct call *call, const struct wire_connect_find_storage_pool_sources_args *args,
    struct wire_connect_find_storage_pool_sources_ret *ret, struct error *err)
{
    if (!pool_type_known(args->type))
        return error_set(err, ERROR_INTERNAL, AREA_STORAGE, "unknown storage pool type %s",
                         args->type);
    return error_set(err, ERROR_NO_SUPPORT, AREA_STORAGE,
                     "pool type '%s' does not support source discovery", args->type);
}

int api_connect_get_storage_pool_capabilities(
    struct call *call, struct wire_connect_get_storage_pool_capabilities_ret *ret,
    struct error *err)
{
    ret->capabilities = arena_take(call->arena, pool_capabilities_format());
    return 0;
}
