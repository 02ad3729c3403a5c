// SPDX-License-Identifier: GPL-2.0-or-later
// Definitions on disk: CONFIG/NAME.xml, one per guest, replaced atomically and made durable before
// a client is told that it is stored. The empty file autostart/NAME.xml marks those started with
// the host.
#include "base/file.h"
#include "supervisor/private.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { STORED_MAX = 16 << 20 }; // more than a document that is accepted can be formatted to

static char *autostart_path(const struct domains *all, const char *name)
{
    AUTO_FREE char *dir = path_join(all->config.config_dir, "autostart");
    return path_for_name(dir, name, ".xml");
}

int store_save(struct task *t, struct domains *all, const struct domain_def *def, struct error *err)
{
    AUTO_FREE char *path = path_for_name(all->config.config_dir, def->name, ".xml");
    AUTO_FREE char *xml = domain_def_format(def, DOMAIN_XML_SECURE);
    int r = dir_make(all->config.config_dir, 0700);
    if (r == 0)
        r = file_save(t, path, xml, strlen(xml), 0600);
    if (r < 0)
        return error_set_errno(
            err, AREA_QEMU, r,
            "cannot store the definition of guest '%s' in '%s'; nothing was changed", def->name,
            path);
    return 0;
}

int store_remove(struct task *t, struct domains *all, const char *name, struct error *err)
{
    AUTO_FREE char *path = path_for_name(all->config.config_dir, name, ".xml");
    AUTO_FREE char *mark = autostart_path(all, name);
    // The mark first: alone it would mark whatever gets the name next.
    int r = file_remove_durable(t, mark);
    if (r == 0)
        r = file_remove_durable(t, path);
    if (r < 0)
        return error_set_errno(err, AREA_QEMU, r,
                               "cannot remove '%s', the definition of guest '%s'", path, name);
    return 0;
}

int store_set_autostart(struct task *t, struct domains *all, const char *name, bool on,
                        struct error *err)
{
    AUTO_FREE char *dir = path_join(all->config.config_dir, "autostart");
    AUTO_FREE char *mark = autostart_path(all, name);
    int r = on ? dir_make(dir, 0700) : file_remove_durable(t, mark);
    if (r == 0 && on)
        r = file_save(t, mark, "", 0, 0600);
    if (r < 0)
        return error_set_errno(err, AREA_QEMU, r,
                               "cannot %s '%s', the autostart mark of guest '%s'",
                               on ? "make" : "remove", mark, name);
    return 0;
}

struct load {
    struct domains *all;
    void (*fn)(struct domains *all, struct domain_def *def, bool autostart);
};

struct domain_def *store_parse(const char *xml, size_t len, struct error *err)
{
    struct domain_def *def = domain_def_parse(xml, len, 0, err);
    if (!def || (def->name && def->uuid.set))
        return def;
    error_set(err, ERROR_XML, AREA_DOMAIN, "it has no name or no uuid");
    domain_def_destroy(def);
    return NULL;
}

static struct domain_def *read_definition(const char *path, struct error *err)
{
    AUTO_FREE char *xml = NULL;
    size_t len;
    int r = file_read(path, STORED_MAX, &xml, &len);
    if (r < 0) {
        error_set_errno(err, AREA_QEMU, r, "cannot read it");
        return NULL;
    }
    return store_parse(xml, len, err);
}

// Under another's name it would come back after its guest was undefined.
static struct domain_def *read_stored(const char *dir, const char *file, struct error *err)
{
    AUTO_FREE char *path = path_join(dir, file);
    struct domain_def *def = read_definition(path, err);
    AUTO_FREE char *own = def ? path_for_name(dir, def->name, ".xml") : NULL;
    if (!def || str_eq(strrchr(own, '/') + 1, file))
        return def;
    error_set(err, ERROR_XML, AREA_DOMAIN, "it is about guest '%s', which belongs into '%s'",
              def->name, own);
    domain_def_destroy(def);
    return NULL;
}

static int load_one(const char *name, void *arg)
{
    struct load *l = arg;
    AUTO_FREE char *path = path_join(l->all->config.config_dir, name);
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = read_stored(l->all->config.config_dir, name, &err);
    if (!def) {
        AUTO_FREE char *aside = xasprintf("%s.damaged", path);
        bool moved = rename(path, aside) == 0;
        log_error("the stored definition '%s' is damaged: %s; %s '%s'; mend it and define it again",
                  path, error_message(&err), moved ? "set aside as" : "cannot be renamed to",
                  aside);
        return 0;
    }
    AUTO_FREE char *mark = autostart_path(l->all, def->name);
    l->fn(l->all, def, access(mark, F_OK) == 0);
    return 0;
}

void store_load(struct domains *all,
                void (*fn)(struct domains *all, struct domain_def *def, bool autostart))
{
    struct load l = {.all = all, .fn = fn};
    int r = dir_each(all->config.config_dir, ".xml", load_one, &l);
    if (r < 0)
        log_error("cannot read the stored definitions in '%s': %s", all->config.config_dir,
                  strerrordesc_np(-r));
}

struct check {
    const char *dir;
    size_t total, bad;
};

static int check_one(const char *name, void *arg)
{
    struct check *c = arg;
    AUTO_FREE char *path = path_join(c->dir, name);
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = read_stored(c->dir, name, &err);
    c->total++;
    if (!def) {
        fprintf(stderr, "%s: %s\n", path, error_message(&err));
        c->bad++;
    }
    domain_def_destroy(def);
    return 0;
}

size_t domains_check(const char *config_dir, size_t *total)
{
    struct check c = {.dir = config_dir};
    dir_each(config_dir, ".xml", check_one, &c);
    *total = c.total;
    return c.bad;
}
