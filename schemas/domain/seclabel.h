// SPDX-License-Identifier: LGPL-2.1-or-later
// <seclabel> of a domain.
#pragma once

#include "schemas/doc/value.h"

struct domain_seclabel {
    char *type; // "none", "dynamic", ...
    char *model;
    enum toggle relabel;
    char *label, *baselabel, *imagelabel;
};
