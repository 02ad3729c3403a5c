// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// An entry is one block: the header (addresses, interfaces, protocol), the matches, the target;
// each part aligned by XT_ALIGN and preceded by its own header with name, revision and size.
// target_offset and next_offset say where the parts end. The two families differ in the header.
#include "firewall/ipt_entry.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_CHECKSUM.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <stddef.h>

// Without the padding at its end, which may hold anything.
enum { IP6_HEADER_SIZE = offsetof(struct ip6t_ip6, invflags) + 1 };

static size_t header_size(enum rule_family f)
{
    return f == RULE_V6 ? XT_ALIGN(sizeof(struct ip6t_entry)) : XT_ALIGN(sizeof(struct ipt_entry));
}

static size_t target_offset(enum rule_family f, const void *e)
{
    return f == RULE_V6 ? ((const struct ip6t_entry *)e)->target_offset
                        : ((const struct ipt_entry *)e)->target_offset;
}

static size_t entry_size(enum rule_family f, const void *e)
{
    return f == RULE_V6 ? ((const struct ip6t_entry *)e)->next_offset
                        : ((const struct ipt_entry *)e)->next_offset;
}

static void pad(struct strbuf *b)
{
    while (b->len % XT_ALIGN(1))
        strbuf_addc(b, '\0');
}

static void add_match(struct strbuf *b, const char *name, uint8_t revision, const void *data,
                      size_t size)
{
    struct xt_entry_match m = {0};
    m.u.user.match_size = (uint16_t)(XT_ALIGN(sizeof(m)) + XT_ALIGN(size));
    m.u.user.revision = revision;
    strncpy(m.u.user.name, name, sizeof(m.u.user.name) - 1);
    strbuf_addn(b, &m, sizeof(m));
    pad(b);
    strbuf_addn(b, data, size);
    pad(b);
}

static void add_target(struct strbuf *b, const char *name, uint8_t revision, const void *data,
                       size_t size)
{
    struct xt_entry_target t = {0};
    int verdict = 0; // of a jump or verdict: libiptc fills it in by name
    if (!data) {
        data = &verdict;
        size = sizeof(verdict);
    }
    t.u.user.target_size = (uint16_t)(XT_ALIGN(sizeof(t)) + XT_ALIGN(size));
    t.u.user.revision = revision;
    strncpy(t.u.user.name, name, sizeof(t.u.user.name) - 1);
    strbuf_addn(b, &t, sizeof(t));
    pad(b);
    strbuf_addn(b, data, size);
    pad(b);
}

static void add_comment(struct strbuf *b, const char *text)
{
    struct xt_comment_info info = {0};
    strncpy((char *)info.comment, text, sizeof(info.comment) - 1);
    add_match(b, "comment", 0, &info, sizeof(info));
}

static void add_matches(struct strbuf *b, const struct rule *r)
{
    if (r->port && r->protocol == IPPROTO_TCP) {
        struct xt_tcp tcp;
        memset(&tcp, 0, sizeof(tcp)); // padding counts when entries are compared
        tcp.spts[1] = 0xffff;
        tcp.dpts[0] = tcp.dpts[1] = r->port;
        add_match(b, "tcp", 0, &tcp, sizeof(tcp));
    } else if (r->port) {
        struct xt_udp udp;
        memset(&udp, 0, sizeof(udp));
        udp.spts[1] = 0xffff;
        udp.dpts[0] = udp.dpts[1] = r->port;
        add_match(b, "udp", 0, &udp, sizeof(udp));
    }
    if (r->established) {
        struct xt_conntrack_mtinfo3 ct;
        memset(&ct, 0, sizeof(ct));
        ct.match_flags = XT_CONNTRACK_STATE;
        ct.state_mask =
            XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) | XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
        add_match(b, "conntrack", 3, &ct, sizeof(ct));
    }
}

static void add_nat4(struct strbuf *b, const struct rule *r)
{
    struct nf_nat_ipv4_multi_range_compat nat;
    memset(&nat, 0, sizeof(nat));
    nat.rangesize = 1;
    struct nf_nat_ipv4_range *range = &nat.range[0];
    if (r->nat_first.family) {
        range->flags |= NF_NAT_RANGE_MAP_IPS;
        memcpy(&range->min_ip, r->nat_first.b, 4);
        memcpy(&range->max_ip, r->nat_last.b, 4);
    }
    if (r->port_first) {
        range->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
        range->min.all = htons(r->port_first);
        range->max.all = htons(r->port_last);
    }
    add_target(b, r->nat_first.family ? "SNAT" : "MASQUERADE", 0, &nat, sizeof(nat));
}

static void add_nat6(struct strbuf *b, const struct rule *r)
{
    struct nf_nat_range range;
    memset(&range, 0, sizeof(range));
    if (r->nat_first.family) {
        range.flags |= NF_NAT_RANGE_MAP_IPS;
        memcpy(&range.min_addr, r->nat_first.b, 16);
        memcpy(&range.max_addr, r->nat_last.b, 16);
    }
    if (r->port_first) {
        range.flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
        range.min_proto.all = htons(r->port_first);
        range.max_proto.all = htons(r->port_last);
    }
    // Revision 0 of SNAT is IPv4's alone.
    bool snat = r->nat_first.family != 0;
    add_target(b, snat ? "SNAT" : "MASQUERADE", snat ? 1 : 0, &range, sizeof(range));
}

static void add_action(struct strbuf *b, enum rule_family f, const struct rule *r)
{
    struct ipt_reject_info reject4 = {.with = IPT_ICMP_PORT_UNREACHABLE};
    struct ip6t_reject_info reject6 = {.with = IP6T_ICMP6_PORT_UNREACH};
    struct xt_CHECKSUM_info checksum = {.operation = XT_CHECKSUM_OP_FILL};
    switch (r->action) {
    case RULE_ACCEPT:
        add_target(b, "ACCEPT", 0, NULL, 0);
        break;
    case RULE_RETURN:
        add_target(b, "RETURN", 0, NULL, 0);
        break;
    case RULE_REJECT:
        if (f == RULE_V6)
            add_target(b, "REJECT", 0, &reject6, sizeof(reject6));
        else
            add_target(b, "REJECT", 0, &reject4, sizeof(reject4));
        break;
    case RULE_FILL_CHECKSUM:
        add_target(b, "CHECKSUM", 0, &checksum, sizeof(checksum));
        break;
    case RULE_SOURCE_NAT:
        if (f == RULE_V6)
            add_nat6(b, r);
        else
            add_nat4(b, r);
        break;
    }
}

static void fill_mask(uint8_t *mask, const struct ip_prefix *p)
{
    struct ip_prefix ones = *p;
    memset(ones.addr.b, 0xff, sizeof(ones.addr.b));
    ones = ip_prefix_network(&ones);
    memcpy(mask, ones.addr.b, ip_bytes(&p->addr));
}

static void fill_interface(char *name, unsigned char *mask, const char *interface)
{
    size_t n = interface ? strlen(interface) : 0;
    if (n == 0)
        return;
    memcpy(name, interface, n + 1);
    memset(mask, 0xff, n + 1);
}

static void fill_header(enum rule_family f, void *entry, const struct rule *r, const char *in,
                        const char *out)
{
    if (f == RULE_V6) {
        struct ip6t_ip6 *h = &((struct ip6t_entry *)entry)->ipv6;
        fill_interface(h->iniface, h->iniface_mask, in);
        fill_interface(h->outiface, h->outiface_mask, out);
        if (!r)
            return;
        memcpy(&h->src, r->src.addr.b, 16);
        memcpy(&h->dst, r->dst.addr.b, 16);
        fill_mask((uint8_t *)&h->smsk, &r->src);
        fill_mask((uint8_t *)&h->dmsk, &r->dst);
        h->proto = r->protocol;
        h->flags = r->protocol ? IP6T_F_PROTO : 0;
        h->invflags = r->not_dst ? IP6T_INV_DSTIP : 0;
        return;
    }
    struct ipt_ip *h = &((struct ipt_entry *)entry)->ip;
    fill_interface(h->iniface, h->iniface_mask, in);
    fill_interface(h->outiface, h->outiface_mask, out);
    if (!r)
        return;
    memcpy(&h->src, r->src.addr.b, 4);
    memcpy(&h->dst, r->dst.addr.b, 4);
    fill_mask((uint8_t *)&h->smsk, &r->src);
    fill_mask((uint8_t *)&h->dmsk, &r->dst);
    h->proto = r->protocol;
    h->invflags = r->not_dst ? IPT_INV_DSTIP : 0;
}

static void start_entry(enum rule_family f, struct strbuf *b)
{
    static const char zeros[256];
    _Static_assert(sizeof(zeros) >= sizeof(struct ip6t_entry) + 8, "fits either header");
    strbuf_addn(b, zeros, header_size(f));
}

static void *finish_entry(enum rule_family f, struct strbuf *b, size_t target)
{
    if (f == RULE_V6) {
        struct ip6t_entry *e = (struct ip6t_entry *)(void *)b->data;
        e->target_offset = (uint16_t)target;
        e->next_offset = (uint16_t)b->len;
    } else {
        struct ipt_entry *e = (struct ipt_entry *)(void *)b->data;
        e->target_offset = (uint16_t)target;
        e->next_offset = (uint16_t)b->len;
    }
    return strbuf_steal(b);
}

void *entry_from_rule(enum rule_family f, const struct rule *rule)
{
    AUTO_STRBUF b = {0};
    start_entry(f, &b);
    fill_header(f, b.data, rule, rule->in, rule->out);
    add_matches(&b, rule);
    if (rule->comment)
        add_comment(&b, rule->comment);
    size_t target = b.len;
    add_action(&b, f, rule);
    return finish_entry(f, &b, target);
}

void *entry_from_jump(enum rule_family f, const char *in, const char *out, const char *comment,
                      const char *target)
{
    AUTO_STRBUF b = {0};
    start_entry(f, &b);
    fill_header(f, b.data, NULL, in, out);
    if (comment)
        add_comment(&b, comment);
    size_t offset = b.len;
    add_target(&b, target, 0, NULL, 0);
    return finish_entry(f, &b, offset);
}

static bool target_is_extension(const char *name)
{
    static const char *const extensions[] = {"REJECT", "MASQUERADE", "SNAT", "CHECKSUM"};
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
        if (str_eq(name, extensions[i]))
            return true;
    return false;
}

static bool header_equal(enum rule_family f, const void *a, const void *b)
{
    if (f == RULE_V6)
        return memcmp(&((const struct ip6t_entry *)a)->ipv6, &((const struct ip6t_entry *)b)->ipv6,
                      IP6_HEADER_SIZE) == 0;
    return memcmp(&((const struct ipt_entry *)a)->ip, &((const struct ipt_entry *)b)->ip,
                  sizeof(struct ipt_ip)) == 0;
}

static const void *part(const void *entry, size_t at)
{
    return (const char *)entry + at;
}

// A match or a target; their headers are alike. The kernel leaves what follows the name undefined.
static bool part_equal(const struct xt_entry_match *a, const struct xt_entry_match *b, size_t size)
{
    return a->u.user.revision == b->u.user.revision &&
           strncmp(a->u.user.name, b->u.user.name, sizeof(a->u.user.name)) == 0 &&
           memcmp(a->data, b->data, size - sizeof(*a)) == 0;
}

bool entry_equal(enum rule_family f, const void *built, const void *read, const char *read_target)
{
    size_t target = target_offset(f, built), size = entry_size(f, built);
    const struct xt_entry_target *t = (const void *)((const char *)built + target);
    if (target_offset(f, read) != target || entry_size(f, read) != size ||
        !header_equal(f, built, read) || !str_eq(t->u.user.name, read_target))
        return false;
    size_t at = header_size(f);
    while (at < target) {
        const struct xt_entry_match *m = part(built, at), *n = part(read, at);
        if (m->u.match_size != n->u.match_size || !part_equal(m, n, m->u.match_size))
            return false;
        at += m->u.match_size;
    }
    // A verdict or a jump is known by its name; its number is the kernel's.
    if (!target_is_extension(read_target))
        return true;
    return part_equal(part(built, target), part(read, target), size - target);
}

bool entry_matches_all(enum rule_family f, const void *entry)
{
    static const struct ipt_ip any4;
    static const struct ip6t_ip6 any6;
    if (target_offset(f, entry) != header_size(f))
        return false;
    if (f == RULE_V6)
        return memcmp(&((const struct ip6t_entry *)entry)->ipv6, &any6, IP6_HEADER_SIZE) == 0;
    return memcmp(&((const struct ipt_entry *)entry)->ip, &any4, sizeof(any4)) == 0;
}

// The mask has a byte for each that counts: with "virbr+" the NUL doesn't.
static bool name_matches(const char *name, const unsigned char *mask, const char *interface)
{
    size_t n = 0;
    while (n < IFNAMSIZ && mask[n])
        n++;
    return n > 0 && strncmp(name, interface, n) == 0;
}

bool entry_names(enum rule_family f, const void *entry, const char *interface)
{
    if (f == RULE_V6) {
        const struct ip6t_ip6 *h = &((const struct ip6t_entry *)entry)->ipv6;
        return name_matches(h->iniface, h->iniface_mask, interface) ||
               name_matches(h->outiface, h->outiface_mask, interface);
    }
    const struct ipt_ip *h = &((const struct ipt_entry *)entry)->ip;
    return name_matches(h->iniface, h->iniface_mask, interface) ||
           name_matches(h->outiface, h->outiface_mask, interface);
}

const char *entry_comment(enum rule_family f, const void *entry)
{
    size_t end = target_offset(f, entry);
    for (size_t at = header_size(f); at + sizeof(struct xt_entry_match) <= end;) {
        const struct xt_entry_match *m = (const void *)((const char *)entry + at);
        if (str_eq(m->u.user.name, "comment") && m->u.match_size >= sizeof(*m) + 1)
            return (const char *)m->data;
        if (m->u.match_size < sizeof(*m))
            break;
        at += m->u.match_size;
    }
    return NULL;
}
