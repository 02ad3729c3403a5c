// SPDX-License-Identifier: GPL-2.0-or-later
#include "netmgr/plan.h"

#include <arpa/inet.h>

static void make_bridge(const struct network_def *def, struct plan *p)
{
    p->has_mac = def->mac.set;
    memcpy(p->mac, def->mac.b, MAC_SIZE);
    p->mtu = (uint32_t)def->mtu.value;
    p->stp = toggle_or(def->bridge_stp, true);
    p->forward_delay_ms = (uint32_t)(def->bridge_delay.value * 1000);
    p->vlan_filtering = def->vlan != NULL;
    for (size_t i = 0; i < def->portgroups.n; i++)
        p->vlan_filtering = p->vlan_filtering || def->portgroups.v[i]->vlan;
}

static void make_addresses(const struct network_def *def, struct plan *p)
{
    p->ipv6 = def->ipv6 == TOGGLE_YES;
    for (size_t i = 0; i < def->ips.n; i++) {
        vec_push(&p->addresses, network_ip_prefix(def->ips.v[i]));
        p->ipv6 = p->ipv6 || def->ips.v[i]->address.family == AF_INET6;
    }
    for (size_t i = 0; i < def->routes.n; i++) {
        const struct network_route *r = def->routes.v[i];
        struct route route = {.dst = network_route_prefix(r),
                              .gateway = r->gateway,
                              .metric = (uint32_t)(r->metric.set ? r->metric.value : 1)};
        route.dst = ip_prefix_network(&route.dst);
        vec_push(&p->routes, route);
    }
}

static bool has_family(const struct plan *p, int family)
{
    VEC_FOREACH (a, &p->addresses) {
        if (a->addr.family == family)
            return true;
    }
    return false;
}

static void make_rules(const struct network_def *def, struct plan *p)
{
    static const enum firewall_mode modes[NETWORK_FORWARD_COUNT] = {
        [NETWORK_FORWARD_NONE] = FIREWALL_ISOLATED, [NETWORK_FORWARD_NAT] = FIREWALL_NAT,
        [NETWORK_FORWARD_ROUTE] = FIREWALL_ROUTE,   [NETWORK_FORWARD_OPEN] = FIREWALL_OPEN,
        [NETWORK_FORWARD_BRIDGE] = FIREWALL_OPEN,
    };
    const struct network_forward *f = &def->forward;
    bool tftp = false;
    for (size_t i = 0; i < def->ips.n; i++)
        tftp = tftp || def->ips.v[i]->tftp_root;
    p->out_device = xstrdup(f->dev);
    p->rules = (struct firewall_network){
        .name = p->name,
        .bridge = p->bridge,
        .mode = modes[f->mode],
        .subnets = p->addresses.v,
        .nsubnets = p->addresses.n,
        .out_device = p->out_device,
        .nat6 = f->nat_ipv6 == TOGGLE_YES,
        .port_first = (uint16_t)f->nat_port_start.value,
        .port_last = (uint16_t)f->nat_port_end.value,
        .dns = p->dnsmasq && (!def->dns || toggle_or(def->dns->enable, true)),
        .dhcp = network_def_has_dhcp(def, AF_INET),
        .dhcp6 = has_family(p, AF_INET6),
        .tftp = tftp,
    };
    if (f->nat_start.family == AF_INET6) {
        p->rules.nat6_first = f->nat_start;
        p->rules.nat6_last = f->nat_end;
    } else {
        p->rules.nat_first = f->nat_start;
        p->rules.nat_last = f->nat_end;
    }
    bool forwards = f->mode == NETWORK_FORWARD_NAT || f->mode == NETWORK_FORWARD_ROUTE ||
                    f->mode == NETWORK_FORWARD_OPEN;
    p->forward4 = forwards && has_family(p, AF_INET);
    p->forward6 = forwards && has_family(p, AF_INET6);
}

int plan_make(const struct network_def *def, const struct dnsmasq_paths *paths, struct plan **ret,
              struct error *err)
{
    AUTO_PLAN struct plan *p = NEW(struct plan);
    p->name = xstrdup(def->name);
    p->owned = network_def_owns_bridge(def);
    const char *bridge = def->bridge ? def->bridge : "";
    bool direct = network_def_direct_mode(def) != DIRECT_NONE;
    if (!direct && !link_name_valid(bridge, false)) {
        link_name_check(bridge, err);
        return error_prefix(err, "network '%s'", def->name);
    }
    strcpy(p->bridge, bridge);
    if (p->owned) {
        make_bridge(def, p);
        make_addresses(def, p);
        p->dnsmasq = dnsmasq_needed(def);
        make_rules(def, p);
        p->zone = xstrdup(def->bridge_zone);
    }
    if (p->dnsmasq && dnsmasq_files_make(def, paths, &p->files, err) < 0)
        return -1;
    *ret = STEAL(p);
    return 0;
}

void plan_destroy(struct plan *p)
{
    if (!p)
        return;
    free(p->name);
    free(p->out_device);
    free(p->zone);
    vec_finish(&p->addresses);
    vec_finish(&p->routes);
    dnsmasq_files_finish(&p->files);
    free(p);
}

struct bridge_options plan_bridge_options(const struct plan *p, bool wired)
{
    struct bridge_options o = BRIDGE_OPTIONS_INIT;
    o.stp = p->stp && (wired || p->forward_delay_ms > 0);
    o.forward_delay_ms = p->forward_delay_ms;
    if (o.stp && o.forward_delay_ms < 2000)
        o.forward_delay_ms = 2000; // the kernel's minimum
    o.vlan_filtering = p->vlan_filtering;
    return o;
}
