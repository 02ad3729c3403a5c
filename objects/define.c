// SPDX-License-Identifier: GPL-2.0-or-later
// Define, create, undefine.
#include "objects/internal.h"

// Locks the object that def is about, making it when there is none, and checks def against the
// others. Two definitions of one name at the same instant meet at one lock. The caller has a
// reference.
static int lock_place(struct task *t, struct object_table *table, void *def, const char *job,
                      struct object **ret, struct error *err)
{
    for (;;) {
        struct object *o;
        if (objects_find_place(table, def, &o, err) < 0)
            return -1;
        if (!o)
            o = objects_add_def(table, def);
        object_ref(o);
        if (object_lock(t, o, job, err) < 0) {
            object_unref(o);
            return -1;
        }
        if (!o->removed) {
            *ret = o;
            return 0;
        }
        // It was removed while this call waited: start again.
        object_unlock(o);
        object_unref(o);
    }
}

// What lock_place() got. An object that came to nothing goes again.
static void leave_place(struct object *o)
{
    o->pending = NULL;
    if (!o->def && !o->active)
        object_remove(o);
    object_unlock(o);
    object_unref(o);
}

static int check(struct object *o, void *def, struct error *err)
{
    const struct object_class *class = o->class;
    if (class->check && class->check(o, def, err) < 0)
        return -1;
    o->pending = def;
    return 0;
}

static void replace_def(struct object *o, void *def)
{
    bool added = !o->def;
    o->class->destroy_def(o->def);
    o->def = def;
    o->updated = o->active;
    o->class->defined(o, added);
}

int object_define(struct task *t, struct object_table *table, void *def, struct object **ret,
                  struct error *err)
{
    struct object *o;
    if (lock_place(t, table, def, "define", &o, err) < 0) {
        table->class->destroy_def(def);
        return -1;
    }
    int r = check(o, def, err);
    if (r == 0)
        r = object_store(t, o, def, err);
    if (r == 0)
        replace_def(o, def);
    else
        table->class->destroy_def(def);
    leave_place(o);
    *ret = r == 0 ? o : NULL;
    return r;
}

int object_create(struct task *t, struct object_table *table, void *def, object_start_fn start,
                  void *arg, struct object **ret, struct error *err)
{
    const struct object_class *class = table->class;
    struct object *o;
    if (lock_place(t, table, def, "create", &o, err) < 0) {
        class->destroy_def(def);
        return -1;
    }
    int r;
    if (o->active) {
        r = error_set(err, ERROR_OPERATION_INVALID, class->area, "%s is already active as '%s'",
                      class->noun, o->name);
        class->destroy_def(def);
    } else if (check(o, def, err) < 0) {
        r = -1;
        class->destroy_def(def);
    } else {
        // A stored object is started from this document once, and stays stored as it was.
        r = start(t, o, def, arg, err);
        o->updated = r == 0 && o->def;
    }
    leave_place(o);
    *ret = r == 0 ? o : NULL;
    return r;
}

int object_undefine_locked(struct task *t, struct object *o, struct error *err)
{
    const struct object_class *class = o->class;
    object_assert_locked(t, o);
    if (!o->def)
        return error_set(
            err, ERROR_OPERATION_INVALID, class->area,
            "cannot undefine transient %s '%s': it has no stored definition and is gone when "
            "it ends",
            class->noun, o->name);
    if (object_store_remove(t, o, err) < 0)
        return -1;
    o->autostart = false;
    class->undefined(o);
    if (!o->active) {
        object_remove(o);
        return 0;
    }
    class->destroy_def(o->def);
    o->def = NULL; // goes on as a transient one
    o->updated = false;
    return 0;
}

int object_set_autostart(struct task *t, struct object *o, bool on, struct error *err)
{
    const struct object_class *class = o->class;
    if (object_lock_present(t, o, "set autostart of", err) < 0)
        return -1;
    int r = 0;
    if (!o->def)
        r = error_set(err, ERROR_OPERATION_INVALID, class->area,
                      "cannot set autostart for transient %s", class->noun);
    else if (o->autostart != on)
        r = object_store_mark(t, o, on, err);
    if (r == 0)
        o->autostart = on;
    object_unlock(o);
    return r;
}
