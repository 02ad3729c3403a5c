// SPDX-License-Identifier: GPL-2.0-or-later
// Networks' definitions on disk, see base/store.h.
#include "base/store.h"
#include "netmgr/internal.h"

static struct store store_in(const char *config_dir)
{
    return (struct store){.dir = config_dir, .kind = "network", .area = AREA_NETWORK};
}

int network_store_save(struct task *t, struct network *net, const struct network_def *def,
                       struct error *err)
{
    struct store s = store_in(net->all->config.config_dir);
    AUTO_FREE char *xml = network_def_format(def, 0);
    return store_save(t, &s, net->name, xml, err);
}

int network_store_remove(struct task *t, struct network *net, struct error *err)
{
    struct store s = store_in(net->all->config.config_dir);
    return store_remove(t, &s, net->name, err);
}

int network_store_mark(struct task *t, struct network *net, bool autostart, struct error *err)
{
    struct store s = store_in(net->all->config.config_dir);
    return store_mark(t, &s, net->name, autostart, err);
}

static struct network_def *parse_file(const struct store *s, const char *file, const char *xml,
                                      size_t len, struct error *err)
{
    struct network_def *def = network_def_load(xml, len, 0, err);
    if (!def || store_check_name(s, file, def->name, err) == 0)
        return def;
    network_def_destroy(def);
    return NULL;
}

static int load_one(const struct store *s, const char *file, const char *xml, size_t len, void *arg,
                    struct error *err)
{
    struct networks *all = arg;
    struct network_def *def = parse_file(s, file, xml, len, err);
    if (!def)
        return -1;
    if (networks_find_uuid(all, &def->uuid.value)) {
        log_error("the stored definition '%s' in '%s' is not used: another network has its uuid",
                  file, s->dir);
        network_def_destroy(def);
        return 0;
    }
    struct network *net = networks_add(all, def->name, &def->uuid.value);
    net->def = def;
    net->autostart = store_is_marked(s, def->name);
    return 0;
}

void network_store_load(struct networks *all)
{
    struct store s = store_in(all->config.config_dir);
    store_load(&s, load_one, all);
}

static int check_one(const struct store *s, const char *file, const char *xml, size_t len,
                     void *arg, struct error *err)
{
    (void)arg;
    struct network_def *def = parse_file(s, file, xml, len, err);
    network_def_destroy(def);
    return def ? 0 : -1;
}

size_t networks_check(const char *config_dir, size_t *total)
{
    struct store s = store_in(config_dir);
    return store_check(&s, check_one, NULL, total);
}
