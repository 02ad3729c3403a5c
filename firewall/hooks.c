// SPDX-License-Identifier: GPL-2.0-or-later
// Docker sets the policy of FORWARD to drop, and documents the chain DOCKER-USER for rules of
// others: https://docs.docker.com/engine/network/packet-filtering-firewalls/. An accept there ends
// Docker's say; our own chains, in another table, still decide what is accepted indeed. Only where
// those are in the very same table the accept is a jump to them. The chain may be in the legacy
// tables or in iptables-nft's, which for nftables are tables "ip filter" and "ip6 filter".
#include "firewall/backend.h"
#include "firewall/ipt_entry.h"
#include "firewall/nfnl.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter.h>

static const char CHAIN[] = "DOCKER-USER";
static const char FILTER[] = "filter";
static const char TAG[] = "vireo "; // before the bridge's name, in the comment of each rule of ours

// What to do with the legacy chain.
struct legacy {
    const char *bridge;
    bool present; // shall be there
    bool jump;    // to our chains, which are in the same table
    bool check;   // only look
    char **missing;
    const struct strv *known; // sweeping: remove those of all others
};

static bool is_tag_of(const char *comment, const struct legacy *l)
{
    if (!comment || !str_starts(comment, TAG))
        return false;
    const char *bridge = comment + strlen(TAG);
    return l->known ? !strv_has(l->known, bridge) : str_eq(bridge, l->bridge);
}

static void *legacy_rule(const struct ipt_tables *ops, const struct legacy *l, bool from)
{
    AUTO_FREE char *tag = xasprintf("%s%s", TAG, l->bridge);
    AUTO_FREE char *target =
        l->jump ? xasprintf("%s_%s",
                            rules_iptables_place(from ? RULE_FORWARD_OUT : RULE_FORWARD_IN)->top,
                            l->bridge)
                : xstrdup("ACCEPT");
    return entry_from_jump(ops->family, from ? l->bridge : NULL, from ? NULL : l->bridge, tag,
                           target);
}

// Both rules there, and nothing else of ours for this bridge?
static bool legacy_complete(const struct ipt_tables *ops, struct xtc_handle *h,
                            const struct legacy *l)
{
    AUTO_FREE void *to = legacy_rule(ops, l, false), *from = legacy_rule(ops, l, true);
    unsigned right = 0, all = 0;
    for (const void *e = ops->first_rule(CHAIN, h); e; e = ops->next_rule(e, h)) {
        if (!is_tag_of(entry_comment(ops->family, e), l))
            continue;
        const char *target = ops->get_target(e, h);
        all++;
        right +=
            entry_equal(ops->family, to, e, target) || entry_equal(ops->family, from, e, target);
    }
    return right == 2 && all == 2;
}

static int legacy_remove(const struct ipt_tables *ops, struct xtc_handle *h, const struct legacy *l)
{
    int removed = 0;
    for (;;) {
        unsigned at = 0;
        const void *e = ops->first_rule(CHAIN, h);
        for (; e && !is_tag_of(entry_comment(ops->family, e), l); e = ops->next_rule(e, h))
            at++;
        if (!e)
            return removed;
        if (!ops->delete_at(CHAIN, at, h))
            return -1;
        removed = 1;
    }
}

static int legacy_change(const struct ipt_tables *ops, struct xtc_handle *h, void *arg)
{
    const struct legacy *l = arg;
    if (!ops->is_chain(CHAIN, h))
        return 0;
    if (l->present && legacy_complete(ops, h, l))
        return 0;
    if (l->check) {
        if (l->present)
            *l->missing = xasprintf("accept in %s's chain '%s'", "Docker", CHAIN);
        return 0;
    }
    int r = legacy_remove(ops, h, l);
    if (r < 0 || !l->present)
        return r;
    for (int from = 1; from >= 0; from--) {
        AUTO_FREE void *e = legacy_rule(ops, l, from);
        // First: before what an administrator may drop there is no better place.
        if (!ops->insert(CHAIN, e, 0, h))
            return -1;
    }
    return 1;
}

static int legacy_each(struct legacy *l, struct backend_env *env, struct error *err)
{
    static const enum rule_family families[] = {RULE_V4, RULE_V6};
    AUTO_CLOSE int lock = -1;
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        const struct ipt_tables *ops = ipt_tables_of(families[i]);
        if (!ipt_table_used(ops, FILTER))
            continue;
        if (!l->check && lock < 0 && (lock = ipt_lock(env->lock_path, err)) < 0)
            return -1;
        if (ipt_change(ops, FILTER, legacy_change, l, err) < 0)
            return -1;
        if (l->check && *l->missing)
            return 0;
    }
    return 0;
}

// The same in iptables-nft's tables.
struct found {
    const struct legacy *l;
    uint8_t family; // of the chain under way
    bool v4, v6;    // there is a chain DOCKER-USER
    unsigned ours;  // rules with our tag
    struct strbuf text;
};

static int find_chain(const struct nfnl_chain *c, void *arg)
{
    struct found *f = arg;
    if (!str_eq(c->table, FILTER) || !str_eq(c->name, CHAIN))
        return 0;
    f->v4 = f->v4 || c->family == NFPROTO_IPV4;
    f->v6 = f->v6 || c->family == NFPROTO_IPV6;
    return 0;
}

static int find_rule(const struct nfnl_rule *r, void *arg)
{
    struct found *f = arg;
    if (!is_tag_of(r->comment, f->l))
        return 0;
    f->ours++;
    strbuf_printf(&f->text, "delete rule %s %s %s handle %" PRIu64 "\n",
                  f->family == NFPROTO_IPV4 ? "ip" : "ip6", FILTER, CHAIN, r->handle);
    return 0;
}

static int nft_one(struct backend_env *env, struct found *f, struct error *err)
{
    const struct legacy *l = f->l;
    const char *family = f->family == NFPROTO_IPV4 ? "ip" : "ip6";
    f->ours = 0;
    strbuf_reset(&f->text);
    if (nfnl_each_rule(env->nfnl, f->family, FILTER, CHAIN, find_rule, f, err) < 0)
        return -1;
    if (l->present && f->ours == 2)
        return 0;
    if (l->check) {
        if (l->present && !*l->missing)
            *l->missing = xasprintf("accept in Docker's chain '%s %s %s'", family, FILTER, CHAIN);
        return 0;
    }
    static const char *const sides[] = {"iifname", "oifname"};
    for (size_t i = 0; l->present && i < ARRAY_LEN(sides); i++)
        strbuf_printf(&f->text, "insert rule %s %s %s %s \"%s\" counter accept comment \"%s%s\"\n",
                      family, FILTER, CHAIN, sides[i], l->bridge, TAG, l->bridge);
    return f->text.len > 0 ? nft_run(env, f->text.data, err) : 0;
}

static int nft_each(const struct legacy *l, struct backend_env *env, struct error *err)
{
    struct nfnl *n = nft_reader(env, NULL);
    if (!n)
        return 0; // no nftables, no chain of Docker's in it
    struct found f = {.l = l};
    int r = nfnl_each_chain(n, find_chain, &f, NULL) < 0 ? 1 : 0;
    if (r == 0 && f.v4) {
        f.family = NFPROTO_IPV4;
        r = nft_one(env, &f, err);
    }
    if (r == 0 && f.v6) {
        f.family = NFPROTO_IPV6;
        r = nft_one(env, &f, err);
    }
    strbuf_finish(&f.text);
    return r < 0 ? -1 : 0;
}

int hooks_apply(const struct backend *ours, struct backend_env *env, const char *bridge,
                struct error *err)
{
    struct legacy l = {.bridge = bridge, .present = true, .jump = ours == &backend_iptables};
    if (legacy_each(&l, env, err) < 0)
        return -1;
    return nft_each(&l, env, err);
}

int hooks_remove(struct backend_env *env, const char *bridge, struct error *err)
{
    struct legacy l = {.bridge = bridge};
    if (legacy_each(&l, env, err) < 0)
        return -1;
    return nft_each(&l, env, err);
}

int hooks_verify(const struct backend *ours, struct backend_env *env, const char *bridge,
                 char **missing, struct error *err)
{
    struct legacy l = {.bridge = bridge,
                       .present = true,
                       .jump = ours == &backend_iptables,
                       .check = true,
                       .missing = missing};
    if (legacy_each(&l, env, err) < 0)
        return -1;
    return *missing ? 0 : nft_each(&l, env, err);
}

int hooks_sweep(struct backend_env *env, const struct strv *known, struct error *err)
{
    struct legacy l = {.known = known};
    if (legacy_each(&l, env, err) < 0)
        return -1;
    return nft_each(&l, env, err);
}
