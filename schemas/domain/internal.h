// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of the domain document share.
#pragma once

#include "schemas/doc/doc.h"
#include "schemas/domain/def.h"

// What a kind of device is made of; one constant in the kind's own file, ELEMENT_schema.
struct device_schema {
    struct doc_type doc; // its rows
};

#define DEVICE_LIST(kind, element, type, member) extern const struct device_schema element##_schema;
#include "schemas/domain/devices.def"

// A table whose struct starts with a struct device.
#define DEVICE_DOC(name, struct_, rows_, kind_, ...)                                               \
    DOC_TYPE(name, struct_, rows_, .kind = (kind_), .line_at = offsetof(struct device, line) + 1,  \
             ##__VA_ARGS__)

// device.c: tables that other devices include.
extern const struct doc_type device_tail_doc;    // <alias>, <address> of struct device
extern const struct doc_type device_boot_doc;    // <boot order=>
extern const struct doc_type virtio_options_doc; // attributes of <driver>
extern const struct doc_type devices_doc;
// chardev.c: type=, <source>, <protocol>, <log>
extern const struct doc_type chardev_source_doc;
extern const struct doc_enum serial_target_values;

extern const struct doc_type os_doc, features_doc, cpu_doc, clock_doc, domain_doc_type;
extern const struct doc_enum boot_dev_values;
extern const struct doc domain_doc;

unsigned domain_doc_flags(unsigned flags); // of enum domain_xml_flags; def.c

// fill.c: parts of domain_def_post_parse().
struct domain_fill {
    struct domain_def *def;
    bool x86, q35, pc; // pc: i440fx
};
void domain_fill_disks(const struct domain_fill *f);
void domain_fill_controllers(const struct domain_fill *f);
void domain_fill_interfaces(const struct domain_fill *f);
void domain_fill_chardevs(const struct domain_fill *f);

// known.c
enum { DOMAIN_NKNOWN = 311 };
extern const struct doc_known domain_known[DOMAIN_NKNOWN];
