// SPDX-License-Identifier: GPL-2.0-or-later
// Disks on IDE, SATA, SCSI and floppy controllers. Their addresses come from the document or from
// the target's name (schemas/domain/disk.c); here they are checked, and get their controllers.
#include "base/str.h"
#include "qemu/address/internal.h"

enum { CONTROLLER_MAX = 256 };

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

static int check(const struct domain_def *def, const struct domain_disk *d, struct error *err)
{
    if (d->dev.address.type == ADDRESS_DRIVE)
        return check_free(def, d, err);
    return error_set(err, ERROR_XML, AREA_DOMAIN,
                     "line %u: <disk>: target '%s' does not say which disk of its bus it is; use a "
                     "name like 'sda'",
                     d->dev.line, d->target);
}

int drive_assign(struct domain_def *def, struct error *err)
{
    VEC_FOREACH (it, &def->disks) {
        struct domain_disk *d = *it;
        enum controller_type type = controller_of(d->bus);
        if (device_bus(def, &d->dev) != BUS_DRIVE)
            continue;
        if (check(def, d, err) < 0)
            return -1;
        uint64_t index = value(d->dev.address.controller);
        for (uint64_t i = 0; i <= index; i++) // no holes: QEMU numbers buses in order
            if (!controller_find(def, type, i))
                controller_add(def, type, i,
                               type == CONTROLLER_SCSI ? SCSI_LSILOGIC : CONTROLLER_MODEL_NONE);
    }
    VEC_FOREACH (it, &def->controllers)
        if ((*it)->type == CONTROLLER_SCSI && (*it)->model == SCSI_AUTO)
            (*it)->model = SCSI_LSILOGIC;
    return 0;
}

int drive_assign_device(const struct domain_def *def, struct device *dev, struct error *err)
{
    if (device_bus(def, dev) != BUS_DRIVE)
        return 0;
    struct domain_disk *d = (struct domain_disk *)dev;
    if (check(def, d, err) < 0)
        return -1;
    if (!controller_find(def, controller_of(d->bus), value(dev->address.controller)))
        return error_set(err, ERROR_OPERATION_FAILED, AREA_DOMAIN,
                         "cannot plug in disk '%s': the guest has no %s controller %llu; plug that "
                         "in first",
                         d->target, disk_bus_name(d->bus),
                         (unsigned long long)value(dev->address.controller));
    return 0;
}
