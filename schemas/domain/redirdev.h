// SPDX-License-Identifier: LGPL-2.1-or-later
// <redirdev> of a domain: a USB device that the client of its display passes on.
#pragma once

#include "schemas/domain/chardev.h"

struct domain_redirdev {
    struct device dev;
    char *bus; // "usb"
    struct chardev_source source;
};
