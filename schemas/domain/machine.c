// SPDX-License-Identifier: LGPL-2.1-or-later
// How <os>, <features>, <cpu> and <clock> stand in the domain document.
#include "schemas/domain/internal.h"

// ---- os

#define S struct domain_boot
static const struct doc_row boot_rows[] = {
    D_ENUM(ATTR, "dev", dev, &boot_dev_values, .flags = DOC_REQUIRED),
};
static const struct doc_type boot_doc = DOC_TYPE("osBoot", S, boot_rows);
#undef S

#define S struct firmware_feature
static const struct doc_row firmware_feature_rows[] = {
    D_YESNO(ATTR, "enabled", enabled, .flags = DOC_REQUIRED),
    D_TOKEN(ATTR, "name", name, .flags = DOC_REQUIRED),
};
static const struct doc_type firmware_feature_doc =
    DOC_TYPE("osFirmwareFeature", S, firmware_feature_rows);
#undef S

#define S struct domain_os
static const struct doc_row os_type_rows[] = {
    D_TOKEN(ATTR, "arch", arch),
    D_TOKEN(ATTR, "machine", machine),
    D_TOKEN(TEXT, NULL, type, .flags = DOC_REQUIRED),
};
static const struct doc_type os_type_doc = DOC_TYPE("osType", S, os_type_rows);
static const struct doc_row firmware_rows[] = {
    D_LIST("feature", &firmware_feature_doc, firmware_features),
};
static const struct doc_type firmware_doc = DOC_TYPE("osFirmware", S, firmware_rows);
static const struct doc_row loader_rows[] = {
    D_YESNO(ATTR, "readonly", loader_readonly),
    D_YESNO(ATTR, "secure", loader_secure),
    D_ENUM(ATTR, "type", loader_type, &loader_type_values),
    D_YESNO(ATTR, "stateless", loader_stateless),
    D_TOKEN(ATTR, "format", loader_format),
    D_TOKEN(TEXT, NULL, loader),
};
static const struct doc_type loader_doc = DOC_TYPE("osLoader", S, loader_rows);
static const struct doc_row nvram_rows[] = {
    D_STR(ATTR, "template", nvram_template),
    D_TOKEN(TEXT, NULL, nvram),
};
static const struct doc_type nvram_doc = DOC_TYPE("osNvram", S, nvram_rows);
static const struct doc_row bootmenu_rows[] = {
    D_YESNO(ATTR, "enable", boot_menu, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "timeout", boot_menu_timeout_ms, 0, 65535, .unit = "milliseconds"),
};
static const struct doc_type bootmenu_doc = DOC_TYPE("osBootmenu", S, bootmenu_rows);
static const struct doc_row bios_rows[] = {
    D_YESNO(ATTR, "useserial", bios_serial),
    D_INT(ATTR, "rebootTimeout", reboot_timeout_ms, -1, 65535, .unit = "milliseconds"),
};
static const struct doc_type bios_doc = DOC_TYPE("osBios", S, bios_rows);
static const struct doc_row os_rows[] = {
    D_ENUM(ATTR, "firmware", firmware, &os_firmware_values),
    D_ELEM("type", &os_type_doc, .flags = DOC_REQUIRED),
    D_ELEM("firmware", &firmware_doc),
    D_ELEM("loader", &loader_doc),
    D_ELEM("nvram", &nvram_doc),
    D_STR(LEAF, "kernel", kernel),
    D_STR(LEAF, "initrd", initrd),
    D_STR(LEAF, "cmdline", cmdline),
    D_STR(LEAF, "dtb", dtb),
    D_LIST("boot", &boot_doc, boot),
    D_ELEM("bootmenu", &bootmenu_doc),
    D_ELEM("bios", &bios_doc),
};
const struct doc_type os_doc = DOC_TYPE("os", S, os_rows);
#undef S

// ---- features

#define S struct domain_hyperv
static const struct doc_row hv_relaxed_rows[] = {
    D_ONOFF(ATTR, "state", relaxed, .flags = DOC_REQUIRED)};
static const struct doc_type hv_relaxed_doc = DOC_TYPE("hyperv_relaxed", S, hv_relaxed_rows);
static const struct doc_row hv_vapic_rows[] = {
    D_ONOFF(ATTR, "state", vapic, .flags = DOC_REQUIRED)};
static const struct doc_type hv_vapic_doc = DOC_TYPE("hyperv_vapic", S, hv_vapic_rows);
static const struct doc_row hv_vpindex_rows[] = {
    D_ONOFF(ATTR, "state", vpindex, .flags = DOC_REQUIRED)};
static const struct doc_type hv_vpindex_doc = DOC_TYPE("hyperv_vpindex", S, hv_vpindex_rows);
static const struct doc_row hv_runtime_rows[] = {
    D_ONOFF(ATTR, "state", runtime, .flags = DOC_REQUIRED)};
static const struct doc_type hv_runtime_doc = DOC_TYPE("hyperv_runtime", S, hv_runtime_rows);
static const struct doc_row hv_synic_rows[] = {
    D_ONOFF(ATTR, "state", synic, .flags = DOC_REQUIRED)};
static const struct doc_type hv_synic_doc = DOC_TYPE("hyperv_synic", S, hv_synic_rows);
static const struct doc_row hv_reset_rows[] = {
    D_ONOFF(ATTR, "state", reset, .flags = DOC_REQUIRED)};
static const struct doc_type hv_reset_doc = DOC_TYPE("hyperv_reset", S, hv_reset_rows);
static const struct doc_row hv_frequencies_rows[] = {
    D_ONOFF(ATTR, "state", frequencies, .flags = DOC_REQUIRED)};
static const struct doc_type hv_frequencies_doc =
    DOC_TYPE("hyperv_frequencies", S, hv_frequencies_rows);
static const struct doc_row hv_reenlightenment_rows[] = {
    D_ONOFF(ATTR, "state", reenlightenment, .flags = DOC_REQUIRED)};
static const struct doc_type hv_reenlightenment_doc =
    DOC_TYPE("hyperv_reenlightenment", S, hv_reenlightenment_rows);
static const struct doc_row hv_tlbflush_rows[] = {
    D_ONOFF(ATTR, "state", tlbflush, .flags = DOC_REQUIRED)};
static const struct doc_type hv_tlbflush_doc = DOC_TYPE("hyperv_tlbflush", S, hv_tlbflush_rows);
static const struct doc_row hv_ipi_rows[] = {D_ONOFF(ATTR, "state", ipi, .flags = DOC_REQUIRED)};
static const struct doc_type hv_ipi_doc = DOC_TYPE("hyperv_ipi", S, hv_ipi_rows);
static const struct doc_row hv_evmcs_rows[] = {
    D_ONOFF(ATTR, "state", evmcs, .flags = DOC_REQUIRED)};
static const struct doc_type hv_evmcs_doc = DOC_TYPE("hyperv_evmcs", S, hv_evmcs_rows);
static const struct doc_row hv_avic_rows[] = {D_ONOFF(ATTR, "state", avic, .flags = DOC_REQUIRED)};
static const struct doc_type hv_avic_doc = DOC_TYPE("hyperv_avic", S, hv_avic_rows);
static const struct doc_row hv_spinlocks_rows[] = {
    D_ONOFF(ATTR, "state", spinlocks, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "retries", spinlock_retries, 4095, 0xffffffff),
};
static const struct doc_type hv_spinlocks_doc = DOC_TYPE("hyperv_spinlocks", S, hv_spinlocks_rows);
static const struct doc_row hv_direct_rows[] = {
    D_ONOFF(ATTR, "state", stimer_direct, .flags = DOC_REQUIRED),
};
static const struct doc_type hv_direct_doc = DOC_TYPE("hyperv_direct", S, hv_direct_rows);
static const struct doc_row hv_stimer_rows[] = {
    D_ONOFF(ATTR, "state", stimer, .flags = DOC_REQUIRED),
    D_ELEM("direct", &hv_direct_doc),
};
static const struct doc_type hv_stimer_doc = DOC_TYPE("hyperv_stimer", S, hv_stimer_rows);
static const struct doc_row hv_vendor_rows[] = {
    D_ONOFF(ATTR, "state", vendor_id, .flags = DOC_REQUIRED),
    D_TOKEN(ATTR, "value", vendor_id_value),
};
static const struct doc_type hv_vendor_doc = DOC_TYPE("hyperv_vendor_id", S, hv_vendor_rows);
static const struct doc_row hyperv_rows[] = {
    D_TOKEN(ATTR, "mode", mode),
    D_ELEM("relaxed", &hv_relaxed_doc),
    D_ELEM("vapic", &hv_vapic_doc),
    D_ELEM("spinlocks", &hv_spinlocks_doc),
    D_ELEM("vpindex", &hv_vpindex_doc),
    D_ELEM("runtime", &hv_runtime_doc),
    D_ELEM("synic", &hv_synic_doc),
    D_ELEM("stimer", &hv_stimer_doc),
    D_ELEM("reset", &hv_reset_doc),
    D_ELEM("vendor_id", &hv_vendor_doc),
    D_ELEM("frequencies", &hv_frequencies_doc),
    D_ELEM("reenlightenment", &hv_reenlightenment_doc),
    D_ELEM("tlbflush", &hv_tlbflush_doc),
    D_ELEM("ipi", &hv_ipi_doc),
    D_ELEM("evmcs", &hv_evmcs_doc),
    D_ELEM("avic", &hv_avic_doc),
};
static const struct doc_type hyperv_doc = DOC_TYPE("hyperv", S, hyperv_rows);
#undef S

#define S struct domain_features
static const struct doc_row kvm_hidden_rows[] = {D_ONOFF(ATTR, "state", kvm_hidden)};
static const struct doc_type kvm_hidden_doc = DOC_TYPE("feature_kvm_hidden", S, kvm_hidden_rows);
static const struct doc_row kvm_hint_rows[] = {D_ONOFF(ATTR, "state", kvm_hint_dedicated)};
static const struct doc_type kvm_hint_doc = DOC_TYPE("feature_kvm_hint", S, kvm_hint_rows);
static const struct doc_row kvm_poll_rows[] = {D_ONOFF(ATTR, "state", kvm_poll_control)};
static const struct doc_type kvm_poll_doc = DOC_TYPE("feature_kvm_poll", S, kvm_poll_rows);
static const struct doc_row kvm_pv_ipi_rows[] = {D_ONOFF(ATTR, "state", kvm_pv_ipi)};
static const struct doc_type kvm_pv_ipi_doc = DOC_TYPE("feature_kvm_pv_ipi", S, kvm_pv_ipi_rows);
static const struct doc_row hap_rows[] = {D_ONOFF(ATTR, "state", hap)};
static const struct doc_type hap_doc = DOC_TYPE("feature_hap", S, hap_rows);
static const struct doc_row pvspinlock_rows[] = {D_ONOFF(ATTR, "state", pvspinlock)};
static const struct doc_type pvspinlock_doc = DOC_TYPE("feature_pvspinlock", S, pvspinlock_rows);
static const struct doc_row pmu_rows[] = {D_ONOFF(ATTR, "state", pmu)};
static const struct doc_type pmu_doc = DOC_TYPE("feature_pmu", S, pmu_rows);
static const struct doc_row vmport_rows[] = {D_ONOFF(ATTR, "state", vmport)};
static const struct doc_type vmport_doc = DOC_TYPE("feature_vmport", S, vmport_rows);
static const struct doc_row smm_rows[] = {D_ONOFF(ATTR, "state", smm)};
static const struct doc_type smm_doc = DOC_TYPE("feature_smm", S, smm_rows);
static const struct doc_row vmcoreinfo_rows[] = {D_ONOFF(ATTR, "state", vmcoreinfo)};
static const struct doc_type vmcoreinfo_doc = DOC_TYPE("feature_vmcoreinfo", S, vmcoreinfo_rows);
static const struct doc_row kvm_rows[] = {
    D_ELEM("hidden", &kvm_hidden_doc),
    D_ELEM("hint-dedicated", &kvm_hint_doc),
    D_ELEM("poll-control", &kvm_poll_doc),
    D_ELEM("pv-ipi", &kvm_pv_ipi_doc),
};
static const struct doc_type kvm_doc = DOC_TYPE("feature_kvm", S, kvm_rows);
static const struct doc_row apic_rows[] = {D_ONOFF(ATTR, "eoi", apic_eoi)};
static const struct doc_type apic_doc = DOC_TYPE("feature_apic", S, apic_rows);
static const struct doc_row gic_rows[] = {D_TOKEN(ATTR, "version", gic_version)};
static const struct doc_type gic_doc = DOC_TYPE("feature_gic", S, gic_rows);
static const struct doc_row ioapic_rows[] = {D_TOKEN(ATTR, "driver", ioapic)};
static const struct doc_type ioapic_doc = DOC_TYPE("feature_ioapic", S, ioapic_rows);
static const struct doc_row features_rows[] = {
    D_FLAG("acpi", acpi),
    D_ELEM("apic", &apic_doc, DOC_PRESENT(apic)),
    D_FLAG("pae", pae),
    D_ELEM("hap", &hap_doc),
    D_FLAG("viridian", viridian),
    D_FLAG("privnet", privnet),
    D_CHILD("hyperv", &hyperv_doc, hyperv),
    D_ELEM("kvm", &kvm_doc),
    D_ELEM("pvspinlock", &pvspinlock_doc),
    D_ELEM("pmu", &pmu_doc),
    D_ELEM("vmport", &vmport_doc),
    D_ELEM("gic", &gic_doc, DOC_PRESENT(gic)),
    D_ELEM("smm", &smm_doc),
    D_ELEM("ioapic", &ioapic_doc),
    D_ELEM("vmcoreinfo", &vmcoreinfo_doc),
};
const struct doc_type features_doc = DOC_TYPE("features", S, features_rows);
#undef S

// ---- cpu

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

// ---- clock

#define S struct clock_timer
static const struct doc_row timer_rows[] = {
    D_ENUM(ATTR, "name", name, &timer_name_values, .flags = DOC_REQUIRED),
    D_YESNO(ATTR, "present", present),
    D_ENUM(ATTR, "tickpolicy", tickpolicy, &timer_tickpolicy_values),
    D_ENUM(ATTR, "track", track, &timer_track_values),
    D_UINT(ATTR, "frequency", frequency_hz, 0, 0, .unit = "Hz"),
    D_TOKEN(ATTR, "mode", mode),
};
static const struct doc_type timer_doc = DOC_TYPE("clockTimer", S, timer_rows);
#undef S

#define S             struct domain_clock
#define WHEN(offset_) .when = DOC_BIT(CLOCK_##offset_)
static const struct doc_row clock_rows[] = {
    // <clock sync='localtime'/> is how this was written first.
    D_ENUM(ATTR, "sync", offset, &clock_offset_values, .flags = DOC_TAG | DOC_OLD),
    D_ENUM(ATTR, "offset", offset, &clock_offset_values, .flags = DOC_TAG),
    D_TOKEN(ATTR, "adjustment", adjustment, .when = DOC_BIT(CLOCK_UTC) | DOC_BIT(CLOCK_LOCALTIME)),
    D_INT(ATTR, "adjustment", adjustment_s, INT64_MIN, 0, WHEN(VARIABLE), .unit = "seconds"),
    D_ENUM(ATTR, "basis", basis, &clock_basis_values, WHEN(VARIABLE)),
    D_TOKEN(ATTR, "timezone", timezone, WHEN(TIMEZONE), .flags = DOC_REQUIRED),
    D_UINT(ATTR, "start", start, 0, INT64_MAX, WHEN(ABSOLUTE), .flags = DOC_REQUIRED,
           .unit = "seconds since 1970"),
    D_LIST("timer", &timer_doc, timers),
};
const struct doc_type clock_doc =
    DOC_TYPE("clock", S, clock_rows, DOC_TAGGED(S, offset, &clock_offset_values));
#undef WHEN
#undef S
