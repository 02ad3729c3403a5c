// SPDX-License-Identifier: GPL-2.0-or-later
// Who else drops what we accept. Every table has its say in turn: an accept in one doesn't override
// a drop in another (measured), so that the only honest answer is to name the dropping one.
#include "firewall/backend.h"
#include "firewall/ipt_entry.h"
#include "firewall/nfnl.h"

#include <linux/netfilter.h>

// Whose rules they are, told from the names of the chains around.
struct owner {
    const char *chain_prefix;
    const char *name;
    const char *remedy;
};

static const struct owner OWNERS[] = {
    {"DOCKER", "Docker",
     "let Docker set up its chain DOCKER-USER (restart it), where Vireo adds its accept"},
    {"ufw", "ufw", "run 'ufw route allow in on %s' and 'ufw route allow out on %s'"},
    {"FWD_", "firewalld",
     "run 'firewall-cmd --permanent --zone=trusted --add-interface=%s' and reload it"},
    {"filter_FWD", "firewalld",
     "run 'firewall-cmd --permanent --zone=trusted --add-interface=%s' and reload it"},
};
static const struct owner UNKNOWN = {"", "another program",
                                     "accept forwarding to and from '%s' there"};

static const struct owner *owner_of(const char *chain)
{
    for (size_t i = 0; i < ARRAY_LEN(OWNERS); i++)
        if (str_starts(chain, OWNERS[i].chain_prefix))
            return &OWNERS[i];
    return NULL;
}

static void report(const char *where, const char *what, const struct owner *owner,
                   const char *bridge, struct strv *ret)
{
    AUTO_STRBUF remedy = {0};
    for (const char *p = owner->remedy; *p; p++)
        if (p[0] == '%' && p[1] == 's') {
            strbuf_add(&remedy, bridge);
            p++;
        } else {
            strbuf_addc(&remedy, *p);
        }
    strv_printf(
        ret, "%s of %s (%s) %s and beats the accept for bridge '%s'; to let its traffic pass, %s",
        where, owner->name, owner == &UNKNOWN ? "owner not known" : "told by its chains", what,
        bridge, remedy.data);
}

struct search {
    const struct backend *ours;
    const char *bridge;
    struct strv *ret;
    struct nfnl *n;
    // Of the legacy table or the nftables chain under way.
    bool drops, accepted;
    // nftables: what was found in the first pass.
    struct {
        uint8_t family;
        char *table, *chain;
        bool policy_drop;
        const struct owner *owner;
    } * v;
    size_t nchains, cap;
    // The tables' owners.
    struct strv owner_tables;
};

// --- legacy

static bool legacy_accepted(const struct ipt_tables *ops, struct xtc_handle *h, const char *bridge)
{
    AUTO_FREE char *tag = xasprintf("vireo %s", bridge);
    if (!ops->is_chain("DOCKER-USER", h))
        return false;
    for (const void *e = ops->first_rule("DOCKER-USER", h); e; e = ops->next_rule(e, h))
        if (str_eq(entry_comment(ops->family, e), tag))
            return true;
    return false;
}

static int legacy_look(const struct ipt_tables *ops, struct xtc_handle *h, void *arg)
{
    struct search *s = arg;
    const struct owner *owner = &UNKNOWN;
    const char *what = NULL;
    bool passed = legacy_accepted(ops, h, s->bridge);
    for (const char *c = ops->first_chain(h); c; c = ops->next_chain(h))
        if (owner_of(c))
            owner = owner_of(c);
    for (const void *e = ops->first_rule("FORWARD", h); e && !what; e = ops->next_rule(e, h)) {
        const char *target = ops->get_target(e, h);
        // From here on our own chains decide before the rest of this table.
        passed = passed || str_eq(target, "VIREO_FWI");
        if (passed)
            return 0;
        if (entry_matches_all(ops->family, e) &&
            (str_eq(target, "DROP") || str_eq(target, "REJECT")))
            what = "drops whatever is forwarded";
    }
    const char *policy = ops->get_policy("FORWARD", h);
    if (!what && !passed && str_eq(policy, "DROP"))
        what = "has the policy DROP";
    AUTO_FREE char *where = xasprintf("the chain FORWARD in the legacy %s table 'filter'",
                                      ops->family == RULE_V6 ? "ip6tables" : "iptables");
    if (what)
        report(where, what, owner, s->bridge, s->ret);
    return 0;
}

// --- nftables

static const char *family_name(uint8_t family)
{
    return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

static int note_chain(const struct nfnl_chain *c, void *arg)
{
    struct search *s = arg;
    bool ip = c->family == NFPROTO_IPV4 || c->family == NFPROTO_IPV6 || c->family == NFPROTO_INET;
    if (!ip || (c->family == NFPROTO_INET && str_eq(c->table, "vireo")))
        return 0;
    const struct owner *owner = str_eq(c->table, "firewalld") ? &OWNERS[2] : owner_of(c->name);
    if (owner)
        strv_printf(&s->owner_tables, "%s %s=%s", family_name(c->family), c->table, owner->name);
    if (!c->base || c->hook != NF_INET_FORWARD)
        return 0;
    if (s->nchains == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 8;
        s->v = xreallocarray(s->v, s->cap, sizeof(*s->v));
    }
    s->v[s->nchains].family = c->family;
    s->v[s->nchains].table = xstrdup(c->table);
    s->v[s->nchains].chain = xstrdup(c->name);
    s->v[s->nchains].policy_drop = c->policy_drop;
    s->v[s->nchains++].owner = &UNKNOWN;
    return 0;
}

static int note_rule(const struct nfnl_rule *r, void *arg)
{
    struct search *s = arg;
    if (r->unconditional && (r->verdict == NFNL_DROP || r->verdict == NFNL_REJECT))
        s->drops = true;
    return s->drops || (r->unconditional && r->verdict == NFNL_ACCEPT);
}

static int note_accept(const struct nfnl_rule *r, void *arg)
{
    struct search *s = arg;
    AUTO_FREE char *tag = xasprintf("vireo %s", s->bridge);
    s->accepted = s->accepted || str_eq(r->comment, tag);
    return s->accepted;
}

static int nft_look(struct search *s, size_t i, struct error *err)
{
    uint8_t family = s->v[i].family;
    const char *table = s->v[i].table, *chain = s->v[i].chain;
    s->drops = s->accepted = false;
    if (nfnl_each_rule(s->n, family, table, "DOCKER-USER", note_accept, s, err) < 0 ||
        (!s->v[i].policy_drop && nfnl_each_rule(s->n, family, table, chain, note_rule, s, err) < 0))
        return -1;
    if (s->accepted || (!s->drops && !s->v[i].policy_drop))
        return 0;
    const struct owner *owner = &UNKNOWN;
    for (size_t o = 0; o < ARRAY_LEN(OWNERS); o++) {
        AUTO_FREE char *key = xasprintf("%s %s=%s", family_name(family), table, OWNERS[o].name);
        if (strv_has(&s->owner_tables, key))
            owner = &OWNERS[o];
    }
    AUTO_FREE char *where = xasprintf("the chain '%s' in the nftables table '%s %s'", chain,
                                      family_name(family), table);
    report(where, s->v[i].policy_drop ? "has the policy drop" : "drops whatever is forwarded",
           owner, s->bridge, s->ret);
    return 0;
}

int blockers_find(struct backend_env *env, const struct backend *ours, const char *bridge,
                  struct strv *ret, struct error *err)
{
    struct search s = {.ours = ours, .bridge = bridge, .ret = ret};
    static const enum rule_family families[] = {RULE_V4, RULE_V6};
    int r = 0;
    for (size_t i = 0; i < ARRAY_LEN(families) && r == 0; i++)
        if (ipt_table_used(ipt_tables_of(families[i]), "filter"))
            r = ipt_change(ipt_tables_of(families[i]), "filter", legacy_look, &s, err);
    s.n = nft_reader(env, NULL);
    if (r == 0 && s.n && nfnl_each_chain(s.n, note_chain, &s, NULL) == 0)
        for (size_t i = 0; i < s.nchains && r == 0; i++)
            r = nft_look(&s, i, err);
    for (size_t i = 0; i < s.nchains; i++) {
        free(s.v[i].table);
        free(s.v[i].chain);
    }
    free(s.v);
    strv_finish(&s.owner_tables);
    return r;
}
