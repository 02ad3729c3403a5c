// SPDX-License-Identifier: LGPL-2.1-or-later
// What the parts of the document engine (doc_*.c) share.
#pragma once

#include <libxml/parser.h>
#include <libxml/tree.h>
#include "schemas/doc/doc.h"

// Where the parser is; on the stack of the walk.
struct doc_where {
    const struct doc *doc;
    const xmlNode *node;
    unsigned flags;
    struct doc_notes *notes;
    struct error *err;
};

// What was ignored; logged when the document is accepted.
struct doc_notes {
    VEC(char *) lines; // at most NOTES_MAX of
    size_t n;
};

// doc_xml.c: text to tree, within the limits. NULL with err filled. Caller xmlFreeDoc()s.
xmlDoc *doc_xml_read(const struct doc *d, const char *xml, size_t len, struct error *err);
static inline void doc_xml_cleanup(xmlDoc **p)
{
    if (*p)
        xmlFreeDoc(*p);
}
#define AUTO_XMLDOC CLEANUP(doc_xml_cleanup) xmlDoc

static inline void doc_xmlchar_cleanup(xmlChar **p)
{
    if (*p)
        xmlFree(*p);
}
#define AUTO_XMLCHAR CLEANUP(doc_xmlchar_cleanup) xmlChar

// doc_types.c: one value.
// Reads text into the field. 0, or -1 with *why saying what would be right (caller frees);
// *refused: libvirt has that value, we don't.
int doc_value_read(const struct doc_row *row, void *field, const char *text, const char *unit,
                   char **why, bool *refused);
bool doc_value_is_set(const struct doc_row *row, const void *field);
// Appends the value, escaped. The field is set.
void doc_value_write(const struct doc_row *row, const void *field, struct strbuf *out);
void doc_value_clear(const struct doc_row *row, void *field);
void doc_value_rng(const struct doc_row *row, struct strbuf *out, const char *indent);
void doc_add_text(struct strbuf *out, const char *text, bool attribute);

// doc_known.c
bool doc_knows(const struct doc *d, const char *element, const char *name, bool attribute);
// The name in the table most similar to `name`, or NULL if none is.
const char *doc_similar(const struct doc_type *t, const char *name, bool attribute);

// A row found for a name, with the struct that it fills.
struct doc_match {
    const struct doc_row *row;
    const struct doc_type *type;
    void *obj;
    const struct doc_type
        *inapplicable; // the name is known, but not with this value of this table's tag
    const void *inapplicable_obj;
};

// doc_message.c. All return -1; those whose name begins with doc_ignore_ return 0, and only note
// it, when the document needs not be strict and libvirt ignores it, too.
int doc_fail_value(const struct doc_where *w, const struct doc_row *row, const char *text,
                   const char *why, bool refused);
int doc_fail_unsupported(const struct doc_where *w, const char *attr, const char *hint);
int doc_ignore_attr(const struct doc_where *w, const struct doc_type *t, const struct doc_match *m,
                    const xmlAttr *attr);
int doc_ignore_child(const struct doc_where *parent, const struct doc_type *t,
                     const struct doc_match *m, const xmlNode *child);
int doc_ignore(const struct doc_where *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
void doc_log_notes(struct doc_notes *notes, bool accepted); // and frees them
char *doc_shown(const char *text); // printable and not too long; caller frees

// doc_raw.c
bool doc_is_whitespace(const char *text);
// The children, indented for their place and `deeper` levels more. Caller frees.
char *doc_raw_text(xmlNode *node, int deeper);
void doc_raw_drop_layout(xmlNode *node); // whitespace between elements

// Rows and memory.
struct doc_vec {
    void **v;
    size_t n, cap;
};

static inline void *doc_field(const struct doc_row *row, const void *obj)
{
    return (char *)obj + row->offset;
}

static inline unsigned doc_load_enum(const void *field)
{
    unsigned v;
    memcpy(&v, field, sizeof(v));
    return v;
}

// Whether the element may say what its number counts: attribute unit.
static inline bool doc_has_unit(const struct doc_row *row)
{
    return row->value == DOC_KIB || row->value == DOC_BYTES;
}

// Does the row go with what the object's tag says?
static inline bool doc_row_applies(const struct doc_type *t, const struct doc_row *row,
                                   const void *obj)
{
    if (!row->when || !t->tag_at)
        return true;
    unsigned tag = doc_load_enum((const char *)obj + t->tag_at - 1);
    return tag < 64 && (row->when & DOC_BIT(tag));
}

void *doc_object_create(const struct doc_type *t);
void doc_object_destroy(const struct doc_type *t, void *obj);
