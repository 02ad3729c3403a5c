// SPDX-License-Identifier: LGPL-2.1-or-later
// What a document's author reads when something is wrong: line, element, what is there, what may
// be.
#include "base/log.h"
#include "schemas/doc/internal.h"

enum { SHOWN_MAX = 80, NOTES_MAX = 8 };

static const char *name_of(const xmlNode *node)
{
    return (const char *)node->name;
}

// "domain document, line 12: <target> in <disk>". Caller frees.
static char *place(const struct doc_where *w)
{
    const xmlNode *up = w->node->parent;
    bool inside = up && up->type == XML_ELEMENT_NODE;
    return xasprintf("%s document, line %ld: <%s>%s%s%s", w->doc->what, xmlGetLineNo(w->node),
                     name_of(w->node), inside ? " in <" : "", inside ? name_of(up) : "",
                     inside ? ">" : "");
}

// text is appended to the place.
static int fail(const struct doc_where *w, enum error_code code, const char *text)
{
    AUTO_FREE char *where = place(w);
    return error_set(w->err, code, w->doc->area, "%s%s", where, text);
}

static int ignore(const struct doc_where *w, const char *text)
{
    struct doc_notes *notes = w->notes;
    if (w->flags & DOC_STRICT)
        return fail(w, ERROR_XML, text);
    AUTO_FREE char *where = place(w);
    if (notes->n++ < NOTES_MAX)
        vec_push(&notes->lines, xasprintf("%s%s; it is ignored", where, text));
    return 0;
}

int doc_ignore(const struct doc_where *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    AUTO_FREE char *with_colon = xasprintf(": %s", text);
    return ignore(w, with_colon);
}

void doc_log_notes(struct doc_notes *notes, bool accepted)
{
    VEC_FOREACH (it, &notes->lines) {
        if (accepted)
            log_warn("%s", *it);
        free(*it);
    }
    if (accepted && notes->n > notes->lines.n)
        log_warn("%zu more of the kind", notes->n - notes->lines.n);
    vec_finish(&notes->lines);
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

// "does not go with type 'bridge'"; NULL when its table's type is not the reason.
static char *inapplicable(const struct doc_match *m)
{
    if (!m->inapplicable)
        return NULL;
    unsigned tag = doc_load_enum((const char *)m->inapplicable_obj + m->inapplicable->tag_at - 1);
    return xasprintf("does not go with type '%s'", doc_enum_name(m->inapplicable->tag_values, tag));
}

int doc_ignore_attr(const struct doc_where *w, const struct doc_type *t, const struct doc_match *m,
                    const xmlAttr *attr)
{
    const char *name = (const char *)attr->name;
    AUTO_FREE char *safe = doc_shown(name);
    AUTO_FREE char *why = inapplicable(m);
    if (why)
        return doc_ignore(w, "attribute '%s' %s", name, why);
    if (attr->ns)
        return doc_ignore(w, "attribute '%s:%s' is unknown",
                          attr->ns->prefix ? (const char *)attr->ns->prefix : "", safe);
    if (doc_knows(w->doc, name_of(w->node), name, true))
        return doc_fail_unsupported(w, name, NULL);
    const char *near = doc_similar(t, name, true);
    return near ? doc_ignore(w, "attribute '%s' is unknown (did you mean '%s'?)", safe, near)
                : doc_ignore(w, "attribute '%s' is unknown", safe);
}

// What is in it, libvirt does not read either: the source of another type, or nothing.
static bool is_moot(const xmlNode *node)
{
    return strcmp(name_of(node), "source") == 0 || (!node->properties && !node->children);
}

int doc_ignore_child(const struct doc_where *parent, const struct doc_type *t,
                     const struct doc_match *m, const xmlNode *child)
{
    struct doc_where w = *parent;
    w.node = child;
    AUTO_FREE char *why = inapplicable(m);
    if (why && is_moot(child))
        return doc_ignore(&w, "it %s", why);
    if (why)
        return doc_fail(&w, ERROR_XML, "it %s", why);
    AUTO_FREE char *known = child->ns && child->ns->prefix
                                ? xasprintf("%s:%s", child->ns->prefix, name_of(child))
                                : xstrdup(name_of(child));
    if (doc_knows(w.doc, name_of(parent->node), known, false))
        return doc_fail_unsupported(&w, NULL, NULL);
    if (child->ns)
        return ignore(
            &w, " is of a namespace unknown to vireo; notes of your own belong in <metadata>");
    const char *near = doc_similar(t, name_of(child), false);
    AUTO_FREE char *text =
        near ? xasprintf(" is unknown (did you mean <%s>?)", near) : xstrdup(" is unknown");
    return ignore(&w, text);
}
