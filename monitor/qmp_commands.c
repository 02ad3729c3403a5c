// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include "base/alloc.h"
#include "base/str.h"
#include "monitor/qmp_commands.h"

// Bounds on lists in replies; far above what QEMU can have.
enum { LIST_MAX = 65536 };

// A reply being taken apart: the first thing missing fills err, and everything after is a no-op.
struct reader {
    const char *command;
    struct error *err;
    bool failed;
};

static void missing(struct reader *r, const char *member)
{
    if (!r->failed)
        error_set(r->err, ERROR_INTERNAL, AREA_QEMU, "reply to QEMU command '%s' lacks '%s'",
                  r->command, member);
    r->failed = true;
}

static struct json_object *get(struct json_object *o, const char *member, enum json_type type)
{
    struct json_object *m;
    if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, member, &m))
        return NULL;
    return json_object_is_type(m, type) ? m : NULL;
}

static const char *optional_text(struct json_object *o, const char *member)
{
    struct json_object *m = get(o, member, json_type_string);
    return m ? json_object_get_string(m) : NULL;
}

static bool optional_bool(struct json_object *o, const char *member)
{
    struct json_object *m = get(o, member, json_type_boolean);
    return m && json_object_get_boolean(m);
}

static const char *need_text(struct reader *r, struct json_object *o, const char *member)
{
    const char *s = optional_text(o, member);
    if (!s)
        missing(r, member);
    return s ? s : "";
}

static bool need_bool(struct reader *r, struct json_object *o, const char *member)
{
    if (!get(o, member, json_type_boolean))
        missing(r, member);
    return optional_bool(o, member);
}

static int64_t need_int(struct reader *r, struct json_object *o, const char *member)
{
    struct json_object *m = get(o, member, json_type_int);
    if (!m)
        missing(r, member);
    return m ? json_object_get_int64(m) : 0;
}

static size_t list_length(struct reader *r, struct json_object *list)
{
    if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) > LIST_MAX) {
        missing(r, "return");
        return 0;
    }
    return json_object_array_length(list);
}

static struct json_object *one_text(const char *member, const char *value)
{
    struct json_object *args = json_object_new_object();
    json_object_object_add(args, member, json_object_new_string(value));
    return args;
}

static const char *const run_states[] = {
    [QMP_RUN_UNKNOWN] = "unknown",
    [QMP_RUN_DEBUG] = "debug",
    [QMP_RUN_INMIGRATE] = "inmigrate",
    [QMP_RUN_INTERNAL_ERROR] = "internal-error",
    [QMP_RUN_IO_ERROR] = "io-error",
    [QMP_RUN_PAUSED] = "paused",
    [QMP_RUN_POSTMIGRATE] = "postmigrate",
    [QMP_RUN_PRELAUNCH] = "prelaunch",
    [QMP_RUN_FINISH_MIGRATE] = "finish-migrate",
    [QMP_RUN_RESTORE_VM] = "restore-vm",
    [QMP_RUN_RUNNING] = "running",
    [QMP_RUN_SAVE_VM] = "save-vm",
    [QMP_RUN_SHUTDOWN] = "shutdown",
    [QMP_RUN_SUSPENDED] = "suspended",
    [QMP_RUN_WATCHDOG] = "watchdog",
    [QMP_RUN_GUEST_PANICKED] = "guest-panicked",
    [QMP_RUN_COLO] = "colo",
};

enum qmp_run_state qmp_run_state_parse(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(run_states); i++) {
        if (str_eq(run_states[i], word))
            return (enum qmp_run_state)i;
    }
    return QMP_RUN_UNKNOWN;
}

const char *qmp_run_state_text(enum qmp_run_state state)
{
    return (size_t)state < ARRAY_LEN(run_states) ? run_states[state] : "unknown";
}

int qmp_query_status(struct task *t, struct qmp *q, uint64_t deadline_us, struct qmp_status *ret,
                     struct error *err)
{
    struct json_object *o;
    if (qmp_execute(t, q, "query-status", NULL, deadline_us, &o, err) < 0)
        return -1;
    struct reader r = {"query-status", err, false};
    ret->state = qmp_run_state_parse(need_text(&r, o, "status"));
    ret->running = need_bool(&r, o, "running");
    json_object_put(o);
    return r.failed ? -1 : 0;
}

int qmp_list_devices(struct task *t, struct qmp *q, uint64_t deadline_us, struct strv *ret,
                     struct error *err)
{
    struct json_object *list;
    *ret = (struct strv){0};
    if (qmp_execute(t, q, "qom-list", one_text("path", "/machine/peripheral"), deadline_us, &list,
                    err) < 0)
        return -1;
    struct reader r = {"qom-list", err, false};
    size_t n = list_length(&r, list);
    for (size_t i = 0; i < n; i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        // Beside them the place has properties of its own.
        if (str_starts(need_text(&r, o, "type"), "child<"))
            strv_push(ret, need_text(&r, o, "name"));
    }
    json_object_put(list);
    if (r.failed)
        strv_finish(ret);
    return r.failed ? -1 : 0;
}

int qmp_query_chardevs(struct task *t, struct qmp *q, uint64_t deadline_us,
                       struct qmp_chardevs *ret, struct error *err)
{
    struct json_object *list;
    *ret = (struct qmp_chardevs){0};
    if (qmp_execute(t, q, "query-chardev", NULL, deadline_us, &list, err) < 0)
        return -1;
    struct reader r = {"query-chardev", err, false};
    ret->n = list_length(&r, list);
    ret->v = xcalloc(ret->n + 1, sizeof(*ret->v));
    for (size_t i = 0; i < ret->n; i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        ret->v[i].label = xstrdup(need_text(&r, o, "label"));
        ret->v[i].filename = xstrdup(need_text(&r, o, "filename"));
        ret->v[i].frontend_open = optional_bool(o, "frontend-open");
    }
    json_object_put(list);
    if (r.failed)
        qmp_chardevs_finish(ret);
    return r.failed ? -1 : 0;
}

void qmp_chardevs_finish(struct qmp_chardevs *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->v[i].label);
        free(c->v[i].filename);
    }
    free(c->v);
    *c = (struct qmp_chardevs){0};
}

static void read_block(struct reader *r, struct json_object *o, struct qmp_block *b)
{
    struct json_object *inserted = get(o, "inserted", json_type_object);
    b->device = xstrdup(need_text(r, o, "device"));
    b->qdev = xstrdup(optional_text(o, "qdev"));
    b->io_status = xstrdup(optional_text(o, "io-status"));
    b->removable = optional_bool(o, "removable");
    b->locked = optional_bool(o, "locked");
    b->has_tray = get(o, "tray_open", json_type_boolean);
    b->tray_open = optional_bool(o, "tray_open");
    b->inserted = inserted;
    b->node_name = xstrdup(optional_text(inserted, "node-name"));
    b->file = xstrdup(optional_text(inserted, "file"));
    b->read_only = optional_bool(inserted, "ro");
}

int qmp_query_blocks(struct task *t, struct qmp *q, uint64_t deadline_us, struct qmp_blocks *ret,
                     struct error *err)
{
    struct json_object *list;
    *ret = (struct qmp_blocks){0};
    if (qmp_execute(t, q, "query-block", NULL, deadline_us, &list, err) < 0)
        return -1;
    struct reader r = {"query-block", err, false};
    ret->n = list_length(&r, list);
    ret->v = xcalloc(ret->n + 1, sizeof(*ret->v));
    for (size_t i = 0; i < ret->n; i++)
        read_block(&r, json_object_array_get_idx(list, i), &ret->v[i]);
    json_object_put(list);
    if (r.failed)
        qmp_blocks_finish(ret);
    return r.failed ? -1 : 0;
}

void qmp_blocks_finish(struct qmp_blocks *b)
{
    for (size_t i = 0; i < b->n; i++) {
        free(b->v[i].device);
        free(b->v[i].qdev);
        free(b->v[i].node_name);
        free(b->v[i].file);
        free(b->v[i].io_status);
    }
    free(b->v);
    *b = (struct qmp_blocks){0};
}

static int compare_cpus(const void *a, const void *b)
{
    int64_t x = ((const struct qmp_cpu *)a)->index, y = ((const struct qmp_cpu *)b)->index;
    return (x > y) - (x < y);
}

int qmp_query_cpus(struct task *t, struct qmp *q, uint64_t deadline_us, struct qmp_cpus *ret,
                   struct error *err)
{
    struct json_object *list;
    *ret = (struct qmp_cpus){0};
    if (qmp_execute(t, q, "query-cpus-fast", NULL, deadline_us, &list, err) < 0)
        return -1;
    struct reader r = {"query-cpus-fast", err, false};
    ret->n = list_length(&r, list);
    ret->v = xcalloc(ret->n + 1, sizeof(*ret->v));
    for (size_t i = 0; i < ret->n; i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        ret->v[i].index = need_int(&r, o, "cpu-index");
        ret->v[i].thread_id = need_int(&r, o, "thread-id");
        ret->v[i].qom_path = xstrdup(need_text(&r, o, "qom-path"));
        ret->v[i].props = json_object_get(get(o, "props", json_type_object));
    }
    json_object_put(list);
    qsort(ret->v, ret->n, sizeof(*ret->v), compare_cpus);
    if (r.failed)
        qmp_cpus_finish(ret);
    return r.failed ? -1 : 0;
}

void qmp_cpus_finish(struct qmp_cpus *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->v[i].qom_path);
        json_object_put(c->v[i].props);
    }
    free(c->v);
    *c = (struct qmp_cpus){0};
}

int qmp_query_vnc(struct task *t, struct qmp *q, uint64_t deadline_us, struct qmp_vnc *ret,
                  struct error *err)
{
    struct json_object *o;
    *ret = (struct qmp_vnc){0};
    if (qmp_execute(t, q, "query-vnc", NULL, deadline_us, &o, err) < 0)
        return -1;
    struct reader r = {"query-vnc", err, false};
    ret->enabled = need_bool(&r, o, "enabled");
    ret->host = xstrdup(optional_text(o, "host"));
    ret->service = xstrdup(optional_text(o, "service"));
    ret->family = xstrdup(optional_text(o, "family"));
    ret->auth = xstrdup(optional_text(o, "auth"));
    json_object_put(o);
    if (r.failed)
        qmp_vnc_finish(ret);
    return r.failed ? -1 : 0;
}

void qmp_vnc_finish(struct qmp_vnc *v)
{
    free(v->host);
    free(v->service);
    free(v->family);
    free(v->auth);
    *v = (struct qmp_vnc){0};
}

int qmp_query_balloon(struct task *t, struct qmp *q, uint64_t deadline_us, uint64_t *actual_bytes,
                      struct error *err)
{
    struct json_object *o;
    if (qmp_execute(t, q, "query-balloon", NULL, deadline_us, &o, err) < 0)
        return -1;
    struct reader r = {"query-balloon", err, false};
    struct json_object *actual = get(o, "actual", json_type_int);
    if (actual)
        *actual_bytes = json_object_get_uint64(actual);
    else
        missing(&r, "actual");
    json_object_put(o);
    return r.failed ? -1 : 0;
}

int qmp_set_balloon(struct task *t, struct qmp *q, uint64_t target_bytes, uint64_t deadline_us,
                    struct error *err)
{
    struct json_object *args = json_object_new_object();
    json_object_object_add(args, "value", json_object_new_uint64(target_bytes));
    return qmp_execute(t, q, "balloon", args, deadline_us, NULL, err);
}

int qmp_query_kvm(struct task *t, struct qmp *q, uint64_t deadline_us, struct qmp_kvm *ret,
                  struct error *err)
{
    struct json_object *o;
    if (qmp_execute(t, q, "query-kvm", NULL, deadline_us, &o, err) < 0)
        return -1;
    struct reader r = {"query-kvm", err, false};
    ret->enabled = need_bool(&r, o, "enabled");
    ret->present = need_bool(&r, o, "present");
    json_object_put(o);
    return r.failed ? -1 : 0;
}

int qmp_cont(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err)
{
    return qmp_execute(t, q, "cont", NULL, deadline_us, NULL, err);
}

int qmp_stop(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err)
{
    return qmp_execute(t, q, "stop", NULL, deadline_us, NULL, err);
}

int qmp_system_reset(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err)
{
    return qmp_execute(t, q, "system_reset", NULL, deadline_us, NULL, err);
}

int qmp_system_powerdown(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err)
{
    return qmp_execute(t, q, "system_powerdown", NULL, deadline_us, NULL, err);
}

int qmp_quit(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err)
{
    return qmp_execute(t, q, "quit", NULL, deadline_us, NULL, err);
}

int qmp_getfd(struct task *t, struct qmp *q, const char *name, int fd, uint64_t deadline_us,
              struct error *err)
{
    return qmp_execute_fd(t, q, "getfd", one_text("fdname", name), fd, deadline_us, NULL, err);
}

int qmp_closefd(struct task *t, struct qmp *q, const char *name, uint64_t deadline_us,
                struct error *err)
{
    return qmp_execute(t, q, "closefd", one_text("fdname", name), deadline_us, NULL, err);
}

int qmp_add_fd(struct task *t, struct qmp *q, int64_t set_wanted, const char *opaque, int fd,
               uint64_t deadline_us, int64_t *set, struct error *err)
{
    struct json_object *args = json_object_new_object(), *o;
    if (set_wanted >= 0)
        json_object_object_add(args, "fdset-id", json_object_new_int64(set_wanted));
    if (opaque)
        json_object_object_add(args, "opaque", json_object_new_string(opaque));
    if (qmp_execute_fd(t, q, "add-fd", args, fd, deadline_us, &o, err) < 0)
        return -1;
    struct reader r = {"add-fd", err, false};
    *set = need_int(&r, o, "fdset-id");
    json_object_put(o);
    return r.failed ? -1 : 0;
}

int qmp_human_command(struct task *t, struct qmp *q, const char *line, uint64_t deadline_us,
                      char **output, struct error *err)
{
    struct json_object *o;
    if (qmp_execute(t, q, "human-monitor-command", one_text("command-line", line), deadline_us, &o,
                    err) < 0)
        return -1;
    int r = 0;
    if (json_object_is_type(o, json_type_string))
        *output = xstrdup(json_object_get_string(o));
    else
        r = error_set(err, ERROR_INTERNAL, AREA_QEMU,
                      "reply to QEMU command 'human-monitor-command' is no text");
    json_object_put(o);
    return r;
}
