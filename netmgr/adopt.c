// SPDX-License-Identifier: GPL-2.0-or-later
// Finding active networks again after the daemon ended in whatever way. What was active is taken
// over and repaired; a start or a stop that was cut off is undone or finished.
#include "base/file.h"
#include "netmgr/internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

// ---- one network -------------------------------------------------------------------------------

static void adopt_main(struct task *t, void *arg)
{
    AUTO_NETWORK struct network *net = arg;
    struct repairs repairs = {0};
    AUTO_ERROR err = ERROR_INIT;
    if (network_lock(t, net, "take over", &err) < 0)
        return;
    dnsmasq_adopt(t, net);
    dnsmasq_read_leases(net);
    int r = reconcile(t, net, true, &repairs, &err);
    if (r == 0)
        r = network_state_save(net, PHASE_ACTIVE, &err);
    if (repairs.kinds)
        log_network(LOG_LEVEL_WARN, net->name, "taken over and repaired: %s",
                    repairs_text(&repairs));
    else if (r == 0)
        log_network(LOG_LEVEL_INFO, net->name, "taken over");
    strbuf_finish(&repairs.text);
    if (r < 0) {
        log_network(LOG_LEVEL_ERROR, net->name, "cannot repair it: %s; trying again",
                    error_message(&err));
        net->runtime->heal.wanted = true;
    }
    network_unlock(net);
}

static void clean_main(struct task *t, void *arg)
{
    AUTO_NETWORK struct network *net = arg;
    AUTO_ERROR err = ERROR_INIT;
    if (network_lock(t, net, "clean up", &err) < 0)
        return;
    log_network(LOG_LEVEL_WARN, net->name, "its start or stop was cut off: removing what is left");
    dnsmasq_adopt(t, net);
    if (reconcile(t, net, false, NULL, &err) < 0)
        log_network(LOG_LEVEL_ERROR, net->name, "%s", error_message(&err));
    net->runtime->phase = PHASE_INACTIVE;
    if (!net->def)
        networks_remove(net);
    network_unlock(net);
}

// One of that name that ended may have had the uuid of another that runs.
static struct network *place(struct networks *all, struct network_state *s)
{
    struct uuid uuid = s->def ? s->def->uuid.value : uuid_random();
    struct network *net = s->def ? networks_find_uuid(all, &uuid) : NULL;
    if (!net || !str_eq(net->name, s->name))
        net = networks_find_name(all, s->name);
    return net ? net : networks_add(all, s->name, &uuid);
}

// A change of the live definition and the stored one was cut off: the live one has it already.
static void finish_change(struct network *net, struct network_def *stored)
{
    AUTO_ERROR err = ERROR_INIT;
    network_def_destroy(net->def);
    net->def = stored;
    if (network_store_save(NULL, net, stored, &err) < 0 ||
        network_state_save(net, PHASE_ACTIVE, &err) < 0)
        log_network(LOG_LEVEL_ERROR, net->name, "cannot finish a change: %s", error_message(&err));
}

static void take(struct networks *all, struct network_state *s)
{
    struct network *net = place(all, s);
    struct network_runtime *rt = net->runtime;
    AUTO_ERROR err = ERROR_INIT;
    // All it may have put anywhere; what its plan wants stays.
    VEC_FOREACH (a, &s->addresses)
        vec_push(&rt->old_addresses, *a);
    VEC_FOREACH (r, &s->routes)
        vec_push(&rt->old_routes, *r);
    bool goes_on = s->phase == PHASE_ACTIVE && s->def && str_eq(net->name, s->def->name);
    if (goes_on && plan_make(s->def, &rt->files.dnsmasq, &rt->plan, &err) < 0) {
        log_network(LOG_LEVEL_ERROR, net->name, "cannot take it over: %s", error_message(&err));
        goes_on = false;
    }
    for (size_t i = 0; i < s->bridges.n; i++) {
        if (!goes_on || !str_eq(s->bridges.v[i], rt->plan->bridge))
            strv_push(&rt->old_bridges, s->bridges.v[i]);
    }
    rt->phase = goes_on ? PHASE_ACTIVE : PHASE_STOPPING;
    if (goes_on) {
        net->live = STEAL(s->def);
        net->active = true;
        all->active++;
        if (s->stored && net->def)
            finish_change(net, STEAL(s->stored));
        if (net->def) {
            AUTO_FREE char *stored = network_def_format(net->def, 0);
            AUTO_FREE char *live = network_def_format(net->live, 0);
            net->updated = !str_eq(stored, live);
        }
    }
    task_spawn(all->config.sched, goes_on ? "take over network" : "clean up network",
               goes_on ? adopt_main : clean_main, network_ref(net));
}

static int adopt_one(const char *name, void *arg)
{
    struct networks *all = arg;
    AUTO_FREE char *path = path_join(all->config.run_dir, name);
    AUTO_FREE char *text = NULL, *boot = NULL;
    AUTO_ERROR err = ERROR_INIT;
    struct network_state s;
    size_t len;
    int r = file_read(path, NETWORK_STATE_MAX, &text, &len);
    if (r < 0)
        error_set_errno(&err, AREA_NETWORK, r, "cannot read it");
    if (r < 0 || network_state_parse(text, len, &s, &err) < 0) {
        AUTO_FREE char *aside = xasprintf("%s.damaged", path);
        rename(path, aside);
        log_error("the state file '%s' of a network is damaged: %s; set aside as '%s'; what its "
                  "bridge was has to be removed by hand",
                  path, error_message(&err), aside);
        return 0;
    }
    if (file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL) == 0)
        boot[strcspn(boot, "\n")] = '\0';
    if (boot && s.boot && *s.boot && !str_eq(boot, s.boot))
        unlink(path); // the kernel has forgotten it
    else
        take(all, &s);
    network_state_finish(&s);
    return 0;
}

// ---- what nobody knows -------------------------------------------------------------------------

static void sweep_main(struct task *t, void *arg)
{
    struct networks *all = arg;
    struct strv known = {0};
    AUTO_ERROR err = ERROR_INIT;
    struct network *net;
    LIST_FOREACH (net, &all->list, link) {
        if (net->runtime->plan && net->runtime->plan->owned)
            strv_push(&known, net->runtime->plan->bridge);
    }
    if (firewall_backend_name(all->firewall) && firewall_sweep(t, all->firewall, &known, &err) < 0)
        log_warn("cannot remove firewall rules of networks that are gone: %s", error_message(&err));
    strv_finish(&known);
    dnsmasq_sweep(t, all);
    dnsmasq_sweep_files(all);
    completion_post(&all->swept, 0);
}

void networks_load(struct networks *all)
{
    AUTO_FREE char *marks = path_join(all->config.config_dir, "autostart");
    const char *const dirs[] = {all->config.config_dir, marks, all->config.run_dir,
                                all->config.state_dir};
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        (void)dir_sweep(dirs[i]);
    network_store_load(all);
    if (!all->nl)
        return;
    default_make(all);
    int r = dir_each(all->config.run_dir, ".state", adopt_one, all);
    if (r < 0)
        log_error("cannot look for active networks in '%s': %s", all->config.run_dir,
                  strerrordesc_np(-r));
    struct network *net;
    LIST_FOREACH (net, &all->list, link)
        ports_load(net);
    task_spawn(all->config.sched, "sweep networks", sweep_main, all);
}

// ---- with the host -----------------------------------------------------------------------------

struct autostart {
    unsigned left;
    struct completion *done;
};

struct autostart_one {
    struct network *net;
    struct autostart *all;
};

static void autostart_finish(struct autostart *a)
{
    if (--a->left > 0)
        return;
    if (a->done)
        completion_post(a->done, 0);
    free(a);
}

static void autostart_main(struct task *t, void *arg)
{
    struct autostart_one *one = arg;
    AUTO_NETWORK struct network *net = one->net;
    AUTO_ERROR err = ERROR_INIT;
    if (!network_is_active(net) && network_start(t, net, &err) < 0)
        log_network(LOG_LEVEL_ERROR, net->name, "cannot autostart it: %s", error_message(&err));
    autostart_finish(one->all);
    free(one);
}

// Once per boot: a daemon that is restarted doesn't start again what somebody has stopped since.
static bool autostart_due(struct networks *all)
{
    AUTO_FREE char *mark = path_join(all->config.run_dir, "autostarted");
    AUTO_FREE char *boot = NULL, *before = NULL;
    if (file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL) == 0 &&
        file_read(mark, 64, &before, NULL) == 0 && str_eq(boot, before))
        return false;
    if (boot && dir_make(all->config.run_dir, 0755) == 0 &&
        file_write_volatile(mark, boot, strlen(boot), 0600) < 0)
        log_warn("cannot write '%s'", mark);
    return true;
}

void networks_autostart(struct networks *all, struct completion *done)
{
    struct autostart *a = NEW(struct autostart);
    struct network *net = NULL;
    *a = (struct autostart){.left = 1, .done = done};
    bool due = all->nl && autostart_due(all);
    while (due && (net = networks_next(all, net))) {
        if (!net->def || !net->autostart)
            continue;
        struct autostart_one *one = NEW(struct autostart_one);
        *one = (struct autostart_one){.net = network_ref(net), .all = a};
        a->left++;
        task_spawn(all->config.sched, "autostart network", autostart_main, one);
    }
    autostart_finish(a);
}
