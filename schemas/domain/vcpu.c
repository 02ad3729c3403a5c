// SPDX-License-Identifier: LGPL-2.1-or-later
// <vcpu> and <iothreads>.
#include "schemas/domain/internal.h"

#include <inttypes.h>

static DOC_ENUM_VALUES(vcpu_placement_values,
                       NULL, [VCPU_PLACEMENT_STATIC] = "static", [VCPU_PLACEMENT_AUTO] = "auto");

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

static void fill_vcpu(struct domain_fill *f)
{
    struct domain_def *def = f->def;
    if (!def->vcpus)
        def->vcpus = 1;
    if (def->vcpu_placement == VCPU_PLACEMENT_NONE)
        def->vcpu_placement = VCPU_PLACEMENT_STATIC;
    if (def->vcpus_current.set && def->vcpus_current.value == def->vcpus)
        def->vcpus_current = (struct opt_uint){0};
}

static int check_vcpu(const struct domain_def *def, struct error *err)
{
    if (def->vcpus_current.set && def->vcpus_current.value > def->vcpus)
        return domain_fail(def, ERROR_XML, err,
                           "current='%" PRIu64 "' of <vcpu> is more than the %" PRIu64 " there are",
                           def->vcpus_current.value, def->vcpus);
    return 0;
}

const struct part_schema vcpu_part = {
    .doc = DOC_TYPE("domainVcpu", S, vcpu_rows),
    .fill = fill_vcpu,
    .check = check_vcpu,
};
#undef S
