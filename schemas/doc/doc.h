// SPDX-License-Identifier: LGPL-2.1-or-later
// Documents described once. A table of rows says which element and attribute goes with which field
// of a plain struct, of what type, in what unit, with which default; parsing with messages that
// name line and element, formatting, copying, freeing and the RELAX NG all read that table. A new
// element is a new row and a new field.
//
// Example of a table:
//
//     #define S struct domain_hub
//     static const struct doc_row hub_rows[] = {
//         D_STR(ATTR, "type", type, .flags = DOC_REQUIRED),
//         D_INCLUDE(&device_tail_doc, dev),
//     };
//     #undef S
//     const struct doc_type hub_doc = DOC_TYPE("hub", struct domain_hub, hub_rows);
//
// Rows are in the order in which the document is written out. What a document holds, libvirt knows
// and no row describes is refused, never dropped; what libvirt ignores is ignored with a warning.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/ip.h"
#include "base/str.h"
#include "schemas/doc/value.h"

// Limits on what comes from outside.
enum {
    DOC_SIZE_MAX = 10 * 1024 * 1024,
    DOC_DEPTH_MAX = 64,
    DOC_NODES_MAX = 200000, // elements and attributes together
};

enum doc_place {
    DOC_ATTR,    // attribute of the element the table describes
    DOC_TEXT,    // its text
    DOC_LEAF,    // child element that holds nothing but text: <name>text</name>
    DOC_ELEM,    // child element whose rows (type) fill the same struct, or a struct inside it
    DOC_CHILD,   // child element with a struct of its own: pointer, NULL when absent
    DOC_LIST,    // any number of child elements: VEC(struct x *)
    DOC_RAW,     // child element whose content is kept as XML text: char *
    DOC_INCLUDE, // not an element: the rows of another table follow here
    DOC_EMPTY,   // child element that is accepted, and dropped, when there is nothing in it
    DOC_IGNORED, // child element that libvirt knows, but not here: dropped with a warning
};

enum doc_value {
    DOC_NO_VALUE,
    DOC_STRING,   // char *
    DOC_TOKEN,    // char *, without the whitespace around it, not empty
    DOC_UINT,     // struct opt_uint, min..max
    DOC_HEX,      // struct opt_uint, written as 0x with `digits` digits; decimal is read too
    DOC_OCTAL,    // struct opt_uint, written as 0 and octal digits; max
    DOC_COUNT,    // uint64_t, 0: not given; min..max
    DOC_INT,      // struct opt_int, min..max
    DOC_ENUM,     // an enum, `values` names them
    DOC_PRESENCE, // bool: the element is there
    DOC_UUID,     // struct opt_uuid
    DOC_MAC,      // struct opt_mac
    DOC_KIB,   // uint64_t, 0: not given; the text with the element's attribute unit (default KiB)
    DOC_BYTES, // struct opt_uint; the text with the element's attribute unit, written in `unit`
    DOC_IP,    // struct ip_addr, family 0: not given
};

enum doc_row_flags {
    DOC_REQUIRED = 1 << 0,
    DOC_LIVE = 1 << 1,   // belongs to a running guest: skipped without DOC_WITH_LIVE
    DOC_SECRET = 1 << 2, // written only with DOC_WITH_SECRETS
    DOC_OLD = 1 << 3,    // an old spelling: read, never written
    DOC_ALWAYS = 1 << 4, // DOC_ELEM: written even when nothing is in it
    DOC_TAG = 1 << 5,    // the attribute that decides which rows apply (doc_type.tag_at)
    DOC_OPEN = 1 << 6,   // LIST, CHILD: <a>\n</a> instead of <a/>, as libvirt writes some
    DOC_ONCE = 1 << 8,   // ELEM: libvirt merges several; the second is refused
    DOC_NAME = 1 << 7,   // what the document's object is called: ERROR_NO_NAME without it
};

// The values of an enum: names[value], NULL for a value that is never written.
struct doc_enum {
    const char *const *names;
    size_t n;
    const char *refused; // libvirt's other values, separated by spaces: ERROR_CONFIG_UNSUPPORTED
};

struct doc_type;

struct doc_row {
    enum doc_place place;
    enum doc_value value;
    unsigned flags;
    const char *name; // "prefix:name" for an element of one of the document's namespaces
    size_t offset;
    const struct doc_type *type;   // ELEM, CHILD, LIST, INCLUDE
    const struct doc_enum *values; // ENUM
    int64_t min, max;              // UINT, COUNT, INT; max 0: no limit
    unsigned digits;               // HEX
    size_t present_at;             // ELEM: offset + 1 of a bool set when it was there
    uint64_t when;                 // bits of the tag's values this row goes with; 0: all
    const char *select,
        *selected;     // of children with the same name, those with attribute select='selected'
    const char *def;   // filled in when absent
    const char *unit;  // for people: what a plain number counts; BYTES: 'bytes' or 'B', as written
    const char *since; // version that brought it; NULL: the first
    bool (*keep)(const void *obj); // with DOC_LIVE: true when it is the user's own after all
    const char *hint;              // remedy, shown after "not supported"
};

struct doc_where;

struct doc_type {
    const char *name; // unique: the RELAX NG's define
    size_t size;      // of the struct
    const struct doc_row *rows;
    size_t nrows;
    unsigned kind;  // not 0: written into the enum the struct begins with
    size_t line_at; // offset + 1 of an unsigned that gets the line, or 0
    size_t tag_at;  // offset + 1 of the enum whose value rows' `when` is about, or 0
    const struct doc_enum *tag_values;
    // Odd corners: called when the element has been read. 0, or -1 through doc_fail().
    int (*check)(const struct doc_where *where, void *obj);
    // CHILD, LIST: true when there is nothing in the object to be written.
    bool (*hidden)(const void *obj);
};

#define DOC_TYPE(name_, struct_, rows_, ...)                                                       \
    {                                                                                              \
        .name = (name_), .size = sizeof(struct_), .rows = (rows_), .nrows = ARRAY_LEN(rows_),      \
        ##__VA_ARGS__                                                                              \
    }
#define DOC_TAGGED(struct_, field, values_)                                                        \
    .tag_at = offsetof(struct_, field) + 1, .tag_values = (values_)
#define DOC_BIT(value) (UINT64_C(1) << (value))

// Defines one; may follow `static`.
#define DOC_ENUM_VALUES(id, refused_, ...)                                                         \
    const struct doc_enum id = {.names = (const char *const[]){__VA_ARGS__},                       \
                                .n = ARRAY_LEN(((const char *const[]){__VA_ARGS__})),              \
                                .refused = (refused_)}
#define DOC_ENUM_VALUES_(names_, ...)                                                              \
    {                                                                                              \
        .names = (names_), .n = ARRAY_LEN(names_), ##__VA_ARGS__                                   \
    }

// Fields, checked: the row's value type must be what the struct has there. S is the struct.
#define DOC_AT_(field, type_)                                                                      \
    (offsetof(S, field) +                                                                          \
     0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((S *)0)->field), type_) ? 1 : -1]))
#define DOC_AT_ENUM_(field)                                                                        \
    (offsetof(S, field) +                                                                          \
     0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((S *)0)->field), uint64_t) ? -1      \
                     : sizeof(((S *)0)->field) == sizeof(unsigned)                       ? 1       \
                                                                                         : -1]))
#define DOC_AT_VEC_(field) (offsetof(S, field) + 0 * sizeof(((S *)0)->field.v[0]))

#define DOC_ROW_(place_, value_, name_, at, ...)                                                   \
    {                                                                                              \
        .place = DOC_##place_, .value = (value_), .name = (name_), .offset = (at), ##__VA_ARGS__   \
    }
#define D_STR(place, name, f, ...)                                                                 \
    DOC_ROW_(place, DOC_STRING, name, DOC_AT_(f, char *), ##__VA_ARGS__)
#define D_TOKEN(place, name, f, ...)                                                               \
    DOC_ROW_(place, DOC_TOKEN, name, DOC_AT_(f, char *), ##__VA_ARGS__)
#define D_UINT(place, name, f, min_, max_, ...)                                                    \
    DOC_ROW_(place, DOC_UINT, name, DOC_AT_(f, struct opt_uint), .min = (min_), .max = (max_),     \
             ##__VA_ARGS__)
#define D_HEX(place, name, f, digits_, max_, ...)                                                  \
    DOC_ROW_(place, DOC_HEX, name, DOC_AT_(f, struct opt_uint), .digits = (digits_),               \
             .max = (max_), ##__VA_ARGS__)
#define D_COUNT(place, name, f, min_, max_, ...)                                                   \
    DOC_ROW_(place, DOC_COUNT, name, DOC_AT_(f, uint64_t), .min = (min_), .max = (max_),           \
             ##__VA_ARGS__)
#define D_INT(place, name, f, min_, max_, ...)                                                     \
    DOC_ROW_(place, DOC_INT, name, DOC_AT_(f, struct opt_int), .min = (min_), .max = (max_),       \
             ##__VA_ARGS__)
#define D_ENUM(place, name, f, values_, ...)                                                       \
    DOC_ROW_(place, DOC_ENUM, name, DOC_AT_ENUM_(f), .values = (values_), ##__VA_ARGS__)
#define D_YESNO(place, name, f, ...)                                                               \
    DOC_ROW_(place, DOC_ENUM, name, DOC_AT_(f, enum toggle), .values = &doc_yesno_values,          \
             ##__VA_ARGS__)
#define D_ONOFF(place, name, f, ...)                                                               \
    DOC_ROW_(place, DOC_ENUM, name, DOC_AT_(f, enum toggle), .values = &doc_onoff_values,          \
             ##__VA_ARGS__)
#define D_UUID(place, name, f, ...)                                                                \
    DOC_ROW_(place, DOC_UUID, name, DOC_AT_(f, struct opt_uuid), ##__VA_ARGS__)
#define D_MAC(place, name, f, ...)                                                                 \
    DOC_ROW_(place, DOC_MAC, name, DOC_AT_(f, struct opt_mac), ##__VA_ARGS__)
#define D_KIB(place, name, f, ...)                                                                 \
    DOC_ROW_(place, DOC_KIB, name, DOC_AT_(f, uint64_t), ##__VA_ARGS__)
#define D_OCTAL(place, name, f, max_, ...)                                                         \
    DOC_ROW_(place, DOC_OCTAL, name, DOC_AT_(f, struct opt_uint), .max = (max_), ##__VA_ARGS__)
#define D_BYTES(name, f, unit_, ...)                                                               \
    DOC_ROW_(LEAF, DOC_BYTES, name, DOC_AT_(f, struct opt_uint), .unit = (unit_), ##__VA_ARGS__)
#define D_IP(place, name, f, ...)                                                                  \
    DOC_ROW_(place, DOC_IP, name, DOC_AT_(f, struct ip_addr), ##__VA_ARGS__)

#define D_FLAG(name, f, ...) DOC_ROW_(LEAF, DOC_PRESENCE, name, DOC_AT_(f, bool), ##__VA_ARGS__)
#define D_ELEM(name_, type_, ...)                                                                  \
    {                                                                                              \
        .place = DOC_ELEM, .name = (name_), .type = (type_), ##__VA_ARGS__                         \
    }
#define D_ELEM_AT(name_, type_, f, ...)                                                            \
    {                                                                                              \
        .place = DOC_ELEM, .name = (name_), .type = (type_), .offset = offsetof(S, f),             \
        ##__VA_ARGS__                                                                              \
    }
#define D_CHILD(name_, type_, f, ...)                                                              \
    {                                                                                              \
        .place = DOC_CHILD, .name = (name_), .type = (type_), .offset = offsetof(S, f),            \
        ##__VA_ARGS__                                                                              \
    }
#define D_LIST(name_, type_, f, ...)                                                               \
    {                                                                                              \
        .place = DOC_LIST, .name = (name_), .type = (type_), .offset = DOC_AT_VEC_(f),             \
        ##__VA_ARGS__                                                                              \
    }
#define D_RAW(name_, f, ...)                                                                       \
    {                                                                                              \
        .place = DOC_RAW, .name = (name_), .offset = DOC_AT_(f, char *), ##__VA_ARGS__             \
    }
#define D_EMPTY(name_, ...)                                                                        \
    {                                                                                              \
        .place = DOC_EMPTY, .name = (name_), ##__VA_ARGS__                                         \
    }
#define D_IGNORED(name_)                                                                           \
    {                                                                                              \
        .place = DOC_IGNORED, .name = (name_)                                                      \
    }
#define D_INCLUDE(type_, f)                                                                        \
    {                                                                                              \
        .place = DOC_INCLUDE, .type = (type_), .offset = offsetof(S, f)                            \
    }
#define DOC_PRESENT(f) .present_at = DOC_AT_(f, bool) + 1

extern const struct doc_enum doc_yesno_values, doc_onoff_values, doc_direct_mode_values;
// The text of a value, or "?".
const char *doc_enum_name(const struct doc_enum *w, unsigned value);

struct doc_namespace {
    const char *prefix, *uri;
};

// What libvirt knows inside an element: children, and attributes as "@name", separated by spaces.
// Sorted by element.
struct doc_known {
    const char *element, *names;
};

// One kind of document.
struct doc {
    const char *what; // "domain": starts every message
    enum error_area area;
    const char *root;
    const struct doc_type *type;
    const struct doc_namespace *namespaces; // ends with {NULL, NULL}; may be NULL
    const struct doc_known *known;
    size_t nknown;
    const char *odd_in_name;  // characters that the row with DOC_NAME must not have,
    enum error_code odd_name; // and the code for one that has
};

enum doc_flags {
    DOC_WITH_LIVE = 1 << 0,
    DOC_WITH_SECRETS = 1 << 1,
    DOC_STRICT = 1 << 2, // refuses what would be ignored; validates against the RELAX NG, too
};

// Fills *obj, which is all zeroes, from the document; on failure it is all zeroes again. ERROR_XML,
// ERROR_XML_DETAIL for what is no XML or too much of it, ERROR_NO_NAME, or ERROR_CONFIG_UNSUPPORTED
// for what libvirt knows and no row describes; with DOC_STRICT ERROR_XML_SCHEMA, too. Logs what it
// ignored.
int doc_parse(const struct doc *d, const char *xml, size_t len, unsigned flags, void *obj,
              struct error *err);
// The name of the root element, when the text is well-formed within the limits. Caller frees; NULL.
char *doc_root_name(const struct doc *d, const char *xml, size_t len, struct error *err);
char *doc_format(const struct doc *d, const void *obj, unsigned flags); // caller frees
void doc_finish(const struct doc_type *t, void *obj); // frees what *obj owns and zeroes it
void doc_copy(const struct doc_type *t, void *dst, const void *src); // dst: uninitialised
void doc_drop_live(const struct doc_type *t, void *obj);             // forgets DOC_LIVE fields
// RELAX NG. Caller frees.
char *doc_rng(const struct doc *d);
// ERROR_XML_SCHEMA when the document does not fit doc_rng().
int doc_rng_validate(const struct doc *d, const char *xml, size_t len, struct error *err);

// For check hooks: "domain document, line 12: <disk> in <devices>: ..." in the error of the parse.
int doc_fail(const struct doc_where *where, enum error_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
