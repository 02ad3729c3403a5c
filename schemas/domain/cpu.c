// SPDX-License-Identifier: LGPL-2.1-or-later
// <cpu>.
#include "schemas/domain/internal.h"

#include <inttypes.h>

static DOC_ENUM_VALUES(
    cpu_mode_values, NULL, [CPU_MODE_CUSTOM] = "custom", [CPU_MODE_HOST_MODEL] = "host-model",
    [CPU_MODE_HOST_PASSTHROUGH] = "host-passthrough", [CPU_MODE_MAXIMUM] = "maximum");
static DOC_ENUM_VALUES(cpu_match_values, "minimum strict", [CPU_MATCH_EXACT] = "exact");
static DOC_ENUM_VALUES(
    cpu_check_values,
    NULL, [CPU_CHECK_NONE] = "none", [CPU_CHECK_PARTIAL] = "partial", [CPU_CHECK_FULL] = "full");
static DOC_ENUM_VALUES(cpu_policy_values,
                       "forbid", [CPU_POLICY_FORCE] = "force", [CPU_POLICY_REQUIRE] = "require",
                       [CPU_POLICY_OPTIONAL] = "optional", [CPU_POLICY_DISABLE] = "disable");
static DOC_ENUM_VALUES(cpu_fallback_values, NULL, [TOGGLE_YES] = "allow", [TOGGLE_NO] = "forbid");

#define S struct cpu_feature
static const struct doc_row cpu_feature_rows[] = {
    D_ENUM(ATTR, "policy", policy, &cpu_policy_values, .def = "require"),
    D_TOKEN(ATTR, "name", name, .flags = DOC_REQUIRED),
};
static const struct doc_type cpu_feature_doc = DOC_TYPE("cpuFeature", S, cpu_feature_rows);
#undef S

#define S struct domain_cpu
static const struct doc_row cpu_model_rows[] = {
    D_ENUM(ATTR, "fallback", model_fallback, &cpu_fallback_values),
    D_TOKEN(ATTR, "vendor_id", model_vendor_id),
    D_TOKEN(TEXT, NULL, model),
};
static const struct doc_type cpu_model_doc = DOC_TYPE("cpuModel", S, cpu_model_rows);
static const struct doc_row topology_rows[] = {
    D_UINT(ATTR, "sockets", sockets, 1, 0xffff, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "dies", dies, 1, 0xffff, .def = "1"),
    D_UINT(ATTR, "cores", cores, 1, 0xffff, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "threads", threads, 1, 0xffff, .flags = DOC_REQUIRED),
};
static const struct doc_type topology_doc = DOC_TYPE("cpuTopology", S, topology_rows);
static const struct doc_row cpu_rows[] = {
    D_ENUM(ATTR, "mode", mode, &cpu_mode_values),
    D_ENUM(ATTR, "match", match, &cpu_match_values),
    D_ENUM(ATTR, "check", check, &cpu_check_values),
    D_ONOFF(ATTR, "migratable", migratable),
    D_ELEM("model", &cpu_model_doc),
    D_TOKEN(LEAF, "vendor", vendor),
    D_ELEM("topology", &topology_doc, DOC_PRESENT(has_topology)),
    D_LIST("feature", &cpu_feature_doc, features),
};
static const struct doc_type cpu_doc = DOC_TYPE("cpu", S, cpu_rows);
#undef S

static void fill_cpu(struct domain_fill *f)
{
    struct domain_def *def = f->def;
    struct domain_cpu *cpu = def->cpu;
    if (!cpu)
        return;
    if (cpu->mode == CPU_MODE_NONE && cpu->model)
        cpu->mode = CPU_MODE_CUSTOM;
    if (cpu->mode == CPU_MODE_CUSTOM) {
        if (cpu->match == CPU_MATCH_NONE)
            cpu->match = CPU_MATCH_EXACT;
        if (cpu->model && cpu->model_fallback == TOGGLE_UNSET)
            cpu->model_fallback = TOGGLE_YES;
    }
    if (cpu->check == CPU_CHECK_NONE_GIVEN && cpu->mode != CPU_MODE_NONE)
        cpu->check = cpu->mode == CPU_MODE_HOST_MODEL ||
                             (cpu->mode == CPU_MODE_CUSTOM && def->type == DOMAIN_TYPE_KVM)
                         ? CPU_CHECK_PARTIAL
                         : CPU_CHECK_NONE;
    if (cpu->migratable == TOGGLE_UNSET &&
        (cpu->mode == CPU_MODE_HOST_PASSTHROUGH || cpu->mode == CPU_MODE_MAXIMUM))
        cpu->migratable = TOGGLE_YES;
}

static int check_topology(const struct domain_def *def, struct error *err)
{
    const struct domain_cpu *cpu = def->cpu;
    uint64_t n = cpu->sockets.value * cpu->dies.value * cpu->cores.value;
    if (n > UINT32_MAX || n * cpu->threads.value != def->vcpus)
        return domain_fail(def, ERROR_XML, err,
                           "<topology> is of another number of CPUs than the %" PRIu64 " of <vcpu>",
                           def->vcpus);
    return 0;
}

static int check_cpu(const struct domain_def *def, struct error *err)
{
    const struct domain_cpu *cpu = def->cpu;
    if (!cpu)
        return 0;
    if (cpu->has_topology && check_topology(def, err) < 0)
        return -1;
    if (cpu->mode == CPU_MODE_CUSTOM && !cpu->model)
        return domain_fail(def, ERROR_XML, err, "<cpu mode='custom'> needs a <model>");
    for (size_t i = 0; i < cpu->features.n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (str_eq(cpu->features.v[i]->name, cpu->features.v[k]->name))
                return domain_fail(def, ERROR_XML, err, "CPU feature '%s' is given twice",
                                   cpu->features.v[i]->name);
        }
    }
    return 0;
}

#define S struct domain_def
static const struct doc_row cpu_part_rows[] = {
    D_CHILD("cpu", &cpu_doc, cpu),
};
const struct part_schema cpu_part = {
    .doc = DOC_TYPE("domainCpu", S, cpu_part_rows),
    .fill = fill_cpu,
    .check = check_cpu,
};
#undef S
