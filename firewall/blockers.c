// SPDX-License-Identifier: GPL-2.0-or-later
// Which other tables drop what vireod accepts. Every table decides in turn: an accept in one
// doesn't override a drop in another (measured). Where neither hooks.c nor firewalld.c can help,
// the honest answer is to name the dropping one. A table that names the bridge itself isn't
// reported: its owner has decided.
#include "firewall/backend.h"
#include "firewall/ipt_entry.h"
#include "firewall/nfnl.h"

#include <linux/netfilter.h>

enum way { WAY_FORWARD, WAY_INPUT };

static const char *const WAYS[] = {[WAY_FORWARD] = "FORWARD", [WAY_INPUT] = "INPUT"};
// What the drop affects, and what to do when its owner is not known.
static const struct {
    const char *lost, *remedy;
} TEXTS[] = {
    [WAY_FORWARD] = {"beats the accept for bridge '%s'; to let its traffic pass",
                     "accept forwarding to and from '%s' there"},
    [WAY_INPUT] = {"beats, where none of its rules accepts them, the accept of DHCP and DNS from "
                   "bridge '%s'; to let its guests be served",
                   "accept the UDP ports 53 and 67 and the TCP port 53 from '%s' there"},
};

// The program that a table's chain names show as the owner of its rules.
struct owner {
    const char *chain_prefix;
    const char *name;
    const char *remedy;
};

static const char TRUST[] =
    "run 'firewall-cmd --permanent --zone=trusted --add-interface=%s' and reload it";
static const struct owner OWNERS[] = {
    {"DOCKER", "Docker",
     "let Docker set up its chain DOCKER-USER (restart it), where Vireo adds its accept"},
    {"ufw", "ufw",
     "run 'ufw allow in on %s', 'ufw route allow in on %s' and 'ufw route allow out on %s'"},
    {"FWD_", "firewalld", TRUST},
    {"filter_FWD", "firewalld", TRUST},
};
static const struct owner UNKNOWN = {"", "another program", NULL};

static const struct owner *owner_of(const char *table, const char *chain)
{
    if (str_eq(table, "firewalld"))
        return &OWNERS[2];
    for (size_t i = 0; i < ARRAY_LEN(OWNERS); i++)
        if (str_starts(chain, OWNERS[i].chain_prefix))
            return &OWNERS[i];
    return NULL;
}

// Appends with the bridge for each %s.
static void add_with_bridge(struct strbuf *b, const char *fmt, const char *bridge)
{
    for (const char *p; (p = strstr(fmt, "%s")); fmt = p + 2) {
        strbuf_addn(b, fmt, (size_t)(p - fmt));
        strbuf_add(b, bridge);
    }
    strbuf_add(b, fmt);
}

static void report(const char *where, bool by_policy, enum way way, const struct owner *owner,
                   const char *bridge, struct strv *ret)
{
    AUTO_STRBUF text = {0};
    const char *subject = way == WAY_FORWARD ? "is forwarded" : "comes in";
    strbuf_printf(&text, "%s of %s (%s) ", where, owner->name,
                  owner == &UNKNOWN ? "owner not known" : "known by its chains");
    if (by_policy)
        strbuf_add(&text, "has the policy DROP and ");
    else
        strbuf_printf(&text, "drops whatever %s and ", subject);
    add_with_bridge(&text, TEXTS[way].lost, bridge);
    strbuf_add(&text, ", ");
    add_with_bridge(&text, owner->remedy ? owner->remedy : TEXTS[way].remedy, bridge);
    strv_push(ret, strbuf_text(&text));
}

struct search {
    const char *bridge;
    char *tag; // of hooks.c's rules for it
    bool services;
    struct strv *ret;
};

// --- legacy

static bool legacy_is_tagged(const struct ipt_tables *ops, const void *e, const struct search *s)
{
    return str_eq(entry_comment(ops->family, e), s->tag);
}

static bool legacy_any(const struct ipt_tables *ops, struct xtc_handle *h, const char *chain,
                       const struct search *s, bool tagged)
{
    if (!ops->is_chain(chain, h))
        return false;
    for (const void *e = ops->first_rule(chain, h); e; e = ops->next_rule(e, h))
        if (legacy_is_tagged(ops, e, s) == tagged &&
            (tagged || entry_names(ops->family, e, s->bridge)))
            return true;
    return false;
}

// Whether the network's traffic passes this chain.
static bool legacy_passes(const struct ipt_tables *ops, struct xtc_handle *h, enum way way,
                          const struct search *s, bool *by_policy)
{
    const char *top = way == WAY_FORWARD ? "VIREO_FWI" : "VIREO_INP";
    *by_policy = false;
    if (way == WAY_FORWARD && legacy_any(ops, h, "DOCKER-USER", s, true))
        return true;
    for (const void *e = ops->first_rule(WAYS[way], h); e; e = ops->next_rule(e, h)) {
        const char *target = ops->get_target(e, h);
        // From here on vireod's chains decide before the rest of this table.
        if (str_eq(target, top) || legacy_is_tagged(ops, e, s))
            return true;
        if (!entry_matches_all(ops->family, e))
            continue;
        if (str_eq(target, "DROP") || str_eq(target, "REJECT"))
            return false;
        if (str_eq(target, "ACCEPT"))
            return true;
    }
    *by_policy = str_eq(ops->get_policy(WAYS[way], h), "DROP");
    return !*by_policy;
}

static int legacy_scan(const struct ipt_tables *ops, struct xtc_handle *h, void *arg)
{
    const struct search *s = arg;
    const struct owner *owner = &UNKNOWN;
    bool named = false, by_policy;
    for (const char *c = ops->first_chain(h); c; c = ops->next_chain(h)) {
        const struct owner *o = owner_of("", c);
        owner = o ? o : owner;
        named = named || (!str_starts(c, "VIREO_") && legacy_any(ops, h, c, s, false));
    }
    for (enum way way = WAY_FORWARD; way <= (s->services ? WAY_INPUT : WAY_FORWARD); way++) {
        if (named || legacy_passes(ops, h, way, s, &by_policy))
            continue;
        AUTO_FREE char *where = xasprintf("the chain %s in the legacy %s table 'filter'", WAYS[way],
                                          ops->family == RULE_V6 ? "ip6tables" : "iptables");
        report(where, by_policy, way, owner, s->bridge, s->ret);
    }
    return 0;
}

// --- nftables

struct base {
    uint8_t family;
    char *table, *chain;
    enum way way;
    bool policy_drop;
};

struct nft_search {
    const struct search *s;
    struct nfnl *n;
    struct {
        struct base *v;
        size_t n, cap;
    } bases;
    struct strv owners; // "ip filter=ufw"
    // Of the chain or table being read.
    bool drops, passes;
};

static const char *family_name(uint8_t family)
{
    return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

static int note_chain(const struct nfnl_chain *c, void *arg)
{
    struct nft_search *s = arg;
    bool ip = c->family == NFPROTO_IPV4 || c->family == NFPROTO_IPV6 || c->family == NFPROTO_INET;
    if (!ip || (c->family == NFPROTO_INET && str_eq(c->table, "vireo")))
        return 0;
    const struct owner *owner = owner_of(c->table, c->name);
    if (owner)
        strv_printf(&s->owners, "%s %s=%s", family_name(c->family), c->table, owner->name);
    bool forward = c->hook == NF_INET_FORWARD;
    if (!c->base || !(forward || (s->s->services && c->hook == NF_INET_LOCAL_IN)))
        return 0;
    struct base b = {.family = c->family,
                     .table = xstrdup(c->table),
                     .chain = xstrdup(c->name),
                     .way = forward ? WAY_FORWARD : WAY_INPUT,
                     .policy_drop = c->policy_drop};
    vec_push(&s->bases, b);
    return 0;
}

static int note_verdict(const struct nfnl_rule *r, void *arg)
{
    struct nft_search *s = arg;
    s->passes = str_eq(r->comment, s->s->tag) || (r->unconditional && r->verdict == NFNL_ACCEPT);
    s->drops = r->unconditional && (r->verdict == NFNL_DROP || r->verdict == NFNL_REJECT);
    return s->passes || s->drops;
}

static int note_tag(const struct nfnl_rule *r, void *arg)
{
    struct nft_search *s = arg;
    s->passes = str_eq(r->comment, s->s->tag);
    return s->passes;
}

static int note_name(const struct nfnl_rule *r, void *arg)
{
    struct nft_search *s = arg;
    s->passes = !str_eq(r->comment, s->s->tag) && nfnl_rule_names(r, s->s->bridge);
    return s->passes;
}

static int scan_base(struct nft_search *s, const struct base *b, struct error *err)
{
    s->drops = s->passes = false;
    if (nfnl_each_rule(s->n, b->family, b->table, b->chain, note_verdict, s, err) < 0)
        return -1;
    if (s->passes || (!s->drops && !b->policy_drop))
        return 0;
    bool by_policy = !s->drops;
    if (b->way == WAY_FORWARD &&
        nfnl_each_rule(s->n, b->family, b->table, "DOCKER-USER", note_tag, s, err) < 0)
        return -1;
    if (!s->passes && nfnl_each_rule(s->n, b->family, b->table, NULL, note_name, s, err) < 0)
        return -1;
    if (s->passes)
        return 0;
    const struct owner *owner = &UNKNOWN;
    for (size_t i = 0; i < ARRAY_LEN(OWNERS); i++) {
        AUTO_FREE char *key =
            xasprintf("%s %s=%s", family_name(b->family), b->table, OWNERS[i].name);
        if (strv_has(&s->owners, key))
            owner = &OWNERS[i];
    }
    AUTO_FREE char *where = xasprintf("the chain '%s' in the nftables table '%s %s'", b->chain,
                                      family_name(b->family), b->table);
    report(where, by_policy, b->way, owner, s->s->bridge, s->s->ret);
    return 0;
}

static int nft_scan(struct nfnl *n, const struct search *search, struct error *err)
{
    struct nft_search s = {.s = search, .n = n};
    int r = 0;
    (void)nfnl_each_chain(n, note_chain, &s, NULL); // fails: no nftables, nothing drops there
    VEC_FOREACH (b, &s.bases) {
        if (r == 0)
            r = scan_base(&s, b, err);
        free(b->table);
        free(b->chain);
    }
    vec_finish(&s.bases);
    strv_finish(&s.owners);
    return r;
}

int blockers_find(struct backend_env *env, const char *bridge, bool services, struct strv *ret,
                  struct error *err)
{
    AUTO_FREE char *tag = xasprintf("%s%s", HOOK_TAG, bridge);
    struct search s = {.bridge = bridge, .tag = tag, .services = services, .ret = ret};
    static const enum rule_family families[] = {RULE_V4, RULE_V6};
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        if (ipt_table_used(ipt_tables_of(families[i]), "filter") &&
            ipt_change(ipt_tables_of(families[i]), "filter", legacy_scan, &s, err) < 0)
            return -1;
    struct nfnl *n = nft_reader(env, NULL);
    return n ? nft_scan(n, &s, err) : 0;
}
