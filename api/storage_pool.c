// SPDX-License-Identifier: GPL-2.0-or-later
// Storage pools: define, start, stop, build, show.
#include "api/storage.h"

static int check_overwrite(const char *pool, bool overwrite, bool no_overwrite, struct error *err)
{
    if (overwrite && no_overwrite)
        return error_set(err, ERROR_INVALID_ARG, AREA_STORAGE,
                         "the flags to overwrite and not to overwrite what is there exclude each "
                         "other");
    if (overwrite || no_overwrite)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                         "pool '%s' is a directory, there is no device to format; build it without "
                         "a flag about overwriting",
                         pool);
    return 0;
}

static int check_create(const char *pool, uint32_t flags, struct error *err)
{
    return check_overwrite(pool, flags & VIR_STORAGE_POOL_CREATE_WITH_BUILD_OVERWRITE,
                           flags & VIR_STORAGE_POOL_CREATE_WITH_BUILD_NO_OVERWRITE, err);
}

int api_storage_pool_define_xml(struct call *call,
                                const struct wire_storage_pool_define_xml_args *args,
                                struct wire_storage_pool_define_xml_ret *ret, struct error *err)
{
    unsigned how = args->flags & VIR_STORAGE_POOL_DEFINE_VALIDATE ? STORAGE_PARSE_VALIDATE : 0;
    struct pool *pool;
    struct pool_def *def = pool_def_load(args->xml, strlen(args->xml), how, err);
    if (!def || pool_define(call->task, call_daemon(call)->pools, def, &pool, err) < 0)
        return -1;
    ret->pool = api_pool_ref(call->arena, pool);
    return 0;
}

int api_storage_pool_create_xml(struct call *call,
                                const struct wire_storage_pool_create_xml_args *args,
                                struct wire_storage_pool_create_xml_ret *ret, struct error *err)
{
    struct pools *all = call_daemon(call)->pools;
    bool build = args->flags & VIR_STORAGE_POOL_CREATE_WITH_BUILD;
    struct pool *pool;
    AUTO_POOL_DEF struct pool_def *def = pool_def_load(args->xml, strlen(args->xml), 0, err);
    if (!def || check_create(def->name, args->flags, err) < 0 ||
        pool_create(call->task, all, STEAL(def), build, &pool, err) < 0)
        return -1;
    ret->pool = api_pool_ref(call->arena, pool);
    return 0;
}

int api_storage_pool_create(struct call *call, struct pool *pool,
                            const struct wire_storage_pool_create_args *args, struct error *err)
{
    if (check_create(pool->name, args->flags, err) < 0)
        return -1;
    return pool_start(call->task, pool, args->flags & VIR_STORAGE_POOL_CREATE_WITH_BUILD, err);
}

int api_storage_pool_build(struct call *call, struct pool *pool,
                           const struct wire_storage_pool_build_args *args, struct error *err)
{
    if (check_overwrite(pool->name, args->flags & VIR_STORAGE_POOL_BUILD_OVERWRITE,
                        args->flags & VIR_STORAGE_POOL_BUILD_NO_OVERWRITE, err) < 0)
        return -1;
    return pool_build(call->task, pool, err);
}

int api_storage_pool_get_info(struct call *call, struct pool *pool,
                              struct wire_storage_pool_get_info_ret *ret, struct error *err)
{
    if (!pool_is_active(pool)) {
        ret->state = VIR_STORAGE_POOL_INACTIVE;
        return 0;
    }
    ret->state = VIR_STORAGE_POOL_RUNNING;
    ret->capacity = pool->capacity;
    ret->allocation = pool->allocation;
    ret->available = pool->available;
    return 0;
}

int api_storage_pool_get_xml_desc(struct call *call, struct pool *pool,
                                  const struct wire_storage_pool_get_xml_desc_args *args,
                                  struct wire_storage_pool_get_xml_desc_ret *ret, struct error *err)
{
    ret->xml = arena_take(call->arena, pool_format(pool, args->flags & VIR_STORAGE_XML_INACTIVE));
    return 0;
}
