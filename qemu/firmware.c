// SPDX-License-Identifier: GPL-2.0-or-later
// Firmware and its variables.
#include "qemu/internal.h"

bool firmware_has_pflash(const struct out *o)
{
    return (o->in->loader && o->in->nvram) ||
           (o->def->os.loader && o->def->os.loader_type == LOADER_PFLASH);
}

const char *firmware_nvram(const struct out *o)
{
    return o->in->nvram ? o->in->nvram : o->def->os.nvram;
}

static void pflash(struct out *o, const char *path, const char *format, unsigned n, bool readonly)
{
    AUTO_FREE char *storage = xasprintf("libvirt-pflash%u-storage", n);
    struct json_object *j = json_driver("file");
    put_str(j, "filename", path);
    put_str(j, "node-name", storage);
    put_bool(j, "auto-read-only", true);
    put_str(j, "discard", "unmap");
    out_json(o, "-blockdev", j);
    j = json_object_new_object();
    put_printf(j, "node-name", "libvirt-pflash%u-format", n);
    put_bool(j, "read-only", readonly);
    put_str(j, "driver", format ? format : "raw");
    put_str(j, "file", storage);
    out_json(o, "-blockdev", j);
}

static int build(struct out *o)
{
    const struct domain_os *os = &o->def->os;
    const char *loader = o->in->loader ? o->in->loader : os->loader;
    const char *format = o->in->firmware_format ? o->in->firmware_format : os->loader_format;
    if (os->firmware == FIRMWARE_EFI && !loader)
        return out_unsupported(o, NULL,
                               "<os firmware='efi'>: no UEFI firmware was found on this "
                               "host; install it (Debian: ovmf)");
    if (!loader)
        return 0;
    if (!firmware_has_pflash(o)) {
        out_arg(o, "-bios", "%s", loader);
        return 0;
    }
    if (o->chipset == CHIPSET_ISA)
        return out_unsupported(o, NULL, "<os><loader type='pflash'>: machine '%s' has no flash",
                               os->machine);
    pflash(o, loader, format, 0, os->loader_readonly != TOGGLE_NO);
    if (firmware_nvram(o))
        pflash(o, firmware_nvram(o), format, 1, false);
    if (os->loader_secure == TOGGLE_YES)
        out_arg(o, "-global", "driver=cfi.pflash01,property=secure,value=on");
    return 0;
}

static void files(const struct domain_def *def, struct device_files *ret)
{
    device_file_add(ret, def->os.loader, "firmware", false);
    device_file_add(ret, def->os.nvram, "nvram", true);
}

const struct command_part firmware_args = {.build = build, .files = files};
