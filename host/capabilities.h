// SPDX-License-Identifier: GPL-2.0-or-later
// Formats the <capabilities> document. Pure functions.
#pragma once

#include <stdbool.h>
#include "base/str.h"
#include "base/uuid.h"
#include "host/node.h"
#include "host/qemu_caps.h"

// A <guest> element: one architecture.
struct capabilities_guest {
    const char *arch; // libvirt's name; a binary for x86_64 also runs i686
    const struct qemu_caps *caps;
};

struct capabilities_input {
    struct uuid uuid;
    const char *arch; // of the host
    const struct node_info *info;
    const struct node_topology *topology;
    const struct node_cpu_model *cpu;
    bool iommu;
    const struct capabilities_guest *guests;
    size_t nguests;
};
char *capabilities_format(const struct capabilities_input *in); // caller frees

// libvirt's name of the newest processor model whose features the host has all; NULL: unknown.
const char *capabilities_cpu_model(const struct node_cpu_model *cpu);
