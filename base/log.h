// SPDX-License-Identifier: LGPL-2.1-or-later
// The log: one line per event, to stderr or with fields to the journal. A failure is logged once,
// at the top. Lines written while a task runs carry the task's fields.
#pragma once

#include <stdint.h>
#include "base/cleanup.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_fields {
    const char *domain;  // name of the domain, or NULL
    const char *network; // name of the network, or NULL
    const char *pool;    // name of the storage pool, or NULL
    uint64_t client;     // number of the client connection, or 0
};

// Call before the first line; level is the most verbose that is written. Selects the journal when
// stderr is connected to it (JOURNAL_STREAM), as under systemd.
void log_open(enum log_level level);
void log_set_level(enum log_level level);
// "error", "warning", "info", "debug"; 0 or -EINVAL.
int log_level_parse(const char *text, enum log_level *ret);

// Sets the fields of all following lines; returns the previous ones. Borrowed until replaced.
const struct log_fields *log_swap_fields(const struct log_fields *fields);

void log_write(enum log_level level, const struct log_fields *extra, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#define log_error(...) log_write(LOG_LEVEL_ERROR, NULL, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_LEVEL_WARN, NULL, __VA_ARGS__)
#define log_info(...)  log_write(LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)
// About a domain: log_domain(LOG_LEVEL_WARN, name, "...").
#define log_domain(level, name, ...)                                                               \
    log_write((level), &(struct log_fields){.domain = (name)}, __VA_ARGS__)
#define log_network(level, name, ...)                                                              \
    log_write((level), &(struct log_fields){.network = (name)}, __VA_ARGS__)
