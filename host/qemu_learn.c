// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/qemu_learn.h"
#include <inttypes.h>

const char *const qemu_section_names[QEMU_SECTION_COUNT] = {
    [QEMU_SECTION_BINARY] = "[binary]",     [QEMU_SECTION_MACHINES] = "[machines]",
    [QEMU_SECTION_TCG] = "[tcg]",           [QEMU_SECTION_KVM] = "[kvm]",
    [QEMU_SECTION_DEVICES] = "[devices]",   [QEMU_SECTION_OBJECTS] = "[objects]",
    [QEMU_SECTION_COMMANDS] = "[commands]", [QEMU_SECTION_OPTIONS] = "[options]",
    [QEMU_SECTION_END] = "[end]",
};

static const char *const arch_names[][2] = {{"i386", "i686"}, {"arm", "armv7l"}};

const char *qemu_arch_from_target(const char *target)
{
    for (size_t i = 0; i < ARRAY_LEN(arch_names); i++) {
        if (str_eq(arch_names[i][0], target))
            return arch_names[i][1];
    }
    return target;
}

const char *qemu_target_from_arch(const char *arch)
{
    for (size_t i = 0; i < ARRAY_LEN(arch_names); i++) {
        if (str_eq(arch_names[i][1], arch))
            return arch_names[i][0];
    }
    return arch;
}

static bool fits(const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20)
            return false;
    }
    return text[0] != '[';
}

// An optional field.
static const char *field(const char *text)
{
    return text && fits(text) ? text : "";
}

void qemu_learn_section(struct strbuf *b, enum qemu_section section)
{
    strbuf_printf(b, "%s\n", qemu_section_names[section]);
}

void qemu_learn_binary(struct strbuf *b, uint32_t version, const char *target, bool kvm_built,
                       const char *package)
{
    strbuf_printf(b, "%" PRIu32 "\t%s\t%s\t%s\n", version, field(qemu_arch_from_target(target)),
                  kvm_built ? "kvm" : "", field(package));
}

void qemu_learn_machines(struct strbuf *b, const struct qmp_machine_info_list *machines)
{
    VEC_FOREACH (m, machines) {
        if (!fits(m->name) || str_eq(m->name, "none")) // of use to the probe only
            continue;
        strbuf_printf(b, "%s\t%s\t%" PRIu64 "\t%s\t%s\t%s\t%s\n", m->name, field(m->alias),
                      m->cpu_max > 0 && m->cpu_max < 1000000 ? m->cpu_max : 1,
                      m->is_default ? "default" : "", m->deprecated ? "deprecated" : "",
                      field(m->default_ram_id), field(m->default_cpu_type));
    }
}

void qemu_learn_cpus(struct strbuf *b, const struct qmp_cpu_definition_info_list *cpus)
{
    VEC_FOREACH (m, cpus) {
        const char *usable = !m->has_unavailable_features ? ""
                             : m->unavailable_features.n  ? "unusable"
                                                          : "usable";
        if (fits(m->name))
            strbuf_printf(b, "%s\t%s\t%s\n", m->name, usable, m->deprecated ? "deprecated" : "");
    }
}

static void add_name(struct strbuf *b, const char *name)
{
    if (fits(name))
        strbuf_printf(b, "%s\n", name);
}

void qemu_learn_names(struct strbuf *b, const struct qmp_named_info_list *names)
{
    VEC_FOREACH (it, names)
        add_name(b, it->name);
}

void qemu_learn_options(struct strbuf *b, const struct qmp_option_info_list *options)
{
    VEC_FOREACH (it, options)
        add_name(b, it->option);
}
