// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/str.h"
#include "tests/monitor/fake_qemu.h"

enum { FAILED = 99, GONE = 98, NAMES = 16 };

#define GREETING                                                                                   \
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, "             \
    "\"package\": \"Fake 1:7.2\"}, \"capabilities\": [\"oob\"]}}\r\n"

struct fake {
    int fd;
    struct strbuf input;
    size_t chunk;
    int line;
    int descriptor;
    struct json_object *command;
    struct {
        char *name, *id;
    } ids[NAMES];
    struct json_object *answers;
};

static int failed(const struct fake *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int failed(const struct fake *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "fake QEMU, script line %d: ", f->line);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return FAILED;
}

static int put(struct fake *f, const char *data, size_t len)
{
    while (len > 0) {
        size_t n = f->chunk && f->chunk < len ? f->chunk : len;
        ssize_t w = send(f->fd, data, n, MSG_NOSIGNAL);
        if (w < 0 && errno == EINTR)
            continue;
        // Who has all of a message may leave before its line end.
        if (w < 0)
            return strspn(data, "\r\n") >= len ? 0 : GONE;
        data += w;
        len -= (size_t)w;
    }
    return 0;
}

static int put_text(struct fake *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int put_text(struct fake *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    return put(f, text, strlen(text));
}

// Reads more bytes, and a descriptor that comes along. 0 at the end.
static ssize_t read_more(struct fake *f)
{
    char data[4096];
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {data, sizeof(data)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(f->fd, &msg, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        return n;
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    if (c && c->cmsg_type == SCM_RIGHTS)
        memcpy(&f->descriptor, CMSG_DATA(c), sizeof(int));
    strbuf_addn(&f->input, data, (size_t)n);
    return n;
}

// One line that the client sent, as JSON; NULL at the end.
static struct json_object *read_command(struct fake *f)
{
    for (;;) {
        char *end = f->input.data ? memchr(f->input.data, '\n', f->input.len) : NULL;
        if (end) {
            *end = '\0';
            struct json_object *o = json_tokener_parse(f->input.data);
            size_t used = (size_t)(end - f->input.data) + 1;
            memmove(f->input.data, end + 1, f->input.len - used);
            f->input.len -= used;
            return o;
        }
        if (read_more(f) <= 0)
            return NULL;
    }
}

static const char *text_of(struct json_object *o, const char *member)
{
    struct json_object *m;
    return o && json_object_object_get_ex(o, member, &m) ? json_object_get_string(m) : "";
}

static void remember(struct fake *f, const char *name, const char *id)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (f->ids[i].name && !str_eq(f->ids[i].name, name))
            continue;
        str_replace(&f->ids[i].name, name);
        str_replace(&f->ids[i].id, id);
        return;
    }
}

static const char *recall(struct fake *f, const char *name)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (str_eq(f->ids[i].name, name))
            return f->ids[i].id;
    }
    return "unknown";
}

static int do_expect(struct fake *f, char *rest)
{
    char *save, *command = strtok_r(rest, " ", &save), *as = strtok_r(NULL, " ", &save);
    char *name = as ? strtok_r(NULL, " ", &save) : NULL;
    json_object_put(f->command);
    f->command = read_command(f);
    if (!f->command)
        return failed(f, "the client went, or sent no JSON, instead of '%s'", command);
    if (!str_eq(text_of(f->command, "execute"), command))
        return failed(f, "the client sent %s instead of '%s'",
                      json_object_to_json_string(f->command), command);
    remember(f, name ? name : "last", text_of(f->command, "id"));
    return 0;
}

static int do_argument(struct fake *f, char *rest)
{
    char *value = strchr(rest, ' ');
    struct json_object *args, *m;
    if (!value)
        return failed(f, "argument needs a value");
    *value++ = '\0';
    if (!json_object_object_get_ex(f->command, "arguments", &args) ||
        !json_object_object_get_ex(args, rest, &m) ||
        !str_eq(json_object_to_json_string_ext(m, JSON_C_TO_STRING_PLAIN |
                                                      JSON_C_TO_STRING_NOSLASHESCAPE),
                value))
        return failed(f, "the client's command has no %s=%s: %s", rest, value,
                      json_object_to_json_string(f->command));
    return 0;
}

// Cuts a trailing " to X" off.
static const char *cut_target(char *rest)
{
    char *to = NULL;
    for (char *p = rest; (p = strstr(p, " to ")); p++)
        to = p;
    if (!to || strchr(to + 4, ' ') || strchr(to + 4, '}'))
        return "last";
    *to = '\0';
    return to + 4;
}

static int do_error(struct fake *f, char *rest)
{
    char *text = strchr(rest, ' ');
    const char *target = "last";
    AUTO_FREE char *name = NULL;
    if (!text)
        return failed(f, "error needs a text");
    *text++ = '\0';
    if (str_starts(text, "to ")) {
        size_t n = strcspn(text + 3, " ");
        name = xstrndup(text + 3, n);
        target = name;
        text += 3 + n + (text[3 + n] == ' ');
    }
    return put_text(f, "{\"id\": \"%s\", \"error\": {\"class\": \"%s\", \"desc\": \"%s\"}}\r\n",
                    recall(f, target), rest, text);
}

static int do_event(struct fake *f, char *rest)
{
    char *data = strchr(rest, ' ');
    if (data)
        *data++ = '\0';
    return put_text(f,
                    "{\"timestamp\": {\"seconds\": 1700000000, \"microseconds\": 42}, "
                    "\"event\": \"%s\"%s%s}\r\n",
                    rest, data ? ", \"data\": " : "", data ? data : "");
}

static int do_events(struct fake *f, char *rest)
{
    char *count = strchr(rest, ' ');
    if (!count)
        return failed(f, "events needs a number");
    *count++ = '\0';
    for (long i = 0, n = atol(count); i < n; i++) {
        AUTO_FREE char *one = xasprintf("%s {\"offset\": %ld}", rest, i);
        int r = do_event(f, one);
        if (r)
            return r;
    }
    return 0;
}

static int do_fill(struct fake *f, const char *rest)
{
    char block[65536];
    memset(block, rest[0], sizeof(block));
    size_t left = rest[0] ? strtoul(rest + 1, NULL, 10) : 0;
    while (left > 0) {
        size_t n = left < sizeof(block) ? left : sizeof(block);
        if (put(f, block, n))
            return 0;
        left -= n;
    }
    return 0;
}

static int do_chunk(struct fake *f, const char *rest)
{
    f->chunk = strtoul(rest, NULL, 10);
    return 0;
}

static int do_answer(struct fake *f, char *rest)
{
    char *json = strchr(rest, ' ');
    struct json_object *o = json ? json_tokener_parse(json) : NULL;
    if (!o)
        return failed(f, "answer needs JSON");
    *json = '\0';
    json_object_object_add(f->answers, rest, o);
    return 0;
}

static int do_serve(struct fake *f)
{
    struct json_object *o, *answer;
    int r = 0;
    while (r == 0 && (o = read_command(f))) {
        AUTO_FREE char *command = xstrdup(text_of(o, "execute"));
        AUTO_FREE char *id = xstrdup(text_of(o, "id"));
        json_object_put(o);
        if (json_object_object_get_ex(f->answers, command, &answer))
            r = put_text(f, "{\"return\": %s, \"id\": \"%s\"}\r\n",
                         json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN), id);
        else
            r = put_text(f,
                         "{\"id\": \"%s\", \"error\": {\"class\": \"CommandNotFound\", "
                         "\"desc\": \"The command %s has not been found\"}}\r\n",
                         id, command);
        if (str_eq(command, "quit"))
            return 0;
    }
    return 0;
}

static int step(struct fake *f, char *line)
{
    char *rest = strchr(line, ' ');
    if (rest)
        *rest++ = '\0';
    else
        rest = line + strlen(line);
    if (str_eq(line, "greet"))
        return put(f, GREETING, strlen(GREETING));
    if (str_eq(line, "expect"))
        return do_expect(f, rest);
    if (str_eq(line, "argument"))
        return do_argument(f, rest);
    if (str_eq(line, "descriptor"))
        return f->descriptor >= 0 ? 0 : failed(f, "no descriptor came");
    if (str_eq(line, "reply")) {
        const char *target = cut_target(rest);
        return put_text(f, "{\"return\": %s, \"id\": \"%s\"}\r\n", rest, recall(f, target));
    }
    if (str_eq(line, "error"))
        return do_error(f, rest);
    if (str_eq(line, "event"))
        return do_event(f, rest);
    if (str_eq(line, "events"))
        return do_events(f, rest);
    if (str_eq(line, "raw"))
        return put(f, rest, strlen(rest));
    if (str_eq(line, "fill"))
        return do_fill(f, rest);
    if (str_eq(line, "chunk"))
        return do_chunk(f, rest);
    if (str_eq(line, "answer"))
        return do_answer(f, rest);
    if (str_eq(line, "serve"))
        return do_serve(f);
    if (str_eq(line, "hangup"))
        return shutdown(f->fd, SHUT_RDWR), 0;
    if (str_eq(line, "wait-eof")) {
        while (read_more(f) > 0)
            strbuf_reset(&f->input);
        return 0;
    }
    if (str_eq(line, "stderr"))
        return fprintf(stderr, "%s\n", rest), 0;
    return failed(f, "unknown step '%s'", line);
}

int fake_qemu_run(int fd, const char *script)
{
    struct fake f = {.fd = fd, .descriptor = -1};
    f.answers = json_tokener_parse("{\"qmp_capabilities\":{},\"cont\":{},\"stop\":{},\"quit\":{},"
                                   "\"query-status\":{\"status\":\"running\",\"running\":true}}");
    AUTO_FREE char *copy = xstrdup(script);
    int r = 0;
    for (char *line = copy, *next; r == 0 && line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        f.line++;
        line += strspn(line, " \t");
        if (str_starts(line, "exit ")) {
            r = atoi(line + 5);
            break;
        }
        if (line[0] && line[0] != '#')
            r = step(&f, line);
    }
    json_object_put(f.answers);
    json_object_put(f.command);
    for (size_t i = 0; i < NAMES; i++) {
        free(f.ids[i].name);
        free(f.ids[i].id);
    }
    if (f.descriptor >= 0)
        close(f.descriptor);
    strbuf_finish(&f.input);
    close(fd);
    return r;
}

pid_t fake_qemu_start(const char *script, int *fd)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(pair[0]);
        _exit(fake_qemu_run(pair[1], script));
    }
    close(pair[1]);
    *fd = pair[0];
    return pid;
}

int fake_qemu_finish(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
