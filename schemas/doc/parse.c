// SPDX-License-Identifier: LGPL-2.1-or-later
// Tree to struct, following the tables.
//
// How this works: for each element the tag attributes come first (they decide which rows apply),
// then the row of every attribute and every child is searched. What libvirt knows and no row
// describes is refused; what libvirt does not know either, and the second element of a kind, are
// ignored with a warning in the log, as real clients send both; DOC_STRICT refuses them.
// An element without text, and an attribute without text that must not be empty, count as absent.
// At the end the rows are gone through for defaults and for what is required. Included tables count
// as part of the including one, with their own struct and tag.
#include "base/file.h"
#include "schemas/doc/internal.h"

enum { ROWS_MAX = 96 };

// One element being read.
struct element {
    struct doc_where where;
    const struct doc_type *type;
    void *obj;
    const char *skip_attr; // the one that selected this element among its namesakes; has no row
    // Children met so far, to notice the second one of a kind.
    const struct doc_row *seen[ROWS_MAX];
    size_t nseen;
};

static int read_element(const struct doc_where *w, const struct doc_type *t, void *obj,
                        const char *skip_attr);

static const char *name_of(const xmlNode *node)
{
    return (const char *)node->name;
}

// ---- finding rows

static bool child_matches(const struct doc *d, const struct doc_row *row, const xmlNode *node)
{
    const char *colon = strchr(row->name, ':');
    if (strcmp(colon ? colon + 1 : row->name, name_of(node)) != 0)
        return false;
    if (!colon)
        return !node->ns;
    for (const struct doc_namespace *ns = d->namespaces; node->ns && ns && ns->prefix; ns++) {
        size_t n = strlen(ns->prefix);
        if ((size_t)(colon - row->name) == n && memcmp(ns->prefix, row->name, n) == 0)
            return str_eq(ns->uri, (const char *)node->ns->href);
    }
    return false;
}

static bool selected(const struct doc_row *row, const xmlNode *node)
{
    if (!row->select)
        return true;
    AUTO_XMLCHAR *value = xmlGetNoNsProp(node, (const xmlChar *)row->select);
    return value && strcmp((const char *)value, row->selected) == 0;
}

// The first row that goes with the name (of an attribute, or of `child`) and with the tag; m->row
// stays NULL when there is none. True: the search may end.
static bool find(const struct doc *d, const struct doc_type *t, void *obj, const char *attr,
                 const xmlNode *child, unsigned flags, struct doc_match *m)
{
    for (size_t i = 0; i < t->nrows; i++) {
        const struct doc_row *row = &t->rows[i];
        if (row->place == DOC_INCLUDE) {
            if (find(d, row->type, doc_field(row, obj), attr, child, flags, m))
                return true;
            continue;
        }
        if (row->place == DOC_TEXT || (row->place == DOC_ATTR) != (attr != NULL))
            continue;
        if (attr ? strcmp(row->name, attr) != 0 : !child_matches(d, row, child))
            continue;
        if (child && !selected(row, child))
            continue;
        if (!doc_row_applies(t, row, obj)) {
            m->inapplicable = t;
            m->inapplicable_obj = obj;
            continue;
        }
        // A live row steps back for the user's own row of the same name.
        bool skipped = (row->flags & DOC_LIVE) && !row->keep && !(flags & DOC_WITH_LIVE);
        if (m->row && skipped)
            continue;
        *m = (struct doc_match){.row = row, .type = t, .obj = obj};
        if (!skipped)
            return true;
    }
    return false;
}

// ---- values

static int read_value(const struct doc_where *w, const struct doc_row *row, void *obj,
                      const char *text, const char *unit)
{
    AUTO_FREE char *why = NULL;
    bool refused;
    if (doc_value_read(row, doc_field(row, obj), text, unit, &why, &refused) < 0)
        return doc_fail_value(w, row, text, why, refused);
    return 0;
}

// The text directly inside an element; NULL with err filled when something else is there too.
static char *element_text(const struct doc_where *w)
{
    AUTO_STRBUF text = {0};
    for (const xmlNode *n = w->node->children; n; n = n->next) {
        if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) {
            strbuf_add(&text, (const char *)n->content);
        } else if (n->type != XML_COMMENT_NODE && n->type != XML_PI_NODE) {
            doc_fail(w, ERROR_XML, "<%s> is not allowed here, only text", name_of(n));
            return NULL;
        }
    }
    return strbuf_steal(&text);
}

// It becomes part of file names.
static int check_name(const struct doc_where *w, const char *name)
{
    const struct doc *d = w->doc;
    size_t n = file_stem_len(name);
    AUTO_FREE char *safe = doc_shown(name);
    if (!n)
        return doc_fail(w, ERROR_NO_NAME, "it is empty");
    if (n > FILE_STEM_MAX)
        return doc_fail(w, ERROR_XML, "'%s' has %zu bytes%s, the most are %d", safe, n,
                        n == strlen(name) ? "" : " as part of a file's name", FILE_STEM_MAX);
    if (name[strcspn(name, d->odd_in_name)])
        return doc_fail(w, d->odd_name, "'%s' must not have a '/' or control characters in it",
                        safe);
    if (str_eq(name, ".") || str_eq(name, ".."))
        return doc_fail(w, ERROR_XML, "it must not be '.' or '..'");
    return 0;
}

static int read_leaf(const struct doc_where *w, const struct doc_row *row, void *obj)
{
    AUTO_XMLCHAR *unit = NULL;
    for (const xmlAttr *a = w->node->properties; a; a = a->next) {
        const char *name = (const char *)a->name;
        if (doc_has_unit(row) && !a->ns && strcmp(name, "unit") == 0)
            unit = xmlGetNoNsProp(w->node, a->name);
        else if (doc_knows(w->doc, name_of(w->node), name, true))
            return doc_fail_unsupported(w, name, NULL);
        else if (doc_ignore(w, "attribute '%s' is unknown", name) < 0)
            return -1;
    }
    AUTO_FREE char *text = element_text(w);
    if (!text)
        return -1;
    if (row->flags & DOC_NAME && check_name(w, text) < 0)
        return -1;
    if (row->value != DOC_PRESENCE && !*text)
        return 0;
    if (row->value != DOC_PRESENCE)
        return read_value(w, row, obj, text, (const char *)unit);
    if (!doc_is_whitespace(text))
        return doc_fail(w, ERROR_XML, "it must be empty");
    *(bool *)doc_field(row, obj) = true;
    return 0;
}

// ---- children ----

static int read_raw(const struct doc_where *w, const struct doc_row *row, void *obj)
{
    for (const xmlAttr *a = w->node->properties; a; a = a->next)
        return doc_fail(w, ERROR_XML, "attribute '%s' is unknown", (const char *)a->name);
    char **field = doc_field(row, obj);
    free(*field);
    *field = doc_raw_text((xmlNode *)w->node, 0);
    return 0;
}

// ---- children

static int read_child_object(const struct doc_where *w, const struct doc_row *row, void **ret)
{
    void *child = doc_object_create(row->type);
    if (read_element(w, row->type, child, row->select) < 0) {
        doc_object_destroy(row->type, child);
        return -1;
    }
    *ret = child;
    return 0;
}

static int read_list_item(const struct doc_where *w, const struct doc_row *row, void *obj)
{
    void *item;
    if (read_child_object(w, row, &item) < 0)
        return -1;
    struct doc_vec vec;
    memcpy(&vec, doc_field(row, obj), sizeof(vec));
    vec_push(&vec, item);
    memcpy(doc_field(row, obj), &vec, sizeof(vec));
    return 0;
}

static int read_empty(const struct doc_where *w, const struct doc_row *row)
{
    bool anything = w->node->properties != NULL;
    for (const xmlNode *n = w->node->children; n; n = n->next) {
        if (n->type == XML_ELEMENT_NODE ||
            (n->type == XML_TEXT_NODE && !doc_is_whitespace((const char *)n->content)))
            anything = true;
    }
    return anything ? doc_fail_unsupported(w, NULL, row->hint) : 0;
}

static int read_row_child(const struct doc_where *w, const struct doc_match *m)
{
    const struct doc_row *row = m->row;
    void *child;
    switch (row->place) {
    case DOC_LEAF:
        return read_leaf(w, row, m->obj);
    case DOC_ELEM:
        if (row->present_at)
            *((bool *)m->obj + row->present_at - 1) = true;
        return read_element(w, row->type, doc_field(row, m->obj), row->select);
    case DOC_CHILD:
        if (read_child_object(w, row, &child) < 0)
            return -1;
        memcpy(doc_field(row, m->obj), &child, sizeof(child));
        return 0;
    case DOC_LIST:
        return read_list_item(w, row, m->obj);
    case DOC_RAW:
        return read_raw(w, row, m->obj);
    case DOC_EMPTY:
        return read_empty(w, row);
    default:
        return doc_fail(w, ERROR_INTERNAL, "its row is not of a child");
    }
}

static bool was_seen(const struct element *e, const struct doc_row *row)
{
    for (size_t i = 0; i < e->nseen; i++) {
        if (e->seen[i] == row)
            return true;
    }
    return false;
}

static int read_child(struct element *e, const xmlNode *node)
{
    struct doc_where w = e->where;
    w.node = node;
    struct doc_match m = {0};
    find(w.doc, e->type, e->obj, NULL, node, w.flags, &m);
    if (!m.row)
        return doc_ignore_child(&e->where, e->type, &m, node);
    if ((m.row->flags & DOC_LIVE) && !m.row->keep && !(w.flags & DOC_WITH_LIVE))
        return 0;
    if (m.row->place == DOC_IGNORED)
        return doc_ignore(&w, "it has no effect here");
    if (m.row->place != DOC_LIST && m.row->place != DOC_EMPTY) {
        if (was_seen(e, m.row) && m.row->flags & DOC_ONCE)
            return doc_fail(&w, ERROR_XML, "it is there twice: put all of it into the first one");
        if (was_seen(e, m.row))
            return doc_ignore(&w, "it is there twice, and only the first one counts");
        if (e->nseen < ROWS_MAX)
            e->seen[e->nseen++] = m.row;
    }
    return read_row_child(&w, &m);
}

// ---- elements

static int read_attr(struct element *e, const xmlAttr *attr)
{
    const struct doc_where *w = &e->where;
    const char *name = (const char *)attr->name;
    if (attr->ns)
        return doc_ignore_attr(w, e->type, &(struct doc_match){0}, attr);
    if (e->skip_attr && strcmp(name, e->skip_attr) == 0)
        return 0;
    struct doc_match m = {0};
    find(w->doc, e->type, e->obj, name, NULL, w->flags, &m);
    if (!m.row)
        return doc_ignore_attr(w, e->type, &m, attr);
    if ((m.row->flags & DOC_TAG) ||
        ((m.row->flags & DOC_LIVE) && !m.row->keep && !(w->flags & DOC_WITH_LIVE)))
        return 0;
    AUTO_XMLCHAR *text = xmlGetNoNsProp(w->node, attr->name);
    if (m.row->value == DOC_TOKEN && (!text || !*text))
        return 0;
    return read_value(w, m.row, m.obj, text ? (const char *)text : "", NULL);
}

static int read_tags(const struct doc_where *w, const struct doc_type *t, void *obj)
{
    for (size_t i = 0; i < t->nrows; i++) {
        const struct doc_row *row = &t->rows[i];
        if (row->place == DOC_INCLUDE && read_tags(w, row->type, doc_field(row, obj)) < 0)
            return -1;
        if (!(row->flags & DOC_TAG))
            continue;
        AUTO_XMLCHAR *text = xmlGetNoNsProp(w->node, (const xmlChar *)row->name);
        const char *value = text ? (const char *)text : row->def;
        if (value && read_value(w, row, obj, value, NULL) < 0)
            return -1;
    }
    return 0;
}

static const struct doc_row *text_row(const struct doc_type *t, void *obj, void **ret)
{
    for (size_t i = 0; i < t->nrows; i++) {
        const struct doc_row *row = &t->rows[i];
        *ret = obj;
        if (row->place == DOC_TEXT)
            return row;
        const struct doc_row *inner =
            row->place == DOC_INCLUDE ? text_row(row->type, doc_field(row, obj), ret) : NULL;
        if (inner)
            return inner;
    }
    return NULL;
}

static int read_text(struct element *e)
{
    const struct doc_where *w = &e->where;
    void *obj = NULL;
    const struct doc_row *row = text_row(e->type, e->obj, &obj);
    if (row) {
        AUTO_FREE char *text = element_text(w);
        if (!text)
            return -1;
        AUTO_XMLCHAR *unit = xmlGetNoNsProp(w->node, (const xmlChar *)"unit");
        if (doc_is_whitespace(text) && !(row->flags & DOC_REQUIRED) && row->value != DOC_STRING)
            return 0;
        return read_value(w, row, obj, text, (const char *)unit);
    }
    for (const xmlNode *n = w->node->children; n; n = n->next) {
        if ((n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) &&
            !doc_is_whitespace((const char *)n->content)) {
            AUTO_FREE char *safe = doc_shown((const char *)n->content);
            return doc_fail(w, ERROR_XML, "text '%s' is not allowed here", safe);
        }
    }
    return 0;
}

static int fail_missing(const struct doc_where *w, const struct doc_row *row)
{
    if (row->place == DOC_ATTR)
        return doc_fail(w, ERROR_XML, "attribute '%s' is missing", row->name);
    if (row->place == DOC_TEXT)
        return doc_fail(w, ERROR_XML, "its text is missing");
    return doc_fail(w, row->flags & DOC_NAME ? ERROR_NO_NAME : ERROR_XML, "<%s> is missing",
                    row->name);
}

static int finish_rows(const struct element *e, const struct doc_type *t, void *obj)
{
    for (size_t i = 0; i < t->nrows; i++) {
        const struct doc_row *row = &t->rows[i];
        if (!doc_row_applies(t, row, obj))
            continue;
        if (row->place == DOC_INCLUDE && finish_rows(e, row->type, doc_field(row, obj)) < 0)
            return -1;
        bool has_value = row->place == DOC_ATTR || row->place == DOC_TEXT || row->place == DOC_LEAF;
        if (has_value && row->def && !doc_value_is_set(row, doc_field(row, obj)) &&
            read_value(&e->where, row, obj, row->def, NULL) < 0)
            return -1;
        bool there = has_value ? doc_value_is_set(row, doc_field(row, obj)) : was_seen(e, row);
        if ((row->flags & DOC_REQUIRED) && !there)
            return fail_missing(&e->where, row);
    }
    return t->check ? t->check(&e->where, obj) : 0;
}

static int read_attrs(struct element *e)
{
    void *obj;
    const struct doc_row *row = text_row(e->type, e->obj, &obj);
    bool has_unit = row && row->value == DOC_KIB;
    for (const xmlAttr *a = e->where.node->properties; a; a = a->next) {
        if (has_unit && !a->ns && strcmp((const char *)a->name, "unit") == 0)
            continue;
        if (read_attr(e, a) < 0)
            return -1;
    }
    return 0;
}

static int read_element(const struct doc_where *w, const struct doc_type *t, void *obj,
                        const char *skip_attr)
{
    struct element e = {.where = *w, .type = t, .obj = obj, .skip_attr = skip_attr};
    if (t->line_at) {
        unsigned line = (unsigned)xmlGetLineNo(w->node);
        memcpy((char *)obj + t->line_at - 1, &line, sizeof(line));
    }
    if (read_tags(w, t, obj) < 0 || read_attrs(&e) < 0 || read_text(&e) < 0)
        return -1;
    for (const xmlNode *n = w->node->children; n; n = n->next) {
        if (n->type == XML_ELEMENT_NODE && read_child(&e, n) < 0)
            return -1;
        if (n->type == XML_ENTITY_REF_NODE)
            return doc_fail(w, ERROR_XML, "entity '%s' is not accepted", name_of(n));
    }
    return finish_rows(&e, t, obj);
}

int doc_parse(const struct doc *d, const char *xml, size_t len, unsigned flags, void *obj,
              struct error *err)
{
    AUTO_XMLDOC *tree = doc_xml_read(d, xml, len, err);
    if (!tree)
        return -1;
    const xmlNode *root = xmlDocGetRootElement(tree);
    struct doc_notes notes = {0};
    struct doc_where w = {.doc = d, .node = root, .flags = flags, .notes = &notes, .err = err};
    if (strcmp(name_of(root), d->root) == 0 && root->ns)
        return error_set(err, ERROR_XML, d->area,
                         "%s document, line %ld: the root element <%s> is of the namespace '%s'; "
                         "libvirt's is of none: remove its xmlns or prefix",
                         d->what, xmlGetLineNo(root), d->root, (const char *)root->ns->href);
    if (strcmp(name_of(root), d->root) != 0)
        return error_set(err, ERROR_XML, d->area,
                         "%s document, line %ld: the root element is <%s>, not <%s>", d->what,
                         xmlGetLineNo(root), name_of(root), d->root);
    if (d->type->kind)
        memcpy(obj, &d->type->kind, sizeof(d->type->kind));
    // The checks of the rows run first: their messages name the remedy.
    int r = read_element(&w, d->type, obj, NULL);
    if (r == 0 && flags & DOC_STRICT && doc_rng_validate(d, xml, len, err) < 0)
        r = -1;
    doc_log_notes(&notes, r == 0);
    if (r < 0) {
        doc_finish(d->type, obj);
        return -1;
    }
    if (!(flags & DOC_WITH_LIVE))
        doc_drop_live(d->type, obj);
    return 0;
}
