// SPDX-License-Identifier: LGPL-2.1-or-later
// What a document's author reads when something is wrong: line, element, what is there, what may
// be.
#include "schemas/doc/internal.h"

enum { SHOWN_MAX = 80 };

static const char *name_of(const xmlNode *node)
{
    return (const char *)node->name;
}

// text is appended to "domain document, line 12: <target> in <disk>".
static int fail(const struct doc_where *w, enum error_code code, const char *text)
{
    const xmlNode *up = w->node->parent;
    bool inside = up && up->type == XML_ELEMENT_NODE;
    return error_set(w->err, code, w->doc->area, "%s document, line %ld: <%s>%s%s%s%s",
                     w->doc->what, xmlGetLineNo(w->node), name_of(w->node), inside ? " in <" : "",
                     inside ? name_of(up) : "", inside ? ">" : "", text);
}

int doc_fail(const struct doc_where *where, enum error_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    AUTO_FREE char *with_colon = xasprintf(": %s", text);
    return fail(where, code, with_colon);
}

char *doc_shown(const char *text)
{
    while (*text == '\n' || *text == ' ' || *text == '\t')
        text++;
    size_t n = strlen(text);
    AUTO_FREE char *safe = str_printable(text, n < SHOWN_MAX ? n : SHOWN_MAX);
    return xasprintf("%s%s", safe, n > SHOWN_MAX ? "..." : "");
}

int doc_fail_value(const struct doc_where *w, const struct doc_row *row, const char *text,
                   const char *why, bool refused)
{
    enum error_code code = refused ? ERROR_CONFIG_UNSUPPORTED : ERROR_XML;
    AUTO_FREE char *safe = doc_shown(text);
    if (row->place == DOC_ATTR)
        return doc_fail(w, code, "%s='%s' %s", row->name, safe, why);
    return doc_fail(w, code, "'%s' %s", safe, why);
}

int doc_fail_unsupported(const struct doc_where *w, const char *attr, const char *hint)
{
    AUTO_FREE char *text =
        xasprintf("%s%s%s is not supported by vireo yet; %s", attr ? ": attribute '" : "",
                  attr ? attr : "", attr ? "'" : "", hint ? hint : "remove it");
    return fail(w, ERROR_CONFIG_UNSUPPORTED, text);
}

int doc_fail_unknown_attr(const struct doc_where *w, const struct doc_type *t,
                          const struct doc_match *m, const char *name)
{
    if (m->inapplicable) {
        unsigned tag =
            doc_load_enum((const char *)m->inapplicable_obj + m->inapplicable->tag_at - 1);
        return doc_fail(w, ERROR_XML, "attribute '%s' does not go with type '%s'", name,
                        doc_enum_name(m->inapplicable->tag_values, tag));
    }
    if (doc_knows(w->doc, name_of(w->node), name, true))
        return doc_fail_unsupported(w, name, NULL);
    const char *near = doc_similar(t, name, true);
    AUTO_FREE char *safe = doc_shown(name);
    if (near)
        return doc_fail(w, ERROR_XML, "attribute '%s' is unknown; did you mean '%s'?", safe, near);
    return doc_fail(w, ERROR_XML, "attribute '%s' is unknown", safe);
}

int doc_fail_unknown_child(const struct doc_where *parent, const struct doc_type *t,
                           const struct doc_match *m, const xmlNode *child)
{
    struct doc_where w = *parent;
    w.node = child;
    if (m->inapplicable) {
        unsigned tag =
            doc_load_enum((const char *)m->inapplicable_obj + m->inapplicable->tag_at - 1);
        AUTO_FREE char *text = xasprintf(" does not go with type '%s'",
                                         doc_enum_name(m->inapplicable->tag_values, tag));
        return fail(&w, ERROR_XML, text);
    }
    AUTO_FREE char *known = child->ns && child->ns->prefix
                                ? xasprintf("%s:%s", child->ns->prefix, name_of(child))
                                : xstrdup(name_of(child));
    if (doc_knows(w.doc, name_of(parent->node), known, false))
        return doc_fail_unsupported(&w, NULL, NULL);
    if (child->ns)
        return fail(&w, ERROR_XML,
                    " is of a namespace unknown to vireo; notes of your own belong in <metadata>");
    const char *near = doc_similar(t, name_of(child), false);
    AUTO_FREE char *text =
        near ? xasprintf(" is unknown; did you mean <%s>?", near) : xstrdup(" is unknown");
    return fail(&w, ERROR_XML, text);
}
