// SPDX-License-Identifier: GPL-2.0-or-later
// Cuts the bytes that come from QEMU into messages, whatever pieces they come in. Bounded in
// bytes, values and depth, so that no peer makes us allocate or compute without end.
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

struct qmp_parser {
    struct json_tokener *tokener;
    size_t bytes, values; // of the message under way
    bool inside;          // a message is under way
    bool in_string, escaped;
};

void qmp_parser_init(struct qmp_parser *p);
void qmp_parser_finish(struct qmp_parser *p);
// Takes bytes up to the end of one message. 1: *message (caller puts) is complete, with *values
// values in it; 0: all taken, more is needed; -1: these bytes are no QMP (nothing can be fed any
// more). *used is how many were taken. Costs time in proportion to len only. Does not suspend.
int qmp_parser_feed(struct qmp_parser *p, const char *data, size_t len, size_t *used,
                    struct json_object **message, size_t *values, struct error *err);
