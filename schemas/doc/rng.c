// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables as RELAX NG: one define a table, rows of one name gathered into a choice. What depends
// on a tag's value is left open here; the parser is stricter than its schema.
#include "schemas/doc/internal.h"

#include <libxml/relaxng.h>

struct rng {
    struct strbuf out;
    VEC(const struct doc_type *) types; // met so far; written in this order
};

static bool reads(const struct doc_row *row)
{
    return row->place != DOC_INCLUDE && row->place != DOC_TEXT;
}

static void want(struct rng *g, const struct doc_type *t)
{
    for (size_t i = 0; i < g->types.n; i++) {
        if (g->types.v[i] == t)
            return;
    }
    vec_push(&g->types, t);
}

// The rows of a table with those of included tables in their place.
struct flat {
    VEC(const struct doc_row *) rows;
};

static void flatten(const struct doc_type *t, struct flat *f)
{
    for (size_t i = 0; i < t->nrows; i++) {
        if (t->rows[i].place == DOC_INCLUDE)
            flatten(t->rows[i].type, f);
        else if (t->rows[i].place != DOC_IGNORED)
            vec_push(&f->rows, &t->rows[i]);
    }
}

static bool same_name(const struct doc_row *a, const struct doc_row *b)
{
    return reads(a) && reads(b) && strcmp(a->name, b->name) == 0 &&
           (a->place == DOC_ATTR) == (b->place == DOC_ATTR);
}

static void add_note(struct rng *g, const struct doc_row *row, const char *pad)
{
    if (!row->def && !row->unit && !row->since)
        return;
    strbuf_printf(&g->out, "%s<a:documentation>", pad);
    if (row->unit)
        strbuf_printf(&g->out, "unit: %s. ", row->unit);
    if (row->def)
        strbuf_printf(&g->out, "default: %s. ", row->def);
    if (row->since)
        strbuf_printf(&g->out, "since %s. ", row->since);
    g->out.len--;
    strbuf_add(&g->out, "</a:documentation>\n");
}

// Opens <element> with its name, and its namespace when it has one.
static void open_element(struct rng *g, const struct doc *d, const char *name, const char *pad)
{
    const char *colon = strchr(name, ':');
    strbuf_printf(&g->out, "%s<element name='%s'", pad, colon ? colon + 1 : name);
    for (const struct doc_namespace *ns = d->namespaces; colon && ns && ns->prefix; ns++) {
        if (str_starts(name, ns->prefix))
            strbuf_printf(&g->out, " ns='%s'", ns->uri);
    }
    strbuf_add(&g->out, ">\n");
}

static void add_unit(struct rng *g, const char *pad)
{
    strbuf_printf(&g->out, "%s<optional><attribute name='unit'/></optional>\n", pad);
}

static void add_one(struct rng *g, const struct doc *d, const struct doc_row *row)
{
    static const char pad[] = "        ", inner[] = "          ";
    if (row->place == DOC_ATTR) {
        strbuf_printf(&g->out, "%s<attribute name='%s'>\n", pad, row->name);
        add_note(g, row, inner);
        doc_value_rng(row, &g->out, inner);
        strbuf_printf(&g->out, "%s</attribute>\n", pad);
        return;
    }
    open_element(g, d, row->name, pad);
    add_note(g, row, inner);
    if (row->place == DOC_LEAF) {
        if (doc_has_unit(row))
            add_unit(g, inner);
        doc_value_rng(row, &g->out, inner);
    } else if (row->place == DOC_RAW) {
        strbuf_printf(&g->out, "%s<zeroOrMore><ref name='anything'/></zeroOrMore>\n", inner);
    } else if (row->place == DOC_EMPTY) {
        strbuf_printf(&g->out, "%s<empty/>\n", inner);
    } else {
        if (row->select)
            strbuf_printf(&g->out, "%s<attribute name='%s'><value>%s</value></attribute>\n", inner,
                          row->select, row->selected);
        strbuf_printf(&g->out, "%s<ref name='%s'/>\n", inner, row->type->name);
        want(g, row->type);
    }
    strbuf_printf(&g->out, "%s</element>\n", pad);
}

static void add_text_row(struct rng *g, const struct doc_row *row)
{
    if (row->value == DOC_KIB)
        add_unit(g, "      ");
    // A required text is never empty; the others may be.
    bool open = !(row->flags & DOC_REQUIRED) && row->value != DOC_STRING;
    strbuf_printf(&g->out, "%s", open ? "      <choice>\n        <empty/>\n" : "");
    doc_value_rng(row, &g->out, "        ");
    strbuf_printf(&g->out, "%s", open ? "      </choice>\n" : "");
}

// All rows of the name of rows.v[at], as one pattern.
static void add_group(struct rng *g, const struct doc *d, const struct flat *f, size_t at)
{
    const struct doc_row *first = f->rows.v[at];
    bool required = true, many = false;
    size_t variants = 0, selectable = 0;
    for (size_t i = at; i < f->rows.n; i++) {
        const struct doc_row *row = f->rows.v[i];
        if (!same_name(first, row))
            continue;
        variants++;
        selectable += row->select != NULL;
        required &= (row->flags & DOC_REQUIRED) && !row->def && !row->when;
        many |= row->place == DOC_LIST || row->place == DOC_EMPTY;
    }
    many |= selectable > 0; // one of each kind
    const char *how = many ? "zeroOrMore" : required ? NULL : "optional";
    if (how)
        strbuf_printf(&g->out, "      <%s>\n", how);
    if (variants > 1)
        strbuf_add(&g->out, "      <choice>\n");
    for (size_t i = at; i < f->rows.n; i++) {
        if (same_name(first, f->rows.v[i]))
            add_one(g, d, f->rows.v[i]);
    }
    if (variants > 1)
        strbuf_add(&g->out, "      </choice>\n");
    if (how)
        strbuf_printf(&g->out, "      </%s>\n", how);
}

static bool is_first(const struct flat *f, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (same_name(f->rows.v[i], f->rows.v[at]))
            return false;
    }
    return true;
}

static void add_define(struct rng *g, const struct doc *d, const struct doc_type *t)
{
    struct flat f = {0};
    flatten(t, &f);
    bool text = false;
    strbuf_printf(&g->out, "  <define name='%s'>\n", t->name);
    for (size_t i = 0; i < f.rows.n; i++) {
        if (f.rows.v[i]->place == DOC_TEXT) {
            add_text_row(g, f.rows.v[i]);
            text = true;
        }
    }
    if (!text)
        strbuf_add(&g->out, "    <interleave>\n      <empty/>\n");
    for (size_t i = 0; i < f.rows.n; i++) {
        if (reads(f.rows.v[i]) && is_first(&f, i))
            add_group(g, d, &f, i);
    }
    if (!text)
        strbuf_add(&g->out, "    </interleave>\n");
    strbuf_add(&g->out, "  </define>\n");
    vec_finish(&f.rows);
}

char *doc_rng(const struct doc *d)
{
    struct rng g = {0};
    strbuf_printf(&g.out,
                  "<?xml version='1.0' encoding='UTF-8'?>\n"
                  "<!-- Generated from the tables of vireo's schemas/ for the %s document. -->\n"
                  "<grammar xmlns='http://relaxng.org/ns/structure/1.0'\n"
                  "    xmlns:a='http://relaxng.org/ns/compatibility/annotations/1.0'\n"
                  "    datatypeLibrary='http://www.w3.org/2001/XMLSchema-datatypes'>\n"
                  "  <start>\n    <element name='%s'>\n      <ref name='%s'/>\n    </element>\n"
                  "  </start>\n",
                  d->what, d->root, d->type->name);
    want(&g, d->type);
    for (size_t i = 0; i < g.types.n; i++)
        add_define(&g, d, g.types.v[i]);
    strbuf_add(&g.out, "  <define name='anything'>\n"
                       "    <choice>\n"
                       "      <text/>\n"
                       "      <element>\n"
                       "        <anyName/>\n"
                       "        <zeroOrMore>\n"
                       "          <choice>\n"
                       "            <attribute><anyName/></attribute>\n"
                       "            <ref name='anything'/>\n"
                       "          </choice>\n"
                       "        </zeroOrMore>\n"
                       "      </element>\n"
                       "    </choice>\n"
                       "  </define>\n"
                       "</grammar>\n");
    vec_finish(&g.types);
    return strbuf_steal(&g.out);
}

// ---- validation

struct verdict {
    const struct doc *doc;
    struct error *err;
};

static void on_invalid(void *arg, xmlError *e)
{
    struct verdict *v = arg;
    // The first complaint is the innermost.
    if (v->err && v->err->code == ERROR_NONE && e->message)
        error_set(v->err, ERROR_XML_SCHEMA, v->doc->area, "%s document, line %d: %.*s",
                  v->doc->what, e->line, (int)strcspn(e->message, "\n"), e->message);
}

static void ignore_message(void *arg, const char *fmt, ...)
{
    (void)arg, (void)fmt;
}

static xmlRelaxNG *compile(const struct doc *d)
{
    AUTO_FREE char *text = doc_rng(d);
    xmlRelaxNGParserCtxt *ctxt = xmlRelaxNGNewMemParserCtxt(text, (int)strlen(text));
    if (!ctxt)
        return NULL;
    xmlRelaxNGSetParserErrors(ctxt, ignore_message, ignore_message, NULL);
    xmlRelaxNG *schema = xmlRelaxNGParse(ctxt);
    xmlRelaxNGFreeParserCtxt(ctxt);
    return schema;
}

int doc_rng_validate(const struct doc *d, const char *xml, size_t len, struct error *err)
{
    AUTO_XMLDOC *tree = doc_xml_read(d, xml, len, err);
    if (!tree)
        return -1;
    xmlRelaxNG *schema = compile(d);
    if (!schema)
        return error_set(err, ERROR_INTERNAL, d->area, "the schema of the %s document is broken",
                         d->what);
    AUTO_ERROR first = ERROR_INIT;
    struct verdict v = {.doc = d, .err = &first};
    xmlRelaxNGValidCtxt *valid = xmlRelaxNGNewValidCtxt(schema);
    xmlRelaxNGSetValidStructuredErrors(valid, (xmlStructuredErrorFunc)on_invalid, &v);
    int result = xmlRelaxNGValidateDoc(valid, tree);
    xmlRelaxNGFreeValidCtxt(valid);
    xmlRelaxNGFree(schema);
    if (result == 0)
        return 0;
    if (first.code == ERROR_NONE)
        return error_set(err, ERROR_XML_SCHEMA, d->area, "%s document: it does not fit the schema",
                         d->what);
    return error_move(err, &first);
}
