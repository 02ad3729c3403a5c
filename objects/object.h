// SPDX-License-Identifier: GPL-2.0-or-later
// Named objects: what domains, networks and storage pools have in common, and what every further
// kind gets with it: name, UUID, references, a lock with the job that holds it, stored and live
// definition, autostart, lookup, define, undefine, and the store on disk.
//
// How this works
//
// A kind of object is
//   - a struct that begins with OBJECT(struct x_def): `x->name`, `x->def` (of its own type), ...
//   and
//     `&x->object` for the functions below;
//   - a struct object_class: its name in texts, how its definitions are parsed and formatted,
//   hooks;
//   - a struct object_table, first member of the struct that holds all objects of the kind.
//
// Reads answer from what is here and never wait. What changes an object goes through its lock,
// first come first served, with a deadline; which job holds it, and since when, is in the error of
// those whose turn did not come.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/list.h"
#include "base/task.h"
#include "base/uuid.h"

struct object;
struct object_table;

// Hooks run in the loop or in a task and must not suspend, unless they take a task. Those marked
// "may be NULL" may be.
struct object_class {
    const char *kind;          // in texts: "storage pool"
    const char *noun;          // the short one of libvirt's texts: "pool"
    const char *active;        // what an active one is: "active", "running"
    const char *busy_remedy;   // what else can be done when its lock is held; "": nothing
    const char *status_remedy; // what is left to do when a status file is damaged
    enum error_code no_object;
    enum error_area area;
    mode_t run_mode;  // of the directory of status files
    size_t size;      // of its struct
    size_t log_field; // in struct log_fields
    size_t def_name;  // in its definition: char *
    size_t def_uuid;  // in its definition: struct uuid, set in every one stored here

    // A stored definition, complete. `table` is NULL when files are only checked. NULL: err is set.
    void *(*parse)(const struct object_table *table, const char *xml, size_t len,
                   struct error *err);
    char *(*format)(const void *def); // for the disk; caller frees
    void (*destroy_def)(void *def);   // takes NULL

    void (*init)(struct object *o);   // everything but the members of OBJECT() is zero
    void (*finish)(struct object *o); // before its memory goes; definitions are destroyed already
    // Before a definition is stored or started: fills what it lacks, refuses what is in conflict
    // with other objects, whose def, live and pending count. Lock held. May be NULL.
    int (*check)(struct object *o, void *def, struct error *err);
    void (*defined)(struct object *o, bool added); // else updated
    void (*undefined)(struct object *o);           // it is still in the table
    // For objects_autostart(); NULL where that is not used.
    int (*start)(struct task *t, struct object *o, struct error *err);
    void (*unlocked)(struct object *o); // may be NULL
};

// All objects of one kind. The creator fills the first part and calls objects_init().
struct object_table {
    const struct object_class *class;
    struct sched *sched;
    const char *config_dir; // borrowed: NAME.xml, autostart/NAME.xml
    const char *run_dir;    // borrowed: state of what is active
    uint64_t lock_ms;       // how long a change waits for its turn
    // The last active one ended, or the first began; may be NULL.
    void (*idle)(void *arg, bool idle);
    void *idle_arg;

    struct list list; // struct object
    size_t active;
};

// At least one of def and active is there, but while the first is being stored or started (it is
// not found then) and once it was removed.
#define OBJECT_MEMBERS(def_type)                                                                   \
    struct list link;                                                                              \
    const struct object_class *class;                                                              \
    struct object_table *table; /* may be gone when only references are left */                    \
    char *name;                                                                                    \
    struct uuid uuid;                                                                              \
    unsigned refs;                                                                                 \
    int id;                  /* of an active domain; -1: none */                                   \
    def_type *def;           /* stored definition; NULL: transient */                              \
    def_type *live;          /* in force, or about to be while it starts; else NULL */             \
    const def_type *pending; /* being stored or started for the first time; not owned */           \
    bool active;             /* clients see it as active; see object_set_active() */               \
    bool autostart;                                                                                \
    bool updated; /* the stored definition differs from the live one */                            \
    bool removed; /* no longer in the table */                                                     \
    struct task_lock lock;                                                                         \
    const char *job;      /* what the lock's holder does; NULL: it is free */                      \
    uint64_t job_since_us /* CLOCK_MONOTONIC */

struct object {
    OBJECT_MEMBERS(void);
};

#define OBJECT(def_type)                                                                           \
    union {                                                                                        \
        struct object object;                                                                      \
        struct {                                                                                   \
            OBJECT_MEMBERS(def_type);                                                              \
        };                                                                                         \
    }

// ---- the table

void objects_init(struct object_table *table);
void objects_finish(struct object_table *table); // no task may use its objects any more

// Borrowed; NULL when there is none. Neither finds those that are stored or started for the first
// time just now.
struct object *objects_find_uuid(const struct object_table *table, const struct uuid *uuid);
struct object *objects_find_name(const struct object_table *table, const char *name);
struct object *objects_find_id(const struct object_table *table, int id);
// Next in the table, NULL: first; NULL at the end. The table may not change in between.
struct object *objects_next(const struct object_table *table, struct object *after);
// All, also those being stored or started for the first time: for conflicts between them.
#define OBJECTS_FOREACH(it, table) LIST_FOREACH (it, &(table)->list, link)

// ---- one object

// The table's reference; still without definition. For what is found active at start-up.
struct object *object_add(struct object_table *table, const char *name, const struct uuid *uuid);
void object_remove(struct object *o); // takes it out and gives up that reference; idempotent
struct object *object_ref(struct object *o);
void object_unref(struct object *o);

static inline bool object_is_active(const struct object *o)
{
    return o->active;
}
static inline bool object_is_persistent(const struct object *o)
{
    return o->def != NULL;
}
void object_set_active(struct object *o, bool active); // counts, and reports idleness

// Waits for the object's turn. `job` says what for ("start"), in other callers' errors. Every
// success is followed by object_unlock(); the holder has a reference. ERROR_OPERATION_TIMEOUT: its
// turn did not come.
int object_lock_until(struct task *t, struct object *o, const char *job, uint64_t deadline_us,
                      struct error *err);
int object_lock(struct task *t, struct object *o, const char *job, struct error *err);
// The same, and the object is still in the table: else no_object.
int object_lock_present(struct task *t, struct object *o, const char *job, struct error *err);
void object_unlock(struct object *o);
// For functions that need the lock held by their caller, t.
void object_assert_locked(const struct task *t, const struct object *o);

// ERROR_OPERATION_INVALID: "network 'x' is not active".
int object_require_active(const struct object *o, struct error *err);

// A line of the log about one object, with its field.
void object_log(const struct object *o, enum log_level level, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

// ---- define, undefine. These suspend.

// Stores a definition (takes def, also on failure); *ret is borrowed. An active object goes on with
// its live definition.
int object_define(struct task *t, struct object_table *table, void *def, struct object **ret,
                  struct error *err);
// Starts an object that is not stored, or is and is inactive (takes def); *ret is borrowed.
// start() takes def too, and leaves the object active or as it was.
typedef int (*object_start_fn)(struct task *t, struct object *o, void *def, void *arg,
                               struct error *err);
int object_create(struct task *t, struct object_table *table, void *def, object_start_fn start,
                  void *arg, struct object **ret, struct error *err);
// An active one goes on as a transient one; else it is removed. Lock held.
int object_undefine_locked(struct task *t, struct object *o, struct error *err);
int object_set_autostart(struct task *t, struct object *o, bool on, struct error *err);

// ---- the store: CONFIG/NAME.xml, one for each object, replaced atomically and made durable before
// a client gets the reply. The empty file CONFIG/autostart/NAME.xml marks those started
// with the host.

enum { OBJECT_FILE_MAX = 16 << 20 }; // more than a document that is accepted can be formatted to

// Puts a definition on disk; o->def is the caller's to change. Suspends, but with t NULL: at
// start-up. Lock held then.
int object_store(struct task *t, struct object *o, const void *def, struct error *err);
int object_store_mark(struct task *t, struct object *o, bool autostart, struct error *err);
// Reads all definitions, once, before clients are let in. What is damaged is set aside as
// NAME.xml.damaged and logged; what earlier daemons left behind is removed.
void objects_load(struct object_table *table);
// Reads all and says on stderr what is wrong with which; changes nothing. Returns how many are
// damaged, of *total.
size_t objects_check(const struct object_class *class, const char *config_dir, size_t *total);

// ---- status files: RUN/NAME.status is there from before an object becomes active until after it
// ended. Replaced atomically, but not made durable: a machine that lost power has lost what was
// active too.

enum { OBJECT_STATUS_MAX = 32 << 20 };

char *object_status_path(const struct object_table *table, const char *name); // caller frees
int object_status_save(const struct object *o, const char *text, size_t len, struct error *err);
void object_status_remove(const struct object *o);
// Calls fn for each file; what it fails for is set aside as NAME.status.damaged and logged.
typedef int (*object_status_fn)(struct object_table *table, const char *file, const char *text,
                                size_t len, struct error *err);
void objects_load_status(struct object_table *table, object_status_fn fn);
// Fails when an object of that name has another file: a copy would be adopted twice.
int objects_check_status_name(const struct object_table *table, const char *file, const char *name,
                              struct error *err);
void objects_drop_status(struct object_table *table); // after a boot of the machine

// ---- with the host

// Whether this is the first time since the machine booted that this is asked of this table: what is
// marked autostart starts once a boot, not again with each daemon.
bool objects_is_new_boot(struct object_table *table);
// Starts those marked, by tasks. *done (may be NULL) is posted when all of them were tried.
void objects_autostart(struct object_table *table, struct completion *done);

// The functions above for one kind, typed: domains_find_name(), domain_ref(), domain_define() ...
// The first member of `struct kinds` is the table.
#define OBJECT_FUNCTIONS(kind, kinds)                                                              \
    __attribute__((unused)) static inline struct object_table *kinds##_table(                      \
        const struct kinds *all)                                                                   \
    {                                                                                              \
        return (struct object_table *)all;                                                         \
    }                                                                                              \
    __attribute__((unused)) static inline struct kind *kinds##_find_uuid(const struct kinds *all,  \
                                                                         const struct uuid *uuid)  \
    {                                                                                              \
        return (struct kind *)objects_find_uuid(kinds##_table(all), uuid);                         \
    }                                                                                              \
    __attribute__((unused)) static inline struct kind *kinds##_find_name(const struct kinds *all,  \
                                                                         const char *name)         \
    {                                                                                              \
        return (struct kind *)objects_find_name(kinds##_table(all), name);                         \
    }                                                                                              \
    __attribute__((unused)) static inline struct kind *kinds##_next(const struct kinds *all,       \
                                                                    struct kind *after)            \
    {                                                                                              \
        return (struct kind *)objects_next(kinds##_table(all), after ? &after->object : NULL);     \
    }                                                                                              \
    __attribute__((unused)) static inline size_t kinds##_count_active(const struct kinds *all)     \
    {                                                                                              \
        return kinds##_table(all)->active;                                                         \
    }                                                                                              \
    __attribute__((unused)) static inline struct kind *kind##_ref(struct kind *o)                  \
    {                                                                                              \
        object_ref(&o->object);                                                                    \
        return o;                                                                                  \
    }                                                                                              \
    __attribute__((unused)) static inline void kind##_unref(struct kind *o)                        \
    {                                                                                              \
        object_unref(&o->object);                                                                  \
    }                                                                                              \
    __attribute__((unused)) static inline void kind##_unrefp(struct kind **o)                      \
    {                                                                                              \
        if (*o)                                                                                    \
            object_unref(&(*o)->object);                                                           \
    }                                                                                              \
    __attribute__((unused)) static inline bool kind##_is_active(const struct kind *o)              \
    {                                                                                              \
        return o->active;                                                                          \
    }                                                                                              \
    __attribute__((unused)) static inline int kind##_require_active(const struct kind *o,          \
                                                                    struct error *err)             \
    {                                                                                              \
        return object_require_active(&o->object, err);                                             \
    }                                                                                              \
    __attribute__((unused)) static inline int kind##_define(                                       \
        struct task *t, struct kinds *all, __typeof__(((struct kind *)0)->def) def,                \
        struct kind **ret, struct error *err)                                                      \
    {                                                                                              \
        return object_define(t, kinds##_table(all), def, (struct object **)ret, err);              \
    }                                                                                              \
    __attribute__((unused)) static inline int kind##_set_autostart(struct task *t, struct kind *o, \
                                                                   bool on, struct error *err)     \
    {                                                                                              \
        return object_set_autostart(t, &o->object, on, err);                                       \
    }                                                                                              \
    __attribute__((unused)) static inline int kind##_lock(struct task *t, struct kind *o,          \
                                                          const char *job, struct error *err)      \
    {                                                                                              \
        return object_lock(t, &o->object, job, err);                                               \
    }                                                                                              \
    __attribute__((unused)) static inline int kind##_lock_present(                                 \
        struct task *t, struct kind *o, const char *job, struct error *err)                        \
    {                                                                                              \
        return object_lock_present(t, &o->object, job, err);                                       \
    }                                                                                              \
    __attribute__((unused)) static inline void kind##_unlock(struct kind *o)                       \
    {                                                                                              \
        object_unlock(&o->object);                                                                 \
    }                                                                                              \
    /* The definition in force: live, else stored; NULL when it was removed. Borrowed, until the   \
     * next wait. */                                                                               \
    __attribute__((unused)) static inline __typeof__(((struct kind *)0)->def) kind##_current(      \
        const struct kind *o)                                                                      \
    {                                                                                              \
        return o->active ? o->live : o->def;                                                       \
    }                                                                                              \
    struct object_table
