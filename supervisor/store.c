// SPDX-License-Identifier: GPL-2.0-or-later
// Guests' definitions on disk, see base/store.h.
#include "base/store.h"
#include "supervisor/internal.h"

static struct store store_in(const char *config_dir)
{
    return (struct store){.dir = config_dir, .kind = "guest", .area = AREA_QEMU};
}

int domain_store_save(struct task *t, struct domains *all, const struct domain_def *def,
                      struct error *err)
{
    struct store s = store_in(all->config.config_dir);
    AUTO_FREE char *xml = domain_def_format(def, DOMAIN_XML_SECURE);
    return store_save(t, &s, def->name, xml, err);
}

int domain_store_remove(struct task *t, struct domains *all, const char *name, struct error *err)
{
    struct store s = store_in(all->config.config_dir);
    return store_remove(t, &s, name, err);
}

int domain_store_mark(struct task *t, struct domains *all, const char *name, bool autostart,
                      struct error *err)
{
    struct store s = store_in(all->config.config_dir);
    return store_mark(t, &s, name, autostart, err);
}

struct domain_def *domain_store_parse(const char *xml, size_t len, struct error *err)
{
    struct domain_def *def = domain_def_parse(xml, len, 0, err);
    if (!def || (def->name && def->uuid.set))
        return def;
    error_set(err, ERROR_XML, AREA_DOMAIN, "it has no name or no uuid");
    domain_def_destroy(def);
    return NULL;
}

static struct domain_def *parse_file(const struct store *s, const char *file, const char *xml,
                                     size_t len, struct error *err)
{
    struct domain_def *def = domain_store_parse(xml, len, err);
    if (!def || store_check_name(s, file, def->name, err) == 0)
        return def;
    domain_def_destroy(def);
    return NULL;
}

struct load {
    struct domains *all;
    void (*fn)(struct domains *all, struct domain_def *def, bool autostart);
};

static int load_one(const struct store *s, const char *file, const char *xml, size_t len, void *arg,
                    struct error *err)
{
    struct load *l = arg;
    struct domain_def *def = parse_file(s, file, xml, len, err);
    if (!def)
        return -1;
    l->fn(l->all, def, store_is_marked(s, def->name));
    return 0;
}

void domain_store_load(struct domains *all,
                       void (*fn)(struct domains *all, struct domain_def *def, bool autostart))
{
    struct store s = store_in(all->config.config_dir);
    struct load l = {.all = all, .fn = fn};
    store_load(&s, load_one, &l);
}

static int check_one(const struct store *s, const char *file, const char *xml, size_t len,
                     void *arg, struct error *err)
{
    (void)arg;
    struct domain_def *def = parse_file(s, file, xml, len, err);
    domain_def_destroy(def);
    return def ? 0 : -1;
}

size_t domains_check(const char *config_dir, size_t *total)
{
    struct store s = store_in(config_dir);
    return store_check(&s, check_one, NULL, total);
}
