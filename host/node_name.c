// SPDX-License-Identifier: GPL-2.0-or-later
// The machine's name, uuid and processor.
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "host/internal.h"

enum { CPUINFO_PREFIX = 16384, FLAGS_MAX = 1024 };

int node_get_hostname(char **ret, struct error *err)
{
    char name[HOST_NAME_MAX + 1];
    if (gethostname(name, sizeof(name)) < 0)
        return error_set_errno(err, AREA_NONE, errno, "cannot read the host name");
    name[sizeof(name) - 1] = '\0';
    *ret = xstrdup(name[0] ? name : "localhost");
    return 0;
}

// Some firmware reports all zeros or all Fs.
static bool plausible(const struct uuid *u)
{
    for (size_t i = 1; i < UUID_SIZE; i++) {
        if (u->b[i] != u->b[0])
            return true;
    }
    return false;
}

static bool read_uuid(const char *root, const char *path, struct uuid *ret)
{
    AUTO_FREE char *text = node_read(root, 64, "%s", path);
    if (!text)
        return false;
    text[strcspn(text, "\r\n")] = '\0';
    return uuid_parse(text, ret) == 0 && plausible(ret);
}

int node_get_uuid(const char *root, struct uuid *ret, struct error *err)
{
    if (read_uuid(root, "sys/class/dmi/id/product_uuid", ret))
        return 0;
    if (read_uuid(root, "etc/machine-id", ret)) {
        // The machine-id is confidential (machine-id(5)): derive a uuid from it.
        for (size_t i = 0; i < UUID_SIZE; i++)
            ret->b[i] = (uint8_t)(ret->b[i] * 167 + ret->b[(i + 5) % UUID_SIZE] + 0x5a);
        ret->b[6] = (uint8_t)((ret->b[6] & 0x0f) | 0x80);
        ret->b[8] = (uint8_t)((ret->b[8] & 0x3f) | 0x80);
        return 0;
    }
    if (read_uuid(root, "proc/sys/kernel/random/boot_id", ret))
        return 0;
    return error_set(err, ERROR_INTERNAL, AREA_NONE,
                     "cannot find a uuid for the host: no product_uuid, machine-id or boot_id");
}

// The text after "NAME :" up to the end of the line; NULL: none. Caller frees.
static char *find_text(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) != 0)
            continue;
        const char *p = line + len + strspn(line + len, " \t");
        if (*p != ':')
            continue;
        p += 1 + strspn(p + 1, " \t");
        return xstrndup(p, strcspn(p, "\n"));
    }
    return NULL;
}

static const char *vendor_name(const char *id)
{
    static const char *const known[][2] = {
        {"GenuineIntel", "Intel"}, {"AuthenticAMD", "AMD"}, {"HygonGenuine", "Hygon"}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (str_eq(known[i][0], id))
            return known[i][1];
    }
    return NULL;
}

static void split_flags(const char *text, struct node_cpu_model *m)
{
    struct strv flags = {0};
    while (text && *text && flags.n < FLAGS_MAX) {
        size_t n = strcspn(text, " ");
        if (n > 0)
            strv_take(&flags, xstrndup(text, n));
        text += n + (text[n] == ' ');
    }
    m->flags = flags.v;
    m->nflags = flags.n;
}

int node_get_cpu_model(const char *root, struct node_cpu_model *ret, struct error *err)
{
    AUTO_FREE char *text = node_read(root, CPUINFO_PREFIX, "proc/cpuinfo");
    if (!text)
        return error_set(err, ERROR_INTERNAL, AREA_NONE, "cannot read the host's /proc/cpuinfo");
    char *next = strstr(text, "\n\n"); // use the first processor: all have the same model
    if (next)
        *next = '\0';
    AUTO_FREE char *vendor = find_text(text, "vendor_id");
    AUTO_FREE char *flags = find_text(text, "flags");
    AUTO_FREE char *features = find_text(text, "Features"); // arm64
    AUTO_FREE char *microcode = find_text(text, "microcode");
    AUTO_FREE char *sizes = find_text(text, "address sizes");
    *ret = (struct node_cpu_model){0};
    ret->vendor = xstrdup(vendor_name(vendor));
    ret->name = find_text(text, "model name");
    ret->family = (uint32_t)node_find_number(text, "cpu family", 0);
    ret->model = (uint32_t)node_find_number(text, "model", 0);
    ret->stepping = (uint32_t)node_find_number(text, "stepping", 0);
    if (microcode)
        str_to_u64(microcode, 0, UINT64_MAX, &ret->microcode);
    ret->phys_bits = sizes ? (uint32_t)strtoul(sizes, NULL, 10) : 0;
    split_flags(flags ? flags : features, ret);
    return 0;
}

void node_cpu_model_finish(struct node_cpu_model *m)
{
    struct strv flags = {.v = m->flags, .n = m->nflags};
    strv_finish(&flags);
    free(m->vendor);
    free(m->name);
    *m = (struct node_cpu_model){0};
}
