// SPDX-License-Identifier: GPL-2.0-or-later
// The table, references, the lock; the object that a definition is about.
#include "base/str.h"
#include "objects/internal.h"

#include <assert.h>
#include <errno.h>

void objects_init(struct object_table *table)
{
    list_init(&table->list);
}

void objects_finish(struct object_table *table)
{
    struct object *o, *tmp;
    LIST_FOREACH_SAFE (o, tmp, &table->list, link)
        object_remove(o);
}

struct object *object_add(struct object_table *table, const char *name, const struct uuid *uuid)
{
    struct object *o = xcalloc(1, table->class->size);
    o->class = table->class;
    o->table = table;
    o->refs = 1;
    o->id = -1;
    o->name = xstrdup(name);
    o->uuid = *uuid;
    task_lock_init(&o->lock);
    list_append(&table->list, &o->link);
    table->class->init(o);
    return o;
}

void object_remove(struct object *o)
{
    if (o->removed)
        return;
    o->removed = true;
    list_remove(&o->link);
    object_unref(o);
}

struct object *object_ref(struct object *o)
{
    o->refs++;
    return o;
}

void object_unref(struct object *o)
{
    if (--o->refs > 0)
        return;
    const struct object_class *class = o->class;
    class->destroy_def(o->def);
    class->destroy_def(o->live);
    class->finish(o);
    free(o->name);
    free(o);
}

// False while it is being stored or started for the first time: only those who define may see it.
static bool is_there(const struct object *o)
{
    return o->def || o->active;
}

struct object *objects_find_uuid(const struct object_table *table, const struct uuid *uuid)
{
    struct object *o;
    OBJECTS_FOREACH(o, table)
    {
        if (is_there(o) && uuid_eq(&o->uuid, uuid))
            return o;
    }
    return NULL;
}

struct object *objects_find_name(const struct object_table *table, const char *name)
{
    struct object *o;
    OBJECTS_FOREACH(o, table)
    {
        if (is_there(o) && str_eq(o->name, name))
            return o;
    }
    return NULL;
}

struct object *objects_find_id(const struct object_table *table, int id)
{
    struct object *o;
    OBJECTS_FOREACH(o, table)
    {
        if (o->active && o->id == id)
            return o;
    }
    return NULL;
}

struct object *objects_next(const struct object_table *table, struct object *after)
{
    struct list *link = after ? after->link.next : table->list.next;
    for (; link != &table->list; link = link->next) {
        struct object *o = LIST_ITEM(link, struct object, link);
        if (is_there(o))
            return o;
    }
    return NULL;
}

void object_set_active(struct object *o, bool active)
{
    struct object_table *table = o->table;
    if (o->active == active)
        return;
    o->active = active;
    table->active += active ? 1 : -1;
    if (table->idle && table->active == active)
        table->idle(table->idle_arg, !active);
}

// ---- the lock

int object_lock_until(struct task *t, struct object *o, const char *job, uint64_t deadline_us,
                      struct error *err)
{
    const struct object_class *class = o->class;
    int r = task_lock_acquire(t, &o->lock, deadline_us);
    if (r == -ETIMEDOUT)
        return error_set(err, ERROR_OPERATION_TIMEOUT, class->area,
                         "cannot %s %s '%s': it is busy with '%s' since %ju s%s", job, class->kind,
                         o->name, o->job ? o->job : "another change",
                         (uintmax_t)((now_monotonic_us() - o->job_since_us) / 1000000),
                         class->busy_remedy);
    if (r < 0)
        return error_set_errno(err, class->area, r, "cannot %s %s '%s'", job, class->kind, o->name);
    object_ref(o);
    o->job = job;
    o->job_since_us = now_monotonic_us();
    return 0;
}

int object_lock(struct task *t, struct object *o, const char *job, struct error *err)
{
    return object_lock_until(t, o, job, task_deadline_ms(o->table->lock_ms), err);
}

int object_lock_present(struct task *t, struct object *o, const char *job, struct error *err)
{
    const struct object_class *class = o->class;
    if (object_lock(t, o, job, err) < 0)
        return -1;
    if (!o->removed)
        return 0;
    object_unlock(o);
    return error_set(err, class->no_object, class->area, "'%s' was removed", o->name);
}

void object_unlock(struct object *o)
{
    o->job = NULL;
    task_lock_release(&o->lock);
    if (o->class->unlocked)
        o->class->unlocked(o);
    object_unref(o);
}

void object_assert_locked(const struct task *t, const struct object *o)
{
    (void)t;
    (void)o;
    assert(o->lock.owner == t);
}

int object_require_active(const struct object *o, struct error *err)
{
    const struct object_class *class = o->class;
    if (o->active)
        return 0;
    return error_set(err, ERROR_OPERATION_INVALID, class->area, "%s '%s' is not %s", class->kind,
                     o->name, class->active);
}

void object_log(const struct object *o, enum log_level level, const char *fmt, ...)
{
    struct log_fields fields = {0};
    *(const char **)((char *)&fields + o->class->log_field) = o->name;
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    log_write(level, &fields, "%s", text);
}

// ---- the object of a definition

const char *object_def_name(const struct object_class *class, const void *def)
{
    return *(char *const *)((const char *)def + class->def_name);
}

static const struct uuid *uuid_of(const struct object_class *class, const void *def)
{
    return (const struct uuid *)((const char *)def + class->def_uuid);
}

struct object *objects_add_def(struct object_table *table, const void *def)
{
    return object_add(table, object_def_name(table->class, def), uuid_of(table->class, def));
}

int objects_find_place(struct object_table *table, const void *def, struct object **ret,
                       struct error *err)
{
    const struct object_class *class = table->class;
    const char *name = object_def_name(class, def);
    const struct uuid *uuid = uuid_of(class, def);
    char text[UUID_TEXT_SIZE];
    struct object *o;
    *ret = NULL;
    OBJECTS_FOREACH(o, table)
    {
        bool named = str_eq(o->name, name), same = uuid_eq(&o->uuid, uuid);
        if (named && same)
            *ret = o;
        else if (named)
            return error_set(err, ERROR_OPERATION_FAILED, class->area,
                             "%s '%s' already exists with uuid %s; give that "
                             "<uuid> to change it, or another name",
                             class->noun, name, uuid_format(&o->uuid, text));
        else if (same)
            return error_set(err, ERROR_OPERATION_FAILED, class->area,
                             "%s '%s' is already defined with uuid %s; leave the "
                             "<uuid> out to have another %s",
                             class->noun, o->name, uuid_format(&o->uuid, text), class->noun);
    }
    return 0;
}
