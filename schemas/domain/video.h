// SPDX-License-Identifier: LGPL-2.1-or-later
// <video> of a domain.
#pragma once

#include "schemas/domain/device.h"

struct domain_video {
    struct device dev;
    char *model; // "vga", "cirrus", "qxl", "virtio", "bochs", "ramfb", "none"
    struct opt_uint ram_kib, vram_kib, vram64_kib, vgamem_kib, heads;
    enum toggle primary, blob;
    enum toggle accel3d;
    struct opt_uint res_x, res_y;
    struct virtio_options virtio;
};
