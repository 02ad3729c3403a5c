// SPDX-License-Identifier: LGPL-2.1-or-later
// <memballoon> of a domain.
#pragma once

#include "schemas/domain/device.h"

struct domain_memballoon {
    struct device dev;
    char *model; // "virtio", "virtio-transitional", "virtio-non-transitional", "none"
    enum toggle autodeflate, free_page_reporting;
    struct opt_uint stats_period_s;
    struct virtio_options virtio;
};
