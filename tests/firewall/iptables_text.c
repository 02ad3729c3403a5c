// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/firewall/iptables_text.h"

#include <netinet/in.h>

static void add_rule(struct strbuf *b, const char *chain, const char *bridge, const struct rule *r,
                     enum rule_family family)
{
    char text[IP_TEXT_SIZE];
    strbuf_printf(b, "-A %s_%s", chain, bridge);
    if (r->src.addr.family)
        strbuf_printf(b, " -s %s", ip_prefix_format(&r->src, text));
    if (r->dst.addr.family)
        strbuf_printf(b, "%s -d %s", r->not_dst ? " !" : "", ip_prefix_format(&r->dst, text));
    if (r->in[0])
        strbuf_printf(b, " -i %s", r->in);
    if (r->out[0])
        strbuf_printf(b, " -o %s", r->out);
    const char *protocol = r->protocol == IPPROTO_TCP ? "tcp" : "udp";
    if (r->protocol)
        strbuf_printf(b, " -p %s", protocol);
    if (r->port)
        strbuf_printf(b, " -m %s --dport %u", protocol, r->port);
    if (r->established)
        strbuf_add(b, " -m conntrack --ctstate RELATED,ESTABLISHED");
    switch (r->action) {
    case RULE_ACCEPT:
        strbuf_add(b, " -j ACCEPT");
        break;
    case RULE_REJECT:
        strbuf_printf(b, " -j REJECT --reject-with %s",
                      family == RULE_V4 ? "icmp-port-unreachable" : "icmp6-port-unreachable");
        break;
    case RULE_RETURN:
        strbuf_add(b, " -j RETURN");
        break;
    case RULE_FILL_CHECKSUM:
        strbuf_add(b, " -j CHECKSUM --checksum-fill");
        break;
    case RULE_SOURCE_NAT:
        if (!r->nat_first.family) {
            strbuf_add(b, " -j MASQUERADE");
            if (r->port_first)
                strbuf_printf(b, " --to-ports %u", r->port_first);
        } else {
            bool brackets = r->port_first && family == RULE_V6;
            strbuf_printf(b, brackets ? " -j SNAT --to-source [%s" : " -j SNAT --to-source %s",
                          ip_format(&r->nat_first, text));
            if (ip_compare(&r->nat_first, &r->nat_last) != 0)
                strbuf_printf(b, "-%s", ip_format(&r->nat_last, text));
            strbuf_add(b, brackets ? "]" : "");
            if (r->port_first)
                strbuf_printf(b, ":%u", r->port_first);
        }
        if (r->port_first != r->port_last)
            strbuf_printf(b, "-%u", r->port_last);
        break;
    }
    strbuf_addc(b, '\n');
}

static bool any(const struct rule_vec *rules, int chain, enum rule_family family)
{
    RULES_FOREACH(r, rules)
    if ((int)r->chain == chain && rules_iptables_has(family, r))
        return true;
    return false;
}

static void add_jump(struct strbuf *b, const struct iptables_place *p,
                     const struct firewall_network *net)
{
    strbuf_printf(b, "-A %s", p->top);
    if (p->match_in)
        strbuf_printf(b, " -i %s", net->bridge);
    if (p->match_out)
        strbuf_printf(b, " -o %s", net->bridge);
    strbuf_printf(b, " -m comment --comment \"network %s\" -j %s_%s\n", net->name, p->top,
                  net->bridge);
}

void iptables_text(const struct firewall_network *net, const struct rule_vec *rules,
                   enum rule_family family, struct strbuf *ret)
{
    const char *table = "";
    for (int i = 0; i < RULE_CHAIN_COUNT; i++) {
        if (!any(rules, i, family))
            continue;
        const struct iptables_place *p = rules_iptables_place((enum rule_chain)i);
        if (!str_eq(table, p->table))
            strbuf_printf(ret, "*%s\n", p->table);
        table = p->table;
        strbuf_printf(ret, "-A %s -j %s\n", p->builtin, p->top);
        add_jump(ret, p, net);
        RULES_FOREACH(r, rules)
        if ((int)r->chain == i && rules_iptables_has(family, r))
            add_rule(ret, p->top, net->bridge, r, family);
    }
}
