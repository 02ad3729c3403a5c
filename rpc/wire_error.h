// SPDX-License-Identifier: GPL-2.0-or-later
// Our plain error codes and areas, as libvirt numbers them.
#pragma once

#include "base/error.h"
#include "schemas/wire/types.h"

enum wire_error_code wire_error_code(enum error_code code);
enum wire_error_domain wire_error_domain(enum error_area area);
// The struct on the wire; strings are borrowed from err.
struct wire_error wire_error_make(const struct error *err);
