// SPDX-License-Identifier: GPL-2.0-or-later
// Disks: the block nodes of the image (and of what it lies on), then the drive the guest sees.
#include "qemu/domcaps.h"
#include "qemu/internal.h"

static void cache_of(struct json_object *j, enum disk_cache cache)
{
    bool direct = cache == DISK_CACHE_OFF || cache == DISK_CACHE_DIRECTSYNC;
    if (cache == DISK_CACHE_NONE_GIVEN || cache == DISK_CACHE_DEFAULT)
        return;
    struct json_object *c = json_object_new_object();
    put_bool(c, "direct", direct);
    put_bool(c, "no-flush", cache == DISK_CACHE_UNSAFE);
    json_object_object_add(j, "cache", c);
}

static const char *discard_name(enum disk_discard d)
{
    return d == DISK_DISCARD_NONE ? NULL : d == DISK_DISCARD_UNMAP ? "unmap" : "ignore";
}

// The file or device itself.
static void storage_node(struct out *o, const struct domain_disk *d, uint64_t index,
                         const char *path, enum disk_type type)
{
    bool cdrom = d->device == DISK_DEVICE_CDROM;
    struct json_object *j = json_driver(type != DISK_TYPE_BLOCK ? "file"
                                        : cdrom                 ? "host_cdrom"
                                                                : "host_device");
    put_str(j, "filename", path);
    if (d->io != DISK_IO_NONE)
        put_str(j, "aio",
                d->io == DISK_IO_NATIVE    ? "native"
                : d->io == DISK_IO_THREADS ? "threads"
                                           : "io_uring");
    put_printf(j, "node-name", "libvirt-%llu-storage", (unsigned long long)index);
    cache_of(j, d->cache);
    put_bool(j, "auto-read-only", true);
    put_str(j, "discard", "unmap");
    out_json(o, "-blockdev", j);
}

static bool format_is_safe(const char *f)
{
    return strspn(f, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(f);
}

static bool format_has_backing(const char *f)
{
    return str_eq(f, "qcow2") || str_eq(f, "qed") || str_eq(f, "vmdk") || str_eq(f, "qcow");
}

// What the bytes mean. backing: index of the layer below, 0: the image says, or has none.
static int format_node(struct out *o, const struct domain_disk *d, uint64_t index,
                       const char *format, bool top, const struct disk_backing *below)
{
    struct json_object *j = json_object_new_object();
    if (!format)
        format = "raw";
    if (!format_is_safe(format)) {
        json_object_put(j);
        return out_unsupported(o, &d->dev, "<driver type='%s'>: not an image format", format);
    }
    put_printf(j, "node-name", "libvirt-%llu-format", (unsigned long long)index);
    put_bool(j, "read-only", !top || d->readonly || d->device == DISK_DEVICE_CDROM);
    put_str_opt(j, "discard", discard_name(d->discard));
    if (top) {
        put_str_opt(j, "detect-zeroes",
                    d->detect_zeroes == DISK_ZEROES_NONE  ? NULL
                    : d->detect_zeroes == DISK_ZEROES_OFF ? "off"
                    : d->detect_zeroes == DISK_ZEROES_ON  ? "on"
                                                          : "unmap");
    }
    cache_of(j, d->cache);
    put_str(j, "driver", format);
    put_printf(j, "file", "libvirt-%llu-storage", (unsigned long long)index);
    if (below && format_has_backing(format)) {
        if (below->type == DISK_TYPE_NONE)
            json_object_object_add(j, "backing", NULL);
        else
            put_printf(j, "backing", "libvirt-%llu-format", opt_or(below->index, 0));
    }
    out_json(o, "-blockdev", j);
    return 0;
}

static int backing_nodes(struct out *o, const struct domain_disk *d, const struct disk_backing *b)
{
    if (!b || b->type == DISK_TYPE_NONE)
        return 0;
    if (!b->index.set)
        return out_internal(o, &d->dev, "a backing layer has no number");
    if (backing_nodes(o, d, b->next) < 0)
        return -1;
    storage_node(o, d, b->index.value, b->type == DISK_TYPE_BLOCK ? b->dev : b->file, b->type);
    return format_node(o, d, b->index.value, b->format, false, b->next);
}

// Caller frees the name of the node to plug in; NULL: an empty drive.
static int image_nodes(struct out *o, const struct domain_disk *d, char **node)
{
    const char *path = d->type == DISK_TYPE_BLOCK ? d->source_dev : d->source_file;
    *node = NULL;
    if (!path) {
        if (d->device == DISK_DEVICE_CDROM || d->device == DISK_DEVICE_FLOPPY)
            return 0;
        return out_unsupported(o, &d->dev, "disk '%s' has no <source>", d->target);
    }
    if (!d->source_index.set)
        return out_internal(o, &d->dev, "the image has no number");
    unsigned long long n = d->source_index.value;
    if (backing_nodes(o, d, d->backing) < 0)
        return -1;
    storage_node(o, d, n, path, d->type);
    if (format_node(o, d, n, d->driver_format, true, d->backing) < 0)
        return -1;
    *node = xasprintf("libvirt-%llu-format", n);
    if (d->copy_on_read == TOGGLE_YES) {
        struct json_object *j = json_driver("copy-on-read");
        put_printf(j, "node-name", "libvirt-CoR-%s", d->target);
        put_str(j, "file", *node);
        out_json(o, "-blockdev", j);
        free(*node);
        *node = xasprintf("libvirt-CoR-%s", d->target);
    }
    return 0;
}

static const char *policy_name(enum disk_error_policy p)
{
    switch (p) {
    case DISK_ERROR_STOP:
        return "stop";
    case DISK_ERROR_REPORT:
        return "report";
    case DISK_ERROR_IGNORE:
        return "ignore";
    case DISK_ERROR_ENOSPACE:
        return "enospc";
    default:
        return NULL;
    }
}

static int put_geometry(struct out *o, struct json_object *j, const struct domain_disk *d)
{
    static const char *const trans[] = {
        [DISK_TRANS_AUTO] = "auto", [DISK_TRANS_LBA] = "lba", [DISK_TRANS_PLAIN] = "none"};
    if (!d->cyls.set)
        return 0;
    if (d->bus == DISK_BUS_USB || d->bus == DISK_BUS_FDC || d->device != DISK_DEVICE_DISK)
        return out_unsupported(o, &d->dev,
                               "<geometry> is for hard disks on ide, sata, scsi or "
                               "virtio");
    put_opt(j, "cyls", d->cyls);
    put_opt(j, "heads", d->heads);
    put_opt(j, "secs", d->secs);
    if (d->trans != DISK_TRANS_NONE && (d->bus == DISK_BUS_IDE || d->bus == DISK_BUS_SATA))
        put_str(j, "bios-chs-trans", trans[d->trans]);
    else if (d->trans != DISK_TRANS_NONE)
        return out_unsupported(o, &d->dev, "<geometry trans=> is for ide and sata disks");
    return 0;
}

// What every kind of drive takes.
static int put_common(struct out *o, struct json_object *j, const struct domain_disk *d,
                      const char *node, bool with_boot)
{
    bool floppy = d->bus == DISK_BUS_FDC;
    if (d->shareable)
        put_bool(j, "share-rw", true);
    put_str_opt(j, "drive", node);
    put_str(j, "id", d->dev.alias);
    if (with_boot && boot_index(o, &d->dev))
        put_uint(j, "bootindex", boot_index(o, &d->dev));
    if (d->removable != TOGGLE_UNSET && d->bus == DISK_BUS_SCSI && d->device == DISK_DEVICE_DISK)
        put_toggle(j, "removable", d->removable);
    put_opt(j, "logical_block_size", d->logical_block_size);
    put_opt(j, "physical_block_size", d->physical_block_size);
    put_opt(j, "discard_granularity", d->discard_granularity);
    if (d->wwn) {
        uint64_t wwn = 0;
        if (str_to_u64(d->wwn, 16, UINT64_MAX, &wwn) < 0)
            return out_unsupported(o, &d->dev, "<wwn>%s</wwn>: not 16 hexadecimal digits", d->wwn);
        put_uint(j, "wwn", wwn);
    }
    if (d->rotation_rate.set && d->device == DISK_DEVICE_DISK)
        put_opt(j, "rotation_rate", d->rotation_rate);
    put_str_opt(j, "vendor", d->vendor);
    put_str_opt(j, "product", d->product);
    put_str_opt(j, "serial", d->serial);
    if (d->cache > DISK_CACHE_DEFAULT)
        put_str(j, "write-cache",
                d->cache == DISK_CACHE_WRITETHROUGH || d->cache == DISK_CACHE_DIRECTSYNC ? "off"
                                                                                         : "on");
    if (!floppy) {
        put_str_opt(j, "werror", policy_name(d->error_policy));
        put_str_opt(j, "rerror",
                    policy_name(d->rerror_policy != DISK_ERROR_NONE      ? d->rerror_policy
                                : d->error_policy == DISK_ERROR_ENOSPACE ? DISK_ERROR_NONE
                                                                         : d->error_policy));
    }
    return put_geometry(o, j, d);
}

static int finish(struct out *o, const struct domain_disk *d, struct json_object *j,
                  const char *node)
{
    if (put_common(o, j, d, node, true) < 0) {
        json_object_put(j);
        return -1;
    }
    return out_device(o, &d->dev, j);
}

static int build_virtio(struct out *o, const struct domain_disk *d, const char *node)
{
    static const char *const models[] = {[DISK_MODEL_VIRTIO] = "virtio",
                                         [DISK_MODEL_VIRTIO_TRANSITIONAL] = "virtio-transitional",
                                         [DISK_MODEL_VIRTIO_NON_TRANSITIONAL] =
                                             "virtio-non-transitional"};
    AUTO_FREE char *driver = virtio_driver("virtio-blk-pci", models[d->model]);
    if (d->device != DISK_DEVICE_DISK)
        return out_unsupported(o, &d->dev, "a %s cannot be on the virtio bus; use sata or scsi",
                               disk_device_name(d->device));
    struct json_object *j = json_driver(driver);
    put_toggle(j, "ioeventfd", d->ioeventfd);
    put_toggle(j, "event_idx", d->event_idx);
    put_virtio(j, &d->virtio);
    if (d->iothread.set)
        put_printf(j, "iothread", "iothread%llu", opt_or(d->iothread, 1));
    put_opt(j, "num-queues", d->queues);
    put_opt(j, "queue-size", d->queue_size);
    if (put_address(o, j, &d->dev) < 0) {
        json_object_put(j);
        return -1;
    }
    return finish(o, d, j, node);
}

static int build_ide(struct out *o, const struct domain_disk *d, const char *node)
{
    const struct device_address *a = &d->dev.address;
    bool sata = d->bus == DISK_BUS_SATA;
    const struct domain_controller *c =
        controller_find(o->def, sata ? CONTROLLER_SATA : CONTROLLER_IDE, opt_or(a->controller, 0));
    if (!c || (d->bus == DISK_BUS_IDE && o->chipset == CHIPSET_Q35))
        return out_unsupported(o, &d->dev, "machine '%s' has no %s controller %llu; use %s",
                               o->def->os.machine, disk_bus_name(d->bus), opt_or(a->controller, 0),
                               o->chipset == CHIPSET_Q35 ? "bus='sata'" : "another bus");
    if (!sata && opt_or(a->controller, 0))
        return out_unsupported(o, &d->dev, "there is only one IDE controller, for hda to hdd");
    struct json_object *j = json_driver(d->device == DISK_DEVICE_CDROM ? "ide-cd" : "ide-hd");
    if (sata) {
        put_printf(j, "bus", "%s.%llu", c->dev.alias, opt_or(a->unit, 0));
    } else {
        put_printf(j, "bus", "ide.%llu", opt_or(a->bus, 0));
        put_uint(j, "unit", opt_or(a->unit, 0));
    }
    return finish(o, d, j, node);
}

static int build_scsi(struct out *o, const struct domain_disk *d, const char *node)
{
    const struct device_address *a = &d->dev.address;
    unsigned long long n = opt_or(a->controller, 0);
    const struct domain_controller *c = controller_find(o->def, CONTROLLER_SCSI, n);
    if (!c)
        return out_unsupported(o, &d->dev, "there is no SCSI controller %llu", n);
    if (d->device == DISK_DEVICE_LUN)
        return out_unsupported(o, &d->dev, "device='lun' (SCSI passthrough) is not provided yet");
    struct json_object *j = json_driver(d->device == DISK_DEVICE_CDROM ? "scsi-cd" : "scsi-hd");
    put_printf(j, "bus", "%s.%llu", c->dev.alias,
               c->model == SCSI_LSILOGIC ? 0 : opt_or(a->bus, 0));
    if (c->model == SCSI_LSILOGIC) { // narrow: the unit is the SCSI id
        put_uint(j, "scsi-id", opt_or(a->unit, 0));
    } else {
        put_uint(j, "channel", 0);
        put_uint(j, "scsi-id", opt_or(a->target, 0));
        put_uint(j, "lun", opt_or(a->unit, 0));
    }
    put_printf(j, "device_id", "drive-%s", d->dev.alias);
    return finish(o, d, j, node);
}

static int build_usb(struct out *o, const struct domain_disk *d, const char *node)
{
    bool cdrom = d->device == DISK_DEVICE_CDROM;
    struct json_object *j = json_driver(cdrom ? "usb-bot" : "usb-storage");
    if (put_address(o, j, &d->dev) < 0) {
        json_object_put(j);
        return -1;
    }
    if (!cdrom) {
        put_bool(j, "removable", d->removable == TOGGLE_YES);
        return finish(o, d, j, node);
    }
    // usb-storage cannot be a CD drive: the bare transport, with a SCSI drive on it.
    put_printf(j, "id", "%s-bot", d->dev.alias);
    if (out_device(o, &d->dev, j) < 0)
        return -1;
    j = json_driver("scsi-cd");
    put_printf(j, "bus", "%s-bot.0", d->dev.alias);
    put_uint(j, "scsi-id", 0);
    put_uint(j, "lun", 0);
    return finish(o, d, j, node);
}

static int build_floppy(struct out *o, const struct domain_disk *d, const char *node)
{
    const struct device_address *a = &d->dev.address;
    if (o->chipset == CHIPSET_OTHER || opt_or(a->controller, 0))
        return out_unsupported(o, &d->dev, "there is one floppy controller, for fda and fdb");
    if (boot_index(o, &d->dev))
        out_arg(o, "-global", "isa-fdc.bootindex%c=%u", opt_or(a->unit, 0) ? 'B' : 'A',
                boot_index(o, &d->dev));
    struct json_object *j = json_driver("floppy");
    if (o->chipset == CHIPSET_Q35)
        put_str(j, "bus", "fdc0.0");
    put_uint(j, "unit", opt_or(a->unit, 0));
    if (put_common(o, j, d, node, false) < 0) {
        json_object_put(j);
        return -1;
    }
    return out_device(o, &d->dev, j);
}

static int build(struct out *o, const struct device *dev)
{
    const struct domain_disk *d = (const struct domain_disk *)dev;
    AUTO_FREE char *node = NULL;
    if (image_nodes(o, d, &node) < 0)
        return -1;
    switch (d->bus) {
    case DISK_BUS_VIRTIO:
        return build_virtio(o, d, node);
    case DISK_BUS_IDE:
    case DISK_BUS_SATA:
        return build_ide(o, d, node);
    case DISK_BUS_SCSI:
        return build_scsi(o, d, node);
    case DISK_BUS_USB:
        return build_usb(o, d, node);
    case DISK_BUS_FDC:
        return o->steps ? out_unsupported(o, dev, "floppies cannot be plugged in or out")
                        : build_floppy(o, d, node);
    default:
        return out_unsupported(o, dev, "bus '%s' is not provided on x86", disk_bus_name(d->bus));
    }
}

// ---- the rest of the class

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
        if ((*it)->type == CONTROLLER_SCSI &&
            opt_or((*it)->index, 0) == opt_or(d->dev.address.controller, 0))
            return (*it)->model != SCSI_LSILOGIC;
    return true;
}

static char *name(const struct domain_def *def, const struct device *dev)
{
    const struct domain_disk *d = (const struct domain_disk *)dev;
    const struct device_address *a = &dev->address;
    const char *bus = disk_bus_name(d->bus);
    if (a->type != ADDRESS_DRIVE)
        return xasprintf("%s-disk%u", bus, target_number(d->target));
    if (d->bus == DISK_BUS_SCSI && wide_scsi(def, d))
        return xasprintf("scsi%llu-%llu-%llu-%llu", opt_or(a->controller, 0), opt_or(a->bus, 0),
                         opt_or(a->target, 0), opt_or(a->unit, 0));
    return xasprintf("%s%llu-%llu-%llu", bus, opt_or(a->controller, 0), opt_or(a->bus, 0),
                     opt_or(a->unit, 0));
}

static enum device_bus bus(const struct domain_def *def, const struct device *dev)
{
    const struct domain_disk *d = (const struct domain_disk *)dev;
    (void)def;
    switch (d->bus) {
    case DISK_BUS_VIRTIO:
        return d->model == DISK_MODEL_VIRTIO_TRANSITIONAL ? BUS_PCI : BUS_PCIE;
    case DISK_BUS_USB:
        return BUS_USB;
    case DISK_BUS_IDE:
    case DISK_BUS_SATA:
    case DISK_BUS_SCSI:
    case DISK_BUS_FDC:
        return BUS_DRIVE;
    default:
        return BUS_NONE;
    }
}

static const char *path_of(const struct domain_disk *d)
{
    return d->source_file ? d->source_file : d->source_dev;
}

// The medium of a drive.
static int update(struct out *o, const struct device *old, const struct device *now)
{
    const struct domain_disk *a = (const struct domain_disk *)old;
    const struct domain_disk *b = (const struct domain_disk *)now;
    if (a->device != DISK_DEVICE_CDROM && a->device != DISK_DEVICE_FLOPPY)
        return error_set(o->err, ERROR_OPERATION_UNSUPPORTED, AREA_QEMU,
                         "only the medium of a cdrom or floppy can be "
                         "changed while domain '%s' runs, not disk '%s'; change the stored "
                         "definition (--config)",
                         o->def->name, a->target);
    struct json_object *j = json_object_new_object();
    put_str(j, "id", old->alias);
    put_bool(j, "force", true);
    if (path_of(b)) {
        put_str(j, "filename", path_of(b));
        put_str(j, "format", b->driver_format ? b->driver_format : "raw");
    }
    out_step(o, path_of(b) ? "blockdev-change-medium" : "eject", j);
    return 0;
}

static bool is_meant(const struct device *dev, const struct device *wanted)
{
    return str_eq(((const struct domain_disk *)dev)->target,
                  ((const struct domain_disk *)wanted)->target);
}

static void files(const struct device *dev, struct device_files *ret)
{
    const struct domain_disk *d = (const struct domain_disk *)dev;
    struct device_file image = {.path = path_of(d),
                                .write = !d->readonly && d->device != DISK_DEVICE_CDROM,
                                .optional = d->startup == DISK_STARTUP_OPTIONAL,
                                .what = "disk"};
    if (image.path)
        vec_push(ret, image);
    for (const struct disk_backing *b = d->backing; b; b = b->next) {
        struct device_file layer = {
            .path = b->file ? b->file : b->dev, .optional = image.optional, .what = "backing file"};
        if (layer.path)
            vec_push(ret, layer);
    }
}

static enum boot_dev boot(const struct device *dev)
{
    switch (((const struct domain_disk *)dev)->device) {
    case DISK_DEVICE_CDROM:
        return BOOT_CDROM;
    case DISK_DEVICE_FLOPPY:
        return BOOT_FLOPPY;
    default:
        return BOOT_DISK;
    }
}

static void capabilities(struct domcaps *d)
{
    const struct qemu_caps *c = d->in->caps;
    bool pc = d->chipset == CHIPSET_I440FX || d->chipset == CHIPSET_ISA;
    bool x86 = pc || d->chipset == CHIPSET_Q35;
    domcaps_open(d, "disk", true);
    domcaps_enum(d, "diskDevice");
    domcaps_value(d, true, "disk");
    domcaps_value(d, true, "cdrom");
    domcaps_value(d, x86, "floppy");
    domcaps_enum(d, "bus");
    domcaps_value(d, pc && qemu_caps_has_device(c, "ide-hd"), "ide");
    domcaps_value(d, x86, "fdc");
    domcaps_value(d, qemu_caps_has_device(c, "scsi-hd"), "scsi");
    domcaps_value(d, qemu_caps_has_device(c, "virtio-blk-pci"), "virtio");
    domcaps_value(d, qemu_caps_has_device(c, "usb-storage"), "usb");
    domcaps_value(d, qemu_caps_has_device(c, "ahci") || qemu_caps_has_device(c, "ich9-ahci"),
                  "sata");
    domcaps_enum(d, "model");
    domcaps_value(d, true, "virtio");
    domcaps_close(d, "disk");
}

const struct device_class disk_class = {
    .name = name,
    .order = {[ORDER_BUILD] = 30, [ORDER_PCI] = 40, [ORDER_USB] = 20},
    .bus = bus,
    .build = build,
    .plug = true,
    .unplug = true,
    .update = update,
    .is_meant = is_meant,
    .files = files,
    .boot = boot,
    .capabilities = capabilities,
};
