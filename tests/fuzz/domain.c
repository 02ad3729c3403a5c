// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a domain document: parse never misbehaves, and what it accepts is stable.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "qemu/complete.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *once(const char *xml, size_t len, unsigned flags)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = domain_def_parse(xml, len, flags, &err);
    if (!def) {
        if (!err.message)
            abort();
        return NULL;
    }
    struct domain_def *copy = domain_def_copy(def);
    char *text = domain_def_format(copy, DOMAIN_XML_STATE);
    domain_def_destroy(copy);
    (void)complete_definition(def, &(struct complete_facts){0}, &err);
    domain_def_destroy(def);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_set_level(LOG_LEVEL_ERROR); // not a line for all that is ignored
    AUTO_FREE char *first = once((const char *)data, size, DOMAIN_PARSE_LIVE);
    if (!first)
        return 0;
    AUTO_FREE char *second = once(first, strlen(first), DOMAIN_PARSE_LIVE);
    if (!second || strcmp(first, second) != 0)
        abort();
    return 0;
}
