// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/alias.h"

#include "base/str.h"
#include "qemu/address.h"

static uint64_t val(struct opt_uint u)
{
    return u.set ? u.value : 0;
}

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

// Not domain_def_each_device(): hotplug asks while a device is between documents, and the order
// matters (a serial before the console that mirrors it).
static int each(const struct domain_def *def, int (*fn)(struct device *dev, void *arg), void *arg)
{
    int rc = 0;
#define EACH(list)                                                                                 \
    VEC_FOREACH (it, &def->list)                                                                   \
        if (!rc)                                                                                   \
            rc = fn(&(*it)->dev, arg);
    EACH(controllers)
    EACH(disks)
    EACH(interfaces)
    EACH(serials)
    EACH(parallels)
    EACH(consoles)
    EACH(channels)
    EACH(inputs)
    EACH(sounds)
    EACH(videos)
    EACH(redirdevs)
    EACH(hubs)
    EACH(watchdogs)
    // "none" is a word of the document, no device.
    if (!rc && def->memballoon && !str_eq(def->memballoon->model, "none"))
        rc = fn(&def->memballoon->dev, arg);
    EACH(rngs)
    EACH(panics)
#undef EACH
    return rc;
}

struct device *alias_find(const struct domain_def *def, const char *alias)
{
    struct search s = {.alias = alias};
    if (alias)
        each(def, same_alias, &s);
    return s.found;
}

static char *controller_alias(const struct domain_def *def, const struct domain_controller *c)
{
    unsigned long long i = val(c->index);
    enum chipset chipset = chipset_of(def);
    switch (c->type) {
    case CONTROLLER_PCI:
        return xasprintf(c->model == PCIE_ROOT ? "pcie.%llu" : "pci.%llu", i);
    case CONTROLLER_USB:
        return i ? xasprintf("usb%llu", i) : xstrdup("usb");
    case CONTROLLER_IDE:
        return i || chipset == CHIPSET_ISA ? xasprintf("ide%llu", i) : xstrdup("ide");
    case CONTROLLER_SATA: // the chipset's own is called so by QEMU
        return !i && chipset == CHIPSET_Q35 ? xstrdup("ide") : xasprintf("sata%llu", i);
    default:
        return xasprintf("%s%llu", controller_type_name(c->type), i);
    }
}

static unsigned target_number(const char *target)
{
    unsigned n = 0;
    for (const char *p = target && strlen(target) > 2 ? target + 2 : ""; *p >= 'a' && *p <= 'z';
         p++)
        n = n * 26 + (unsigned)(*p - 'a') + 1;
    return n ? n - 1 : 0;
}

static bool wide_scsi(const struct domain_def *def, const struct domain_disk *d)
{
    VEC_FOREACH (it, &def->controllers)
        if ((*it)->type == CONTROLLER_SCSI && val((*it)->index) == val(d->dev.address.controller))
            return (*it)->model != SCSI_LSILOGIC;
    return true;
}

static char *disk_alias(const struct domain_def *def, const struct domain_disk *d)
{
    const struct device_address *a = &d->dev.address;
    const char *bus = disk_bus_name(d->bus);
    if (a->type != ADDRESS_DRIVE)
        return xasprintf("%s-disk%u", bus, target_number(d->target));
    if (d->bus == DISK_BUS_SCSI && wide_scsi(def, d))
        return xasprintf("scsi%llu-%llu-%llu-%llu", (unsigned long long)val(a->controller),
                         (unsigned long long)val(a->bus), (unsigned long long)val(a->target),
                         (unsigned long long)val(a->unit));
    return xasprintf("%s%llu-%llu-%llu", bus, (unsigned long long)val(a->controller),
                     (unsigned long long)val(a->bus), (unsigned long long)val(a->unit));
}

static const char *prefix(enum device_kind kind)
{
    switch (kind) {
    case DEVICE_INTERFACE:
        return "net";
    case DEVICE_REDIRDEV:
        return "redir";
    case DEVICE_MEMBALLOON:
        return "balloon";
    case DEVICE_SERIAL:
    case DEVICE_PARALLEL:
    case DEVICE_CONSOLE:
    case DEVICE_CHANNEL:
    case DEVICE_INPUT:
    case DEVICE_SOUND:
    case DEVICE_VIDEO:
    case DEVICE_HUB:
    case DEVICE_WATCHDOG:
    case DEVICE_RNG:
    case DEVICE_PANIC:
        return device_kind_name(kind);
    default:
        return NULL;
    }
}

static void name_device(const struct domain_def *def, struct device *dev)
{
    if (dev->alias)
        return;
    if (dev->kind == DEVICE_CONTROLLER) {
        dev->alias = controller_alias(def, (struct domain_controller *)dev);
        return;
    }
    if (dev->kind == DEVICE_DISK) {
        dev->alias = disk_alias(def, (struct domain_disk *)dev);
        return;
    }
    if (dev->kind == DEVICE_CONSOLE && def->consoles.n && dev == &def->consoles.v[0]->dev &&
        def->consoles.v[0]->target == CONSOLE_TARGET_SERIAL && def->serials.n) {
        dev->alias = xstrdup(def->serials.v[0]->dev.alias);
        return;
    }
    const char *name = prefix(dev->kind);
    if (!name)
        return;
    size_t first = 0;
    // Consoles count by their place, the one that mirrors a serial port included.
    if (dev->kind == DEVICE_CONSOLE)
        while (first < def->consoles.n && dev != &def->consoles.v[first]->dev)
            first++;
    for (size_t n = first;; n++) {
        AUTO_FREE char *alias = xasprintf("%s%zu", name, n);
        if (alias_find(def, alias))
            continue;
        dev->alias = STEAL(alias);
        return;
    }
}

static int name_one(struct device *dev, void *arg)
{
    name_device(arg, dev);
    return 0;
}

// Node names have to be told apart for as long as the guest runs.
static uint64_t highest_source(const struct domain_def *def)
{
    uint64_t max = 0;
    VEC_FOREACH (it, &def->disks) {
        if (val((*it)->source_index) > max)
            max = val((*it)->source_index);
        for (const struct disk_backing *b = (*it)->backing; b; b = b->next)
            if (val(b->index) > max)
                max = val(b->index);
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
    each(def, name_one, def);
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
