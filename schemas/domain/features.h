// SPDX-License-Identifier: LGPL-2.1-or-later
// <features> of a domain.
#pragma once

#include "schemas/doc/value.h"

struct domain_hyperv {
    char *mode; // "custom", "passthrough"
    enum toggle relaxed, vapic, spinlocks, vpindex, runtime, synic, stimer, stimer_direct, reset,
        vendor_id, frequencies, reenlightenment, tlbflush, ipi, evmcs, avic;
    struct opt_uint spinlock_retries;
    char *vendor_id_value;
};

struct domain_features {
    bool acpi;
    bool apic, pae; // always there on x86; kept
    enum toggle apic_eoi;
    enum toggle hap;
    struct domain_hyperv *hyperv;
    enum toggle kvm_hidden, kvm_hint_dedicated, kvm_poll_control, kvm_pv_ipi;
    enum toggle pvspinlock, pmu, vmport, smm, vmcoreinfo;
    char *ioapic; // "kvm", "qemu"
};
