// SPDX-License-Identifier: GPL-2.0-or-later
// Starts, stops and changes a network between live definitions. The network's lock is held.
#include "netmgr/internal.h"

#include <errno.h>

enum { BLOCKERS_QUIET_MS = 200 };

static int new_plan(struct network *net, const struct network_def *def, struct plan **ret,
                    struct error *err)
{
    return plan_make(def, &net->runtime->files.dnsmasq, ret, err);
}

static int check_mode(struct network *net, struct error *err)
{
    if (net->all->nl)
        return 0;
    return error_set(err, ERROR_OPERATION_UNSUPPORTED, AREA_NETWORK,
                     "cannot start network '%s': a session daemon cannot create bridges (needs "
                     "CAP_NET_ADMIN); use an interface of type 'user' in the domain, or the system "
                     "daemon (qemu:///system)",
                     net->name);
}

// Must not suspend between this check and the bridge's creation: name and subnet are free only now.
static int check_free(struct network *net, const struct plan *p, struct error *err)
{
    struct link l;
    if (!p->owned)
        return 0;
    int r = link_find(net->all->nl, p->bridge, &l, err);
    if (r == 0) {
        AUTO_FREE char *what = bridge_describe(net->all->nl, &l);
        AUTO_FREE char *remedy =
            *l.kind ? xasprintf(" or delete that one ('ip link delete %s')", p->bridge)
                    : xstrdup(""); // hardware
        return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                         "cannot start network '%s': its bridge name '%s' is used by %s; give "
                         "the network another ('virsh net-edit %s')%s",
                         net->name, p->bridge, what, net->name, remedy);
    }
    return r == -ENODEV ? subnet_check(net->all, p, err) : -1;
}

static bool has_all(const struct strv *texts, const struct strv *some)
{
    VEC_FOREACH (it, some) {
        if (!strv_has(texts, *it))
            return false;
    }
    return true;
}

static void find_blockers(struct task *t, struct network *net, struct strv *ret)
{
    const struct plan *p = net->runtime->plan;
    if (!p->owned || p->rules.mode == FIREWALL_OPEN || !firewall_backend_name(net->all->firewall))
        return;
    AUTO_FREE char *bridge = xstrdup(p->bridge); // the plan may change during the wait
    bool services = p->rules.dns || p->rules.dhcp || p->rules.dhcp6;
    (void)firewall_find_blockers(t, net->all->firewall, bridge, services, ret, NULL);
}

static int refuse_blocked(struct task *t, struct network *net, struct error *err)
{
    struct strv blockers = {0};
    if (net->all->config.refuse_blocked)
        find_blockers(t, net, &blockers);
    int r = blockers.n == 0
                ? 0
                : error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                            "cannot start network '%s', its traffic would be blocked: %s; or set "
                            "refuse_blocked_networks = no",
                            net->name, blockers.v[0]);
    strv_finish(&blockers);
    return r;
}

static void report_main(struct task *t, void *arg)
{
    AUTO_NETWORK struct network *net = arg;
    struct network_runtime *rt = net->runtime;
    struct strv seen = {0}, blockers = {0};
    // Firewall programs write their rules in several steps, and vireod's repair follows: only rules
    // that two checks in a row find are logged.
    do {
        task_sleep(t, task_deadline_ms(BLOCKERS_QUIET_MS));
        strv_finish(&seen);
        seen = blockers;
        blockers = (struct strv){0};
        if (rt->phase == PHASE_ACTIVE)
            find_blockers(t, net, &blockers);
    } while (!has_all(&seen, &blockers));
    rt->checking_blockers = false;
    VEC_FOREACH (text, &blockers) {
        if (!strv_has(&rt->blockers, *text))
            log_network(LOG_LEVEL_WARN, net->name, "%s", *text);
    }
    strv_finish(&seen);
    strv_finish(&rt->blockers);
    rt->blockers = blockers;
}

void network_report_blockers(struct network *net)
{
    if (net->runtime->checking_blockers)
        return;
    net->runtime->checking_blockers = true;
    task_spawn(net->all->config.sched, "check blockers", report_main, network_ref(net));
}

static void set_inactive(struct network *net)
{
    struct network_runtime *rt = net->runtime;
    plan_destroy(STEAL(rt->plan));
    network_def_destroy(net->live);
    net->live = NULL;
    net->updated = false;
    object_set_active(&net->object, false);
    network_set_phase(net, PHASE_INACTIVE);
    rt->repair.pending = false;
}

static int prepare(struct task *t, struct network *net, struct error *err)
{
    struct network_runtime *rt = net->runtime;
    if (check_mode(net, err) < 0)
        return -1;
    int r = completion_wait(t, &net->all->swept, task_deadline_ms(NETWORK_LOCK_TIMEOUT_MS));
    if (r < 0)
        return error_set_errno(err, AREA_NETWORK, r, "cannot start network '%s'", net->name);
    if (network_hooks_run(t, net, "start", "begin", NULL, err) < 0 ||
        new_plan(net, net->live, &rt->plan, err) < 0 ||
        teardown_wait(t, net, rt->plan->bridge, err) < 0)
        return -1;
    kernel_enter(t, net->all); // until reconcile() has created the bridge
    return check_free(net, rt->plan, err);
}

static int bring_up(struct task *t, struct network *net, struct error *err)
{
    struct repairs done = {0};
    network_set_phase(net, PHASE_STARTING);
    int r = network_status_save(net, PHASE_STARTING, err);
    if (r == 0)
        r = reconcile(t, net, true, &done, err);
    if (r == 0)
        r = refuse_blocked(t, net, err);
    // A host bridge gets the rates while the network is active.
    if (r == 0 && !net->runtime->plan->owned && net->live->bandwidth)
        r = bandwidth_apply(t, net->runtime->plan->bridge, net->live->bandwidth, err);
    if (r == 0)
        r = network_status_save(net, PHASE_ACTIVE, err);
    strbuf_finish(&done.text);
    if (r == 0)
        r = network_hooks_run(t, net, "started", "begin", NULL, err);
    if (r < 0) {
        network_set_phase(net, PHASE_STOPPING);
        (void)network_status_save(net, PHASE_STOPPING, NULL);
        (void)reconcile(t, net, false, NULL, NULL);
    }
    return r;
}

// net->live may already be set to a definition that is not the stored one.
int network_start_locked(struct task *t, struct network *net, struct error *err)
{
    object_assert_locked(t, &net->object);
    if (net->runtime->phase != PHASE_INACTIVE)
        return error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK, "network is already active");
    if (!net->live)
        net->live = network_def_copy(net->def);
    int r = prepare(t, net, err);
    if (r == 0)
        r = bring_up(t, net, err);
    kernel_leave(t, net->all);
    if (r < 0) {
        set_inactive(net);
        return -1;
    }
    network_set_phase(net, PHASE_ACTIVE);
    object_set_active(&net->object, true);
    networks_event(net, NETWORK_STARTED);
    network_report_blockers(net);
    direct_report_missing(net);
    log_network(LOG_LEVEL_INFO, net->name, "started on %s %s",
                net->live->bridge ? "bridge" : "interface",
                net->live->bridge ? net->live->bridge : net->live->forward.dev);
    return 0;
}

int network_stop_locked(struct task *t, struct network *net, struct error *err)
{
    struct network_runtime *rt = net->runtime;
    AUTO_ERROR e = ERROR_INIT;
    object_assert_locked(t, &net->object);
    if (rt->phase != PHASE_ACTIVE)
        return network_require_active(net, err);
    network_set_phase(net, PHASE_STOPPING);
    if (network_status_save(net, PHASE_STOPPING, err) < 0) {
        network_set_phase(net, PHASE_ACTIVE);
        return -1;
    }
    // Stops even if something cannot be removed: that is logged, and retried when the daemon
    // starts.
    if (reconcile(t, net, false, NULL, &e) < 0)
        log_network(LOG_LEVEL_ERROR, net->name, "%s", error_message(&e));
    if (!rt->plan->owned && net->live->bandwidth)
        (void)bandwidth_apply(t, rt->plan->bridge, NULL, NULL);
    // Running domains keep their interfaces, which are plugged back when the network starts again.
    network_drop_ports(net, true);
    error_clear(&e);
    if (network_hooks_run(t, net, "stopped", "end", NULL, &e) < 0)
        log_network(LOG_LEVEL_WARN, net->name, "%s", error_message(&e));
    set_inactive(net);
    networks_event(net, NETWORK_STOPPED);
    log_network(LOG_LEVEL_INFO, net->name, "stopped");
    return 0;
}

static void remember_old(struct network_runtime *rt, const struct plan *old, const struct plan *now)
{
    if (old->owned && !str_eq(old->bridge, now->bridge))
        strv_push(&rt->old_bridges, old->bridge);
    VEC_FOREACH (a, &old->addresses)
        vec_push(&rt->old_addresses, *a);
    VEC_FOREACH (r, &old->routes)
        vec_push(&rt->old_routes, *r);
}

static int switch_to(struct task *t, struct network *net, const struct network_def *stored,
                     struct error *err)
{
    struct repairs done = {0};
    net->runtime->storing = stored;
    int r = network_status_save(net, PHASE_ACTIVE, err);
    if (r == 0 && stored)
        r = object_store(t, &net->object, stored, err);
    net->runtime->storing = NULL;
    if (r == 0)
        r = reconcile(t, net, true, &done, err);
    strbuf_finish(&done.text);
    if (r == 0)
        r = network_status_save(net, PHASE_ACTIVE, err);
    return r;
}

int network_apply_locked(struct task *t, struct network *net, struct network_def *live,
                         const struct network_def *stored, struct error *err)
{
    struct network_runtime *rt = net->runtime;
    struct network_def *old_live = net->live;
    struct plan *old_plan = rt->plan, *plan;
    object_assert_locked(t, &net->object);
    if (new_plan(net, live, &plan, err) < 0) {
        network_def_destroy(live);
        return -1;
    }
    remember_old(rt, old_plan, plan);
    net->live = live;
    rt->plan = plan;
    int r = switch_to(t, net, stored, err);
    if (r == 0 && plan->owned && (old_live->bandwidth || live->bandwidth))
        r = bandwidth_apply(t, plan->bridge, live->bandwidth, err);
    if (r == 0)
        r = network_hooks_run(t, net, "updated", "begin", NULL, err);
    if (r == 0) {
        network_def_destroy(old_live);
        plan_destroy(old_plan);
        return 0;
    }
    AUTO_ERROR back = ERROR_INIT;
    remember_old(rt, plan, old_plan);
    net->live = old_live;
    rt->plan = old_plan;
    if (switch_to(t, net, stored ? net->def : NULL, &back) < 0)
        log_network(LOG_LEVEL_ERROR, net->name, "cannot undo a change: %s", error_message(&back));
    network_def_destroy(live);
    plan_destroy(plan);
    return -1;
}
