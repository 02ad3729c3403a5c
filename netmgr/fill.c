// SPDX-License-Identifier: GPL-2.0-or-later
// Completes a definition: chooses the bridge name and a free subnet.
#include "netmgr/internal.h"

#include <arpa/inet.h>

enum { BRIDGE_NUMBERS = 100000, FIRST_GUEST = 2, LAST_GUEST = 254 };

static const struct network *bridge_owner(const struct networks *all, const struct network *self,
                                          const char *bridge)
{
    struct network *net;
    OBJECTS_FOREACH(net, &all->table)
    {
        if (net != self && ((net->def && str_eq(net->def->bridge, bridge)) ||
                            (net->live && str_eq(net->live->bridge, bridge)) ||
                            (net->pending && str_eq(net->pending->bridge, bridge))))
            return net;
    }
    return NULL;
}

static int choose_bridge(struct networks *all, const struct network *self, const char *pattern,
                         char **ret, struct error *err)
{
    const char *mark = strstr(pattern, "%d");
    struct link l;
    for (unsigned i = 0; i < BRIDGE_NUMBERS; i++) {
        AUTO_FREE char *name = xasprintf("%.*s%u%s", (int)(mark - pattern), pattern, i, mark + 2);
        if (!link_name_valid(name, false))
            break;
        if (!bridge_owner(all, self, name) &&
            (!all->nl || link_find(all->nl, name, &l, NULL) == -ENODEV)) {
            *ret = STEAL(name);
            return 0;
        }
    }
    return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                     "no free bridge name '%s'; set one in <bridge name=>", pattern);
}

// The bridge name of the previous definition, so that an edit that does not name the bridge keeps
// it.
static const char *bridge_before(const struct network *self)
{
    const struct network_def *before = self ? network_current(self) : NULL;
    return before && network_def_owns_bridge(before) ? before->bridge : NULL;
}

static int fill_bridge(struct networks *all, const struct network *self, struct network_def *def,
                       struct error *err)
{
    if (!network_def_owns_bridge(def) || (def->bridge && !strstr(def->bridge, "%d")))
        return 0;
    const char *pattern = def->bridge ? def->bridge : "virbr%d";
    const char *before = bridge_before(self);
    char *chosen = NULL;
    if (before && !bridge_owner(all, self, before))
        chosen = xstrdup(before);
    else if (choose_bridge(all, self, pattern, &chosen, err) < 0)
        return -1;
    free(def->bridge);
    def->bridge = chosen;
    return 0;
}

// Gives an <ip> without address a free subnet, and its <dhcp> all of that.
static int fill_subnet(struct networks *all, const struct network *self, struct network_ip *ip,
                       struct error *err)
{
    const struct network_def *before = self ? network_current(self) : NULL;
    struct ip_prefix p = {0};
    // Keep the previous subnet, like the bridge.
    for (size_t i = 0; before && i < before->ips.n && !p.addr.family; i++) {
        if (before->ips.v[i]->address.family == AF_INET)
            p = network_ip_prefix(before->ips.v[i]);
    }
    if ((!p.addr.family || p.len != 24) && subnet_choose(all, &p, err) < 0)
        return -1;
    ip->address = p.addr;
    ip->netmask = (struct ip_addr){.family = AF_INET, .b = {255, 255, 255, 0}};
    ip->prefix = (struct opt_uint){0};
    if (!ip->has_dhcp || ip->ranges.n > 0)
        return 0;
    struct network_dhcp_range *range = NEW(struct network_dhcp_range);
    range->start = range->end = p.addr;
    range->start.b[3] = FIRST_GUEST;
    range->end.b[3] = LAST_GUEST;
    vec_push(&ip->ranges, range);
    return 0;
}

int fill_def(struct networks *all, const struct network *self, struct network_def *def,
             struct error *err)
{
    if (fill_bridge(all, self, def, err) < 0)
        return -1;
    VEC_FOREACH (ip, &def->ips) {
        if (!(*ip)->address.family && fill_subnet(all, self, *ip, err) < 0)
            return -1;
    }
    return 0;
}

int check_def(struct networks *all, const struct network *self, const struct network_def *def,
              struct error *err)
{
    const struct network *owner =
        network_def_owns_bridge(def) && def->bridge ? bridge_owner(all, self, def->bridge) : NULL;
    if (owner)
        return error_set(err, ERROR_INTERNAL, AREA_NETWORK,
                         "bridge name '%s' already in use by network '%s'; set "
                         "another <bridge name=> in network '%s', or none",
                         def->bridge, owner->name, def->name);
    return 0;
}

char *network_format_live(const struct network *net, unsigned flags)
{
    AUTO_NETWORK_DEF struct network_def *shown = network_def_copy(network_current(net));
    struct network_forward *f = &shown->forward;
    shown->connections = net->nports ? OPT_UINT(net->nports) : (struct opt_uint){0};
    VEC_FOREACH (it, &f->interfaces) {
        size_t n = network_count_on(net, (*it)->dev);
        (*it)->connections = n ? OPT_UINT(n) : (struct opt_uint){0};
    }
    bool ipv4 = false;
    VEC_FOREACH (ip, &shown->ips)
        ipv4 = ipv4 || (*ip)->address.family == AF_INET;
    if (f->mode == NETWORK_FORWARD_NAT && !f->nat_port_start.set &&
        (ipv4 || f->nat_ipv6 == TOGGLE_YES)) {
        f->has_nat = true;
        f->nat_port_start = OPT_UINT(1024);
        f->nat_port_end = OPT_UINT(65535);
    }
    return network_def_format(shown, flags);
}
