// SPDX-License-Identifier: GPL-2.0-or-later
// The table of networks, and how one gets into it and out of it.
#include "base/file.h"
#include "netmgr/lease.h"
#include "netmgr/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

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
    return error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                     "Requested operation is not valid: network '%s' is not active", net->name);
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

// ---- into the table ----------------------------------------------------------------------------

static int find_place(struct networks *all, const struct network_def *def, struct network **ret,
                      struct error *err)
{
    char text[UUID_TEXT_SIZE];
    struct network *net;
    *ret = NULL;
    LIST_FOREACH (net, &all->list, link) {
        bool named = str_eq(net->name, def->name), same = uuid_eq(&net->uuid, &def->uuid.value);
        if (named && same)
            *ret = net;
        else if (named)
            return error_set(
                err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                "operation failed: network '%s' already exists with uuid %s; give that "
                "<uuid> to change it, or another name",
                def->name, uuid_format(&net->uuid, text));
        else if (same)
            return error_set(
                err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                "operation failed: network '%s' is already defined with uuid %s; leave "
                "the <uuid> out to have another network",
                net->name, uuid_format(&net->uuid, text));
    }
    return 0;
}

// Locks the network that def is about, making it when there is none; *is_new says so.
static int lock_place(struct task *t, struct networks *all, const struct network_def *def,
                      const char *job, struct network **ret, bool *is_new, struct error *err)
{
    for (;;) {
        struct network *net;
        if (find_place(all, def, &net, err) < 0)
            return -1;
        *is_new = !net;
        if (!net)
            net = networks_add(all, def->name, &def->uuid.value);
        network_ref(net);
        if (network_lock(t, net, job, err) < 0) {
            network_unref(net);
            return -1;
        }
        if (!net->removed) {
            *ret = net;
            return 0;
        }
        // It went away while we waited: look again.
        network_unlock(net);
        network_unref(net);
    }
}

int network_define(struct task *t, struct networks *all, struct network_def *def,
                   struct network **ret, struct error *err)
{
    struct network *net;
    bool is_new;
    if (lock_place(t, all, def, "define", &net, &is_new, err) < 0) {
        network_def_destroy(def);
        return -1;
    }
    int r = fill_def(all, net, def, err);
    if (r == 0)
        r = check_def(all, net, def, err);
    if (r == 0)
        r = network_store_save(t, net, def, err);
    if (r < 0) {
        network_def_destroy(def);
        if (is_new)
            networks_remove(net);
    } else {
        network_def_destroy(net->def);
        net->def = def;
        net->updated = network_is_active(net);
        networks_event(net, NETWORK_DEFINED);
        *ret = net;
    }
    network_unlock(net);
    network_unref(net);
    return r;
}

int network_create(struct task *t, struct networks *all, struct network_def *def,
                   struct network **ret, struct error *err)
{
    struct network *net;
    bool is_new;
    if (lock_place(t, all, def, "create", &net, &is_new, err) < 0) {
        network_def_destroy(def);
        return -1;
    }
    int r = -1;
    if (network_is_active(net)) {
        error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                  "Requested operation is not valid: network is already active as '%s'", net->name);
        network_def_destroy(def);
    } else if (fill_def(all, net, def, err) < 0 || check_def(all, net, def, err) < 0) {
        network_def_destroy(def);
    } else {
        // A stored network is started from this document once, and stays stored as it was.
        net->live = def;
        r = network_start_locked(t, net, err);
        net->updated = r == 0 && net->def;
    }
    if (r < 0 && is_new)
        networks_remove(net);
    *ret = r == 0 ? net : NULL;
    network_unlock(net);
    network_unref(net);
    return r;
}

// What is kept for a network that is gone for good.
static void remove_leases(struct network *net)
{
    unlink(net->runtime->files.leases);
    network_drop_ports(net, false);
}

int network_undefine(struct task *t, struct network *net, struct error *err)
{
    AUTO_NETWORK struct network *keep = network_ref(net); // the table's goes
    if (network_lock(t, keep, "undefine", err) < 0)
        return -1;
    int r = 0;
    if (!net->def || net->removed)
        r = error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                      "Requested operation is not valid: cannot undefine transient network '%s': "
                      "it has no stored definition, and is gone with net-destroy",
                      net->name);
    else
        r = network_store_remove(t, net, err);
    if (r == 0) {
        net->autostart = false;
        networks_event(net, NETWORK_UNDEFINED);
        if (net->live) {
            network_def_destroy(net->def);
            net->def = NULL; // goes on as a transient one
        } else {
            remove_leases(net);
            networks_remove(net);
        }
    }
    network_unlock(net);
    return r;
}

int network_start(struct task *t, struct network *net, struct error *err)
{
    if (network_lock(t, net, "start", err) < 0)
        return -1;
    int r = net->removed ? error_set(err, ERROR_NO_NETWORK, AREA_NETWORK,
                                     "Network not found: '%s' was removed", net->name)
                         : network_start_locked(t, net, err);
    network_unlock(net);
    return r;
}

int network_destroy(struct task *t, struct network *net, struct error *err)
{
    AUTO_NETWORK struct network *keep = network_ref(net); // the table's goes
    if (network_lock(t, keep, "stop", err) < 0)
        return -1;
    int r = network_stop_locked(t, net, err);
    if (r == 0 && !net->def) {
        remove_leases(net);
        networks_remove(net);
    }
    network_unlock(net);
    return r;
}

int network_set_autostart(struct task *t, struct network *net, bool on, struct error *err)
{
    if (network_lock(t, net, "set autostart of", err) < 0)
        return -1;
    int r = 0;
    if (!net->def || net->removed)
        r = error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                      "Requested operation is not valid: cannot set autostart for transient "
                      "network");
    else if (net->autostart != on)
        r = network_store_mark(t, net, on, err);
    if (r == 0)
        net->autostart = on;
    network_unlock(net);
    return r;
}

// ---- changes -----------------------------------------------------------------------------------

typedef int (*change_fn)(struct network_def *def, void *arg, struct error *err);

static int changed_copy(const struct network_def *def, change_fn change, void *arg,
                        struct network_def **ret, struct error *err)
{
    AUTO_NETWORK_DEF struct network_def *copy = network_def_copy(def);
    if (change(copy, arg, err) < 0 || network_def_validate(copy, err) < 0)
        return -1;
    *ret = STEAL(copy);
    return 0;
}

static int change_locked(struct task *t, struct network *net, unsigned affect, change_fn change,
                         void *arg, struct error *err)
{
    AUTO_NETWORK_DEF struct network_def *stored = NULL;
    AUTO_NETWORK_DEF struct network_def *live = NULL;
    if (affect & NETWORK_AFFECT_CONFIG && (!net->def || net->removed))
        return error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                         "Requested operation is not valid: network '%s' is transient and has no "
                         "stored definition to change",
                         net->name);
    if (affect & NETWORK_AFFECT_LIVE && net->runtime->phase != PHASE_ACTIVE)
        return network_not_active(net, err);
    if (affect & NETWORK_AFFECT_CONFIG && changed_copy(net->def, change, arg, &stored, err) < 0)
        return -1;
    if (affect & NETWORK_AFFECT_LIVE && changed_copy(net->live, change, arg, &live, err) < 0)
        return -1;
    int r = 0;
    if (live)
        r = network_apply_locked(t, net, STEAL(live), stored, err);
    else if (stored)
        r = network_store_save(t, net, stored, err);
    if (r < 0)
        return -1;
    if (stored) {
        network_def_destroy(net->def);
        net->def = STEAL(stored);
        net->updated = net->live && !(affect & NETWORK_AFFECT_LIVE);
    }
    return 0;
}

int network_change(struct task *t, struct network *net, unsigned affect, change_fn change,
                   void *arg, struct error *err)
{
    if (network_lock(t, net, "change", err) < 0)
        return -1;
    int r = change_locked(t, net, affect, change, arg, err);
    network_unlock(net);
    return r;
}

struct update {
    unsigned section, command;
    int parent_index;
    const char *xml;
};

static int do_update(struct network_def *def, void *arg, struct error *err)
{
    const struct update *u = arg;
    return network_def_update(def, u->section, u->command, u->parent_index, u->xml, err);
}

int network_update(struct task *t, struct network *net, unsigned affect, unsigned section,
                   unsigned command, int parent_index, const char *xml, struct error *err)
{
    struct update u = {section, command, parent_index, xml};
    return network_change(t, net, affect, do_update, &u, err);
}

// ---- leases ------------------------------------------------------------------------------------

// The length of the subnet that has it.
static uint8_t prefix_of(const struct network_def *def, const struct ip_addr *a)
{
    for (size_t i = 0; i < def->ips.n; i++) {
        struct ip_prefix p = network_ip_prefix(def->ips.v[i]);
        if (ip_prefix_contains(&p, a))
            return p.len;
    }
    return (uint8_t)ip_bits(a);
}

// DHCPv6 doesn't tell the MAC address. Most clients make the association's number of its end.
static void find_mac(const struct network *net, struct network_lease *l)
{
    struct network_port *port;
    uint64_t iaid;
    if (!l->iaid || str_to_u64(l->iaid, 10, UINT32_MAX, &iaid) < 0)
        return;
    LIST_FOREACH (port, &net->ports, link) {
        const uint8_t *b = port->def->mac.b;
        uint32_t end = (uint32_t)b[2] << 24 | (uint32_t)b[3] << 16 | (uint32_t)b[4] << 8 | b[5];
        char text[MAC_TEXT_SIZE];
        if (port->def->mac.set && end == iaid)
            str_replace(&l->mac, mac_format(b, text));
    }
}

static void lease_finish(struct network_lease *l)
{
    struct network_lease_vec one = {.v = l, .n = 1};
    free(one.v->mac);
    free(one.v->iaid);
    free(one.v->hostname);
    free(one.v->clientid);
}

int network_get_leases(struct network *net, const char *mac, struct network_lease_vec *ret,
                       struct error *err)
{
    const struct network_def *def = network_current(net);
    if (!def)
        return error_set(err, ERROR_NO_NETWORK, AREA_NETWORK, "Network not found: '%s' was removed",
                         net->name);
    struct network_lease_vec leases = {0};
    int64_t now = (int64_t)(now_realtime_us() / 1000000);
    dnsmasq_read_leases(net);
    const char *text = net->runtime->lease_text;
    lease_parse(text ? text : "", text ? strlen(text) : 0, &leases);
    VEC_FOREACH (l, &leases) {
        find_mac(net, l);
        bool expired = l->expiry_s != 0 && l->expiry_s < now;
        if (expired || (mac && (!l->mac || strcasecmp(l->mac, mac) != 0))) {
            lease_finish(l);
            continue;
        }
        l->prefix = prefix_of(def, &l->ip);
        vec_push(ret, *l);
    }
    vec_finish(&leases);
    return 0;
}
