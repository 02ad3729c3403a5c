// SPDX-License-Identifier: GPL-2.0-or-later
// No field of a document is accepted and then ignored: every row of its tables, set to another
// value in one of the fixtures, must change what would be done, or be refused.
#pragma once

#include <stddef.h>
#include "schemas/doc/doc.h"

// A row, or one value of an enum ("path=value"), that changes nothing the test can see.
struct rows_exempt {
    const char *path;   // as the test prints it
    const char *reason; // why it may, or who acts on it
    const char *proof;  // file below the source directory that shows it being acted on; NULL:
                        // nothing acts, on purpose
    const char *text;   // a string that this file must contain
};

struct rows_subject {
    const struct doc *doc;
    // What would be done for a document, as text; a refusal is one too. NULL: the document itself
    // is malformed, which proves nothing. Caller frees.
    char *(*outcome)(const char *xml, void *arg);
    void *arg;
    const char *const *shared; // names of tables that one module acts on for all; ends with NULL
    const struct rows_exempt *exempt;
    size_t nexempt;
};

// The number of rows that are ignored, exempt without need or in no fixture; they are listed on
// stderr.
unsigned rows_check(const struct rows_subject *s, char *const *documents, size_t n);
