// SPDX-License-Identifier: GPL-2.0-or-later
// The only way in which a definition becomes complete: what the document leaves open is filled in,
// the whole is checked, and devices get addresses. Checked before the addresses: the check speaks
// of what the user wrote, while a conflict of addresses may come from what was filled in.
// Idempotent. Pure.
#pragma once

#include "base/error.h"
#include "host/qemu_caps.h"
#include "schemas/domain/def.h"

// What a host decides where a document is silent. Members may be NULL.
struct complete_facts {
    const char *arch;             // the host's: "x86_64"
    const char *emulator;         // for the document's architecture
    const struct qemu_caps *caps; // of the emulator: names of machine types; NULL: kept as given
    const char *nvram_dir;        // where UEFI variables are kept; NULL: they are not named
};

// ERROR_XML or ERROR_CONFIG_UNSUPPORTED; def may then be half filled in.
int complete_definition(struct domain_def *def, const struct complete_facts *facts,
                        struct error *err);
// One device as it would be if it were part of def, but for its address, which the caller gives
// when it is to go into a running guest. The caller destroys *ret.
int complete_device(const struct domain_def *def, const struct device *wanted,
                    const struct complete_facts *facts, struct device **ret, struct error *err);
