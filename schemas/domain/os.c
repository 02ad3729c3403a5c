// SPDX-License-Identifier: LGPL-2.1-or-later
// <os>.
#include "schemas/domain/internal.h"

DOC_ENUM_VALUES(boot_dev_values, NULL, [BOOT_FLOPPY] = "fd", [BOOT_DISK] = "hd",
                [BOOT_CDROM] = "cdrom", [BOOT_NETWORK] = "network");

static DOC_ENUM_VALUES(os_firmware_values, NULL, [FIRMWARE_BIOS] = "bios", [FIRMWARE_EFI] = "efi");
static DOC_ENUM_VALUES(loader_type_values, NULL, [LOADER_ROM] = "rom", [LOADER_PFLASH] = "pflash");

#define S struct domain_boot
static const struct doc_row boot_rows[] = {
    D_ENUM(ATTR, "dev", dev, &boot_dev_values, .flags = DOC_REQUIRED),
};
static const struct doc_type boot_doc = DOC_TYPE("osBoot", S, boot_rows);
#undef S

#define S struct firmware_feature
static const struct doc_row firmware_feature_rows[] = {
    D_YESNO(ATTR, "enabled", enabled, .flags = DOC_REQUIRED),
    D_TOKEN(ATTR, "name", name, .flags = DOC_REQUIRED),
};
static const struct doc_type firmware_feature_doc =
    DOC_TYPE("osFirmwareFeature", S, firmware_feature_rows);
#undef S

#define S struct domain_os
static const struct doc_row os_type_rows[] = {
    D_TOKEN(ATTR, "arch", arch),
    D_TOKEN(ATTR, "machine", machine),
    D_TOKEN(TEXT, NULL, type, .flags = DOC_REQUIRED),
};
static const struct doc_type os_type_doc = DOC_TYPE("osType", S, os_type_rows);
static const struct doc_row firmware_rows[] = {
    D_LIST("feature", &firmware_feature_doc, firmware_features),
};
static const struct doc_type firmware_doc = DOC_TYPE("osFirmware", S, firmware_rows);
static const struct doc_row loader_rows[] = {
    D_YESNO(ATTR, "readonly", loader_readonly),
    D_YESNO(ATTR, "secure", loader_secure),
    D_ENUM(ATTR, "type", loader_type, &loader_type_values),
    D_YESNO(ATTR, "stateless", loader_stateless),
    D_TOKEN(ATTR, "format", loader_format),
    D_TOKEN(TEXT, NULL, loader),
};
static const struct doc_type loader_doc = DOC_TYPE("osLoader", S, loader_rows);
static const struct doc_row nvram_rows[] = {
    D_STR(ATTR, "template", nvram_template),
    D_TOKEN(TEXT, NULL, nvram),
};
static const struct doc_type nvram_doc = DOC_TYPE("osNvram", S, nvram_rows);
static const struct doc_row bootmenu_rows[] = {
    D_YESNO(ATTR, "enable", boot_menu, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "timeout", boot_menu_timeout_ms, 0, 65535, .unit = "milliseconds"),
};
static const struct doc_type bootmenu_doc = DOC_TYPE("osBootmenu", S, bootmenu_rows);
static const struct doc_row bios_rows[] = {
    D_YESNO(ATTR, "useserial", bios_serial),
    D_INT(ATTR, "rebootTimeout", reboot_timeout_ms, -1, 65535, .unit = "milliseconds"),
};
static const struct doc_type bios_doc = DOC_TYPE("osBios", S, bios_rows);
static const struct doc_row os_rows[] = {
    D_ENUM(ATTR, "firmware", firmware, &os_firmware_values),
    D_ELEM("type", &os_type_doc, .flags = DOC_REQUIRED),
    D_ELEM("firmware", &firmware_doc),
    D_ELEM("loader", &loader_doc),
    D_ELEM("nvram", &nvram_doc),
    D_STR(LEAF, "kernel", kernel),
    D_STR(LEAF, "initrd", initrd),
    D_STR(LEAF, "cmdline", cmdline),
    D_STR(LEAF, "dtb", dtb),
    D_LIST("boot", &boot_doc, boot),
    D_ELEM("bootmenu", &bootmenu_doc),
    D_ELEM("bios", &bios_doc),
};
const struct doc_type os_doc = DOC_TYPE("os", S, os_rows);
#undef S
