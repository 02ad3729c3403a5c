// SPDX-License-Identifier: GPL-2.0-or-later
// How this works: all rows are listed from the tables, each with its path. Then each fixture is
// parsed and walked; at each field the document is written out with other values in its place and
// the outcome of that text is compared. An enum must have a different outcome for each value, any
// other field one that differs from what the fixture has.
#include "tests/rows/rows.h"

#include "base/file.h"
#include "base/vec.h"
#include "schemas/doc/internal.h"
#include "tests/check.h"

enum { VALUES_MAX = 64, DEPTH_MAX = 16 };

// One row at one place of the document.
struct place {
    char *path; // "domain/devices/disk/driver@cache"
    const struct doc_row *row;
    bool reached;           // some fixture has the field
    bool seen;              // and a change of it was seen
    uint64_t same;          // enum: the values that had the same effect as another
    const char *exempt_for; // reason
};

struct walk {
    const struct rows_subject *s;
    VEC(struct place *) places;
    const struct doc_type *stack[DEPTH_MAX]; // against tables that contain themselves
    size_t depth;
    void *root;     // the fixture's struct
    char *xml;      // as text
    char *baseline; // its outcome
};

static bool is_shared(const struct walk *w, const struct doc_type *t)
{
    for (const char *const *name = w->s->shared; name && *name; name++) {
        if (str_eq(t->name, *name))
            return true;
    }
    return false;
}

// Which values of which tag an element represents.
struct context {
    const struct doc_enum *values;
    uint64_t when;
};

static char *row_path(const struct walk *w, const struct doc_type *t, const struct doc_row *row,
                      const char *path)
{
    AUTO_STRBUF b = {0};
    // A table that many include is tested once, except for its tag.
    bool shared = is_shared(w, t) && !(row->flags & DOC_TAG);
    strbuf_add(&b, shared ? t->name : path);
    if (row->place == DOC_ATTR)
        strbuf_printf(&b, "@%s", row->name);
    else if (row->place != DOC_TEXT)
        strbuf_printf(&b, "/%s", row->name);
    if (row->select)
        strbuf_printf(&b, "(%s)", row->selected);
    const char *mark = "(";
    for (unsigned v = 0; row->when && t->tag_values && v < t->tag_values->n; v++) {
        if (!(row->when & DOC_BIT(v)) || !t->tag_values->names[v])
            continue;
        strbuf_printf(&b, "%s%s", mark, t->tag_values->names[v]);
        mark = "|";
    }
    if (*mark == '|')
        strbuf_add(&b, ")");
    return strbuf_steal(&b);
}

// Such an element is there when one of these is set.
static bool has_required(const struct doc_type *t)
{
    for (size_t i = 0; i < t->nrows; i++) {
        if (t->rows[i].flags & DOC_REQUIRED)
            return true;
    }
    return false;
}

static bool has_field(const struct doc_row *row)
{
    switch (row->place) {
    case DOC_ATTR:
    case DOC_TEXT:
    case DOC_LEAF:
    case DOC_RAW:
        return true;
    case DOC_ELEM:
        return row->present_at && !has_required(row->type);
    default:
        return false;
    }
}

// A live value that is never the user's own, or an old spelling of another row.
static bool is_testable(const struct doc_row *row)
{
    return !(row->flags & DOC_OLD) && !((row->flags & DOC_LIVE) && !row->keep);
}

static bool enter(struct walk *w, const struct doc_type *t)
{
    for (size_t i = 0; i < w->depth; i++) {
        if (w->stack[i] == t)
            return false;
    }
    CHECK(w->depth < DEPTH_MAX);
    w->stack[w->depth++] = t;
    return true;
}

static struct place *find_place(const struct walk *w, const struct doc_row *row, const char *path)
{
    VEC_FOREACH (it, &w->places) {
        if ((*it)->row == row && str_eq((*it)->path, path))
            return *it;
    }
    return NULL;
}

// A row that can never apply: its table is tagged by the same field as the table around it, but for
// other values.
static bool is_excluded(const struct doc_type *t, const struct doc_row *row,
                        const struct context *around)
{
    return row->when && around->when && around->values == t->tag_values &&
           !(row->when & around->when);
}

static void list_rows(struct walk *w, const struct doc_type *t, const char *path,
                      const struct context *around)
{
    if (!enter(w, t))
        return;
    for (size_t i = 0; i < t->nrows; i++) {
        const struct doc_row *row = &t->rows[i];
        if (!is_testable(row) || is_excluded(t, row, around))
            continue;
        const struct context inside = {t->tag_values, row->when};
        if (row->place == DOC_INCLUDE) {
            list_rows(w, row->type, path, around);
            continue;
        }
        AUTO_FREE char *at = row_path(w, t, row, path);
        if (row->type)
            list_rows(w, row->type, at, &inside);
        if (!has_field(row) || find_place(w, row, at))
            continue;
        struct place *p = NEW(struct place);
        p->path = STEAL(at);
        p->row = row;
        vec_push(&w->places, p);
    }
    w->depth--;
}

// ---- one field, one value

// The outcome with other bytes in a field, which has its own again afterwards. NULL: no document.
static char *outcome_with(const struct walk *w, void *field, const void *bytes, size_t n)
{
    char saved[64];
    CHECK(n <= sizeof(saved));
    memcpy(saved, field, n);
    memcpy(field, bytes, n);
    AUTO_FREE char *xml = doc_format(w->s->doc, w->root, DOC_WITH_SECRETS);
    memcpy(field, saved, n);
    return str_eq(xml, w->xml) ? xstrdup(w->baseline) : w->s->outcome(xml, w->s->arg);
}

static bool differs(const struct walk *w, void *field, const void *bytes, size_t n)
{
    AUTO_FREE char *text = outcome_with(w, field, bytes, n);
    return text && !str_eq(text, w->baseline);
}

static bool try_text(const struct walk *w, void *field)
{
    static const char *const candidates[] = {
        "vireo-rows", "/vireo/rows",         "65001",
        "1",          "10.99.0.1",           "ua-rows",
        "rows.test",  "2030-01-01T00:00:00", "0-1",
        "auto",       "52:54:00:42:42:42",   "<a xmlns='urn:a'>b</a>"};
    for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
        if (differs(w, field, &candidates[i], sizeof(candidates[i])))
            return true;
    }
    return false;
}

static bool try_number(const struct walk *w, const struct doc_row *row, void *field)
{
    static const int64_t candidates[] = {0, 1, 2, 3, 4, 16, 512, 1024, 4096, 65001, 262144, -1};
    for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
        int64_t v = candidates[i];
        if (v < row->min || (row->max && v > row->max))
            continue;
        struct opt_uint u = OPT_UINT((uint64_t)v);
        struct opt_int n = OPT_INT(v);
        uint64_t count = (uint64_t)v;
        bool seen = row->value == DOC_INT ? differs(w, field, &n, sizeof(n))
                    : row->value == DOC_COUNT || row->value == DOC_KIB
                        ? v > 0 && differs(w, field, &count, sizeof(count))
                        : v >= 0 && differs(w, field, &u, sizeof(u));
        if (seen)
            return true;
    }
    return false;
}

static bool try_other(const struct walk *w, const struct doc_row *row, void *field)
{
    struct opt_uuid uuid = {.set = true, .value = {.b = {0x42, 1}}};
    struct opt_mac mac = {.set = true, .b = {0x52, 0x54, 0, 0x42, 0x42, 0x42}};
    struct ip_addr ip;
    bool flag;
    switch (row->value) {
    case DOC_UUID:
        return differs(w, field, &uuid, sizeof(uuid));
    case DOC_MAC:
        return differs(w, field, &mac, sizeof(mac));
    case DOC_IP:
        ip = *(struct ip_addr *)field;
        ip.b[3] ^= 1;
        if (ip.family && differs(w, field, &ip, sizeof(ip)))
            return true;
        CHECK_INT(ip_parse("10.99.0.1", &ip), 0);
        if (differs(w, field, &ip, sizeof(ip)))
            return true;
        CHECK_INT(ip_parse("fd99::1", &ip), 0);
        return differs(w, field, &ip, sizeof(ip));
    default: // DOC_PRESENCE
        flag = !*(bool *)field;
        return differs(w, field, &flag, sizeof(flag));
    }
}

static bool is_exempt_value(const struct walk *w, const struct place *p, const char *value)
{
    AUTO_FREE char *path = xasprintf("%s=%s", p->path, value);
    for (size_t i = 0; i < w->s->nexempt; i++) {
        if (str_eq(w->s->exempt[i].path, path))
            return true;
    }
    return false;
}

// True when each value has an outcome of its own. p->same gets those that have not.
static bool try_enum(const struct walk *w, struct place *p, void *field)
{
    const struct doc_enum *values = p->row->values;
    char *texts[VALUES_MAX] = {0};
    uint64_t same = 0;
    CHECK(values->n <= VALUES_MAX);
    for (unsigned v = 1; v < values->n; v++) {
        if (values->names[v] && !is_exempt_value(w, p, values->names[v]))
            texts[v] = outcome_with(w, field, &v, sizeof(v));
    }
    unsigned n = 0;
    for (unsigned v = 1; v < values->n; v++) {
        n += texts[v] != NULL;
        for (unsigned k = 1; k < v; k++) {
            if (texts[v] && texts[k] && str_eq(texts[v], texts[k]))
                same |= DOC_BIT(v) | DOC_BIT(k);
        }
    }
    // A single value has only the fixture's own to differ from.
    for (unsigned v = 1; v < values->n && n == 1; v++) {
        if (texts[v] && str_eq(texts[v], w->baseline))
            same |= DOC_BIT(v);
    }
    for (unsigned v = 1; v < values->n; v++)
        free(texts[v]);
    p->same = p->reached ? p->same & same : same;
    return p->same == 0 && n;
}

static bool try_field(const struct walk *w, struct place *p, void *field)
{
    const struct doc_row *row = p->row;
    if (row->place == DOC_RAW)
        return try_text(w, field);
    switch (row->value) {
    case DOC_STRING:
    case DOC_TOKEN:
        return try_text(w, field);
    case DOC_UINT:
    case DOC_HEX:
    case DOC_OCTAL:
    case DOC_BYTES:
    case DOC_COUNT:
    case DOC_INT:
    case DOC_KIB:
        return try_number(w, row, field);
    case DOC_ENUM:
        return try_enum(w, p, field);
    default:
        return try_other(w, row, field);
    }
}

// ---- the walk

static void walk_rows(struct walk *w, const struct doc_type *t, void *obj, const char *path);

static void walk_field(struct walk *w, const struct doc_row *row, void *obj, const char *path)
{
    struct place *p = find_place(w, row, path);
    if (!p || p->seen)
        return;
    void *field = row->place == DOC_ELEM ? (char *)obj + row->present_at - 1 : doc_field(row, obj);
    p->seen = try_field(w, p, field);
    p->reached = true;
}

static void walk_children(struct walk *w, const struct doc_row *row, void *obj, const char *path)
{
    void *field = doc_field(row, obj), *child;
    if (row->place == DOC_ELEM) {
        walk_rows(w, row->type, field, path);
    } else if (row->place == DOC_CHILD) {
        memcpy(&child, field, sizeof(child));
        if (child)
            walk_rows(w, row->type, child, path);
    } else if (row->place == DOC_LIST) {
        struct doc_vec list;
        memcpy(&list, field, sizeof(list));
        for (size_t i = 0; i < list.n; i++)
            walk_rows(w, row->type, list.v[i], path);
    }
}

static void walk_rows(struct walk *w, const struct doc_type *t, void *obj, const char *path)
{
    for (size_t i = 0; i < t->nrows; i++) {
        const struct doc_row *row = &t->rows[i];
        if (!is_testable(row) || !doc_row_applies(t, row, obj))
            continue;
        if (row->place == DOC_INCLUDE) {
            walk_rows(w, row->type, doc_field(row, obj), path);
            continue;
        }
        AUTO_FREE char *at = row_path(w, t, row, path);
        if (has_field(row))
            walk_field(w, row, obj, at);
        walk_children(w, row, obj, at);
    }
}

static void walk_document(struct walk *w, const char *xml)
{
    const struct doc *d = w->s->doc;
    AUTO_ERROR err = ERROR_INIT;
    w->root = xcalloc(1, d->type->size);
    if (doc_parse(d, xml, strlen(xml), 0, w->root, &err) < 0) {
        fprintf(stderr, "%.200s\n%s\n", xml, error_message(&err));
        exit(1);
    }
    w->xml = doc_format(d, w->root, DOC_WITH_SECRETS);
    w->baseline = w->s->outcome(w->xml, w->s->arg);
    AUTO_FREE char *again = w->s->outcome(w->xml, w->s->arg);
    CHECK_STR(again, w->baseline);
    walk_rows(w, d->type, w->root, d->root);
    free(w->baseline);
    free(w->xml);
    doc_finish(d->type, w->root);
    free(w->root);
}

// ---- the verdict

// Whether the file that is said to act on the row has the text.
static bool is_proved(const struct rows_exempt *e)
{
    AUTO_FREE char *path = xasprintf("%s/%s", SOURCE_DIR, e->proof);
    AUTO_FREE char *source = NULL;
    return file_read(path, 1 << 20, &source, NULL) == 0 && strstr(source, e->text);
}

// "path", "path=value", or "path*" for all that begin with it.
static bool exempts(const struct rows_exempt *e, const struct place *p)
{
    size_t n = strcspn(e->path, "=*");
    return strncmp(e->path, p->path, n) == 0 && (e->path[n] == '*' || !p->path[n]);
}

static unsigned judge_exempt(const struct walk *w, const struct rows_exempt *e)
{
    bool needed = false, found = false, value = strchr(e->path, '=');
    VEC_FOREACH (it, &w->places) {
        if (!exempts(e, *it))
            continue;
        found = true;
        needed |= value || !(*it)->seen;
        if (!value)
            (*it)->exempt_for = e->reason;
    }
    const char *wrong = !found                      ? "there is no such row"
                        : !needed                   ? "a change of it is seen"
                        : e->proof && !is_proved(e) ? "its proof does not mention it"
                                                    : NULL;
    if (wrong)
        fprintf(stderr, "exempt without need: %s: %s\n", e->path, wrong);
    return wrong != NULL;
}

static unsigned judge_place(const struct place *p)
{
    if (p->seen || p->exempt_for)
        return 0;
    if (!p->reached) {
        fprintf(stderr, "no fixture has it: %s\n", p->path);
        return 1;
    }
    fprintf(stderr, "ignored: %s", p->path);
    for (unsigned v = 1; p->row->value == DOC_ENUM && v < p->row->values->n; v++) {
        if (p->same & DOC_BIT(v))
            fprintf(stderr, " =%s", p->row->values->names[v]);
    }
    fprintf(stderr, "\n");
    return 1;
}

unsigned rows_check(const struct rows_subject *s, char *const *documents, size_t n)
{
    struct walk w = {.s = s};
    list_rows(&w, s->doc->type, s->doc->root, &(struct context){0});
    for (size_t i = 0; i < n; i++)
        walk_document(&w, documents[i]);
    unsigned wrong = 0;
    for (size_t i = 0; i < s->nexempt; i++)
        wrong += judge_exempt(&w, &s->exempt[i]);
    VEC_FOREACH (it, &w.places)
        wrong += judge_place(*it);
    printf("%zu rows of <%s>, %zu exempt, %u wrong\n", w.places.n, s->doc->root, s->nexempt, wrong);
    VEC_FOREACH (it, &w.places) {
        free((*it)->path);
        free(*it);
    }
    vec_finish(&w.places);
    return wrong;
}
