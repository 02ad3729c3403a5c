// SPDX-License-Identifier: LGPL-2.1-or-later
// The value types: read from text, written as text, cleared, and their RELAX NG patterns. A new
// type is one more case in each of these five functions.
#include "schemas/doc/internal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static const char *const yesno_names[] = {NULL, "yes", "no"};
const struct doc_enum doc_yesno_values = DOC_ENUM_VALUES_(yesno_names);
static const char *const onoff_names[] = {NULL, "on", "off"};
const struct doc_enum doc_onoff_values = DOC_ENUM_VALUES_(onoff_names);
static const char *const direct_mode_names[] = {NULL, "vepa", "private", "bridge", "passthrough"};
const struct doc_enum doc_direct_mode_values = DOC_ENUM_VALUES_(direct_mode_names);

const char *doc_enum_name(const struct doc_enum *w, unsigned value)
{
    return value < w->n && w->names[value] ? w->names[value] : "?";
}

const char *opt_mac_format(const struct opt_mac *m, char buf[static OPT_MAC_TEXT_SIZE])
{
    snprintf(buf, OPT_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2],
             m->b[3], m->b[4], m->b[5]);
    return buf;
}

int opt_mac_parse(const char *text, struct opt_mac *ret)
{
    struct opt_mac m = {.set = true};
    for (int i = 0; i < 6; i++) {
        // One digit or two, as libvirt reads them.
        unsigned digits = 0, value = 0;
        for (; digits < 2 && isxdigit((unsigned char)*text); digits++, text++) {
            int c = tolower((unsigned char)*text);
            value = value * 16 + (unsigned)(isdigit(c) ? c - '0' : c - 'a' + 10);
        }
        if (!digits || *text != (i < 5 ? ':' : 0))
            return -EINVAL;
        text++;
        m.b[i] = (uint8_t)value;
    }
    *ret = m;
    return 0;
}

// ---- reading

static char *range_text(const struct doc_row *row)
{
    if (row->value == DOC_HEX)
        return xasprintf("is not a number from 0 to 0x%" PRIx64, row->max);
    if (row->max && row->max < INT64_MAX)
        return xasprintf("is not a whole number from %" PRId64 " to %" PRId64, row->min, row->max);
    return xasprintf("is not a whole number of at least %" PRId64, row->min);
}

static int read_unsigned(const struct doc_row *row, const char *text, uint64_t *ret, char **why)
{
    bool hex = row->value == DOC_HEX && (str_starts(text, "0x") || str_starts(text, "0X"));
    uint64_t max = row->max ? (uint64_t)row->max : UINT64_MAX;
    if (!isdigit((unsigned char)*text) || str_to_u64(text, hex ? 16 : 10, max, ret) < 0 ||
        (row->min > 0 && *ret < (uint64_t)row->min)) {
        *why = range_text(row);
        return -1;
    }
    return 0;
}

// Bytes in a unit, 0 for an unknown unit.
static uint64_t unit_bytes(const char *unit)
{
    if (strcasecmp(unit, "b") == 0 || strcasecmp(unit, "bytes") == 0 ||
        strcasecmp(unit, "byte") == 0)
        return 1;
    static const char letters[] = "kmgtpe";
    const char *at = *unit ? strchr(letters, tolower((unsigned char)*unit)) : NULL;
    if (!at)
        return 0;
    uint64_t base = 1024;
    if (strcasecmp(unit + 1, "b") == 0)
        base = 1000;
    else if (unit[1] && strcasecmp(unit + 1, "ib") != 0)
        return 0;
    uint64_t bytes = 1;
    for (const char *p = letters; p <= at; p++)
        bytes *= base;
    return bytes;
}

static int read_bytes(const char *text, const char *unit, uint64_t otherwise, uint64_t *ret,
                      char **why)
{
    uint64_t n, bytes = unit ? unit_bytes(unit) : otherwise;
    if (!bytes) {
        *why = xasprintf("has the unit '%s', which is none of: b, KB, KiB, MB, MiB, GB, GiB, TB, "
                         "TiB, PB, PiB, EB, EiB",
                         unit);
        return -1;
    }
    if (!isdigit((unsigned char)*text) || str_to_u64(text, 10, UINT64_MAX, &n) < 0) {
        *why = xstrdup("is not a whole number");
        return -1;
    }
    // libvirt's bound: what fits a signed 64-bit number of bytes.
    if (__builtin_mul_overflow(n, bytes, ret) || *ret > INT64_MAX) {
        *why = xstrdup("is too large");
        return -1;
    }
    return 0;
}

// Parts of a KiB count as one.
static int read_kib(const char *text, const char *unit, uint64_t *ret, char **why)
{
    uint64_t total;
    if (read_bytes(text, unit, 1024, &total, why) < 0)
        return -1;
    *ret = total / 1024 + (total % 1024 != 0);
    return 0;
}

static int read_octal(const struct doc_row *row, const char *text, uint64_t *ret, char **why)
{
    if (strspn(text, "01234567") == strlen(text) &&
        str_to_u64(text, 8, (uint64_t)row->max, ret) == 0)
        return 0;
    *why = xasprintf("is not an octal number from 0 to 0%" PRIo64, (uint64_t)row->max);
    return -1;
}

static bool is_listed(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; p && n && (p = strstr(p, name)); p += n)
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

static int read_enum(const struct doc_row *row, const char *text, unsigned *ret, char **why,
                     bool *refused)
{
    const struct doc_enum *w = row->values;
    for (unsigned i = 0; i < w->n; i++) {
        if (w->names[i] && strcmp(w->names[i], text) == 0) {
            *ret = i;
            return 0;
        }
    }
    AUTO_STRBUF all = {0};
    for (unsigned i = 0; i < w->n; i++) {
        if (w->names[i])
            strbuf_printf(&all, "%s%s", all.len ? ", " : "", w->names[i]);
    }
    *refused = is_listed(w->refused, text);
    if (*refused)
        *why = xasprintf("is not supported by vireo yet; it can be: %s", strbuf_text(&all));
    else
        *why = xasprintf("is none of: %s", strbuf_text(&all));
    return -1;
}

static char *trimmed(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strlen(text);
    while (n && isspace((unsigned char)text[n - 1]))
        n--;
    return xstrndup(text, n);
}

int doc_value_read(const struct doc_row *row, void *field, const char *text, const char *unit,
                   char **why, bool *refused)
{
    *refused = false;
    if (row->value == DOC_STRING) {
        str_replace(field, text);
        return 0;
    }
    AUTO_FREE char *t = trimmed(text);
    uint64_t u;
    int64_t i;
    unsigned value;
    switch (row->value) {
    case DOC_TOKEN:
        if (!*t) {
            *why = xstrdup("is empty");
            return -1;
        }
        str_replace(field, t);
        return 0;
    case DOC_UINT:
    case DOC_HEX:
        if (read_unsigned(row, t, &u, why) < 0)
            return -1;
        memcpy(field, &OPT_UINT(u), sizeof(struct opt_uint));
        return 0;
    case DOC_COUNT:
        if (read_unsigned(row, t, &u, why) < 0)
            return -1;
        memcpy(field, &u, sizeof(u));
        return 0;
    case DOC_OCTAL:
    case DOC_BYTES:
        if ((row->value == DOC_OCTAL ? read_octal(row, t, &u, why)
                                     : read_bytes(t, unit, 1, &u, why)) < 0)
            return -1;
        memcpy(field, &OPT_UINT(u), sizeof(struct opt_uint));
        return 0;
    case DOC_INT:
        if (str_to_i64(t, row->min, row->max ? row->max : INT64_MAX, &i) < 0) {
            *why = range_text(row);
            return -1;
        }
        memcpy(field, &OPT_INT(i), sizeof(struct opt_int));
        return 0;
    case DOC_ENUM:
        if (read_enum(row, t, &value, why, refused) < 0)
            return -1;
        memcpy(field, &value, sizeof(value));
        return 0;
    case DOC_UUID: {
        struct opt_uuid id = {.set = true};
        if (uuid_parse(t, &id.value) < 0) {
            *why = xstrdup("is not a UUID (8-4-4-4-12 hexadecimal digits)");
            return -1;
        }
        memcpy(field, &id, sizeof(id));
        return 0;
    }
    case DOC_MAC:
        if (opt_mac_parse(t, field) < 0) {
            *why = xstrdup("is not a MAC address such as 52:54:00:12:34:56");
            return -1;
        }
        return 0;
    case DOC_IP:
        if (ip_parse(t, field) < 0) {
            *why = xstrdup("is not an IP address such as 192.168.122.1 or fd00::1");
            return -1;
        }
        return 0;
    case DOC_KIB:
        if (read_kib(t, unit, &u, why) < 0)
            return -1;
        if (!u && (row->flags & DOC_REQUIRED)) {
            *why = xstrdup("must be more than 0");
            return -1;
        }
        memcpy(field, &u, sizeof(u));
        return 0;
    default:
        *why = xstrdup("cannot be read");
        return -1;
    }
}

// ---- state and writing

bool doc_value_is_set(const struct doc_row *row, const void *field)
{
    switch (row->value) {
    case DOC_STRING:
    case DOC_TOKEN:
        return *(char *const *)field != NULL;
    case DOC_UINT:
    case DOC_HEX:
    case DOC_OCTAL:
    case DOC_BYTES:
        return ((const struct opt_uint *)field)->set;
    case DOC_INT:
        return ((const struct opt_int *)field)->set;
    case DOC_COUNT:
    case DOC_KIB:
        return *(const uint64_t *)field != 0;
    case DOC_ENUM: {
        unsigned v = doc_load_enum(field);
        return v < row->values->n && row->values->names[v];
    }
    case DOC_PRESENCE:
        return *(const bool *)field;
    case DOC_UUID:
        return ((const struct opt_uuid *)field)->set;
    case DOC_MAC:
        return ((const struct opt_mac *)field)->set;
    case DOC_IP:
        return ((const struct ip_addr *)field)->family != 0;
    default:
        return false;
    }
}

// In attributes a parser turns line ends and tabs into spaces, in text it turns \r into \n: those
// go out as references, so that they come back.
void doc_add_text(struct strbuf *out, const char *text, bool attribute)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\r' || (attribute && (*p == '\n' || *p == '\t'))) {
            strbuf_printf(out, "&#%d;", *p);
        } else {
            char one[2] = {*p, 0};
            strbuf_add_xml(out, one);
        }
    }
}

void doc_value_write(const struct doc_row *row, const void *field, struct strbuf *out)
{
    char buf[IP_TEXT_SIZE]; // the longest of them
    switch (row->value) {
    case DOC_STRING:
    case DOC_TOKEN:
        doc_add_text(out, *(char *const *)field, row->place == DOC_ATTR);
        break;
    case DOC_OCTAL:
        strbuf_printf(out, "0%" PRIo64, ((const struct opt_uint *)field)->value);
        break;
    case DOC_UINT:
    case DOC_BYTES:
        strbuf_printf(out, "%" PRIu64, ((const struct opt_uint *)field)->value);
        break;
    case DOC_HEX:
        strbuf_printf(out, "0x%0*" PRIx64, (int)row->digits,
                      ((const struct opt_uint *)field)->value);
        break;
    case DOC_INT:
        strbuf_printf(out, "%" PRId64, ((const struct opt_int *)field)->value);
        break;
    case DOC_COUNT:
    case DOC_KIB:
        strbuf_printf(out, "%" PRIu64, *(const uint64_t *)field);
        break;
    case DOC_ENUM:
        strbuf_add(out, doc_enum_name(row->values, doc_load_enum(field)));
        break;
    case DOC_UUID:
        strbuf_add(out, uuid_format(&((const struct opt_uuid *)field)->value, buf));
        break;
    case DOC_MAC:
        strbuf_add(out, opt_mac_format(field, buf));
        break;
    case DOC_IP:
        strbuf_add(out, ip_format(field, buf));
        break;
    default:
        break;
    }
}

void doc_value_clear(const struct doc_row *row, void *field)
{
    switch (row->value) {
    case DOC_STRING:
    case DOC_TOKEN:
        free(*(char **)field);
        *(char **)field = NULL;
        break;
    case DOC_UINT:
    case DOC_HEX:
    case DOC_OCTAL:
    case DOC_BYTES:
        *(struct opt_uint *)field = (struct opt_uint){0};
        break;
    case DOC_INT:
        *(struct opt_int *)field = (struct opt_int){0};
        break;
    case DOC_COUNT:
    case DOC_KIB:
        *(uint64_t *)field = 0;
        break;
    case DOC_ENUM:
        memset(field, 0, sizeof(unsigned));
        break;
    case DOC_PRESENCE:
        *(bool *)field = false;
        break;
    case DOC_UUID:
        *(struct opt_uuid *)field = (struct opt_uuid){0};
        break;
    case DOC_MAC:
        *(struct opt_mac *)field = (struct opt_mac){0};
        break;
    case DOC_IP:
        *(struct ip_addr *)field = (struct ip_addr){0};
        break;
    default:
        break;
    }
}

// ---- RELAX NG

static void rng_number(const struct doc_row *row, struct strbuf *out, const char *indent)
{
    strbuf_printf(out, "%s<data type='%s'>\n", indent,
                  row->value == DOC_INT ? "long" : "unsignedLong");
    if (row->min)
        strbuf_printf(out, "%s  <param name='minInclusive'>%" PRId64 "</param>\n", indent,
                      row->min);
    if (row->max)
        strbuf_printf(out, "%s  <param name='maxInclusive'>%" PRId64 "</param>\n", indent,
                      row->max);
    strbuf_printf(out, "%s</data>\n", indent);
}

static void rng_pattern(struct strbuf *out, const char *indent, const char *pattern)
{
    strbuf_printf(out, "%s<data type='token'>\n%s  <param name='pattern'>%s</param>\n%s</data>\n",
                  indent, indent, pattern, indent);
}

void doc_value_rng(const struct doc_row *row, struct strbuf *out, const char *indent)
{
    switch (row->value) {
    case DOC_STRING:
        strbuf_printf(out, "%s<text/>\n", indent);
        break;
    case DOC_TOKEN:
        strbuf_printf(out,
                      "%s<data type='token'>\n%s  <param name='minLength'>1</param>\n%s</data>\n",
                      indent, indent, indent);
        break;
    case DOC_UINT:
    case DOC_COUNT:
    case DOC_INT:
        rng_number(row, out, indent);
        break;
    case DOC_KIB:
    case DOC_BYTES:
        strbuf_printf(out, "%s<data type='unsignedLong'/>\n", indent);
        break;
    case DOC_HEX:
        rng_pattern(out, indent, "[0-9]+|0[xX][0-9a-fA-F]+");
        break;
    case DOC_OCTAL:
        rng_pattern(out, indent, "[0-7]+");
        break;
    case DOC_ENUM:
        strbuf_printf(out, "%s<choice>\n", indent);
        for (size_t i = 0; i < row->values->n; i++) {
            if (row->values->names[i])
                strbuf_printf(out, "%s  <value>%s</value>\n", indent, row->values->names[i]);
        }
        strbuf_printf(out, "%s</choice>\n", indent);
        break;
    case DOC_UUID:
        rng_pattern(out, indent, "(-?[0-9a-fA-F]{2}){16}");
        break;
    case DOC_MAC:
        rng_pattern(out, indent, "[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}");
        break;
    case DOC_IP:
        rng_pattern(out, indent, "[0-9]+(\\.[0-9]+){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
        break;
    default:
        strbuf_printf(out, "%s<empty/>\n", indent);
    }
}
