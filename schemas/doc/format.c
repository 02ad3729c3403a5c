// SPDX-License-Identifier: LGPL-2.1-or-later
// Struct to text, following the tables: rows in their order, two spaces a level, attributes in
// single quotes, elements that hold nothing left out unless they are objects of their own.
#include "schemas/doc/internal.h"

enum { NAMES_MAX = 96 };

struct writer {
    const struct doc *doc;
    unsigned flags;
    unsigned namespaces; // bits of those used
};

// One element while its parts are gathered.
struct parts {
    struct strbuf attrs, text, body;
    bool has_text;
    const char *written[NAMES_MAX]; // the first row that has a value wins
    size_t nwritten;
};

static void parts_finish(struct parts *p)
{
    strbuf_finish(&p->attrs);
    strbuf_finish(&p->text);
    strbuf_finish(&p->body);
}

static void indent(struct strbuf *out, unsigned level)
{
    for (unsigned i = 0; i < level; i++)
        strbuf_add(out, "  ");
}

static bool hidden(const struct writer *w, const struct doc_type *t, const struct doc_row *row,
                   const void *obj)
{
    if ((row->flags & DOC_OLD) || !doc_row_applies(t, row, obj))
        return true;
    if ((row->flags & DOC_SECRET) && !(w->flags & DOC_WITH_SECRETS))
        return true;
    return (row->flags & DOC_LIVE) && !(w->flags & DOC_WITH_LIVE) && !(row->keep && row->keep(obj));
}

// Attributes and leaves: false when a row of that name has been written already.
static bool claim(struct parts *p, const char *name)
{
    for (size_t i = 0; i < p->nwritten; i++) {
        if (strcmp(p->written[i], name) == 0)
            return false;
    }
    if (p->nwritten < NAMES_MAX)
        p->written[p->nwritten++] = name;
    return true;
}

static bool write_element(struct writer *w, const struct doc_row *row, const struct doc_type *t,
                          const char *name, const void *obj, unsigned level, bool always,
                          struct strbuf *out);

static void note_namespace(struct writer *w, const char *name)
{
    const char *colon = strchr(name, ':');
    for (unsigned i = 0; colon && w->doc->namespaces && w->doc->namespaces[i].prefix; i++) {
        const char *prefix = w->doc->namespaces[i].prefix;
        if (strlen(prefix) == (size_t)(colon - name) && str_starts(name, prefix))
            w->namespaces |= 1u << i;
    }
}

static void write_leaf(const struct doc_row *row, const void *field, unsigned level,
                       struct strbuf *out)
{
    indent(out, level);
    strbuf_printf(out, "<%s", row->name);
    if (row->value == DOC_PRESENCE) {
        strbuf_add(out, "/>\n");
        return;
    }
    if (doc_has_unit(row))
        strbuf_printf(out, " unit='%s'", row->value == DOC_KIB ? "KiB" : row->unit);
    strbuf_addc(out, '>');
    doc_value_write(row, field, out);
    strbuf_printf(out, "</%s>\n", row->name);
}

static void write_value_row(const struct doc_row *row, const void *field, unsigned level,
                            struct parts *p)
{
    if (!doc_value_is_set(row, field))
        return;
    if (row->place == DOC_TEXT) {
        p->has_text = true;
        if (row->value == DOC_KIB && claim(p, "unit"))
            strbuf_add(&p->attrs, " unit='KiB'");
        doc_value_write(row, field, &p->text);
    } else if (claim(p, row->name)) {
        if (row->place == DOC_LEAF) {
            write_leaf(row, field, level, &p->body);
            return;
        }
        strbuf_printf(&p->attrs, " %s='", row->name);
        doc_value_write(row, field, &p->attrs);
        strbuf_addc(&p->attrs, '\'');
    }
}

static void write_raw(const struct doc_row *row, const char *text, unsigned level,
                      struct strbuf *out)
{
    if (!text)
        return;
    indent(out, level);
    if (!*text) {
        strbuf_printf(out, "<%s/>\n", row->name);
        return;
    }
    strbuf_printf(out, "<%s>\n%s", row->name, text);
    indent(out, level);
    strbuf_printf(out, "</%s>\n", row->name);
}

static void write_rows(struct writer *w, const struct doc_type *t, const void *obj, unsigned level,
                       struct parts *p);

static void write_row(struct writer *w, const struct doc_row *row, const void *obj, unsigned level,
                      struct parts *p)
{
    const void *field = doc_field(row, obj);
    struct doc_vec vec;
    const void *child;
    switch (row->place) {
    case DOC_ATTR:
    case DOC_TEXT:
    case DOC_LEAF:
        write_value_row(row, field, level, p);
        break;
    case DOC_INCLUDE:
        write_rows(w, row->type, field, level, p);
        break;
    case DOC_ELEM:
        write_element(w, row, row->type, row->name, field, level,
                      (row->flags & DOC_ALWAYS) ||
                          (row->present_at && *((const bool *)obj + row->present_at - 1)),
                      &p->body);
        break;
    case DOC_CHILD:
        memcpy(&child, field, sizeof(child));
        if (child && !(row->type->hidden && row->type->hidden(child)))
            write_element(w, row, row->type, row->name, child, level, true, &p->body);
        break;
    case DOC_LIST:
        memcpy(&vec, field, sizeof(vec));
        for (size_t i = 0; i < vec.n; i++) {
            if (!(row->type->hidden && row->type->hidden(vec.v[i])))
                write_element(w, row, row->type, row->name, vec.v[i], level, true, &p->body);
        }
        break;
    case DOC_RAW:
        memcpy(&child, field, sizeof(child));
        write_raw(row, child, level, &p->body);
        break;
    case DOC_EMPTY:
    case DOC_IGNORED:
        break;
    }
}

static void write_rows(struct writer *w, const struct doc_type *t, const void *obj, unsigned level,
                       struct parts *p)
{
    for (size_t i = 0; i < t->nrows; i++) {
        if (!hidden(w, t, &t->rows[i], obj))
            write_row(w, &t->rows[i], obj, level, p);
    }
}

static void add_namespaces(const struct writer *w, struct strbuf *out)
{
    for (unsigned i = 0; w->doc->namespaces && w->doc->namespaces[i].prefix; i++) {
        if (w->namespaces & (1u << i))
            strbuf_printf(out, " xmlns:%s='%s'", w->doc->namespaces[i].prefix,
                          w->doc->namespaces[i].uri);
    }
}

// `row` is NULL for the root. True when something was written.
static bool write_element(struct writer *w, const struct doc_row *row, const struct doc_type *t,
                          const char *name, const void *obj, unsigned level, bool always,
                          struct strbuf *out)
{
    CLEANUP(parts_finish) struct parts p = {0};
    write_rows(w, t, obj, level + 1, &p);
    if (!always && !p.attrs.len && !p.has_text && !p.body.len)
        return false;
    note_namespace(w, name);
    indent(out, level);
    strbuf_printf(out, "<%s", name);
    if (row && row->select)
        strbuf_printf(out, " %s='%s'", row->select, row->selected);
    strbuf_add(out, strbuf_text(&p.attrs));
    if (!row)
        add_namespaces(w, out);
    if (p.has_text) {
        strbuf_printf(out, ">%s</%s>\n", strbuf_text(&p.text), name);
    } else if (p.body.len) {
        strbuf_printf(out, ">\n%s", strbuf_text(&p.body));
        indent(out, level);
        strbuf_printf(out, "</%s>\n", name);
    } else if (row && (row->flags & DOC_OPEN)) {
        strbuf_add(out, ">\n");
        indent(out, level);
        strbuf_printf(out, "</%s>\n", name);
    } else {
        strbuf_add(out, "/>\n");
    }
    return true;
}

char *doc_format(const struct doc *d, const void *obj, unsigned flags)
{
    AUTO_STRBUF out = {0};
    struct writer w = {.doc = d, .flags = flags};
    write_element(&w, NULL, d->type, d->root, obj, 0, true, &out);
    return strbuf_steal(&out);
}
