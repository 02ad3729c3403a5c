// SPDX-License-Identifier: GPL-2.0-or-later
// A document parsed, filled in and checked, for tests that need no addresses.
#pragma once

#include <string.h>
#include "schemas/domain/def.h"

static inline void domain_load_fill(struct domain_def *def)
{
    bool i386 = def->os.arch && strcmp(def->os.arch, "i686") == 0;
    struct domain_defaults defaults = {
        .arch = "x86_64",
        .emulator = i386 ? "/usr/bin/qemu-system-i386" : "/usr/bin/qemu-system-x86_64",
    };
    domain_def_fill(def, &defaults);
}

static inline struct domain_def *domain_load(const char *xml, unsigned flags, struct error *err)
{
    struct domain_def *def = domain_def_parse(xml, strlen(xml), flags, err);
    if (!def)
        return NULL;
    domain_load_fill(def);
    if (domain_def_check(def, err) == 0)
        return def;
    domain_def_destroy(def);
    return NULL;
}
