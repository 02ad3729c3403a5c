// SPDX-License-Identifier: GPL-2.0-or-later
// Streams: bulk data beside the calls, on the call's procedure and serial.
//
// A handler of a stream procedure opens one on its call, naming the function that will carry it.
// After the handler returned 0 and the reply is on its way, that function runs in a task of its
// own:
//
//     static int feed(struct task *t, struct stream *s, void *arg, struct error *err);
//     return stream_open(call, feed, job, job_free, err);
//
// Returning 0 ends the stream well: a client that finished gets its confirmation, one that is still
// reading gets the end of data first. Returning -1 sends err to the client. Either way
// `release(arg)` follows. When the handler itself fails after stream_open(), only release(arg) is
// called.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/task.h"

struct call;
struct stream;

typedef int (*stream_fn)(struct task *t, struct stream *s, void *arg, struct error *err);

// Takes arg, also on failure. release may be NULL. Does not suspend.
int stream_open(struct call *call, stream_fn fn, void *arg, void (*release)(void *arg),
                struct error *err);

// To the client; suspends while it has too much unread. -1 with err set when the stream is over
// (the client aborted, or is gone).
int stream_send(struct task *t, struct stream *s, const void *data, size_t len, struct error *err);
// A hole of `length` bytes; only when the client asked for holes (flag of the call).
int stream_send_hole(struct task *t, struct stream *s, int64_t length, struct error *err);
// Sends the end of the data. Also done when the stream's task succeeds.
void stream_send_end(struct stream *s);

enum stream_event {
    STREAM_DATA,     // data, len
    STREAM_HOLE,     // hole bytes to skip
    STREAM_FINISHED, // the client has sent all
    STREAM_OVER,     // aborted, or the client is gone: nothing can be sent any more
};

struct stream_chunk {
    enum stream_event event;
    const uint8_t *data; // valid until the next receive
    size_t len;
    int64_t hole;
};

// What the client sent next; suspends until there is something. 0, or -ETIMEDOUT or -ECANCELED.
// FINISHED and OVER are reported on every further call.
int stream_receive(struct task *t, struct stream *s, uint64_t deadline_us,
                   struct stream_chunk *ret);

// Ends the stream from outside, as if the client had aborted, with this text for the client. Its
// function sees STREAM_OVER.
void stream_kill(struct stream *s, const char *why);

// Copies both ways between fd (non-blocking; a pty or a socket, borrowed) and the client until
// either side ends. For consoles and channels.
int stream_bridge(struct task *t, struct stream *s, int fd, struct error *err);
