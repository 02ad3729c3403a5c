// SPDX-License-Identifier: LGPL-2.1-or-later
// <os> of a domain: what it boots, and from where.
#pragma once

#include "base/vec.h"
#include "schemas/doc/value.h"

enum os_firmware { FIRMWARE_NONE, FIRMWARE_BIOS, FIRMWARE_EFI };
enum os_loader_type { LOADER_NONE, LOADER_ROM, LOADER_PFLASH };
enum smbios_mode { SMBIOS_NONE, SMBIOS_EMULATE, SMBIOS_HOST, SMBIOS_SYSINFO };
enum boot_dev { BOOT_NONE, BOOT_FLOPPY, BOOT_DISK, BOOT_CDROM, BOOT_NETWORK };

struct domain_boot {
    enum boot_dev dev;
};
struct firmware_feature {
    enum toggle enabled;
    char *name; // "secure-boot", "enrolled-keys"
};

struct domain_os {
    char *type; // "hvm"
    char *arch; // "x86_64", "i686"
    char *machine;
    enum os_firmware firmware;
    VEC(struct firmware_feature *) firmware_features;
    char *loader;
    enum toggle loader_readonly, loader_secure, loader_stateless;
    enum os_loader_type loader_type;
    char *loader_format;
    char *nvram, *nvram_template;
    char *kernel, *initrd, *cmdline, *dtb;
    VEC(struct domain_boot *) boot;
    enum toggle boot_menu;
    struct opt_uint boot_menu_timeout_ms;
    enum toggle bios_serial;
    struct opt_int reboot_timeout_ms;
    enum smbios_mode smbios; // where its SMBIOS tables come from
};
