// SPDX-License-Identifier: LGPL-2.1-or-later
// IP addresses and prefixes of either family as values.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { IP_TEXT_SIZE = 64 }; // address or prefix as text, with its NUL

struct ip_addr {
    int family;    // AF_INET, AF_INET6; 0: none
    uint8_t b[16]; // network order; the first 4 for AF_INET
};

struct ip_prefix {
    struct ip_addr addr; // may have host bits: "192.168.122.1/24"
    uint8_t len;         // bits
};

// Numeric addresses without zone. 0 or -EINVAL.
int ip_parse(const char *text, struct ip_addr *ret);
// "address/length"; without a length the full length. 0 or -EINVAL.
int ip_prefix_parse(const char *text, struct ip_prefix *ret);
const char *ip_format(const struct ip_addr *a, char buf[static IP_TEXT_SIZE]); // returns buf
const char *ip_prefix_format(const struct ip_prefix *p, char buf[static IP_TEXT_SIZE]);
unsigned ip_bits(const struct ip_addr *a); // 32, 128, or 0 without a family
unsigned ip_bytes(const struct ip_addr *a);
struct ip_prefix ip_prefix_network(const struct ip_prefix *p); // host bits cleared
bool ip_prefix_contains(const struct ip_prefix *p, const struct ip_addr *a);
bool ip_prefix_overlap(const struct ip_prefix *a, const struct ip_prefix *b);
int ip_compare(const struct ip_addr *a, const struct ip_addr *b); // by family, then by value
