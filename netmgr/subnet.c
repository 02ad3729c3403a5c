// SPDX-License-Identifier: GPL-2.0-or-later
// Checks and chooses subnets.
#include "netmgr/internal.h"

#include <arpa/inet.h>

struct taken {
    struct address_vec addresses;
    struct route_vec routes;
};

static void taken_finish(struct taken *k)
{
    vec_finish(&k->addresses);
    vec_finish(&k->routes);
}

static int taken_read(struct networks *all, struct taken *k, struct error *err)
{
    if (!all->nl)
        return 0;
    if (address_list(all->nl, 0, &k->addresses, err) < 0)
        return -1;
    return route_list(all->nl, &k->routes, err);
}

static bool is_link_local(const struct ip_addr *a)
{
    return a->family == AF_INET6 &&
           (a->b[0] == 0xff || (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80));
}

// Host routes and the default route are not subnets.
static bool is_subnet_route(const struct route *r, const struct ip_prefix *p, int but)
{
    return r->index != but && r->dst.len > 1 && r->dst.len < ip_bits(&r->dst.addr) &&
           !is_link_local(&r->dst.addr) && ip_prefix_overlap(&r->dst, p);
}

// ---- a document's subnet ------------------------------------------------------------------------

// A wider subnet stays usable: the more specific route has priority.
static bool is_wider(const struct ip_prefix *there, const struct ip_prefix *p)
{
    return there->len < p->len && ip_prefix_overlap(there, p);
}

static bool in_the_way(const struct address *a, const struct ip_prefix *p, int but)
{
    return a->index != but && a->prefix.len > 0 && ip_prefix_overlap(&a->prefix, p) &&
           (!is_wider(&a->prefix, p) || ip_prefix_contains(p, &a->prefix.addr));
}

static bool has_gateway_in(const struct route *r, const struct ip_prefix *p, int but)
{
    return r->index != but && r->gateway.family == p->addr.family &&
           ip_prefix_contains(p, &r->gateway);
}

static const char *link_name(struct networks *all, int index, struct link *l)
{
    return link_find_index(all->nl, index, l, NULL) == 0 ? l->name : "another interface";
}

static int collides(struct networks *all, const struct plan *plan, const struct ip_prefix *p,
                    const char *what, int index, struct error *err)
{
    char address[IP_TEXT_SIZE];
    struct link l;
    return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                     "cannot start network '%s': its address %s conflicts with %s interface '%s'; "
                     "choose another subnet ('virsh net-edit %s')",
                     plan->name, ip_prefix_format(p, address), what, link_name(all, index, &l),
                     plan->name);
}

static int check_one(struct networks *all, const struct taken *k, const struct plan *plan,
                     const struct ip_prefix *p, int but, struct error *err)
{
    char there[IP_TEXT_SIZE], gateway[IP_TEXT_SIZE], own[IP_TEXT_SIZE];
    if (is_link_local(&p->addr))
        return 0;
    VEC_FOREACH (a, &k->addresses) {
        if (in_the_way(a, p, but)) {
            AUTO_FREE char *what = xasprintf("%s of", ip_prefix_format(&a->prefix, there));
            return collides(all, plan, p, what, a->index, err);
        }
    }
    VEC_FOREACH (r, &k->routes) {
        if (has_gateway_in(r, p, but)) {
            AUTO_FREE char *what =
                xasprintf("the gateway %s of the route to %s by", ip_format(&r->gateway, gateway),
                          ip_prefix_format(&r->dst, there));
            return collides(all, plan, p, what, r->index, err);
        }
        if (!is_subnet_route(r, p, but))
            continue;
        if (!is_wider(&r->dst, p)) {
            AUTO_FREE char *what =
                xasprintf("the route to %s by", ip_prefix_format(&r->dst, there));
            return collides(all, plan, p, what, r->index, err);
        }
        struct link l;
        log_network(LOG_LEVEL_INFO, plan->name,
                    "%s overrides the route to %s by interface '%s' while it is active",
                    ip_prefix_format(p, own), ip_prefix_format(&r->dst, there),
                    link_name(all, r->index, &l));
    }
    return 0;
}

int subnet_check(struct networks *all, const struct plan *plan, struct error *err)
{
    struct taken k = {0};
    struct link own = {0};
    if (link_find(all->nl, plan->bridge, &own, NULL) != 0)
        own.index = -1;
    int r = taken_read(all, &k, err);
    for (size_t i = 0; r == 0 && i < plan->addresses.n; i++)
        r = check_one(all, &k, plan, &plan->addresses.v[i], own.index, err);
    taken_finish(&k);
    return r;
}

// ---- a free subnet ------------------------------------------------------------------------------

static bool def_has(const struct network_def *def, const struct ip_prefix *p)
{
    for (size_t i = 0; def && i < def->ips.n; i++) {
        struct ip_prefix other = network_ip_prefix(def->ips.v[i]);
        if (ip_prefix_overlap(&other, p))
            return true;
    }
    return false;
}

static bool is_free(struct networks *all, const struct taken *k, const struct ip_prefix *p)
{
    struct network *net;
    VEC_FOREACH (a, &k->addresses) {
        if (!is_link_local(&a->prefix.addr) && a->prefix.len > 0 &&
            ip_prefix_overlap(&a->prefix, p))
            return false;
    }
    VEC_FOREACH (r, &k->routes) {
        if (is_subnet_route(r, p, -1))
            return false;
    }
    OBJECTS_FOREACH(net, &all->table)
    {
        if (def_has(net->def, p) || def_has(net->live, p) || def_has(net->pending, p))
            return false;
    }
    return true;
}

int subnet_choose(struct networks *all, struct ip_prefix *ret, struct error *err)
{
    struct taken k = {0};
    if (taken_read(all, &k, err) < 0) {
        taken_finish(&k);
        return -1;
    }
    int r = -1;
    for (unsigned i = 0; i < 512 && r < 0; i++) {
        struct ip_prefix p = {.addr = {.family = AF_INET, .b = {192, 168, 0, 1}}, .len = 24};
        p.addr.b[2] = (uint8_t)(122 + i);
        if (i >= 256) {
            p.addr.b[0] = 10;
            p.addr.b[1] = 122;
        }
        if (is_free(all, &k, &p)) {
            *ret = p;
            r = 0;
        }
    }
    taken_finish(&k);
    if (r < 0)
        error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                  "no free subnet found in 192.168.0.0/16 and 10.122.0.0/16; set one in <ip>");
    return r;
}
