// SPDX-License-Identifier: GPL-2.0-or-later
// The leases of a network, for clients.
#include "netmgr/lease.h"
#include "netmgr/internal.h"

// The prefix length of the subnet that contains the address.
static uint8_t prefix_of(const struct network_def *def, const struct ip_addr *a)
{
    for (size_t i = 0; i < def->ips.n; i++) {
        struct ip_prefix p = network_ip_prefix(def->ips.v[i]);
        if (ip_prefix_contains(&p, a))
            return p.len;
    }
    return (uint8_t)ip_bits(a);
}

// DHCPv6 does not report the MAC address. Most clients derive the association's number from its
// end.
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
        return error_set(err, ERROR_NO_NETWORK, AREA_NETWORK, "'%s' was undefined", net->name);
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
