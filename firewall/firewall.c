// SPDX-License-Identifier: GPL-2.0-or-later
// The backends run on a helper thread, one call at a time: here the calls are put in order, and the
// backend is chosen.
#include "firewall/firewall.h"
#include "base/alloc.h"
#include "firewall/backend.h"

static const char LOCK_PATH[] = "/run/xtables.lock";

struct firewall {
    const struct backend *backend; // NULL: none
    char *reason;
    char *lock_path;
    struct backend_env env; // used by the call under way only
    struct task_lock lock;
};

struct firewall *firewall_create(const struct firewall_options *o)
{
    static const struct backend *const all[] = {&backend_nftables, &backend_iptables};
    struct firewall *fw = NEW(struct firewall);
    task_lock_init(&fw->lock);
    fw->lock_path = xstrdup(o->lock_path ? o->lock_path : LOCK_PATH);
    fw->env.lock_path = fw->lock_path;
    AUTO_STRBUF reason = {0};
    for (size_t i = 0; i < ARRAY_LEN(all) && !fw->backend; i++) {
        if ((o->choice == FIREWALL_NFTABLES && all[i] != &backend_nftables) ||
            (o->choice == FIREWALL_IPTABLES && all[i] != &backend_iptables))
            continue;
        AUTO_ERROR err = ERROR_INIT;
        if (all[i]->probe(&fw->env, &err) == 0)
            fw->backend = all[i];
        else
            strbuf_printf(&reason, "%s%s: %s", reason.len ? "; " : "", all[i]->name,
                          error_message(&err));
    }
    fw->reason = fw->backend ? xstrdup("") : strbuf_steal(&reason);
    return fw;
}

void firewall_destroy(struct firewall *fw)
{
    if (!fw)
        return;
    backend_env_finish(&fw->env);
    free(fw->reason);
    free(fw->lock_path);
    free(fw);
}

const char *firewall_backend_name(const struct firewall *fw)
{
    return fw->backend ? fw->backend->name : NULL;
}

const char *firewall_backend_reason(const struct firewall *fw)
{
    return fw->reason;
}

struct call {
    struct firewall *fw;
    void (*fn)(struct call *c);
    const struct firewall_network *net;
    struct rule_vec rules;
    const char *bridge;
    bool services;
    const struct strv *known;
    struct strv *blockers;
    char **missing;
    struct error *err;
    int result;
};

static void on_thread(void *arg)
{
    struct call *c = arg;
    c->fn(c);
}

static int run(struct task *t, struct call *c)
{
    int r = task_lock_acquire(t, &c->fw->lock, TASK_FOREVER);
    if (r < 0) {
        vec_finish(&c->rules);
        return error_set_errno(c->err, AREA_FIREWALL, r, "firewall work was cut short");
    }
    task_offload(t, on_thread, c);
    task_lock_release(&c->fw->lock);
    vec_finish(&c->rules);
    return c->result;
}

// Where another program's chain jumps to vireod's, these can't go before the jump.
static void do_apply(struct call *c)
{
    struct backend_env *env = &c->fw->env;
    const char *bridge = c->net->bridge;
    bool wanted = c->rules.n > 0;
    c->result = wanted ? 0 : hooks_remove(env, bridge, c->err);
    if (c->result == 0)
        c->result = c->fw->backend->apply(env, c->net, &c->rules, c->err);
    if (c->result == 0 && wanted)
        c->result = hooks_apply(c->fw->backend, env, bridge, &c->rules, c->err);
}

// Without a backend: what a network can do all the same.
static int without_backend(struct firewall *fw, const struct firewall_network *net,
                           struct error *err)
{
    if (net->mode == FIREWALL_ISOLATED || net->mode == FIREWALL_OPEN)
        return 0;
    return error_set(err, ERROR_BUILD_FIREWALL, AREA_FIREWALL,
                     "network '%s' cannot %s: no packet filter can be used here (%s); isolated and "
                     "open networks work without",
                     net->name, net->mode == FIREWALL_NAT ? "do NAT" : "be routed", fw->reason);
}

int firewall_apply(struct task *t, struct firewall *fw, const struct firewall_network *net,
                   struct error *err)
{
    struct call c = {.fw = fw, .fn = do_apply, .net = net, .err = err};
    int r = rules_from_network(net, &c.rules, err);
    if (r == 0 && fw->backend)
        return run(t, &c);
    vec_finish(&c.rules);
    return r < 0 ? -1 : without_backend(fw, net, err);
}

static void do_remove(struct call *c)
{
    AUTO_ERROR hooks = ERROR_INIT;
    int r = hooks_remove(&c->fw->env, c->bridge, &hooks);
    c->result = c->fw->backend->remove(&c->fw->env, c->bridge, c->err);
    if (r < 0 && c->result == 0)
        c->result = error_move(c->err, &hooks);
}

int firewall_remove(struct task *t, struct firewall *fw, const char *bridge, struct error *err)
{
    struct call c = {.fw = fw, .fn = do_remove, .bridge = bridge, .err = err};
    return fw->backend ? run(t, &c) : 0;
}

static void do_verify(struct call *c)
{
    struct backend_env *env = &c->fw->env;
    c->result = c->fw->backend->verify(env, c->net, &c->rules, c->missing, c->err);
    if (c->result == 0 && !*c->missing && c->rules.n > 0)
        c->result =
            hooks_verify(c->fw->backend, env, c->net->bridge, &c->rules, c->missing, c->err);
}

int firewall_verify(struct task *t, struct firewall *fw, const struct firewall_network *net,
                    bool *complete, char **missing, struct error *err)
{
    char *what = NULL;
    struct call c = {.fw = fw, .fn = do_verify, .net = net, .missing = &what, .err = err};
    int r = rules_from_network(net, &c.rules, err);
    if (r < 0)
        vec_finish(&c.rules);
    else if (fw->backend)
        r = run(t, &c);
    else
        vec_finish(&c.rules);
    if (r < 0) {
        free(what);
        return -1;
    }
    *complete = !what;
    if (missing)
        *missing = what;
    else
        free(what);
    return 0;
}

static void do_sweep(struct call *c)
{
    static const struct backend *const all[] = {&backend_nftables, &backend_iptables};
    static const struct strv none;
    struct backend_env *env = &c->fw->env;
    c->result = hooks_sweep(env, c->known, c->err);
    for (size_t i = 0; i < ARRAY_LEN(all) && c->result == 0; i++) {
        const struct strv *known = all[i] == c->fw->backend ? c->known : &none;
        AUTO_ERROR err = ERROR_INIT;
        // The other one is often not there at all.
        if (all[i]->sweep(env, known, &err) < 0 && all[i] == c->fw->backend)
            c->result = error_move(c->err, &err);
    }
}

int firewall_sweep(struct task *t, struct firewall *fw, const struct strv *known, struct error *err)
{
    struct call c = {.fw = fw, .fn = do_sweep, .known = known, .err = err};
    return fw->backend ? run(t, &c) : 0;
}

static void do_find_blockers(struct call *c)
{
    c->result = blockers_find(&c->fw->env, c->bridge, c->services, c->blockers, c->err);
}

int firewall_find_blockers(struct task *t, struct firewall *fw, const char *bridge, bool services,
                           struct strv *ret, struct error *err)
{
    struct call c = {.fw = fw,
                     .fn = do_find_blockers,
                     .bridge = bridge,
                     .services = services,
                     .blockers = ret,
                     .err = err};
    return run(t, &c);
}
