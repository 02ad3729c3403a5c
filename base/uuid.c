// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/uuid.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct uuid uuid_random(void)
{
    struct uuid u;
    if (getrandom(u.b, sizeof(u.b), 0) != sizeof(u.b))
        abort(); // 16 bytes are never short once the pool is initialized
    u.b[6] = (uint8_t)((u.b[6] & 0x0f) | 0x40);
    u.b[8] = (uint8_t)((u.b[8] & 0x3f) | 0x80);
    return u;
}

int uuid_parse(const char *text, struct uuid *ret)
{
    struct uuid u;
    int n = 0;
    for (const char *p = text; *p;) {
        if (*p == '-') {
            p++;
            continue;
        }
        if (n == UUID_SIZE || !isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]))
            return -EINVAL;
        char pair[3] = {p[0], p[1], 0};
        u.b[n++] = (uint8_t)strtoul(pair, NULL, 16);
        p += 2;
    }
    if (n != UUID_SIZE)
        return -EINVAL;
    *ret = u;
    return 0;
}

const char *uuid_format(const struct uuid *u, char buf[static UUID_TEXT_SIZE])
{
    char *p = buf;
    for (int i = 0; i < UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        snprintf(p, 3, "%02x", u->b[i]);
        p += 2;
    }
    return buf;
}
