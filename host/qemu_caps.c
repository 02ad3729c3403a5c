// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/qemu_caps.h"
#include <inttypes.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/str.h"
#include "host/qemu_learn.h"

// Increment when the probe asks something new or the format changes.
enum { FORMAT = 2 };

struct qemu_caps *qemu_caps_ref(struct qemu_caps *c)
{
    c->refs++;
    return c;
}

void qemu_caps_unref(struct qemu_caps *c)
{
    if (!c || --c->refs > 0)
        return;
    for (size_t i = 0; i < QEMU_VIRT_COUNT; i++)
        free(c->accel[i].cpus);
    free(c->machines);
    free(c->text);
    free(c);
}

const struct qemu_machine *qemu_caps_machine(const struct qemu_caps *c, const char *name)
{
    for (size_t i = 0; i < c->nmachines; i++) {
        const struct qemu_machine *m = &c->machines[i];
        if (name ? str_eq(m->name, name) || str_eq(m->alias, name) : m->is_default)
            return m;
    }
    return !name && c->nmachines ? &c->machines[0] : NULL;
}

static const char *next_name(const char *name)
{
    return name + strlen(name) + 1;
}

// Linear search: some hundred names take a few microseconds.
static bool has(const struct qemu_names *names, const char *name)
{
    const char *p = names->first;
    for (size_t i = 0; i < names->n; i++, p = next_name(p)) {
        if (str_eq(p, name))
            return true;
    }
    return false;
}

bool qemu_caps_has_device(const struct qemu_caps *c, const char *name)
{
    return has(&c->devices, name);
}

bool qemu_caps_has_object(const struct qemu_caps *c, const char *name)
{
    return has(&c->objects, name);
}

bool qemu_caps_has_command(const struct qemu_caps *c, const char *name)
{
    return has(&c->commands, name);
}

bool qemu_caps_has_option(const struct qemu_caps *c, const char *name)
{
    return has(&c->options, name);
}

const struct qemu_cpu_model *qemu_caps_cpu(const struct qemu_caps *c, enum qemu_virt virt,
                                           const char *name)
{
    for (size_t i = 0; i < c->accel[virt].ncpus; i++) {
        if (str_eq(c->accel[virt].cpus[i].name, name))
            return &c->accel[virt].cpus[i];
    }
    return NULL;
}

char *qemu_caps_key_text(const struct qemu_caps_key *key)
{
    return xasprintf("vireo-qemu-caps %d %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64
                     " %ju %s %s\n",
                     FORMAT, key->mtime_ns, key->ctime_ns, key->size, key->inode,
                     (uintmax_t)key->uid, key->kvm ? "kvm" : "tcg", key->binary);
}

// ---- text to struct -----------------------------------------------------------------------------

struct section {
    bool there;
    char *first; // its first line
    size_t n;    // lines
};

static struct section *find_section(struct section *sections, const char *line)
{
    for (size_t i = 0; i < QEMU_SECTION_COUNT; i++) {
        if (str_eq(qemu_section_names[i], line))
            return &sections[i];
    }
    return NULL;
}

// Terminates each line with a NUL. Text after the last section is dropped.
static int split(char *text, struct section *sections)
{
    struct section *now = NULL;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (line[0] != '[') {
            if (!now)
                return -1;
            now->n++;
            continue;
        }
        now = find_section(sections, line);
        if (!now || now->there)
            return -1;
        now->there = true;
        now->first = end + 1;
    }
    for (size_t i = 0; i < QEMU_SECTION_COUNT; i++) {
        if (!sections[i].there && i != QEMU_SECTION_TCG && i != QEMU_SECTION_KVM)
            return -1;
    }
    return 0;
}

// Splits a line into exactly n fields at tabs; returns the next line, or NULL for another number.
static char *cut(char *line, char **fields, size_t n)
{
    char *next = (char *)next_name(line);
    for (size_t i = 0; i < n; i++)
        fields[i] = strsep(&line, "\t");
    return fields[n - 1] && !line ? next : NULL;
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static int parse_binary(struct qemu_caps *c, const struct section *s)
{
    char *f[4];
    uint64_t version;
    if (s->n != 1 || !cut(s->first, f, ARRAY_LEN(f)) ||
        str_to_u64(f[0], 10, UINT32_MAX, &version) < 0)
        return -1;
    c->version = (uint32_t)version;
    c->arch = f[1];
    c->kvm_built = str_eq(f[2], "kvm");
    c->package = f[3];
    return 0;
}

static int parse_machines(struct qemu_caps *c, const struct section *s)
{
    char *line = s->first, *f[7];
    c->machines = xcalloc(s->n + 1, sizeof(*c->machines));
    for (c->nmachines = 0; c->nmachines < s->n; c->nmachines++) {
        uint64_t cpus;
        line = cut(line, f, ARRAY_LEN(f));
        if (!line || str_to_u64(f[2], 10, UINT32_MAX, &cpus) < 0)
            return -1;
        c->machines[c->nmachines] = (struct qemu_machine){
            .name = f[0],
            .alias = or_null(f[1]),
            .max_cpus = (uint32_t)cpus,
            .is_default = f[3][0],
            .deprecated = f[4][0],
            .default_ram_id = or_null(f[5]),
            .default_cpu_type = or_null(f[6]),
        };
    }
    return 0;
}

static int parse_accel(struct qemu_accel_caps *a, const struct section *s)
{
    char *line = s->first, *f[3];
    a->usable = s->there;
    a->cpus = xcalloc(s->n + 1, sizeof(*a->cpus));
    for (a->ncpus = 0; a->ncpus < s->n; a->ncpus++) {
        line = cut(line, f, ARRAY_LEN(f));
        if (!line)
            return -1;
        a->cpus[a->ncpus] = (struct qemu_cpu_model){
            .name = f[0],
            .usable = str_eq(f[1], "usable") ? QEMU_USABLE_YES
                      : f[1][0]              ? QEMU_USABLE_NO
                                             : QEMU_USABLE_UNKNOWN,
            .deprecated = f[2][0],
        };
    }
    return 0;
}

static int parse(struct qemu_caps *c, char *text)
{
    struct section s[QEMU_SECTION_COUNT] = {0};
    if (split(text, s) < 0 || parse_binary(c, &s[QEMU_SECTION_BINARY]) < 0 ||
        parse_machines(c, &s[QEMU_SECTION_MACHINES]) < 0 ||
        parse_accel(&c->accel[QEMU_VIRT_TCG], &s[QEMU_SECTION_TCG]) < 0 ||
        parse_accel(&c->accel[QEMU_VIRT_KVM], &s[QEMU_SECTION_KVM]) < 0)
        return -1;
    const struct section *d = &s[QEMU_SECTION_DEVICES], *o = &s[QEMU_SECTION_OBJECTS];
    c->devices = (struct qemu_names){d->first, d->n};
    c->objects = (struct qemu_names){o->first, o->n};
    c->commands = (struct qemu_names){s[QEMU_SECTION_COMMANDS].first, s[QEMU_SECTION_COMMANDS].n};
    c->options = (struct qemu_names){s[QEMU_SECTION_OPTIONS].first, s[QEMU_SECTION_OPTIONS].n};
    return 0;
}

int qemu_caps_parse(char *text, const struct qemu_caps_key *key, struct qemu_caps **ret,
                    struct error *err)
{
    AUTO_QEMU_CAPS struct qemu_caps *c = NEW(struct qemu_caps);
    AUTO_FREE char *expected = qemu_caps_key_text(key);
    c->refs = 1;
    c->text = text;
    if (!str_starts(text, expected))
        return error_set(err, ERROR_OPERATION_INVALID, AREA_CAPABILITIES,
                         "the stored capabilities of '%s' are of another version of it",
                         key->binary);
    text[strlen(expected) - 1] = '\0';
    c->binary = strstr(text, key->binary);
    if (parse(c, text + strlen(expected)) < 0)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_CAPABILITIES,
                         "the stored capabilities of '%s' are damaged", key->binary);
    *ret = STEAL(c);
    return 0;
}
