// SPDX-License-Identifier: GPL-2.0-or-later
// vireod's accepts in chains that other programs share.
//
// Every table decides in turn: an accept in vireod's doesn't override a drop in another (measured).
// The tables of iptables are shared by custom: each program adds what it needs passed to INPUT,
// OUTPUT and FORWARD of the table "filter", and libvirt does so, too. Therefore, where one of these
// chains drops what no rule of it accepts (as ufw and Docker set it up), the network's accepts
// are there as well, before the rest. In FORWARD that is all of the bridge's traffic: vireod's own
// chains still decide what passes. Docker documents DOCKER-USER for the rules of others; it takes
// FORWARD's place: https://docs.docker.com/engine/network/packet-filtering-firewalls/.
//
// There are two such worlds for each family, the legacy tables and iptables-nft's, which for
// nftables are "ip filter" and "ip6 filter". Chains that drop nothing are left alone, and tables of
// other names always: blockers.c names those.
#include "firewall/backend.h"
#include "firewall/ipt_entry.h"
#include "firewall/nfnl.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter.h>

static const char FILTER[] = "filter";
static const char *const CHAINS[] = {"INPUT", "OUTPUT", "FORWARD", "DOCKER-USER"};
enum { CHAIN_FORWARD = 2, CHAIN_DOCKER = 3, CHAIN_COUNT = ARRAY_LEN(CHAINS), TRIES = 5 };

struct hooks {
    const struct backend *active;
    const char *bridge;
    const struct rule_vec *accepts; // NULL: none may be there
    const struct strv *known;       // sweeping: remove those of all other bridges
    char **missing;                 // only check
};

static char *tag_of(const char *bridge)
{
    return xasprintf("%s%s", HOOK_TAG, bridge);
}

static bool is_tagged(const char *comment, const struct hooks *k)
{
    if (!comment || !str_starts(comment, HOOK_TAG))
        return false;
    const char *bridge = comment + strlen(HOOK_TAG);
    return k->known ? !strv_has(k->known, bridge) : str_eq(bridge, k->bridge);
}

// What must pass: the host's services by their ports, everything forwarded.
static void make_accepts(const char *bridge, const struct rule_vec *rules, struct rule_vec *ret)
{
    struct rule to = {.chain = RULE_FORWARD_IN}, from = {.chain = RULE_FORWARD_OUT};
    strcpy(to.out, bridge); // checked by rules_from_network()
    strcpy(from.in, bridge);
    vec_push(ret, to);
    vec_push(ret, from);
    RULES_FOREACH(r, rules)
    {
        struct rule accept = *r;
        if (r->chain != RULE_INPUT && r->chain != RULE_OUTPUT)
            continue;
        strcpy(r->chain == RULE_INPUT ? accept.in : accept.out, bridge);
        vec_push(ret, accept);
    }
}

// Which of CHAINS gets this rule; -1: it is not needed. chains: bits of those that are there or, of
// the built-in ones, drop.
static int chain_for(const struct rule *rule, unsigned chains)
{
    const char *builtin = rules_iptables_place(rule->chain)->builtin;
    int i = 0;
    while (!str_eq(CHAINS[i], builtin))
        i++;
    if (i == CHAIN_FORWARD && chains & 1u << CHAIN_DOCKER)
        return CHAIN_DOCKER;
    return chains & 1u << i ? i : -1;
}

// --- legacy

// With vireod's chains in the same tables the built-in ones jump to them first, and DOCKER-USER
// must do the same.
static unsigned legacy_chains(const struct hooks *k, const struct ipt_tables *ops,
                              struct xtc_handle *h)
{
    unsigned chains = ops->is_chain(CHAINS[CHAIN_DOCKER], h) ? 1u << CHAIN_DOCKER : 0;
    for (unsigned i = 0; i < CHAIN_DOCKER && k->active != &backend_iptables; i++)
        if (ipt_chain_drops(ops, CHAINS[i], h))
            chains |= 1u << i;
    return chains;
}

static void *legacy_entry(const struct hooks *k, enum rule_family family, const struct rule *rule)
{
    AUTO_FREE char *tag = tag_of(k->bridge);
    struct rule tagged = *rule;
    tagged.comment = tag;
    if (k->active != &backend_iptables)
        return entry_from_rule(family, &tagged);
    const char *top = rules_iptables_place(rule->chain)->top;
    AUTO_FREE char *target = xasprintf("%s_%s", top, k->bridge);
    return entry_from_jump(family, rule->in, rule->out, tag, target);
}

static bool legacy_has(const struct ipt_tables *ops, const char *chain, struct xtc_handle *h,
                       const void *wanted)
{
    for (const void *e = ops->first_rule(chain, h); e; e = ops->next_rule(e, h))
        if (entry_equal(ops->family, wanted, e, ops->get_target(e, h)))
            return true;
    return false;
}

static unsigned legacy_count(const struct ipt_tables *ops, struct xtc_handle *h,
                             const struct hooks *k)
{
    unsigned n = 0;
    for (size_t i = 0; i < CHAIN_COUNT; i++) {
        if (!ops->is_chain(CHAINS[i], h))
            continue;
        for (const void *e = ops->first_rule(CHAINS[i], h); e; e = ops->next_rule(e, h))
            n += is_tagged(entry_comment(ops->family, e), k);
    }
    return n;
}

static int legacy_remove(const struct ipt_tables *ops, const char *chain, struct xtc_handle *h,
                         const struct hooks *k)
{
    for (;;) {
        unsigned at = 0;
        const void *e = ops->first_rule(chain, h);
        for (; e && !is_tagged(entry_comment(ops->family, e), k); e = ops->next_rule(e, h))
            at++;
        if (!e)
            return 0;
        if (!ops->delete_at(chain, at, h))
            return -1;
    }
}

// Finds each wanted rule, or puts it first in its chain. Returns how many there are.
static int legacy_each(const struct ipt_tables *ops, struct xtc_handle *h, const struct hooks *k,
                       unsigned chains, bool insert, bool *missing)
{
    int n = 0;
    for (size_t i = 0; k->accepts && i < k->accepts->n; i++) {
        const struct rule *rule = &k->accepts->v[i];
        int chain = chain_for(rule, chains);
        if (chain < 0 || !rules_iptables_has(ops->family, rule))
            continue;
        AUTO_FREE void *e = legacy_entry(k, ops->family, rule);
        n++;
        if (insert && !ops->insert(CHAINS[chain], e, 0, h))
            return -1;
        if (!insert && !legacy_has(ops, CHAINS[chain], h, e)) {
            *missing = true;
            if (k->missing && !*k->missing)
                *k->missing = xasprintf("accept in the chain '%s'", CHAINS[chain]);
        }
    }
    return n;
}

static int legacy_change(const struct ipt_tables *ops, struct xtc_handle *h, void *arg)
{
    const struct hooks *k = arg;
    unsigned chains = legacy_chains(k, ops, h);
    bool missing = false;
    int wanted = legacy_each(ops, h, k, chains, false, &missing);
    if (k->missing || (!missing && legacy_count(ops, h, k) == (unsigned)wanted))
        return 0;
    for (size_t i = 0; i < CHAIN_COUNT; i++)
        if (ops->is_chain(CHAINS[i], h) && legacy_remove(ops, CHAINS[i], h, k) < 0)
            return -1;
    return legacy_each(ops, h, k, chains, true, NULL) < 0 ? -1 : 1;
}

static int in_legacy(struct hooks *k, struct backend_env *env, struct error *err)
{
    static const enum rule_family families[] = {RULE_V4, RULE_V6};
    AUTO_CLOSE int lock = -1;
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        const struct ipt_tables *ops = ipt_tables_of(families[i]);
        if (!ipt_table_used(ops, FILTER))
            continue;
        if (!k->missing && lock < 0 && (lock = ipt_lock(env->lock_path, err)) < 0)
            return -1;
        if (ipt_change(ops, FILTER, legacy_change, k, err) < 0)
            return -1;
    }
    return 0;
}

// --- iptables-nft

// One table.
struct scan {
    const struct hooks *k;
    uint8_t family; // of the table
    unsigned there; // bits of CHAINS
    unsigned drops; // those whose policy or last rule drops
    size_t chain;   // being read
    bool decided;   // no rule behind this one is reached by all packets
    unsigned tagged[CHAIN_COUNT];
    struct strbuf removal; // nft commands
};

static const char *family_name(uint8_t family)
{
    return family == NFPROTO_IPV4 ? "ip" : "ip6";
}

static int scan_chain(const struct nfnl_chain *c, void *arg)
{
    struct scan *l = arg;
    if (c->family != l->family || !str_eq(c->table, FILTER))
        return 0;
    for (size_t i = 0; i < CHAIN_COUNT; i++) {
        if (!str_eq(c->name, CHAINS[i]) || c->base != (i != CHAIN_DOCKER))
            continue;
        l->there |= 1u << i;
        if (c->policy_drop)
            l->drops |= 1u << i;
    }
    return 0;
}

static int scan_rule(const struct nfnl_rule *r, void *arg)
{
    struct scan *l = arg;
    if (is_tagged(r->comment, l->k)) {
        l->tagged[l->chain]++;
        strbuf_printf(&l->removal, "delete rule %s %s %s handle %" PRIu64 "\n",
                      family_name(l->family), FILTER, CHAINS[l->chain], r->handle);
    } else if (r->unconditional && r->verdict != NFNL_OTHER && !l->decided) {
        l->decided = true;
        if (r->verdict == NFNL_ACCEPT)
            l->drops &= ~(1u << l->chain);
        else
            l->drops |= 1u << l->chain;
    }
    return 0;
}

static int scan(struct backend_env *env, struct scan *l, struct error *err)
{
    // Without nftables there is no chain in it.
    if (nfnl_each_chain(env->nfnl, scan_chain, l, NULL) < 0)
        return 0;
    for (l->chain = 0; l->chain < CHAIN_COUNT; l->chain++) {
        l->decided = false;
        if (l->there & 1u << l->chain &&
            nfnl_each_rule(env->nfnl, l->family, FILTER, CHAINS[l->chain], scan_rule, l, err) < 0)
            return -1;
    }
    return 0;
}

static void add_insertions(const struct scan *l, unsigned wanted[static CHAIN_COUNT],
                           struct strbuf *ret)
{
    const struct hooks *k = l->k;
    unsigned chains = l->drops | (l->there & 1u << CHAIN_DOCKER);
    enum rule_family family = l->family == NFPROTO_IPV4 ? RULE_V4 : RULE_V6;
    for (size_t i = 0; k->accepts && i < k->accepts->n; i++) {
        struct rule rule = k->accepts->v[i];
        int chain = chain_for(&rule, chains);
        if (chain < 0 || !rules_iptables_has(family, &rule))
            continue;
        wanted[chain]++;
        rule.family = RULE_ANY; // the table says it
        strbuf_printf(ret, "insert rule %s %s %s ", family_name(l->family), FILTER, CHAINS[chain]);
        rules_nft_conditions(&rule, ret);
        strbuf_printf(ret, "counter accept comment \"%s%s\"\n", HOOK_TAG, k->bridge);
    }
}

static int in_table(struct backend_env *env, struct scan *l, struct error *err)
{
    unsigned wanted[CHAIN_COUNT] = {0};
    AUTO_STRBUF commands = {0};
    if (scan(env, l, err) < 0)
        return -1;
    strbuf_add(&commands, strbuf_text(&l->removal));
    add_insertions(l, wanted, &commands);
    if (!l->k->missing)
        return commands.len > 0 ? nft_run(env, commands.data, err) : 0;
    for (size_t i = 0; i < CHAIN_COUNT && !*l->k->missing; i++)
        if (l->tagged[i] < wanted[i])
            *l->k->missing = xasprintf("accept in the chain '%s %s %s'", family_name(l->family),
                                       FILTER, CHAINS[i]);
    return 0;
}

// Another program may change the table between the scan and the transaction: then once more.
static int in_table_retried(struct backend_env *env, const struct hooks *k, uint8_t family,
                            struct error *err)
{
    for (int left = TRIES;; left--) {
        AUTO_ERROR e = ERROR_INIT;
        struct scan l = {.k = k, .family = family};
        int r = in_table(env, &l, &e);
        strbuf_finish(&l.removal);
        if (r == 0)
            return 0;
        if (left == 1)
            return error_move(err, &e);
    }
}

static int in_nft(const struct hooks *k, struct backend_env *env, struct error *err)
{
    static const uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(families) && nft_reader(env, NULL); i++)
        r = in_table_retried(env, k, families[i], err);
    return r;
}

// --- both

static int run(struct hooks *k, struct backend_env *env, const struct rule_vec *rules,
               struct error *err)
{
    struct rule_vec accepts = {0};
    if (rules) {
        make_accepts(k->bridge, rules, &accepts);
        k->accepts = &accepts;
    }
    int r = in_legacy(k, env, err);
    if (r == 0 && !(k->missing && *k->missing))
        r = in_nft(k, env, err);
    vec_finish(&accepts);
    return r;
}

int hooks_apply(const struct backend *active, struct backend_env *env, const char *bridge,
                const struct rule_vec *rules, struct error *err)
{
    struct hooks k = {.active = active, .bridge = bridge};
    return run(&k, env, rules, err);
}

int hooks_remove(struct backend_env *env, const char *bridge, struct error *err)
{
    struct hooks k = {.bridge = bridge};
    return run(&k, env, NULL, err);
}

int hooks_verify(const struct backend *active, struct backend_env *env, const char *bridge,
                 const struct rule_vec *rules, char **missing, struct error *err)
{
    struct hooks k = {.active = active, .bridge = bridge, .missing = missing};
    return run(&k, env, rules, err);
}

int hooks_sweep(struct backend_env *env, const struct strv *known, struct error *err)
{
    struct hooks k = {.known = known};
    return run(&k, env, NULL, err);
}
