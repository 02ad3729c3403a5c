// SPDX-License-Identifier: LGPL-2.1-or-later
// <vcpu> and <iothreads>.
#include "schemas/domain/internal.h"

#include <inttypes.h>

static DOC_ENUM_VALUES(vcpu_placement_values, "auto", [VCPU_PLACEMENT_STATIC] = "static");

#define S struct domain_def
static const struct doc_row count_rows[] = {
    D_ENUM(ATTR, "placement", vcpu_placement, &vcpu_placement_values),
    D_TOKEN(ATTR, "cpuset", vcpu_cpuset),
    D_UINT(ATTR, "current", vcpus_current, 1, 4096),
    D_COUNT(TEXT, NULL, vcpus, 1, 4096),
};
static const struct doc_type count_doc = DOC_TYPE("vcpu", S, count_rows);

static const struct doc_row vcpu_rows[] = {
    D_ELEM("vcpu", &count_doc),
    D_COUNT(LEAF, "iothreads", iothreads, 0, 1024),
    D_EMPTY("cputune"),
    D_EMPTY("numatune"),
};

// One item of a list of CPUs: "3", "0-7", "^2". 0 or -1.
static int read_cpus(const char *item, cpu_set_t *ret)
{
    bool without = *item == '^';
    AUTO_FREE char *first = xstrdup(item + without);
    char *dash = strchr(first, '-');
    uint64_t from, to;
    if (dash)
        *dash = '\0';
    if (str_to_u64(first, 10, CPU_SETSIZE - 1, &from) < 0)
        return -1;
    to = from;
    if (dash && str_to_u64(dash + 1, 10, CPU_SETSIZE - 1, &to) < 0)
        return -1;
    for (uint64_t i = from; i <= to; i++) {
        if (without)
            CPU_CLR(i, ret);
        else
            CPU_SET(i, ret);
    }
    return from <= to ? 0 : -1;
}

int vcpu_cpuset_parse(const char *text, cpu_set_t *ret)
{
    AUTO_FREE char *copy = xstrdup(text);
    char *rest = copy;
    CPU_ZERO(ret);
    for (char *item; (item = strsep(&rest, ","));) {
        if (read_cpus(item, ret) < 0)
            return -1;
    }
    return CPU_COUNT(ret) ? 0 : -1;
}

// As libvirt writes it: "0-3,8".
static char *format_cpus(const cpu_set_t *cpus)
{
    AUTO_STRBUF b = {0};
    for (int i = 0; i < CPU_SETSIZE; i++) {
        int last = i;
        if (!CPU_ISSET(i, cpus))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
            last++;
        strbuf_printf(&b, last > i ? "%s%d-%d" : "%s%d", b.len ? "," : "", i, last);
        i = last;
    }
    return strbuf_steal(&b);
}

static void fill_vcpu(struct domain_fill *f)
{
    struct domain_def *def = f->def;
    if (!def->vcpus)
        def->vcpus = 1;
    if (def->vcpu_placement == VCPU_PLACEMENT_NONE)
        def->vcpu_placement = VCPU_PLACEMENT_STATIC;
    if (def->vcpus_current.set && def->vcpus_current.value == def->vcpus)
        def->vcpus_current = (struct opt_uint){0};
    cpu_set_t cpus;
    if (def->vcpu_cpuset && vcpu_cpuset_parse(def->vcpu_cpuset, &cpus) == 0) {
        free(def->vcpu_cpuset);
        def->vcpu_cpuset = format_cpus(&cpus);
    }
}

static int check_vcpu(const struct domain_def *def, struct error *err)
{
    if (def->vcpus_current.set && def->vcpus_current.value > def->vcpus)
        return domain_fail(def, ERROR_XML, err,
                           "current='%" PRIu64 "' of <vcpu> is more than the %" PRIu64 " there are",
                           def->vcpus_current.value, def->vcpus);
    cpu_set_t cpus;
    if (def->vcpu_cpuset && vcpu_cpuset_parse(def->vcpu_cpuset, &cpus) < 0)
        return domain_fail(def, ERROR_XML, err,
                           "<vcpu cpuset='%.60s'> is not a list of CPUs such as '0-3,^2,8'",
                           def->vcpu_cpuset);
    return 0;
}

const struct part_schema vcpu_part = {
    .doc = DOC_TYPE("domainVcpu", S, vcpu_rows),
    .fill = fill_vcpu,
    .check = check_vcpu,
};
#undef S
