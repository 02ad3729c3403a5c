// SPDX-License-Identifier: LGPL-2.1-or-later
// Names that no row describes: whether libvirt knows them, and which name was meant.
#include "schemas/doc/internal.h"

static int compare_known(const void *key, const void *item)
{
    return strcmp(key, ((const struct doc_known *)item)->element);
}

bool doc_knows(const struct doc *d, const char *element, const char *name, bool attribute)
{
    const struct doc_known *k =
        d->nknown ? bsearch(element, d->known, d->nknown, sizeof(*d->known), compare_known) : NULL;
    size_t n = strlen(name);
    for (const char *p = k ? k->names : NULL; p && *p;) {
        size_t len = strcspn(p, " ");
        bool is_attribute = *p == '@';
        if (is_attribute == attribute && len - is_attribute == n &&
            memcmp(p + is_attribute, name, n) == 0)
            return true;
        p += len + (p[len] == ' ');
    }
    return false;
}

enum { NAME_MAX_LEN = 32 };

// Edits (insert, drop, change, swap neighbours) from a to b.
static unsigned distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned row[3][NAME_MAX_LEN + 1];
    if (n > NAME_MAX_LEN || m > NAME_MAX_LEN)
        return NAME_MAX_LEN;
    for (unsigned j = 0; j <= m; j++)
        row[0][j] = j;
    for (unsigned i = 1; i <= n; i++) {
        unsigned *now = row[i % 3], *before = row[(i + 2) % 3], *older = row[(i + 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= m; j++) {
            unsigned best = before[j - 1] + (a[i - 1] != b[j - 1]);
            if (before[j] + 1 < best)
                best = before[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                older[j - 2] + 1 < best)
                best = older[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[n % 3][m];
}

static void search(const struct doc_type *t, const char *name, bool attribute, const char **best,
                   unsigned *best_distance)
{
    for (size_t i = 0; i < t->nrows; i++) {
        const struct doc_row *row = &t->rows[i];
        if (row->place == DOC_INCLUDE) {
            search(row->type, name, attribute, best, best_distance);
            continue;
        }
        if (row->place == DOC_TEXT || (row->place == DOC_ATTR) != attribute)
            continue;
        unsigned apart = distance(name, row->name);
        if (apart < *best_distance) {
            *best = row->name;
            *best_distance = apart;
        }
    }
}

const char *doc_similar(const struct doc_type *t, const char *name, bool attribute)
{
    const char *best = NULL;
    unsigned near = strlen(name) <= 4 ? 2 : 3;
    search(t, name, attribute, &best, &near);
    return best;
}
