// SPDX-License-Identifier: GPL-2.0-or-later
// The <capabilities> and <domainCapabilities> documents: plain facts in, text out. Nothing here
// suspends or looks at the machine.
#pragma once

#include <stdbool.h>
#include "base/str.h"
#include "base/uuid.h"
#include "host/node.h"
#include "host/qemu_caps.h"

// Guests of one architecture.
struct capabilities_guest {
    const char *arch; // libvirt's word; a binary for x86_64 also serves i686
    const struct qemu_caps *caps;
};

struct capabilities_input {
    struct uuid uuid;
    const char *arch; // the host's
    const struct node_info *info;
    const struct node_topology *topology;
    const struct node_cpu_model *cpu;
    bool iommu;
    const struct capabilities_guest *guests;
    size_t nguests;
};
char *capabilities_format(const struct capabilities_input *in); // caller frees

// libvirt's name for the newest processor model all of whose features the host has; NULL: none
// known.
const char *capabilities_cpu_model(const struct node_cpu_model *cpu);

// What the supervisor can make of a domain document beyond the basics (disks, VNC, user and network
// interfaces, serial lines), so that clients are offered that and no more.
struct domcaps_support {
    bool spice, hostdev, rng, filesystem, tpm, redirdev, channel;
    bool memory_backing;         // <memoryBacking> with <source>
    bool vmcoreinfo, genid, cpu; // cpu: <cpu> with its modes
};

struct domcaps_input {
    const struct qemu_caps *caps;
    const char *arch;
    const struct qemu_machine *machine;
    enum qemu_virt virt;
    const struct strv *loaders; // firmware images for this arch and machine
    bool efi, secure;           // among them: EFI, and EFI with secure boot
    struct domcaps_support support;
};
char *domcaps_format(const struct domcaps_input *in); // caller frees
