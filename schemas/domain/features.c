// SPDX-License-Identifier: LGPL-2.1-or-later
// <features>.
#include "schemas/domain/internal.h"

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
// Without a state they are on.
static const struct doc_row kvm_hidden_rows[] = {D_ONOFF(ATTR, "state", kvm_hidden, .def = "on")};
static const struct doc_type kvm_hidden_doc = DOC_TYPE("feature_kvm_hidden", S, kvm_hidden_rows);
static const struct doc_row kvm_hint_rows[] = {
    D_ONOFF(ATTR, "state", kvm_hint_dedicated, .def = "on")};
static const struct doc_type kvm_hint_doc = DOC_TYPE("feature_kvm_hint", S, kvm_hint_rows);
static const struct doc_row kvm_poll_rows[] = {
    D_ONOFF(ATTR, "state", kvm_poll_control, .def = "on")};
static const struct doc_type kvm_poll_doc = DOC_TYPE("feature_kvm_poll", S, kvm_poll_rows);
static const struct doc_row kvm_pv_ipi_rows[] = {D_ONOFF(ATTR, "state", kvm_pv_ipi, .def = "on")};
static const struct doc_type kvm_pv_ipi_doc = DOC_TYPE("feature_kvm_pv_ipi", S, kvm_pv_ipi_rows);
static const struct doc_row hap_rows[] = {D_ONOFF(ATTR, "state", hap, .def = "on")};
static const struct doc_type hap_doc = DOC_TYPE("feature_hap", S, hap_rows);
static const struct doc_row pvspinlock_rows[] = {D_ONOFF(ATTR, "state", pvspinlock, .def = "on")};
static const struct doc_type pvspinlock_doc = DOC_TYPE("feature_pvspinlock", S, pvspinlock_rows);
static const struct doc_row pmu_rows[] = {D_ONOFF(ATTR, "state", pmu, .def = "on")};
static const struct doc_type pmu_doc = DOC_TYPE("feature_pmu", S, pmu_rows);
static const struct doc_row vmport_rows[] = {D_ONOFF(ATTR, "state", vmport, .def = "on")};
static const struct doc_type vmport_doc = DOC_TYPE("feature_vmport", S, vmport_rows);
static const struct doc_row smm_rows[] = {D_ONOFF(ATTR, "state", smm, .def = "on")};
static const struct doc_type smm_doc = DOC_TYPE("feature_smm", S, smm_rows);
static const struct doc_row vmcoreinfo_rows[] = {D_ONOFF(ATTR, "state", vmcoreinfo, .def = "on")};
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
static const struct doc_row ioapic_rows[] = {D_TOKEN(ATTR, "driver", ioapic)};
static const struct doc_type ioapic_doc = DOC_TYPE("feature_ioapic", S, ioapic_rows);
static const struct doc_row features_rows[] = {
    D_FLAG("acpi", acpi),
    D_ELEM("apic", &apic_doc, DOC_PRESENT(apic)),
    D_FLAG("pae", pae),
    D_ELEM("hap", &hap_doc),
    D_CHILD("hyperv", &hyperv_doc, hyperv),
    D_ELEM("kvm", &kvm_doc),
    D_ELEM("pvspinlock", &pvspinlock_doc),
    D_ELEM("pmu", &pmu_doc),
    D_ELEM("vmport", &vmport_doc),
    D_ELEM("smm", &smm_doc),
    D_ELEM("ioapic", &ioapic_doc),
    D_ELEM("vmcoreinfo", &vmcoreinfo_doc),
};
static const struct doc_type features_doc = DOC_TYPE("features", S, features_rows);
#undef S

static void fill_features(struct domain_fill *f)
{
    struct domain_hyperv *hyperv = f->def->features.hyperv;
    if (hyperv && !hyperv->mode)
        hyperv->mode = xstrdup("custom");
}

static int check_features(const struct domain_def *def, struct error *err)
{
    const struct domain_features *f = &def->features;
    if (f->hap == TOGGLE_NO)
        return domain_fail(def, ERROR_CONFIG_UNSUPPORTED, err,
                           "<hap state='off'/>: KVM gives no domain another kind of paging than "
                           "the others; remove it");
    if (f->hyperv && !str_eq(f->hyperv->mode, "custom") && !str_eq(f->hyperv->mode, "passthrough"))
        return domain_fail(def, ERROR_XML, err,
                           "<hyperv mode='%.40s'> is none of: custom, passthrough",
                           f->hyperv->mode);
    return 0;
}

#define S struct domain_def
static const struct doc_row features_part_rows[] = {
    D_ELEM_AT("features", &features_doc, features, .flags = DOC_ONCE),
};
const struct part_schema features_part = {
    .doc = DOC_TYPE("domainFeatures", S, features_part_rows),
    .fill = fill_features,
    .check = check_features,
};
#undef S
