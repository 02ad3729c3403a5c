// SPDX-License-Identifier: GPL-2.0-or-later
#include "monitor/codec.h"
#include <json-c/json.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/str.h"

// Bounds on lists in replies; far above what QEMU can have.
enum { LIST_MAX = 65536 };

// The layout that strv and every generated list share.
struct any_list {
    void *v;
    size_t n, cap;
};
_Static_assert(sizeof(struct any_list) == sizeof(struct strv), "lists are laid out as strv");

static const enum json_type json_types[] = {
    [QMP_STR] = json_type_string,   [QMP_INT] = json_type_int,     [QMP_SIZE] = json_type_int,
    [QMP_BOOL] = json_type_boolean, [QMP_ENUM] = json_type_string, [QMP_STRUCT] = json_type_object,
};

static size_t item_size(const struct qmp_member *m)
{
    return m->kind == QMP_STRUCT ? m->type->size : sizeof(char *);
}

// ---- freeing -----------------------------------------------------------------------------------

static void free_one(const struct qmp_member *m, void *value);

static void free_members(const struct qmp_type *type, void *value)
{
    for (size_t i = 0; i < type->nmembers; i++)
        qmp_free(&type->members[i], (char *)value + type->members[i].offset);
}

static void free_one(const struct qmp_member *m, void *value)
{
    if (m->kind == QMP_STR) {
        free(*(char **)value);
        *(char **)value = NULL;
    } else if (m->kind == QMP_STRUCT) {
        free_members(m->type, value);
    }
}

void qmp_free(const struct qmp_member *m, void *value)
{
    if (!m->list) {
        free_one(m, value);
        return;
    }
    struct any_list *list = value;
    for (size_t i = 0; i < list->n; i++)
        free_one(m, (char *)list->v + i * item_size(m));
    free(list->v);
    *list = (struct any_list){0};
}

// ---- decoding ----------------------------------------------------------------------------------

// `what` is where the value came from, for errors: "reply to QEMU command 'x'".
static int malformed(const char *what, const struct qmp_member *m, struct json_object *value,
                     struct error *err)
{
    return error_set(err, ERROR_INTERNAL, AREA_QEMU, "%s %s '%s'", what,
                     value ? "has an unexpected type or value in" : "lacks", m->name);
}

static int decode_members(const char *what, const struct qmp_type *type, struct json_object *value,
                          void *ret, struct error *err);

static unsigned decode_enum(const char *const *values, const char *text)
{
    for (unsigned i = 0; values[i]; i++) {
        if (str_eq(values[i], text))
            return i + 1;
    }
    return 0;
}

static int decode_one(const char *what, const struct qmp_member *m, struct json_object *value,
                      void *ret, struct error *err)
{
    if (!json_object_is_type(value, json_types[m->kind]))
        return malformed(what, m, value, err);
    switch (m->kind) {
    case QMP_STR:
        *(char **)ret = xstrdup(json_object_get_string(value));
        return 0;
    case QMP_INT:
        *(int64_t *)ret = json_object_get_int64(value);
        return 0;
    case QMP_SIZE:
        *(uint64_t *)ret = json_object_get_uint64(value);
        return json_object_get_int64(value) < 0 ? malformed(what, m, value, err) : 0;
    case QMP_BOOL:
        *(bool *)ret = json_object_get_boolean(value);
        return 0;
    case QMP_ENUM:
        *(unsigned *)ret = decode_enum(m->values, json_object_get_string(value));
        return 0;
    default:
        return decode_members(what, m->type, value, ret, err);
    }
}

static int decode_value(const char *what, const struct qmp_member *m, struct json_object *value,
                        void *ret, struct error *err)
{
    if (!m->list)
        return decode_one(what, m, value, ret, err);
    struct any_list *list = ret;
    if (!json_object_is_type(value, json_type_array) || json_object_array_length(value) > LIST_MAX)
        return malformed(what, m, value, err);
    list->n = list->cap = json_object_array_length(value);
    list->v = xcalloc(list->n + 1, item_size(m));
    for (size_t i = 0; i < list->n; i++) {
        if (decode_one(what, m, json_object_array_get_idx(value, i),
                       (char *)list->v + i * item_size(m), err) < 0)
            return -1;
    }
    return 0;
}

static int decode_members(const char *what, const struct qmp_type *type, struct json_object *value,
                          void *ret, struct error *err)
{
    for (size_t i = 0; i < type->nmembers; i++) {
        const struct qmp_member *m = &type->members[i];
        struct json_object *part = NULL;
        bool there = json_object_object_get_ex(value, m->name, &part);
        if (!there && m->optional)
            continue;
        if (decode_value(what, m, part, (char *)ret + m->offset, err) < 0)
            return -1;
        if (m->has)
            *((bool *)ret + m->has) = true;
    }
    return 0;
}

int qmp_decode(const struct qmp_command *c, struct json_object *value, void *ret, struct error *err)
{
    AUTO_FREE char *what = xasprintf("reply to QEMU command '%s'", c->name);
    memset(ret, 0, c->ret->list ? sizeof(struct any_list) : item_size(c->ret));
    if (decode_value(what, c->ret, value, ret, err) == 0)
        return 0;
    qmp_free(c->ret, ret);
    return -1;
}

int qmp_event_decode(struct qmp_event *e, struct error *err)
{
    for (unsigned i = 1; i < QMP_EVENT_COUNT; i++) {
        const struct qmp_event_row *row = &qmp_event_rows[i];
        if (!str_eq(row->name, e->name))
            continue;
        AUTO_FREE char *what = xasprintf("QEMU event '%s'", e->name);
        void *payload = (char *)e + row->offset;
        if (row->type && decode_members(what, row->type, e->data, payload, err) < 0) {
            free_members(row->type, payload);
            return -1;
        }
        e->id = (enum qmp_event_id)i;
    }
    return 0;
}

void qmp_event_finish(struct qmp_event *e)
{
    const struct qmp_event_row *row = &qmp_event_rows[e->id];
    if (row->type)
        free_members(row->type, (char *)e + row->offset);
    e->id = QMP_EVENT_OTHER;
}

// ---- encoding ----------------------------------------------------------------------------------

static struct json_object *encode_members(const char *command, const struct qmp_type *type,
                                          const void *in, struct error *err);

static struct json_object *encode_one(const char *command, const struct qmp_member *m,
                                      const void *in, struct error *err)
{
    switch (m->kind) {
    case QMP_STR:
        if (*(char *const *)in)
            return json_object_new_string(*(char *const *)in);
        break;
    case QMP_ENUM:
        if (*(const unsigned *)in > 0)
            return json_object_new_string(m->values[*(const unsigned *)in - 1]);
        break;
    case QMP_INT:
        return json_object_new_int64(*(const int64_t *)in);
    case QMP_SIZE:
        return json_object_new_uint64(*(const uint64_t *)in);
    case QMP_BOOL:
        return json_object_new_boolean(*(const bool *)in);
    default:
        return encode_members(command, m->type, in, err);
    }
    error_set(err, ERROR_INTERNAL, AREA_QEMU, "QEMU command '%s' needs '%s'", command, m->name);
    return NULL;
}

static struct json_object *encode_value(const char *command, const struct qmp_member *m,
                                        const void *in, struct error *err)
{
    if (!m->list)
        return encode_one(command, m, in, err);
    const struct any_list *list = in;
    struct json_object *a = json_object_new_array();
    for (size_t i = 0; i < list->n; i++) {
        struct json_object *o =
            encode_one(command, m, (const char *)list->v + i * item_size(m), err);
        if (!o) {
            json_object_put(a);
            return NULL;
        }
        json_object_array_add(a, o);
    }
    return a;
}

// An optional member that is as good as absent: see generate.py.
static bool is_absent(const struct qmp_member *m, const void *in)
{
    const void *at = (const char *)in + m->offset;
    if (m->has)
        return !*((const bool *)in + m->has);
    return m->kind == QMP_STR    ? !*(char *const *)at
           : m->kind == QMP_BOOL ? !*(const bool *)at
                                 : *(const unsigned *)at == 0;
}

static struct json_object *encode_members(const char *command, const struct qmp_type *type,
                                          const void *in, struct error *err)
{
    struct json_object *o = json_object_new_object();
    for (size_t i = 0; i < type->nmembers; i++) {
        const struct qmp_member *m = &type->members[i];
        if (m->optional && is_absent(m, in))
            continue;
        struct json_object *part = encode_value(command, m, (const char *)in + m->offset, err);
        if (!part) {
            json_object_put(o);
            return NULL;
        }
        json_object_object_add(o, m->name, part);
    }
    return o;
}

struct json_object *qmp_encode(const struct qmp_command *c, const void *in, struct error *err)
{
    return encode_members(c->name, c->args, in, err);
}

// ---- calls -------------------------------------------------------------------------------------

int qmp_call(struct task *t, struct qmp *q, const struct qmp_command *c, const void *args, int fd,
             uint64_t deadline_us, void *ret, struct error *err)
{
    struct json_object *in = c->args ? qmp_encode(c, args, err) : NULL, *out = NULL;
    if (c->args && !in)
        return -1;
    int r = qmp_execute_fd(t, q, c->name, in, fd, deadline_us, &out, err);
    if (r == 0 && c->ret)
        r = qmp_decode(c, out, ret, err);
    json_object_put(in);
    json_object_put(out);
    return r;
}

int qmp_call_send(struct qmp *q, const struct qmp_command *c, const void *args)
{
    struct json_object *in = c->args ? qmp_encode(c, args, NULL) : NULL;
    int r = c->args && !in ? -1 : qmp_send(q, c->name, in);
    json_object_put(in);
    return r;
}
