// SPDX-License-Identifier: LGPL-2.1-or-later
// <domain> itself, put together from its parts, and the operations on it.
#include "schemas/domain/internal.h"

static const struct doc_row domain_rows[] = {
#define PART(name, member) {.place = DOC_INCLUDE, .type = &name##_part.doc},
#include "schemas/domain/parts.def"
};
static const struct doc_type domain_doc_type = DOC_TYPE("domain", struct domain_def, domain_rows);

static const struct doc_namespace namespaces[] = {
    {"qemu", "http://libvirt.org/schemas/domain/qemu/1.0"},
    {NULL, NULL},
};

const struct doc domain_doc = {
    .what = "domain",
    .area = AREA_DOMAIN,
    .root = "domain",
    .type = &domain_doc_type,
    .namespaces = namespaces,
    .known = domain_known,
    .nknown = DOMAIN_NKNOWN,
    .odd_in_name = "/\n",
    .odd_name = ERROR_XML,
};

// ---- parse and format

unsigned domain_doc_flags(unsigned flags)
{
    unsigned out = 0;
    if (flags & (DOMAIN_XML_LIVE | DOMAIN_XML_STATE))
        out |= DOC_WITH_LIVE;
    if (flags & (DOMAIN_XML_SECURE | DOMAIN_XML_STATE))
        out |= DOC_WITH_SECRETS;
    return out;
}

struct domain_def *domain_def_parse(const char *xml, size_t len, unsigned flags, struct error *err)
{
    struct domain_def *def = NEW(struct domain_def);
    unsigned how = (flags & DOMAIN_PARSE_LIVE ? DOC_WITH_LIVE : 0) |
                   (flags & DOMAIN_PARSE_VALIDATE ? DOC_STRICT : 0);
    if (doc_parse(&domain_doc, xml, len, how, def, err) < 0) {
        domain_def_destroy(def);
        return NULL;
    }
    return def;
}

// What an interface in a network of macvtaps is while it runs is nothing for a stored document.
static bool is_actual(const struct domain_interface *iface)
{
    return iface->type == INTERFACE_DIRECT && iface->network;
}

static bool has_actual(const struct domain_def *def)
{
    VEC_FOREACH (it, &def->interfaces) {
        if (is_actual(*it))
            return true;
    }
    return false;
}

static void drop_actual(struct domain_def *def)
{
    VEC_FOREACH (it, &def->interfaces) {
        struct domain_interface *iface = *it;
        if (!is_actual(iface))
            continue;
        iface->type = INTERFACE_NETWORK;
        str_replace(&iface->direct_dev, NULL);
        iface->direct_mode = DIRECT_NONE;
    }
}

char *domain_def_format(const struct domain_def *def, unsigned flags)
{
    unsigned how = domain_doc_flags(flags);
    if (how & DOC_WITH_LIVE || !has_actual(def))
        return doc_format(&domain_doc, def, how);
    struct domain_def *stored = domain_def_copy(def);
    drop_actual(stored);
    char *text = doc_format(&domain_doc, stored, how);
    domain_def_destroy(stored);
    return text;
}

struct domain_def *domain_def_copy(const struct domain_def *def)
{
    struct domain_def *copy = xmalloc(sizeof(*copy));
    doc_copy(&domain_doc_type, copy, def);
    return copy;
}

void domain_def_destroy(struct domain_def *def)
{
    if (!def)
        return;
    doc_finish(&domain_doc_type, def);
    free(def);
}

char *domain_doc_rng(void)
{
    return doc_rng(&domain_doc);
}

// ---- fill in and check

static const struct part_schema *const parts[] = {
#define PART(name, member) &name##_part,
#include "schemas/domain/parts.def"
};

void domain_def_fill(struct domain_def *def, const struct domain_defaults *defaults)
{
    struct domain_fill f = {.def = def, .defaults = defaults};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i]->fill)
            parts[i]->fill(&f);
    }
}

int domain_def_check(const struct domain_def *def, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i]->check && parts[i]->check(def, err) < 0)
            return -1;
    }
    return 0;
}

int domain_fail(const struct domain_def *def, enum error_code code, struct error *err,
                const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_setv(err, code, AREA_DOMAIN, fmt, ap);
    va_end(ap);
    return error_prefix(err, "domain '%s'", def->name);
}

int device_fail(const struct domain_def *def, const struct device *dev, enum error_code code,
                struct error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_setv(err, code, AREA_DOMAIN, fmt, ap);
    va_end(ap);
    return error_prefix(err, "domain '%s': line %u", def->name, dev->line);
}
