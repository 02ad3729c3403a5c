// SPDX-License-Identifier: GPL-2.0-or-later
// Storage pools: defining, starting, stopping, building, showing.
#include "api/storage.h"

enum { // virStoragePoolBuildFlags, virStoragePoolCreateFlags
    BUILD_NO_OVERWRITE = 1 << 2,
    BUILD_OVERWRITE = 1 << 3,
    CREATE_WITH_BUILD = 1 << 0,
    CREATE_WITH_BUILD_OVERWRITE = 1 << 1,
    CREATE_WITH_BUILD_NO_OVERWRITE = 1 << 2,
    CREATE_KNOWN = 7,
    DEFINE_VALIDATE = 1 << 0,
};

static int check_overwrite(const char *pool, bool overwrite, bool no_overwrite, struct error *err)
{
    if (overwrite && no_overwrite)
        return error_set(err, ERROR_INVALID_ARG, AREA_STORAGE,
                         "the flags to overwrite and not to overwrite what is there exclude each "
                         "other");
    if (overwrite || no_overwrite)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_STORAGE,
                         "pool '%s' is a directory, there is no "
                         "device to format; build it without a flag about overwriting",
                         pool);
    return 0;
}

static int check_create(struct call *call, const char *pool, uint32_t flags, struct error *err)
{
    if (api_check_flags(call, flags, CREATE_KNOWN, err) < 0)
        return -1;
    return check_overwrite(pool, flags & CREATE_WITH_BUILD_OVERWRITE,
                           flags & CREATE_WITH_BUILD_NO_OVERWRITE, err);
}

int api_storage_pool_define_xml(struct call *call,
                                const struct wire_storage_pool_define_xml_args *args,
                                struct wire_storage_pool_define_xml_ret *ret, struct error *err)
{
    struct pools *all = call_daemon(call)->pools;
    struct pool *pool;
    if (api_check_flags(call, args->flags, DEFINE_VALIDATE, err) < 0)
        return -1;
    unsigned how = args->flags & DEFINE_VALIDATE ? STORAGE_PARSE_VALIDATE : 0;
    struct pool_def *def = pool_def_load(args->xml, strlen(args->xml), how, err);
    if (!def || pool_define(call->task, all, def, &pool, err) < 0)
        return -1;
    ret->pool = api_pool_ref(call->arena, pool);
    return 0;
}

int api_storage_pool_create_xml(struct call *call,
                                const struct wire_storage_pool_create_xml_args *args,
                                struct wire_storage_pool_create_xml_ret *ret, struct error *err)
{
    struct pools *all = call_daemon(call)->pools;
    struct pool *pool;
    AUTO_POOL_DEF struct pool_def *def = pool_def_load(args->xml, strlen(args->xml), 0, err);
    if (!def || check_create(call, def->name, args->flags, err) < 0 ||
        pool_create(call->task, all, STEAL(def), args->flags & CREATE_WITH_BUILD, &pool, err) < 0)
        return -1;
    ret->pool = api_pool_ref(call->arena, pool);
    return 0;
}

int api_storage_pool_create(struct call *call, const struct wire_storage_pool_create_args *args,
                            void *ret, struct error *err)
{
    (void)ret;
    AUTO_POOL struct pool *pool = NULL;
    if (check_create(call, args->pool.name, args->flags, err) < 0 ||
        api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    return pool_start(call->task, pool, args->flags & CREATE_WITH_BUILD, err);
}

int api_storage_pool_build(struct call *call, const struct wire_storage_pool_build_args *args,
                           void *ret, struct error *err)
{
    (void)ret;
    AUTO_POOL struct pool *pool = NULL;
    if (api_check_flags(call, args->flags, BUILD_OVERWRITE | BUILD_NO_OVERWRITE, err) < 0 ||
        api_pool_get(call, &args->pool, &pool, err) < 0 ||
        check_overwrite(args->pool.name, args->flags & BUILD_OVERWRITE,
                        args->flags & BUILD_NO_OVERWRITE, err) < 0)
        return -1;
    return pool_build(call->task, pool, err);
}

int api_storage_pool_destroy(struct call *call, const struct wire_storage_pool_destroy_args *args,
                             void *ret, struct error *err)
{
    (void)ret;
    AUTO_POOL struct pool *pool = NULL;
    if (api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    return pool_stop(call->task, pool, err);
}

int api_storage_pool_undefine(struct call *call, const struct wire_storage_pool_undefine_args *args,
                              void *ret, struct error *err)
{
    (void)ret;
    AUTO_POOL struct pool *pool = NULL;
    if (api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    return pool_undefine(call->task, pool, err);
}

int api_storage_pool_delete(struct call *call, const struct wire_storage_pool_delete_args *args,
                            void *ret, struct error *err)
{
    (void)ret;
    AUTO_POOL struct pool *pool = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    return pool_delete(call->task, pool, err);
}

int api_storage_pool_refresh(struct call *call, const struct wire_storage_pool_refresh_args *args,
                             void *ret, struct error *err)
{
    (void)ret;
    AUTO_POOL struct pool *pool = NULL;
    if (api_check_flags(call, args->flags, 0, err) < 0 ||
        api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    return pool_refresh(call->task, pool, err);
}

int api_storage_pool_set_autostart(struct call *call,
                                   const struct wire_storage_pool_set_autostart_args *args,
                                   void *ret, struct error *err)
{
    (void)ret;
    AUTO_POOL struct pool *pool = NULL;
    if (api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    return pool_set_autostart(call->task, pool, args->autostart != 0, err);
}

// ---- questions

enum { XML_INACTIVE = 1 << 0 };                 // virStorageXMLFlags
enum { STATE_INACTIVE = 0, STATE_RUNNING = 2 }; // virStoragePoolState

int api_storage_pool_get_info(struct call *call, const struct wire_storage_pool_get_info_args *args,
                              struct wire_storage_pool_get_info_ret *ret, struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    if (api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    bool active = pool_is_active(pool);
    ret->state = active ? STATE_RUNNING : STATE_INACTIVE;
    ret->capacity = active ? pool->capacity : 0;
    ret->allocation = active ? pool->allocation : 0;
    ret->available = active ? pool->available : 0;
    return 0;
}

int api_storage_pool_get_xml_desc(struct call *call,
                                  const struct wire_storage_pool_get_xml_desc_args *args,
                                  struct wire_storage_pool_get_xml_desc_ret *ret, struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    if (api_check_flags(call, args->flags, XML_INACTIVE, err) < 0 ||
        api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    AUTO_FREE char *xml = pool_format(pool, args->flags & XML_INACTIVE);
    ret->xml = arena_strdup(call->arena, xml);
    return 0;
}

int api_storage_pool_get_autostart(struct call *call,
                                   const struct wire_storage_pool_get_autostart_args *args,
                                   struct wire_storage_pool_get_autostart_ret *ret,
                                   struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    if (api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    ret->autostart = pool->autostart;
    return 0;
}

int api_storage_pool_is_active(struct call *call,
                               const struct wire_storage_pool_is_active_args *args,
                               struct wire_storage_pool_is_active_ret *ret, struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    if (api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    ret->active = pool_is_active(pool);
    return 0;
}

int api_storage_pool_is_persistent(struct call *call,
                                   const struct wire_storage_pool_is_persistent_args *args,
                                   struct wire_storage_pool_is_persistent_ret *ret,
                                   struct error *err)
{
    AUTO_POOL struct pool *pool = NULL;
    if (api_pool_get(call, &args->pool, &pool, err) < 0)
        return -1;
    ret->persistent = pool->def != NULL;
    return 0;
}
