// SPDX-License-Identifier: LGPL-2.1-or-later
// <sysinfo> of a domain: what its firmware says about the machine.
#pragma once

#include "base/vec.h"
#include "schemas/doc/value.h"

enum sysinfo_type { SYSINFO_NONE, SYSINFO_SMBIOS, SYSINFO_FWCFG };

struct sysinfo_entry {
    char *name;  // NULL in <oemStrings>
    char *file;  // fwcfg: where the value is read from
    char *value; // see sysinfo_is_given()
};

// <bios>, <system>, ...: entries of different names, in libvirt's order after fill.
struct sysinfo_table {
    VEC(struct sysinfo_entry *) entries;
};

struct domain_sysinfo {
    enum sysinfo_type type;
    struct sysinfo_table bios, system;       // smbios
    VEC(struct sysinfo_table *) base_boards; // smbios
    struct sysinfo_table chassis;            // smbios
    VEC(struct sysinfo_entry *) oem_strings; // smbios
    VEC(struct sysinfo_entry *) firmware;    // fwcfg
};

bool sysinfo_is_given(const struct sysinfo_entry *e); // false: NULL, or without a value

struct domain_def;
// What <os><smbios mode='sysinfo'/> is about. Borrowed; NULL when there is none.
const struct domain_sysinfo *sysinfo_smbios(const struct domain_def *def);
