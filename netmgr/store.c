// SPDX-License-Identifier: GPL-2.0-or-later
// Definitions on disk: CONFIG/NAME.xml, one per network, replaced atomically and made durable
// before a client is told that it is stored. The empty file autostart/NAME.xml marks those started
// with the host.
#include "base/file.h"
#include "netmgr/private.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int network_store_save(struct task *t, struct network *net, const struct network_def *def,
                       struct error *err)
{
    const char *path = net->runtime->files.stored;
    AUTO_FREE char *xml = network_def_format(def, 0);
    int r = dir_make(net->all->config.config_dir, 0700);
    if (r == 0)
        r = t ? file_save(t, path, xml, strlen(xml), 0600)
              : file_write_atomic(path, xml, strlen(xml), 0600);
    if (r < 0)
        return error_set_errno(
            err, AREA_NETWORK, r,
            "cannot store the definition of network '%s' in '%s'; nothing was changed", net->name,
            path);
    return 0;
}

int network_store_remove(struct task *t, struct network *net, struct error *err)
{
    // The mark first: alone it would mark whatever gets the name next.
    int r = file_remove_durable(t, net->runtime->files.mark);
    if (r == 0)
        r = file_remove_durable(t, net->runtime->files.stored);
    if (r < 0)
        return error_set_errno(err, AREA_NETWORK, r,
                               "cannot remove '%s', the definition of network '%s'",
                               net->runtime->files.stored, net->name);
    return 0;
}

int network_store_set_autostart(struct task *t, struct network *net, bool on, struct error *err)
{
    AUTO_FREE char *dir = path_join(net->all->config.config_dir, "autostart");
    const char *mark = net->runtime->files.mark;
    int r = on ? dir_make(dir, 0700) : file_remove_durable(t, mark);
    if (r == 0 && on)
        r = file_save(t, mark, "", 0, 0600);
    if (r < 0)
        return error_set_errno(err, AREA_NETWORK, r,
                               "cannot %s '%s', the autostart mark of network '%s'",
                               on ? "make" : "remove", mark, net->name);
    return 0;
}

static struct network_def *read_definition(const char *path, struct error *err)
{
    AUTO_FREE char *xml = NULL;
    size_t len;
    int r = file_read(path, NETWORK_FILE_MAX, &xml, &len);
    if (r < 0) {
        error_set_errno(err, AREA_NETWORK, r, "cannot read it");
        return NULL;
    }
    return network_def_load(xml, len, 0, err);
}

static int load_one(const char *name, void *arg)
{
    struct networks *all = arg;
    AUTO_FREE char *path = path_join(all->config.config_dir, name);
    AUTO_ERROR err = ERROR_INIT;
    struct network_def *def = read_definition(path, &err);
    if (!def) {
        AUTO_FREE char *aside = xasprintf("%s.damaged", path);
        bool moved = rename(path, aside) == 0;
        log_error("the stored definition '%s' is damaged: %s; %s '%s'; mend it and define it again",
                  path, error_message(&err), moved ? "set aside as" : "cannot be renamed to",
                  aside);
        return 0;
    }
    if (networks_find_uuid(all, &def->uuid.value) || networks_find_name(all, def->name)) {
        log_error("the stored definition '%s' is not used: another network has the same name or "
                  "uuid",
                  path);
        network_def_destroy(def);
        return 0;
    }
    struct network *net = networks_add(all, def->name, &def->uuid.value);
    net->def = def;
    net->autostart = access(net->runtime->files.mark, F_OK) == 0;
    return 0;
}

void network_store_load(struct networks *all)
{
    int r = dir_each(all->config.config_dir, ".xml", load_one, all);
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
    struct network_def *def = read_definition(path, &err);
    c->total++;
    if (!def) {
        fprintf(stderr, "%s: %s\n", path, error_message(&err));
        c->bad++;
    }
    network_def_destroy(def);
    return 0;
}

size_t networks_check(const char *config_dir, size_t *total)
{
    struct check c = {.dir = config_dir};
    (void)dir_each(config_dir, ".xml", check_one, &c);
    *total = c.total;
    return c.bad;
}
