// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// Everything is in `table inet vireo`. Its base chains look up the interface in a map and jump to
// the chain of that network; NAT has a base chain for each network, as there is no interface to
// look up. One transaction makes what may be missing, removes the network's chains and makes them
// again: "add" doesn't mind what is there, so that "add, then delete" removes it whether it was
// there or not. Thus no transaction depends on a state read before.
#include "firewall/rules.h"

#include <ctype.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>

#define TABLE "inet vireo"

struct nft_chain {
    const char *name;
    const char *hook;      // of the base chain
    const char *interface; // what the base chain looks up in the map `name`; NULL: no map
};

static const struct nft_chain CHAINS[RULE_CHAIN_COUNT] = {
    [RULE_INPUT] = {"input", "input", "iifname"},
    [RULE_OUTPUT] = {"output", "output", "oifname"},
    [RULE_FORWARD_IN] = {"to", "forward", "oifname"},
    [RULE_FORWARD_OUT] = {"from", "forward", "iifname"},
    [RULE_NAT] = {"nat", "postrouting", NULL},
    // RULE_MANGLE: what it is for can't be said in nftables.
};

void rules_nft_chain(enum rule_chain chain, const char *bridge, struct strbuf *ret)
{
    strbuf_printf(ret, "%s_", CHAINS[chain].name);
    for (const char *p = bridge; *p; p++)
        if (isalnum((unsigned char)*p) || *p == '.' || *p == '-')
            strbuf_addc(ret, *p);
        else
            strbuf_printf(ret, "_%02x", (unsigned char)*p);
}

char *rules_nft_bridge(const char *chain)
{
    for (int i = 0; i < RULE_CHAIN_COUNT; i++) {
        size_t n = CHAINS[i].name ? strlen(CHAINS[i].name) : 0;
        if (n == 0 || strncmp(chain, CHAINS[i].name, n) != 0 || chain[n] != '_')
            continue;
        AUTO_STRBUF b = {0};
        for (const char *p = chain + n + 1; *p; p++) {
            unsigned code;
            if (*p == '_' && sscanf(p + 1, "%2x", &code) == 1 && p[2]) {
                strbuf_addc(&b, (char)code);
                p += 2;
            } else {
                strbuf_addc(&b, *p);
            }
        }
        return b.len > 0 && b.len < IFNAMSIZ ? strbuf_steal(&b) : NULL;
    }
    return NULL;
}

static void add_address(struct strbuf *b, const char *field, bool negate, const struct ip_prefix *p)
{
    char text[IP_TEXT_SIZE];
    if (p->len == ip_bits(&p->addr))
        ip_format(&p->addr, text);
    else
        ip_prefix_format(p, text);
    strbuf_printf(b, "%s %s %s%s ", p->addr.family == AF_INET ? "ip" : "ip6", field,
                  negate ? "!= " : "", text);
}

void rules_nft_conditions(const struct rule *r, struct strbuf *b)
{
    if (r->in[0])
        strbuf_printf(b, "iifname \"%s\" ", r->in);
    if (r->out[0])
        strbuf_printf(b, "oifname \"%s\" ", r->out);
    if (r->family != RULE_ANY && !r->src.addr.family && !r->dst.addr.family)
        strbuf_printf(b, "meta nfproto %s ", r->family == RULE_V4 ? "ipv4" : "ipv6");
    if (r->src.addr.family)
        add_address(b, "saddr", false, &r->src);
    if (r->dst.addr.family)
        add_address(b, "daddr", r->not_dst, &r->dst);
    const char *protocol = r->protocol == IPPROTO_TCP ? "tcp" : "udp";
    if (r->port)
        strbuf_printf(b, "%s dport %u ", protocol, r->port);
    else if (r->protocol)
        strbuf_printf(b, "meta l4proto %s ", protocol);
    if (r->established)
        strbuf_add(b, "ct state established,related ");
}

static void add_nat_address(struct strbuf *b, const struct ip_addr *a, bool ports)
{
    char text[IP_TEXT_SIZE];
    bool bracket = ports && a->family == AF_INET6;
    strbuf_printf(b, bracket ? "[%s]" : "%s", ip_format(a, text));
}

static void add_nat(struct strbuf *b, const struct rule *r)
{
    if (r->nat_first.family) {
        strbuf_printf(b, "snat %s to ", r->nat_first.family == AF_INET ? "ip" : "ip6");
        add_nat_address(b, &r->nat_first, r->port_first);
        if (ip_compare(&r->nat_first, &r->nat_last) != 0) {
            strbuf_addc(b, '-');
            add_nat_address(b, &r->nat_last, r->port_first);
        }
    } else {
        strbuf_add(b, r->port_first ? "masquerade to " : "masquerade");
    }
    if (r->port_first && r->port_first == r->port_last)
        strbuf_printf(b, ":%u", r->port_first);
    else if (r->port_first)
        strbuf_printf(b, ":%u-%u", r->port_first, r->port_last);
}

static void add_action(struct strbuf *b, const struct rule *r)
{
    switch (r->action) {
    case RULE_ACCEPT:
        strbuf_add(b, "accept");
        break;
    case RULE_REJECT:
        strbuf_add(b, "reject with icmpx port-unreachable");
        break;
    case RULE_RETURN:
        strbuf_add(b, "return");
        break;
    case RULE_SOURCE_NAT:
        add_nat(b, r);
        break;
    case RULE_FILL_CHECKSUM:
        break;
    }
}

static void add_rules(struct strbuf *b, const char *bridge, const struct rule_vec *rules)
{
    RULES_FOREACH(r, rules)
    {
        if (!CHAINS[r->chain].name)
            continue;
        strbuf_add(b, "add rule " TABLE " ");
        rules_nft_chain(r->chain, bridge, b);
        strbuf_addc(b, ' ');
        rules_nft_conditions(r, b);
        add_action(b, r);
        strbuf_addc(b, '\n');
    }
}

char *rules_nft_tag(const struct firewall_network *net, const struct rule_vec *rules)
{
    AUTO_STRBUF text = {0};
    add_rules(&text, net->bridge, rules);
    uint64_t hash = 0xcbf29ce484222325; // FNV-1a
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3;
    // The name is only for people: no quotes, bounded by what the kernel keeps.
    AUTO_STRBUF tag = {0};
    for (const char *p = net->name; *p && tag.len < 64; p++)
        strbuf_addc(&tag, isalnum((unsigned char)*p) || strchr("-_.", *p) ? *p : '_');
    strbuf_printf(&tag, " %016" PRIx64, hash);
    return strbuf_steal(&tag);
}

// The table with its maps and base chains; the base chains are filled again each time.
static void add_frame(struct strbuf *b)
{
    static const char *const hooks[] = {"input", "output", "forward"};
    strbuf_add(b, "add table " TABLE "\n");
    for (size_t i = 0; i < ARRAY_LEN(hooks); i++)
        strbuf_printf(b,
                      "add chain " TABLE
                      " %s { type filter hook %s priority filter; policy accept; }\n"
                      "flush chain " TABLE " %s\n",
                      hooks[i], hooks[i], hooks[i]);
    for (int i = 0; i < RULE_CHAIN_COUNT; i++) {
        const struct nft_chain *c = &CHAINS[i];
        if (c->interface)
            strbuf_printf(b,
                          "add map " TABLE " %s { type ifname : verdict; }\n"
                          "add rule " TABLE " %s %s vmap @%s\n",
                          c->name, c->hook, c->interface, c->name);
    }
}

static void add_chain(struct strbuf *b, enum rule_chain i, const char *bridge, const char *tag)
{
    strbuf_add(b, "add chain " TABLE " ");
    rules_nft_chain(i, bridge, b);
    strbuf_add(b, " {");
    if (!CHAINS[i].interface)
        strbuf_printf(b, " type nat hook %s priority srcnat; policy accept;", CHAINS[i].hook);
    if (tag)
        strbuf_printf(b, " comment \"%s\";", tag);
    strbuf_add(b, " }\n");
}

static void add_element(struct strbuf *b, enum rule_chain i, const char *bridge)
{
    if (!CHAINS[i].interface)
        return;
    strbuf_printf(b, "add element " TABLE " %s { \"%s\" : jump ", CHAINS[i].name, bridge);
    rules_nft_chain(i, bridge, b);
    strbuf_add(b, " }\n");
}

static void remove_chains(struct strbuf *b, const char *bridge)
{
    for (int i = 0; i < RULE_CHAIN_COUNT; i++) {
        if (!CHAINS[i].name)
            continue;
        add_chain(b, (enum rule_chain)i, bridge, NULL);
        add_element(b, (enum rule_chain)i, bridge);
        if (CHAINS[i].interface)
            strbuf_printf(b, "delete element " TABLE " %s { \"%s\" }\n", CHAINS[i].name, bridge);
        strbuf_add(b, "flush chain " TABLE " ");
        rules_nft_chain((enum rule_chain)i, bridge, b);
        strbuf_add(b, "\ndelete chain " TABLE " ");
        rules_nft_chain((enum rule_chain)i, bridge, b);
        strbuf_addc(b, '\n');
    }
}

void rules_remove_nft(const char *bridge, struct strbuf *ret)
{
    add_frame(ret);
    remove_chains(ret, bridge);
}

void rules_to_nft(const struct firewall_network *net, const struct rule_vec *rules,
                  struct strbuf *ret)
{
    add_frame(ret);
    remove_chains(ret, net->bridge);
    AUTO_FREE char *tag = rules_nft_tag(net, rules);
    for (int i = 0; i < RULE_CHAIN_COUNT; i++) {
        bool wanted = false;
        RULES_FOREACH(r, rules)
        wanted = wanted || (int)r->chain == i;
        if (wanted && CHAINS[i].name) {
            add_chain(ret, (enum rule_chain)i, net->bridge, tag);
            add_element(ret, (enum rule_chain)i, net->bridge);
        }
    }
    add_rules(ret, net->bridge, rules);
}
