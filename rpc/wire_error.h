// SPDX-License-Identifier: GPL-2.0-or-later
// Our plain error codes and areas, as libvirt numbers them.
#pragma once

#include "base/alloc.h"
#include "base/error.h"
#include "schemas/wire/types.h"

enum wire_error_code wire_error_code(enum error_code code);
enum wire_error_domain wire_error_domain(enum error_area area);
// The struct on the wire, its text with libvirt's prefix for the code. Borrows from err and the
// arena.
struct wire_error wire_error_make(const struct error *err, struct arena *a);
