// SPDX-License-Identifier: LGPL-2.1-or-later
// <domain> itself.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(
    domain_type_values,
    "xen lxc uml openvz test vmware hyperv vbox phyp parallels bhyve vz kqemu hvf linux",
    [DOMAIN_TYPE_QEMU] = "qemu", [DOMAIN_TYPE_KVM] = "kvm");
static DOC_ENUM_VALUES(vcpu_placement_values,
                       NULL, [VCPU_PLACEMENT_STATIC] = "static", [VCPU_PLACEMENT_AUTO] = "auto");
static DOC_ENUM_VALUES(memory_source_values, NULL, [MEMORY_SOURCE_FILE] = "file",
                       [MEMORY_SOURCE_ANONYMOUS] = "anonymous", [MEMORY_SOURCE_MEMFD] = "memfd");
static DOC_ENUM_VALUES(
    memory_access_values,
    NULL, [MEMORY_ACCESS_SHARED] = "shared", [MEMORY_ACCESS_PRIVATE] = "private");
static DOC_ENUM_VALUES(
    memory_allocation_values,
    NULL, [MEMORY_ALLOCATION_IMMEDIATE] = "immediate", [MEMORY_ALLOCATION_ONDEMAND] = "ondemand");
static DOC_ENUM_VALUES(
    lifecycle_action_values, NULL, [LIFECYCLE_DESTROY] = "destroy", [LIFECYCLE_RESTART] = "restart",
    [LIFECYCLE_RENAME_RESTART] = "rename-restart", [LIFECYCLE_PRESERVE] = "preserve",
    [LIFECYCLE_COREDUMP_DESTROY] = "coredump-destroy",
    [LIFECYCLE_COREDUMP_RESTART] = "coredump-restart");

#define S struct domain_seclabel
static const struct doc_row seclabel_rows[] = {
    D_TOKEN(ATTR, "type", type, .def = "dynamic"),
    D_TOKEN(ATTR, "model", model),
    D_YESNO(ATTR, "relabel", relabel),
    D_STR(LEAF, "label", label),
    D_STR(LEAF, "imagelabel", imagelabel, .flags = DOC_LIVE),
    D_STR(LEAF, "baselabel", baselabel),
};
static int check_seclabel(const struct doc_where *where, void *obj)
{
    const struct domain_seclabel *l = obj;
    // What a running guest's XML shows, or "none", asks for nothing that we don't do anyway.
    if (str_eq(l->type, "none") || (str_eq(l->type, "dynamic") && !l->baselabel))
        return 0;
    return doc_fail(where, ERROR_CONFIG_UNSUPPORTED,
                    "type='%s' with labels of one's own is not supported by vireo yet; remove it",
                    l->type);
}
static const struct doc_type seclabel_doc =
    DOC_TYPE("seclabel", S, seclabel_rows, .check = check_seclabel);
#undef S

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
static const struct doc_row genid_rows[] = {
    D_UUID(TEXT, NULL, genid),
};
static const struct doc_type genid_doc = DOC_TYPE("genid", S, genid_rows);

static const struct doc_row memory_rows[] = {
    D_ONOFF(ATTR, "dumpCore", dump_core),
    D_KIB(TEXT, NULL, memory_kib, .flags = DOC_REQUIRED),
};
static const struct doc_type memory_doc = DOC_TYPE("memory", S, memory_rows);

static const struct doc_row memory_source_rows[] = {
    D_ENUM(ATTR, "type", memory_source, &memory_source_values, .flags = DOC_REQUIRED),
};
static const struct doc_type memory_source_doc = DOC_TYPE("memorySource", S, memory_source_rows);
static const struct doc_row memory_access_rows[] = {
    D_ENUM(ATTR, "mode", memory_access, &memory_access_values, .flags = DOC_REQUIRED),
};
static const struct doc_type memory_access_doc = DOC_TYPE("memoryAccess", S, memory_access_rows);
static const struct doc_row memory_allocation_rows[] = {
    D_ENUM(ATTR, "mode", memory_allocation, &memory_allocation_values, .flags = DOC_REQUIRED),
};
static const struct doc_type memory_allocation_doc =
    DOC_TYPE("memoryAllocation", S, memory_allocation_rows);
static const struct doc_row backing_rows[] = {
    D_FLAG("nosharepages", nosharepages),         D_FLAG("locked", locked),
    D_ELEM("source", &memory_source_doc),         D_ELEM("access", &memory_access_doc),
    D_ELEM("allocation", &memory_allocation_doc), D_FLAG("discard", memory_discard),
};
static const struct doc_type backing_doc = DOC_TYPE("memoryBacking", S, backing_rows);

static const struct doc_row vcpu_rows[] = {
    D_ENUM(ATTR, "placement", vcpu_placement, &vcpu_placement_values),
    D_TOKEN(ATTR, "cpuset", vcpu_cpuset),
    D_UINT(ATTR, "current", vcpus_current, 1, 4096),
    D_COUNT(TEXT, NULL, vcpus, 1, 4096),
};
static const struct doc_type vcpu_doc = DOC_TYPE("vcpu", S, vcpu_rows);

static const struct doc_row resource_rows[] = {
    D_TOKEN(LEAF, "partition", resource_partition),
};
static const struct doc_type resource_doc = DOC_TYPE("resource", S, resource_rows);

static const struct doc_row suspend_mem_rows[] = {
    D_YESNO(ATTR, "enabled", suspend_to_mem),
};
static const struct doc_type suspend_mem_doc = DOC_TYPE("suspendToMem", S, suspend_mem_rows);
static const struct doc_row suspend_disk_rows[] = {
    D_YESNO(ATTR, "enabled", suspend_to_disk),
};
static const struct doc_type suspend_disk_doc = DOC_TYPE("suspendToDisk", S, suspend_disk_rows);
static const struct doc_row pm_rows[] = {
    D_ELEM("suspend-to-mem", &suspend_mem_doc),
    D_ELEM("suspend-to-disk", &suspend_disk_doc),
};
static const struct doc_type pm_doc = DOC_TYPE("pm", S, pm_rows);

static const struct doc_row qemu_rows[] = {
    D_LIST("qemu:arg", &qemu_arg_doc, qemu_args),
    D_LIST("qemu:env", &qemu_env_doc, qemu_env),
};
static const struct doc_type qemu_doc = DOC_TYPE("qemuCommandline", S, qemu_rows);

static const struct doc_row domain_rows[] = {
    D_ENUM(ATTR, "type", type, &domain_type_values, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "id", id, 1, 0x7fffffff, .flags = DOC_LIVE),
    D_STR(LEAF, "name", name, .flags = DOC_REQUIRED | DOC_NAME),
    D_UUID(LEAF, "uuid", uuid),
    D_ELEM("genid", &genid_doc, DOC_PRESENT(has_genid)),
    D_STR(LEAF, "title", title),
    D_STR(LEAF, "description", description),
    D_RAW("metadata", metadata),
    D_ELEM("memory", &memory_doc, .flags = DOC_REQUIRED),
    D_KIB(LEAF, "currentMemory", current_memory_kib),
    D_EMPTY("blkiotune"),
    D_EMPTY("memtune"),
    D_ELEM("memoryBacking", &backing_doc),
    D_ELEM("vcpu", &vcpu_doc),
    D_COUNT(LEAF, "iothreads", iothreads, 0, 1024),
    D_EMPTY("cputune"),
    D_EMPTY("numatune"),
    D_ELEM("resource", &resource_doc),
    D_ELEM_AT("os", &os_doc, os, .flags = DOC_REQUIRED),
    D_ELEM_AT("features", &features_doc, features),
    D_CHILD("cpu", &cpu_doc, cpu),
    D_ELEM_AT("clock", &clock_doc, clock),
    D_ENUM(LEAF, "on_poweroff", on_poweroff, &lifecycle_action_values),
    D_ENUM(LEAF, "on_reboot", on_reboot, &lifecycle_action_values),
    D_ENUM(LEAF, "on_crash", on_crash, &lifecycle_action_values),
    D_ELEM("pm", &pm_doc),
    D_ELEM("devices", &devices_doc),
    D_LIST("seclabel", &seclabel_doc, seclabels),
    D_ELEM("qemu:commandline", &qemu_doc),
};
const struct doc_type domain_doc_type = DOC_TYPE("domain", S, domain_rows);
#undef S

static const struct doc_namespace namespaces[] = {
    {"qemu", "http://libvirt.org/schemas/domain/qemu/1.0"},
    {NULL, NULL},
};

const struct doc domain_doc = {
    .what = "domain",
    .area = AREA_DOMAIN,
    .root = "domain",
    .type = &domain_doc_type,
    .namespaces = namespaces,
    .known = domain_known,
    .nknown = DOMAIN_NKNOWN,
    .odd_in_name = "/\n",
    .odd_name = ERROR_XML,
};

const char *domain_type_name(enum domain_type type)
{
    return doc_enum_name(&domain_type_values, type);
}

const char *lifecycle_action_name(enum lifecycle_action action)
{
    return doc_enum_name(&lifecycle_action_values, action);
}
