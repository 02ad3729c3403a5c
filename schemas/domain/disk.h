// SPDX-License-Identifier: LGPL-2.1-or-later
// <disk> of a domain.
#pragma once

#include "schemas/domain/device.h"

enum disk_type { DISK_TYPE_NONE, DISK_TYPE_FILE, DISK_TYPE_BLOCK, DISK_TYPE_VOLUME };
enum disk_device {
    DISK_DEVICE_NONE,
    DISK_DEVICE_DISK,
    DISK_DEVICE_CDROM,
    DISK_DEVICE_FLOPPY,
    DISK_DEVICE_LUN
};
enum disk_bus {
    DISK_BUS_NONE,
    DISK_BUS_IDE,
    DISK_BUS_FDC,
    DISK_BUS_SCSI,
    DISK_BUS_VIRTIO,
    DISK_BUS_USB,
    DISK_BUS_SATA,
    DISK_BUS_SD
};
enum disk_model {
    DISK_MODEL_NONE,
    DISK_MODEL_VIRTIO,
    DISK_MODEL_VIRTIO_TRANSITIONAL,
    DISK_MODEL_VIRTIO_NON_TRANSITIONAL
};
enum disk_cache {
    DISK_CACHE_NONE_GIVEN,
    DISK_CACHE_DEFAULT,
    DISK_CACHE_OFF, // cache='none'
    DISK_CACHE_WRITETHROUGH,
    DISK_CACHE_WRITEBACK,
    DISK_CACHE_DIRECTSYNC,
    DISK_CACHE_UNSAFE
};
enum disk_io { DISK_IO_NONE, DISK_IO_NATIVE, DISK_IO_THREADS, DISK_IO_URING };
enum disk_discard { DISK_DISCARD_NONE, DISK_DISCARD_UNMAP, DISK_DISCARD_IGNORE };
enum disk_zeroes { DISK_ZEROES_NONE, DISK_ZEROES_OFF, DISK_ZEROES_ON, DISK_ZEROES_UNMAP };
enum disk_error_policy {
    DISK_ERROR_NONE,
    DISK_ERROR_STOP,
    DISK_ERROR_REPORT,
    DISK_ERROR_IGNORE,
    DISK_ERROR_ENOSPACE
};
enum disk_startup {
    DISK_STARTUP_NONE,
    DISK_STARTUP_MANDATORY,
    DISK_STARTUP_REQUISITE,
    DISK_STARTUP_OPTIONAL
};
enum disk_tray { DISK_TRAY_NONE, DISK_TRAY_CLOSED, DISK_TRAY_OPEN };
enum disk_copy_on_read { DISK_COR_NONE, DISK_COR_ON, DISK_COR_OFF };
enum disk_geometry_trans { DISK_TRANS_NONE, DISK_TRANS_AUTO, DISK_TRANS_LBA, DISK_TRANS_PLAIN };

// One layer below a disk: <backingStore>. type NONE ends the chain: <backingStore/>.
struct disk_backing {
    enum disk_type type;
    struct opt_uint index; // live
    char *format;
    char *file, *dev;
    struct disk_backing *next;
};

struct domain_disk {
    struct device dev;
    enum disk_type type;
    enum disk_device device; // default disk
    enum disk_model model;
    char *driver_name;   // "qemu"
    char *driver_format; // <driver type=>: "raw", "qcow2", ...; NULL: raw
    enum disk_cache cache;
    enum disk_io io;
    enum disk_error_policy error_policy, rerror_policy;
    enum disk_discard discard;
    enum disk_zeroes detect_zeroes;
    enum toggle copy_on_read, ioeventfd, event_idx;
    struct opt_uint iothread, queues, queue_size;
    struct virtio_options virtio;
    char *source_file;                 // type file; NULL: empty drive
    char *source_dev;                  // type block
    char *source_pool, *source_volume; // type volume: a running guest's is of type file
    enum disk_startup startup;
    struct opt_uint source_index; // live
    struct disk_backing *backing; // live unless the user gave it
    char *target;                 // "vda"
    enum disk_bus bus;            // from target's name when not given
    enum disk_tray tray;
    enum toggle removable;
    struct opt_uint rotation_rate;
    struct opt_uint logical_block_size, physical_block_size, discard_granularity; // <blockio>
    struct opt_uint cyls, heads, secs;
    enum disk_geometry_trans trans;
    bool readonly, shareable;
    char *serial, *wwn, *vendor, *product;
};

const char *disk_bus_name(enum disk_bus bus);
const char *disk_device_name(enum disk_device device);
// "hda" is 0, "sdaa" is 26; -1 for a name of another shape.
int64_t disk_target_index(const char *target);
