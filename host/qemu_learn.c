// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/qemu_learn.h"
#include <stdlib.h>
#include "base/alloc.h"
#include "base/str.h"

static const char *const arch_names[][2] = {{"i386", "i686"}, {"arm", "armv7l"}};

const char *qemu_arch_from_target(const char *target)
{
    for (size_t i = 0; i < ARRAY_LEN(arch_names); i++) {
        if (str_eq(arch_names[i][0], target))
            return arch_names[i][1];
    }
    return target;
}

const char *qemu_target_from_arch(const char *arch)
{
    for (size_t i = 0; i < ARRAY_LEN(arch_names); i++) {
        if (str_eq(arch_names[i][1], arch))
            return arch_names[i][0];
    }
    return arch;
}

static const char *text_of(struct json_object *o, const char *member)
{
    struct json_object *m;
    if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, member, &m) ||
        !json_object_is_type(m, json_type_string))
        return NULL;
    return json_object_get_string(m);
}

static struct json_object *member_of(struct json_object *o, const char *member, enum json_type type)
{
    struct json_object *m;
    if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, member, &m))
        return NULL;
    return json_object_is_type(m, type) ? m : NULL;
}

static bool flag_of(struct json_object *o, const char *member)
{
    struct json_object *m = member_of(o, member, json_type_boolean);
    return m && json_object_get_boolean(m);
}

static int wrong(struct error *err, const char *command)
{
    return error_set(err, ERROR_INTERNAL, AREA_QEMU,
                     "QEMU's reply to '%s' is not what it documents", command);
}

static int check_list(struct json_object *list, const char *command, struct error *err)
{
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) > QEMU_LIST_MAX)
        return wrong(err, command);
    return 0;
}

int qemu_learn_target(struct qemu_caps *c, struct json_object *reply, struct error *err)
{
    const char *target = text_of(reply, "arch");
    if (!target)
        return wrong(err, "query-target");
    str_replace(&c->arch, qemu_arch_from_target(target));
    return 0;
}

int qemu_learn_machines(struct qemu_caps *c, struct json_object *reply, struct error *err)
{
    if (check_list(reply, "query-machines", err) < 0)
        return -1;
    size_t n = json_object_array_length(reply);
    c->machines = xcalloc(n + 1, sizeof(*c->machines));
    for (size_t i = 0; i < n; i++) {
        struct json_object *o = json_object_array_get_idx(reply, i);
        struct json_object *max = member_of(o, "cpu-max", json_type_int);
        const char *name = text_of(o, "name");
        if (!name || !max)
            return wrong(err, "query-machines");
        if (str_eq(name, "none"))
            continue; // of use to us only
        struct qemu_machine *m = &c->machines[c->nmachines++];
        m->name = xstrdup(name);
        m->alias = xstrdup(text_of(o, "alias"));
        int64_t cpus = json_object_get_int64(max);
        m->max_cpus = cpus > 0 && cpus < 1000000 ? (uint32_t)cpus : 1;
        m->is_default = flag_of(o, "is-default");
        m->hotpluggable_cpus = flag_of(o, "hotpluggable-cpus");
        m->deprecated = flag_of(o, "deprecated");
        m->numa_mem = flag_of(o, "numa-mem-supported");
        m->default_ram_id = xstrdup(text_of(o, "default-ram-id"));
        m->default_cpu_type = xstrdup(text_of(o, "default-cpu-type"));
    }
    return 0;
}

int qemu_learn_cpus(struct qemu_accel_caps *a, struct json_object *reply, struct error *err)
{
    if (check_list(reply, "query-cpu-definitions", err) < 0)
        return -1;
    size_t n = json_object_array_length(reply);
    a->cpus = xcalloc(n + 1, sizeof(*a->cpus));
    for (size_t i = 0; i < n; i++) {
        struct json_object *o = json_object_array_get_idx(reply, i);
        struct json_object *blockers = member_of(o, "unavailable-features", json_type_array);
        const char *name = text_of(o, "name");
        if (!name)
            return wrong(err, "query-cpu-definitions");
        struct qemu_cpu_model *m = &a->cpus[a->ncpus++];
        m->name = xstrdup(name);
        m->alias_of = xstrdup(text_of(o, "alias-of"));
        m->migration_safe = flag_of(o, "migration-safe");
        m->is_static = flag_of(o, "static");
        m->deprecated = flag_of(o, "deprecated");
        size_t nblockers = blockers ? json_object_array_length(blockers) : 0;
        m->usable = blockers && nblockers == 0;
        for (size_t k = 0; k < nblockers && k < 256; k++)
            strv_push(&m->blockers, json_object_get_string(json_object_array_get_idx(blockers, k)));
    }
    return 0;
}

int qemu_learn_names(struct strv *names, const char *command, struct json_object *reply,
                     struct error *err)
{
    if (check_list(reply, command, err) < 0)
        return -1;
    for (size_t i = 0; i < json_object_array_length(reply); i++) {
        const char *name = text_of(json_object_array_get_idx(reply, i), "name");
        if (!name)
            return wrong(err, command);
        strv_push(names, name);
    }
    qemu_sort(names);
    return 0;
}

int qemu_learn_options(struct qemu_caps *c, struct json_object *reply, struct error *err)
{
    if (check_list(reply, "query-command-line-options", err) < 0)
        return -1;
    for (size_t i = 0; i < json_object_array_length(reply); i++) {
        struct json_object *o = json_object_array_get_idx(reply, i);
        struct json_object *parameters = member_of(o, "parameters", json_type_array);
        const char *option = text_of(o, "option");
        if (!option || !parameters || json_object_array_length(parameters) > QEMU_LIST_MAX)
            return wrong(err, "query-command-line-options");
        strv_push(&c->options, option);
        for (size_t k = 0; k < json_object_array_length(parameters); k++) {
            const char *name = text_of(json_object_array_get_idx(parameters, k), "name");
            if (name)
                strv_printf(&c->options, "%s.%s", option, name);
        }
    }
    qemu_sort(&c->options);
    return 0;
}

int qemu_learn_properties(struct qemu_caps *c, const char *device, struct json_object *reply,
                          struct error *err)
{
    if (check_list(reply, "device-list-properties", err) < 0)
        return -1;
    for (size_t i = 0; i < json_object_array_length(reply); i++) {
        const char *name = text_of(json_object_array_get_idx(reply, i), "name");
        if (!name)
            return wrong(err, "device-list-properties");
        strv_printf(&c->properties, "%s.%s", device, name);
    }
    return 0;
}
