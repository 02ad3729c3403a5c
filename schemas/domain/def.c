// SPDX-License-Identifier: LGPL-2.1-or-later
// The operations on a domain document that the tables carry out.
#include <errno.h>
#include "schemas/domain/internal.h"

static unsigned doc_flags_of(unsigned flags)
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
    unsigned how = flags & DOMAIN_PARSE_LIVE ? DOC_WITH_LIVE : 0;
    // Our own messages come first: they name the remedy.
    if (doc_parse(&domain_doc, xml, len, how, def, err) < 0 ||
        ((flags & DOMAIN_PARSE_VALIDATE) && doc_rng_validate(&domain_doc, xml, len, err) < 0)) {
        domain_def_destroy(def);
        return NULL;
    }
    return def;
}

struct domain_def *domain_def_load(const char *xml, size_t len, unsigned flags,
                                   const struct domain_defaults *defaults, struct error *err)
{
    struct domain_def *def = domain_def_parse(xml, len, flags, err);
    if (!def)
        return NULL;
    if (domain_def_post_parse(def, defaults, err) < 0 || domain_def_validate(def, err) < 0) {
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
    unsigned how = doc_flags_of(flags);
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

void domain_def_drop_live(struct domain_def *def)
{
    drop_actual(def);
    doc_drop_live(&domain_doc_type, def);
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

// ---- one device

// The row of <devices> for an element or for a kind.
static const struct doc_row *device_row(const char *name, enum device_kind kind)
{
    for (size_t i = 0; i < devices_doc.nrows; i++) {
        const struct doc_row *row = &devices_doc.rows[i];
        if (row->type && (name ? strcmp(row->name, name) == 0 : row->type->kind == kind))
            return row;
    }
    return NULL;
}

static struct doc device_document(const struct doc_row *row)
{
    struct doc d = domain_doc;
    d.what = "device";
    d.root = row->name;
    d.type = row->type;
    return d;
}

struct device *domain_device_parse(const char *xml, size_t len, unsigned flags, struct error *err)
{
    struct doc d = domain_doc;
    d.what = "device";
    AUTO_FREE char *root = doc_root_name(&d, xml, len, err);
    if (!root)
        return NULL;
    const struct doc_row *row = device_row(root, DEVICE_NONE);
    if (!row) {
        error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_DOMAIN,
                  "device document: <%s> is no device that vireo provides", root);
        return NULL;
    }
    d = device_document(row);
    struct device *dev = xcalloc(1, row->type->size);
    if (doc_parse(&d, xml, len, flags & DOMAIN_PARSE_LIVE ? DOC_WITH_LIVE : 0, dev, err) < 0) {
        free(dev);
        return NULL;
    }
    return dev;
}

char *domain_device_format(const struct device *dev, unsigned flags)
{
    struct doc d = device_document(device_row(NULL, dev->kind));
    return doc_format(&d, dev, doc_flags_of(flags));
}

struct device *domain_device_copy(const struct device *dev)
{
    const struct doc_type *t = device_row(NULL, dev->kind)->type;
    struct device *copy = xmalloc(t->size);
    doc_copy(t, copy, dev);
    return copy;
}

void domain_device_destroy(struct device *dev)
{
    if (!dev)
        return;
    doc_finish(device_row(NULL, dev->kind)->type, dev);
    free(dev);
}

int domain_def_each_device(const struct domain_def *def, int (*fn)(struct device *dev, void *arg),
                           void *arg)
{
    for (size_t i = 0; i < devices_doc.nrows; i++) {
        const struct doc_row *row = &devices_doc.rows[i];
        const void *field = (const char *)def + row->offset;
        struct {
            struct device **v;
            size_t n, cap;
        } list = {0};
        struct device *one;
        if (row->place == DOC_LIST) {
            memcpy(&list, field, sizeof(list));
        } else if (row->place == DOC_CHILD) {
            memcpy(&one, field, sizeof(one));
            list.v = &one;
            list.n = one != NULL;
        }
        for (size_t k = 0; k < list.n; k++) {
            int r = fn(list.v[k], arg);
            if (r)
                return r;
        }
    }
    return 0;
}

// Every list of devices has this shape (base/vec.h).
struct device_list {
    struct device **v;
    size_t n, cap;
};

void domain_def_add_device(struct domain_def *def, struct device *dev)
{
    const struct doc_row *row = device_row(NULL, dev->kind);
    char *field = (char *)def + row->offset;
    if (row->place == DOC_LIST) {
        struct device_list *list = (struct device_list *)(void *)field;
        vec_push(list, dev);
    } else {
        struct device *before;
        memcpy(&before, field, sizeof(before));
        domain_device_destroy(before);
        memcpy(field, &dev, sizeof(dev));
    }
}

void domain_def_replace_device(struct domain_def *def, struct device *old, struct device *new)
{
    const struct doc_row *row = device_row(NULL, old->kind);
    char *field = (char *)def + row->offset;
    struct device_list *list = (struct device_list *)(void *)field;
    if (row->place != DOC_LIST)
        memcpy(field, &new, sizeof(new));
    for (size_t i = 0; row->place == DOC_LIST && i < list->n; i++) {
        if (list->v[i] == old)
            list->v[i] = new;
    }
}

int domain_def_remove_device(struct domain_def *def, struct device *dev)
{
    const struct doc_row *row = device_row(NULL, dev->kind);
    char *field = (char *)def + row->offset;
    if (row->place == DOC_LIST) {
        struct device_list *list = (struct device_list *)(void *)field;
        for (size_t i = 0; i < list->n; i++) {
            if (list->v[i] == dev) {
                vec_remove(list, i);
                return 0;
            }
        }
        return -ENOENT;
    }
    struct device *there, *none = NULL;
    memcpy(&there, field, sizeof(there));
    if (there != dev)
        return -ENOENT;
    memcpy(field, &none, sizeof(none));
    return 0;
}
