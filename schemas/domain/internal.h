// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of the domain document share.
#pragma once

#include "schemas/doc/doc.h"
#include "schemas/domain/def.h"

// A definition being filled in.
struct domain_fill {
    struct domain_def *def;
    const struct domain_defaults *defaults;
    bool uuid_is_new;  // the document gives none
    bool x86, q35, pc; // of the machine type, set by the part os; pc: i440fx
};

// A part of the document; one constant in the part's own file, NAME_part. Its rows are of struct
// domain_def. fill and check may be NULL.
struct part_schema {
    struct doc_type doc;
    void (*fill)(struct domain_fill *f);
    int (*check)(const struct domain_def *def, struct error *err);
};

#define PART(name, member) extern const struct part_schema name##_part;
#include "schemas/domain/parts.def"

// A kind of device; one constant in the kind's own file, ELEMENT_schema. fill and check may be
// NULL.
struct device_schema {
    struct doc_type doc;
    void (*fill)(const struct domain_fill *f); // all devices of the kind, and adds implied ones
    int (*check)(const struct domain_def *def, const struct device *dev, struct error *err);
};

#define DEVICE_LIST(kind, element, type, member) extern const struct device_schema element##_schema;
#include "schemas/domain/devices.def"

// For checks: "domain 'NAME': ...", and with the device's line. Return -1.
int domain_fail(const struct domain_def *def, enum error_code code, struct error *err,
                const char *fmt, ...) PRINTF_LIKE(4, 5);
int device_fail(const struct domain_def *def, const struct device *dev, enum error_code code,
                struct error *err, const char *fmt, ...) PRINTF_LIKE(5, 6);

int device_check_virtio_model(const struct domain_def *def, const struct device *dev,
                              const char *model, struct error *err); // device.c

// A table whose struct starts with a struct device.
#define DEVICE_DOC(name, struct_, rows_, kind_, ...)                                               \
    DOC_TYPE(name, struct_, rows_, .kind = (kind_), .line_at = offsetof(struct device, line) + 1,  \
             ##__VA_ARGS__)

// device.c: tables that other devices include.
extern const struct doc_type device_tail_doc;    // <alias>, <address> of struct device
extern const struct doc_type device_boot_doc;    // <boot order=>
extern const struct doc_type virtio_options_doc; // attributes of <driver>
// chardev.c: type=, <source>, <protocol>, <log>
extern const struct doc_type chardev_source_doc;

extern const struct doc domain_doc;

unsigned domain_doc_flags(unsigned flags); // of enum domain_xml_flags; def.c

// known.c
enum { DOMAIN_NKNOWN = 311 };
extern const struct doc_known domain_known[DOMAIN_NKNOWN];
