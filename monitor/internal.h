// SPDX-License-Identifier: GPL-2.0-or-later
// Shared by qmp.c (the connection) and qmp_call.c (commands); no other file includes this.
#pragma once

#include "base/list.h"
#include "base/states.h"
#include "monitor/qmp.h"
#include "monitor/qmp_parse.h"

enum qmp_state { QMP_GREETING, QMP_NEGOTIATING, QMP_OPEN, QMP_LOST, QMP_STATE_COUNT };
static const struct state_row qmp_states[QMP_STATE_COUNT] = {
    [QMP_GREETING] = {"greeting", 0},
    [QMP_NEGOTIATING] = {"negotiating", STATE_BIT(QMP_GREETING)},
    [QMP_OPEN] = {"open", STATE_BIT(QMP_NEGOTIATING)},
    [QMP_LOST] = {"lost",
                  STATE_BIT(QMP_GREETING) | STATE_BIT(QMP_NEGOTIATING) | STATE_BIT(QMP_OPEN)},
};

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
    int write_error; // why the output was given up; 0: it was not
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
