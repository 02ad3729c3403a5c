// SPDX-License-Identifier: LGPL-2.1-or-later
// <seclabel>.
#include "schemas/domain/internal.h"

#define S struct domain_seclabel
static const struct doc_row seclabel_rows[] = {
    D_TOKEN(ATTR, "type", type, .def = "dynamic"),
    D_TOKEN(ATTR, "model", model),
    D_YESNO(ATTR, "relabel", relabel),
    D_STR(LEAF, "label", label, .flags = DOC_LIVE),
    D_STR(LEAF, "imagelabel", imagelabel, .flags = DOC_LIVE),
    D_STR(LEAF, "baselabel", baselabel),
};
static int check_seclabel(const struct doc_where *where, void *obj)
{
    const struct domain_seclabel *l = obj;
    // What a running guest's XML shows, or "none", asks for nothing that we don't do anyway.
    if (str_eq(l->type, "none") || (str_eq(l->type, "dynamic") && !l->baselabel))
        return 0;
    return doc_fail(where, ERROR_CONFIG_UNSUPPORTED,
                    "type='%s' with labels of one's own is not supported by vireo yet; remove it",
                    l->type);
}
static const struct doc_type seclabel_doc =
    DOC_TYPE("seclabel", S, seclabel_rows, .check = check_seclabel);
#undef S

#define S struct domain_def
static const struct doc_row seclabels_rows[] = {
    D_LIST("seclabel", &seclabel_doc, seclabels),
};
const struct part_schema seclabel_part = {
    .doc = DOC_TYPE("domainSeclabels", S, seclabels_rows),
};
#undef S
