// SPDX-License-Identifier: GPL-2.0-or-later
// The macvtaps of guests' interfaces.
//
// How this works
//
// A macvtap stays when the QEMU that has it open ends, unlike a tap, so that it has to be deleted.
// Each is in dom->macvtaps, and with that in the guest's status file, from before it is made until
// it is gone: the next vireod, at whatever instant this one ends, finds it there and deletes it
// with the guest. One that is no longer used is marked and deleted by a task of its own; a task
// that is about to make one waits for those, as their names may be in its way.
#include "supervisor/iface.h"
#include "netmgr/netmgr.h"
#include "supervisor/internal.h"

#include <errno.h>
#include <stdio.h>

static struct domain_macvtap *find(struct domain *dom, const char *name)
{
    VEC_FOREACH (m, &dom->macvtaps) {
        if (str_eq(m->name, name))
            return m;
    }
    return NULL;
}

static void forget(struct domain *dom, const char *name)
{
    struct domain_macvtap *m = find(dom, name);
    if (m)
        vec_remove(&dom->macvtaps, (size_t)(m - dom->macvtaps.v));
}

// m is a copy: the list changes while we wait.
static void delete_one(struct task *t, struct domain *dom, struct domain_macvtap m)
{
    AUTO_ERROR err = ERROR_INIT;
    if (macvtap_delete(t, m.name, m.index, m.mac.b, &err) < 0)
        log_domain(LOG_LEVEL_ERROR, dom->name, "%s; delete it by hand ('ip link delete %s')",
                   error_message(&err), m.name);
    if (dom->all->config.networks)
        network_unplug_tap(dom->all->config.networks, m.name);
    forget(dom, m.name);
}

void macvtap_delete_all(struct task *t, struct domain *dom)
{
    object_assert_locked(t, &dom->object);
    while (dom->macvtaps.n > 0)
        delete_one(t, dom, dom->macvtaps.v[0]);
}

static struct domain_macvtap *next_unwanted(struct domains *all, struct domain **ret)
{
    struct domain *dom;
    OBJECTS_FOREACH(dom, &all->table)
    {
        VEC_FOREACH (m, &dom->macvtaps) {
            if (m->unwanted) {
                *ret = dom;
                return m;
            }
        }
    }
    return NULL;
}

static void sweep(struct task *t, struct domains *all)
{
    struct domain *found;
    for (struct domain_macvtap *m; (m = next_unwanted(all, &found));) {
        AUTO_DOMAIN struct domain *dom = domain_ref(found);
        delete_one(t, dom, *m);
        if (dom->live)
            (void)status_save(dom, NULL);
    }
}

static void sweep_main(struct task *t, void *arg)
{
    sweep(t, arg);
}

void macvtap_unwant(struct domain *dom, const char *name)
{
    struct domain_macvtap *m = find(dom, name);
    if (!m || m->unwanted)
        return;
    m->unwanted = true;
    task_spawn(dom->all->config.sched, "delete macvtap", sweep_main, dom->all);
}

void macvtap_unwant_unused(struct domain *dom)
{
    for (size_t i = 0; i < dom->macvtaps.n; i++) {
        const char *name = dom->macvtaps.v[i].name;
        bool used = false;
        VEC_FOREACH (iface, &dom->live->interfaces)
            used = used || str_eq((*iface)->target, name);
        if (!used)
            macvtap_unwant(dom, name);
    }
}

// The guest whose it is, for errors. NULL when vireod did not make it.
static const char *owner_of(struct domains *all, const char *name)
{
    struct domain *dom;
    OBJECTS_FOREACH(dom, &all->table)
    {
        if (find(dom, name))
            return dom->name;
    }
    return NULL;
}

static int check_free(struct domain *dom, const char *name, struct error *err)
{
    struct domains *all = dom->all;
    struct link l;
    if (link_name_check(name, err) < 0)
        return error_prefix(err, "domain '%s'", dom->name);
    if (domains_open_netlink(all, err) < 0)
        return -1;
    int r = find(dom, name) ? 0 : link_find(all->netlink, name, &l, err);
    if (r != 0)
        return r == -ENODEV ? 0 : -1;
    const char *owner = owner_of(all, name);
    return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                     "domain '%s': its macvtap's name '%s' is taken by %s%s%s; give it another, or "
                     "none, in <target dev=>",
                     dom->name, name, owner ? "one of domain '" : "another interface",
                     owner ? owner : "", owner ? "'" : "");
}

int macvtap_plug(struct task *t, struct domain *dom, struct iface_link *link,
                 struct macvtap_config *config, struct error *err)
{
    object_assert_locked(t, &dom->object);
    struct domains *all = dom->all;
    char conflict[IFNAMSIZ];
    struct domain_macvtap m = {.mac = link->iface->mac};
    sweep(t, all);
    // Only what vireod makes may be on record: it will be deleted.
    if (check_free(dom, config->name, err) < 0)
        return -1;
    snprintf(m.name, sizeof(m.name), "%s", config->name);
    str_replace(&link->iface->target, m.name);
    vec_push(&dom->macvtaps, m);
    if (status_save(dom, err) < 0) {
        forget(dom, m.name);
        return -1;
    }
    config->name = m.name;
    if (macvtap_open(t, config, &link->tap, conflict, err) < 0) {
        forget(dom, m.name);
        const char *owner = owner_of(all, conflict);
        if (owner)
            error_set(err, err->code, err->area, "%s; that is domain '%s''s", error_message(err),
                      owner);
        return error_prefix(err, "domain '%s'", dom->name);
    }
    find(dom, m.name)->index = link->tap.index;
    return 0;
}
