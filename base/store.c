// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/store.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static char *mark_path(const struct store *s, const char *name)
{
    AUTO_FREE char *dir = path_join(s->dir, "autostart");
    return path_for_name(dir, name, ".xml");
}

int store_save(struct task *t, const struct store *s, const char *name, const char *xml,
               struct error *err)
{
    AUTO_FREE char *path = path_for_name(s->dir, name, ".xml");
    int r = dir_make(s->dir, 0700);
    if (r == 0)
        r = file_save(t, path, xml, strlen(xml), 0600);
    if (r < 0)
        return error_set_errno(err, s->area, r,
                               "cannot store the definition of %s '%s' in '%s'; nothing was "
                               "changed",
                               s->kind, name, path);
    return 0;
}

int store_remove(struct task *t, const struct store *s, const char *name, struct error *err)
{
    AUTO_FREE char *path = path_for_name(s->dir, name, ".xml");
    AUTO_FREE char *mark = mark_path(s, name);
    // The mark first: alone it would mark whatever gets the name next.
    int r = file_remove_durable(t, mark);
    if (r == 0)
        r = file_remove_durable(t, path);
    if (r < 0)
        return error_set_errno(err, s->area, r, "cannot remove '%s', the definition of %s '%s'",
                               path, s->kind, name);
    return 0;
}

int store_mark(struct task *t, const struct store *s, const char *name, bool autostart,
               struct error *err)
{
    AUTO_FREE char *dir = path_join(s->dir, "autostart");
    AUTO_FREE char *mark = mark_path(s, name);
    int r = autostart ? dir_make(dir, 0700) : file_remove_durable(t, mark);
    if (r == 0 && autostart)
        r = file_save(t, mark, "", 0, 0600);
    if (r < 0)
        return error_set_errno(err, s->area, r, "cannot %s '%s', the autostart mark of %s '%s'",
                               autostart ? "make" : "remove", mark, s->kind, name);
    return 0;
}

bool store_is_marked(const struct store *s, const char *name)
{
    AUTO_FREE char *mark = mark_path(s, name);
    return access(mark, F_OK) == 0;
}

int store_check_name(const struct store *s, const char *file, const char *name, struct error *err)
{
    AUTO_FREE char *own = path_for_name(s->dir, name, ".xml");
    if (str_eq(strrchr(own, '/') + 1, file))
        return 0;
    return error_set(err, ERROR_XML, s->area, "it is about %s '%s', which belongs into '%s'",
                     s->kind, name, own);
}

struct walk {
    const struct store *s;
    store_fn fn;
    void *arg;
    bool only_check;
    size_t total, bad;
};

static int read_one(const char *file, void *arg)
{
    struct walk *w = arg;
    AUTO_FREE char *path = path_join(w->s->dir, file);
    AUTO_FREE char *xml = NULL;
    AUTO_ERROR err = ERROR_INIT;
    size_t len;
    int r = file_read(path, STORE_FILE_MAX, &xml, &len);
    if (r < 0)
        error_set_errno(&err, w->s->area, r, "cannot read it");
    else
        r = w->fn(w->s, file, xml, len, w->arg, &err);
    w->total++;
    if (r == 0)
        return 0;
    w->bad++;
    if (w->only_check) {
        fprintf(stderr, "%s: %s\n", path, error_message(&err));
        return 0;
    }
    AUTO_FREE char *aside = xasprintf("%s.damaged", path);
    bool moved = rename(path, aside) == 0;
    log_error("the stored definition '%s' is damaged: %s; %s '%s'; mend it and define it again",
              path, error_message(&err), moved ? "set aside as" : "cannot be renamed to", aside);
    return 0;
}

void store_load(const struct store *s, store_fn fn, void *arg)
{
    struct walk w = {.s = s, .fn = fn, .arg = arg};
    int r = dir_each(s->dir, ".xml", read_one, &w);
    if (r < 0)
        log_error("cannot read the stored definitions in '%s': %s", s->dir, strerrordesc_np(-r));
}

size_t store_check(const struct store *s, store_fn fn, void *arg, size_t *total)
{
    struct walk w = {.s = s, .fn = fn, .arg = arg, .only_check = true};
    (void)dir_each(s->dir, ".xml", read_one, &w);
    *total = w.total;
    return w.bad;
}
