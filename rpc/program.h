// SPDX-License-Identifier: GPL-2.0-or-later
// What the server knows of a program: one generated row for each procedure. The rows with their
// handlers are compiled in api/ and handed to server_create(), so that rpc/ knows no handler.
#pragma once

#include <stdint.h>
#include "base/error.h"
#include "schemas/wire/xdr.h"

struct call;
typedef int (*rpc_handler)(struct call *call, const void *args, void *ret, struct error *err);

enum rpc_kind { RPC_CALL, RPC_STREAM_UP, RPC_STREAM_DOWN, RPC_STREAM_BIDI, RPC_EVENT };

enum rpc_flags {
    RPC_READ_ONLY = 1 << 0,   // allowed on a read-only connection
    RPC_BEFORE_AUTH = 1 << 1, // allowed before authentication
    RPC_BEFORE_OPEN = 1 << 2, // allowed before connect_open
    RPC_PRIORITY = 1 << 3,    // never waits for a guest
    RPC_FDS_IN = 1 << 4,
    RPC_FDS_OUT = 1 << 5,
};

struct rpc_procedure {
    const char *name;  // as in api_<name>
    const char *label; // for people: the libvirt function
    uint8_t kind, flags;
    uint16_t args, ret;    // enum wire_type_id
    uint32_t denied_flags; // these bits of args->flags are denied to read-only connections
    uint16_t flags_offset; // of args->flags, when denied_flags is not 0
    rpc_handler handler;   // NULL: not provided; answers NO_SUPPORT
};

struct rpc_program {
    uint32_t number, version;
    const struct rpc_procedure *procedures; // that with number n is [n - 1]
    uint32_t count;
};
