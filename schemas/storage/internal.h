// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables of the storage documents.
#pragma once

#include "schemas/doc/doc.h"
#include "schemas/storage/def.h"

extern const struct doc pool_doc, volume_doc;
