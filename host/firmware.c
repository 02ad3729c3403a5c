// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/firmware.h"
#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdlib.h>
#include "base/file.h"
#include "base/str.h"
#include "host/qemu_learn.h"

enum { DESCRIPTOR_MAX = 65536, DESCRIPTORS_MAX = 64 };

static struct json_object *get(struct json_object *o, const char *member)
{
    struct json_object *m;
    return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, member, &m)
               ? m
               : NULL;
}

static const char *text(struct json_object *o)
{
    return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";
}

static size_t length(struct json_object *list)
{
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

static bool list_has(struct json_object *list, const char *value)
{
    for (size_t i = 0; i < length(list); i++) {
        if (str_eq(text(json_object_array_get_idx(list, i)), value))
            return true;
    }
    return false;
}

static bool fits(struct json_object *doc, const char *target, const char *machine)
{
    struct json_object *targets = get(doc, "targets");
    for (size_t i = 0; i < length(targets); i++) {
        struct json_object *t = json_object_array_get_idx(targets, i);
        struct json_object *machines = get(t, "machines");
        if (!str_eq(text(get(t, "architecture")), target))
            continue;
        for (size_t k = 0; k < length(machines); k++) {
            if (fnmatch(text(json_object_array_get_idx(machines, k)), machine, 0) == 0)
                return true;
        }
    }
    return false;
}

static void add(struct json_object *doc, struct firmware_choice *f)
{
    struct json_object *mapping = get(doc, "mapping");
    const char *path = text(get(get(mapping, "executable"), "filename"));
    if (!path[0])
        path = text(get(mapping, "filename"));
    if (list_has(get(doc, "interface-types"), "uefi")) {
        f->efi = true;
        f->secure |= list_has(get(doc, "features"), "secure-boot");
    }
    for (size_t i = 0; i < f->loaders.n; i++) {
        if (str_eq(f->loaders.v[i], path))
            return;
    }
    if (path[0] == '/')
        strv_push(&f->loaders, path);
}

static int add_name(const char *name, void *arg)
{
    struct strv *names = arg;
    if (names->n < DESCRIPTORS_MAX)
        strv_push(names, name);
    return 0;
}

// Calls fn for every matching descriptor, in the order of file names, until fn returns true.
static void each_match(const char *dir, const char *target, const char *machine,
                       bool (*fn)(struct json_object *doc, void *arg), void *arg)
{
    struct strv names = {0};
    bool done = false;
    dir_each(dir, ".json", add_name, &names);
    strv_sort(&names);
    for (size_t i = 0; i < names.n && !done; i++) {
        AUTO_FREE char *path = path_join(dir, names.v[i]);
        AUTO_FREE char *data = NULL;
        if (file_read(path, DESCRIPTOR_MAX, &data, NULL) < 0)
            continue;
        struct json_object *doc = json_tokener_parse(data);
        done = fits(doc, target, machine) && fn(doc, arg);
        json_object_put(doc);
    }
    strv_finish(&names);
}

static bool add_choice(struct json_object *doc, void *arg)
{
    add(doc, arg);
    return false;
}

void firmware_find(const char *dir, const char *target, const char *machine,
                   struct firmware_choice *ret)
{
    *ret = (struct firmware_choice){0};
    each_match(dir, target, machine, add_choice, ret);
}

struct flash_search {
    const struct firmware_wanted *wanted;
    struct firmware_flash *ret;
};

static bool take_flash(struct json_object *doc, void *arg)
{
    struct flash_search *s = arg;
    struct json_object *mapping = get(doc, "mapping"), *features = get(doc, "features");
    struct json_object *code = get(mapping, "executable"), *vars = get(mapping, "nvram-template");
    bool secure = list_has(features, "secure-boot"), smm = list_has(features, "requires-smm");
    const char *loader = text(get(code, "filename"));
    if (!list_has(get(doc, "interface-types"), "uefi") ||
        !str_eq(text(get(mapping, "device")), "flash") || !*loader ||
        !*text(get(vars, "filename")) ||
        (s->wanted->loader && !str_eq(s->wanted->loader, loader)) ||
        toggle_or(s->wanted->secure, secure) != secure || (smm && s->wanted->no_smm))
        return false;
    bool enrolled = list_has(features, "enrolled-keys");
    if (toggle_or(s->wanted->enrolled_keys, enrolled) != enrolled)
        return false;
    *s->ret = (struct firmware_flash){.loader = xstrdup(loader),
                                      .nvram_template = xstrdup(text(get(vars, "filename"))),
                                      .format = xstrdup(text(get(code, "format"))),
                                      .smm = smm};
    return true;
}

int firmware_find_flash(const char *dir, const char *target, const char *machine,
                        const struct firmware_wanted *wanted, struct firmware_flash *ret)
{
    *ret = (struct firmware_flash){0};
    struct flash_search s = {.wanted = wanted, .ret = ret};
    each_match(dir, target, machine, take_flash, &s);
    return ret->loader ? 0 : -ENOENT;
}

void firmware_flash_finish(struct firmware_flash *f)
{
    free(f->loader);
    free(f->nvram_template);
    free(f->format);
    *f = (struct firmware_flash){0};
}

void firmware_choice_finish(struct firmware_choice *f)
{
    strv_finish(&f->loaders);
}
