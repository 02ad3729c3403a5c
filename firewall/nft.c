// SPDX-License-Identifier: GPL-2.0-or-later
// The nftables backend: transactions through libnftables, without its command; reading through
// nfnl.h.
#include "firewall/backend.h"
#include "firewall/nfnl.h"

#include <linux/netfilter.h>
#include <nftables/libnftables.h>

static const char TABLE[] = "vireo";

struct nfnl *nft_reader(struct backend_env *env, struct error *err)
{
    if (!env->nfnl && nfnl_open(&env->nfnl, err) < 0)
        env->nfnl = NULL;
    return env->nfnl;
}

void backend_env_finish(struct backend_env *env)
{
    if (env->nft)
        nft_ctx_free(env->nft);
    nfnl_close(env->nfnl);
    env->nft = NULL;
    env->nfnl = NULL;
}

int nft_run(struct backend_env *env, const char *commands, struct error *err)
{
    // libnftables 1.0.6 calls exit() when it gets no netfilter socket: only where one could be
    // opened.
    if (!nft_reader(env, err))
        return -1;
    if (!env->nft && !(env->nft = nft_ctx_new(NFT_CTX_DEFAULT)))
        return error_set(err, ERROR_NO_MEMORY, AREA_FIREWALL, "cannot start libnftables");
    nft_ctx_buffer_output(env->nft);
    nft_ctx_buffer_error(env->nft);
    if (nft_run_cmd_from_buffer(env->nft, commands) == 0)
        return 0;
    const char *text = nft_ctx_get_error_buffer(env->nft);
    // The first line says what; the others draw arrows below the command.
    error_set(err, ERROR_BUILD_FIREWALL, AREA_FIREWALL, "nftables refused the rules: %.*s",
              (int)strcspn(text, "\n"), text);
    nft_ctx_free(env->nft); // whatever state it is in
    env->nft = NULL;
    return -1;
}

static int no_chain(const struct nfnl_chain *chain, void *arg)
{
    (void)chain;
    (void)arg;
    return 0;
}

static int probe(struct backend_env *env, struct error *err)
{
    struct nfnl *n = nft_reader(env, err);
    return n ? nfnl_each_chain(n, no_chain, NULL, err) : -1;
}

// What the kernel has of our table.
struct state {
    struct {
        char *name, *comment;
        uint32_t use;
    } * v;
    size_t n, cap;
};

static void state_finish(struct state *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->v[i].name);
        free(s->v[i].comment);
    }
    vec_finish(s);
}

static int keep_chain(const struct nfnl_chain *c, void *arg)
{
    struct state *s = arg;
    if (c->family != NFPROTO_INET || !str_eq(c->table, TABLE))
        return 0;
    vec_reserve(s, s->n + 1);
    s->v[s->n].name = xstrdup(c->name);
    s->v[s->n].comment = xstrdup(c->comment);
    s->v[s->n++].use = c->use;
    return 0;
}

static int state_read(struct backend_env *env, struct state *s, struct error *err)
{
    struct nfnl *n = nft_reader(env, err);
    return n ? nfnl_each_chain(n, keep_chain, s, err) : -1;
}

// A chain's use counts its rules and the jumps to it: flushing the chain, the map or the base chain
// changes one of them. What the rules say is in the hash in the comment.
static char *check_chain(const struct state *s, const char *name, const char *comment, uint32_t use)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->v[i].name, name)) {
            if (comment && !str_eq(s->v[i].comment, comment))
                return xasprintf("nftables chain 'inet vireo %s' is of another definition", name);
            if (s->v[i].use != use)
                return xasprintf("rules or jumps of nftables chain 'inet vireo %s'", name);
            return NULL;
        }
    return xasprintf("nftables chain 'inet vireo %s'", name);
}

static char *check_base(const struct state *s)
{
    // The jumps by map: one for each of these, two in forward.
    static const struct {
        const char *name;
        uint32_t use;
    } base[] = {{"input", 1}, {"output", 1}, {"forward", 2}};
    char *missing = NULL;
    for (size_t i = 0; i < ARRAY_LEN(base) && !missing; i++)
        missing = check_chain(s, base[i].name, NULL, base[i].use);
    return missing;
}

static char *check_network(const struct state *s, const struct firewall_network *net,
                           const struct rule_vec *rules)
{
    AUTO_FREE char *tag = rules_nft_tag(net, rules);
    char *missing = NULL;
    for (int chain = 0; chain < RULE_CHAIN_COUNT && !missing; chain++) {
        if (chain == RULE_MANGLE)
            continue;
        uint32_t use = 0;
        for (size_t i = 0; i < rules->n; i++)
            use += (int)rules->v[i].chain == chain;
        AUTO_STRBUF name = {0};
        rules_nft_chain((enum rule_chain)chain, net->bridge, &name);
        if (use > 0) {
            missing = check_chain(s, name.data, tag, use + (chain != RULE_NAT));
            continue;
        }
        for (size_t i = 0; i < s->n; i++)
            if (str_eq(s->v[i].name, name.data))
                missing = xasprintf("nftables chain 'inet vireo %s' is left over", name.data);
    }
    return missing;
}

static int verify(struct backend_env *env, const struct firewall_network *net,
                  const struct rule_vec *rules, char **missing, struct error *err)
{
    struct state s = {0};
    int r = state_read(env, &s, err);
    if (r == 0)
        *missing = check_network(&s, net, rules);
    if (r == 0 && !*missing && rules->n > 0)
        *missing = check_base(&s);
    state_finish(&s);
    return r;
}

static bool is_chain_of(const char *name, const char *bridge)
{
    for (int chain = 0; chain < RULE_CHAIN_COUNT; chain++) {
        if (chain == RULE_MANGLE)
            continue;
        AUTO_STRBUF mine = {0};
        rules_nft_chain((enum rule_chain)chain, bridge, &mine);
        if (str_eq(name, mine.data))
            return true;
    }
    return false;
}

static bool is_base(const char *name)
{
    return str_eq(name, "input") || str_eq(name, "output") || str_eq(name, "forward");
}

static int remove_network(struct backend_env *env, const char *bridge, struct error *err)
{
    struct state s = {0};
    bool found = false, others = false;
    int r = state_read(env, &s, err);
    for (size_t i = 0; r == 0 && i < s.n; i++) {
        bool own = is_chain_of(s.v[i].name, bridge);
        found = found || own;
        others = others || (!own && !is_base(s.v[i].name));
    }
    if (r == 0 && s.n > 0 && !others)
        r = nft_run(env, "delete table inet vireo\n", err); // the last network went
    else if (r == 0 && found) {
        AUTO_STRBUF text = {0};
        rules_remove_nft(bridge, &text);
        r = nft_run(env, text.data, err);
    }
    state_finish(&s);
    return r;
}

static int apply(struct backend_env *env, const struct firewall_network *net,
                 const struct rule_vec *rules, struct error *err)
{
    char *missing = NULL;
    int r = verify(env, net, rules, &missing, err);
    bool complete = !missing;
    free(missing);
    if (r < 0 || complete)
        return r;
    if (rules->n == 0)
        return remove_network(env, net->bridge, err);
    AUTO_STRBUF text = {0};
    rules_to_nft(net, rules, &text);
    return nft_run(env, text.data, err);
}

static bool is_known(const char *name, const struct strv *known)
{
    for (size_t i = 0; i < known->n; i++)
        if (is_chain_of(name, known->v[i]))
            return true;
    return is_base(name);
}

static int sweep(struct backend_env *env, const struct strv *known, struct error *err)
{
    struct state s = {0};
    int r = state_read(env, &s, err);
    if (r == 0 && s.n > 0 && known->n == 0) {
        r = nft_run(env, "delete table inet vireo\n", err);
        state_finish(&s);
        return r;
    }
    AUTO_STRBUF text = {0};
    for (size_t i = 0; r == 0 && i < s.n; i++) {
        if (is_known(s.v[i].name, known))
            continue;
        AUTO_FREE char *bridge = rules_nft_bridge(s.v[i].name);
        if (bridge)
            rules_remove_nft(bridge, &text);
    }
    if (text.len > 0)
        r = nft_run(env, text.data, err);
    state_finish(&s);
    return r;
}

const struct backend backend_nftables = {.name = "nftables",
                                         .probe = probe,
                                         .apply = apply,
                                         .remove = remove_network,
                                         .verify = verify,
                                         .sweep = sweep};
