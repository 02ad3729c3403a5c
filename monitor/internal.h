// SPDX-License-Identifier: GPL-2.0-or-later
// Shared by qmp.c (the connection) and qmp_call.c (commands); nobody else includes this.
#pragma once

#include "base/list.h"
#include "monitor/qmp.h"
#include "monitor/qmp_parse.h"

enum qmp_state { QMP_GREETING, QMP_NEGOTIATING, QMP_OPEN, QMP_LOST };

struct qmp {
    unsigned refs; // the owner's, and one while a handler may run
    enum qmp_state state;
    bool ended; // qmp_close() was called: no more handlers
    struct sched *sched;
    char *name;
    int fd;
    sd_event_source *io;
    const struct qmp_handlers *handlers;
    void *userdata;
    struct qmp_parser parser;
    struct completion greeting;
    struct error reason; // once LOST
    uint32_t version;
    char *package;
    uint64_t last_id;
    struct list pending; // struct pending
    size_t npending;
    struct list output; // struct output, the first one perhaps half sent
    size_t output_size;
};

// A command without its reply. Belongs to the task that waits for it, or to the connection once
// that one has given up; so a caller never needs the connection after its wait.
struct pending {
    struct list link;
    uint64_t id;
    char *command;
    bool abandoned;
    struct completion done;
    struct json_object *reply; // the whole message
    struct error lost;         // why there will be none
};

void pending_free(struct pending *p);
void qmp_unref(struct qmp *q);
// Ends the connection for `reason` (taken): every call fails with it.
void qmp_lose(struct qmp *q, struct error *reason);
// A message with an id. Takes it.
void qmp_take_reply(struct qmp *q, struct json_object *message, size_t values);
// Puts a message, sent as far as the socket takes it; `fd` is borrowed, -1: none.
int qmp_put(struct qmp *q, struct json_object *message, int fd, struct error *err);
