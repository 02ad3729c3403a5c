// SPDX-License-Identifier: GPL-2.0-or-later
// Documents of domains: define, create, start, undefine, show; metadata.
#include "api/domain.h"
#include "api/event_table.h"
#include "api/metadata.h"

int api_domain_define_xml_flags(struct call *call,
                                const struct wire_domain_define_xml_flags_args *args,
                                struct wire_domain_define_xml_flags_ret *ret, struct error *err)
{
    struct domains *all = call_daemon(call)->domains;
    unsigned how = args->flags & VIR_DOMAIN_DEFINE_VALIDATE ? DOMAIN_PARSE_VALIDATE : 0;
    struct domain_def *def;
    struct domain *dom;
    if (domains_parse(call->task, all, args->xml, how, &def, err) < 0 ||
        domain_define(call->task, all, def, &dom, err) < 0)
        return -1;
    ret->dom = api_domain_ref(call->arena, dom);
    return 0;
}

static unsigned start_flags(uint32_t flags)
{
    return (flags & VIR_DOMAIN_START_PAUSED ? DOMAIN_START_PAUSED : 0) |
           (flags & VIR_DOMAIN_START_RESET_NVRAM ? DOMAIN_START_RESET_NVRAM : 0);
}

// The token that ties a domain's run to its client.
static const void *owner_of(const struct call *call, uint32_t flags)
{
    return flags & VIR_DOMAIN_START_AUTODESTROY ? call->client : NULL;
}

int api_domain_create_xml(struct call *call, const struct wire_domain_create_xml_args *args,
                          struct wire_domain_create_xml_ret *ret, struct error *err)
{
    struct domains *all = call_daemon(call)->domains;
    unsigned how = args->flags & VIR_DOMAIN_START_VALIDATE ? DOMAIN_PARSE_VALIDATE : 0;
    struct domain_def *def;
    struct domain *dom;
    if (domains_parse(call->task, all, args->xml_desc, how, &def, err) < 0 ||
        domain_create(call->task, all, def, start_flags(args->flags), owner_of(call, args->flags),
                      &dom, err) < 0)
        return -1;
    ret->dom = api_domain_ref(call->arena, dom);
    return 0;
}

int api_domain_create_with_flags(struct call *call, struct domain *dom,
                                 const struct wire_domain_create_with_flags_args *args,
                                 struct wire_domain_create_with_flags_ret *ret, struct error *err)
{
    if (domain_start(call->task, dom, start_flags(args->flags), owner_of(call, args->flags), err) <
        0)
        return -1;
    ret->dom = api_domain_ref(call->arena, dom);
    return 0;
}

int api_domain_undefine_flags(struct call *call, struct domain *dom,
                              const struct wire_domain_undefine_flags_args *args, struct error *err)
{
    // Saved states, snapshots and checkpoints: there are none to be removed or kept.
    static const struct {
        uint32_t wire;
        unsigned flag;
    } flags[] = {{VIR_DOMAIN_UNDEFINE_NVRAM, DOMAIN_UNDEFINE_NVRAM},
                 {VIR_DOMAIN_UNDEFINE_KEEP_NVRAM, DOMAIN_UNDEFINE_KEEP_NVRAM},
                 {VIR_DOMAIN_UNDEFINE_TPM, DOMAIN_UNDEFINE_TPM},
                 {VIR_DOMAIN_UNDEFINE_KEEP_TPM, DOMAIN_UNDEFINE_KEEP_TPM}};
    unsigned how = 0;
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        how |= args->flags & flags[i].wire ? flags[i].flag : 0;
    if (how & DOMAIN_UNDEFINE_NVRAM && how & DOMAIN_UNDEFINE_KEEP_NVRAM)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                         "cannot both keep and delete nvram");
    if (how & DOMAIN_UNDEFINE_TPM && how & DOMAIN_UNDEFINE_KEEP_TPM)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                         "cannot both keep and delete TPM");
    return domain_undefine(call->task, dom, how, err);
}

int api_domain_get_xml_desc(struct call *call, struct domain *dom,
                            const struct wire_domain_get_xml_desc_args *args,
                            struct wire_domain_get_xml_desc_ret *ret, struct error *err)
{
    bool live = domain_is_active(dom) && !(args->flags & VIR_DOMAIN_XML_INACTIVE);
    bool migratable = args->flags & VIR_DOMAIN_XML_MIGRATABLE;
    const struct domain_def *def = live || !dom->def ? dom->live : dom->def;
    // What another host is to start with has no ids, aliases and ptys of this one.
    AUTO_FREE char *xml =
        domain_def_format(def, (live && !migratable ? DOMAIN_XML_LIVE : 0) |
                                   (args->flags & VIR_DOMAIN_XML_SECURE ? DOMAIN_XML_SECURE : 0) |
                                   (migratable ? DOMAIN_XML_MIGRATABLE : 0));
    ret->xml = arena_strdup(call->arena, xml);
    return 0;
}

// ---- metadata

static struct api_metadata metadata_of(struct domain_def *def)
{
    return (struct api_metadata){&def->title, &def->description, &def->metadata, AREA_QEMU};
}

int api_domain_get_metadata(struct call *call, struct domain *dom,
                            const struct wire_domain_get_metadata_args *args,
                            struct wire_domain_get_metadata_ret *ret, struct error *err)
{
    struct domain_def *def = api_domain_definition(dom, args->flags, err);
    if (!def)
        return -1;
    return api_metadata_get(call->arena, metadata_of(def), args->type, args->uri, &ret->metadata,
                            err);
}

static int set_metadata(struct domain_def *def, void *arg, struct error *err)
{
    return api_metadata_set(metadata_of(def), arg, err);
}

int api_domain_set_metadata(struct call *call, struct domain *dom,
                            const struct wire_domain_set_metadata_args *args, struct error *err)
{
    struct api_metadata_change change = {args->type, args->metadata, args->key, args->uri};
    if (domain_change(call->task, dom, api_domain_affect(args->flags), set_metadata, &change, err) <
        0)
        return -1;
    struct wire_domain_event_callback_metadata_change_msg m = {
        .dom = api_domain_ref(call->arena, dom), .type = args->type, .nsuri = args->uri};
    api_send_domain_event_callback_metadata_change(call_daemon(call), &m);
    return 0;
}
