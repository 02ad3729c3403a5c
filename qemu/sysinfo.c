// SPDX-License-Identifier: GPL-2.0-or-later
// What the guest's firmware says about its machine: SMBIOS tables, files of fw_cfg.
#include "qemu/internal.h"

// -smbios type=N,NAME=VALUE,...; nothing without a value.
static void build_table(struct out *o, unsigned type, const struct sysinfo_table *table)
{
    AUTO_STRBUF b = {0};
    VEC_FOREACH (it, &table->entries) {
        AUTO_FREE char *value = comma_escape((*it)->value);
        if (sysinfo_is_given(*it))
            strbuf_printf(&b, ",%s=%s", (*it)->name, value);
    }
    if (b.len)
        out_arg(o, "-smbios", "type=%u%s", type, b.data);
}

static void build_oem_strings(struct out *o, const struct domain_sysinfo *s)
{
    AUTO_STRBUF b = {0};
    VEC_FOREACH (it, &s->oem_strings) {
        AUTO_FREE char *value = comma_escape((*it)->value);
        strbuf_printf(&b, ",value=%s", value);
    }
    if (b.len)
        out_arg(o, "-smbios", "type=11%s", b.data);
}

static int build_smbios(struct out *o, const struct domain_sysinfo *s)
{
    build_table(o, 0, &s->bios);
    build_table(o, 1, &s->system);
    if (s->base_boards.n > 1)
        return out_unsupported(o, NULL,
                               "<sysinfo>: qemu does not support more than one entry to Type 2 in "
                               "SMBIOS table; keep one <baseBoard>");
    if (s->base_boards.n)
        build_table(o, 2, s->base_boards.v[0]);
    build_table(o, 3, &s->chassis);
    build_oem_strings(o, s);
    return 0;
}

static int build(struct out *o)
{
    if (o->def->os.smbios == SMBIOS_SYSINFO && build_smbios(o, sysinfo_smbios(o->def)) < 0)
        return -1;
    VEC_FOREACH (s, &o->def->sysinfos) {
        VEC_FOREACH (it, &(*s)->firmware) {
            const struct sysinfo_entry *e = *it;
            AUTO_FREE char *name = comma_escape(e->name);
            AUTO_FREE char *value = comma_escape(e->file ? e->file : e->value);
            out_arg(o, "-fw_cfg", "name=%s,%s=%s", name, e->file ? "file" : "string", value);
        }
    }
    return 0;
}

static void files(const struct domain_def *def, struct device_files *ret)
{
    VEC_FOREACH (s, &def->sysinfos) {
        VEC_FOREACH (it, &(*s)->firmware)
            device_file_add(ret, (*it)->file, "fw_cfg file", false);
    }
}

const struct command_part sysinfo_args = {.build = build, .files = files};
