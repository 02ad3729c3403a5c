// SPDX-License-Identifier: GPL-2.0-or-later
// What the server knows of a program: one generated row for each procedure, with all that is
// checked before a call runs. The rows are compiled in api/ and passed to server_create(), so that
// rpc/ knows neither handlers nor objects.
#pragma once

#include <stdint.h>
#include "base/error.h"
#include "schemas/wire/xdr.h"

struct call;

enum rpc_kind { RPC_CALL, RPC_STREAM_UP, RPC_STREAM_DOWN, RPC_STREAM_BIDI, RPC_EVENT };

enum rpc_flags {
    RPC_READ_ONLY = 1 << 0,   // allowed on a read-only connection
    RPC_BEFORE_AUTH = 1 << 1, // allowed before authentication
    RPC_BEFORE_OPEN = 1 << 2, // allowed before connect_open
    RPC_HAS_FLAGS = 1 << 3,   // args->flags may have known_flags only
    RPC_FDS_IN = 1 << 4,
    RPC_FDS_OUT = 1 << 5,
};

// The state that an object must be in.
enum rpc_needs { RPC_ACTIVE = 1 << 0, RPC_INACTIVE = 1 << 1, RPC_PERSISTENT = 1 << 2 };

// A kind of object that calls are about. The functions are called in the call's task.
struct rpc_object_class {
    // The object that a reference of the wire means, valid until unref(*held). NULL with err set.
    // May suspend.
    void *(*find)(const struct rpc_object_class *class, struct call *call, const void *ref,
                  void **held, struct error *err);
    void (*unref)(void *held);
    // Whether it is in the state of enum rpc_needs: 0, or -1 with err set.
    int (*require)(const struct rpc_object_class *class, const void *object, unsigned needs,
                   struct error *err);
};

struct rpc_procedure {
    const char *name;    // as in api_<name>
    const char *label;   // for people: the libvirt function
    const char *feature; // what it is part of; NULL: nothing with a name
    uint8_t kind, flags;
    uint16_t args, ret;    // enum wire_type_id
    uint16_t flags_offset; // of args->flags
    uint32_t known_flags;
    uint32_t denied_flags;                 // not on a read-only connection
    const struct rpc_object_class *object; // NULL: about none
    uint16_t object_offset;                // of the reference in args
    uint8_t needs;                         // enum rpc_needs
    int (*run)(struct call *call, void *object, const void *args, void *ret, struct error *err);
    const void *provided; // NULL: not provided; answers NO_SUPPORT
};

struct rpc_program {
    uint32_t number, version;
    const struct rpc_procedure *procedures; // that with number n is [n - 1]
    uint32_t count;
};
