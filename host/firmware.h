// SPDX-License-Identifier: GPL-2.0-or-later
// Firmware descriptors (QEMU's docs/interop/firmware.json), as distributions install them.
#pragma once

#include "schemas/doc/value.h"
#include <stdbool.h>
#include "base/vec.h"

struct firmware_choice {
    struct strv
        loaders; // executables, without doubles, in the order of the descriptors' file names
    bool efi, secure;
};

// Those in dir that fit a target ("x86_64", QEMU's word) and machine name. Damaged ones are
// skipped. Does not suspend; reads at most 64 small files.
void firmware_find(const char *dir, const char *target, const char *machine,
                   struct firmware_choice *ret);
void firmware_choice_finish(struct firmware_choice *f);

// UEFI in flash: the code, and what a guest's own variables start from.
struct firmware_flash {
    char *loader, *nvram_template;
    char *format; // "raw", "qcow2"
};
struct firmware_wanted {
    bool secure;               // with Secure Boot, which needs SMM; else one that needs no SMM
    enum toggle enrolled_keys; // whether its variables have the usual keys; UNSET: either
};
// The first one that fits. 0, or -ENOENT. Does not suspend.
int firmware_find_flash(const char *dir, const char *target, const char *machine,
                        const struct firmware_wanted *wanted, struct firmware_flash *ret);
void firmware_flash_finish(struct firmware_flash *f);
