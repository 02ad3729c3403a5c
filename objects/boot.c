// SPDX-License-Identifier: GPL-2.0-or-later
// What is started with the host.
#include "base/boot.h"
#include "base/file.h"
#include "base/str.h"
#include "objects/object.h"

bool objects_is_new_boot(struct object_table *table)
{
    AUTO_FREE char *mark = path_join(table->run_dir, "autostarted");
    AUTO_FREE char *boot = boot_id(), *before = NULL;
    if (boot && file_read(mark, 64, &before, NULL) == 0 && str_eq(boot, before))
        return false;
    if (boot && (dir_make(table->run_dir, table->class->run_mode) < 0 ||
                 file_write_volatile(mark, boot, strlen(boot), 0600) < 0))
        log_warn("cannot write '%s': the next daemon starts what is marked autostart again", mark);
    return true;
}

struct autostart {
    unsigned left;
    struct completion *done;
};

struct autostart_one {
    struct object *o;
    struct autostart *all;
};

static void finish_one(struct autostart *a)
{
    if (--a->left > 0)
        return;
    if (a->done)
        completion_post(a->done, 0);
    free(a);
}

static void autostart_main(struct task *t, void *arg)
{
    struct autostart_one *one = arg;
    struct object *o = one->o;
    AUTO_ERROR err = ERROR_INIT;
    if (!o->active && o->class->start(t, o, &err) < 0)
        object_log(o, LOG_LEVEL_ERROR, "cannot autostart it: %s", error_message(&err));
    object_unref(o);
    finish_one(one->all);
    free(one);
}

void objects_autostart(struct object_table *table, struct completion *done)
{
    struct autostart *a = NEW(struct autostart);
    struct object *o = NULL;
    *a = (struct autostart){.left = 1, .done = done};
    bool due = objects_is_new_boot(table);
    while (due && (o = objects_next(table, o))) {
        if (!o->def || !o->autostart)
            continue;
        struct autostart_one *one = NEW(struct autostart_one);
        *one = (struct autostart_one){.o = object_ref(o), .all = a};
        a->left++;
        task_spawn(table->sched, "autostart", autostart_main, one);
    }
    finish_one(a);
}
