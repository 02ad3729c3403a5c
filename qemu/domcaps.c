// SPDX-License-Identifier: GPL-2.0-or-later
// <domainCapabilities>: what a domain of one machine type can be on this host.
#include "qemu/domcaps.h"

#include <ctype.h>

static void yes_no(struct strbuf *b, const char *indent, const char *name, bool yes)
{
    strbuf_printf(b, "%s<%s supported='%s'/>\n", indent, name, yes ? "yes" : "no");
}

static void open_enum(struct strbuf *b, const char *name)
{
    strbuf_printf(b, "      <enum name='%s'>\n", name);
}

static void value(struct strbuf *b, bool there, const char *text)
{
    if (there)
        strbuf_printf(b, "        <value>%s</value>\n", text);
}

static void close_enum(struct strbuf *b)
{
    strbuf_add(b, "      </enum>\n");
}

static void format_os(struct strbuf *b, const struct host_machine *in)
{
    strbuf_add(b, "  <os supported='yes'>\n");
    if (in->firmware.efi)
        strbuf_add(b, "    <enum name='firmware'>\n      <value>efi</value>\n    </enum>\n");
    else
        strbuf_add(b, "    <enum name='firmware'/>\n");
    strbuf_add(b, "    <loader supported='yes'>\n");
    for (size_t i = 0; i < in->firmware.loaders.n; i++) {
        strbuf_add(b, "      <value>");
        strbuf_add_xml(b, in->firmware.loaders.v[i]);
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
    value(b, in->firmware.secure, "yes");
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

static void format_cpu(struct strbuf *b, const struct host_machine *in)
{
    const struct qemu_accel_caps *a = &in->caps->accel[in->virt];
    strbuf_add(b, "  <cpu>\n");
    if (in->virt == QEMU_VIRT_KVM)
        format_migratable(b, "host-passthrough", "hostPassthroughMigratable");
    else
        strbuf_add(b, "    <mode name='host-passthrough' supported='no'/>\n");
    if (qemu_caps_cpu(in->caps, in->virt, "max"))
        format_migratable(b, "maximum", "maximumMigratable");
    else
        strbuf_add(b, "    <mode name='maximum' supported='no'/>\n");
    strbuf_add(b, "    <mode name='host-model' supported='no'/>\n");
    if (a->ncpus > 0)
        format_custom(b, a);
    else
        strbuf_add(b, "    <mode name='custom' supported='no'/>\n");
    strbuf_add(b, "  </cpu>\n");
}

static void format_memory(struct strbuf *b, const struct host_machine *in)
{
    strbuf_add(b, "  <memoryBacking supported='yes'>\n    <enum name='sourceType'>\n"
                  "      <value>file</value>\n      <value>anonymous</value>\n");
    if (qemu_caps_has_object(in->caps, "memory-backend-memfd"))
        strbuf_add(b, "      <value>memfd</value>\n");
    strbuf_add(b, "    </enum>\n  </memoryBacking>\n");
}

bool domcaps_open(struct domcaps *d, const char *element, bool supported)
{
    if (supported)
        strbuf_printf(&d->b, "    <%s supported='yes'>\n", element);
    else
        yes_no(&d->b, "    ", element, false);
    return supported;
}

void domcaps_enum(struct domcaps *d, const char *name)
{
    if (d->in_enum)
        close_enum(&d->b);
    open_enum(&d->b, name);
    d->in_enum = true;
}

void domcaps_value(struct domcaps *d, bool offered, const char *text)
{
    value(&d->b, offered, text);
}

void domcaps_close(struct domcaps *d, const char *element)
{
    if (d->in_enum)
        close_enum(&d->b);
    d->in_enum = false;
    strbuf_printf(&d->b, "    </%s>\n", element);
}

bool domcaps_has_spice(const struct domcaps *d)
{
    return qemu_caps_has_command(d->in->caps, "query-spice");
}

static const struct device_class *class_of_element(const char *element)
{
    for (enum device_kind kind = DEVICE_NONE + 1; kind < DEVICE_KIND_COUNT; kind++)
        if (str_eq(device_kind_name(kind), element))
            return device_class_of(kind);
    return NULL;
}

static void format_devices(struct domcaps *d)
{
    // The elements that libvirt's document has, in its order, whether we have such devices or not.
    static const char *const elements[] = {"disk",       "graphics", "video",    "hostdev", "rng",
                                           "filesystem", "tpm",      "redirdev", "channel"};
    strbuf_add(&d->b, "  <devices>\n");
    for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
        const struct device_class *class = class_of_element(elements[i]);
        if (class && class->capabilities)
            class->capabilities(d);
        else
            domcaps_open(d, elements[i], false);
    }
    strbuf_add(&d->b, "  </devices>\n");
}

static void format_features(struct strbuf *b, const struct host_machine *in)
{
    strbuf_add(b, "  <features>\n");
    yes_no(b, "    ", "gic", false);
    yes_no(b, "    ", "vmcoreinfo", qemu_caps_has_device(in->caps, "vmcoreinfo"));
    yes_no(b, "    ", "genid", qemu_caps_has_device(in->caps, "vmgenid"));
    yes_no(b, "    ", "backingStoreInput", false);
    yes_no(b, "    ", "backup", false);
    yes_no(b, "    ", "sev", false);
    yes_no(b, "    ", "sgx", false);
    strbuf_add(b, "  </features>\n");
}

char *domcaps_format(const struct host_machine *in, bool (*has_program)(const char *name))
{
    struct domcaps d = {.in = in,
                        .has_program = has_program,
                        .chipset = chipset_of_machine(in->arch, in->machine->name)};
    struct strbuf *b = &d.b;
    strbuf_add(b, "<domainCapabilities>\n  <path>");
    strbuf_add_xml(b, in->caps->binary);
    strbuf_printf(b, "</path>\n  <domain>%s</domain>\n  <machine>",
                  in->virt == QEMU_VIRT_KVM ? "kvm" : "qemu");
    strbuf_add_xml(b, in->machine->name);
    strbuf_printf(b, "</machine>\n  <arch>%s</arch>\n  <vcpu max='%u'/>\n", in->arch,
                  in->machine->max_cpus);
    yes_no(b, "  ", "iothreads", false);
    format_os(b, in);
    format_cpu(b, in);
    format_memory(b, in);
    format_devices(&d);
    format_features(b, in);
    strbuf_add(b, "</domainCapabilities>\n");
    return strbuf_steal(b);
}
