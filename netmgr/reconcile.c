// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// A network's plan (plan.h) lists what is to exist. Each function below compares one part with what
// exists and changes the difference. None of them knows whether the network is being started,
// changed, repaired or adopted: they record their changes in `repairs`, which the caller
// interprets.
//
// What an earlier plan put into the kernel and this one lacks is in runtime->old_*: it is saved in
// the status file before an update begins, and removed here.
#include "bridge/bridge.h"
#include "bridge/sysctl.h"
#include "netmgr/internal.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>

enum { REPAIRS_TEXT_MAX = 300 };

void repairs_add(struct repairs *r, enum repair_kind kind, const char *fmt, ...)
{
    va_list ap;
    r->kinds |= 1u << kind;
    if (r->text.len > REPAIRS_TEXT_MAX) {
        r->more++;
        return;
    }
    if (r->text.len)
        strbuf_add(&r->text, ", ");
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    strbuf_add(&r->text, text);
}

const char *repairs_text(struct repairs *r)
{
    if (r->more)
        strbuf_printf(&r->text, " and %u more", r->more);
    r->more = 0;
    return strbuf_text(&r->text);
}

// ---- bridge -------------------------------------------------------------------------------------

// Whether a port may lead to another bridge, so that frames could loop.
static bool is_wired(struct netlink *nl, int bridge)
{
    static const char *const ends[] = {"tun", "veth", "macvtap", "dummy"};
    struct link_vec links = {0};
    bool wired = false;
    if (link_list(nl, &links, NULL) < 0)
        return false;
    VEC_FOREACH (l, &links) {
        bool end = false;
        for (size_t i = 0; i < ARRAY_LEN(ends); i++)
            end = end || str_eq(l->kind, ends[i]);
        wired = wired || (l->master == bridge && !end);
    }
    vec_finish(&links);
    return wired;
}

static int make_bridge(struct netlink *nl, const struct plan *p, struct link *ret,
                       struct repairs *repairs, struct error *err)
{
    struct bridge_config c = {.name = p->bridge,
                              .mac = p->has_mac ? p->mac : NULL,
                              .mtu = p->mtu,
                              .options = plan_bridge_options(p, false)};
    if (bridge_create(nl, &c, NULL, err) < 0)
        return -1;
    repairs->bridge_was_missing = true;
    repairs_add(repairs, REPAIR_BRIDGE, "bridge %s created", p->bridge);
    int r = link_find(nl, p->bridge, ret, err);
    return r == -ENODEV ? error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                                    "bridge '%s' was deleted right after its creation", p->bridge)
                        : r;
}

// Whether options that vireod sets differ.
static bool options_differ(const struct bridge_options *a, const struct bridge_options *b)
{
    return a->stp != b->stp || a->vlan_filtering != b->vlan_filtering ||
           (b->stp && a->forward_delay_ms != b->forward_delay_ms);
}

static int sync_bridge(struct netlink *nl, const struct plan *p, struct link *l,
                       struct repairs *repairs, struct error *err)
{
    int r = link_find(nl, p->bridge, l, err);
    if (r == -ENODEV)
        return make_bridge(nl, p, l, repairs, err);
    if (r < 0)
        return -1;
    bool wired = p->stp && p->forward_delay_ms == 0 && is_wired(nl, l->index);
    struct bridge_config c = {.name = p->bridge,
                              .mac = p->has_mac ? p->mac : NULL,
                              .mtu = p->mtu,
                              .options = plan_bridge_options(p, wired)};
    bool mac_differs = p->has_mac && memcmp(l->mac, p->mac, MAC_SIZE) != 0;
    bool mtu_differs = p->mtu && l->mtu != p->mtu;
    if (str_eq(l->kind, "bridge") && !mac_differs && !mtu_differs &&
        !options_differ(&l->bridge, &c.options))
        return 0;
    if (bridge_update(nl, &c, err) < 0)
        return -1;
    repairs_add(repairs, REPAIR_BRIDGE, "%s of bridge %s set",
                mac_differs   ? "MAC address"
                : mtu_differs ? "MTU"
                              : "options",
                p->bridge);
    return 0;
}

static int sync_up(struct netlink *nl, const struct plan *p, const struct link *l,
                   struct repairs *repairs, struct error *err)
{
    if (l->flags & IFF_UP)
        return 0;
    struct link_change up = {.set_up = true, .up = true};
    if (link_change(nl, l->index, p->bridge, &up, err) < 0)
        return -1;
    repairs_add(repairs, REPAIR_BRIDGE, "bridge %s set up", p->bridge);
    return 0;
}

// The bridge must not configure addresses itself, neither from guests that send router
// advertisements nor, without IPv6, at all.
static int sync_interface(const struct plan *p, struct error *err)
{
    static const struct {
        const char *key;
        long with, without;
    } keys[] = {{"disable_ipv6", 0, 1}, {"accept_ra", 0, 0}, {"autoconf", 0, 0}};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        AUTO_ERROR e = ERROR_INIT;
        long value = p->ipv6 ? keys[i].with : keys[i].without;
        if (sysctl_write_interface(NULL, "ipv6", p->bridge, keys[i].key, value, NULL, &e) == 0)
            continue;
        if (e.sys_errno == ENOENT && !p->ipv6)
            return 0; // a kernel without IPv6
        return error_move(err, &e);
    }
    return 0;
}

// ---- addresses and routes -----------------------------------------------------------------------

static bool same_prefix(const struct ip_prefix *a, const struct ip_prefix *b)
{
    return a->len == b->len && ip_compare(&a->addr, &b->addr) == 0;
}

static bool has_prefix(const struct prefix_vec *v, const struct ip_prefix *p)
{
    VEC_FOREACH (it, v) {
        if (same_prefix(it, p))
            return true;
    }
    return false;
}

static int sync_addresses(struct netlink *nl, struct network_runtime *rt, int index,
                          struct repairs *repairs, struct error *err)
{
    const struct plan *p = rt->plan;
    struct address_vec there = {0};
    char text[IP_TEXT_SIZE];
    int r = address_list(nl, index, &there, err);
    for (size_t i = 0; r == 0 && i < rt->old_addresses.n; i++) {
        if (!has_prefix(&p->addresses, &rt->old_addresses.v[i]))
            r = address_delete(nl, index, p->bridge, &rt->old_addresses.v[i], err);
    }
    for (size_t i = 0; r == 0 && i < p->addresses.n; i++) {
        bool found = false;
        VEC_FOREACH (a, &there)
            found = found || same_prefix(&a->prefix, &p->addresses.v[i]);
        if (found)
            continue;
        r = address_add(nl, index, p->bridge, &p->addresses.v[i], true, err);
        if (r == 0)
            repairs_add(repairs, REPAIR_ADDRESS, "address %s added to %s",
                        ip_prefix_format(&p->addresses.v[i], text), p->bridge);
    }
    vec_finish(&there);
    return r;
}

static bool same_route(const struct route *a, const struct route *b)
{
    return same_prefix(&a->dst, &b->dst) && ip_compare(&a->gateway, &b->gateway) == 0 &&
           a->metric == b->metric;
}

static bool has_route(const struct route_vec *v, const struct route *r)
{
    VEC_FOREACH (it, v) {
        if (same_route(it, r))
            return true;
    }
    return false;
}

static int sync_routes(struct netlink *nl, struct network_runtime *rt, int index,
                       struct repairs *repairs, struct error *err)
{
    struct route_vec there = {0};
    char text[IP_TEXT_SIZE];
    int r = rt->plan->routes.n || rt->old_routes.n ? route_list(nl, &there, err) : 0;
    for (size_t i = 0; r == 0 && i < rt->old_routes.n; i++) {
        struct route old = rt->old_routes.v[i];
        old.index = index;
        if (!has_route(&rt->plan->routes, &old))
            r = route_delete(nl, &old, err);
    }
    for (size_t i = 0; r == 0 && i < rt->plan->routes.n; i++) {
        struct route planned = rt->plan->routes.v[i];
        bool found = false;
        planned.index = index;
        VEC_FOREACH (it, &there)
            found = found || (it->index == index && same_route(it, &planned));
        if (found)
            continue;
        r = route_add(nl, &planned, err);
        if (r == 0)
            repairs_add(repairs, REPAIR_ROUTE, "route to %s added",
                        ip_prefix_format(&planned.dst, text));
    }
    vec_finish(&there);
    return r;
}

// ---- forwarding ---------------------------------------------------------------------------------

// A host that forwards IPv6 ignores router advertisements (accept_ra 1 acts like 0), which would
// cut off the host itself.
static int check_router_routes(struct netlink *nl, const struct plan *p, struct error *err)
{
    struct route_vec routes = {0};
    int r = route_list(nl, &routes, err);
    for (size_t i = 0; r == 0 && i < routes.n; i++) {
        struct link l;
        long accept = 0;
        if (routes.v[i].protocol != RTPROT_RA ||
            link_find_index(nl, routes.v[i].index, &l, NULL) != 0)
            continue;
        AUTO_FREE char *key = xasprintf("net/ipv6/conf/%s/accept_ra", l.name);
        if (sysctl_read(NULL, key, &accept, NULL) == 0 && accept == 1)
            r = error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                          "cannot start network '%s' with IPv6: this host has its own IPv6 route "
                          "from a router at '%s' and would lose it by forwarding IPv6; set "
                          "net.ipv6.conf.%s.accept_ra to 2 first",
                          p->name, l.name, l.name);
    }
    vec_finish(&routes);
    return r;
}

static int sync_forwarding(struct netlink *nl, const struct plan *p, struct repairs *repairs,
                           struct error *err)
{
    bool changed = false;
    if (p->forward4 && sysctl_write(NULL, "net/ipv4/ip_forward", 1, &changed, err) < 0)
        return -1;
    if (changed)
        repairs_add(repairs, REPAIR_FORWARDING, "net.ipv4.ip_forward switched on");
    long now = 1;
    if (p->forward6 && sysctl_read(NULL, "net/ipv6/conf/all/forwarding", &now, err) < 0)
        return -1;
    if (!p->forward6 || now)
        return 0;
    if (check_router_routes(nl, p, err) < 0 ||
        sysctl_write(NULL, "net/ipv6/conf/all/forwarding", 1, NULL, err) < 0)
        return -1;
    repairs_add(repairs, REPAIR_FORWARDING, "net.ipv6.conf.all.forwarding switched on");
    return 0;
}

// ---- firewall -----------------------------------------------------------------------------------

static int sync_firewall(struct task *t, struct networks *all, const struct plan *p,
                         struct repairs *repairs, struct error *err)
{
    bool complete = false;
    AUTO_FREE char *missing = NULL;
    if (firewall_verify(t, all->firewall, &p->rules, &complete, &missing, err) < 0)
        return -1;
    // Without a backend the rules count as complete: applying reports the error where rules are
    // needed.
    if (complete && firewall_backend_name(all->firewall))
        return 0;
    if (firewall_apply(t, all->firewall, &p->rules, err) < 0)
        return -1;
    if (!complete)
        repairs_add(repairs, REPAIR_FIREWALL, "firewall rules restored (missing: %s)",
                    missing ? missing : "all");
    return 0;
}

static int sync_zone(struct task *t, struct network *net, struct repairs *repairs,
                     struct error *err)
{
    struct network_runtime *rt = net->runtime;
    const struct plan *p = rt->plan;
    AUTO_ERROR e = ERROR_INIT;
    AUTO_FREE char *zone = NULL;
    if (!p->zone && p->rules.mode == FIREWALL_OPEN)
        return 0;
    int r = firewalld_put(t, net->all->firewalld, p->bridge, p->zone,
                          p->rules.mode == FIREWALL_ROUTE, &zone, &e);
    if (r < 0 && p->zone)
        return error_move(err, &e);
    const char *failure = r < 0 ? error_message(&e) : NULL;
    if (failure && !str_eq(rt->zone_error, failure))
        log_network(LOG_LEVEL_WARN, net->name, "%s", failure);
    str_replace(&rt->zone_error, failure);
    if (zone)
        repairs_add(repairs, REPAIR_FIREWALL, "added to firewalld zone '%s'", zone);
    return 0;
}

// ---- entry points -------------------------------------------------------------------------------

static int sync_ports(struct network *net, int index, struct repairs *repairs, struct error *err)
{
    struct network_port *port;
    LIST_FOREACH (port, &net->ports, link) {
        if (port_plug_back(net->all, port, index, repairs, err) < 0)
            return -1;
    }
    return 0;
}

// A bridge of the host: vireod manages only its ports.
static int sync_foreign(struct network *net, struct repairs *repairs, struct error *err)
{
    struct link l;
    int r = link_find(net->all->nl, net->runtime->plan->bridge, &l, err);
    if (r == -ENODEV)
        return 0; // plugging into it reports the error
    return r < 0 ? -1 : sync_ports(net, l.index, repairs, err);
}

// The kernel's part. Doesn't suspend.
static int sync_kernel(struct network *net, struct repairs *repairs, struct error *err)
{
    struct netlink *nl = net->all->nl;
    struct network_runtime *rt = net->runtime;
    const struct plan *p = rt->plan;
    struct link l;
    if (!p->owned)
        return sync_foreign(net, repairs, err);
    if (sync_bridge(nl, p, &l, repairs, err) < 0 || sync_interface(p, err) < 0 ||
        sync_addresses(nl, rt, l.index, repairs, err) < 0 || sync_up(nl, p, &l, repairs, err) < 0 ||
        sync_routes(nl, rt, l.index, repairs, err) < 0 || sync_forwarding(nl, p, repairs, err) < 0)
        return -1;
    return sync_ports(net, l.index, repairs, err);
}

static int reconcile_up(struct task *t, struct network *net, struct repairs *repairs,
                        struct error *err)
{
    struct networks *all = net->all;
    struct network_runtime *rt = net->runtime;
    const struct plan *p = rt->plan;
    rt->plan->vlan_filtering = p->vlan_filtering || ports_have_vlans(net);
    kernel_enter(t, all);
    int r = sync_kernel(net, repairs, err);
    kernel_leave(t, all);
    if (r < 0 || !p->owned)
        return r;
    if (sync_firewall(t, all, p, repairs, err) < 0 || sync_zone(t, net, repairs, err) < 0 ||
        dnsmasq_sync(t, net, repairs, err) < 0)
        return -1;
    // A new bridge has no rates; taps keep theirs.
    if (repairs->bridge_was_missing && net->live->bandwidth &&
        bandwidth_apply(t, p->bridge, net->live->bandwidth, err) < 0)
        return -1;
    if (repairs->bridge_was_missing && resolved_register(t, net, err) < 0)
        return -1;
    struct process none = PROCESS_NONE;
    VEC_FOREACH (old, &rt->old_bridges) {
        if (firewall_remove(t, all->firewall, *old, err) < 0)
            return -1;
        teardown_bridge(net, *old, &none);
    }
    network_forget_old(rt);
    return 0;
}

int reconcile(struct task *t, struct network *net, bool goal, struct repairs *repairs,
              struct error *err)
{
    object_assert_locked(t, &net->object);
    return goal ? reconcile_up(t, net, repairs, err) : teardown(t, net, err);
}
