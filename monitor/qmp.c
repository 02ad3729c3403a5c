// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// One sd-event source reads at most QMP_SLICE bytes a turn, parses them and hands the messages on:
// replies wake the task that waits (qmp_call.c), events go to the handler. Output is a list of
// messages; what the socket does not take at once goes out when it is writable.
//
// A failing write does not end the connection at once: QEMU may have sent something before it
// ended, and the reading side comes to the end of that by itself. Where it would not (no memory, no
// descriptors), the socket is shut down so that it does. So there is one place where a connection
// is lost: on_io().
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "monitor/codec.h"
#include <json-c/json.h>
#include "monitor/internal.h"

enum { CONNECT_RETRY_MS = 10 };

struct output {
    struct list link;
    char *data;
    size_t len, sent;
    int fd;
};

static void output_free(struct output *o)
{
    list_remove(&o->link);
    close_fd(&o->fd);
    free(o->data);
    free(o);
}

static void drop_output(struct qmp *q)
{
    while (!list_empty(&q->output))
        output_free(LIST_FIRST(&q->output, struct output, link));
    q->output_size = 0;
}

void qmp_unref(struct qmp *q)
{
    if (--q->refs > 0)
        return;
    drop_output(q);
    qmp_parser_finish(&q->parser);
    error_clear(&q->reason);
    free(q->package);
    free(q->name);
    free(q);
}

static void set_state(struct qmp *q, enum qmp_state to)
{
    state_check(qmp_states, q->state, to, "QMP connection", q->name);
    q->state = to;
}

static void disconnect(struct qmp *q)
{
    sd_event_source_disable_unref(q->io);
    q->io = NULL;
    close_fd(&q->fd);
    drop_output(q);
}

static ssize_t send_some(struct qmp *q, const struct output *o)
{
    struct iovec iov = {.iov_base = o->data + o->sent, .iov_len = o->len - o->sent};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (o->fd >= 0) {
        msg.msg_control = &control;
        msg.msg_controllen = sizeof(control);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &o->fd, sizeof(int));
    }
    return sendmsg(q->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// QEMU would wait for the rest of a command, and its caller for a reply.
static void fail_output(struct qmp *q, int error)
{
    drop_output(q);
    if (error == EPIPE || error == ECONNRESET)
        return;
    q->write_error = error;
    shutdown(q->fd, SHUT_RDWR);
}

static void flush_output(struct qmp *q)
{
    while (!list_empty(&q->output)) {
        struct output *o = LIST_FIRST(&q->output, struct output, link);
        ssize_t n = send_some(q, o);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n < 0) {
            fail_output(q, errno);
            break;
        }
        close_fd(&o->fd);
        o->sent += (size_t)n;
        q->output_size -= (size_t)n;
        if (o->sent == o->len)
            output_free(o);
    }
    sd_event_source_set_io_events(q->io, EPOLLIN | (list_empty(&q->output) ? 0 : EPOLLOUT));
}

int qmp_put(struct qmp *q, struct json_object *message, int fd, struct error *err)
{
    size_t len;
    const char *text = json_object_to_json_string_length(
        message, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    if (!text)
        return error_set(err, ERROR_NO_MEMORY, AREA_QEMU, "no memory for a QEMU command");
    if (len + 1 > QMP_OUTPUT_MAX - q->output_size)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                         "the monitor of %s takes no more commands: %zu bytes wait for QEMU",
                         q->name, q->output_size);
    AUTO_CLOSE int copy = -1;
    if (fd >= 0) {
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
            return error_set_errno(err, AREA_QEMU, errno, "cannot pass descriptor %d to QEMU", fd);
    }
    struct output *o = NEW(struct output);
    list_init(&o->link);
    o->data = xmalloc(len + 1);
    memcpy(o->data, text, len);
    o->data[len] = '\n';
    o->len = len + 1;
    o->fd = steal_fd(&copy);
    list_append(&q->output, &o->link);
    q->output_size += o->len;
    flush_output(q);
    return 0;
}

static int take_greeting(struct qmp *q, struct json_object *greeting, struct error *err)
{
    struct json_object *version, *qemu, *package = NULL;
    if (!json_object_object_get_ex(greeting, "version", &version) ||
        !json_object_object_get_ex(version, "qemu", &qemu))
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU, "a greeting without version");
    static const char *const parts[] = {"major", "minor", "micro"};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct json_object *part;
        int64_t n = -1;
        if (json_object_object_get_ex(qemu, parts[i], &part))
            n = json_object_get_int64(part);
        if (n < 0 || n > 999)
            return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                             "a greeting without a proper version");
        q->version = q->version * 1000 + (uint32_t)n;
    }
    json_object_object_get_ex(version, "package", &package);
    str_replace(&q->package, package ? json_object_get_string(package) : "");
    set_state(q, QMP_NEGOTIATING);
    completion_post(&q->greeting, 0);
    return 0;
}

static void take_event(struct qmp *q, const char *name, struct json_object *message)
{
    struct qmp_event e = {.name = name};
    struct json_object *time, *part;
    json_object_object_get_ex(message, "data", &e.data);
    if (!json_object_is_type(e.data, json_type_object))
        e.data = NULL;
    if (json_object_object_get_ex(message, "timestamp", &time)) {
        int64_t s = 0, us = 0;
        if (json_object_object_get_ex(time, "seconds", &part))
            s = json_object_get_int64(part);
        if (json_object_object_get_ex(time, "microseconds", &part))
            us = json_object_get_int64(part);
        // QEMU writes -1 when it does not know.
        if (s > 0 && s < INT64_MAX / 2000000 && us >= 0 && us < 1000000)
            e.time_us = (uint64_t)s * 1000000 + (uint64_t)us;
    }
    if (!q->handlers || !q->handlers->event)
        return;
    AUTO_ERROR err = ERROR_INIT;
    if (qmp_event_decode(&e, &err) < 0)
        log_warn("monitor of %s: %s", q->name, err.message);
    q->handlers->event(q, &e, q->userdata);
    qmp_event_finish(&e);
}

const char *qmp_event_text(const struct qmp_event *event)
{
    return event->data ? json_object_to_json_string_ext(event->data, JSON_C_TO_STRING_PLAIN) : NULL;
}

static void put_anywhere(void *message)
{
    json_object_put(message);
}

// Freeing a large message takes longer than the loop may be held.
static void drop_message(struct qmp *q, struct json_object *message, size_t values)
{
    if (values > 4096)
        sched_offload(q->sched, put_anywhere, message);
    else
        json_object_put(message);
}

static int take_message(struct qmp *q, struct json_object *message, size_t values,
                        struct error *err)
{
    struct json_object *part;
    int r = 0;
    if (q->state == QMP_GREETING) {
        if (json_object_object_get_ex(message, "QMP", &part))
            r = take_greeting(q, part, err);
        else
            r = error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU, "not QMP: no greeting first");
    } else if (json_object_object_get_ex(message, "event", &part)) {
        take_event(q, json_object_get_string(part) ?: "", message);
    } else if (json_object_object_get_ex(message, "return", NULL) ||
               json_object_object_get_ex(message, "error", NULL)) {
        qmp_take_reply(q, message, values);
        return 0;
    } else {
        r = error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                      "not QMP: neither reply nor event: %.60s",
                      values < 64 ? json_object_to_json_string(message) : "a large object");
    }
    drop_message(q, message, values);
    return r;
}

static int take_input(struct qmp *q, const char *data, size_t len, struct error *err)
{
    while (len > 0 && !q->ended) {
        struct json_object *message;
        size_t used, values;
        int r = qmp_parser_feed(&q->parser, data, len, &used, &message, &values, err);
        if (r <= 0)
            return r;
        if (take_message(q, message, values, err) < 0)
            return -1;
        data += used;
        len -= used;
    }
    return 0;
}

static int read_some(struct qmp *q, struct error *err)
{
    char buffer[QMP_SLICE];
    ssize_t n = recv(q->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (n > 0)
        return take_input(q, buffer, (size_t)n, err);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0 && errno != ECONNRESET && errno != EPIPE)
        return error_set_errno(err, AREA_QEMU, errno, "cannot read from QEMU");
    if (q->write_error)
        return error_set_errno(err, AREA_QEMU, q->write_error, "cannot send a command to QEMU");
    return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU, "QEMU closed the connection%s%s",
                     q->parser.inside ? " in the middle of a message" : "",
                     q->state == QMP_OPEN ? "" : " before it was ready");
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source;
    (void)fd;
    struct qmp *q = userdata;
    AUTO_ERROR err = ERROR_INIT;
    q->refs++;
    if (revents & EPOLLOUT)
        flush_output(q);
    if ((revents & ~(uint32_t)EPOLLOUT) && read_some(q, &err) < 0 && !q->ended) {
        error_prefix(&err, "monitor of %s", q->name);
        qmp_lose(q, &err);
    }
    qmp_unref(q);
    return 0;
}

static void fail_pending(struct qmp *q, const struct error *reason)
{
    struct pending *p, *tmp;
    LIST_FOREACH_SAFE (p, tmp, &q->pending, link) {
        list_remove(&p->link);
        q->npending--;
        if (p->abandoned) {
            pending_free(p);
            continue;
        }
        error_set(&p->lost, reason->code, reason->area, "%s", reason->message);
        completion_post(&p->done, -ECONNRESET);
    }
}

void qmp_lose(struct qmp *q, struct error *reason)
{
    if (q->state == QMP_LOST)
        return;
    bool was_open = q->state == QMP_OPEN;
    set_state(q, QMP_LOST);
    error_move(&q->reason, reason);
    disconnect(q);
    completion_post(&q->greeting, -ECONNRESET);
    fail_pending(q, &q->reason);
    if (was_open && q->handlers && q->handlers->closed)
        q->handlers->closed(q, &q->reason, q->userdata);
}

void qmp_close(struct qmp *q)
{
    if (!q)
        return;
    AUTO_ERROR closed = ERROR_INIT;
    q->ended = true;
    q->handlers = NULL;
    error_set(&closed, ERROR_OPERATION_ABORTED, AREA_QEMU, "monitor of %s: closed", q->name);
    qmp_lose(q, &closed);
    qmp_unref(q);
}

bool qmp_is_open(const struct qmp *q)
{
    return q->state == QMP_OPEN;
}

uint32_t qmp_version(const struct qmp *q)
{
    return q->version;
}

const char *qmp_package(const struct qmp *q)
{
    return q->package ? q->package : "";
}

// A full backlog (another client is being served) is waited for; nothing else is.
static int connect_path(struct task *t, const struct qmp_spec *spec, struct error *err)
{
    for (;;) {
        int fd = unix_connect(spec->path);
        if (fd >= 0)
            return fd;
        int r = 0;
        if (fd == -EAGAIN && now_monotonic_us() < spec->deadline_us)
            r = task_sleep(t, task_deadline_ms(CONNECT_RETRY_MS));
        if (r < 0 || fd != -EAGAIN || now_monotonic_us() >= spec->deadline_us)
            return error_set_errno(err, AREA_QEMU, r < 0 ? r : fd,
                                   "monitor of %s: cannot connect to '%s'", spec->name, spec->path);
    }
}

static int negotiate(struct task *t, struct qmp *q, uint64_t deadline_us, struct error *err)
{
    int r = completion_wait(t, &q->greeting, deadline_us);
    if (q->state == QMP_LOST)
        return error_set(err, q->reason.code, q->reason.area, "%s", q->reason.message);
    if (r == -ETIMEDOUT && q->state == QMP_GREETING)
        return error_set(err, ERROR_OPERATION_TIMEOUT, AREA_QEMU,
                         "monitor of %s: QEMU does not greet: it hangs, or serves another "
                         "monitor client",
                         q->name);
    if (r == -ECANCELED)
        return error_set(err, ERROR_OPERATION_ABORTED, AREA_QEMU,
                         "monitor of %s: cancelled while connecting", q->name);
    if (qmp_execute(t, q, "qmp_capabilities", NULL, deadline_us, NULL, err) < 0)
        return -1;
    if (q->state == QMP_LOST)
        return error_set(err, q->reason.code, q->reason.area, "%s", q->reason.message);
    set_state(q, QMP_OPEN);
    return 0;
}

int qmp_open(struct task *t, const struct qmp_spec *spec, struct qmp **ret, struct error *err)
{
    AUTO_CLOSE int fd = spec->path ? connect_path(t, spec, err) : spec->fd;
    if (fd < 0)
        return spec->path ? -1
                          : error_set(err, ERROR_INTERNAL, AREA_QEMU,
                                      "monitor of %s: no descriptor", spec->name);
    struct qmp *q = NEW(struct qmp);
    q->refs = 2; // the owner's, and this function's while it waits
    q->sched = task_sched(t);
    q->name = xstrdup(spec->name);
    q->handlers = spec->handlers;
    q->userdata = spec->userdata;
    q->fd = -1;
    list_init(&q->pending);
    list_init(&q->output);
    completion_init(&q->greeting);
    qmp_parser_init(&q->parser);
    int r = sd_event_add_io(task_event(t), &q->io, fd, EPOLLIN, on_io, q);
    if (r < 0) {
        error_set_errno(err, AREA_QEMU, r, "monitor of %s: cannot watch its socket", q->name);
    } else {
        q->fd = steal_fd(&fd);
        r = negotiate(t, q, spec->deadline_us, err);
    }
    if (r < 0 && !q->ended)
        qmp_close(q);
    else if (r == 0)
        *ret = q;
    qmp_unref(q);
    return r < 0 ? -1 : 0;
}
