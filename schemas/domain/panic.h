// SPDX-License-Identifier: LGPL-2.1-or-later
// <panic> of a domain.
#pragma once

#include "schemas/domain/device.h"

struct domain_panic {
    struct device dev;
    char *model; // "isa", "pvpanic", "hyperv", ...
};
