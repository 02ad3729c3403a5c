// SPDX-License-Identifier: GPL-2.0-or-later
// Definitions on disk.
//
// Each file is replaced or removed at once, so whatever a kill leaves is a whole file; two files of
// one object are ordered so that what is left means what was before, or is removed by the next
// objects_load(): a mark without a definition marks nothing.
#include "base/file.h"
#include "base/str.h"
#include "objects/internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static char *def_path(const struct object *o)
{
    return path_for_name(o->table->config_dir, o->name, ".xml");
}

static char *marks_dir(const struct object_table *table)
{
    return path_join(table->config_dir, "autostart");
}

static char *mark_path(const struct object *o)
{
    AUTO_FREE char *dir = marks_dir(o->table);
    return path_for_name(dir, o->name, ".xml");
}

static bool is_marked(const struct object *o)
{
    AUTO_FREE char *mark = mark_path(o);
    return access(mark, F_OK) == 0;
}

// The change is in force, so that the call must not fail; only the disk did not confirm it.
static void warn_unsynced(const struct object *o, int r, const char *path)
{
    if (r == FILE_UNSYNCED)
        object_log(o, LOG_LEVEL_WARN,
                   "'%s' was changed, but the disk failed to confirm it: a loss of power may undo "
                   "the change",
                   path);
}

int object_store(struct task *t, struct object *o, const void *def, struct error *err)
{
    const struct object_class *class = o->class;
    AUTO_FREE char *path = def_path(o);
    AUTO_FREE char *xml = class->format(def);
    // One that an undefine could not remove.
    bool stale_mark = !o->def && !o->autostart && is_marked(o);
    if (stale_mark && object_store_mark(t, o, false, err) < 0)
        return -1;
    int r = dir_make(o->table->config_dir, 0700);
    if (r == 0)
        r = file_save(t, path, xml, strlen(xml), 0600);
    if (r < 0)
        return error_set_errno(err, class->area, r,
                               "cannot store the definition of %s '%s' in '%s'; nothing was "
                               "changed",
                               class->kind, o->name, path);
    warn_unsynced(o, r, path);
    return 0;
}

int object_store_remove(struct task *t, struct object *o, struct error *err)
{
    const struct object_class *class = o->class;
    AUTO_FREE char *path = def_path(o);
    AUTO_ERROR mark_err = ERROR_INIT;
    int r = file_remove_durable(t, path);
    if (r < 0)
        return error_set_errno(err, class->area, r, "cannot remove '%s', the definition of %s '%s'",
                               path, class->kind, o->name);
    warn_unsynced(o, r, path);
    // The mark second: killed in between, the object is undefined and the mark goes at the next
    // start; the other way round it would still be defined and have lost its mark.
    if (is_marked(o) && object_store_mark(t, o, false, &mark_err) < 0)
        object_log(o, LOG_LEVEL_WARN, "%s; it is removed at the daemon's next start",
                   error_message(&mark_err));
    return 0;
}

int object_store_mark(struct task *t, struct object *o, bool autostart, struct error *err)
{
    const struct object_class *class = o->class;
    AUTO_FREE char *dir = marks_dir(o->table);
    AUTO_FREE char *mark = mark_path(o);
    int r = autostart ? dir_make(dir, 0700) : file_remove_durable(t, mark);
    if (r == 0 && autostart)
        r = file_save(t, mark, "", 0, 0600);
    if (r < 0)
        return error_set_errno(err, class->area, r, "cannot %s '%s', the autostart mark of %s '%s'",
                               autostart ? "make" : "remove", mark, class->kind, o->name);
    warn_unsynced(o, r, mark);
    return 0;
}

// ---- reading -----------------------------------------------------------------------------------

// A definition in another object's file would come back after its object was undefined.
static int check_name(const struct object_class *class, const char *dir, const char *file,
                      const void *def, struct error *err)
{
    AUTO_FREE char *own = path_for_name(dir, object_def_name(class, def), ".xml");
    if (str_eq(strrchr(own, '/') + 1, file))
        return 0;
    return error_set(err, ERROR_XML, class->area, "it is about %s '%s', which belongs into '%s'",
                     class->kind, object_def_name(class, def), own);
}

// NULL: it is damaged, err says how.
static void *read_def(const struct object_class *class, const struct object_table *table,
                      const char *dir, const char *file, struct error *err)
{
    AUTO_FREE char *path = path_join(dir, file);
    AUTO_FREE char *xml = NULL;
    size_t len;
    int r = file_read(path, OBJECT_FILE_MAX, &xml, &len);
    if (r < 0) {
        error_set_errno(err, class->area, r, "cannot read it");
        return NULL;
    }
    void *def = class->parse(table, xml, len, err);
    if (!def || check_name(class, dir, file, def, err) == 0)
        return def;
    class->destroy_def(def);
    return NULL;
}

static int load_one(const char *file, void *arg)
{
    struct object_table *table = arg;
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *path = path_join(table->config_dir, file);
    struct object *o = NULL;
    void *def = read_def(table->class, table, table->config_dir, file, &err);
    if (!def) {
        AUTO_FREE char *aside = xasprintf("%s.damaged", path);
        bool moved = rename(path, aside) == 0;
        log_error("the stored definition '%s' is damaged: %s; %s '%s'; repair it and define it "
                  "again",
                  path, error_message(&err), moved ? "set aside as" : "cannot be renamed to",
                  aside);
    } else if (objects_find_place(table, def, &o, &err) < 0 || o) {
        log_error("the stored definition '%s' is not used: another %s has the same name or uuid",
                  path, table->class->kind);
        table->class->destroy_def(def);
    } else {
        o = objects_add_def(table, def);
        o->def = def;
        o->autostart = is_marked(o);
    }
    return 0;
}

// An undefine was cut off after its first file.
static int drop_stale_mark(const char *file, void *arg)
{
    const struct object_table *table = arg;
    AUTO_FREE char *path = path_join(table->config_dir, file);
    AUTO_FREE char *damaged = xasprintf("%s.damaged", path);
    AUTO_FREE char *marks = marks_dir(table);
    AUTO_FREE char *mark = path_join(marks, file);
    if (access(path, F_OK) < 0 && errno == ENOENT && access(damaged, F_OK) < 0)
        unlink(mark);
    return 0;
}

void objects_load(struct object_table *table)
{
    AUTO_FREE char *marks = marks_dir(table);
    const char *const dirs[] = {table->config_dir, marks, table->run_dir};
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        (void)dir_sweep(dirs[i]);
    int r = dir_each(table->config_dir, ".xml", load_one, table);
    if (r < 0)
        log_error("cannot read the stored definitions in '%s': %s", table->config_dir,
                  strerrordesc_np(-r));
    (void)dir_each(marks, ".xml", drop_stale_mark, table);
}

struct check {
    const struct object_class *class;
    const char *dir;
    size_t total, damaged;
};

static int check_one(const char *file, void *arg)
{
    struct check *c = arg;
    AUTO_ERROR err = ERROR_INIT;
    void *def = read_def(c->class, NULL, c->dir, file, &err);
    c->total++;
    if (!def) {
        c->damaged++;
        fprintf(stderr, "%s/%s: %s\n", c->dir, file, error_message(&err));
    }
    c->class->destroy_def(def);
    return 0;
}

size_t objects_check(const struct object_class *class, const char *config_dir, size_t *total)
{
    struct check c = {.class = class, .dir = config_dir};
    (void)dir_each(config_dir, ".xml", check_one, &c);
    *total = c.total;
    return c.damaged;
}
