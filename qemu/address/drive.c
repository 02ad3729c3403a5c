// SPDX-License-Identifier: GPL-2.0-or-later
// Disks on IDE, SATA, SCSI and floppy controllers. Their addresses come from the document or from
// the target's name, which counts through the buses as libvirt does: seven units a SCSI controller,
// whatever its model, so that documents move between the two.
#include "base/str.h"
#include "qemu/address/internal.h"

enum { CONTROLLER_MAX = 256 };

struct drive_bus {
    enum controller_type controller;
    unsigned buses, units; // buses a controller, units a bus
};

static const struct drive_bus *bus_of(const struct domain_disk *d)
{
    static const struct drive_bus buses[] = {
        [DISK_BUS_IDE] = {CONTROLLER_IDE, 2, 2},
        [DISK_BUS_FDC] = {CONTROLLER_FDC, 1, 2},
        [DISK_BUS_SCSI] = {CONTROLLER_SCSI, 1, 7},
        [DISK_BUS_SATA] = {CONTROLLER_SATA, 1, 6},
    };
    return d->bus < ARRAY_LEN(buses) ? &buses[d->bus] : &buses[0];
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

static int give(const struct domain_def *def, struct domain_disk *d, struct error *err)
{
    struct device_address *a = &d->dev.address;
    const struct drive_bus *bus = bus_of(d);
    int64_t n = disk_target_index(d->target);
    if (a->type == ADDRESS_NONE && n < 0)
        return error_set(err, ERROR_XML, AREA_DOMAIN,
                         "line %u: <disk>: target '%s' does not say which disk of its bus it is; "
                         "use a name like 'sda'",
                         d->dev.line, d->target);
    if (a->type == ADDRESS_NONE)
        *a = (struct device_address){
            .type = ADDRESS_DRIVE,
            .controller = OPT_UINT((uint64_t)n / (bus->buses * bus->units)),
            .bus = OPT_UINT((uint64_t)n / bus->units % bus->buses),
            .target = OPT_UINT(0),
            .unit = OPT_UINT((uint64_t)n % bus->units),
        };
    return check_free(def, d, err);
}

// Without holes, as QEMU numbers buses in order.
static void add_controllers(struct domain_def *def, enum controller_type type)
{
    uint64_t n = 0;
    VEC_FOREACH (it, &def->disks) {
        const struct domain_disk *d = *it;
        if (bus_of(d)->controller == type && n <= value(d->dev.address.controller))
            n = value(d->dev.address.controller) + 1;
    }
    for (uint64_t i = 0; i < n; i++) {
        if (!controller_find(def, type, i))
            controller_add(def, type, i,
                           type == CONTROLLER_SCSI ? SCSI_LSILOGIC : CONTROLLER_MODEL_NONE);
    }
}

int drive_assign(struct domain_def *def, struct error *err)
{
    VEC_FOREACH (it, &def->disks) {
        if (device_bus(def, &(*it)->dev) == BUS_DRIVE && give(def, *it, err) < 0)
            return -1;
    }
    // In libvirt's order, which decides their places on the PCI bus.
    static const enum controller_type types[] = {CONTROLLER_SCSI, CONTROLLER_FDC, CONTROLLER_IDE,
                                                 CONTROLLER_SATA};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        add_controllers(def, types[i]);
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
    if (give(def, d, err) < 0)
        return -1;
    if (!controller_find(def, bus_of(d)->controller, value(dev->address.controller)))
        return error_set(err, ERROR_OPERATION_FAILED, AREA_DOMAIN,
                         "cannot plug in disk '%s': the guest has no %s controller %llu; plug that "
                         "in first",
                         d->target, disk_bus_name(d->bus),
                         (unsigned long long)value(dev->address.controller));
    return 0;
}
