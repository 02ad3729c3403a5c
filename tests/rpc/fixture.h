// SPDX-License-Identifier: GPL-2.0-or-later
// A server of procedures that tests need, on the test's own task.
#pragma once

#include "tests/loop.h"
#include "tests/rpc/raw.h"

enum {
    P_OPEN = 1,
    P_ECHO,
    P_WAIT,
    P_SLEEP,
    P_FDS,
    P_EVENT,
    P_NONE,
    P_WRITE,
    P_FLAGS,
    P_MUCH,
    P_SILENT,
    P_LIST,
    P_OBJECT,
    P_COUNT
};

struct fixture {
    struct task *task;
    struct server *server;
    struct completion gate; // what calls of P_WAIT wait for
    unsigned waiting, sessions, held;
    bool idle;
};

void config_init(struct server_config *config);
// With this configuration; NULL: that of config_init().
void start(struct fixture *f, struct task *t, const struct server_config *config);
void stop(struct fixture *f);
void wait_until(struct fixture *f, const unsigned *value, unsigned want);
void *new_session(void *owner, struct client *client); // session_create of config_init()

void open_client(struct raw *c);
void echo(struct raw *c, uint32_t serial, const char *text);      // waits for the reply
void call_wait(struct raw *c, uint32_t serial, const char *text); // does not

// Runs a test as a task.
#define RUN_TASK(test)                                                                             \
    do {                                                                                           \
        loop_run(test, NULL);                                                                      \
        printf("ok %s\n", #test);                                                                  \
        fflush(stdout);                                                                            \
    } while (0)
