// SPDX-License-Identifier: GPL-2.0-or-later
// The form on disk: the same replies a binary gives, in a few plain lists, so that a person can
// read it and qemu_learn.c can read it back.
#include <stdlib.h>
#include "base/alloc.h"
#include "base/str.h"
#include "host/qemu_caps.h"
#include "host/qemu_learn.h"

// Raised whenever the probe asks something new or the form changes.
enum { FORMAT = 1 };

static void put_text(struct json_object *o, const char *member, const char *text)
{
    if (text)
        json_object_object_add(o, member, json_object_new_string(text));
}

static void put_flag(struct json_object *o, const char *member, bool flag)
{
    if (flag)
        json_object_object_add(o, member, json_object_new_boolean(true));
}

static void put_list(struct json_object *o, const char *member, const struct strv *list)
{
    struct json_object *a = json_object_new_array();
    for (size_t i = 0; i < list->n; i++)
        json_object_array_add(a, json_object_new_string(list->v[i]));
    json_object_object_add(o, member, a);
}

static struct json_object *key_to_json(const struct qemu_caps_key *key)
{
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "format", json_object_new_int(FORMAT));
    put_text(o, "binary", key->binary);
    json_object_object_add(o, "mtime-ns", json_object_new_int64(key->mtime_ns));
    json_object_object_add(o, "ctime-ns", json_object_new_int64(key->ctime_ns));
    json_object_object_add(o, "size", json_object_new_uint64(key->size));
    json_object_object_add(o, "inode", json_object_new_uint64(key->inode));
    json_object_object_add(o, "uid", json_object_new_int64(key->uid));
    json_object_object_add(o, "kvm", json_object_new_boolean(key->kvm));
    return o;
}

static struct json_object *machines_to_json(const struct qemu_caps *c)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < c->nmachines; i++) {
        const struct qemu_machine *m = &c->machines[i];
        struct json_object *o = json_object_new_object();
        put_text(o, "name", m->name);
        put_text(o, "alias", m->alias);
        json_object_object_add(o, "cpu-max", json_object_new_int64(m->max_cpus));
        put_flag(o, "is-default", m->is_default);
        put_flag(o, "hotpluggable-cpus", m->hotpluggable_cpus);
        put_flag(o, "deprecated", m->deprecated);
        put_flag(o, "numa-mem-supported", m->numa_mem);
        put_text(o, "default-ram-id", m->default_ram_id);
        put_text(o, "default-cpu-type", m->default_cpu_type);
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *accel_to_json(const struct qemu_accel_caps *a)
{
    struct json_object *accel = json_object_new_object(), *list = json_object_new_array();
    put_flag(accel, "usable", a->usable);
    put_text(accel, "host-model", a->host_model);
    if (a->host_features)
        json_object_object_add(accel, "host-features", json_object_get(a->host_features));
    for (size_t i = 0; i < a->ncpus; i++) {
        const struct qemu_cpu_model *m = &a->cpus[i];
        struct json_object *o = json_object_new_object();
        put_text(o, "name", m->name);
        put_text(o, "alias-of", m->alias_of);
        put_flag(o, "migration-safe", m->migration_safe);
        put_flag(o, "static", m->is_static);
        put_flag(o, "deprecated", m->deprecated);
        if (m->usable || m->blockers.n > 0)
            put_list(o, "unavailable-features", &m->blockers);
        json_object_array_add(list, o);
    }
    json_object_object_add(accel, "cpus", list);
    return accel;
}

struct json_object *qemu_caps_to_json(const struct qemu_caps *c, const struct qemu_caps_key *key)
{
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "key", key_to_json(key));
    json_object_object_add(o, "version", json_object_new_int64(c->version));
    put_text(o, "package", c->package ? c->package : "");
    put_text(o, "arch", c->arch);
    put_flag(o, "kvm-built", c->kvm_built);
    json_object_object_add(o, "machines", machines_to_json(c));
    json_object_object_add(o, "tcg", accel_to_json(&c->accel[QEMU_VIRT_TCG]));
    json_object_object_add(o, "kvm", accel_to_json(&c->accel[QEMU_VIRT_KVM]));
    put_list(o, "devices", &c->devices);
    put_list(o, "objects", &c->objects);
    put_list(o, "commands", &c->commands);
    put_list(o, "properties", &c->properties);
    put_list(o, "options", &c->options);
    return o;
}

static struct json_object *get(struct json_object *o, const char *member, enum json_type type)
{
    struct json_object *m;
    if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, member, &m))
        return NULL;
    return json_object_is_type(m, type) ? m : NULL;
}

static int get_list(struct json_object *o, const char *member, struct strv *list)
{
    struct json_object *a = get(o, member, json_type_array);
    if (!a || json_object_array_length(a) > 16 * QEMU_LIST_MAX)
        return -1;
    for (size_t i = 0; i < json_object_array_length(a); i++) {
        struct json_object *s = json_object_array_get_idx(a, i);
        if (!json_object_is_type(s, json_type_string))
            return -1;
        strv_push(list, json_object_get_string(s));
    }
    qemu_sort(list);
    return 0;
}

static int get_accel(struct json_object *o, const char *member, struct qemu_accel_caps *a)
{
    struct json_object *accel = get(o, member, json_type_object), *m;
    if (!accel || qemu_learn_cpus(a, get(accel, "cpus", json_type_array), NULL) < 0)
        return -1;
    a->usable = get(accel, "usable", json_type_boolean) != NULL;
    a->host_features = json_object_get(get(accel, "host-features", json_type_object));
    if ((m = get(accel, "host-model", json_type_string)))
        a->host_model = xstrdup(json_object_get_string(m));
    return 0;
}

static int read_all(struct json_object *doc, struct qemu_caps *c)
{
    struct json_object *version = get(doc, "version", json_type_int);
    struct json_object *package = get(doc, "package", json_type_string);
    struct json_object *arch = get(doc, "arch", json_type_string);
    if (!version || !package || !arch || json_object_get_int64(version) <= 0)
        return -1;
    c->version = (uint32_t)json_object_get_int64(version);
    c->package = xstrdup(json_object_get_string(package));
    c->arch = xstrdup(json_object_get_string(arch));
    c->kvm_built = get(doc, "kvm-built", json_type_boolean) != NULL;
    if (qemu_learn_machines(c, get(doc, "machines", json_type_array), NULL) < 0 ||
        get_accel(doc, "tcg", &c->accel[QEMU_VIRT_TCG]) < 0 ||
        get_accel(doc, "kvm", &c->accel[QEMU_VIRT_KVM]) < 0 ||
        get_list(doc, "devices", &c->devices) < 0 || get_list(doc, "objects", &c->objects) < 0 ||
        get_list(doc, "commands", &c->commands) < 0 ||
        get_list(doc, "properties", &c->properties) < 0 ||
        get_list(doc, "options", &c->options) < 0)
        return -1;
    return 0;
}

int qemu_caps_from_json(struct json_object *doc, const struct qemu_caps_key *key,
                        struct qemu_caps **ret, struct error *err)
{
    struct json_object *wanted = key_to_json(key);
    bool same = json_object_equal(wanted, get(doc, "key", json_type_object));
    json_object_put(wanted);
    if (!same)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_CAPABILITIES,
                         "what is stored about '%s' is about another version of it", key->binary);
    struct qemu_caps *c = NEW(struct qemu_caps);
    c->refs = 1;
    c->binary = xstrdup(key->binary);
    if (read_all(doc, c) < 0) {
        qemu_caps_unref(c);
        return error_set(err, ERROR_OPERATION_FAILED, AREA_CAPABILITIES,
                         "what is stored about '%s' is damaged", key->binary);
    }
    *ret = c;
    return 0;
}
