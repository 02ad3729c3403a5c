// SPDX-License-Identifier: LGPL-2.1-or-later
// Text for terminals, programs and shells.
#pragma once

#include <stdint.h>
#include "base/str.h"

// Once, before anything below: text is UTF-8 whatever the environment says.
void text_init(void);

// `text` with what could drive a terminal (control characters, broken UTF-8) as \xNN. Returns the
// columns it takes there.
size_t text_add(struct strbuf *b, const char *text);
// In quotes, as JSON wants it; broken UTF-8 becomes U+FFFD.
void text_add_json(struct strbuf *b, const char *text);
// One word for a shell, in quotes where it needs them.
void text_add_shell(struct strbuf *b, const char *word);
// "512 KiB", "1.5 GiB"
void text_add_memory(struct strbuf *b, uint64_t kib);
// "45 s", "3 min", "2 h 5 min", "12 days 3 h"
void text_add_duration(struct strbuf *b, uint64_t seconds);

// Rows of cells (row-major, `columns` in each) under each other, two blanks between the columns.
void text_add_table(struct strbuf *b, unsigned columns, const struct strv *cells);
