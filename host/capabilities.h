// SPDX-License-Identifier: GPL-2.0-or-later
// The <capabilities> document: plain facts in, text out. Nothing here suspends or reads anything.
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
