// SPDX-License-Identifier: GPL-2.0-or-later
// The table of networks.
#include "netmgr/internal.h"

#include <errno.h>

static void on_firewalld(void *arg)
{
    heal_trigger_all(arg, "firewalld was started or reloaded");
}

struct networks *networks_create(const struct networks_config *config, struct error *err)
{
    struct networks *all = NEW(struct networks);
    all->config = *config;
    list_init(&all->list);
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
    struct network *net, *tmp;
    LIST_FOREACH_SAFE (net, tmp, &all->list, link)
        networks_remove(net);
    firewalld_destroy(all->firewalld);
    firewall_destroy(all->firewall);
    netlink_close(all->nl);
    free(all);
}

struct network *networks_add(struct networks *all, const char *name, const struct uuid *uuid)
{
    struct network *net = NEW(struct network);
    net->all = all;
    net->refs = 1;
    net->name = xstrdup(name);
    net->uuid = *uuid;
    task_lock_init(&net->lock);
    list_init(&net->ports);
    net->runtime = NEW(struct network_runtime);
    net->runtime->dnsmasq = PROCESS_NONE;
    network_files_init(&net->runtime->files, &all->config, name);
    list_append(&all->list, &net->link);
    return net;
}

void networks_remove(struct network *net)
{
    if (net->removed)
        return;
    net->removed = true;
    list_remove(&net->link);
    network_unref(net);
}

struct network *network_ref(struct network *net)
{
    net->refs++;
    return net;
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
    heal_finish(&rt->heal);
    free(rt);
}

void network_unref(struct network *net)
{
    if (--net->refs > 0)
        return;
    // Ports and their files stay: guests go on.
    struct network_port *port, *tmp;
    LIST_FOREACH_SAFE (port, tmp, &net->ports, link) {
        network_port_def_destroy(port->def);
        free(port);
    }
    runtime_destroy(net);
    network_def_destroy(net->def);
    network_def_destroy(net->live);
    free(net->name);
    free(net);
}

size_t networks_count_active(const struct networks *all)
{
    return all->active;
}

// False while it is being stored or started for the first time: nobody else may see it.
static bool is_there(const struct network *net)
{
    return net->def || net->active;
}

struct network *networks_find_uuid(const struct networks *all, const struct uuid *uuid)
{
    struct network *net;
    LIST_FOREACH (net, &all->list, link) {
        if (is_there(net) && uuid_eq(&net->uuid, uuid))
            return net;
    }
    return NULL;
}

struct network *networks_find_name(const struct networks *all, const char *name)
{
    struct network *net;
    LIST_FOREACH (net, &all->list, link) {
        if (is_there(net) && str_eq(net->name, name))
            return net;
    }
    return NULL;
}

struct network *networks_next(const struct networks *all, struct network *after)
{
    struct list *link = after ? after->link.next : all->list.next;
    for (; link != &all->list; link = link->next) {
        struct network *net = LIST_ITEM(link, struct network, link);
        if (is_there(net))
            return net;
    }
    return NULL;
}

int network_lock(struct task *t, struct network *net, const char *job, struct error *err)
{
    struct network_runtime *rt = net->runtime;
    int r = task_lock_acquire(t, &net->lock, task_deadline_ms(NETWORK_LOCK_TIMEOUT_MS));
    if (r == -ETIMEDOUT)
        return error_set(err, ERROR_OPERATION_TIMEOUT, AREA_NETWORK,
                         "cannot %s network '%s': it is busy with '%s' since %ju s", job, net->name,
                         rt->job ? rt->job : "another change",
                         (uintmax_t)((now_monotonic_us() - rt->job_since_us) / 1000000));
    if (r < 0)
        return error_set_errno(err, AREA_NETWORK, r, "cannot %s network '%s'", job, net->name);
    rt->job = job;
    rt->job_since_us = now_monotonic_us();
    return 0;
}

void network_unlock(struct network *net)
{
    net->runtime->job = NULL;
    task_lock_release(&net->lock);
    // What happened meanwhile was maybe our own doing, maybe not.
    if (net->runtime->heal.wanted && !net->runtime->heal.running)
        heal_trigger(net, NULL);
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

int network_not_active(const struct network *net, struct error *err)
{
    return error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK, "network '%s' is not active",
                     net->name);
}

void networks_event(struct network *net, enum network_event event)
{
    const struct networks_config *c = &net->all->config;
    const struct network_observer *o = &c->observer;
    if (o->happened)
        o->happened(o->arg, net, event);
    if (c->started && event == NETWORK_STARTED)
        c->started(c->started_arg, net);
    bool idle = event == NETWORK_STOPPED && net->all->active == 0;
    bool busy = event == NETWORK_STARTED && net->all->active == 1;
    if (o->idle && (idle || busy))
        o->idle(o->arg, idle);
}
