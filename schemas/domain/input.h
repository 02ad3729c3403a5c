// SPDX-License-Identifier: LGPL-2.1-or-later
// <input> of a domain.
#pragma once

#include "schemas/domain/device.h"

enum input_type { INPUT_NONE, INPUT_MOUSE, INPUT_TABLET, INPUT_KEYBOARD };
enum input_bus { INPUT_BUS_NONE, INPUT_BUS_PS2, INPUT_BUS_USB, INPUT_BUS_VIRTIO };

struct domain_input {
    struct device dev;
    enum input_type type;
    enum input_bus bus;
    char *model; // virtio, virtio-transitional, ...
    struct virtio_options virtio;
};
