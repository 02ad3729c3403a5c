// SPDX-License-Identifier: GPL-2.0-or-later
// Text compared with a file below golden/; UPDATE_GOLDEN=1 in the environment writes it anew.
#pragma once

#include "base/file.h"
#include "tests/check.h"

static inline void golden_compare(const char *name, const char *got)
{
    AUTO_FREE char *path = xasprintf("golden/%s", name);
    AUTO_FREE char *want = NULL;
    if (getenv("UPDATE_GOLDEN")) {
        FILE *f = fopen(path, "we");
        CHECK(f && fputs(got, f) >= 0 && fclose(f) == 0);
        return;
    }
    if (file_read(path, 1024 * 1024, &want, NULL) < 0) {
        fprintf(stderr, "no golden %s: UPDATE_GOLDEN=1 writes it\n", path);
        exit(1);
    }
    if (strcmp(got, want) == 0)
        return;
    size_t same = 0;
    for (size_t i = 0; got[i] == want[i]; i++)
        same = got[i] == '\n' ? i + 1 : same;
    fprintf(stderr, "%s: got\n%.*s\nnot\n%.*s\n", path, (int)strcspn(got + same, "\n"), got + same,
            (int)strcspn(want + same, "\n"), want + same);
    exit(1);
}
