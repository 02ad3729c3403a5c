// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain document as plain data: what the user stored, and what a running guest adds to it.
//
// Strings are owned and NULL when not given; enums are 0 when not given; numbers whose 0 would be
// meaningful are opt_uint. Fields marked "live" are shown and kept only with DOMAIN_XML_LIVE.
// Devices are separate heap objects, each starting with a struct device, so that one can be plugged
// in or out by moving a pointer. Their XML is described once, in the tables of each kind's own
// file.
#pragma once

#include <stddef.h>
#include "base/error.h"
#include "base/vec.h"
#include "schemas/doc/value.h"
#include "schemas/domain/audio.h"
#include "schemas/domain/chardev.h"
#include "schemas/domain/clock.h"
#include "schemas/domain/controller.h"
#include "schemas/domain/cpu.h"
#include "schemas/domain/device.h"
#include "schemas/domain/disk.h"
#include "schemas/domain/features.h"
#include "schemas/domain/graphics.h"
#include "schemas/domain/hub.h"
#include "schemas/domain/input.h"
#include "schemas/domain/interface.h"
#include "schemas/domain/lifecycle.h"
#include "schemas/domain/memballoon.h"
#include "schemas/domain/memory.h"
#include "schemas/domain/os.h"
#include "schemas/domain/panic.h"
#include "schemas/domain/qemu_commandline.h"
#include "schemas/domain/redirdev.h"
#include "schemas/domain/rng.h"
#include "schemas/domain/seclabel.h"
#include "schemas/domain/sound.h"
#include "schemas/domain/sysinfo.h"
#include "schemas/domain/tpm.h"
#include "schemas/domain/vcpu.h"
#include "schemas/domain/video.h"
#include "schemas/domain/watchdog.h"

enum domain_type { DOMAIN_TYPE_NONE, DOMAIN_TYPE_QEMU, DOMAIN_TYPE_KVM };

struct domain_def {
    enum domain_type type;
    struct opt_uint id; // live
    char *name;
    struct opt_uuid uuid; // always set after fill
    bool has_genid;
    struct opt_uuid genid; // not set: made at each start
    char *title, *description;
    char *metadata; // children of <metadata> as XML text

    uint64_t memory_kib, current_memory_kib; // both set after fill
    enum toggle dump_core;
    bool nosharepages, locked; // <memoryBacking>
    enum memory_source memory_source;
    enum memory_access memory_access;
    enum memory_allocation memory_allocation;

    uint64_t vcpus;                // the maximum; at least 1 after fill
    struct opt_uint vcpus_current; // when fewer are there at start
    enum vcpu_placement vcpu_placement;
    char *vcpu_cpuset;
    uint64_t iothreads;
    char *resource_partition; // kept; vireod chooses the guest's cgroup

    enum lifecycle_action on_poweroff, on_reboot, on_crash; // set after fill
    enum toggle suspend_to_mem, suspend_to_disk;

    char *emulator;
#define DEVICE_LIST(kind, element, type, member) VEC(struct type *) member;
#define DEVICE_ONE(kind, element, type, member)  struct type *member;
#include "schemas/domain/devices.def"

#define PART(name, member) member
#include "schemas/domain/parts.def"
    VEC(struct qemu_arg *) qemu_args; // <qemu:commandline>
    VEC(struct qemu_env *) qemu_env;
};

// ---- operations

enum domain_parse_flags {
    DOMAIN_PARSE_LIVE = 1 << 0,     // keep what belongs to a running guest (status files)
    DOMAIN_PARSE_VALIDATE = 1 << 1, // also against the RELAX NG: ERROR_XML_SCHEMA
};

enum domain_xml_flags {
    DOMAIN_XML_LIVE = 1 << 0,       // with id, aliases, ptys, ports, tap names
    DOMAIN_XML_SECURE = 1 << 1,     // with passwords
    DOMAIN_XML_STATE = 1 << 2,      // everything, for status files: LIVE | SECURE and more
    DOMAIN_XML_MIGRATABLE = 1 << 3, // without what a plain restart would work out again
};

// None of these suspends. ERROR_XML: malformed, wrong or missing; ERROR_CONFIG_UNSUPPORTED: libvirt
// has it, we don't; both name line, element and attribute. `xml` needs no terminator. The caller
// destroys.
struct domain_def *domain_def_parse(const char *xml, size_t len, unsigned flags, struct error *err);

// What the host decides where the document is silent. Members may be NULL.
struct domain_defaults {
    const char *arch; // "x86_64"
    const char
        *machine; // canonical name of the machine type that the document gives or leaves open
    const char *emulator; // path of the emulator for the document's arch
};

// Fills in what libvirt fills in: uuid, currentMemory, buses, implicit controllers and inputs,
// MACs, the console, balloon, actions, clock. Idempotent.
void domain_def_fill(struct domain_def *def, const struct domain_defaults *defaults);
// What the tables cannot see: names, ranges that depend on each other, duplicates. After
// domain_def_fill(). 0, or -1: ERROR_XML, ERROR_CONFIG_UNSUPPORTED.
int domain_def_check(const struct domain_def *def, struct error *err);

char *domain_def_format(const struct domain_def *def, unsigned flags); // caller frees
struct domain_def *domain_def_copy(const struct domain_def *def); // everything, live values too
void domain_def_destroy(struct domain_def *def);

// One element of def->metadata by its namespace, without it, as clients see it. NULL: none. Caller
// frees.
char *domain_metadata_get(const char *metadata, const char *uri);
// Puts `xml` (NULL: nothing) in the place of the element of namespace uri, with `key` as its
// prefix.
int domain_metadata_set(char **metadata, const char *key, const char *uri, const char *xml,
                        struct error *err);

// The RELAX NG of the domain document, from the same tables. Caller frees.
char *domain_doc_rng(void);
