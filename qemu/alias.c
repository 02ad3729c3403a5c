// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/alias.h"

#include "qemu/internal.h"

struct search {
    const char *alias;
    struct device *found;
};

static int same_alias(struct device *dev, void *arg)
{
    struct search *s = arg;
    if (!str_eq(dev->alias, s->alias))
        return 0;
    s->found = dev;
    return 1;
}

struct device *alias_find(const struct domain_def *def, const char *alias)
{
    struct search s = {.alias = alias};
    if (alias)
        domain_def_each_device(def, same_alias, &s);
    return s.found;
}

char *alias_first_free(const struct domain_def *def, const char *prefix, size_t from)
{
    for (size_t n = from;; n++) {
        char *alias = xasprintf("%s%zu", prefix, n);
        if (!alias_find(def, alias))
            return alias;
        free(alias);
    }
}

static void name_device(const struct domain_def *def, struct device *dev)
{
    const struct device_class *class = device_class_of(dev->kind);
    if (dev->alias)
        return;
    if (class->name)
        dev->alias = class->name(def, dev);
    else if (class->alias)
        dev->alias = alias_first_free(def, class->alias, 0);
}

static int name_one(struct device *dev, void *arg)
{
    name_device(arg, dev);
    return 0;
}

// Node names must differ for as long as the guest runs.
static uint64_t highest_source(const struct domain_def *def)
{
    uint64_t max = 0;
    VEC_FOREACH (it, &def->disks) {
        if (opt_or((*it)->source_index, 0) > max)
            max = opt_or((*it)->source_index, 0);
        for (const struct disk_backing *b = (*it)->backing; b; b = b->next)
            if (opt_or(b->index, 0) > max)
                max = opt_or(b->index, 0);
    }
    return max;
}

static void number_disk(struct domain_disk *d, uint64_t *next)
{
    if ((d->source_file || d->source_dev) && !d->source_index.set)
        d->source_index = OPT_UINT(++*next);
    for (struct disk_backing *b = d->backing; b; b = b->next)
        if ((b->file || b->dev) && !b->index.set)
            b->index = OPT_UINT(++*next);
}

void alias_assign(struct domain_def *def)
{
    uint64_t next = highest_source(def);
    domain_def_each_device(def, name_one, def);
    VEC_FOREACH (it, &def->disks)
        number_disk(*it, &next);
}

void alias_assign_device(const struct domain_def *def, struct device *dev)
{
    uint64_t next = highest_source(def);
    name_device(def, dev);
    if (dev->kind == DEVICE_DISK)
        number_disk((struct domain_disk *)dev, &next);
}
