// SPDX-License-Identifier: GPL-2.0-or-later
// What the guest's firmware says about its machine: SMBIOS tables, files of fw_cfg.
#include "qemu/internal.h"

// -smbios type=N,NAME=VALUE,...
static void add_field(struct strbuf *b, const char *name, const char *value)
{
    AUTO_FREE char *escaped = comma_escape(value);
    strbuf_printf(b, ",%s=%s", name, escaped);
}

static void end_table(struct out *o, unsigned type, struct strbuf *b)
{
    if (b->len)
        out_arg(o, "-smbios", "type=%u%s", type, b->data);
    strbuf_reset(b);
}

static bool build_table(struct out *o, unsigned type, const struct sysinfo_table *table)
{
    AUTO_STRBUF b = {0};
    VEC_FOREACH (it, &table->entries) {
        if (sysinfo_is_given(*it))
            add_field(&b, (*it)->name, (*it)->value);
    }
    bool any = b.len > 0;
    end_table(o, type, &b);
    return any;
}

static int build_host(struct out *o)
{
    const struct node_smbios *s = o->in->host_smbios;
    AUTO_STRBUF b = {0};
    if (!s)
        return out_internal(o, NULL, "the host's SMBIOS tables");
    for (size_t i = 0; i < s->fields.n; i++) {
        const struct node_smbios_field *f = &s->fields.v[i];
        add_field(&b, f->name, f->value);
        if (i + 1 == s->fields.n || f[1].type != f->type)
            end_table(o, f->type, &b);
    }
    return 0;
}

static void build_oem_strings(struct out *o, const struct domain_sysinfo *s)
{
    AUTO_STRBUF b = {0};
    VEC_FOREACH (it, &s->oem_strings) {
        add_field(&b, "value", (*it)->value);
    }
    end_table(o, 11, &b);
}

static int build_smbios(struct out *o, const struct domain_sysinfo *s)
{
    build_table(o, 0, &s->bios);
    build_table(o, 1, &s->system);
    unsigned boards = 0;
    VEC_FOREACH (it, &s->base_boards)
        boards += build_table(o, 2, *it);
    if (boards > 1)
        return out_unsupported(o, NULL,
                               "<sysinfo>: qemu does not support more than one entry to Type 2 in "
                               "SMBIOS table; keep one <baseBoard>");
    build_table(o, 3, &s->chassis);
    build_oem_strings(o, s);
    return 0;
}

static int build(struct out *o)
{
    if (o->def->os.smbios == SMBIOS_HOST && build_host(o) < 0)
        return -1;
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
