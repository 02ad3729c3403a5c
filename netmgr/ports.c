// SPDX-License-Identifier: GPL-2.0-or-later
// Ports of networks: plugged by domains, or created by clients.
#include "bridge/bridge.h"
#include "netmgr/internal.h"

#include <errno.h>
#include <stdio.h>

enum { TAP_NAMES = 100000 };

struct port_change network_port_change(const struct network_vlan *v, enum toggle isolated,
                                       uint16_t **trunk)
{
    struct port_change c = {.set_isolated = isolated != TOGGLE_UNSET,
                            .isolated = isolated == TOGGLE_YES};
    *trunk = NULL;
    if (!v || v->tags.n == 0)
        return c;
    size_t native = 0;
    for (size_t i = 0; i < v->tags.n; i++) {
        if (v->tags.v[i]->native_mode != NETWORK_VLAN_MODE_NONE)
            native = i;
    }
    *trunk = xcalloc(v->tags.n, sizeof(uint16_t));
    for (size_t i = 0; i < v->tags.n; i++) {
        if (i != native)
            (*trunk)[c.ntrunk++] = (uint16_t)v->tags.v[i]->id.value;
    }
    c.vlan = (uint16_t)v->tags.v[native]->id.value;
    c.trunk = *trunk;
    return c;
}

static const uint8_t *only_mac(const struct network *net, const struct network_port_def *def)
{
    return net->live->mac_table == NETWORK_MAC_TABLE_LIBVIRT && def->mac.set ? def->mac.b : NULL;
}

bool port_has_tap(struct network_port *port, const struct link *l)
{
    if (!*port->tap || !str_eq(port->tap, l->name))
        return false;
    if (port->index == 0)
        port->index = l->index;
    return port->index == l->index;
}

int port_plug_back(struct networks *all, struct network_port *port, int bridge_index,
                   struct repairs *repairs, struct error *err)
{
    struct link l;
    // A macvtap stays on its interface, even if its network now has a bridge.
    if (!*port->tap || port->def->plug == NETWORK_PLUG_DIRECT)
        return 0;
    int r = link_find(all->nl, port->tap, &l, err);
    if (r == -ENODEV || (r == 0 && !port_has_tap(port, &l)) ||
        (r == 0 && l.master == bridge_index && l.flags & IFF_UP))
        return 0; // the domain ended and another may have the name, or the tap is in the bridge
    AUTO_FREE uint16_t *trunk = NULL;
    struct port_change pc = network_port_change(port->def->vlan, port->def->isolated, &trunk);
    pc.only_mac = only_mac(port->net, port->def);
    struct link_change change = {
        .set_master = true, .master = bridge_index, .set_up = true, .up = true};
    if (r < 0 || link_change(all->nl, l.index, l.name, &change, err) < 0 ||
        link_change_port(all->nl, l.index, l.name, &pc, err) < 0)
        return -1;
    repairs_add(repairs, REPAIR_PORT, "%s attached", l.name);
    return 0;
}

static void set_plug(const struct network_def *live, struct network_port_def *def)
{
    def->mode = network_def_direct_mode(live);
    def->plug = def->mode != DIRECT_NONE        ? NETWORK_PLUG_DIRECT
                : network_def_owns_bridge(live) ? NETWORK_PLUG_NETWORK
                                                : NETWORK_PLUG_BRIDGE;
    str_replace(&def->bridge, live->bridge);
    if (!def->mac_table)
        def->mac_table = live->mac_table;
}

static struct network_port_def *make_def(const struct network *net,
                                         const struct network_plug_request *q, const char *group)
{
    const struct network_def *live = net->live;
    const struct network_portgroup *pg = group ? network_def_find_portgroup(live, group) : NULL;
    struct network_port_def *def = NEW(struct network_port_def);
    def->uuid = q->port_id;
    if (!def->uuid.set)
        def->uuid = (struct opt_uuid){.set = true, .value = uuid_random()};
    def->owner_uuid = (struct opt_uuid){.set = true, .value = q->owner};
    def->owner_name = xstrdup(q->owner_name);
    def->group = xstrdup(group);
    if (q->mac) {
        def->mac.set = true;
        memcpy(def->mac.b, q->mac, MAC_SIZE);
    }
    const struct network_bandwidth *b = q->bandwidth ? q->bandwidth : pg ? pg->bandwidth : NULL;
    def->bandwidth = network_bandwidth_copy(b);
    def->vlan = network_vlan_copy(q->vlan ? q->vlan : pg && pg->vlan ? pg->vlan : live->vlan);
    def->isolated = q->isolated ? q->isolated : live->port_isolated;
    set_plug(live, def);
    def->dev = xstrdup(q->dev);
    return def;
}

// The kernel's "vnet%d" reuses a number as soon as it is free, when a client may still mean the
// previous tap: these numbers increase.
static int open_numbered_tap(struct networks *all, struct tap_config *c, struct tap *ret,
                             struct error *err)
{
    for (unsigned i = 0; i < TAP_NAMES; i++) {
        AUTO_ERROR e = ERROR_INIT;
        AUTO_FREE char *name = xasprintf("vnet%u", all->next_tap++ % TAP_NAMES);
        c->name = name;
        int r = tap_open(all->config.sched, all->nl, c, ret, &e);
        c->name = NULL;
        if (r == 0)
            return 0;
        // The link's existence proves nothing: a failed one takes a moment to disappear.
        if (e.sys_errno != EBUSY && e.sys_errno != EEXIST)
            return error_move(err, &e); // the name is not the cause
    }
    return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK, "all names up to vnet%d are in use",
                     TAP_NAMES - 1);
}

static int open_tap(struct network *net, const struct network_plug_request *q,
                    const struct network_port_def *def, struct network_plug *ret, struct error *err)
{
    struct networks *all = net->all;
    uint8_t mac[MAC_SIZE];
    AUTO_FREE uint16_t *trunk = NULL;
    if (q->mac)
        tap_mac(q->mac, mac);
    struct tap_config c = {.name = q->tap,
                           .queues = q->queues,
                           .vnet_hdr = q->vnet_hdr,
                           .mac = q->mac ? mac : NULL,
                           .mtu = q->mtu ? q->mtu : (uint32_t)net->live->mtu.value,
                           .bridge = net->live->bridge,
                           .port = network_port_change(def->vlan, def->isolated, &trunk)};
    c.port.only_mac = only_mac(net, def);
    ret->mtu = c.mtu;
    return q->tap ? tap_open(all->config.sched, all->nl, &c, &ret->tap, err)
                  : open_numbered_tap(all, &c, &ret->tap, err);
}

bool ports_have_vlans(const struct network *net)
{
    struct network_port *port;
    LIST_FOREACH (port, &net->ports, link) {
        if (port->def->vlan)
            return true;
    }
    return false;
}

// Turns on VLAN filtering, without which the interface would see all VLANs.
static int filter_vlans(struct task *t, struct network *net, struct error *err)
{
    struct plan *p = net->runtime->plan;
    if (!p->owned)
        return bridge_check_vlans(net->all->nl, p->bridge, err);
    if (p->vlan_filtering)
        return 0;
    struct repairs done = {0};
    p->vlan_filtering = true;
    int r = reconcile(t, net, true, &done, err);
    strbuf_finish(&done.text);
    if (r == 0)
        return 0;
    p->vlan_filtering = false;
    if (err && err->code == ERROR_SYSTEM && err->sys_errno == EOPNOTSUPP)
        err->code = ERROR_CONFIG_UNSUPPORTED;
    return error_prefix(err, "cannot use the <vlan> of an interface in network '%s'", net->name);
}

static int plug_locked(struct task *t, struct network *net, const struct network_plug_request *q,
                       struct network_plug *ret, struct error *err)
{
    object_assert_locked(t, &net->object);
    struct networks *all = net->all;
    if (!network_is_active(net)) {
        if (!all->config.start_on_demand)
            return network_require_active(net, err);
        if (network_start_locked(t, net, err) < 0)
            return error_prefix(err, "cannot plug into network '%s'", net->name);
    }
    const struct network_portgroup *pg = network_def_find_portgroup(net->live, q->portgroup);
    if (q->portgroup && !pg)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_NETWORK,
                         "network '%s' has no portgroup '%s'", net->name, q->portgroup);
    struct network_port_def *def = make_def(net, q, pg ? pg->name : NULL);
    *ret = (struct network_plug){.port_id = def->uuid.value};
    struct network_port *before = network_find_port(net, &def->uuid.value);
    if (before)
        port_remove(before);
    int r = 0;
    if (def->plug == NETWORK_PLUG_DIRECT && (def->bandwidth || def->vlan))
        r = error_set(
            err, ERROR_CONFIG_UNSUPPORTED, AREA_NETWORK,
            "the <%s> of an interface has no effect in network '%s': its domains are connected "
            "directly to a host interface, without a bridge",
            def->bandwidth ? "bandwidth" : "vlan", net->name);
    else if (def->vlan)
        r = filter_vlans(t, net, err);
    kernel_enter(t, all);
    if (r == 0)
        r = def->plug == NETWORK_PLUG_DIRECT ? direct_plug(net, q, def, ret, err)
                                             : open_tap(net, q, def, ret, err);
    kernel_leave(t, all);
    if (r < 0) {
        network_port_def_destroy(def);
        return -1;
    }
    if (def->bandwidth && bandwidth_apply(t, ret->tap.name, def->bandwidth, err) < 0) {
        tap_close(all->config.sched, &ret->tap);
        network_port_def_destroy(def);
        return -1;
    }
    struct network_port *port = port_add(net, def, ret->tap.name);
    port->index = ret->tap.index;
    port->mtu = ret->mtu;
    port_save(port);
    if (network_hooks_run(t, net, "port-created", "begin", port->def, err) < 0) {
        tap_close(all->config.sched, &ret->tap);
        port = network_find_port(net, &ret->port_id); // its tap may have been deleted meanwhile
        if (port)
            port_remove(port);
        return -1;
    }
    snprintf(ret->bridge, sizeof(ret->bridge), "%s", net->live->bridge ? net->live->bridge : "");
    ret->portgroup = pg ? xstrdup(pg->name) : NULL;
    return 0;
}

static struct network *find(struct networks *all, const char *name, struct error *err)
{
    struct network *net = networks_find_name(all, name);
    if (!net)
        error_set(err, ERROR_NO_NETWORK, AREA_NETWORK, "no network with matching name '%s'", name);
    return net;
}

int network_plug(struct task *t, struct networks *all, const struct network_plug_request *request,
                 struct network_plug *ret, struct error *err)
{
    struct network *found = find(all, request->network, err);
    if (!found)
        return -1;
    AUTO_NETWORK struct network *net = network_ref(found);
    if (network_lock(t, net, "plug an interface into", err) < 0)
        return -1;
    int r = net->removed
                ? error_set(err, ERROR_NO_NETWORK, AREA_NETWORK, "'%s' was undefined", net->name)
                : plug_locked(t, net, request, ret, err);
    network_unlock(net);
    return r;
}

int network_replug(struct task *t, struct networks *all, const struct network_plug_request *q,
                   struct error *err)
{
    struct network *found = find(all, q->network, err);
    if (!found)
        return -1;
    AUTO_NETWORK struct network *net = network_ref(found);
    if (network_lock(t, net, "plug an interface back into", err) < 0)
        return -1;
    kernel_enter(t, all); // before the port is looked up: it may be deleted during the wait
    int r = 0;
    struct network_port *port = q->port_id.set ? network_find_port(net, &q->port_id.value) : NULL;
    if (!network_current(net)) {
        r = error_set(err, ERROR_NO_NETWORK, AREA_NETWORK, "'%s' was undefined", net->name);
    } else if (!port) {
        struct network_def *live = net->live;
        net->live = live ? live : net->def; // as if started
        port = port_add(net, make_def(net, q, q->portgroup), q->tap);
        net->live = live;
        port->mtu = q->mtu;
        port_save(port);
    } else if (q->tap && !str_eq(port->tap, q->tap)) {
        snprintf(port->tap, sizeof(port->tap), "%s", q->tap);
        port->index = 0;
        port_save(port);
    }
    if (r == 0 && net->runtime->phase == PHASE_ACTIVE) {
        struct repairs repairs = {0};
        struct link l;
        if (link_find(all->nl, net->runtime->plan->bridge, &l, NULL) == 0)
            r = port_plug_back(all, port, l.index, &repairs, err);
        strbuf_finish(&repairs.text);
    }
    kernel_leave(t, all);
    network_unlock(net);
    return r;
}

struct deleted {
    struct network *net;
    struct network_port_def *def;
};

static void deleted_main(struct task *t, void *arg)
{
    struct deleted *d = arg;
    AUTO_ERROR err = ERROR_INIT;
    if (d->net->live && network_hooks_run(t, d->net, "port-deleted", "begin", d->def, &err) < 0)
        log_network(LOG_LEVEL_WARN, d->net->name, "%s", error_message(&err));
    network_port_def_destroy(d->def);
    network_unref(d->net);
    free(d);
}

void network_unplug(struct networks *all, const char *network, const struct uuid *port_id)
{
    struct network *net = networks_find_name(all, network);
    struct network_port *port = net ? network_find_port(net, port_id) : NULL;
    if (!port)
        return;
    struct deleted *d = NEW(struct deleted);
    *d = (struct deleted){.net = network_ref(net), .def = network_port_def_copy(port->def)};
    port_remove(port);
    task_spawn(all->config.sched, "network hook", deleted_main, d);
}

void network_unplug_tap(struct networks *all, const char *tap)
{
    struct network *net = NULL;
    while ((net = networks_next(all, net))) {
        struct network_port *port, *tmp;
        LIST_FOREACH_SAFE (port, tmp, &net->ports, link) {
            if (str_eq(port->tap, tap)) {
                struct uuid id = port->def->uuid.value;
                network_unplug(all, net->name, &id);
            }
        }
    }
}

// ---- created by clients -------------------------------------------------------------------------

int network_port_create(struct task *t, struct network *net, struct network_port_def *def,
                        struct network_port **ret, struct error *err)
{
    int r = network_lock(t, net, "create a port of", err);
    if (r < 0) {
        network_port_def_destroy(def);
        return -1;
    }
    if (!def->uuid.set)
        def->uuid = (struct opt_uuid){.set = true, .value = uuid_random()};
    if (!network_is_active(net)) {
        r = network_require_active(net, err);
    } else if (network_find_port(net, &def->uuid.value)) {
        char id[UUID_TEXT_SIZE];
        r = error_set(err, ERROR_NETWORK_PORT_EXISTS, AREA_NETWORK,
                      "network '%s' already has a port %s", net->name,
                      uuid_format(&def->uuid.value, id));
    } else {
        const struct network_portgroup *pg = network_def_find_portgroup(net->live, def->group);
        if (def->group && !pg) {
            r = error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_NETWORK,
                          "network '%s' has no portgroup '%s'", net->name, def->group);
        } else {
            if (pg && !def->group)
                def->group = xstrdup(pg->name);
            if (pg && !def->bandwidth)
                def->bandwidth = network_bandwidth_copy(pg->bandwidth);
            set_plug(net->live, def);
            r = direct_check_port(net, def, err);
        }
    }
    if (r == 0)
        r = network_hooks_run(t, net, "port-created", "begin", def, err);
    if (r == 0) {
        *ret = port_add(net, def, NULL);
        port_save(*ret);
    } else {
        network_port_def_destroy(def);
    }
    network_unlock(net);
    return r;
}

static int no_port(const struct network *net, const struct uuid *id, struct error *err)
{
    char text[UUID_TEXT_SIZE];
    return error_set(err, ERROR_NO_NETWORK_PORT, AREA_NETWORK, "network '%s' has no port %s",
                     net->name, uuid_format(id, text));
}

int network_port_delete(struct task *t, struct network *net, const struct uuid *id,
                        struct error *err)
{
    if (network_lock(t, net, "delete a port of", err) < 0)
        return -1;
    int r = network_find_port(net, id) ? 0 : no_port(net, id, err);
    if (r == 0)
        network_unplug(net->all, net->name, id);
    network_unlock(net);
    return r;
}

const struct network_bandwidth *network_port_default_bandwidth(const struct networks *all,
                                                               const char *network,
                                                               const char *portgroup)
{
    const struct network *net = networks_find_name(all, network);
    const struct network_portgroup *pg =
        net ? network_def_find_portgroup(network_current(net), portgroup) : NULL;
    return pg ? pg->bandwidth : NULL;
}

int network_port_set_bandwidth(struct task *t, struct network *net, const struct uuid *id,
                               const struct network_bandwidth *bandwidth, struct error *err)
{
    if (network_lock(t, net, "set the rates of a port of", err) < 0)
        return -1;
    struct network_port *port = network_find_port(net, id);
    int r = port ? 0 : no_port(net, id, err);
    if (port && port->def->plug == NETWORK_PLUG_DIRECT)
        r = error_set(
            err, ERROR_OPERATION_UNSUPPORTED, AREA_NETWORK,
            "cannot set the rates of a port of network '%s': only supported in networks with a "
            "bridge",
            net->name);
    char tap[IFNAMSIZ] = "";
    if (port)
        strcpy(tap, port->tap);
    if (r == 0 && *tap)
        r = bandwidth_apply(t, tap, bandwidth, err);
    port = network_find_port(net, id);
    // The change may be half done.
    if (r < 0 && port && *tap)
        (void)bandwidth_apply(t, tap, port->def->bandwidth, NULL);
    if (r == 0 && port) {
        network_bandwidth_destroy(port->def->bandwidth);
        port->def->bandwidth = network_bandwidth_copy(bandwidth);
        port_save(port);
    }
    network_unlock(net);
    return r;
}
