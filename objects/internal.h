// SPDX-License-Identifier: GPL-2.0-or-later
// Inside objects/.
#pragma once

#include "objects/object.h"

// object.c
const char *object_def_name(const struct object_class *class, const void *def); // borrowed
// A new object with a definition's name and UUID; not yet with the definition.
struct object *objects_add_def(struct object_table *table, const void *def);
// The object that a definition is about; *ret NULL: a new one. Fails when another object has its
// name or its UUID. Objects that are being stored for the first time count.
int objects_find_place(struct object_table *table, const void *def, struct object **ret,
                       struct error *err);

// store.c
int object_store_remove(struct task *t, struct object *o, struct error *err); // with its mark
