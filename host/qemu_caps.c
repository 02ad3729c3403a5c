// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/qemu_caps.h"
#include <stdlib.h>
#include "base/alloc.h"
#include "base/str.h"
#include "host/qemu_learn.h"

struct qemu_caps *qemu_caps_ref(struct qemu_caps *c)
{
    c->refs++;
    return c;
}

static void free_accel(struct qemu_accel_caps *a)
{
    for (size_t i = 0; i < a->ncpus; i++) {
        free(a->cpus[i].name);
        free(a->cpus[i].alias_of);
        strv_finish(&a->cpus[i].blockers);
    }
    free(a->cpus);
    free(a->host_model);
    json_object_put(a->host_features);
}

void qemu_caps_unref(struct qemu_caps *c)
{
    if (!c || --c->refs > 0)
        return;
    for (size_t i = 0; i < QEMU_VIRT_COUNT; i++)
        free_accel(&c->accel[i]);
    for (size_t i = 0; i < c->nmachines; i++) {
        free(c->machines[i].name);
        free(c->machines[i].alias);
        free(c->machines[i].default_ram_id);
        free(c->machines[i].default_cpu_type);
    }
    free(c->machines);
    strv_finish(&c->devices);
    strv_finish(&c->objects);
    strv_finish(&c->commands);
    strv_finish(&c->properties);
    strv_finish(&c->options);
    free(c->binary);
    free(c->package);
    free(c->arch);
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

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void qemu_sort(struct strv *s)
{
    if (s->n > 0)
        qsort(s->v, s->n, sizeof(*s->v), compare_text);
}

static bool has(const struct strv *sorted, const char *text)
{
    return sorted->n > 0 && bsearch(&text, sorted->v, sorted->n, sizeof(*sorted->v), compare_text);
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

bool qemu_caps_has_property(const struct qemu_caps *c, const char *device, const char *property)
{
    AUTO_FREE char *both = xasprintf("%s.%s", device, property);
    return has(&c->properties, both);
}

bool qemu_caps_has_option(const struct qemu_caps *c, const char *option, const char *parameter)
{
    AUTO_FREE char *both = parameter ? xasprintf("%s.%s", option, parameter) : xstrdup(option);
    return has(&c->options, both);
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
