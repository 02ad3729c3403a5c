// SPDX-License-Identifier: LGPL-2.1-or-later
// <resource>: the domain's place among the cgroups of the host.
#include "schemas/domain/internal.h"

#define S struct domain_def
static const struct doc_row partition_rows[] = {
    D_TOKEN(LEAF, "partition", resource_partition),
};
static const struct doc_type partition_doc = DOC_TYPE("resource", S, partition_rows);
static const struct doc_row resource_rows[] = {
    D_ELEM("resource", &partition_doc),
};

// "/machine" is what libvirt gives every domain, and says nothing.
static int check_resource(const struct domain_def *def, struct error *err)
{
    if (!def->resource_partition || str_eq(def->resource_partition, "/machine"))
        return 0;
    return domain_fail(def, ERROR_CONFIG_UNSUPPORTED, err,
                       "<partition>%s</partition> is not supported by vireo yet, only /machine is; "
                       "remove it",
                       def->resource_partition);
}

const struct part_schema resource_part = {
    .doc = DOC_TYPE("domainResource", S, resource_rows),
    .check = check_resource,
};
#undef S
