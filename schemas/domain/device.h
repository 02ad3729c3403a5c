// SPDX-License-Identifier: LGPL-2.1-or-later
// What all devices of a domain have in common, and the registry of their kinds.
#pragma once

#include <stddef.h>
#include "base/error.h"
#include "schemas/doc/value.h"

struct domain_def;

// The kinds, in the order of devices.def.
enum device_kind {
    DEVICE_NONE,
#define DEVICE_LIST(kind, element, type, member) DEVICE_##kind,
#include "schemas/domain/devices.def"
    DEVICE_KIND_COUNT
};

enum address_type {
    ADDRESS_NONE,
    ADDRESS_PCI,
    ADDRESS_DRIVE,
    ADDRESS_VIRTIO_SERIAL,
    ADDRESS_USB,
    ADDRESS_ISA
};

// Which numbers mean something depends on type; the others are not set.
struct device_address {
    enum address_type type;
    struct opt_uint domain, slot, function;   // pci
    struct opt_uint bus;                      // pci, drive, virtio-serial, usb
    enum toggle multifunction;                // pci
    struct opt_uint controller, target, unit; // drive; controller also virtio-serial
    struct opt_uint serial_port;              // virtio-serial
    char *usb_port;                           // usb: "1" or "1.2.3"
    struct opt_uint iobase, irq;              // isa
};

// First member of every device.
struct device {
    enum device_kind kind;
    unsigned line;              // where it is in the document; 0: made by vireod
    char *alias;                // live, but "ua-..." is the user's own and stays
    struct opt_uint boot_order; // <boot order='N'/>
    struct device_address address;
};

// <driver iommu= ats= packed= page_per_vq=> of virtio devices
struct virtio_options {
    enum toggle iommu, ats, packed, page_per_vq;
};

// What a definition holds: one device, or all of a kind (base/vec.h's shape).
struct device_list {
    struct device **v;
    size_t n, cap;
};

const char *address_type_name(enum address_type type);
const char *device_kind_name(enum device_kind kind); // its element: "disk"; "?" when out of range

// One device by itself, as attach, detach and update take and give it. Its kind is in it. See
// domain_def_parse() for errors.
struct device *domain_device_parse(const char *xml, size_t len, unsigned flags, struct error *err);
char *domain_device_format(const struct device *dev, unsigned flags);
struct device *domain_device_copy(const struct device *dev);
void domain_device_destroy(struct device *dev);

// Calls fn for every device in the order of the document until it returns non-zero; returns that.
int domain_def_each_device(const struct domain_def *def, int (*fn)(struct device *dev, void *arg),
                           void *arg);
// Puts a device at its place in the document; takes dev.
void domain_def_add_device(struct domain_def *def, struct device *dev);
// Puts a device in the place of one of its kind, which the caller owns again; takes new.
void domain_def_replace_device(struct domain_def *def, struct device *old, struct device *new);
// Takes a device out; the caller owns it again. 0, or -ENOENT when it is not there.
int domain_def_remove_device(struct domain_def *def, struct device *dev);
