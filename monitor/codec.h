// SPDX-License-Identifier: GPL-2.0-or-later
// QMP values to C structs and back, driven by the tables that generate.py makes of qmp.tsv. Only
// monitor/ and its tests include this.
#pragma once

#include <stddef.h>
#include "monitor/qmp_api.h"

enum qmp_kind { QMP_STR, QMP_INT, QMP_SIZE, QMP_BOOL, QMP_ENUM, QMP_STRUCT };

struct qmp_type {
    size_t size;
    size_t nmembers;
    const struct qmp_member *members;
};

struct qmp_member {
    const char *name;
    enum qmp_kind kind;
    bool list;                   // struct strv, or a struct {v, n, cap}
    bool optional;               // `has`: offset of the bool that says it was there; 0: none
    size_t offset, has;          // in the struct
    const char *const *values;   // QMP_ENUM: of the enum from 1 on, ends with NULL
    const struct qmp_type *type; // QMP_STRUCT
};

struct qmp_command {
    const char *name;
    const struct qmp_type *args;  // NULL: none
    const struct qmp_member *ret; // NULL: nothing of interest
};

struct qmp_event_row {
    const char *name;
    const struct qmp_type *type; // NULL: without payload
    size_t offset;               // in struct qmp_event
};
extern const struct qmp_event_row qmp_event_rows[QMP_EVENT_COUNT];

// An object of `in`. NULL with err for a required string that is NULL.
struct json_object *qmp_encode(const struct qmp_command *c, const void *in, struct error *err);
// The value of "return". On failure *ret is empty.
int qmp_decode(const struct qmp_command *c, struct json_object *value, void *ret,
               struct error *err);
// What decoding allocated in a value; leaves it empty.
void qmp_free(const struct qmp_member *m, void *value);
// Fills e->id and its member of the union from e->name and e->data. -1 with err: malformed, and e
// is QMP_EVENT_OTHER.
int qmp_event_decode(struct qmp_event *e, struct error *err);
void qmp_event_finish(struct qmp_event *e);

// Encodes, executes, decodes. fd -1: none.
int qmp_call(struct task *t, struct qmp *q, const struct qmp_command *c, const void *args, int fd,
             uint64_t deadline_us, void *ret, struct error *err);
// As qmp_send().
int qmp_call_send(struct qmp *q, const struct qmp_command *c, const void *args);
