// SPDX-License-Identifier: GPL-2.0-or-later
// QMP replies into struct qemu_caps: pure functions, used by the probe and by tests with recorded
// replies.
#pragma once

#include "host/qemu_caps.h"

enum { QEMU_LIST_MAX = 16384 }; // items in any list a binary gives us

// Each takes the "return" value of the command of its name. -1 with err when it is not what QEMU
// documents.
int qemu_learn_target(struct qemu_caps *c, struct json_object *reply, struct error *err);
int qemu_learn_machines(struct qemu_caps *c, struct json_object *reply, struct error *err);
int qemu_learn_cpus(struct qemu_accel_caps *a, struct json_object *reply, struct error *err);
// "name" of every item, sorted: query-commands, qom-list-types.
int qemu_learn_names(struct strv *names, const char *command, struct json_object *reply,
                     struct error *err);
int qemu_learn_options(struct qemu_caps *c, struct json_object *reply, struct error *err);
// device-list-properties of a device. Sort c->properties after the last one.
int qemu_learn_properties(struct qemu_caps *c, const char *device, struct json_object *reply,
                          struct error *err);
void qemu_sort(struct strv *s);
// libvirt's word for QEMU's target ("i386" -> "i686"), and back. Borrowed.
const char *qemu_arch_from_target(const char *target);
const char *qemu_target_from_arch(const char *arch);
