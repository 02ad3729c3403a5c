// SPDX-License-Identifier: GPL-2.0-or-later
// What clients do with a network: define, start, change, end, undefine.
#include "netmgr/internal.h"

#include <unistd.h>

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
            return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                             "network '%s' already exists with uuid %s; give that "
                             "<uuid> to change it, or another name",
                             def->name, uuid_format(&net->uuid, text));
        else if (same)
            return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                             "network '%s' is already defined with uuid %s; leave "
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
        error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK, "network is already active as '%s'",
                  net->name);
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
                      "cannot undefine transient network '%s': "
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
    int r = net->removed
                ? error_set(err, ERROR_NO_NETWORK, AREA_NETWORK, "'%s' was removed", net->name)
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
                      "cannot set autostart for transient "
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
                         "network '%s' is transient and has no "
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
