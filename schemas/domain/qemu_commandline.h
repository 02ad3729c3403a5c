// SPDX-License-Identifier: LGPL-2.1-or-later
// <qemu:commandline> of a domain: arguments and environment passed to QEMU as they are.
#pragma once

#include "schemas/doc/value.h"

struct qemu_arg {
    char *value;
};
struct qemu_env {
    char *name, *value;
};
