// SPDX-License-Identifier: GPL-2.0-or-later
// Removes a network from the kernel, in the background where that takes long.
#include "netmgr/internal.h"

#include <unistd.h>

void network_forget_old(struct network_runtime *rt)
{
    vec_finish(&rt->old_addresses);
    vec_finish(&rt->old_routes);
    strv_finish(&rt->old_bridges);
}

struct deletion {
    struct network *net;
    struct teardown *td;
};

static void teardown_unref(struct teardown *td)
{
    if (--td->refs > 0)
        return;
    free(td->zone);
    free(td->status);
    free(td);
}

// Deletes one bridge at a time, so that other tasks that query the kernel go in between.
static int delete_in_turn(struct task *t, struct networks *all, const char *bridge,
                          struct error *err)
{
    bool alone = task_lock_acquire(t, &all->deleting, TASK_FOREVER) == 0;
    kernel_enter(t, all);
    int r = link_delete(t, bridge, err);
    kernel_leave(t, all);
    if (alone)
        task_lock_release(&all->deleting);
    return r;
}

static void delete_main(struct task *t, void *arg)
{
    struct deletion *d = arg;
    AUTO_NETWORK struct network *net = d->net;
    struct teardown *td = d->td;
    AUTO_ERROR err = ERROR_INIT;
    free(d);
    int r = delete_in_turn(t, net->all, td->bridge, &err);
    dnsmasq_wait(t, &td->dnsmasq);
    firewalld_take_out(t, net->all->firewalld, td->bridge, td->zone);
    if (r < 0)
        log_network(LOG_LEVEL_ERROR, net->name, "%s; retrying when the daemon starts",
                    error_message(&err));
    else if (net->runtime->phase == PHASE_STOPPING || net->runtime->phase == PHASE_INACTIVE)
        unlink(td->status);
    list_remove(&td->link);
    completion_post(&td->done, 0);
    teardown_unref(td);
}

// The kernel takes 20 to 70 ms to delete a bridge, and up to 20 ms to end a dnsmasq: both happen in
// the background. Takes *dnsmasq.
void teardown_bridge(struct network *net, const char *bridge, struct process *dnsmasq)
{
    struct teardown *td = NEW(struct teardown);
    struct deletion *d = NEW(struct deletion);
    td->refs = 1;
    strcpy(td->bridge, bridge);
    td->dnsmasq = *dnsmasq;
    *dnsmasq = PROCESS_NONE;
    td->zone = net->runtime->plan ? xstrdup(net->runtime->plan->zone) : NULL;
    td->status = xstrdup(net->runtime->files.status);
    completion_init(&td->done);
    list_append(&net->all->teardowns, &td->link);
    *d = (struct deletion){.net = network_ref(net), .td = td};
    task_spawn(net->all->config.sched, "delete bridge", delete_main, d);
}

static struct teardown *find_teardown(struct network *net, const char *bridge)
{
    struct teardown *td;
    LIST_FOREACH (td, &net->all->teardowns, link) {
        if (str_eq(td->bridge, bridge) || str_eq(td->status, net->runtime->files.status))
            return td;
    }
    return NULL;
}

int teardown_wait(struct task *t, struct network *net, const char *bridge, struct error *err)
{
    struct teardown *found;
    while ((found = find_teardown(net, bridge))) {
        found->refs++;
        int r = completion_wait(t, &found->done, task_deadline_ms(NETWORK_LOCK_TIMEOUT_MS));
        teardown_unref(found);
        if (r < 0)
            return error_set_errno(err, AREA_NETWORK, r,
                                   "bridge '%s' is still being deleted by the kernel", bridge);
    }
    return 0;
}

// Frees its subnets at once, before the slow deletion.
static void silence_bridge(struct networks *all, const char *bridge)
{
    struct link l;
    struct address_vec there = {0};
    if (link_find(all->nl, bridge, &l, NULL) != 0 || !str_eq(l.kind, "bridge"))
        return;
    if (address_list(all->nl, l.index, &there, NULL) == 0) {
        VEC_FOREACH (a, &there)
            address_delete(all->nl, l.index, bridge, &a->prefix, NULL);
    }
    vec_finish(&there);
}

static int remove_bridge(struct task *t, struct network *net, const char *bridge,
                         struct process *dnsmasq, struct error *err)
{
    // The bridge is deleted even if the rules cannot be removed: without it they match nothing.
    kernel_enter(t, net->all);
    silence_bridge(net->all, bridge);
    kernel_leave(t, net->all);
    int r = firewall_remove(t, net->all->firewall, bridge, err);
    teardown_bridge(net, bridge, dnsmasq);
    return r;
}

// Removes everything that is known; what does not exist is skipped.
int teardown(struct task *t, struct network *net, struct error *err)
{
    struct network_runtime *rt = net->runtime;
    int r = 0;
    bool owned = rt->plan && rt->plan->owned;
    struct process dnsmasq = dnsmasq_end(net);
    if (owned)
        r = remove_bridge(t, net, rt->plan->bridge, &dnsmasq, err);
    VEC_FOREACH (old, &rt->old_bridges) {
        if (!owned || !str_eq(*old, rt->plan->bridge))
            r |= remove_bridge(t, net, *old, &dnsmasq, r == 0 ? err : NULL);
        owned = true;
    }
    dnsmasq_wait(t, &dnsmasq); // if teardown_bridge() did not take it
    dnsmasq_remove_files(net);
    if (!owned)
        object_status_remove(&net->object);
    network_forget_old(rt);
    return r;
}
