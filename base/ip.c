// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/ip.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

int ip_parse(const char *text, struct ip_addr *ret)
{
    struct ip_addr a = {0};
    if (inet_pton(AF_INET, text, a.b) == 1)
        a.family = AF_INET;
    else if (inet_pton(AF_INET6, text, a.b) == 1)
        a.family = AF_INET6;
    else
        return -EINVAL;
    *ret = a;
    return 0;
}

int ip_prefix_parse(const char *text, struct ip_prefix *ret)
{
    char buf[IP_TEXT_SIZE];
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    if (n >= sizeof(buf))
        return -EINVAL;
    memcpy(buf, text, n);
    buf[n] = '\0';
    struct ip_prefix p = {0};
    if (ip_parse(buf, &p.addr) < 0)
        return -EINVAL;
    uint64_t len = ip_bits(&p.addr);
    if (slash && str_to_u64(slash + 1, 10, len, &len) < 0)
        return -EINVAL;
    p.len = (uint8_t)len;
    *ret = p;
    return 0;
}

const char *ip_format(const struct ip_addr *a, char buf[static IP_TEXT_SIZE])
{
    if (!a->family || !inet_ntop(a->family, a->b, buf, IP_TEXT_SIZE))
        buf[0] = '\0';
    return buf;
}

const char *ip_prefix_format(const struct ip_prefix *p, char buf[static IP_TEXT_SIZE])
{
    ip_format(&p->addr, buf);
    size_t n = strlen(buf);
    snprintf(buf + n, IP_TEXT_SIZE - n, "/%u", p->len);
    return buf;
}

unsigned ip_bits(const struct ip_addr *a)
{
    return a->family == AF_INET ? 32 : a->family == AF_INET6 ? 128 : 0;
}

unsigned ip_bytes(const struct ip_addr *a)
{
    return ip_bits(a) / 8;
}

struct ip_prefix ip_prefix_network(const struct ip_prefix *p)
{
    struct ip_prefix n = *p;
    for (unsigned i = 0; i < sizeof(n.addr.b); i++) {
        unsigned kept = p->len > i * 8 ? p->len - i * 8 : 0;
        if (kept < 8)
            n.addr.b[i] &= (uint8_t)(0xff00u >> kept);
    }
    return n;
}

bool ip_prefix_contains(const struct ip_prefix *p, const struct ip_addr *a)
{
    if (p->addr.family != a->family)
        return false;
    struct ip_prefix other = {.addr = *a, .len = p->len};
    struct ip_prefix x = ip_prefix_network(p), y = ip_prefix_network(&other);
    return memcmp(x.addr.b, y.addr.b, sizeof(x.addr.b)) == 0;
}

bool ip_prefix_overlap(const struct ip_prefix *a, const struct ip_prefix *b)
{
    return a->len <= b->len ? ip_prefix_contains(a, &b->addr) : ip_prefix_contains(b, &a->addr);
}

int ip_compare(const struct ip_addr *a, const struct ip_addr *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->b, b->b, ip_bytes(a));
}
