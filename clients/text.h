// SPDX-License-Identifier: LGPL-2.1-or-later
// Text for terminals, programs and shells.
#pragma once

#include <stdint.h>
#include "base/str.h"

// Call once, before all others: text is UTF-8 whatever the locale says.
void text_init(void);

// `text` with control characters and broken UTF-8, which could drive a terminal, as \xNN. Returns
// the columns it takes.
size_t text_add(struct strbuf *b, const char *text);
// `text` as a JSON string; broken UTF-8 becomes U+FFFD.
void text_add_json(struct strbuf *b, const char *text);
// `text` as one shell argument, quoted where needed.
void text_add_shell(struct strbuf *b, const char *text);
// "512 KiB", "1.5 GiB"
void text_add_memory(struct strbuf *b, uint64_t kib);
// "45 s", "3 min", "2 h 5 min", "12 days 3 h"
void text_add_duration(struct strbuf *b, uint64_t seconds);

// A table of row-major cells, `columns` a row, with two spaces between columns.
void text_add_table(struct strbuf *b, unsigned columns, const struct strv *cells);
