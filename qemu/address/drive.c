// SPDX-License-Identifier: GPL-2.0-or-later
// Disks on IDE, SATA, SCSI and floppy controllers: the target's name says where, unless an address
// does.
#include "base/str.h"
#include "qemu/address/internal.h"

enum { SCSI_UNITS = 15, SCSI_SELF = 7, SATA_UNITS = 6, CONTROLLER_MAX = 256 };

// "hdc", "sdaa" -> 2, 26; -1 without such an ending.
static int target_index(const char *target)
{
    unsigned n = 0;
    size_t len = target ? strlen(target) : 0;
    if (len < 3 || len > 5)
        return -1;
    for (const char *p = target + 2; *p; p++) {
        if (*p < 'a' || *p > 'z')
            return -1;
        n = n * 26 + (unsigned)(*p - 'a') + 1;
    }
    return (int)n - 1;
}

static enum controller_type controller_of(enum disk_bus bus)
{
    switch (bus) {
    case DISK_BUS_IDE:
        return CONTROLLER_IDE;
    case DISK_BUS_SATA:
        return CONTROLLER_SATA;
    case DISK_BUS_SCSI:
        return CONTROLLER_SCSI;
    case DISK_BUS_FDC:
        return CONTROLLER_FDC;
    default:
        return CONTROLLER_NONE;
    }
}

static int give(struct domain_disk *d, struct error *err)
{
    struct device_address *a = &d->dev.address;
    int i = target_index(d->target);
    unsigned controller = 0, bus = 0, unit = 0;
    if (i < 0)
        return error_set(err, ERROR_XML, AREA_DOMAIN,
                         "line %u: <disk>: target '%s' does not say which disk of its bus it is; "
                         "use a name like 'sda'",
                         d->dev.line, d->target ? d->target : "");
    switch (d->bus) {
    case DISK_BUS_IDE:
        controller = (unsigned)i / 4;
        bus = (unsigned)i % 4 / 2;
        unit = (unsigned)i % 2;
        break;
    case DISK_BUS_SATA:
        controller = (unsigned)i / SATA_UNITS;
        unit = (unsigned)i % SATA_UNITS;
        break;
    case DISK_BUS_SCSI:
        controller = (unsigned)i / SCSI_UNITS;
        unit = (unsigned)i % SCSI_UNITS;
        unit += unit >= SCSI_SELF; // the adapter's own number
        break;
    default:
        controller = (unsigned)i / 2;
        unit = (unsigned)i % 2;
        break;
    }
    a->type = ADDRESS_DRIVE;
    a->controller = OPT_UINT(controller);
    a->bus = OPT_UINT(bus);
    a->target = OPT_UINT(0);
    a->unit = OPT_UINT(unit);
    return 0;
}

static uint64_t value(struct opt_uint u)
{
    return u.set ? u.value : 0;
}

static int check_free(const struct domain_def *def, const struct domain_disk *d, struct error *err)
{
    const struct device_address *a = &d->dev.address;
    if (value(a->controller) >= CONTROLLER_MAX)
        return error_set(err, ERROR_XML, AREA_DOMAIN,
                         "line %u: <disk>: controller %llu is above %u", d->dev.line,
                         (unsigned long long)a->controller.value, CONTROLLER_MAX - 1);
    VEC_FOREACH (it, &def->disks) {
        const struct domain_disk *o = *it;
        const struct device_address *b = &o->dev.address;
        if (o == d)
            break; // only against those before: each pair once
        if (o->bus != d->bus || b->type != ADDRESS_DRIVE ||
            value(a->controller) != value(b->controller) || value(a->bus) != value(b->bus) ||
            value(a->target) != value(b->target) || value(a->unit) != value(b->unit))
            continue;
        AUTO_FREE char *where = device_where(&o->dev);
        return error_set(err, ERROR_XML, AREA_DOMAIN,
                         "line %u: <disk>: %s address controller %llu, bus %llu, target %llu, unit "
                         "%llu is used by %s already",
                         d->dev.line, disk_bus_name(d->bus),
                         (unsigned long long)value(a->controller),
                         (unsigned long long)value(a->bus), (unsigned long long)value(a->target),
                         (unsigned long long)value(a->unit), where);
    }
    return 0;
}

int drive_assign(struct domain_def *def, struct error *err)
{
    VEC_FOREACH (it, &def->disks)
        if (device_bus(def, &(*it)->dev) == BUS_DRIVE && (*it)->dev.address.type == ADDRESS_NONE &&
            give(*it, err) < 0)
            return -1;
    VEC_FOREACH (it, &def->disks) {
        struct domain_disk *d = *it;
        enum controller_type type = controller_of(d->bus);
        if (device_bus(def, &d->dev) != BUS_DRIVE)
            continue;
        if (check_free(def, d, err) < 0)
            return -1;
        uint64_t index = value(d->dev.address.controller);
        for (uint64_t i = 0; i <= index; i++) // no holes: QEMU numbers buses in order
            if (!controller_find(def, type, i))
                controller_add(def, type, i,
                               type != CONTROLLER_SCSI                   ? CONTROLLER_MODEL_NONE
                               : chipset_of(def) == CHIPSET_I440FX && !i ? SCSI_LSILOGIC
                                                                         : SCSI_VIRTIO);
    }
    VEC_FOREACH (it, &def->controllers)
        if ((*it)->type == CONTROLLER_SCSI &&
            ((*it)->model == CONTROLLER_MODEL_NONE || (*it)->model == SCSI_AUTO))
            (*it)->model = chipset_of(def) == CHIPSET_I440FX ? SCSI_LSILOGIC : SCSI_VIRTIO;
    return 0;
}

int drive_assign_device(const struct domain_def *def, struct device *dev, struct error *err)
{
    if (device_bus(def, dev) != BUS_DRIVE)
        return 0;
    struct domain_disk *d = (struct domain_disk *)dev;
    if (dev->address.type == ADDRESS_NONE && give(d, err) < 0)
        return -1;
    if (check_free(def, d, err) < 0)
        return -1;
    if (!controller_find(def, controller_of(d->bus), value(dev->address.controller)))
        return error_set(err, ERROR_OPERATION_FAILED, AREA_DOMAIN,
                         "cannot plug in disk '%s': the guest has no %s controller %llu; plug that "
                         "in first",
                         d->target, disk_bus_name(d->bus),
                         (unsigned long long)value(dev->address.controller));
    return 0;
}
