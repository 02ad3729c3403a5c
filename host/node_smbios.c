// SPDX-License-Identifier: GPL-2.0-or-later
// The machine's SMBIOS tables, as the kernel shows them.
#include <string.h>
#include "base/str.h"
#include "host/internal.h"

enum { VALUE_MAX = 256 };

static const struct {
    unsigned type;
    const char *name, *file;
} fields[] = {
    {0, "vendor", "bios_vendor"},
    {0, "version", "bios_version"},
    {0, "date", "bios_date"},
    {0, "release", "bios_release"},
    {1, "manufacturer", "sys_vendor"},
    {1, "product", "product_name"},
    {1, "version", "product_version"},
    {1, "serial", "product_serial"},
    {1, "sku", "product_sku"},
    {1, "family", "product_family"},
    {2, "manufacturer", "board_vendor"},
    {2, "product", "board_name"},
    {2, "version", "board_version"},
    {2, "serial", "board_serial"},
    {2, "asset", "board_asset_tag"},
    {3, "manufacturer", "chassis_vendor"},
    {3, "version", "chassis_version"},
    {3, "serial", "chassis_serial"},
    {3, "asset", "chassis_asset_tag"},
};

int node_get_smbios(const char *root, struct node_smbios *ret, struct error *err)
{
    *ret = (struct node_smbios){0};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        AUTO_FREE char *value = node_read(root, VALUE_MAX, "sys/class/dmi/id/%s", fields[i].file);
        if (value)
            value[strcspn(value, "\n")] = '\0';
        if (!value || !*value)
            continue;
        struct node_smbios_field f = {fields[i].type, fields[i].name, STEAL(value)};
        vec_push(&ret->fields, f);
    }
    if (ret->fields.n)
        return 0;
    return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_NONE,
                     "Host SMBIOS information is not available: '%s/sys/class/dmi/id' has none",
                     root);
}

void node_smbios_finish(struct node_smbios *s)
{
    VEC_FOREACH (it, &s->fields)
        free(it->value);
    vec_finish(&s->fields);
}
