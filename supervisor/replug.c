// SPDX-License-Identifier: GPL-2.0-or-later
// Interfaces of running guests that their network does not know: after a restart of vireod, or
// because the network was undefined and defined again, which libvirt's clients repair with
// update-device.
#include "netmgr/netmgr.h"
#include "supervisor/iface.h"
#include "supervisor/internal.h"

static bool is_of(const struct domain_interface *iface, const struct network *net)
{
    bool direct = network_def_direct_mode(network_current(net)) != DIRECT_NONE;
    return iface->port_id.set && str_eq(iface->network, net->name) &&
           direct == (iface->type == INTERFACE_DIRECT);
}

static bool is_plugged(const struct domain_interface *iface, const struct network *net)
{
    return network_find_port(net, &iface->port_id.value) &&
           (iface->type == INTERFACE_DIRECT || str_eq(iface->bridge, network_current(net)->bridge));
}

static int replug(struct task *t, struct domain *dom, struct domain_interface *iface,
                  struct error *err)
{
    struct networks *networks = dom->all->config.networks;
    struct network_plug_request request = iface_request(dom, iface);
    request.tap = iface->target;
    request.dev = iface->direct_dev;
    if (network_replug(t, networks, &request, err) < 0)
        return -1;
    const struct network *net = networks_find_name(networks, iface->network);
    if (net && network_is_active(net) && iface->type == INTERFACE_NETWORK)
        str_replace(&iface->bridge, net->live->bridge);
    return 0;
}

int iface_plug_back(struct task *t, struct domain *dom, struct domain_interface *iface,
                    struct error *err)
{
    object_assert_locked(t, &dom->object);
    const struct networks *networks = dom->all->config.networks;
    const struct network *net =
        networks && iface->network ? networks_find_name(networks, iface->network) : NULL;
    bool unplugged = net && network_is_active(net) && is_of(iface, net) && !is_plugged(iface, net);
    return unplugged ? replug(t, dom, iface, err) : 0;
}

// `network` NULL: those of all.
static void replug_all(struct task *t, struct domain *dom, const char *network)
{
    object_assert_locked(t, &dom->object);
    VEC_FOREACH (it, &dom->live->interfaces) {
        struct domain_interface *iface = *it;
        if (!iface->network || !iface->port_id.set || (network && !str_eq(network, iface->network)))
            continue;
        AUTO_ERROR err = ERROR_INIT;
        if (replug(t, dom, iface, &err) < 0)
            log_domain(LOG_LEVEL_WARN, dom->name, "its '%s' is not plugged into network '%s': %s",
                       iface->target ? iface->target : "interface", iface->network,
                       error_message(&err));
    }
}

void iface_replug_all(struct task *t, struct domain *dom)
{
    if (dom->all->config.networks)
        replug_all(t, dom, NULL);
}

struct again {
    struct domain *dom;
    struct network *net;
};

static void again_main(struct task *t, void *arg)
{
    struct again *a = arg;
    AUTO_ERROR err = ERROR_INIT;
    if (domain_lock(t, a->dom, "plug in again", &err) < 0) {
        log_domain(LOG_LEVEL_WARN, a->dom->name, "%s", error_message(&err));
    } else {
        if (a->dom->live) {
            replug_all(t, a->dom, a->net->name);
            (void)status_save(a->dom, NULL);
        }
        domain_unlock(a->dom);
    }
    network_unref(a->net);
    domain_unref(a->dom);
    free(a);
}

void domains_network_started(struct domains *all, struct network *net)
{
    struct domain *dom = NULL;
    while ((dom = domains_next(all, dom))) {
        bool wanted = false;
        for (size_t i = 0; dom->live && i < dom->live->interfaces.n; i++) {
            const struct domain_interface *iface = dom->live->interfaces.v[i];
            wanted = wanted || (is_of(iface, net) && !is_plugged(iface, net));
        }
        if (!wanted)
            continue;
        struct again *a = NEW(struct again);
        *a = (struct again){.dom = domain_ref(dom), .net = network_ref(net)};
        task_spawn(all->config.sched, "plug in again", again_main, a);
    }
}
