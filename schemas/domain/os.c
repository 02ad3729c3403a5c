// SPDX-License-Identifier: LGPL-2.1-or-later
// <os>.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(boot_dev_values, NULL, [BOOT_FLOPPY] = "fd", [BOOT_DISK] = "hd",
                       [BOOT_CDROM] = "cdrom", [BOOT_NETWORK] = "network");

static DOC_ENUM_VALUES(os_firmware_values, NULL, [FIRMWARE_BIOS] = "bios", [FIRMWARE_EFI] = "efi");
static DOC_ENUM_VALUES(
    smbios_values,
    NULL, [SMBIOS_EMULATE] = "emulate", [SMBIOS_HOST] = "host", [SMBIOS_SYSINFO] = "sysinfo");
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
    D_YESNO(ATTR, "enable", boot_menu),
    D_UINT(ATTR, "timeout", boot_menu_timeout_ms, 0, 65535, .unit = "milliseconds"),
};
static const struct doc_type bootmenu_doc = DOC_TYPE("osBootmenu", S, bootmenu_rows);
static const struct doc_row bios_rows[] = {
    D_YESNO(ATTR, "useserial", bios_serial),
    D_INT(ATTR, "rebootTimeout", reboot_timeout_ms, -1, 65535, .unit = "milliseconds"),
};
static const struct doc_type bios_doc = DOC_TYPE("osBios", S, bios_rows);
static const struct doc_row smbios_rows[] = {
    D_ENUM(ATTR, "mode", smbios, &smbios_values, .flags = DOC_REQUIRED),
};
static const struct doc_type smbios_doc = DOC_TYPE("osSmbios", S, smbios_rows);
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
    D_ELEM("smbios", &smbios_doc),
};
static const struct doc_type os_doc = DOC_TYPE("os", S, os_rows);
#undef S

// True when a device says when it is booted from.
static int has_boot_order(struct device *dev, void *arg)
{
    (void)arg;
    return dev->boot_order.set;
}

static void fill_os(struct domain_fill *f)
{
    struct domain_os *os = &f->def->os;
    const struct domain_defaults *d = f->defaults;
    if (!os->arch)
        os->arch = xstrdup(d->arch ? d->arch : "x86_64");
    if (d->machine)
        str_replace(&os->machine, d->machine);
    else if (!os->machine)
        os->machine = xstrdup("pc");
    if (os->loader && os->loader_type == LOADER_NONE)
        os->loader_type = LOADER_ROM;
    // libvirt boots from disk when nothing at all says from where.
    if (!os->boot.n && !domain_def_each_device(f->def, has_boot_order, NULL)) {
        struct domain_boot *boot = NEW(struct domain_boot);
        boot->dev = BOOT_DISK;
        vec_push(&os->boot, boot);
    }
    f->x86 = str_eq(os->arch, "x86_64") || str_eq(os->arch, "i686");
    f->q35 = f->x86 && (str_eq(os->machine, "q35") || str_starts(os->machine, "pc-q35"));
    f->pc = f->x86 && (str_eq(os->machine, "pc") || str_starts(os->machine, "pc-i440fx"));
}

static int check_firmware(const struct domain_def *def, struct error *err)
{
    const struct domain_os *os = &def->os;
    enum toggle secure = TOGGLE_UNSET, keys = TOGGLE_UNSET;
    VEC_FOREACH (it, &os->firmware_features) {
        if (str_eq((*it)->name, "secure-boot"))
            secure = (*it)->enabled;
        else if (str_eq((*it)->name, "enrolled-keys"))
            keys = (*it)->enabled;
        else
            return domain_fail(def, ERROR_XML, err,
                               "<firmware><feature name='%.40s'> is none of: secure-boot, "
                               "enrolled-keys",
                               (*it)->name);
    }
    if (os->firmware_features.n && os->firmware == FIRMWARE_NONE)
        return domain_fail(def, ERROR_XML, err, "<firmware><feature> needs <os firmware='efi'>");
    if (secure == TOGGLE_NO && keys == TOGGLE_YES)
        return domain_fail(def, ERROR_XML, err,
                           "firmware feature 'enrolled-keys' cannot be enabled when firmware "
                           "feature 'secure-boot' is disabled");
    if ((os->nvram || os->nvram_template) && os->firmware == FIRMWARE_NONE && !os->loader)
        return domain_fail(def, ERROR_XML_DETAIL, err,
                           "no loader path specified and firmware auto selection disabled: "
                           "<nvram> needs a <loader>, or <os firmware='efi'>");
    if (os->loader_stateless == TOGGLE_YES && (os->nvram || os->nvram_template))
        return domain_fail(def, ERROR_XML, err,
                           "<loader stateless='yes'> keeps nothing: remove <nvram>");
    if (os->loader_stateless == TOGGLE_YES && os->firmware == FIRMWARE_EFI)
        return domain_fail(def, ERROR_CONFIG_UNSUPPORTED, err,
                           "<loader stateless='yes'> is not supported by vireo yet with "
                           "firmware='efi'; name the <loader>");
    return 0;
}

static int check_os(const struct domain_def *def, struct error *err)
{
    const struct domain_os *os = &def->os;
    if (!str_eq(os->type, "hvm"))
        return domain_fail(def, ERROR_CONFIG_UNSUPPORTED, err,
                           "<os><type>%s</type> is not supported by vireo; only hvm is", os->type);
    if ((os->initrd || os->cmdline) && !os->kernel)
        return domain_fail(def, ERROR_XML, err, "<%s> needs a <kernel>",
                           os->initrd ? "initrd" : "cmdline");
    for (size_t i = 0; i < os->boot.n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (os->boot.v[i]->dev == os->boot.v[k]->dev)
                return domain_fail(def, ERROR_XML, err, "boot device '%s' is given twice",
                                   doc_enum_name(&boot_dev_values, os->boot.v[i]->dev));
        }
    }
    return check_firmware(def, err);
}

#define S struct domain_def
static const struct doc_row os_part_rows[] = {
    D_ELEM_AT("os", &os_doc, os, .flags = DOC_REQUIRED | DOC_ONCE),
};
const struct part_schema os_part = {
    .doc = DOC_TYPE("domainOs", S, os_part_rows),
    .fill = fill_os,
    .check = check_os,
};
#undef S
