// SPDX-License-Identifier: LGPL-2.1-or-later
// The values a described document is made of (schemas/doc.h). "Not given" is always all zeroes: a
// NULL string, an enum's 0, TOGGLE_UNSET, an opt_ value that is not set.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/uuid.h"

// 'yes'/'no' and 'on'/'off' attributes.
enum toggle { TOGGLE_UNSET = 0, TOGGLE_YES, TOGGLE_NO };

// What is in force when nothing was said.
static inline bool toggle_or(enum toggle t, bool otherwise)
{
    return t == TOGGLE_UNSET ? otherwise : t == TOGGLE_YES;
}

// How a macvtap shares its lower interface with others.
enum direct_mode {
    DIRECT_NONE,
    DIRECT_VEPA,        // everything goes to the switch, which may send it back
    DIRECT_PRIVATE,     // they don't reach each other
    DIRECT_BRIDGE,      // they reach each other
    DIRECT_PASSTHROUGH, // not at all: it is the only one
};

struct opt_uint {
    bool set;
    uint64_t value;
};
#define OPT_UINT(v) ((struct opt_uint){.set = true, .value = (v)})
static inline bool opt_uint_eq(const struct opt_uint *a, const struct opt_uint *b)
{
    return a->set == b->set && (!a->set || a->value == b->value);
}

struct opt_int {
    bool set;
    int64_t value;
};
#define OPT_INT(v) ((struct opt_int){.set = true, .value = (v)})

struct opt_uuid {
    bool set;
    struct uuid value;
};

struct opt_mac {
    bool set;
    uint8_t b[6];
};

enum { OPT_MAC_TEXT_SIZE = 18 };
// "52:54:00:ab:cd:ef"; returns buf.
const char *opt_mac_format(const struct opt_mac *m, char buf[static OPT_MAC_TEXT_SIZE]);
// Six hexadecimal pairs with colons. 0 or -EINVAL.
int opt_mac_parse(const char *text, struct opt_mac *ret);
