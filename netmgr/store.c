// SPDX-License-Identifier: GPL-2.0-or-later
// Definitions on disk: CONFIG/NAME.xml, one per network, replaced atomically and made durable
// before a client is told that it is stored. The empty file autostart/NAME.xml marks those started
// with the host.
#include "base/file.h"
#include "netmgr/private.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int store_save(struct task *t, struct network *net, const struct network_def *def,
               struct error *err)
{
    const char *path = net->runtime->files.stored;
    AUTO_FREE char *xml = network_def_format(def, 0);
    int r = dir_make(net->all->config.config_dir, 0700);
    if (r == 0)
        r = file_save(t, path, xml, strlen(xml), 0600);
    if (r < 0)
        return error_set_errno(
            err, AREA_NETWORK, r,
            "cannot store the definition of network '%s' in '%s'; nothing was changed", net->name,
            path);
    return 0;
}

int store_remove(struct task *t, struct network *net, struct error *err)
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

int store_set_autostart(struct task *t, struct network *net, bool on, struct error *err)
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

static int load_one(const char *name, void *arg)
{
    struct networks *all = arg;
    AUTO_FREE char *path = path_join(all->config.config_dir, name);
    AUTO_FREE char *xml = NULL;
    AUTO_ERROR err = ERROR_INIT;
    size_t len;
    int r = file_read(path, NETWORK_FILE_MAX, &xml, &len);
    struct network_def *def = NULL;
    if (r < 0)
        error_set_errno(&err, AREA_NETWORK, r, "cannot read it");
    else
        def = network_def_load(xml, len, 0, &err);
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

void store_load(struct networks *all)
{
    int r = dir_each(all->config.config_dir, ".xml", load_one, all);
    if (r < 0)
        log_error("cannot read the stored definitions in '%s': %s", all->config.config_dir,
                  strerrordesc_np(-r));
}
