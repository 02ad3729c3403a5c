// SPDX-License-Identifier: GPL-2.0-or-later
// Machine, accelerator, memory, clock, boot order, kernel and firmware.
#include <stdio.h>
#include <time.h>

#include "qemu/argv_internal.h"

enum { QEMU_OLDEST = 6002000, KIB = 1024 };

static const struct clock_timer *timer_of(const struct domain_def *def, enum timer_name name)
{
    VEC_FOREACH (it, &def->clock.timers)
        if ((*it)->name == name)
            return *it;
    return NULL;
}

static void machine_toggle(struct strbuf *b, const char *key, enum toggle t)
{
    if (t != TOGGLE_UNSET)
        strbuf_printf(b, ",%s=%s", key, t == TOGGLE_YES ? "on" : "off");
}

static const char *memory_id(const struct argv_out *o)
{
    const struct qemu_machine *m = qemu_caps_machine(o->caps, o->def->os.machine);
    return m ? m->default_ram_id : NULL;
}

static bool has_pflash(const struct argv_out *o)
{
    return (o->in->loader && o->in->nvram) ||
           (o->def->os.loader && o->def->os.loader_type == LOADER_PFLASH);
}

static const char *nvram_path(const struct argv_out *o)
{
    return o->in->nvram ? o->in->nvram : o->def->os.nvram;
}

static void machine_options(struct argv_out *o, struct strbuf *b)
{
    const struct domain_features *f = &o->def->features;
    bool pc = o->chipset == CHIPSET_I440FX || o->chipset == CHIPSET_Q35;
    const struct clock_timer *hpet = timer_of(o->def, TIMER_HPET);
    strbuf_add(b, ",usb=off");
    machine_toggle(b, "vmport", f->vmport);
    machine_toggle(b, "smm",
                   f->smm == TOGGLE_UNSET && o->def->os.loader_secure == TOGGLE_YES ? TOGGLE_YES
                                                                                    : f->smm);
    strbuf_printf(b, ",dump-guest-core=%s", o->def->dump_core == TOGGLE_YES ? "on" : "off");
    if (o->def->nosharepages)
        strbuf_add(b, ",mem-merge=off");
    if (memory_id(o))
        strbuf_printf(b, ",memory-backend=%s", memory_id(o));
    if (has_pflash(o)) {
        strbuf_add(b, ",pflash0=libvirt-pflash0-format");
        if (nvram_path(o))
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

int build_machine(struct argv_out *o)
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

int build_memory(struct argv_out *o)
{
    const struct domain_def *def = o->def;
    // QEMU takes whole pages only; libvirt rounds to whole MiB, and so a guest moved here sees the
    // same size.
    uint64_t mib = (def->memory_kib + KIB - 1) / KIB;
    bool memfd = def->memory_source == MEMORY_SOURCE_MEMFD;
    if (def->memory_source == MEMORY_SOURCE_FILE)
        return out_unsupported(o, NULL,
                               "<memoryBacking><source type='file'>: not provided; use memfd");
    out_arg(o, "-m", "size=%lluk", (unsigned long long)mib * KIB);
    bool shared = def->memory_access == MEMORY_ACCESS_SHARED;
    const char *id = memory_id(o);
    if (!id && (memfd || shared))
        return out_unsupported(o, NULL, "<memoryBacking>: machine '%s' takes no memory backend",
                               def->os.machine);
    if (id) {
        const char *type = memfd ? "memory-backend-memfd" : "memory-backend-ram";
        if (!qemu_caps_has_object(o->caps, type))
            return out_unsupported(o, NULL, "<memoryBacking>: this QEMU has no '%s'", type);
        struct json_object *j = json_object_new_object();
        put_str(j, "qom-type", type);
        put_str(j, "id", id);
        if (memfd || def->memory_access != MEMORY_ACCESS_NONE)
            put_bool(j, "share", shared);
        if (def->memory_allocation == MEMORY_ALLOCATION_IMMEDIATE)
            put_bool(j, "prealloc", true);
        put_uint(j, "size", mib * KIB * KIB);
        out_json(o, "-object", j);
    }
    out_arg(o, "-overcommit", "mem-lock=%s", def->locked ? "on" : "off");
    return 0;
}

static void format_date(int64_t t, bool local, char *buf, size_t size)
{
    struct tm tm = {0};
    time_t when = t;
    if (local)
        localtime_r(&when, &tm);
    else
        gmtime_r(&when, &tm);
    strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
}

static int rtc_base(struct argv_out *o, char *base, size_t size)
{
    const struct domain_clock *c = &o->def->clock;
    int64_t shift = 0;
    switch (c->offset) {
    case CLOCK_NONE:
    case CLOCK_UTC:
        if (c->adjustment && !str_eq(c->adjustment, "reset") &&
            str_to_i64(c->adjustment, INT32_MIN, INT32_MAX, &shift) == 0 && shift)
            format_date(o->in->now_s + shift, false, base, size);
        else
            snprintf(base, size, "utc");
        return 0;
    case CLOCK_LOCALTIME:
    case CLOCK_TIMEZONE: // build_env() sets TZ
        snprintf(base, size, "localtime");
        return 0;
    case CLOCK_VARIABLE:
        format_date(o->in->now_s + (c->adjustment_s.set ? c->adjustment_s.value : 0),
                    c->basis == CLOCK_BASIS_LOCALTIME, base, size);
        return 0;
    case CLOCK_ABSOLUTE:
        format_date((int64_t)opt_or(c->start, 0), false, base, size);
        return 0;
    }
    return out_internal(o, NULL, "unknown clock offset");
}

static int build_timers(struct argv_out *o)
{
    const struct clock_timer *pit = timer_of(o->def, TIMER_PIT);
    if (timer_of(o->def, TIMER_PLATFORM) || timer_of(o->def, TIMER_ARMVTIMER))
        return out_unsupported(
            o, NULL, "<clock><timer name='%s'>: not there on this machine",
            timer_name_name(timer_of(o->def, TIMER_PLATFORM) ? TIMER_PLATFORM : TIMER_ARMVTIMER));
    if (pit && pit->present == TOGGLE_NO)
        return out_unsupported(o, NULL,
                               "<clock><timer name='pit' present='no'>: QEMU always has one");
    if (pit && pit->tickpolicy == TICKPOLICY_MERGE)
        return out_unsupported(o, NULL,
                               "<clock><timer name='pit' tickpolicy='merge'>: QEMU "
                               "provides delay, catchup and discard");
    // Catching up is what QEMU does anyway; without KVM the policy means nothing.
    if (pit && o->def->type == DOMAIN_TYPE_KVM &&
        (pit->tickpolicy == TICKPOLICY_DELAY || pit->tickpolicy == TICKPOLICY_DISCARD))
        out_arg(o, "-global", "kvm-pit.lost_tick_policy=%s",
                pit->tickpolicy == TICKPOLICY_DELAY ? "delay" : "discard");
    return 0;
}

int build_clock(struct argv_out *o)
{
    const struct clock_timer *rtc = timer_of(o->def, TIMER_RTC);
    char base[64];
    AUTO_STRBUF b = {0};
    if (rtc_base(o, base, sizeof(base)) < 0)
        return -1;
    strbuf_printf(&b, "base=%s", base);
    if (rtc && rtc->track == TRACK_GUEST)
        strbuf_add(&b, ",clock=vm");
    else if (rtc && rtc->track == TRACK_WALL)
        strbuf_add(&b, ",clock=host");
    else if (rtc && rtc->track == TRACK_REALTIME)
        strbuf_add(&b, ",clock=rt");
    if (rtc && rtc->tickpolicy == TICKPOLICY_CATCHUP)
        strbuf_add(&b, ",driftfix=slew");
    else if (rtc && (rtc->tickpolicy == TICKPOLICY_MERGE || rtc->tickpolicy == TICKPOLICY_DISCARD))
        return out_unsupported(o, NULL,
                               "<clock><timer name='rtc'>: QEMU provides the tick "
                               "policies delay and catchup only");
    out_arg(o, "-rtc", "%s", b.data);
    return build_timers(o);
}

static void build_power(struct argv_out *o)
{
    const struct domain_def *def = o->def;
    const char *pm = o->chipset == CHIPSET_Q35 ? "ICH9-LPC" : "PIIX4_PM";
    if (o->chipset == CHIPSET_I440FX || o->chipset == CHIPSET_Q35) {
        if (def->suspend_to_mem != TOGGLE_UNSET)
            out_arg(o, "-global", "%s.disable_s3=%d", pm, def->suspend_to_mem == TOGGLE_NO);
        if (def->suspend_to_disk != TOGGLE_UNSET)
            out_arg(o, "-global", "%s.disable_s4=%d", pm, def->suspend_to_disk == TOGGLE_NO);
    }
}

int build_boot(struct argv_out *o)
{
    const struct domain_os *os = &o->def->os;
    AUTO_STRBUF b = {0};
    out_flag(o, "-no-shutdown");
    if (o->def->on_reboot != LIFECYCLE_RESTART && o->def->on_reboot != LIFECYCLE_NONE)
        out_arg(o, "-action", "reboot=shutdown");
    build_power(o);
    if (os->boot_menu != TOGGLE_UNSET)
        strbuf_printf(&b, "menu=%s,", os->boot_menu == TOGGLE_YES ? "on" : "off");
    if (os->boot_menu == TOGGLE_YES && os->boot_menu_timeout_ms.set)
        strbuf_printf(&b, "splash-time=%llu,", opt_or(os->boot_menu_timeout_ms, 0));
    if (os->reboot_timeout_ms.set)
        strbuf_printf(&b, "reboot-timeout=%lld,", (long long)os->reboot_timeout_ms.value);
    strbuf_add(&b, "strict=on");
    out_arg(o, "-boot", "%s", b.data);
    if (!os->kernel && (os->initrd || os->cmdline))
        return out_unsupported(o, NULL, "<os>: <initrd> and <cmdline> need a <kernel>");
    if (os->kernel)
        out_arg(o, "-kernel", "%s", os->kernel);
    if (os->initrd)
        out_arg(o, "-initrd", "%s", os->initrd);
    if (os->cmdline)
        out_arg(o, "-append", "%s", os->cmdline);
    if (os->dtb)
        out_arg(o, "-dtb", "%s", os->dtb);
    return 0;
}

static void pflash(struct argv_out *o, const char *path, const char *format, unsigned n,
                   bool readonly)
{
    AUTO_FREE char *storage = xasprintf("libvirt-pflash%u-storage", n);
    struct json_object *j = json_driver("file");
    put_str(j, "filename", path);
    put_str(j, "node-name", storage);
    put_bool(j, "auto-read-only", true);
    put_str(j, "discard", "unmap");
    out_json(o, "-blockdev", j);
    j = json_object_new_object();
    put_printf(j, "node-name", "libvirt-pflash%u-format", n);
    put_bool(j, "read-only", readonly);
    put_str(j, "driver", format ? format : "raw");
    put_str(j, "file", storage);
    out_json(o, "-blockdev", j);
}

int build_firmware(struct argv_out *o)
{
    const struct domain_os *os = &o->def->os;
    const char *loader = o->in->loader ? o->in->loader : os->loader;
    const char *format = o->in->firmware_format ? o->in->firmware_format : os->loader_format;
    if (os->firmware == FIRMWARE_EFI && !loader)
        return out_unsupported(o, NULL,
                               "<os firmware='efi'>: no UEFI firmware was found on this "
                               "host; install it (Debian: ovmf)");
    if (!loader)
        return 0;
    if (!has_pflash(o)) {
        out_arg(o, "-bios", "%s", loader);
        return 0;
    }
    if (o->chipset == CHIPSET_ISA)
        return out_unsupported(o, NULL, "<os><loader type='pflash'>: machine '%s' has no flash",
                               os->machine);
    pflash(o, loader, format, 0, os->loader_readonly != TOGGLE_NO);
    if (nvram_path(o))
        pflash(o, nvram_path(o), format, 1, false);
    if (os->loader_secure == TOGGLE_YES)
        out_arg(o, "-global", "driver=cfi.pflash01,property=secure,value=on");
    return 0;
}
