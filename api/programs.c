// SPDX-License-Identifier: GPL-2.0-or-later
// The generated rows with those handlers that are linked: they are weak, so that a procedure is
// provided as soon as its handler is there.
#include "api/programs.h"
#define API_HANDLER __attribute__((weak))
#include "api/events.h"
#include "api/object.h"

#include <stddef.h>

#include "api/programs.inc"

const struct rpc_program api_programs[API_PROGRAMS] = {
    {WIRE_PROGRAM_REMOTE, 1, remote_procedures, WIRE_REMOTE_PROCEDURES},
    {WIRE_PROGRAM_QEMU, 1, qemu_procedures, WIRE_QEMU_PROCEDURES},
};
