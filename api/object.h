// SPDX-License-Identifier: GPL-2.0-or-later
// Objects as the wire knows them, and the calls that are the same for all kinds (`object.*` in
// procedures.tsv).
#pragma once

#include "api/daemon.h"
#include "api/handlers.h"
#include "base/uuid.h"
#include "rpc/program.h"

// What the calls below read of an object.
struct api_object {
    const char *name; // the object's own
    bool active, persistent, autostart, updated;
};

struct api_class {
    struct rpc_object_class rpc;
    const char *kind; // in texts
    enum error_code no_object;
    enum error_area area;
    const char *not_active; // libvirt's text; NULL: names the object
    // Borrowed; NULL when there is none.
    void *(*next)(const struct daemon *d, void *after);
    void *(*find_name)(const struct daemon *d, const char *name);
    void *(*find_uuid)(const struct daemon *d, const struct uuid *uuid);
    void (*ref)(void *o);
    struct api_object (*view)(const void *o);
    int (*set_autostart)(struct task *t, void *o, bool on, struct error *err);
    // The reference of the wire, whose first members are name and UUID; name copied into the arena.
    void (*refer)(struct arena *a, const void *o, void *ref);
    size_t ref_size;
    // Before an object found may be used. Suspends. May be NULL.
    int (*wait_ready)(struct task *t, void *o, struct error *err);
    uint32_t list_max;
    const char *list_max_name;
    // The filters of list_all: groups of flags, ending with 0, and those flags that an object has.
    // In each group that was asked about, one of the flags asked for must be among them.
    const uint32_t *filters;
    uint32_t (*traits)(const void *o);
};

// The functions of a kind, `kind_ref()`, `kinds_next()` and so on, as members of its api_class.
#define API_CLASS_FUNCTIONS(kind, kinds, member)                                                   \
    static void *api_next(const struct daemon *d, void *after)                                     \
    {                                                                                              \
        return kinds##_next(d->member, after);                                                     \
    }                                                                                              \
    static void *api_find_name(const struct daemon *d, const char *name)                           \
    {                                                                                              \
        return kinds##_find_name(d->member, name);                                                 \
    }                                                                                              \
    static void *api_find_uuid(const struct daemon *d, const struct uuid *uuid)                    \
    {                                                                                              \
        return kinds##_find_uuid(d->member, uuid);                                                 \
    }                                                                                              \
    static void api_ref(void *o)                                                                   \
    {                                                                                              \
        kind##_ref(o);                                                                             \
    }                                                                                              \
    static void api_unref(void *o)                                                                 \
    {                                                                                              \
        kind##_unref(o);                                                                           \
    }                                                                                              \
    static struct api_object api_view(const void *object)                                          \
    {                                                                                              \
        const struct kind *o = object;                                                             \
        return (struct api_object){o->name, kind##_is_active(o), o->def, o->autostart,             \
                                   o->updated};                                                    \
    }                                                                                              \
    static int api_set_autostart(struct task *t, void *o, bool on, struct error *err)              \
    {                                                                                              \
        return kind##_set_autostart(t, o, on, err);                                                \
    }
#define API_CLASS_MEMBERS                                                                          \
    .next = api_next, .find_name = api_find_name, .find_uuid = api_find_uuid, .ref = api_ref,      \
    .view = api_view, .set_autostart = api_set_autostart, .refer = refer

// For rpc_object_class: objects that are found by UUID.
void *api_object_find(const struct rpc_object_class *class, struct call *call, const void *ref,
                      void **held, struct error *err);
int api_object_require(const struct rpc_object_class *class, const void *object, unsigned needs,
                       struct error *err);

bool api_object_matches(const struct api_class *class, const void *o, uint32_t flags);

// What an old client asks for with maxnames and the like, `what`; `limit` is the name of max.
int api_check_wanted(int32_t wanted, uint32_t max, const char *what, const char *limit,
                     struct error *err);

struct api_object_list {
    void *refs; // in the arena
    uint32_t n, total;
};

API_HANDLER int api_object_lookup_by_name(struct call *call, const struct api_class *class,
                                          const char *name, void *ref, struct error *err);
API_HANDLER int api_object_lookup_by_uuid(struct call *call, const struct api_class *class,
                                          const uint8_t *uuid, void *ref, struct error *err);
API_HANDLER int api_object_num_active(struct call *call, const struct api_class *class,
                                      int32_t *ret, struct error *err);
API_HANDLER int api_object_num_inactive(struct call *call, const struct api_class *class,
                                        int32_t *ret, struct error *err);
API_HANDLER int api_object_list_active(struct call *call, const struct api_class *class,
                                       int32_t max, struct wire_strings *ret, struct error *err);
API_HANDLER int api_object_list_inactive(struct call *call, const struct api_class *class,
                                         int32_t max, struct wire_strings *ret, struct error *err);
API_HANDLER int api_object_list_all(struct call *call, const struct api_class *class,
                                    int32_t need_results, uint32_t flags,
                                    struct api_object_list *ret, struct error *err);
API_HANDLER int api_object_is_active(struct call *call, const struct api_class *class,
                                     const void *o, int32_t *ret, struct error *err);
API_HANDLER int api_object_is_persistent(struct call *call, const struct api_class *class,
                                         const void *o, int32_t *ret, struct error *err);
API_HANDLER int api_object_is_updated(struct call *call, const struct api_class *class,
                                      const void *o, int32_t *ret, struct error *err);
API_HANDLER int api_object_get_autostart(struct call *call, const struct api_class *class,
                                         const void *o, int32_t *ret, struct error *err);
API_HANDLER int api_object_set_autostart(struct call *call, const struct api_class *class, void *o,
                                         int32_t on, struct error *err);
