// SPDX-License-Identifier: GPL-2.0-or-later
// What clients do with a network: start, change, stop, undefine.
#include "netmgr/internal.h"

#include <unistd.h>

static int create_locked(struct task *t, struct object *o, void *def, void *arg, struct error *err)
{
    struct network *net = (struct network *)o;
    (void)arg;
    net->live = def;
    return network_start_locked(t, net, err);
}

int network_create(struct task *t, struct networks *all, struct network_def *def,
                   struct network **ret, struct error *err)
{
    return object_create(t, &all->table, def, create_locked, NULL, (struct object **)ret, err);
}

// What is kept for a network that is gone for good.
static void remove_leases(struct network *net)
{
    unlink(net->runtime->files.leases);
    network_drop_ports(net, false);
}

int network_undefine(struct task *t, struct network *net, struct error *err)
{
    if (network_lock_present(t, net, "undefine", err) < 0)
        return -1;
    int r = object_undefine_locked(t, &net->object, err);
    if (net->removed)
        remove_leases(net);
    network_unlock(net);
    return r;
}

int network_start(struct task *t, struct network *net, struct error *err)
{
    if (network_lock_present(t, net, "start", err) < 0)
        return -1;
    int r = network_start_locked(t, net, err);
    network_unlock(net);
    return r;
}

int network_destroy(struct task *t, struct network *net, struct error *err)
{
    if (network_lock(t, net, "stop", err) < 0)
        return -1;
    int r = network_stop_locked(t, net, err);
    if (r == 0 && !net->def) {
        remove_leases(net);
        object_remove(&net->object);
    }
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
    object_assert_locked(t, &net->object);
    AUTO_NETWORK_DEF struct network_def *stored = NULL;
    AUTO_NETWORK_DEF struct network_def *live = NULL;
    if (!affect)
        affect = network_is_active(net) ? NETWORK_AFFECT_LIVE : NETWORK_AFFECT_CONFIG;
    if (affect & NETWORK_AFFECT_CONFIG && (!net->def || net->removed))
        return error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                         "network '%s' is transient and has no "
                         "stored definition to change",
                         net->name);
    if (affect & NETWORK_AFFECT_LIVE && net->runtime->phase != PHASE_ACTIVE)
        return network_require_active(net, err);
    if (affect & NETWORK_AFFECT_CONFIG && changed_copy(net->def, change, arg, &stored, err) < 0)
        return -1;
    if (affect & NETWORK_AFFECT_LIVE && changed_copy(net->live, change, arg, &live, err) < 0)
        return -1;
    int r = 0;
    if (live)
        r = network_apply_locked(t, net, STEAL(live), stored, err);
    else if (stored)
        r = object_store(t, &net->object, stored, err);
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
    // At once: a network that is starting holds its lock, and is not active yet.
    if ((affect & NETWORK_AFFECT_LIVE) && network_require_active(net, err) < 0)
        return -1;
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
