// SPDX-License-Identifier: LGPL-2.1-or-later
// How disks and controllers stand in the domain document, and what every device has.
#include "schemas/domain/internal.h"

// ---- every device

#define S struct device_address
static const struct doc_row address_rows[] = {
    D_ENUM(ATTR, "type", type, &address_type_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_HEX(ATTR, "domain", domain, 4, 0xffffffff, .when = DOC_BIT(ADDRESS_PCI), .def = "0"),
    D_UINT(ATTR, "controller", controller, 0, 0xffffffff,
           .when = DOC_BIT(ADDRESS_DRIVE) | DOC_BIT(ADDRESS_VIRTIO_SERIAL) | DOC_BIT(ADDRESS_CCID),
           .def = "0"),
    D_HEX(ATTR, "bus", bus, 2, 0xff, .when = DOC_BIT(ADDRESS_PCI), .def = "0"),
    D_UINT(ATTR, "bus", bus, 0, 0xffffffff,
           .when = DOC_BIT(ADDRESS_DRIVE) | DOC_BIT(ADDRESS_VIRTIO_SERIAL) | DOC_BIT(ADDRESS_USB),
           .def = "0"),
    D_HEX(ATTR, "slot", slot, 2, 0x1f, .when = DOC_BIT(ADDRESS_PCI), .def = "0"),
    D_HEX(ATTR, "function", function, 1, 7, .when = DOC_BIT(ADDRESS_PCI), .def = "0"),
    D_ONOFF(ATTR, "multifunction", multifunction, .when = DOC_BIT(ADDRESS_PCI)),
    D_UINT(ATTR, "target", target, 0, 0xffffffff, .when = DOC_BIT(ADDRESS_DRIVE), .def = "0"),
    D_UINT(ATTR, "unit", unit, 0, 0xffffffff, .when = DOC_BIT(ADDRESS_DRIVE), .def = "0"),
    D_UINT(ATTR, "port", serial_port, 0, 0xffffffff, .when = DOC_BIT(ADDRESS_VIRTIO_SERIAL),
           .def = "0"),
    D_TOKEN(ATTR, "port", usb_port, .when = DOC_BIT(ADDRESS_USB)),
    D_UINT(ATTR, "slot", ccid_slot, 0, 0xffffffff, .when = DOC_BIT(ADDRESS_CCID), .def = "0"),
    D_HEX(ATTR, "iobase", iobase, 1, 0xffffffff, .when = DOC_BIT(ADDRESS_ISA)),
    D_HEX(ATTR, "irq", irq, 1, 0xffffffff, .when = DOC_BIT(ADDRESS_ISA)),
    D_HEX(ATTR, "cssid", cssid, 1, 0xfe, .when = DOC_BIT(ADDRESS_CCW)),
    D_HEX(ATTR, "ssid", ssid, 1, 3, .when = DOC_BIT(ADDRESS_CCW)),
    D_HEX(ATTR, "devno", devno, 4, 0xffff, .when = DOC_BIT(ADDRESS_CCW)),
    D_HEX(ATTR, "reg", reg, 8, INT64_MAX, .when = DOC_BIT(ADDRESS_SPAPR_VIO)),
};
static const struct doc_type address_doc =
    DOC_TYPE("address", S, address_rows, DOC_TAGGED(S, type, &address_type_values));
#undef S

static bool is_own_alias(const void *obj)
{
    const struct device *dev = obj;
    return dev->alias && str_starts(dev->alias, "ua-");
}

#define S struct device
static const struct doc_row alias_rows[] = {
    D_TOKEN(ATTR, "name", alias, .flags = DOC_LIVE, .keep = is_own_alias),
};
static const struct doc_type alias_doc = DOC_TYPE("alias", S, alias_rows);
static const struct doc_row tail_rows[] = {
    D_ELEM("alias", &alias_doc),
    D_ELEM_AT("address", &address_doc, address),
};
const struct doc_type device_tail_doc = DOC_TYPE("deviceTail", S, tail_rows);

static const struct doc_row boot_order_rows[] = {
    D_UINT(ATTR, "order", boot_order, 1, 0x7fffffff, .flags = DOC_REQUIRED),
};
static const struct doc_type boot_order_doc = DOC_TYPE("bootOrder", S, boot_order_rows);
static const struct doc_row boot_rows[] = {
    D_ELEM("boot", &boot_order_doc),
};
const struct doc_type device_boot_doc = DOC_TYPE("deviceBoot", S, boot_rows);
#undef S

#define S struct virtio_options
static const struct doc_row virtio_rows[] = {
    D_ONOFF(ATTR, "iommu", iommu),
    D_ONOFF(ATTR, "ats", ats),
    D_ONOFF(ATTR, "packed", packed),
    D_ONOFF(ATTR, "page_per_vq", page_per_vq),
};
const struct doc_type virtio_options_doc = DOC_TYPE("virtioOptions", S, virtio_rows);
#undef S

// ---- disk

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
const struct doc_type disk_doc =
    DEVICE_DOC("disk", S, disk_rows, DEVICE_DISK, DOC_TAGGED(S, type, &disk_type_values));
#undef S

// ---- controller

#define S           struct domain_controller
#define WHEN(type_) .when = DOC_BIT(CONTROLLER_##type_)
static const struct doc_row pci_model_rows[] = {
    D_TOKEN(ATTR, "name", pci_model, .flags = DOC_REQUIRED),
};
static const struct doc_type pci_model_doc = DOC_TYPE("controllerModel", S, pci_model_rows);

static const struct doc_row numa_node_rows[] = {
    D_UINT(TEXT, NULL, pci_numa_node, 0, 0xff, .flags = DOC_REQUIRED),
};
static const struct doc_type numa_node_doc = DOC_TYPE("controllerNode", S, numa_node_rows);
static const struct doc_row pci_target_rows[] = {
    D_UINT(ATTR, "chassisNr", pci_chassis_nr, 1, 255),
    D_UINT(ATTR, "chassis", pci_chassis, 0, 255),
    D_HEX(ATTR, "port", pci_port, 1, 255),
    D_UINT(ATTR, "busNr", pci_bus_nr, 1, 254),
    D_ONOFF(ATTR, "hotplug", pci_hotplug),
    D_ELEM("node", &numa_node_doc),
};
static const struct doc_type pci_target_doc = DOC_TYPE("controllerTarget", S, pci_target_rows);

static const struct doc_row controller_driver_rows[] = {
    D_UINT(ATTR, "queues", queues, 1, 0xffff),
    D_UINT(ATTR, "cmd_per_lun", cmd_per_lun, 1, 0xffffffff),
    D_UINT(ATTR, "max_sectors", max_sectors, 1, 0xffffffff),
    D_ONOFF(ATTR, "ioeventfd", ioeventfd),
    D_UINT(ATTR, "iothread", iothread, 1, 0xffffffff),
    D_INCLUDE(&virtio_options_doc, virtio),
};
static const struct doc_type controller_driver_doc =
    DOC_TYPE("controllerDriver", S, controller_driver_rows);

static const struct doc_row master_rows[] = {
    D_UINT(ATTR, "startport", startport, 0, 255, .flags = DOC_REQUIRED),
};
static const struct doc_type master_doc = DOC_TYPE("controllerMaster", S, master_rows);

static const struct doc_row controller_rows[] = {
    D_ENUM(ATTR, "type", type, &controller_type_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_UINT(ATTR, "index", index, 0, 0x7fffffff),
    D_ENUM(ATTR, "model", model, &usb_model_values, WHEN(USB)),
    D_ENUM(ATTR, "model", model, &scsi_model_values, WHEN(SCSI)),
    D_ENUM(ATTR, "model", model, &pci_model_values, WHEN(PCI)),
    D_ENUM(ATTR, "model", model, &ide_model_values, WHEN(IDE)),
    D_ENUM(ATTR, "model", model, &virtio_serial_model_values, WHEN(VIRTIO_SERIAL)),
    D_UINT(ATTR, "ports", ports, 0, 255, .when = DOC_BIT(CONTROLLER_USB)),
    D_UINT(ATTR, "ports", ports, 0, 0x7fffffff, .when = DOC_BIT(CONTROLLER_VIRTIO_SERIAL)),
    D_UINT(ATTR, "vectors", vectors, 0, 0x7fffffff, .when = DOC_BIT(CONTROLLER_VIRTIO_SERIAL)),
    D_ELEM("model", &pci_model_doc, WHEN(PCI)),
    D_ELEM("target", &pci_target_doc, WHEN(PCI)),
    D_KIB(LEAF, "pcihole64", pcihole64_kib, WHEN(PCI)),
    D_ELEM("driver", &controller_driver_doc),
    D_ELEM("master", &master_doc, WHEN(USB)),
    D_INCLUDE(&device_tail_doc, dev),
};
const struct doc_type controller_doc =
    DEVICE_DOC("controller", S, controller_rows, DEVICE_CONTROLLER,
               DOC_TAGGED(S, type, &controller_type_values));
#undef WHEN
#undef S
