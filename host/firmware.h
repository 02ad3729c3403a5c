// SPDX-License-Identifier: GPL-2.0-or-later
// Firmware descriptors installed by distributions (QEMU's docs/interop/firmware.json).
#pragma once

#include "schemas/doc/value.h"
#include <stdbool.h>
#include "base/vec.h"

struct firmware_choice {
    struct strv loaders; // loaders without duplicates, in the order of the descriptors' file names
    bool efi, secure;
};

// The descriptors in dir for a target (QEMU's name, "x86_64") and machine. Damaged ones are
// skipped. Does not suspend; reads at most 64 small files.
void firmware_find(const char *dir, const char *target, const char *machine,
                   struct firmware_choice *ret);
void firmware_choice_finish(struct firmware_choice *f);

// UEFI firmware in flash: the code, and the template of a domain's variables.
struct firmware_flash {
    char *loader, *nvram_template;
    char *format; // "raw", "qcow2"
    bool smm;     // it needs SMM, and protects its variables by it
};
struct firmware_wanted {
    const char *loader;        // only this code; NULL: any
    enum toggle secure;        // Secure Boot; UNSET: either
    enum toggle enrolled_keys; // whether its variables have the usual keys; UNSET: either
    bool no_smm;               // one that does not need SMM
};
// The first match. 0, or -ENOENT. Does not suspend.
int firmware_find_flash(const char *dir, const char *target, const char *machine,
                        const struct firmware_wanted *wanted, struct firmware_flash *ret);
void firmware_flash_finish(struct firmware_flash *f);
