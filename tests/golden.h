// SPDX-License-Identifier: GPL-2.0-or-later
// Text compared with a file; VIREO_GOLDEN_WRITE=1 in the environment writes the file instead.
#pragma once

#include "base/file.h"
#include "base/str.h"
#include "tests/check.h"

static inline bool golden_write(void)
{
    return str_eq(getenv("VIREO_GOLDEN_WRITE"), "1");
}

static inline void golden_compare(const char *path, const char *got)
{
    AUTO_FREE char *want = NULL;
    if (golden_write())
        CHECK_INT(file_write_volatile(path, got, strlen(got), 0644), 0);
    if (file_read(path, 4 * 1024 * 1024, &want, NULL) < 0) {
        fprintf(stderr, "no golden %s: VIREO_GOLDEN_WRITE=1 writes it\n", path);
        exit(1);
    }
    if (strcmp(got, want) == 0)
        return;
    size_t same = 0;
    for (size_t i = 0; got[i] == want[i]; i++)
        same = got[i] == '\n' ? i + 1 : same;
    fprintf(stderr, "%s: the first line that differs is\n%.*s\nnot\n%.*s\nin\n%s\n", path,
            (int)strcspn(got + same, "\n"), got + same, (int)strcspn(want + same, "\n"),
            want + same, got);
    exit(1);
}
