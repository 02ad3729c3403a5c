// SPDX-License-Identifier: LGPL-2.1-or-later
// <disk>.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(disk_type_values, "dir network nvme vhostuser", [DISK_TYPE_FILE] = "file",
                       [DISK_TYPE_BLOCK] = "block", [DISK_TYPE_VOLUME] = "volume");
static DOC_ENUM_VALUES(
    backing_type_values,
    "dir network volume nvme vhostuser", [DISK_TYPE_FILE] = "file", [DISK_TYPE_BLOCK] = "block");
static DOC_ENUM_VALUES(disk_device_values,
                       NULL, [DISK_DEVICE_DISK] = "disk", [DISK_DEVICE_CDROM] = "cdrom",
                       [DISK_DEVICE_FLOPPY] = "floppy", [DISK_DEVICE_LUN] = "lun");
static DOC_ENUM_VALUES(disk_bus_values, "xen uml", [DISK_BUS_IDE] = "ide", [DISK_BUS_FDC] = "fdc",
                       [DISK_BUS_SCSI] = "scsi", [DISK_BUS_VIRTIO] = "virtio",
                       [DISK_BUS_USB] = "usb", [DISK_BUS_SATA] = "sata", [DISK_BUS_SD] = "sd");
static DOC_ENUM_VALUES(
    disk_model_values,
    NULL, [DISK_MODEL_VIRTIO] = "virtio", [DISK_MODEL_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [DISK_MODEL_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional");
static DOC_ENUM_VALUES(
    disk_cache_values, NULL, [DISK_CACHE_DEFAULT] = "default", [DISK_CACHE_OFF] = "none",
    [DISK_CACHE_WRITETHROUGH] = "writethrough", [DISK_CACHE_WRITEBACK] = "writeback",
    [DISK_CACHE_DIRECTSYNC] = "directsync", [DISK_CACHE_UNSAFE] = "unsafe");
static DOC_ENUM_VALUES(
    disk_io_values,
    NULL, [DISK_IO_NATIVE] = "native", [DISK_IO_THREADS] = "threads", [DISK_IO_URING] = "io_uring");
static DOC_ENUM_VALUES(disk_discard_values,
                       NULL, [DISK_DISCARD_UNMAP] = "unmap", [DISK_DISCARD_IGNORE] = "ignore");
static DOC_ENUM_VALUES(
    disk_zeroes_values,
    NULL, [DISK_ZEROES_OFF] = "off", [DISK_ZEROES_ON] = "on", [DISK_ZEROES_UNMAP] = "unmap");
static DOC_ENUM_VALUES(disk_error_policy_values,
                       NULL, [DISK_ERROR_STOP] = "stop", [DISK_ERROR_REPORT] = "report",
                       [DISK_ERROR_IGNORE] = "ignore", [DISK_ERROR_ENOSPACE] = "enospace");
static DOC_ENUM_VALUES(
    disk_startup_values, NULL, [DISK_STARTUP_MANDATORY] = "mandatory",
    [DISK_STARTUP_REQUISITE] = "requisite", [DISK_STARTUP_OPTIONAL] = "optional");
static DOC_ENUM_VALUES(disk_tray_values,
                       NULL, [DISK_TRAY_CLOSED] = "closed", [DISK_TRAY_OPEN] = "open");
static DOC_ENUM_VALUES(
    disk_trans_values,
    NULL, [DISK_TRANS_AUTO] = "auto", [DISK_TRANS_LBA] = "lba", [DISK_TRANS_PLAIN] = "none");

#define S struct disk_backing
static const struct doc_row backing_format_rows[] = {
    D_TOKEN(ATTR, "type", format, .flags = DOC_REQUIRED),
};
static const struct doc_type backing_format_doc = DOC_TYPE("backingFormat", S, backing_format_rows);
static const struct doc_row backing_source_rows[] = {
    D_STR(ATTR, "file", file, .when = DOC_BIT(DISK_TYPE_FILE), .flags = DOC_REQUIRED),
    D_STR(ATTR, "dev", dev, .when = DOC_BIT(DISK_TYPE_BLOCK), .flags = DOC_REQUIRED),
};
static const struct doc_type backing_source_doc =
    DOC_TYPE("backingSource", S, backing_source_rows, DOC_TAGGED(S, type, &backing_type_values));
static const struct doc_type backing_doc;
static const struct doc_row backing_rows[] = {
    D_ENUM(ATTR, "type", type, &backing_type_values, .flags = DOC_TAG),
    D_UINT(ATTR, "index", index, 0, 0xffffffff, .flags = DOC_LIVE),
    D_ELEM("format", &backing_format_doc),
    D_ELEM("source", &backing_source_doc),
    D_CHILD("backingStore", &backing_doc, next),
};
static const struct doc_type backing_doc =
    DOC_TYPE("backingStore", S, backing_rows, DOC_TAGGED(S, type, &backing_type_values));
#undef S

#define S struct domain_disk
static const struct doc_row disk_driver_rows[] = {
    D_TOKEN(ATTR, "name", driver_name),
    D_TOKEN(ATTR, "type", driver_format),
    D_ENUM(ATTR, "cache", cache, &disk_cache_values),
    D_ENUM(ATTR, "error_policy", error_policy, &disk_error_policy_values),
    D_ENUM(ATTR, "rerror_policy", rerror_policy, &disk_error_policy_values),
    D_ENUM(ATTR, "io", io, &disk_io_values),
    D_ONOFF(ATTR, "ioeventfd", ioeventfd),
    D_ONOFF(ATTR, "event_idx", event_idx),
    D_ONOFF(ATTR, "copy_on_read", copy_on_read),
    D_ENUM(ATTR, "discard", discard, &disk_discard_values),
    D_UINT(ATTR, "iothread", iothread, 1, 0xffffffff),
    D_ENUM(ATTR, "detect_zeroes", detect_zeroes, &disk_zeroes_values),
    D_UINT(ATTR, "queues", queues, 1, 0xffff),
    D_UINT(ATTR, "queue_size", queue_size, 1, 0xffff),
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type disk_driver_doc = DOC_TYPE("diskDriver", S, disk_driver_rows);

static const struct doc_row disk_source_rows[] = {
    D_STR(ATTR, "file", source_file, .when = DOC_BIT(DISK_TYPE_FILE)),
    D_STR(ATTR, "dev", source_dev, .when = DOC_BIT(DISK_TYPE_BLOCK)),
    D_STR(ATTR, "pool", source_pool, .when = DOC_BIT(DISK_TYPE_VOLUME), .flags = DOC_REQUIRED),
    D_STR(ATTR, "volume", source_volume, .when = DOC_BIT(DISK_TYPE_VOLUME), .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "startupPolicy", startup, &disk_startup_values),
    D_UINT(ATTR, "index", source_index, 0, 0xffffffff, .flags = DOC_LIVE),
};
static const struct doc_type disk_source_doc =
    DOC_TYPE("diskSource", S, disk_source_rows, DOC_TAGGED(S, type, &disk_type_values));

static const struct doc_row geometry_rows[] = {
    D_UINT(ATTR, "cyls", cyls, 1, 0xffffffff, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "heads", heads, 1, 0xffffffff, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "secs", secs, 1, 0xffffffff, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "trans", trans, &disk_trans_values),
};
static const struct doc_type geometry_doc = DOC_TYPE("diskGeometry", S, geometry_rows);

static const struct doc_row blockio_rows[] = {
    D_UINT(ATTR, "logical_block_size", logical_block_size, 0, 0x200000, .unit = "bytes"),
    D_UINT(ATTR, "physical_block_size", physical_block_size, 0, 0x200000, .unit = "bytes"),
    D_UINT(ATTR, "discard_granularity", discard_granularity, 0, 0xffffffff, .unit = "bytes"),
};
static const struct doc_type blockio_doc = DOC_TYPE("diskBlockio", S, blockio_rows);

static const struct doc_row disk_target_rows[] = {
    D_TOKEN(ATTR, "dev", target, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "bus", bus, &disk_bus_values),
    D_ENUM(ATTR, "tray", tray, &disk_tray_values),
    D_ONOFF(ATTR, "removable", removable),
    D_UINT(ATTR, "rotation_rate", rotation_rate, 1, 65534, .unit = "turns per minute"),
};
static const struct doc_type disk_target_doc = DOC_TYPE("diskTarget", S, disk_target_rows);

static const struct doc_row disk_rows[] = {
    D_ENUM(ATTR, "type", type, &disk_type_values, .flags = DOC_TAG, .def = "file"),
    D_ENUM(ATTR, "device", device, &disk_device_values, .def = "disk"),
    D_ENUM(ATTR, "model", model, &disk_model_values),
    D_ELEM("driver", &disk_driver_doc),
    D_ELEM("source", &disk_source_doc),
    D_CHILD("backingStore", &backing_doc, backing),
    D_ELEM("geometry", &geometry_doc),
    D_ELEM("blockio", &blockio_doc),
    D_ELEM("target", &disk_target_doc, .flags = DOC_REQUIRED),
    D_EMPTY("iotune"),
    D_FLAG("readonly", readonly),
    D_FLAG("shareable", shareable),
    D_STR(LEAF, "serial", serial),
    D_TOKEN(LEAF, "wwn", wwn),
    D_TOKEN(LEAF, "vendor", vendor),
    D_TOKEN(LEAF, "product", product),
    D_INCLUDE(&device_boot_doc, dev),
    D_INCLUDE(&device_tail_doc, dev),
};

static enum disk_bus bus_of_target(const struct domain_fill *f, const struct domain_disk *disk)
{
    if (disk->device == DISK_DEVICE_FLOPPY || str_starts(disk->target, "fd"))
        return DISK_BUS_FDC;
    if (str_starts(disk->target, "hd"))
        return f->q35 ? DISK_BUS_SATA : DISK_BUS_IDE;
    if (str_starts(disk->target, "sd"))
        return DISK_BUS_SCSI;
    if (str_starts(disk->target, "vd"))
        return DISK_BUS_VIRTIO;
    return f->q35 ? DISK_BUS_SATA : f->pc ? DISK_BUS_IDE : DISK_BUS_VIRTIO;
}

int64_t disk_target_index(const char *target)
{
    const char *p = target;
    if (strlen(p) < 3 || p[1] != 'd')
        return -1;
    int64_t n = 0;
    for (p += 2; *p >= 'a' && *p <= 'z' && n < 100000; p++)
        n = n * 26 + (*p - 'a' + 1);
    return n - 1;
}

// Puts disks of one bus in the order of their names, as libvirt lists them.
static void sort_disks(struct domain_def *def)
{
    for (size_t i = 1; i < def->disks.n; i++) {
        struct domain_disk *disk = def->disks.v[i];
        size_t to = i;
        for (size_t k = i; k-- > 0;) {
            if (def->disks.v[k]->bus == disk->bus &&
                disk_target_index(def->disks.v[k]->target) > disk_target_index(disk->target))
                to = k;
        }
        memmove(&def->disks.v[to + 1], &def->disks.v[to], (i - to) * sizeof(def->disks.v[0]));
        def->disks.v[to] = disk;
    }
}

static void drop_empty(char **text)
{
    if (*text && !**text)
        free(STEAL(*text));
}

static void fill_disks(const struct domain_fill *f)
{
    for (size_t i = 0; i < f->def->disks.n; i++) {
        struct domain_disk *disk = f->def->disks.v[i];
        if (disk->device == DISK_DEVICE_NONE)
            disk->device = DISK_DEVICE_DISK;
        if (disk->bus == DISK_BUS_NONE)
            disk->bus = bus_of_target(f, disk);
        drop_empty(&disk->source_file);
        drop_empty(&disk->source_dev);
        // An empty drive has no type.
        if (disk->type == DISK_TYPE_BLOCK && !disk->source_dev)
            disk->type = DISK_TYPE_FILE;
        if (!disk->driver_name)
            disk->driver_name = xstrdup("qemu");
        if (!disk->driver_format)
            disk->driver_format = xstrdup("raw");
        if (disk->device == DISK_DEVICE_CDROM)
            disk->readonly = true;
    }
    sort_disks(f->def);
}

static bool bus_fits(const struct domain_disk *disk)
{
    if (disk->device == DISK_DEVICE_FLOPPY)
        return disk->bus == DISK_BUS_FDC;
    if (disk->device == DISK_DEVICE_CDROM)
        return disk->bus != DISK_BUS_FDC && disk->bus != DISK_BUS_VIRTIO &&
               disk->bus != DISK_BUS_SD;
    return disk->bus != DISK_BUS_FDC;
}

// What QEMU's block layer opens of a file or device, as libvirt names it.
#define FORMATS "raw, qcow2, qed, vmdk, vdi, vpc, vhd, qcow, bochs, cloop, dmg, ploop"

static bool format_is_known(const char *format)
{
    size_t n = strlen(format);
    for (const char *p = FORMATS; *p; p += strspn(p, ", ")) {
        size_t len = strcspn(p, ",");
        if (len == n && memcmp(p, format, n) == 0)
            return true;
        p += len;
    }
    return false;
}

static int check_disk(const struct domain_def *def, const struct device *dev, struct error *err)
{
    const struct domain_disk *disk = (const struct domain_disk *)dev;
    if (strchr(disk->target, '/') || strlen(disk->target) > 32)
        return device_fail(def, dev, ERROR_XML, err, "disk target '%.40s' is not a device name",
                           disk->target);
    if (!str_eq(disk->driver_name, "qemu"))
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "disk '%s': driver name '%.40s' is not supported; only 'qemu' is",
                           disk->target, disk->driver_name);
    if (!format_is_known(disk->driver_format))
        return device_fail(def, dev, ERROR_CONFIG_UNSUPPORTED, err,
                           "unknown driver format value '%.40s' of disk '%s': it is none of %s",
                           disk->driver_format, disk->target, FORMATS);
    if (!bus_fits(disk))
        return device_fail(def, dev, ERROR_XML, err, "disk '%s': a %s cannot be on bus '%s'",
                           disk->target, disk_device_name(disk->device), disk_bus_name(disk->bus));
    bool removable = disk->device == DISK_DEVICE_CDROM || disk->device == DISK_DEVICE_FLOPPY;
    if (!removable && !disk->source_file && !disk->source_dev && !disk->source_volume)
        return device_fail(def, dev, ERROR_XML, err,
                           "disk '%s' has no source; only cdrom and floppy may be empty",
                           disk->target);
    if (disk->device == DISK_DEVICE_LUN && disk->type != DISK_TYPE_BLOCK)
        return device_fail(def, dev, ERROR_XML, err, "disk '%s': device='lun' needs type='block'",
                           disk->target);
    for (size_t i = 0; def->disks.v[i] != disk; i++) {
        if (str_eq(def->disks.v[i]->target, disk->target))
            return device_fail(def, dev, ERROR_XML, err, "disk target '%s' is used twice",
                               disk->target);
    }
    return 0;
}

const struct device_schema disk_schema = {
    .doc = DEVICE_DOC("disk", S, disk_rows, DEVICE_DISK, DOC_TAGGED(S, type, &disk_type_values)),
    .fill = fill_disks,
    .check = check_disk,
};
#undef S

const char *disk_bus_name(enum disk_bus bus)
{
    return doc_enum_name(&disk_bus_values, bus);
}

const char *disk_device_name(enum disk_device device)
{
    return doc_enum_name(&disk_device_values, device);
}
