// SPDX-License-Identifier: GPL-2.0-or-later
// Objects as the wire knows them, and the calls that are the same for all kinds (`object.*` in
// procedures.tsv).
#pragma once

#include "api/daemon.h"
#include "api/handlers.h"
#include "objects/object.h"
#include "rpc/program.h"

struct api_class {
    struct rpc_object_class rpc;
    struct object_table *(*table)(const struct daemon *d);
    const char *not_active; // libvirt's text; NULL: as object_require_active()
    // The reference of the wire, whose first members are name and UUID; name copied into the arena.
    void (*refer)(struct arena *a, const struct object *o, void *ref);
    size_t ref_size;
    // Before an object found may be used. Suspends. May be NULL.
    int (*wait_ready)(struct task *t, struct object *o, struct error *err);
    uint32_t list_max;
    const char *list_max_name;
    // Flags of list_all: of an object that is not active (persistent, ...) and of one that is.
    uint32_t active[2], persistent[2], autostart[2];
    // Further groups of flags, ending with 0, and those flags of them that an object has. In each
    // group that was asked about, one of the flags asked for must be among them. May be NULL.
    const uint32_t *filters;
    uint32_t (*traits)(const struct object *o);
};

// For rpc_object_class: objects that are found by UUID.
void *api_object_find(const struct rpc_object_class *class, struct call *call, const void *ref,
                      void **held, struct error *err);
void api_object_unref(void *held);
int api_object_require(const struct rpc_object_class *class, const void *object, unsigned needs,
                       struct error *err);

#define API_OBJECT_FILTERS(KINDS)                                                                  \
    .active = {VIR_CONNECT_LIST_##KINDS##_INACTIVE, VIR_CONNECT_LIST_##KINDS##_ACTIVE},            \
    .persistent = {VIR_CONNECT_LIST_##KINDS##_TRANSIENT, VIR_CONNECT_LIST_##KINDS##_PERSISTENT},   \
    .autostart = {VIR_CONNECT_LIST_##KINDS##_NO_AUTOSTART, VIR_CONNECT_LIST_##KINDS##_AUTOSTART}

#define API_OBJECT_RPC                                                                             \
    {                                                                                              \
        api_object_find, api_object_unref, api_object_require                                      \
    }

bool api_object_matches(const struct api_class *class, const struct object *o, uint32_t flags);

// What an old client asks for with maxnames and the like, `what`; `limit` is the name of max.
int api_check_wanted(int32_t wanted, uint32_t max, const char *what, const char *limit,
                     struct error *err);

// Of what is listed in one reply: `what` is "ports", `remedy` how to ask for fewer.
int api_check_count(size_t n, uint32_t max, const char *what, const char *remedy,
                    struct error *err);

struct api_object_list {
    void *refs; // in the arena
    uint32_t n, total;
};

API_HANDLER int api_object_lookup_by_name(struct call *call, const struct api_class *class,
                                          const char *name, void *ref, struct error *err);
API_HANDLER int api_object_lookup_by_uuid(struct call *call, const struct api_class *class,
                                          const uint8_t *uuid, void *ref, struct error *err);
API_HANDLER int api_object_num(struct call *call, const struct api_class *class, bool active,
                               int32_t *ret, struct error *err);
API_HANDLER int api_object_list(struct call *call, const struct api_class *class, bool active,
                                int32_t max, struct wire_strings *ret, struct error *err);
API_HANDLER int api_object_list_all(struct call *call, const struct api_class *class,
                                    int32_t need_results, uint32_t flags,
                                    struct api_object_list *ret, struct error *err);
API_HANDLER int api_object_set_autostart(struct call *call, struct object *o, int32_t on,
                                         struct error *err);
