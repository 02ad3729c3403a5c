// SPDX-License-Identifier: LGPL-2.1-or-later
// <qemu:commandline>: arguments and environment passed to QEMU as they are.
#include "schemas/domain/internal.h"

#define S struct qemu_arg
static const struct doc_row qemu_arg_rows[] = {
    D_STR(ATTR, "value", value, .flags = DOC_REQUIRED),
};
static const struct doc_type qemu_arg_doc = DOC_TYPE("qemuArg", S, qemu_arg_rows);
#undef S
#define S struct qemu_env
static const struct doc_row qemu_env_rows[] = {
    D_TOKEN(ATTR, "name", name, .flags = DOC_REQUIRED),
    D_STR(ATTR, "value", value),
};
static const struct doc_type qemu_env_doc = DOC_TYPE("qemuEnv", S, qemu_env_rows);
#undef S

#define S struct domain_def
static const struct doc_row qemu_rows[] = {
    D_LIST("qemu:arg", &qemu_arg_doc, qemu_args),
    D_LIST("qemu:env", &qemu_env_doc, qemu_env),
};
static const struct doc_type qemu_doc = DOC_TYPE("qemuCommandline", S, qemu_rows);

static const struct doc_row commandline_rows[] = {
    D_ELEM("qemu:commandline", &qemu_doc),
};
const struct part_schema qemu_commandline_part = {
    .doc = DOC_TYPE("domainQemuCommandline", S, commandline_rows),
};
#undef S
