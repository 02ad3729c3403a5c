// SPDX-License-Identifier: GPL-2.0-or-later
// Adopts networks that were active when the previous daemon ended, also by a kill: active ones are
// repaired; an interrupted start is undone, an interrupted stop is finished.
#include "base/boot.h"
#include "base/file.h"
#include "netmgr/internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

// ---- one network --------------------------------------------------------------------------------

static void adopt_main(struct task *t, void *arg)
{
    AUTO_NETWORK struct network *net = arg;
    struct repairs repairs = {0};
    AUTO_ERROR err = ERROR_INIT;
    if (network_lock(t, net, "adopt", &err) < 0)
        return;
    dnsmasq_adopt(t, net);
    dnsmasq_read_leases(net);
    int r = reconcile(t, net, true, &repairs, &err);
    if (r == 0)
        r = network_status_save(net, PHASE_ACTIVE, &err);
    if (repairs.kinds)
        log_network(LOG_LEVEL_WARN, net->name, "adopted and repaired: %s", repairs_text(&repairs));
    else if (r == 0)
        log_network(LOG_LEVEL_INFO, net->name, "adopted");
    strbuf_finish(&repairs.text);
    if (r < 0) {
        log_network(LOG_LEVEL_ERROR, net->name, "cannot repair: %s; retrying", error_message(&err));
        net->runtime->repair.pending = true;
    }
    network_unlock(net);
}

static void clean_main(struct task *t, void *arg)
{
    AUTO_NETWORK struct network *net = arg;
    AUTO_ERROR err = ERROR_INIT;
    if (network_lock(t, net, "clean up", &err) < 0)
        return;
    log_network(LOG_LEVEL_WARN, net->name, "removing what an interrupted start or stop left");
    dnsmasq_adopt(t, net);
    if (reconcile(t, net, false, NULL, &err) < 0)
        log_network(LOG_LEVEL_ERROR, net->name, "%s", error_message(&err));
    network_set_phase(net, PHASE_INACTIVE);
    if (!net->def)
        object_remove(&net->object);
    network_unlock(net);
}

// Looked up by uuid and name: the uuid may now belong to another network.
static struct network *place(struct networks *all, struct network_status *s)
{
    struct uuid uuid = s->def ? s->def->uuid.value : uuid_random();
    struct network *net = s->def ? networks_find_uuid(all, &uuid) : NULL;
    if (!net || !str_eq(net->name, s->name))
        net = networks_find_name(all, s->name);
    return net ? net : (struct network *)object_add(&all->table, s->name, &uuid);
}

// Finishes an interrupted change of both definitions: the live one already has it.
static void finish_change(struct network *net, struct network_def *stored)
{
    AUTO_ERROR err = ERROR_INIT;
    network_def_destroy(net->def);
    net->def = stored;
    if (object_store(NULL, &net->object, stored, &err) < 0 ||
        network_status_save(net, PHASE_ACTIVE, &err) < 0)
        log_network(LOG_LEVEL_ERROR, net->name, "cannot finish an interrupted change: %s",
                    error_message(&err));
}

static void take(struct networks *all, struct network_status *s)
{
    struct network *net = place(all, s);
    struct network_runtime *rt = net->runtime;
    AUTO_ERROR err = ERROR_INIT;
    // Everything it may have in the kernel; reconcile() keeps what the plan lists.
    VEC_FOREACH (a, &s->addresses)
        vec_push(&rt->old_addresses, *a);
    VEC_FOREACH (r, &s->routes)
        vec_push(&rt->old_routes, *r);
    bool active = s->phase == PHASE_ACTIVE && s->def && str_eq(net->name, s->def->name);
    if (active && plan_make(s->def, &rt->files.dnsmasq, &rt->plan, &err) < 0) {
        log_network(LOG_LEVEL_ERROR, net->name, "cannot adopt: %s", error_message(&err));
        active = false;
    }
    for (size_t i = 0; i < s->bridges.n; i++) {
        if (!active || !str_eq(s->bridges.v[i], rt->plan->bridge))
            strv_push(&rt->old_bridges, s->bridges.v[i]);
    }
    network_set_phase(net, active ? PHASE_ACTIVE : PHASE_STOPPING);
    if (active) {
        net->live = STEAL(s->def);
        object_set_active(&net->object, true);
        if (s->stored && net->def)
            finish_change(net, STEAL(s->stored));
        if (net->def) {
            AUTO_FREE char *stored = network_def_format(net->def, 0);
            AUTO_FREE char *live = network_def_format(net->live, 0);
            net->updated = !str_eq(stored, live);
        }
    }
    task_spawn(all->config.sched, active ? "adopt network" : "clean up network",
               active ? adopt_main : clean_main, network_ref(net));
}

static int adopt_one(struct object_table *table, const char *file, const char *text, size_t len,
                     struct error *err)
{
    struct networks *all = (struct networks *)table;
    struct network_status s;
    if (network_status_parse(text, len, &s, err) < 0)
        return -1;
    int r = objects_check_status_name(table, file, s.name, err);
    AUTO_FREE char *boot = boot_id();
    if (r == 0 && boot && s.boot && *s.boot && !str_eq(boot, s.boot)) {
        AUTO_FREE char *path = object_status_path(table, s.name);
        unlink(path); // nothing of it survives a boot
    } else if (r == 0) {
        take(all, &s);
    }
    network_status_finish(&s);
    return r;
}

// ---- leftovers of unknown networks --------------------------------------------------------------

static void sweep_main(struct task *t, void *arg)
{
    struct networks *all = arg;
    struct strv known = {0};
    AUTO_ERROR err = ERROR_INIT;
    struct network *net;
    OBJECTS_FOREACH(net, &all->table)
    {
        if (net->runtime->plan && net->runtime->plan->owned)
            strv_push(&known, net->runtime->plan->bridge);
    }
    if (firewall_backend_name(all->firewall) && firewall_sweep(t, all->firewall, &known, &err) < 0)
        log_warn("cannot remove firewall rules of unknown networks: %s", error_message(&err));
    strv_finish(&known);
    dnsmasq_sweep(t, all);
    dnsmasq_sweep_files(all);
    completion_post(&all->swept, 0);
}

void networks_load(struct networks *all)
{
    (void)dir_sweep(all->config.state_dir);
    objects_load(&all->table);
    if (!all->nl)
        return;
    default_make(all);
    objects_load_status(&all->table, adopt_one);
    struct network *net;
    OBJECTS_FOREACH(net, &all->table)
    ports_load(net);
    task_spawn(all->config.sched, "sweep networks", sweep_main, all);
}

// ---- autostart ----------------------------------------------------------------------------------

void networks_autostart(struct networks *all, struct completion *done)
{
    if (all->nl)
        objects_autostart(&all->table, done);
    else if (done)
        completion_post(done, 0);
}
