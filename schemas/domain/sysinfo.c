// SPDX-License-Identifier: LGPL-2.1-or-later
// <sysinfo>.
#include <stdio.h>

#include "schemas/domain/internal.h"

enum { FWCFG_NAME_MAX = 55 }; // QEMU's, without the zero

static DOC_ENUM_VALUES(sysinfo_type_values,
                       NULL, [SYSINFO_SMBIOS] = "smbios", [SYSINFO_FWCFG] = "fwcfg");

// The names of the entries, in the order in which libvirt writes them.
static const char *const bios_names[] = {"vendor", "version", "date", "release", NULL};
static const char *const system_names[] = {"manufacturer", "product", "version", "serial",
                                           "uuid",         "sku",     "family",  NULL};
static const char *const base_board_names[] = {"manufacturer", "product",  "version", "serial",
                                               "asset",        "location", NULL};
static const char *const chassis_names[] = {"manufacturer", "version", "serial",
                                            "asset",        "sku",     NULL};

// ---- tables

static bool is_empty_entry(const void *entry)
{
    return !sysinfo_is_given(entry);
}

static bool is_empty_table(const void *table)
{
    VEC_FOREACH (it, &((const struct sysinfo_table *)table)->entries) {
        if (sysinfo_is_given(*it))
            return false;
    }
    return true;
}

#define S struct sysinfo_entry
static const struct doc_row entry_rows[] = {
    D_TOKEN(ATTR, "name", name, .flags = DOC_REQUIRED),
    D_STR(TEXT, NULL, value),
};
static const struct doc_type entry_doc =
    DOC_TYPE("sysinfoEntry", S, entry_rows, .hidden = is_empty_entry);
static const struct doc_row oem_rows[] = {
    D_STR(TEXT, NULL, value),
};
static const struct doc_type oem_doc = DOC_TYPE("sysinfoOemString", S, oem_rows);
static const struct doc_row firmware_rows[] = {
    D_TOKEN(ATTR, "name", name, .flags = DOC_REQUIRED),
    D_STR(ATTR, "file", file),
    D_STR(TEXT, NULL, value),
};
static const struct doc_type firmware_doc = DOC_TYPE("sysinfoFirmware", S, firmware_rows);
#undef S

#define S struct sysinfo_table
static const struct doc_row table_rows[] = {
    D_LIST("entry", &entry_doc, entries),
};
static const struct doc_type table_doc =
    DOC_TYPE("sysinfoTable", S, table_rows, .hidden = is_empty_table);
#undef S

#define S struct domain_sysinfo
static const struct doc_row oem_strings_rows[] = {
    D_LIST("entry", &oem_doc, oem_strings),
};
static const struct doc_type oem_strings_doc = DOC_TYPE("sysinfoOemStrings", S, oem_strings_rows);
static const struct doc_row sysinfo_rows[] = {
    D_ENUM(ATTR, "type", type, &sysinfo_type_values, .flags = DOC_TAG | DOC_REQUIRED),
    D_ELEM_AT("bios", &table_doc, bios, .when = DOC_BIT(SYSINFO_SMBIOS)),
    D_ELEM_AT("system", &table_doc, system, .when = DOC_BIT(SYSINFO_SMBIOS)),
    D_LIST("baseBoard", &table_doc, base_boards, .when = DOC_BIT(SYSINFO_SMBIOS)),
    D_ELEM_AT("chassis", &table_doc, chassis, .when = DOC_BIT(SYSINFO_SMBIOS)),
    D_ELEM("oemStrings", &oem_strings_doc, .when = DOC_BIT(SYSINFO_SMBIOS)),
    D_LIST("entry", &firmware_doc, firmware, .when = DOC_BIT(SYSINFO_FWCFG)),
};
static const struct doc_type sysinfo_doc =
    DOC_TYPE("sysinfo", S, sysinfo_rows, DOC_TAGGED(S, type, &sysinfo_type_values));
#undef S

// ---- fill

static size_t rank_of(const struct sysinfo_entry *e, const char *const *names)
{
    size_t i = 0;
    while (names[i] && !str_eq(names[i], e->name))
        i++;
    return i;
}

static void sort(struct sysinfo_table *table, const char *const *names)
{
    for (size_t i = 1; i < table->entries.n; i++) {
        struct sysinfo_entry *e = table->entries.v[i];
        size_t k = i;
        for (; k > 0 && rank_of(table->entries.v[k - 1], names) > rank_of(e, names); k--)
            table->entries.v[k] = table->entries.v[k - 1];
        table->entries.v[k] = e;
    }
}

static struct sysinfo_entry *find(const struct sysinfo_table *table, const char *name)
{
    VEC_FOREACH (it, &table->entries) {
        if (str_eq((*it)->name, name))
            return *it;
    }
    return NULL;
}

// The UUID is the domain's, which may come from here.
static void fill_uuid(struct domain_fill *f, const struct domain_sysinfo *s)
{
    struct sysinfo_entry *e = find(&s->system, "uuid");
    struct uuid uuid;
    char text[UUID_TEXT_SIZE];
    if (!sysinfo_is_given(e) || uuid_parse(e->value, &uuid) < 0)
        return;
    str_replace(&e->value, uuid_format(&uuid, text));
    if (f->uuid_is_new)
        f->def->uuid.value = uuid;
}

static void fill_sysinfo(struct domain_fill *f)
{
    VEC_FOREACH (it, &f->def->sysinfos) {
        struct domain_sysinfo *s = *it;
        sort(&s->bios, bios_names);
        sort(&s->system, system_names);
        sort(&s->chassis, chassis_names);
        VEC_FOREACH (board, &s->base_boards)
            sort(*board, base_board_names);
        fill_uuid(f, s);
        VEC_FOREACH (e, &s->firmware) {
            if ((*e)->file && !sysinfo_is_given(*e))
                str_replace(&(*e)->value, NULL);
        }
    }
}

// ---- check

static int check_table(const struct domain_def *def, const struct sysinfo_table *table,
                       const char *element, const char *const *names, struct error *err)
{
    for (size_t i = 0; i < table->entries.n; i++) {
        const struct sysinfo_entry *e = table->entries.v[i];
        if (!names[rank_of(e, names)])
            return domain_fail(def, ERROR_XML, err, "<sysinfo><%s> has no entry '%.40s'", element,
                               e->name);
        if (i > 0 && str_eq(table->entries.v[i - 1]->name, e->name))
            return domain_fail(def, ERROR_XML, err, "<sysinfo><%s>: entry '%s' is given twice",
                               element, e->name);
    }
    return 0;
}

static int check_bios(const struct domain_def *def, const struct sysinfo_table *bios,
                      struct error *err)
{
    const struct sysinfo_entry *date = find(bios, "date"), *release = find(bios, "release");
    unsigned month, day, year, major, minor;
    int end = 0;
    if (sysinfo_is_given(date) &&
        (sscanf(date->value, "%2u/%2u/%4u%n", &month, &day, &year, &end) != 3 || date->value[end] ||
         month < 1 || month > 12 || day < 1 || day > 31 || (year > 99 && year < 1900)))
        return domain_fail(def, ERROR_XML_DETAIL, err,
                           "Invalid BIOS 'date' format: '%.40s' is not MM/DD/YYYY", date->value);
    if (sysinfo_is_given(release) &&
        (sscanf(release->value, "%3u.%3u%n", &major, &minor, &end) != 2 || release->value[end] ||
         major > UINT8_MAX || minor > UINT8_MAX))
        return domain_fail(def, ERROR_XML_DETAIL, err,
                           "<sysinfo><bios>: release '%.40s' is not MAJOR.MINOR, each up to 255",
                           release->value);
    return 0;
}

static int check_uuid(const struct domain_def *def, const struct sysinfo_table *system,
                      struct error *err)
{
    const struct sysinfo_entry *e = find(system, "uuid");
    struct uuid uuid;
    if (!sysinfo_is_given(e))
        return 0;
    if (uuid_parse(e->value, &uuid) < 0)
        return domain_fail(def, ERROR_XML_DETAIL, err, "malformed <sysinfo> uuid element: '%.60s'",
                           e->value);
    if (!uuid_eq(&uuid, &def->uuid.value))
        return domain_fail(def, ERROR_XML_DETAIL, err,
                           "UUID mismatch between <uuid> and <sysinfo>: make them the same");
    return 0;
}

static int check_smbios(const struct domain_def *def, const struct domain_sysinfo *s,
                        struct error *err)
{
    if (s != sysinfo_smbios(def))
        return domain_fail(def, ERROR_CONFIG_UNSUPPORTED, err,
                           "only one <sysinfo type='smbios'> is supported");
    if (check_table(def, &s->bios, "bios", bios_names, err) < 0 ||
        check_table(def, &s->system, "system", system_names, err) < 0 ||
        check_table(def, &s->chassis, "chassis", chassis_names, err) < 0)
        return -1;
    VEC_FOREACH (board, &s->base_boards) {
        if (check_table(def, *board, "baseBoard", base_board_names, err) < 0)
            return -1;
    }
    return check_bios(def, &s->bios, err) < 0 ? -1 : check_uuid(def, &s->system, err);
}

static bool is_given_before(const struct domain_def *def, const struct sysinfo_entry *e)
{
    VEC_FOREACH (it, &def->sysinfos) {
        VEC_FOREACH (other, &(*it)->firmware) {
            if (*other == e)
                return false;
            if (str_eq((*other)->name, e->name))
                return true;
        }
    }
    return false;
}

static int check_firmware(const struct domain_def *def, const struct sysinfo_entry *e,
                          struct error *err)
{
    if (sysinfo_is_given(e) == (e->file != NULL))
        return domain_fail(def, ERROR_XML, err,
                           "Firmware entry '%.60s' must have either value or 'file' attribute",
                           e->name);
    if (!str_starts(e->name, "opt/"))
        return domain_fail(def, ERROR_CONFIG_UNSUPPORTED, err,
                           "Invalid firmware name '%.60s': it must start with 'opt/'", e->name);
    if (str_starts(e->name, "opt/ovmf/") || str_starts(e->name, "opt/org.qemu/"))
        return domain_fail(def, ERROR_CONFIG_UNSUPPORTED, err,
                           "That firmware name is reserved: '%.60s'; use another one below 'opt/'",
                           e->name);
    if (strlen(e->name) > FWCFG_NAME_MAX)
        return domain_fail(def, ERROR_CONFIG_UNSUPPORTED, err,
                           "firmware name '%.60s' has more than %d bytes", e->name, FWCFG_NAME_MAX);
    if (is_given_before(def, e))
        return domain_fail(def, ERROR_XML, err, "firmware name '%s' is given twice", e->name);
    return 0;
}

static int check_sysinfo(const struct domain_def *def, struct error *err)
{
    VEC_FOREACH (it, &def->sysinfos) {
        if ((*it)->type == SYSINFO_SMBIOS && check_smbios(def, *it, err) < 0)
            return -1;
        VEC_FOREACH (e, &(*it)->firmware) {
            if (check_firmware(def, *e, err) < 0)
                return -1;
        }
    }
    if (def->os.smbios == SMBIOS_SYSINFO && !sysinfo_smbios(def))
        return domain_fail(def, ERROR_XML, err,
                           "<smbios mode='sysinfo'/> needs a <sysinfo type='smbios'>");
    return 0;
}

bool sysinfo_is_given(const struct sysinfo_entry *e)
{
    return e && e->value && *e->value;
}

const struct domain_sysinfo *sysinfo_smbios(const struct domain_def *def)
{
    VEC_FOREACH (it, &def->sysinfos) {
        if ((*it)->type == SYSINFO_SMBIOS)
            return *it;
    }
    return NULL;
}

#define S struct domain_def
static const struct doc_row sysinfo_part_rows[] = {
    D_LIST("sysinfo", &sysinfo_doc, sysinfos),
};
const struct part_schema sysinfo_part = {
    .doc = DOC_TYPE("domainSysinfo", S, sysinfo_part_rows),
    .fill = fill_sysinfo,
    .check = check_sysinfo,
};
#undef S
