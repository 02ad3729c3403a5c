// SPDX-License-Identifier: GPL-2.0-or-later
// The programs that the daemon serves, for server_create().
#pragma once

#include <stddef.h>
#include "rpc/program.h"

enum { API_PROGRAMS = 2 };

extern const struct rpc_program api_programs[API_PROGRAMS];
