// SPDX-License-Identifier: GPL-2.0-or-later
// Status files: what is active, so that the next daemon finds it.
#include "base/file.h"
#include "base/str.h"
#include "objects/object.h"

#include <stdio.h>
#include <unistd.h>

#define SUFFIX ".status"

char *object_status_path(const struct object_table *table, const char *name)
{
    return path_for_name(table->run_dir, name, SUFFIX);
}

int object_status_save(const struct object *o, const char *text, size_t len, struct error *err)
{
    AUTO_FREE char *path = object_status_path(o->table, o->name);
    int r = dir_make(o->table->run_dir, o->class->run_mode);
    if (r == 0)
        r = file_write_volatile(path, text, len, 0600);
    if (r < 0)
        return error_set_errno(err, o->class->area, r, "cannot write '%s', the status of %s '%s'",
                               path, o->class->kind, o->name);
    return 0;
}

void object_status_remove(const struct object *o)
{
    AUTO_FREE char *path = object_status_path(o->table, o->name);
    unlink(path);
}

int objects_check_status_name(const struct object_table *table, const char *file, const char *name,
                              struct error *err)
{
    AUTO_FREE char *own = object_status_path(table, name);
    if (str_eq(strrchr(own, '/') + 1, file))
        return 0;
    return error_set(err, ERROR_XML, table->class->area, "it is about %s '%s', whose file is '%s'",
                     table->class->kind, name, own);
}

struct load {
    struct object_table *table;
    object_status_fn fn;
};

static int load_one(const char *file, void *arg)
{
    const struct load *l = arg;
    const struct object_class *class = l->table->class;
    AUTO_FREE char *path = path_join(l->table->run_dir, file);
    AUTO_FREE char *text = NULL;
    AUTO_ERROR err = ERROR_INIT;
    size_t len;
    int r = file_read(path, OBJECT_STATUS_MAX, &text, &len);
    if (r < 0)
        error_set_errno(&err, class->area, r, "cannot read it");
    if (r == 0 && l->fn(l->table, file, text, len, &err) == 0)
        return 0;
    AUTO_FREE char *aside = xasprintf("%s.damaged", path);
    rename(path, aside);
    log_error("the status file '%s' of a %s is damaged: %s; set aside as '%s'; %s", path,
              class->kind, error_message(&err), aside, class->status_remedy);
    return 0;
}

void objects_load_status(struct object_table *table, object_status_fn fn)
{
    struct load l = {.table = table, .fn = fn};
    int r = dir_each(table->run_dir, SUFFIX, load_one, &l);
    if (r < 0)
        log_error("cannot read the directory of active %ss '%s': %s", table->class->kind,
                  table->run_dir, strerrordesc_np(-r));
}

static int drop_one(const char *file, void *arg)
{
    AUTO_FREE char *path = path_join(arg, file);
    unlink(path);
    return 0;
}

void objects_drop_status(struct object_table *table)
{
    (void)dir_each(table->run_dir, SUFFIX, drop_one, (void *)table->run_dir);
}
