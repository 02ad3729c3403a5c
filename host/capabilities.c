// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/capabilities.h"
#include <inttypes.h>

// Processor models by the flags that distinguish each from the previous one, as /proc/cpuinfo names
// them; newest last. Only flags that no microcode update removes.
static const struct {
    const char *vendor, *name, *flags;
} models[] = {
    {"Intel", "Conroe", "lm ssse3 nx"},
    {"Intel", "Penryn", "lm ssse3 nx sse4_1 cx16"},
    {"Intel", "Nehalem", "lm ssse3 nx sse4_1 cx16 sse4_2 popcnt"},
    {"Intel", "Westmere", "lm ssse3 nx sse4_1 cx16 sse4_2 popcnt aes pclmulqdq"},
    {"Intel", "SandyBridge", "lm nx cx16 sse4_2 popcnt aes pclmulqdq avx xsave tsc_deadline_timer"},
    {"Intel", "IvyBridge",
     "lm nx cx16 sse4_2 popcnt aes pclmulqdq avx xsave tsc_deadline_timer "
     "f16c rdrand fsgsbase smep erms"},
    {"Intel", "Haswell-noTSX",
     "lm nx cx16 popcnt aes pclmulqdq avx xsave tsc_deadline_timer fsgsbase "
     "smep erms avx2 bmi1 bmi2 fma movbe invpcid"},
    {"Intel", "Broadwell-noTSX",
     "lm nx cx16 popcnt aes pclmulqdq avx xsave tsc_deadline_timer fsgsbase "
     "smep erms avx2 bmi1 bmi2 fma movbe invpcid adx rdseed smap "
     "3dnowprefetch"},
    {"Intel", "Broadwell",
     "lm nx cx16 popcnt aes pclmulqdq avx xsave tsc_deadline_timer fsgsbase smep erms avx2 bmi1 bmi2 "
     "fma movbe invpcid adx rdseed smap 3dnowprefetch hle rtm"},
    {"AMD", "Opteron_G1", "lm nx sse2"},
    {"AMD", "Opteron_G2", "lm nx sse2 cx16 rdtscp lahf_lm"},
    {"AMD", "Opteron_G3", "lm nx cx16 lahf_lm popcnt abm sse4a misalignsse"},
    {"AMD", "EPYC",
     "lm nx cx16 lahf_lm popcnt abm sse4a misalignsse avx2 bmi1 bmi2 fma movbe adx "
     "rdseed smap smep sha_ni fsgsbase clflushopt xsavec xgetbv1 aes pclmulqdq"},
};

static bool has_flag(const struct node_cpu_model *cpu, const char *flag, size_t len)
{
    for (size_t i = 0; i < cpu->nflags; i++) {
        if (strncmp(cpu->flags[i], flag, len) == 0 && cpu->flags[i][len] == '\0')
            return true;
    }
    return false;
}

const char *capabilities_cpu_model(const struct node_cpu_model *cpu)
{
    const char *best = NULL;
    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        bool all = str_eq(models[i].vendor, cpu->vendor);
        for (const char *p = models[i].flags; all && *p;) {
            size_t n = strcspn(p, " ");
            all = has_flag(cpu, p, n);
            p += n + (p[n] == ' ');
        }
        if (all)
            best = models[i].name;
    }
    return best;
}

static uint32_t count_dies(const struct node_topology *t)
{
    uint32_t max = 0;
    for (size_t i = 0; i < t->ncells; i++) {
        for (size_t k = 0; k < t->cells[i].ncpus; k++)
            max = t->cells[i].cpus[k].die > max ? t->cells[i].cpus[k].die : max;
    }
    return max + 1;
}

static void format_cpu(struct strbuf *b, const struct capabilities_input *in)
{
    const struct node_cpu_model *cpu = in->cpu;
    const struct node_info *n = in->info;
    const char *model = capabilities_cpu_model(cpu);
    strbuf_printf(b, "    <cpu>\n      <arch>%s</arch>\n", in->arch);
    if (model)
        strbuf_printf(b, "      <model>%s</model>\n      <vendor>%s</vendor>\n", model,
                      cpu->vendor);
    if (cpu->microcode)
        strbuf_printf(b, "      <microcode version='%" PRIu64 "'/>\n", cpu->microcode);
    if (cpu->family)
        strbuf_printf(b, "      <signature family='%u' model='%u' stepping='%u'/>\n", cpu->family,
                      cpu->model, cpu->stepping);
    uint32_t dies = count_dies(in->topology);
    uint32_t cores = n->cores % dies == 0 ? n->cores / dies : n->cores;
    strbuf_printf(b, "      <topology sockets='%u' dies='%u' cores='%u' threads='%u'/>\n",
                  n->sockets, cores * dies == n->cores ? dies : 1, cores, n->threads);
    if (cpu->phys_bits)
        strbuf_printf(b, "      <maxphysaddr mode='emulate' bits='%u'/>\n", cpu->phys_bits);
    const struct node_cell *first = &in->topology->cells[0];
    for (size_t i = 0; i < first->npages; i++)
        strbuf_printf(b, "      <pages unit='KiB' size='%u'/>\n", first->pages[i].size_kib);
    strbuf_add(b, "    </cpu>\n");
}

static void format_cell(struct strbuf *b, const struct node_topology *t, const struct node_cell *c)
{
    strbuf_printf(b, "        <cell id='%u'>\n", c->id);
    strbuf_printf(b, "          <memory unit='KiB'>%" PRIu64 "</memory>\n", c->memory_kib);
    for (size_t i = 0; i < c->npages; i++)
        strbuf_printf(b, "          <pages unit='KiB' size='%u'>%" PRIu64 "</pages>\n",
                      c->pages[i].size_kib, c->pages[i].total);
    if (c->ndistances > 0 && c->ndistances == t->ncells) {
        strbuf_add(b, "          <distances>\n");
        for (size_t i = 0; i < c->ndistances; i++)
            strbuf_printf(b, "            <sibling id='%u' value='%u'/>\n", t->cells[i].id,
                          c->distances[i]);
        strbuf_add(b, "          </distances>\n");
    }
    strbuf_printf(b, "          <cpus num='%zu'>\n", c->ncpus);
    for (size_t i = 0; i < c->ncpus; i++) {
        const struct node_cpu *p = &c->cpus[i];
        strbuf_printf(b,
                      "            <cpu id='%u' socket_id='%u' die_id='%u' core_id='%u' "
                      "siblings='",
                      p->id, p->socket, p->die, p->core);
        strbuf_add_xml(b, p->siblings);
        strbuf_add(b, "'/>\n");
    }
    strbuf_add(b, "          </cpus>\n        </cell>\n");
}

static void format_host(struct strbuf *b, const struct capabilities_input *in)
{
    char uuid[UUID_TEXT_SIZE];
    strbuf_printf(b, "  <host>\n    <uuid>%s</uuid>\n", uuid_format(&in->uuid, uuid));
    format_cpu(b, in);
    strbuf_printf(b, "    <power_management/>\n    <iommu support='%s'/>\n",
                  in->iommu ? "yes" : "no");
    strbuf_printf(b, "    <topology>\n      <cells num='%zu'>\n", in->topology->ncells);
    for (size_t i = 0; i < in->topology->ncells; i++)
        format_cell(b, in->topology, &in->topology->cells[i]);
    strbuf_add(b, "      </cells>\n    </topology>\n"
                  "    <secmodel>\n      <model>none</model>\n      <doi>0</doi>\n"
                  "    </secmodel>\n  </host>\n\n");
}

static void format_machine(struct strbuf *b, const struct qemu_machine *m)
{
    const char *deprecated = m->deprecated ? " deprecated='yes'" : "";
    strbuf_printf(b, "      <machine maxCpus='%u'%s>", m->max_cpus, deprecated);
    strbuf_add_xml(b, m->name);
    strbuf_add(b, "</machine>\n");
    if (!m->alias)
        return;
    strbuf_add(b, "      <machine canonical='");
    strbuf_add_xml(b, m->name);
    strbuf_printf(b, "' maxCpus='%u'%s>", m->max_cpus, deprecated);
    strbuf_add_xml(b, m->alias);
    strbuf_add(b, "</machine>\n");
}

static bool is_x86(const char *arch)
{
    return str_eq(arch, "x86_64") || str_eq(arch, "i686");
}

static unsigned pointer_bits(const char *arch)
{
    static const char *const narrow[] = {"i686", "armv7l", "ppc", "mips",   "mipsel", "riscv32",
                                         "m68k", "sparc",  "sh4", "xtensa", "or1k",   "microblaze"};
    for (size_t i = 0; i < ARRAY_LEN(narrow); i++) {
        if (str_eq(narrow[i], arch))
            return 32;
    }
    return 64;
}

// The default machine type comes first: clients take the first one as the default.
static void format_machines(struct strbuf *b, const struct qemu_caps *c)
{
    const struct qemu_machine *first = qemu_caps_machine(c, NULL);
    if (first)
        format_machine(b, first);
    for (size_t i = 0; i < c->nmachines; i++) {
        if (&c->machines[i] != first)
            format_machine(b, &c->machines[i]);
    }
}

static void format_guest(struct strbuf *b, const struct capabilities_guest *g)
{
    const struct qemu_caps *c = g->caps;
    strbuf_printf(b,
                  "  <guest>\n    <os_type>hvm</os_type>\n    <arch name='%s'>\n"
                  "      <wordsize>%u</wordsize>\n      <emulator>",
                  g->arch, pointer_bits(g->arch));
    strbuf_add_xml(b, c->binary);
    strbuf_add(b, "</emulator>\n");
    format_machines(b, c);
    if (c->accel[QEMU_VIRT_TCG].usable)
        strbuf_add(b, "      <domain type='qemu'/>\n");
    if (c->accel[QEMU_VIRT_KVM].usable)
        strbuf_add(b, "      <domain type='kvm'/>\n");
    strbuf_add(b, "    </arch>\n    <features>\n");
    if (str_eq(g->arch, "i686"))
        strbuf_add(b, "      <pae/>\n      <nonpae/>\n");
    if (is_x86(g->arch))
        strbuf_add(b, "      <acpi default='on' toggle='yes'/>\n"
                      "      <apic default='on' toggle='no'/>\n");
    strbuf_add(b, "      <cpuselection/>\n      <deviceboot/>\n"
                  "      <disksnapshot default='off' toggle='no'/>\n"
                  "    </features>\n  </guest>\n\n");
}

char *capabilities_format(const struct capabilities_input *in)
{
    AUTO_STRBUF b = {0};
    strbuf_add(&b, "<capabilities>\n\n");
    format_host(&b, in);
    for (size_t i = 0; i < in->nguests; i++)
        format_guest(&b, &in->guests[i]);
    strbuf_add(&b, "</capabilities>\n");
    return strbuf_steal(&b);
}
