// SPDX-License-Identifier: LGPL-2.1-or-later
// <cpu>.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(
    cpu_mode_values, NULL, [CPU_MODE_CUSTOM] = "custom", [CPU_MODE_HOST_MODEL] = "host-model",
    [CPU_MODE_HOST_PASSTHROUGH] = "host-passthrough", [CPU_MODE_MAXIMUM] = "maximum");
static DOC_ENUM_VALUES(cpu_match_values, NULL, [CPU_MATCH_MINIMUM] = "minimum",
                       [CPU_MATCH_EXACT] = "exact", [CPU_MATCH_STRICT] = "strict");
static DOC_ENUM_VALUES(
    cpu_check_values,
    NULL, [CPU_CHECK_NONE] = "none", [CPU_CHECK_PARTIAL] = "partial", [CPU_CHECK_FULL] = "full");
static DOC_ENUM_VALUES(cpu_policy_values, NULL, [CPU_POLICY_FORCE] = "force",
                       [CPU_POLICY_REQUIRE] = "require", [CPU_POLICY_OPTIONAL] = "optional",
                       [CPU_POLICY_DISABLE] = "disable", [CPU_POLICY_FORBID] = "forbid");
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
const struct doc_type cpu_doc = DOC_TYPE("cpu", S, cpu_rows);
#undef S
