// SPDX-License-Identifier: LGPL-2.1-or-later
// <hub> of a domain.
#pragma once

#include "schemas/domain/device.h"

struct domain_hub {
    struct device dev;
    char *type; // "usb"
};
