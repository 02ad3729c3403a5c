// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's machine protocol (QMP): one connection to one QEMU over a unix socket.
//
// Commands are matched with their replies by id, so any number of tasks may have one under way.
// Events come in order through a callback on the loop. A connection that ends, or says what no QEMU
// says, fails every call under way and then calls handlers->closed, once. Nothing here ever holds
// up the loop: bytes are parsed as they come, a slice for each turn of the loop.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/task.h"

enum {
    QMP_MESSAGE_MAX = 64 * 1024 * 1024, // bytes in one message from QEMU
    QMP_VALUES_MAX = 256 * 1024,       // values in one message: each costs some 100 bytes of memory
    QMP_DEPTH_MAX = 64,                // nesting in one message
    QMP_SLICE = 64 * 1024,             // bytes read and parsed in one turn of the loop
    QMP_PENDING_MAX = 1024,            // commands without a reply, those given up included
    QMP_OUTPUT_MAX = 16 * 1024 * 1024, // bytes QEMU has not taken yet
};

struct json_object;
struct qmp;
struct qmp_event; // monitor/qmp_api.h

// Called from the loop, never from inside a call of this module but qmp_open()'s end of waiting;
// may call anything here that does not suspend, qmp_close() included.
struct qmp_handlers {
    void (*event)(struct qmp *q, const struct qmp_event *event, void *userdata); // all borrowed
    // The connection is gone; every later call fails with the same reason. Not called by
    // qmp_close(), nor for a connection that qmp_open() failed to open.
    void (*closed)(struct qmp *q, const struct error *reason, void *userdata);
};

struct qmp_spec {
    const char *name; // whose monitor it is, for error texts ("domain 'web'"); copied
    const char *path; // socket to connect to, or NULL: `fd`
    int fd;           // a connected stream socket; taken, also when opening fails
    const struct qmp_handlers *handlers; // may be NULL; must live as long as the connection
    void *userdata;
    uint64_t deadline_us; // for everything up to the answer to qmp_capabilities
};

// Connects, waits for the greeting and leaves capabilities negotiation. QEMU greets before it
// builds its machine: only success here says that its configuration was accepted, and a wrong one
// is an error of end of file. A QEMU that serves another monitor client does not greet: the
// deadline ends that. Events that come meanwhile are delivered before this returns, with q already
// valid for qmp_close() only. Suspends.
int qmp_open(struct task *t, const struct qmp_spec *spec, struct qmp **ret, struct error *err);
// Accepts NULL. Calls under way fail with ERROR_OPERATION_ABORTED; no handler is called any more.
void qmp_close(struct qmp *q);

bool qmp_is_open(const struct qmp *q); // false once closed() was or is about to be called
// QEMU's version from the greeting, 7002022 for 7.2.22.
uint32_t qmp_version(const struct qmp *q);
// ": Debian 1:7.2+dfsg-7" or "". Borrowed.
const char *qmp_package(const struct qmp *q);

// The event's data as compact JSON; NULL: it has none. Borrowed, as long as the event.
const char *qmp_event_text(const struct qmp_event *event);

// Runs a command whose arguments are at hand as JSON (device documents of qemu/); what qmp.tsv
// describes has a typed function in monitor/qmp_api.h. `args` (an object, or NULL) is borrowed.
// *ret gets the "return" value (caller puts); ret may be NULL. Suspends. What QEMU refuses is
//   "cannot execute QEMU command 'x' on domain 'web': <QEMU's reason>"
// with ERROR_OPERATION_UNSUPPORTED for a command it does not know, ERROR_DEVICE_MISSING for its
// class DeviceNotFound, else ERROR_OPERATION_FAILED; ERROR_OPERATION_TIMEOUT at the deadline (the
// command may still be executed; its reply is dropped, the connection stays good),
// ERROR_OPERATION_ABORTED when the task was cancelled or the connection closed by us,
// ERROR_OPERATION_FAILED when it was lost.
int qmp_execute(struct task *t, struct qmp *q, const char *command, struct json_object *args,
                uint64_t deadline_us, struct json_object **ret, struct error *err);
// The same, with a descriptor sent along (for getfd, add-fd); borrowed.
int qmp_execute_fd(struct task *t, struct qmp *q, const char *command, struct json_object *args,
                   int fd, uint64_t deadline_us, struct json_object **ret, struct error *err);
// A command as its user wrote it (`{"execute":...}`, at most QMP_OUTPUT_MAX bytes). *reply gets
// the whole reply as compact text, errors of QEMU included: `{"return":{},"id":"libvirt-7"}`, the
// user's own id put back if there was one. Caller frees. Suspends.
int qmp_execute_raw(struct task *t, struct qmp *q, const char *text, uint64_t deadline_us,
                    char **reply, struct error *err);
// For callers that cannot wait (event handlers, teardown): sends, and drops the reply.
// 0, or -1 when the connection is not open or takes no more.
int qmp_send(struct qmp *q, const char *command, struct json_object *args);
