// SPDX-License-Identifier: GPL-2.0-or-later
#include "api/metadata.h"
#include "base/str.h"
#include "schemas/domain/def.h"

static int refuse_type(struct api_metadata m, int32_t type, struct error *err)
{
    return error_set(err, ERROR_INVALID_ARG, m.area, "unknown metadata type %d", type);
}

int api_metadata_get(struct arena *a, struct api_metadata m, int32_t type, const char *uri,
                     const char **ret, struct error *err)
{
    AUTO_FREE char *element = NULL;
    const char *text = NULL;
    switch (type) {
    case VIR_DOMAIN_METADATA_DESCRIPTION:
        text = *m.description;
        break;
    case VIR_DOMAIN_METADATA_TITLE:
        text = *m.title;
        break;
    case VIR_DOMAIN_METADATA_ELEMENT:
        if (!uri)
            return error_set(err, ERROR_INVALID_ARG, m.area,
                             "metadata of type element is found by its uri, and there is none");
        text = element = *m.elements ? domain_metadata_get(*m.elements, uri) : NULL;
        break;
    default:
        return refuse_type(m, type, err);
    }
    if (!text)
        return error_set(err, ERROR_NO_DOMAIN_METADATA, m.area,
                         "Requested metadata element is not present");
    *ret = arena_strdup(a, text);
    return 0;
}

int api_metadata_set(struct api_metadata m, const struct api_metadata_change *c, struct error *err)
{
    const char *text = c->text && *c->text ? c->text : NULL;
    switch (c->type) {
    case VIR_DOMAIN_METADATA_DESCRIPTION:
        str_replace(m.description, text);
        return 0;
    case VIR_DOMAIN_METADATA_TITLE:
        if (text && strchr(text, '\n'))
            return error_set(err, ERROR_INVALID_ARG, m.area, "a title must be one line");
        str_replace(m.title, text);
        return 0;
    case VIR_DOMAIN_METADATA_ELEMENT:
        if (!c->uri || (c->text && !c->key))
            return error_set(err, ERROR_INVALID_ARG, m.area,
                             "metadata of type element needs a key and a uri");
        return domain_metadata_set(m.elements, c->key, c->uri, c->text, err);
    default:
        return refuse_type(m, c->type, err);
    }
}
