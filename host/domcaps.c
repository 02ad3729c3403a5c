// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include "host/capabilities.h"

static void yes_no(struct strbuf *b, const char *indent, const char *name, bool yes)
{
    strbuf_printf(b, "%s<%s supported='%s'/>\n", indent, name, yes ? "yes" : "no");
}

static void open_enum(struct strbuf *b, const char *name)
{
    strbuf_printf(b, "      <enum name='%s'>\n", name);
}

static void value(struct strbuf *b, bool there, const char *word)
{
    if (there)
        strbuf_printf(b, "        <value>%s</value>\n", word);
}

static void close_enum(struct strbuf *b)
{
    strbuf_add(b, "      </enum>\n");
}

static void format_os(struct strbuf *b, const struct domcaps_input *in)
{
    strbuf_add(b, "  <os supported='yes'>\n");
    if (in->efi)
        strbuf_add(b, "    <enum name='firmware'>\n      <value>efi</value>\n    </enum>\n");
    else
        strbuf_add(b, "    <enum name='firmware'/>\n");
    strbuf_add(b, "    <loader supported='yes'>\n");
    for (size_t i = 0; i < in->loaders->n; i++) {
        strbuf_add(b, "      <value>");
        strbuf_add_xml(b, in->loaders->v[i]);
        strbuf_add(b, "</value>\n");
    }
    open_enum(b, "type");
    value(b, true, "rom");
    value(b, true, "pflash");
    close_enum(b);
    open_enum(b, "readonly");
    value(b, true, "yes");
    value(b, true, "no");
    close_enum(b);
    open_enum(b, "secure");
    value(b, in->secure, "yes");
    value(b, true, "no");
    close_enum(b);
    strbuf_add(b, "    </loader>\n  </os>\n");
}

static const char *model_vendor(const char *name)
{
    static const char *const prefixes[][2] = {
        {"EPYC", "AMD"},          {"Opteron", "AMD"},       {"athlon", "AMD"},
        {"phenom", "AMD"},        {"Dhyana", "Hygon"},      {"qemu", "unknown"},
        {"kvm", "unknown"},       {"pentium", "unknown"},   {"486", "unknown"},
        {"n270", "Intel"},        {"core", "Intel"},        {"Westmere", "Intel"},
        {"Skylake", "Intel"},     {"SandyBridge", "Intel"}, {"Penryn", "Intel"},
        {"Nehalem", "Intel"},     {"IvyBridge", "Intel"},   {"Icelake", "Intel"},
        {"Haswell", "Intel"},     {"Cooperlake", "Intel"},  {"Conroe", "Intel"},
        {"Cascadelake", "Intel"}, {"Broadwell", "Intel"},   {"Snowridge", "Intel"},
        {"Denverton", "Intel"},   {"KnightsMill", "Intel"}, {"SapphireRapids", "Intel"},
    };
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        if (str_starts(name, prefixes[i][0]))
            return prefixes[i][1];
    }
    return "unknown";
}

// Names with a version ("EPYC-v2") are QEMU's own way; clients use those without.
static bool is_plain_model(const char *name)
{
    const char *v = strrchr(name, '-');
    if (v && v[1] == 'v' && isdigit((unsigned char)v[2]))
        return false;
    return !str_eq(name, "host") && !str_eq(name, "max") && !str_eq(name, "base");
}

static void format_custom(struct strbuf *b, const struct qemu_accel_caps *a)
{
    strbuf_add(b, "    <mode name='custom' supported='yes'>\n");
    for (size_t i = 0; i < a->ncpus; i++) {
        const struct qemu_cpu_model *m = &a->cpus[i];
        if (!is_plain_model(m->name))
            continue;
        static const char *const usable[] = {"unknown", "yes", "no"}; // enum qemu_usable
        strbuf_printf(b, "      <model usable='%s'%s vendor='%s'>", usable[m->usable],
                      m->deprecated ? " deprecated='yes'" : "", model_vendor(m->name));
        strbuf_add_xml(b, m->name);
        strbuf_add(b, "</model>\n");
    }
    strbuf_add(b, "    </mode>\n");
}

static void format_migratable(struct strbuf *b, const char *mode, const char *name)
{
    strbuf_printf(b, "    <mode name='%s' supported='yes'>\n", mode);
    open_enum(b, name);
    value(b, true, "on");
    value(b, true, "off");
    close_enum(b);
    strbuf_add(b, "    </mode>\n");
}

static void format_cpu(struct strbuf *b, const struct domcaps_input *in)
{
    const struct qemu_accel_caps *a = &in->caps->accel[in->virt];
    strbuf_add(b, "  <cpu>\n");
    if (in->support.cpu && in->virt == QEMU_VIRT_KVM)
        format_migratable(b, "host-passthrough", "hostPassthroughMigratable");
    else
        strbuf_add(b, "    <mode name='host-passthrough' supported='no'/>\n");
    if (in->support.cpu && qemu_caps_cpu(in->caps, in->virt, "max"))
        format_migratable(b, "maximum", "maximumMigratable");
    else
        strbuf_add(b, "    <mode name='maximum' supported='no'/>\n");
    strbuf_add(b, "    <mode name='host-model' supported='no'/>\n");
    if (in->support.cpu && a->ncpus > 0)
        format_custom(b, a);
    else
        strbuf_add(b, "    <mode name='custom' supported='no'/>\n");
    strbuf_add(b, "  </cpu>\n");
}

static void format_memory(struct strbuf *b, const struct domcaps_input *in)
{
    if (!in->support.memory_backing) {
        yes_no(b, "  ", "memoryBacking", false);
        return;
    }
    strbuf_add(b, "  <memoryBacking supported='yes'>\n    <enum name='sourceType'>\n"
                  "      <value>file</value>\n      <value>anonymous</value>\n");
    if (qemu_caps_has_object(in->caps, "memory-backend-memfd"))
        strbuf_add(b, "      <value>memfd</value>\n");
    strbuf_add(b, "    </enum>\n  </memoryBacking>\n");
}

static void format_disk(struct strbuf *b, const struct domcaps_input *in)
{
    const struct qemu_caps *c = in->caps;
    const char *machine = in->machine->name;
    bool x86 = str_eq(in->arch, "x86_64") || str_eq(in->arch, "i686");
    bool i440fx = x86 && (str_starts(machine, "pc-i440fx") || str_eq(machine, "isapc"));
    bool q35 = x86 && str_starts(machine, "pc-q35");
    strbuf_add(b, "    <disk supported='yes'>\n");
    open_enum(b, "diskDevice");
    value(b, true, "disk");
    value(b, true, "cdrom");
    value(b, i440fx || q35, "floppy");
    close_enum(b);
    open_enum(b, "bus");
    value(b, i440fx && qemu_caps_has_device(c, "ide-hd"), "ide");
    value(b, i440fx || q35, "fdc");
    value(b, qemu_caps_has_device(c, "scsi-hd"), "scsi");
    value(b, qemu_caps_has_device(c, "virtio-blk-pci"), "virtio");
    value(b, qemu_caps_has_device(c, "usb-storage"), "usb");
    value(b, qemu_caps_has_device(c, "ahci") || qemu_caps_has_device(c, "ich9-ahci"), "sata");
    close_enum(b);
    open_enum(b, "model");
    value(b, true, "virtio");
    close_enum(b);
    strbuf_add(b, "    </disk>\n");
}

static void format_display(struct strbuf *b, const struct domcaps_input *in)
{
    const struct qemu_caps *c = in->caps;
    strbuf_add(b, "    <graphics supported='yes'>\n");
    open_enum(b, "type");
    value(b, qemu_caps_has_command(c, "query-vnc"), "vnc");
    value(b, in->support.spice && qemu_caps_has_command(c, "query-spice"), "spice");
    close_enum(b);
    strbuf_add(b, "    </graphics>\n    <video supported='yes'>\n");
    open_enum(b, "modelType");
    value(b, qemu_caps_has_device(c, "VGA"), "vga");
    value(b, qemu_caps_has_device(c, "cirrus-vga"), "cirrus");
    value(b, qemu_caps_has_device(c, "vmware-svga"), "vmvga");
    value(b, qemu_caps_has_device(c, "qxl-vga"), "qxl");
    value(b, qemu_caps_has_device(c, "virtio-vga") || qemu_caps_has_device(c, "virtio-gpu-pci"),
          "virtio");
    value(b, true, "none");
    value(b, qemu_caps_has_device(c, "bochs-display"), "bochs");
    close_enum(b);
    strbuf_add(b, "    </video>\n");
}

static void format_rng(struct strbuf *b, const struct domcaps_input *in)
{
    if (!in->support.rng || !qemu_caps_has_device(in->caps, "virtio-rng-pci")) {
        yes_no(b, "    ", "rng", false);
        return;
    }
    strbuf_add(b, "    <rng supported='yes'>\n");
    open_enum(b, "model");
    value(b, true, "virtio");
    close_enum(b);
    open_enum(b, "backendModel");
    value(b, true, "random");
    value(b, qemu_caps_has_object(in->caps, "rng-builtin"), "builtin");
    close_enum(b);
    strbuf_add(b, "    </rng>\n");
}

// One enum of fixed words ("a b c"), or supported='no'.
static void format_values(struct strbuf *b, bool supported, const char *device, const char *name,
                          const char *words)
{
    if (!supported) {
        yes_no(b, "    ", device, false);
        return;
    }
    strbuf_printf(b, "    <%s supported='yes'>\n", device);
    open_enum(b, name);
    while (*words) {
        AUTO_FREE char *word = xstrndup(words, strcspn(words, " "));
        value(b, true, word);
        words += strlen(word);
        words += *words == ' ';
    }
    close_enum(b);
    strbuf_printf(b, "    </%s>\n", device);
}

static void format_devices(struct strbuf *b, const struct domcaps_input *in)
{
    const struct domcaps_support *s = &in->support;
    const struct qemu_caps *c = in->caps;
    strbuf_add(b, "  <devices>\n");
    format_disk(b, in);
    format_display(b, in);
    format_values(b, s->hostdev, "hostdev", "mode", "subsystem");
    format_rng(b, in);
    format_values(b, s->filesystem, "filesystem", "driverType", "path virtiofs");
    format_values(b, s->tpm, "tpm", "model", "tpm-tis tpm-crb");
    format_values(b, s->redirdev && qemu_caps_has_device(c, "usb-redir"), "redirdev", "bus", "usb");
    format_values(b, s->channel && qemu_caps_has_device(c, "virtserialport"), "channel", "type",
                  s->spice ? "pty unix spicevmc" : "pty unix");
    strbuf_add(b, "  </devices>\n");
}

static void format_features(struct strbuf *b, const struct domcaps_input *in)
{
    strbuf_add(b, "  <features>\n");
    yes_no(b, "    ", "gic", false);
    yes_no(b, "    ", "vmcoreinfo",
           in->support.vmcoreinfo && qemu_caps_has_device(in->caps, "vmcoreinfo"));
    yes_no(b, "    ", "genid", in->support.genid && qemu_caps_has_device(in->caps, "vmgenid"));
    yes_no(b, "    ", "backingStoreInput", false);
    yes_no(b, "    ", "backup", false);
    yes_no(b, "    ", "sev", false);
    yes_no(b, "    ", "sgx", false);
    strbuf_add(b, "  </features>\n");
}

char *domcaps_format(const struct domcaps_input *in)
{
    AUTO_STRBUF b = {0};
    strbuf_add(&b, "<domainCapabilities>\n  <path>");
    strbuf_add_xml(&b, in->caps->binary);
    strbuf_printf(&b, "</path>\n  <domain>%s</domain>\n  <machine>",
                  in->virt == QEMU_VIRT_KVM ? "kvm" : "qemu");
    strbuf_add_xml(&b, in->machine->name);
    strbuf_printf(&b, "</machine>\n  <arch>%s</arch>\n  <vcpu max='%u'/>\n", in->arch,
                  in->machine->max_cpus);
    yes_no(&b, "  ", "iothreads", false);
    format_os(&b, in);
    format_cpu(&b, in);
    format_memory(&b, in);
    format_devices(&b, in);
    format_features(&b, in);
    strbuf_add(&b, "</domainCapabilities>\n");
    return strbuf_steal(&b);
}
