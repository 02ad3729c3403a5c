// SPDX-License-Identifier: LGPL-2.1-or-later
// Definitions on disk: DIR/NAME.xml, one for each object, replaced atomically and made durable
// before a client is told that it is stored. The empty file DIR/autostart/NAME.xml marks those
// started with the host.
#pragma once

#include "base/error.h"
#include "base/task.h"

struct store {
    const char *dir;
    const char *kind; // what is stored, for messages: "guest"
    enum error_area area;
};

enum { STORE_FILE_MAX = 16 << 20 }; // more than a document that is accepted can be formatted to

// These suspend, but with t NULL: at start-up.
int store_save(struct task *t, const struct store *s, const char *name, const char *xml,
               struct error *err);
// With its mark.
int store_remove(struct task *t, const struct store *s, const char *name, struct error *err);
int store_mark(struct task *t, const struct store *s, const char *name, bool autostart,
               struct error *err);
bool store_is_marked(const struct store *s, const char *name);

// Parses one file; `file` is its name in the directory. -1: it is damaged, err says how.
typedef int (*store_fn)(const struct store *s, const char *file, const char *xml, size_t len,
                        void *arg, struct error *err);
// Fails when a definition of that name doesn't belong into that file: it would come back after its
// object was undefined.
int store_check_name(const struct store *s, const char *file, const char *name, struct error *err);
// Reads all; what is damaged is set aside as NAME.xml.damaged and logged.
void store_load(const struct store *s, store_fn fn, void *arg);
// Reads all and says on stderr what is wrong with which; changes nothing. Returns how many are
// damaged, of *total.
size_t store_check(const struct store *s, store_fn fn, void *arg, size_t *total);
