// SPDX-License-Identifier: GPL-2.0-or-later
// A document parsed and completed as the supervisor does it, on a host that has Debian's emulators.
#pragma once

#include <string.h>

#include "qemu/complete.h"

static inline int fixture_complete(struct domain_def *def, const struct qemu_caps *caps,
                                   struct error *err)
{
    bool i386 = def->os.arch && strcmp(def->os.arch, "i686") == 0;
    struct complete_facts facts = {
        .arch = "x86_64",
        .emulator = i386 ? "/usr/bin/qemu-system-i386" : "/usr/bin/qemu-system-x86_64",
        .caps = caps,
    };
    return complete_definition(def, &facts, err);
}

// caps NULL: the emulator is not installed, so that names of machine types are kept as given.
static inline struct domain_def *fixture_parse(const char *xml, unsigned flags,
                                               const struct qemu_caps *caps, struct error *err)
{
    struct domain_def *def = domain_def_parse(xml, strlen(xml), flags, err);
    if (def && fixture_complete(def, caps, err) == 0)
        return def;
    domain_def_destroy(def);
    return NULL;
}
