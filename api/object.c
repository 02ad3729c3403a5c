// SPDX-License-Identifier: GPL-2.0-or-later
#include "api/object.h"
#include "base/log.h"

_Static_assert(offsetof(struct wire_domain_ref, uuid) == offsetof(struct wire_network_ref, uuid) &&
                   offsetof(struct wire_storage_pool_ref, uuid) ==
                       offsetof(struct wire_network_ref, uuid),
               "references to objects begin alike");

static const struct api_class *class_of(const struct rpc_object_class *class)
{
    return CONTAINER_OF(class, struct api_class, rpc);
}

// `name`: what the client calls it beside the UUID; NULL: nothing.
static struct object *find_uuid(const struct object_table *table, const uint8_t *bytes,
                                const char *name, struct error *err)
{
    const struct object_class *class = table->class;
    struct uuid uuid;
    char text[UUID_TEXT_SIZE];
    memcpy(uuid.b, bytes, UUID_SIZE);
    struct object *o = objects_find_uuid(table, &uuid);
    if (!o)
        error_set(err, class->no_object, class->area, "no %s with matching uuid '%s'%s%s%s",
                  class->kind, uuid_format(&uuid, text), name ? " (" : "", name ? name : "",
                  name ? ")" : "");
    return o;
}

void *api_object_find(const struct rpc_object_class *rpc, struct call *call, const void *ref,
                      void **held, struct error *err)
{
    const struct api_class *class = class_of(rpc);
    struct wire_network_ref start;
    memcpy(&start, ref, sizeof(start));
    struct object *o = find_uuid(class->table(call_daemon(call)), start.uuid, start.name, err);
    if (!o)
        return NULL;
    object_ref(o);
    // For the log lines of this call.
    char *fields = (char *)task_log_fields(call->task);
    *(const char **)(fields + o->table->class->log_field) = arena_strdup(call->arena, o->name);
    if (class->wait_ready && class->wait_ready(call->task, o, err) < 0) {
        object_unref(o);
        return NULL;
    }
    return *held = o;
}

void api_object_unref(void *held)
{
    object_unref(held);
}

int api_object_require(const struct rpc_object_class *rpc, const void *object, unsigned needs,
                       struct error *err)
{
    const struct object *o = object;
    const struct object_class *class = o->table->class;
    const char *not_active = class_of(rpc)->not_active;
    if ((needs & RPC_ACTIVE) && !object_is_active(o))
        return not_active ? error_set(err, ERROR_OPERATION_INVALID, class->area, "%s", not_active)
                          : object_require_active(o, err);
    if ((needs & RPC_INACTIVE) && object_is_active(o))
        return error_set(err, ERROR_OPERATION_INVALID, class->area, "%s '%s' is already %s",
                         class->kind, o->name, class->active);
    if ((needs & RPC_PERSISTENT) && !object_is_persistent(o))
        return error_set(err, ERROR_OPERATION_INVALID, class->area,
                         "%s '%s' is transient: it has no stored definition", class->kind, o->name);
    return 0;
}

int api_object_lookup_by_name(struct call *call, const struct api_class *class, const char *name,
                              void *ref, struct error *err)
{
    const struct object_table *table = class->table(call_daemon(call));
    struct object *o = objects_find_name(table, name);
    if (!o)
        return error_set(err, table->class->no_object, table->class->area,
                         "no %s with matching name '%s'", table->class->kind, name);
    class->refer(call->arena, o, ref);
    return 0;
}

int api_object_lookup_by_uuid(struct call *call, const struct api_class *class, const uint8_t *uuid,
                              void *ref, struct error *err)
{
    struct object *o = find_uuid(class->table(call_daemon(call)), uuid, NULL, err);
    if (!o)
        return -1;
    class->refer(call->arena, o, ref);
    return 0;
}

// ---- lists

static bool fits(uint32_t flags, const uint32_t pair[2], bool is)
{
    return !(flags & (pair[0] | pair[1])) || (flags & pair[is]);
}

bool api_object_matches(const struct api_class *class, const struct object *o, uint32_t flags)
{
    uint32_t traits = class->traits ? class->traits(o) : 0;
    for (const uint32_t *group = class->filters; group && *group; group++) {
        if ((flags & *group) && !(flags & *group & traits))
            return false;
    }
    return fits(flags, class->active, o->active) && fits(flags, class->persistent, o->def) &&
           fits(flags, class->autostart, o->autostart);
}

static uint32_t count(const struct call *call, const struct api_class *class, bool active)
{
    uint32_t n = 0;
    struct object *o = NULL;
    while ((o = objects_next(class->table(call_daemon(call)), o)))
        n += object_is_active(o) == active;
    return n;
}

int api_object_num(struct call *call, const struct api_class *class, bool active, int32_t *ret,
                   struct error *err)
{
    *ret = (int32_t)count(call, class, active);
    return 0;
}

int api_check_wanted(int32_t wanted, uint32_t max, const char *what, const char *limit,
                     struct error *err)
{
    if (wanted >= 0 && (uint32_t)wanted <= max)
        return 0;
    return error_set(err, ERROR_RPC, AREA_RPC, "%s > %s", what, limit);
}

int api_check_count(size_t n, uint32_t max, const char *what, const char *remedy, struct error *err)
{
    return n <= max ? 0
                    : error_set(err, ERROR_RPC, AREA_RPC,
                                "too many %s (%zu) for one list of %u; %s", what, n, max, remedy);
}

int api_object_list(struct call *call, const struct api_class *class, bool active, int32_t max,
                    struct wire_strings *ret, struct error *err)
{
    if (api_check_wanted(max, class->list_max, "maxnames", class->list_max_name, err) < 0)
        return -1;
    ret->v = arena_calloc(call->arena, count(call, class, active), sizeof(*ret->v));
    struct object *o = NULL;
    while ((o = objects_next(class->table(call_daemon(call)), o))) {
        if (object_is_active(o) == active && ret->n < (uint32_t)max)
            ret->v[ret->n++] = arena_strdup(call->arena, o->name);
    }
    return 0;
}

int api_object_list_all(struct call *call, const struct api_class *class, int32_t need_results,
                        uint32_t flags, struct api_object_list *ret, struct error *err)
{
    struct object *o = NULL;
    while ((o = objects_next(class->table(call_daemon(call)), o)))
        ret->total += api_object_matches(class, o, flags);
    if (!need_results)
        return 0;
    AUTO_FREE char *what = xasprintf("%ss", class->table(call_daemon(call))->class->kind);
    if (api_check_count(ret->total, class->list_max, what, "ask with filters", err) < 0)
        return -1;
    ret->refs = arena_calloc(call->arena, ret->total, class->ref_size);
    while ((o = objects_next(class->table(call_daemon(call)), o))) {
        if (api_object_matches(class, o, flags))
            class->refer(call->arena, o, (char *)ret->refs + ret->n++ * class->ref_size);
    }
    return 0;
}

int api_object_set_autostart(struct call *call, struct object *o, int32_t on, struct error *err)
{
    return object_set_autostart(call->task, o, on != 0, err);
}
