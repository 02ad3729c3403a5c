// SPDX-License-Identifier: GPL-2.0-or-later
// Machine type and accelerator.
#include "qemu/internal.h"

enum { QEMU_OLDEST = 6002000 };

static void machine_toggle(struct strbuf *b, const char *key, enum toggle t)
{
    if (t != TOGGLE_UNSET)
        strbuf_printf(b, ",%s=%s", key, t == TOGGLE_YES ? "on" : "off");
}

static void machine_options(struct out *o, struct strbuf *b)
{
    const struct domain_features *f = &o->def->features;
    bool pc = o->chipset == CHIPSET_I440FX || o->chipset == CHIPSET_Q35;
    const struct clock_timer *hpet = clock_timer_of(o->def, TIMER_HPET);
    strbuf_add(b, ",usb=off");
    machine_toggle(b, "vmport", f->vmport);
    machine_toggle(b, "smm",
                   f->smm == TOGGLE_UNSET && o->def->os.loader_secure == TOGGLE_YES ? TOGGLE_YES
                                                                                    : f->smm);
    strbuf_printf(b, ",dump-guest-core=%s", o->def->dump_core == TOGGLE_YES ? "on" : "off");
    if (o->def->nosharepages)
        strbuf_add(b, ",mem-merge=off");
    if (memory_backend_id(o))
        strbuf_printf(b, ",memory-backend=%s", memory_backend_id(o));
    if (firmware_has_pflash(o)) {
        strbuf_add(b, ",pflash0=libvirt-pflash0-format");
        if (firmware_nvram(o))
            strbuf_add(b, ",pflash1=libvirt-pflash1-format");
    }
    if (pc && hpet)
        machine_toggle(b, "hpet", hpet->present);
    if (pc && !f->acpi)
        strbuf_add(b, ",acpi=off");
    if (pc && o->def->os.bios_serial == TOGGLE_YES)
        strbuf_add(b, ",graphics=off");
    VEC_FOREACH (it, &o->def->sounds)
        if (str_eq((*it)->model, "pcspk")) {
            strbuf_printf(b, ",pcspk-audiodev=audio%llu", opt_or((*it)->audio, 1));
            break;
        }
}

static int build(struct out *o)
{
    const struct domain_def *def = o->def;
    AUTO_STRBUF b = {0};
    const struct qemu_machine *m = qemu_caps_machine(o->caps, def->os.machine);
    if (o->caps->version && o->caps->version < QEMU_OLDEST)
        return out_unsupported(o, NULL, "QEMU %u.%u is too old, 6.2 or newer is needed",
                               o->caps->version / 1000000, o->caps->version / 1000 % 1000);
    if (!m)
        return out_unsupported(o, NULL,
                               "<os><type machine='%s'>: %s has no such machine; `virsh "
                               "capabilities` lists those it has",
                               def->os.machine ? def->os.machine : "", o->caps->binary);
    if (def->type == DOMAIN_TYPE_KVM && !o->in->kvm_usable)
        return out_unsupported(
            o, NULL,
            "<domain type='kvm'>: /dev/kvm cannot be used here; check that the host has KVM and "
            "that the user QEMU runs as may open /dev/kvm, or use <domain type='qemu'>");
    if (def->type == DOMAIN_TYPE_KVM && !o->caps->kvm_built)
        return out_unsupported(o, NULL, "<domain type='kvm'>: %s is built without KVM",
                               o->caps->binary);
    strbuf_add(&b, m->name);
    machine_options(o, &b);
    out_arg(o, "-machine", "%s", b.data);
    if (def->type != DOMAIN_TYPE_KVM)
        out_arg(o, "-accel", "tcg");
    else if (str_eq(def->features.ioapic, "qemu"))
        out_arg(o, "-accel", "kvm,kernel-irqchip=split");
    else if (str_eq(def->features.ioapic, "kvm"))
        out_arg(o, "-accel", "kvm,kernel-irqchip=on");
    else
        out_arg(o, "-accel", "kvm");
    return 0;
}

const struct command_part machine_args = {.build = build};
