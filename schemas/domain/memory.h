// SPDX-License-Identifier: LGPL-2.1-or-later
// <memoryBacking> of a domain.
#pragma once

#include "schemas/doc/value.h"

enum memory_source {
    MEMORY_SOURCE_NONE,
    MEMORY_SOURCE_FILE,
    MEMORY_SOURCE_ANONYMOUS,
    MEMORY_SOURCE_MEMFD
};
enum memory_access { MEMORY_ACCESS_NONE, MEMORY_ACCESS_SHARED, MEMORY_ACCESS_PRIVATE };
enum memory_allocation {
    MEMORY_ALLOCATION_NONE,
    MEMORY_ALLOCATION_IMMEDIATE,
    MEMORY_ALLOCATION_ONDEMAND
};
