// SPDX-License-Identifier: GPL-2.0-or-later
// Commands and their replies. Ids are libvirt's ("libvirt-7"), as users of raw passthrough see
// them.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include "base/alloc.h"
#include "base/str.h"
#include <json-c/json.h>
#include "monitor/internal.h"

#define ID_PREFIX "libvirt-"

void pending_free(struct pending *p)
{
    if (!p)
        return;
    list_remove(&p->link);
    json_object_put(p->reply);
    error_clear(&p->lost);
    free(p->command);
    free(p);
}

static struct pending *find_pending(struct qmp *q, struct json_object *id)
{
    uint64_t n;
    const char *text = json_object_is_type(id, json_type_string) ? json_object_get_string(id) : "";
    if (!str_starts(text, ID_PREFIX) ||
        str_to_u64(text + strlen(ID_PREFIX), 10, UINT64_MAX, &n) < 0)
        return NULL;
    struct pending *p;
    LIST_FOREACH (p, &q->pending, link) {
        if (p->id == n)
            return p;
    }
    return NULL;
}

static void put_anywhere(void *message)
{
    json_object_put(message);
}

void qmp_take_reply(struct qmp *q, struct json_object *message, size_t values)
{
    struct json_object *id = NULL;
    json_object_object_get_ex(message, "id", &id);
    struct pending *p = find_pending(q, id);
    if (p) {
        list_remove(&p->link);
        q->npending--;
    }
    if (p && !p->abandoned) {
        p->reply = message;
        completion_post(&p->done, 0);
        return;
    }
    log_debug("monitor of %s: dropping a reply to %s%s", q->name,
              p ? "an abandoned command: " : "no pending command", p ? p->command : "");
    pending_free(p);
    if (values > 4096)
        sched_offload(q->sched, put_anywhere, message); // freeing it would hold the loop
    else
        json_object_put(message);
}

// Sends message (borrowed; gets our id) and remembers that it is under way.
static struct pending *begin(struct qmp *q, const char *command, struct json_object *message,
                             int fd, struct error *err)
{
    if (q->state == QMP_LOST) {
        error_set(err, q->reason.code, q->reason.area, "%s", q->reason.message);
        return NULL;
    }
    if (q->npending >= QMP_PENDING_MAX) {
        error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                  "monitor of %s: QEMU has not answered the last %zu commands", q->name,
                  q->npending);
        return NULL;
    }
    char id[sizeof(ID_PREFIX) + 20];
    snprintf(id, sizeof(id), ID_PREFIX "%" PRIu64, q->last_id + 1);
    json_object_object_add(message, "id", json_object_new_string(id));
    if (qmp_put(q, message, fd, err) < 0)
        return NULL;
    struct pending *p = NEW(struct pending);
    p->id = ++q->last_id;
    p->command = xstrdup(command);
    completion_init(&p->done);
    list_append(&q->pending, &p->link);
    q->npending++;
    return p;
}

// Waits for the reply; *message gets it. On failure p is no longer the caller's.
static int wait_reply(struct task *t, const char *name, struct pending *p, uint64_t deadline_us,
                      struct json_object **message, struct error *err)
{
    int r = completion_wait(t, &p->done, deadline_us);
    if (p->done.done)
        r = p->done.result; // came in the same turn as the deadline
    if (r == 0) {
        *message = STEAL(p->reply);
        pending_free(p);
        return 0;
    }
    if (p->done.done) {
        error_move(err, &p->lost);
        error_prefix(err, "cannot execute QEMU command '%s'", p->command);
        pending_free(p);
        return -1;
    }
    p->abandoned = true; // the connection's from here on
    if (r == -ETIMEDOUT)
        return error_set(err, ERROR_OPERATION_TIMEOUT, AREA_QEMU,
                         "QEMU command '%s' on %s: no reply in time; its QEMU may hang", p->command,
                         name);
    if (r == -ECANCELED)
        return error_set(err, ERROR_OPERATION_ABORTED, AREA_QEMU,
                         "QEMU command '%s' on %s: cancelled", p->command, name);
    return error_set_errno(err, AREA_QEMU, r, "QEMU command '%s' on %s", p->command, name);
}

static const char *member_text(struct json_object *o, const char *name, const char *fallback)
{
    struct json_object *m;
    if (!json_object_object_get_ex(o, name, &m) || !json_object_is_type(m, json_type_string))
        return fallback;
    return json_object_get_string(m);
}

static int refused(const char *name, const char *command, struct json_object *error,
                   struct error *err)
{
    const char *class = member_text(error, "class", "");
    enum error_code code = ERROR_OPERATION_FAILED;
    if (str_eq(class, "CommandNotFound"))
        code = ERROR_OPERATION_UNSUPPORTED;
    else if (str_eq(class, "DeviceNotFound") || str_eq(class, "DeviceNotActive"))
        code = ERROR_DEVICE_MISSING;
    return error_set(err, code, AREA_QEMU, "cannot execute QEMU command '%s' on %s: %s", command,
                     name, member_text(error, "desc", "QEMU gives no reason"));
}

int qmp_execute_fd(struct task *t, struct qmp *q, const char *command, struct json_object *args,
                   int fd, uint64_t deadline_us, struct json_object **ret, struct error *err)
{
    struct json_object *message = json_object_new_object(), *reply, *part;
    json_object_object_add(message, "execute", json_object_new_string(command));
    if (args)
        json_object_object_add(message, "arguments", json_object_get(args));
    AUTO_FREE char *name = xstrdup(q->name); // q may be gone after the wait
    struct pending *p = begin(q, command, message, fd, err);
    json_object_put(message);
    if (!p || wait_reply(t, name, p, deadline_us, &reply, err) < 0)
        return -1;
    int r = 0;
    if (json_object_object_get_ex(reply, "error", &part))
        r = refused(name, command, part, err);
    else if (ret)
        *ret = json_object_get(json_object_object_get(reply, "return"));
    json_object_put(reply);
    return r;
}

int qmp_execute(struct task *t, struct qmp *q, const char *command, struct json_object *args,
                uint64_t deadline_us, struct json_object **ret, struct error *err)
{
    return qmp_execute_fd(t, q, command, args, -1, deadline_us, ret, err);
}

int qmp_send(struct qmp *q, const char *command, struct json_object *args)
{
    struct json_object *message = json_object_new_object();
    json_object_object_add(message, "execute", json_object_new_string(command));
    if (args)
        json_object_object_add(message, "arguments", json_object_get(args));
    struct pending *p = begin(q, command, message, -1, NULL);
    json_object_put(message);
    if (!p)
        return -1;
    p->abandoned = true;
    return 0;
}

// The user's text, in slices with a rest for the loop between them.
static int parse_user(struct task *t, const char *text, struct json_object **ret, struct error *err)
{
    struct qmp_parser parser;
    size_t len = strlen(text), at = 0, used, values;
    AUTO_ERROR why = ERROR_INIT;
    int r = 0;
    if (len > QMP_OUTPUT_MAX)
        return error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "a QEMU command of %zu bytes", len);
    qmp_parser_init(&parser);
    while (r == 0 && at < len) {
        size_t n = len - at < QMP_SLICE ? len - at : QMP_SLICE;
        r = qmp_parser_feed(&parser, text + at, n, &used, ret, &values, &why);
        at += used;
        if (r == 0 && at < len && task_yield(t) < 0)
            break;
    }
    qmp_parser_finish(&parser);
    if (r > 0 && text[at + strspn(text + at, " \t\r\n")] == '\0')
        return 0;
    if (r > 0) {
        json_object_put(*ret);
        *ret = NULL;
        error_set(&why, ERROR_INVALID_ARG, AREA_QEMU, "text after its end");
    }
    return error_set(err, ERROR_INVALID_ARG, AREA_QEMU,
                     "cannot read the QEMU command as a JSON object: %s",
                     why.message ? why.message : "it ends early");
}

int qmp_execute_raw(struct task *t, struct qmp *q, const char *text, uint64_t deadline_us,
                    char **reply_text, struct error *err)
{
    struct json_object *message = NULL, *reply, *own_id = NULL;
    q->refs++; // parsing suspends
    int r = parse_user(t, text, &message, err);
    struct pending *p = NULL;
    AUTO_FREE char *name = xstrdup(q->name);
    if (r == 0) {
        if (json_object_object_get_ex(message, "id", &own_id))
            own_id = json_object_get(own_id);
        AUTO_FREE char *command = xstrdup(member_text(message, "execute", "?"));
        p = begin(q, command, message, -1, err);
    }
    qmp_unref(q);
    json_object_put(message);
    r = p ? wait_reply(t, name, p, deadline_us, &reply, err) : -1;
    if (r < 0) {
        json_object_put(own_id);
        return -1;
    }
    if (own_id)
        json_object_object_add(reply, "id", own_id);
    *reply_text = xstrdup(json_object_to_json_string_ext(
        reply, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(reply);
    return 0;
}
