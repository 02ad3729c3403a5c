// SPDX-License-Identifier: LGPL-2.1-or-later
// What a domain is called and which it is: type, id, name, uuid, genid, title, metadata.
#include "schemas/domain/internal.h"

static DOC_ENUM_VALUES(
    domain_type_values,
    "xen lxc uml openvz test vmware hyperv vbox phyp parallels bhyve vz kqemu hvf linux",
    [DOMAIN_TYPE_QEMU] = "qemu", [DOMAIN_TYPE_KVM] = "kvm");

#define S struct domain_def
static const struct doc_row genid_rows[] = {
    D_UUID(TEXT, NULL, genid),
};
static const struct doc_type genid_doc = DOC_TYPE("genid", S, genid_rows);

static const struct doc_row general_rows[] = {
    D_ENUM(ATTR, "type", type, &domain_type_values, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "id", id, 1, 0x7fffffff, .flags = DOC_LIVE),
    D_STR(LEAF, "name", name, .flags = DOC_REQUIRED | DOC_NAME),
    D_UUID(LEAF, "uuid", uuid),
    D_ELEM("genid", &genid_doc, DOC_PRESENT(has_genid)),
    D_STR(LEAF, "title", title),
    D_STR(LEAF, "description", description),
    D_RAW("metadata", metadata),
};

static void fill_general(struct domain_fill *f)
{
    struct domain_def *def = f->def;
    f->uuid_is_new = !def->uuid.set;
    if (f->uuid_is_new)
        def->uuid = (struct opt_uuid){.set = true, .value = uuid_random()};
    // <genid/> without a value asks for one.
    if (def->has_genid && !def->genid.set)
        def->genid = (struct opt_uuid){.set = true, .value = uuid_random()};
}

static int check_general(const struct domain_def *def, struct error *err)
{
    if (def->title && strchr(def->title, '\n'))
        return domain_fail(def, ERROR_XML, err, "<title> must be one line");
    return 0;
}

const struct part_schema general_part = {
    .doc = DOC_TYPE("domainGeneral", S, general_rows),
    .fill = fill_general,
    .check = check_general,
};
#undef S
