// SPDX-License-Identifier: GPL-2.0-or-later
// The processor: model, features, hypervisor hints, number and topology.
#include <stdio.h>

#include "qemu/internal.h"

static bool name_is_safe(const char *name)
{
    return name && *name &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               strlen(name);
}

// libvirt's names of flags where QEMU's differ by more than the underscore.
static const char *const flag_values[][2] = {
    {"pclmuldq", "pclmulqdq"},
};

static int add_feature(struct out *o, struct strbuf *b, const struct cpu_feature *f)
{
    const char *name = f->name;
    if (!name_is_safe(name))
        return out_unsupported(o, NULL, "<cpu><feature name='%s'>: not a feature's name",
                               name ? name : "");
    for (size_t i = 0; i < ARRAY_LEN(flag_values); i++)
        if (str_eq(name, flag_values[i][0]))
            name = flag_values[i][1];
    strbuf_addc(b, ',');
    for (; *name; name++)
        strbuf_addc(b, *name == '_' ? '-' : *name);
    strbuf_add(b, f->policy == CPU_POLICY_DISABLE ? "=off" : "=on");
    return 0;
}

static void flag(struct strbuf *b, const char *name, enum toggle t)
{
    if (t != TOGGLE_UNSET)
        strbuf_printf(b, ",%s=%s", name, t == TOGGLE_YES ? "on" : "off");
}

static void on(struct strbuf *b, const char *name, enum toggle t)
{
    if (t == TOGGLE_YES)
        strbuf_printf(b, ",%s=on", name);
}

static void add_hyperv(struct strbuf *b, const struct domain_hyperv *h)
{
    if (str_eq(h->mode, "passthrough")) {
        strbuf_add(b, ",hv-passthrough=on");
        return;
    }
    on(b, "hv-relaxed", h->relaxed);
    on(b, "hv-vapic", h->vapic);
    if (h->spinlocks == TOGGLE_YES)
        strbuf_printf(b, ",hv-spinlocks=0x%llx", opt_or(h->spinlock_retries, 0x1fff));
    on(b, "hv-vpindex", h->vpindex);
    on(b, "hv-runtime", h->runtime);
    on(b, "hv-synic", h->synic);
    on(b, "hv-stimer", h->stimer);
    on(b, "hv-stimer-direct", h->stimer_direct);
    on(b, "hv-reset", h->reset);
    if (h->vendor_id == TOGGLE_YES && name_is_safe(h->vendor_id_value))
        strbuf_printf(b, ",hv-vendor-id=%s", h->vendor_id_value);
    on(b, "hv-frequencies", h->frequencies);
    on(b, "hv-reenlightenment", h->reenlightenment);
    on(b, "hv-tlbflush", h->tlbflush);
    on(b, "hv-ipi", h->ipi);
    on(b, "hv-evmcs", h->evmcs);
    on(b, "hv-avic", h->avic);
}

// What QEMU's own emulation of a processor cannot offer; it refuses to start with some of it.
static int check_hyperv(struct out *o, const struct domain_hyperv *h)
{
    const struct {
        const char *name;
        enum toggle t;
    } kvm_only[] = {
        {"vpindex", h->vpindex},
        {"runtime", h->runtime},
        {"synic", h->synic},
        {"stimer", h->stimer},
        {"reset", h->reset},
        {"frequencies", h->frequencies},
        {"reenlightenment", h->reenlightenment},
        {"tlbflush", h->tlbflush},
        {"ipi", h->ipi},
        {"evmcs", h->evmcs},
        {"avic", h->avic},
    };
    if (o->virt == QEMU_VIRT_KVM)
        return 0;
    if (str_eq(h->mode, "passthrough"))
        return out_unsupported(o, NULL, "<hyperv mode='passthrough'>: only with KVM");
    for (size_t i = 0; i < ARRAY_LEN(kvm_only); i++)
        if (kvm_only[i].t == TOGGLE_YES)
            return out_unsupported(o, NULL,
                                   "<hyperv><%s state='on'/>: only with KVM; remove it, or use "
                                   "<domain type='kvm'>",
                                   kvm_only[i].name);
    return 0;
}

static void add_timers(struct strbuf *b, const struct domain_clock *c)
{
    VEC_FOREACH (it, &c->timers) {
        const struct clock_timer *t = *it;
        if (t->name == TIMER_TSC && t->frequency_hz.set)
            strbuf_printf(b, ",tsc-frequency=%llu", opt_or(t->frequency_hz, 0));
        else if (t->name == TIMER_KVMCLOCK)
            flag(b, "kvmclock", t->present);
        else if (t->name == TIMER_HYPERVCLOCK)
            on(b, "hv-time", t->present);
    }
}

static void add_hints(struct out *o, struct strbuf *b)
{
    const struct domain_features *f = &o->def->features;
    add_timers(b, &o->def->clock);
    flag(b, "kvm-pv-eoi", f->apic_eoi);
    flag(b, "kvm-pv-unhalt", f->pvspinlock);
    if (f->hyperv)
        add_hyperv(b, f->hyperv);
    VEC_FOREACH (it, &o->def->panics)
        if (str_eq((*it)->model, "hyperv")) {
            strbuf_add(b, ",hv-crash");
            break;
        }
    if (f->kvm_hidden == TOGGLE_YES)
        strbuf_add(b, ",kvm=off");
    on(b, "kvm-hint-dedicated", f->kvm_hint_dedicated);
    flag(b, "kvm-poll-control", f->kvm_poll_control);
    flag(b, "kvm-pv-ipi", f->kvm_pv_ipi);
    flag(b, "pmu", f->pmu);
}

static bool model_known(const struct out *o, const char *name)
{
    // Where KVM could not be asked, the names are those of TCG's list.
    return qemu_caps_cpu(o->caps, o->virt, name) ||
           (!o->caps->accel[o->virt].ncpus && qemu_caps_cpu(o->caps, QEMU_VIRT_TCG, name));
}

static int custom_model(struct out *o, struct strbuf *b)
{
    const struct domain_cpu *cpu = o->def->cpu;
    if (!name_is_safe(cpu->model) || !model_known(o, cpu->model))
        return out_unsupported(o, NULL,
                               "<cpu><model>%s</model>: this QEMU has no such model; `virsh "
                               "cpu-models %s` lists those it has",
                               cpu->model, o->caps->arch ? o->caps->arch : "x86_64");
    strbuf_add(b, cpu->model);
    return 0;
}

static int default_model(struct out *o, struct strbuf *b)
{
    const struct qemu_machine *m = qemu_caps_machine(o->caps, o->def->os.machine);
    const char *type = m ? m->default_cpu_type : NULL;
    const char *end = type ? strstr(type, "-x86_64-cpu") : NULL;
    end = type && !end ? strstr(type, "-i386-cpu") : end;
    if (end)
        strbuf_addn(b, type, (size_t)(end - type));
    else
        strbuf_add(b, str_eq(o->caps->arch, "i686") ? "qemu32" : "qemu64");
    return 0;
}

static int model(struct out *o, struct strbuf *b)
{
    const struct domain_cpu *cpu = o->def->cpu;
    bool kvm = o->virt == QEMU_VIRT_KVM;
    if (!cpu || ((cpu->mode == CPU_MODE_CUSTOM || cpu->mode == CPU_MODE_NONE) && !cpu->model))
        return default_model(o, b);
    switch (cpu->mode) {
    case CPU_MODE_HOST_PASSTHROUGH:
        if (!kvm)
            return out_unsupported(o, NULL,
                                   "<cpu mode='host-passthrough'>: only with KVM; use "
                                   "mode='maximum'");
        strbuf_add(b, "host");
        flag(b, "migratable", cpu->migratable == TOGGLE_UNSET ? TOGGLE_YES : cpu->migratable);
        return 0;
    case CPU_MODE_MAXIMUM:
        strbuf_add(b, "max");
        if (kvm)
            flag(b, "migratable", cpu->migratable == TOGGLE_UNSET ? TOGGLE_YES : cpu->migratable);
        return 0;
    case CPU_MODE_HOST_MODEL:
        if (!kvm || !o->caps->accel[QEMU_VIRT_KVM].host_model)
            return out_unsupported(o, NULL,
                                   "<cpu mode='host-model'>: %s; use mode='maximum' or name a "
                                   "<model>",
                                   kvm ? "no named model comes close to this host"
                                       : "only with KVM");
        strbuf_add(b, o->caps->accel[QEMU_VIRT_KVM].host_model);
        return 0;
    default:
        return custom_model(o, b);
    }
}

static int build_smp(struct out *o)
{
    const struct domain_def *def = o->def;
    const struct domain_cpu *cpu = def->cpu;
    const struct qemu_machine *m = qemu_caps_machine(o->caps, def->os.machine);
    unsigned long long max = def->vcpus, now = opt_or(def->vcpus_current, max);
    AUTO_STRBUF b = {0};
    if (m && m->max_cpus && max > m->max_cpus)
        return out_unsupported(o, NULL, "<vcpu>%llu</vcpu>: machine '%s' takes at most %u", max,
                               m->name, m->max_cpus);
    strbuf_printf(&b, "%llu,", now);
    if (now < max)
        strbuf_printf(&b, "maxcpus=%llu,", max);
    if (cpu && cpu->has_topology) {
        strbuf_printf(&b, "sockets=%llu", opt_or(cpu->sockets, 1));
        if (opt_or(cpu->dies, 1) > 1)
            strbuf_printf(&b, ",dies=%llu", opt_or(cpu->dies, 1));
        strbuf_printf(&b, ",cores=%llu,threads=%llu", opt_or(cpu->cores, 1),
                      opt_or(cpu->threads, 1));
    } else {
        strbuf_printf(&b, "sockets=%llu,cores=1,threads=1", max);
    }
    out_arg(o, "-smp", "%s", b.data);
    return 0;
}

static int check_cpu(struct out *o, const struct domain_cpu *cpu)
{
    if (!cpu)
        return 0;
    // QEMU itself emulates the processors of any vendor.
    if (cpu->vendor && o->virt == QEMU_VIRT_KVM && o->in->host_vendor &&
        !str_eq(cpu->vendor, o->in->host_vendor))
        return out_unsupported(o, NULL,
                               "<cpu><vendor>%s</vendor>: the host's processor is of vendor '%s'",
                               cpu->vendor, o->in->host_vendor);
    VEC_FOREACH (it, &cpu->features) {
        if ((*it)->policy == CPU_POLICY_OPTIONAL && cpu->check == CPU_CHECK_FULL)
            return out_unsupported(o, NULL,
                                   "<cpu check='full'>: feature '%s' cannot be optional then; use "
                                   "policy='require' or check='partial'",
                                   (*it)->name);
    }
    return 0;
}

static int build(struct out *o)
{
    const struct domain_cpu *cpu = o->def->cpu;
    const struct domain_hyperv *hyperv = o->def->features.hyperv;
    AUTO_STRBUF b = {0};
    if ((hyperv && check_hyperv(o, hyperv) < 0) || model(o, &b) < 0)
        return -1;
    if (cpu && cpu->model_vendor_id) {
        if (!name_is_safe(cpu->model_vendor_id))
            return out_unsupported(o, NULL, "<cpu><model vendor_id='%s'>: not a vendor's name",
                                   cpu->model_vendor_id);
        strbuf_printf(&b, ",vendor=%s", cpu->model_vendor_id);
    }
    for (size_t i = 0; cpu && i < cpu->features.n; i++)
        if (add_feature(o, &b, cpu->features.v[i]) < 0)
            return -1;
    add_hints(o, &b);
    if (check_cpu(o, cpu) < 0)
        return -1;
    if (cpu && cpu->check == CPU_CHECK_FULL)
        strbuf_add(&b, ",enforce");
    out_arg(o, "-cpu", "%s", b.data);
    return build_smp(o);
}

const struct command_part cpu_args = {.build = build};
