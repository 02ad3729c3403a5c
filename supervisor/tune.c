// SPDX-License-Identifier: GPL-2.0-or-later
// Rates of a guest's interfaces.
#include "netmgr/netmgr.h"
#include "supervisor/iface.h"
#include "supervisor/internal.h"

struct domain_interface *domain_find_interface(const struct domain_def *def, const char *device)
{
    VEC_FOREACH (it, &def->interfaces) {
        char mac[OPT_MAC_TEXT_SIZE];
        if (((*it)->target && str_eq((*it)->target, device)) ||
            strcasecmp(opt_mac_format(&(*it)->mac, mac), device) == 0)
            return *it;
    }
    return NULL;
}

const struct network_bandwidth *domain_interface_bandwidth(const struct domain *dom,
                                                           const struct domain_interface *iface)
{
    struct networks *networks = dom->all->config.networks;
    bool plugged = iface->type == INTERFACE_NETWORK && iface->port_id.set && networks;
    const struct network *net = plugged ? networks_find_name(networks, iface->network) : NULL;
    const struct network_port *port = net ? network_find_port(net, &iface->port_id.value) : NULL;
    return port ? port->def->bandwidth : iface->bandwidth;
}

static struct domain_interface *find(const struct domain *dom, const struct domain_def *def,
                                     const char *device, struct error *err)
{
    struct domain_interface *iface = domain_find_interface(def, device);
    if (!iface)
        error_set(err, ERROR_INVALID_ARG, AREA_QEMU, "'%s' is not a known interface of domain '%s'",
                  device, dom->name);
    else if (iface->type != INTERFACE_NETWORK && iface->type != INTERFACE_BRIDGE &&
             iface->type != INTERFACE_ETHERNET)
        error_set(err, ERROR_OPERATION_UNSUPPORTED, AREA_QEMU,
                  "interface '%s' of domain '%s' cannot be limited: there is nothing of it on the "
                  "host",
                  device, dom->name);
    else
        return iface;
    return NULL;
}

// What is not given stays. Caller frees; NULL: none.
static struct network_bandwidth *merge(const struct network_bandwidth *old,
                                       const struct network_bandwidth *new, bool inbound,
                                       bool outbound)
{
    struct network_bandwidth b = old ? *old : (struct network_bandwidth){0};
    if (inbound) {
        b.inbound = new->inbound;
        b.has_inbound = new->has_inbound;
    }
    if (outbound) {
        b.outbound = new->outbound;
        b.has_outbound = new->has_outbound;
    }
    return b.has_inbound || b.has_outbound ? network_bandwidth_copy(&b) : NULL;
}

static int set_live(struct task *t, struct domain *dom, const char *device,
                    const struct network_bandwidth *rates, bool inbound, bool outbound,
                    struct error *err)
{
    struct domain_interface *iface = find(dom, dom->live, device, err);
    if (!iface)
        return -1;
    AUTO_FREE struct network_bandwidth *b =
        merge(domain_interface_bandwidth(dom, iface), rates, inbound, outbound);
    if (iface_set_bandwidth(t, dom, iface, b, err) < 0)
        return -1;
    dom->updated = true;
    (void)status_save(dom, NULL);
    return 0;
}

static int set_locked(struct task *t, struct domain *dom, const char *device,
                      const struct network_bandwidth *rates, bool inbound, bool outbound,
                      unsigned affect, struct error *err)
{
    object_assert_locked(t, &dom->object);
    struct domain_def *def = NULL;
    if (network_bandwidth_check(rates, err) < 0 || domain_resolve_affect(dom, &affect, err) < 0)
        return -1;
    if (affect & DOMAIN_AFFECT_CONFIG) {
        def = domain_def_copy(dom->def);
        struct domain_interface *iface = find(dom, def, device, err);
        if (!iface) {
            domain_def_destroy(def);
            return -1;
        }
        struct network_bandwidth *b = merge(iface->bandwidth, rates, inbound, outbound);
        network_bandwidth_destroy(iface->bandwidth);
        iface->bandwidth = b;
    }
    // In force first: what the kernel refuses is not stored.
    if ((affect & DOMAIN_AFFECT_LIVE &&
         set_live(t, dom, device, rates, inbound, outbound, err) < 0) ||
        (def && object_store(t, &dom->object, def, err) < 0)) {
        domain_def_destroy(def);
        return -1;
    }
    if (def) {
        domain_def_destroy(dom->def);
        dom->def = def;
    }
    return 0;
}

int domain_set_interface_bandwidth(struct task *t, struct domain *dom, const char *device,
                                   const struct network_bandwidth *rates, bool inbound,
                                   bool outbound, unsigned affect, struct error *err)
{
    if (domain_lock(t, dom, "set the rates of an interface of", err) < 0)
        return -1;
    int r = set_locked(t, dom, device, rates, inbound, outbound, affect, err);
    domain_unlock(dom);
    return r;
}
