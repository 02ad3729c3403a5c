// SPDX-License-Identifier: GPL-2.0-or-later
// Writes QMP replies as the text that qemu_caps_parse() reads: pure functions, used by the probe
// and by tests with recorded replies. A name that does not fit on a line is left out.
#pragma once

#include "base/str.h"
#include "monitor/qmp_api.h"

enum qemu_section {
    QEMU_SECTION_BINARY,
    QEMU_SECTION_MACHINES,
    QEMU_SECTION_TCG, // present only where the accelerator is usable
    QEMU_SECTION_KVM,
    QEMU_SECTION_DEVICES,
    QEMU_SECTION_OBJECTS,
    QEMU_SECTION_COMMANDS,
    QEMU_SECTION_OPTIONS,
    QEMU_SECTION_END, // detects a truncated file
    QEMU_SECTION_COUNT
};
extern const char *const qemu_section_names[QEMU_SECTION_COUNT];

void qemu_learn_section(struct strbuf *b, enum qemu_section section); // begins a section
void qemu_learn_binary(struct strbuf *b, uint32_t version, const char *target, bool kvm_built,
                       const char *package);
void qemu_learn_machines(struct strbuf *b, const struct qmp_machine_info_list *machines);
void qemu_learn_cpus(struct strbuf *b, const struct qmp_cpu_definition_info_list *cpus);
void qemu_learn_names(struct strbuf *b, const struct qmp_named_info_list *names);
void qemu_learn_options(struct strbuf *b, const struct qmp_option_info_list *options);

// libvirt's name for QEMU's target ("i386" -> "i686"), and the reverse. Borrowed.
const char *qemu_arch_from_target(const char *target);
const char *qemu_target_from_arch(const char *arch);
