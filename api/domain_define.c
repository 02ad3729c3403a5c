// SPDX-License-Identifier: GPL-2.0-or-later
// Documents of guests: defining, creating, undefining, showing.
#include "api/domain.h"

enum { // virDomainDefineFlags, virDomainCreateFlags
    DEFINE_VALIDATE = 1 << 0,
    CREATE_PAUSED = 1 << 0,
    CREATE_AUTODESTROY = 1 << 1,
    CREATE_BYPASS_CACHE = 1 << 2,
    CREATE_FORCE_BOOT = 1 << 3,
    CREATE_VALIDATE = 1 << 4,
    CREATE_RESET_NVRAM = 1 << 5,
};

static int define(struct call *call, const char *xml, uint32_t flags, struct wire_domain_ref *ret,
                  struct error *err)
{
    struct domains *all = call_daemon(call)->domains;
    struct domain_def *def;
    struct domain *dom;
    if (api_check_flags(call, flags, DEFINE_VALIDATE, err) < 0 ||
        domains_parse(call->task, all, xml, flags & DEFINE_VALIDATE ? DOMAIN_PARSE_VALIDATE : 0,
                      &def, err) < 0 ||
        domain_define(call->task, all, def, &dom, err) < 0)
        return -1;
    *ret = api_domain_ref_copy(call->arena, dom);
    return 0;
}

int api_domain_define_xml(struct call *call, const struct wire_domain_define_xml_args *args,
                          struct wire_domain_define_xml_ret *ret, struct error *err)
{
    return define(call, args->xml, 0, &ret->dom, err);
}

int api_domain_define_xml_flags(struct call *call,
                                const struct wire_domain_define_xml_flags_args *args,
                                struct wire_domain_define_xml_flags_ret *ret, struct error *err)
{
    return define(call, args->xml, args->flags, &ret->dom, err);
}

static unsigned start_flags(uint32_t flags)
{
    return (flags & CREATE_PAUSED ? DOMAIN_START_PAUSED : 0) |
           (flags & CREATE_RESET_NVRAM ? DOMAIN_START_RESET_NVRAM : 0);
}

// The token that ties a guest's life to its client.
static const void *owner_of(const struct call *call, uint32_t flags)
{
    return flags & CREATE_AUTODESTROY ? call->client : NULL;
}

int api_domain_create_xml(struct call *call, const struct wire_domain_create_xml_args *args,
                          struct wire_domain_create_xml_ret *ret, struct error *err)
{
    struct domains *all = call_daemon(call)->domains;
    struct domain_def *def;
    struct domain *dom;
    uint32_t known = CREATE_PAUSED | CREATE_AUTODESTROY | CREATE_VALIDATE | CREATE_RESET_NVRAM;
    if (api_check_flags(call, args->flags, known, err) < 0 ||
        domains_parse(call->task, all, args->xml_desc,
                      args->flags & CREATE_VALIDATE ? DOMAIN_PARSE_VALIDATE : 0, &def, err) < 0 ||
        domain_create(call->task, all, def, start_flags(args->flags), owner_of(call, args->flags),
                      &dom, err) < 0)
        return -1;
    ret->dom = api_domain_ref_copy(call->arena, dom);
    return 0;
}

static int start(struct call *call, const struct wire_domain_ref *ref, uint32_t flags,
                 struct domain **dom, struct error *err)
{
    uint32_t known = CREATE_PAUSED | CREATE_AUTODESTROY | CREATE_BYPASS_CACHE | CREATE_FORCE_BOOT |
                     CREATE_RESET_NVRAM;
    if (api_check_flags(call, flags, known, err) < 0 || api_domain_get(call, ref, dom, err) < 0)
        return -1;
    return domain_start(call->task, *dom, start_flags(flags), owner_of(call, flags), err);
}

int api_domain_create(struct call *call, const struct wire_domain_create_args *args, void *ret,
                      struct error *err)
{
    (void)ret;
    AUTO_DOMAIN struct domain *dom = NULL;
    return start(call, &args->dom, 0, &dom, err);
}

int api_domain_create_with_flags(struct call *call,
                                 const struct wire_domain_create_with_flags_args *args,
                                 struct wire_domain_create_with_flags_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (start(call, &args->dom, args->flags, &dom, err) < 0)
        return -1;
    ret->dom = api_domain_ref_copy(call->arena, dom);
    return 0;
}

enum { // virDomainUndefineFlagsValues
    UNDEFINE_MANAGED_SAVE = 1 << 0,
    UNDEFINE_SNAPSHOTS = 1 << 1,
    UNDEFINE_NVRAM = 1 << 2,
    UNDEFINE_KEEP_NVRAM = 1 << 3,
    UNDEFINE_CHECKPOINTS = 1 << 4,
    UNDEFINE_TPM = 1 << 5,
    UNDEFINE_KEEP_TPM = 1 << 6,
};

static int undefine(struct call *call, const struct wire_domain_ref *ref, uint32_t flags,
                    struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    // Saved states, snapshots, checkpoints and TPMs: there are none to be removed or kept.
    uint32_t known = UNDEFINE_MANAGED_SAVE | UNDEFINE_SNAPSHOTS | UNDEFINE_NVRAM |
                     UNDEFINE_KEEP_NVRAM | UNDEFINE_CHECKPOINTS | UNDEFINE_TPM | UNDEFINE_KEEP_TPM;
    if (api_check_flags(call, flags, known, err) < 0)
        return -1;
    if ((flags & UNDEFINE_NVRAM) && (flags & UNDEFINE_KEEP_NVRAM))
        return error_set(err, ERROR_OPERATION_INVALID, AREA_QEMU,
                         "cannot both keep and delete nvram");
    if (api_domain_get(call, ref, &dom, err) < 0)
        return -1;
    return domain_undefine(call->task, dom, flags & UNDEFINE_NVRAM, flags & UNDEFINE_KEEP_NVRAM,
                           err);
}

int api_domain_undefine(struct call *call, const struct wire_domain_undefine_args *args, void *ret,
                        struct error *err)
{
    (void)ret;
    return undefine(call, &args->dom, 0, err);
}

int api_domain_undefine_flags(struct call *call, const struct wire_domain_undefine_flags_args *args,
                              void *ret, struct error *err)
{
    (void)ret;
    return undefine(call, &args->dom, args->flags, err);
}

enum { // virDomainXMLFlags
    XML_SECURE = 1 << 0,
    XML_INACTIVE = 1 << 1,
    XML_UPDATE_CPU = 1 << 2,
    XML_MIGRATABLE = 1 << 3,
};

int api_domain_get_xml_desc(struct call *call, const struct wire_domain_get_xml_desc_args *args,
                            struct wire_domain_get_xml_desc_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    uint32_t known = XML_SECURE | XML_INACTIVE | XML_UPDATE_CPU | XML_MIGRATABLE;
    if (api_check_flags(call, args->flags, known, err) < 0 ||
        api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    bool live = dom->live && !(args->flags & XML_INACTIVE);
    const struct domain_def *def = live || !dom->def ? dom->live : dom->def;
    // What another host is to start with has no ids, aliases and ptys of this one.
    bool here = live && !(args->flags & XML_MIGRATABLE);
    AUTO_FREE char *xml = domain_def_format(
        def, (here ? DOMAIN_XML_LIVE : 0) | (args->flags & XML_SECURE ? DOMAIN_XML_SECURE : 0) |
                 (args->flags & XML_MIGRATABLE ? DOMAIN_XML_MIGRATABLE : 0));
    ret->xml = arena_strdup(call->arena, xml);
    return 0;
}

int api_domain_get_autostart(struct call *call, const struct wire_domain_get_autostart_args *args,
                             struct wire_domain_get_autostart_ret *ret, struct error *err)
{
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    ret->autostart = dom->autostart;
    return 0;
}

int api_domain_set_autostart(struct call *call, const struct wire_domain_set_autostart_args *args,
                             void *ret, struct error *err)
{
    (void)ret;
    AUTO_DOMAIN struct domain *dom = NULL;
    if (api_domain_get(call, &args->dom, &dom, err) < 0)
        return -1;
    return domain_set_autostart(call->task, dom, args->autostart != 0, err);
}
