// SPDX-License-Identifier: GPL-2.0-or-later
// The table of networks: what differs from other objects.
#include "netmgr/internal.h"

#include <errno.h>

static const struct state_row phases[] = {
    // From itself: a start that failed before anything was done.
    [PHASE_INACTIVE] = {"inactive", STATE_BIT(PHASE_STOPPING) | STATE_BIT(PHASE_INACTIVE)},
    [PHASE_STARTING] = {"starting", STATE_BIT(PHASE_INACTIVE)},
    // From inactive: found active at the daemon's start; from stopping: the stop could not be
    // written down.
    [PHASE_ACTIVE] = {"active", STATE_BIT(PHASE_STARTING) | STATE_BIT(PHASE_INACTIVE) |
                                    STATE_BIT(PHASE_STOPPING)},
    // From inactive: found half started or half stopped at the daemon's start.
    [PHASE_STOPPING] = {"stopping", STATE_BIT(PHASE_ACTIVE) | STATE_BIT(PHASE_STARTING) |
                                        STATE_BIT(PHASE_INACTIVE)},
};

void network_set_phase(struct network *net, enum network_phase phase)
{
    state_check(phases, net->runtime->phase, phase, "network", net->name);
    net->runtime->phase = phase;
}

// ---- the class ----------------------------------------------------------------------------------
static void *parse(const struct object_table *table, const char *xml, size_t len, struct error *err)
{
    (void)table;
    return network_def_load(xml, len, 0, err);
}

static char *format(const void *def)
{
    return network_def_format(def, 0);
}

static void destroy_def(void *def)
{
    network_def_destroy(def);
}

static void init(struct object *o)
{
    struct network *net = (struct network *)o;
    net->all = (struct networks *)o->table;
    list_init(&net->ports);
    net->runtime = NEW(struct network_runtime);
    net->runtime->dnsmasq = PROCESS_NONE;
    network_files_init(&net->runtime->files, &net->all->config, net->name);
}

static void runtime_destroy(struct network *net)
{
    struct network_runtime *rt = net->runtime;
    dnsmasq_release(net);
    sd_event_source_disable_unref(rt->lease_timer);
    network_files_finish(&rt->files);
    plan_destroy(rt->plan);
    vec_finish(&rt->old_addresses);
    vec_finish(&rt->old_routes);
    strv_finish(&rt->old_bridges);
    strv_finish(&rt->blockers);
    free(rt->zone_error);
    free(rt->lease_text);
    repair_finish(&rt->repair);
    free(rt);
}

static void finish(struct object *o)
{
    struct network *net = (struct network *)o;
    // Ports and their files stay: guests go on.
    struct network_port *port, *tmp;
    LIST_FOREACH_SAFE (port, tmp, &net->ports, link) {
        network_port_def_destroy(port->def);
        free(port);
    }
    runtime_destroy(net);
}

static int check(struct object *o, void *def, struct error *err)
{
    struct network *net = (struct network *)o;
    return fill_def(net->all, net, def, err) < 0 ? -1 : check_def(net->all, net, def, err);
}

static void defined(struct object *o, bool added)
{
    (void)added;
    networks_event((struct network *)o, NETWORK_DEFINED);
}

static void undefined(struct object *o)
{
    networks_event((struct network *)o, NETWORK_UNDEFINED);
}

static int start(struct task *t, struct object *o, struct error *err)
{
    return network_start(t, (struct network *)o, err);
}

// Changes seen while the lock was held may have been its holder's, or need a repair.
static void unlocked(struct object *o)
{
    struct network *net = (struct network *)o;
    if (net->runtime->repair.pending && !net->runtime->repair.running)
        repair_trigger(net, NULL);
}

const struct object_class network_class = {
    .kind = "network",
    .noun = "network",
    .active = "active",
    .busy_remedy = "",
    .status_remedy = "what its bridge was has to be removed by hand",
    .no_object = ERROR_NO_NETWORK,
    .area = AREA_NETWORK,
    .run_mode = 0755, // dnsmasq's user reads its configuration there
    .size = sizeof(struct network),
    .log_field = offsetof(struct log_fields, network),
    .def_name = offsetof(struct network_def, name),
    .def_uuid = offsetof(struct network_def, uuid.value),
    .parse = parse,
    .format = format,
    .destroy_def = destroy_def,
    .init = init,
    .finish = finish,
    .check = check,
    .defined = defined,
    .undefined = undefined,
    .start = start,
    .unlocked = unlocked,
};

// ---- the table ----------------------------------------------------------------------------------
static void on_firewalld(void *arg)
{
    repair_trigger_all(arg, "firewalld was started or reloaded");
}

struct networks *networks_create(const struct networks_config *config, struct error *err)
{
    struct networks *all = NEW(struct networks);
    all->config = *config;
    all->table = (struct object_table){.class = &network_class,
                                       .sched = config->sched,
                                       .config_dir = config->config_dir,
                                       .run_dir = config->run_dir,
                                       .lock_ms = NETWORK_LOCK_TIMEOUT_MS,
                                       .idle = config->observer.idle,
                                       .idle_arg = config->observer.arg};
    objects_init(&all->table);
    list_init(&all->teardowns);
    task_lock_init(&all->deleting);
    task_lock_init(&all->kernel);
    completion_init(&all->swept);
    if (!config->system_mode) {
        completion_post(&all->swept, 0);
        return all;
    }
    struct firewall_options options = {.choice = config->firewall};
    all->firewall = firewall_create(&options);
    if (!firewall_backend_name(all->firewall))
        log_warn("no packet filter can be used, only isolated and open networks will start: %s",
                 firewall_backend_reason(all->firewall));
    if (netlink_open(&all->nl, err) < 0 || triggers_create(all, &all->triggers, err) < 0) {
        networks_destroy(all);
        return NULL;
    }
    all->firewalld = firewalld_create(sched_event(config->sched), on_firewalld, all);
    return all;
}

void networks_destroy(struct networks *all)
{
    if (!all)
        return;
    triggers_destroy(all->triggers);
    all->triggers = NULL;
    objects_finish(&all->table);
    firewalld_destroy(all->firewalld);
    firewall_destroy(all->firewall);
    netlink_close(all->nl);
    free(all);
}

void kernel_enter(struct task *t, struct networks *all)
{
    if (all->kernel.owner != t)
        (void)task_lock_acquire(t, &all->kernel, TASK_FOREVER);
}

void kernel_leave(struct task *t, struct networks *all)
{
    if (all->kernel.owner == t)
        task_lock_release(&all->kernel);
}

void networks_event(struct network *net, enum network_event event)
{
    const struct networks_config *c = &net->all->config;
    const struct network_observer *o = &c->observer;
    if (o->happened)
        o->happened(o->arg, net, event);
    if (c->started && event == NETWORK_STARTED)
        c->started(c->started_arg, net);
}
