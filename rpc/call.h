// SPDX-License-Identifier: GPL-2.0-or-later
// A call: what a handler is given besides its arguments. It runs in a task of its own and ends when
// the handler returns; its reply is dropped when the client has gone meanwhile.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/alloc.h"
#include "base/error.h"
#include "base/list.h"
#include "base/task.h"
#include "schemas/wire/types.h"

struct client;
struct rpc_procedure;
struct stream;

struct call {
    struct task *task;
    struct client *client; // stays until the call ends, connected or not
    void *owner;           // as given to server_create(): struct daemon
    void *session;         // the api layer's side of the client: struct session
    struct arena *arena;   // arguments and results; freed after the reply is encoded
    const struct rpc_procedure *procedure;
    uint32_t program, number, serial;
    int in_fds[WIRE_MESSAGE_FDS_MAX]; // owned by the call; those taken are -1
    uint32_t nin_fds;
    int out_fds[WIRE_MESSAGE_FDS_MAX]; // owned by the call
    uint32_t nout_fds;
    struct stream *stream; // set by stream_open()
};

// Descriptor number `slot` of the call; the caller owns it from here on. -1 with err set when the
// client sent none.
int call_take_fd(struct call *call, uint32_t slot, struct error *err);
// A descriptor to go with the reply. Takes it, also on failure (more than fit in a message).
int call_give_fd(struct call *call, int fd, struct error *err);
