// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of the interfaces of active domains: addresses and counters. The guest is not
// asked.
#include "bridge/link.h"
#include "bridge/neigh.h"
#include "netmgr/netmgr.h"
#include "supervisor/iface.h"
#include "supervisor/internal.h"

#include <errno.h>

static int add_leases(const struct domain *dom, const struct domain_interface *iface,
                      struct domain_addresses *ret, struct error *err)
{
    struct networks *networks = dom->all->config.networks;
    bool plugged = iface->network && networks;
    struct network *net = plugged ? networks_find_name(networks, iface->network) : NULL;
    CLEANUP(network_lease_vec_finish) struct network_lease_vec leases = {0};
    char mac[OPT_MAC_TEXT_SIZE];
    if (net && network_get_leases(net, opt_mac_format(&iface->mac, mac), &leases, err) < 0)
        return -1;
    VEC_FOREACH (lease, &leases)
        vec_push(ret, ((struct domain_address){iface, lease->ip, lease->prefix}));
    return 0;
}

static void add_neighbours(const struct neighbour_vec *all, const struct domain_interface *iface,
                           struct domain_addresses *ret)
{
    VEC_FOREACH (n, all) {
        if (memcmp(n->mac, iface->mac.b, MAC_SIZE) == 0)
            vec_push(ret, ((struct domain_address){.iface = iface, .ip = n->ip}));
    }
}

int domain_list_addresses(const struct domain *dom, enum domain_address_source source,
                          struct domain_addresses *ret, struct error *err)
{
    struct neighbour_vec neighbours = {0};
    int r = 0;
    if (source == DOMAIN_ADDRESS_ARP &&
        (domains_open_netlink(dom->all, err) < 0 ||
         neighbour_list(dom->all->netlink, 0, &neighbours, err) < 0))
        return -1;
    VEC_FOREACH (it, &dom->live->interfaces) {
        if (source == DOMAIN_ADDRESS_ARP)
            add_neighbours(&neighbours, *it, ret);
        else if ((r = add_leases(dom, *it, ret, err)) < 0)
            break;
    }
    vec_finish(&neighbours);
    return r;
}

// The kernel counts a tap from the host's side; the guest's is the other way round. A macvtap is in
// the guest's place and counts like the guest.
static struct link_stats guests_view(const struct domain_interface *iface,
                                     const struct link_stats *s)
{
    if (iface->type == INTERFACE_DIRECT)
        return *s;
    return (struct link_stats){.rx_bytes = s->tx_bytes,
                               .rx_packets = s->tx_packets,
                               .rx_errors = s->tx_errors,
                               .rx_dropped = s->tx_dropped,
                               .tx_bytes = s->rx_bytes,
                               .tx_packets = s->rx_packets,
                               .tx_errors = s->rx_errors,
                               .tx_dropped = s->rx_dropped};
}

int domain_interface_stats(const struct domain *dom, const struct domain_interface *iface,
                           struct link_stats *ret, struct error *err)
{
    struct link link;
    if (domains_open_netlink(dom->all, err) < 0)
        return -1;
    int r = iface->target ? link_find(dom->all->netlink, iface->target, &link, err) : -ENODEV;
    if (r == -ENODEV)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_QEMU,
                         "interface '%s' of domain '%s' is gone",
                         iface->target ? iface->target : "", dom->name);
    if (r == 0)
        *ret = guests_view(iface, &link.stats);
    return r;
}
