// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu/complete.h"

#include "base/file.h"
#include "qemu/address/address.h"

static int find_machine(const struct domain_def *def, const struct qemu_caps *caps,
                        const char **ret, struct error *err)
{
    const struct qemu_machine *m = caps ? qemu_caps_machine(caps, def->os.machine) : NULL;
    if (caps && !m && def->os.machine)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                         "domain '%s': the emulator for %s has no machine type '%s'", def->name,
                         def->os.arch ? def->os.arch : caps->arch, def->os.machine);
    *ret = m ? m->name : NULL;
    return 0;
}

// UEFI keeps its variables in a file of the domain's own.
static void name_nvram(struct domain_def *def, const char *dir)
{
    struct domain_os *os = &def->os;
    bool pflash = os->loader_type == LOADER_PFLASH && os->loader_readonly == TOGGLE_YES &&
                  os->loader_stateless != TOGGLE_YES;
    if (dir && !os->nvram && (os->firmware == FIRMWARE_EFI || pflash))
        os->nvram = path_for_name(dir, def->name, "_VARS.fd");
}

static int fill_and_check(struct domain_def *def, const struct complete_facts *facts,
                          struct error *err)
{
    struct domain_defaults defaults = {.arch = facts->arch, .emulator = facts->emulator};
    if (find_machine(def, facts->caps, &defaults.machine, err) < 0)
        return -1;
    domain_def_fill(def, &defaults);
    return domain_def_check(def, err);
}

int complete_definition(struct domain_def *def, const struct complete_facts *facts,
                        struct error *err)
{
    if (fill_and_check(def, facts, err) < 0 || address_assign(def, err) < 0)
        return -1;
    name_nvram(def, facts->nvram_dir);
    return 0;
}

int complete_device(const struct domain_def *def, const struct device *wanted,
                    const struct complete_facts *facts, struct device **ret, struct error *err)
{
    if (wanted->kind == DEVICE_MEMBALLOON && def->memballoon)
        return error_set(err, ERROR_OPERATION_UNSUPPORTED, AREA_QEMU,
                         "domain '%s' has a memory balloon already", def->name);
    struct domain_def *copy = domain_def_copy(def);
    struct device *dev = domain_device_copy(wanted);
    domain_def_add_device(copy, dev);
    int r = fill_and_check(copy, facts, err);
    if (r == 0 && domain_def_remove_device(copy, dev) == 0)
        *ret = dev;
    else if (r == 0)
        r = error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_QEMU, "<%s> cannot be added by itself",
                      device_kind_name(wanted->kind));
    domain_def_destroy(copy);
    return r;
}
