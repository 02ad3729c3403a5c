// SPDX-License-Identifier: GPL-2.0-or-later
// Boot order, kernel, power management.
#include "qemu/internal.h"

static void build_power(struct out *o)
{
    const struct domain_def *def = o->def;
    const char *pm = o->chipset == CHIPSET_Q35 ? "ICH9-LPC" : "PIIX4_PM";
    if (o->chipset == CHIPSET_I440FX || o->chipset == CHIPSET_Q35) {
        if (def->suspend_to_mem != TOGGLE_UNSET)
            out_arg(o, "-global", "%s.disable_s3=%d", pm, def->suspend_to_mem == TOGGLE_NO);
        if (def->suspend_to_disk != TOGGLE_UNSET)
            out_arg(o, "-global", "%s.disable_s4=%d", pm, def->suspend_to_disk == TOGGLE_NO);
    }
}

static int build(struct out *o)
{
    const struct domain_os *os = &o->def->os;
    AUTO_STRBUF b = {0};
    out_flag(o, "-no-shutdown");
    if (o->def->on_reboot != LIFECYCLE_RESTART && o->def->on_reboot != LIFECYCLE_NONE)
        out_arg(o, "-action", "reboot=shutdown");
    build_power(o);
    if (os->boot_menu != TOGGLE_UNSET)
        strbuf_printf(&b, "menu=%s,", os->boot_menu == TOGGLE_YES ? "on" : "off");
    if (os->boot_menu == TOGGLE_YES && os->boot_menu_timeout_ms.set)
        strbuf_printf(&b, "splash-time=%llu,", opt_or(os->boot_menu_timeout_ms, 0));
    if (os->reboot_timeout_ms.set)
        strbuf_printf(&b, "reboot-timeout=%lld,", (long long)os->reboot_timeout_ms.value);
    strbuf_add(&b, "strict=on");
    out_arg(o, "-boot", "%s", b.data);
    if (!os->kernel && (os->initrd || os->cmdline))
        return out_unsupported(o, NULL, "<os>: <initrd> and <cmdline> need a <kernel>");
    if (os->kernel)
        out_arg(o, "-kernel", "%s", os->kernel);
    if (os->initrd)
        out_arg(o, "-initrd", "%s", os->initrd);
    if (os->cmdline)
        out_arg(o, "-append", "%s", os->cmdline);
    if (os->dtb)
        out_arg(o, "-dtb", "%s", os->dtb);
    return 0;
}

static void files(const struct domain_def *def, struct device_files *ret)
{
    device_file_add(ret, def->os.kernel, "kernel", false);
    device_file_add(ret, def->os.initrd, "initrd", false);
    device_file_add(ret, def->os.dtb, "device tree", false);
}

const struct command_part boot_args = {.build = build, .files = files};
