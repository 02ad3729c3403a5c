// SPDX-License-Identifier: GPL-2.0-or-later
// Title, description and the application's own elements, of domains and of networks.
#pragma once

#include "api/handlers.h"

// Where a definition keeps them, and what the errors are about.
struct api_metadata {
    char **title, **description, **elements;
    enum error_area area;
};

// What the two calls have been given: `type` is enum virDomainMetadataType.
struct api_metadata_change {
    int32_t type;
    const char *text, *key, *uri;
};

// For a client that asks; in the arena.
int api_metadata_get(struct arena *a, struct api_metadata m, int32_t type, const char *uri,
                     const char **ret, struct error *err);
int api_metadata_set(struct api_metadata m, const struct api_metadata_change *change,
                     struct error *err);
