// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { UUID_SIZE = 16, UUID_TEXT_SIZE = 37 };

struct uuid {
    uint8_t b[UUID_SIZE];
};

struct uuid uuid_random(void);
// 32 hexadecimal digits with or without hyphens, as libvirt accepts them. 0 or -EINVAL.
int uuid_parse(const char *text, struct uuid *ret);
// 8-4-4-4-12 in lower case; returns buf.
const char *uuid_format(const struct uuid *u, char buf[static UUID_TEXT_SIZE]);

static inline bool uuid_eq(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->b, b->b, UUID_SIZE) == 0;
}
