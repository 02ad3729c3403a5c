// SPDX-License-Identifier: GPL-2.0-or-later
// Networks without a bridge: each domain's interface is a macvtap on one of the network's
// interfaces. This file chooses the interface; the caller of network_plug() creates and deletes the
// macvtap.
#include "bridge/macvtap.h"
#include "netmgr/internal.h"

#include <errno.h>
#include <stdio.h>

enum { MACVTAP_NAMES = 100000 };

int networks_name_macvtap(struct networks *all, char ret[static IFNAMSIZ], struct error *err)
{
    struct link l;
    for (unsigned i = 0; i < MACVTAP_NAMES; i++) {
        snprintf(ret, IFNAMSIZ, "macvtap%u", all->next_macvtap++ % MACVTAP_NAMES);
        int r = all->nl ? link_find(all->nl, ret, &l, err) : -ENODEV;
        if (r < 0)
            return r == -ENODEV ? 0 : -1;
    }
    return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                     "all names up to macvtap%d are in use", MACVTAP_NAMES - 1);
}

size_t network_count_on(const struct network *net, const char *dev)
{
    size_t n = 0;
    const struct network_port *port;
    LIST_FOREACH (port, &net->ports, link)
        n += str_eq(port->def->dev, dev);
    return n;
}

// Whether the host or another network uses `dev`, so that passthrough cannot; appends the reason.
static bool is_held(struct networks *all, const char *dev, struct strbuf *why)
{
    struct link lower, other;
    const char *comma = why->len ? "; " : "";
    if (link_find(all->nl, dev, &lower, NULL) != 0) {
        strbuf_printf(why, "%s'%s' does not exist", comma, dev);
        return true;
    }
    if (macvtap_find_conflict(all->nl, &lower, true, &other, NULL) <= 0)
        return false;
    strbuf_printf(why, "%s'%s' is in use by %s '%s'", comma, dev, other.kind, other.name);
    return true;
}

// Chooses the interface with the fewest domains; passthrough needs one with none.
static int choose(struct network *net, char **ret, struct error *err)
{
    const struct network_forward *f = &net->live->forward;
    bool alone = network_def_direct_mode(net->live) == DIRECT_PASSTHROUGH;
    const char *best = NULL;
    size_t fewest = 0;
    AUTO_STRBUF why = {0};
    VEC_FOREACH (it, &f->interfaces) {
        const char *dev = (*it)->dev;
        size_t n = network_count_on(net, dev);
        if (alone && n > 0)
            strbuf_printf(&why, "%s'%s' is used by another domain", why.len ? "; " : "", dev);
        if ((alone && (n > 0 || is_held(net->all, dev, &why))) || (best && n >= fewest))
            continue;
        best = dev;
        fewest = n;
    }
    if (!best)
        return error_set(err, ERROR_INTERNAL, AREA_NETWORK,
                         "network '%s' needs a free interface for each domain, but "
                         "none is free: %s",
                         net->name, strbuf_text(&why));
    *ret = xstrdup(best);
    return 0;
}

int direct_check_port(struct network *net, struct network_port_def *def, struct error *err)
{
    if (def->plug == NETWORK_PLUG_DIRECT) {
        VEC_FOREACH (it, &net->live->forward.interfaces) {
            if (str_eq((*it)->dev, def->dev))
                return 0;
        }
    }
    str_replace(&def->dev, NULL);
    return def->plug == NETWORK_PLUG_DIRECT ? choose(net, &def->dev, err) : 0;
}

int direct_plug(struct network *net, const struct network_plug_request *q,
                struct network_port_def *def, struct network_plug *ret, struct error *err)
{
    if (def->isolated != TOGGLE_UNSET)
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_NETWORK,
                         "<port isolated=> needs a bridge, and network '%s' has none; its mode "
                         "'private' isolates domains",
                         net->name);
    if ((q->tap && link_name_check(q->tap, err) < 0) || choose(net, &def->dev, err) < 0)
        return -1;
    if (q->tap)
        snprintf(ret->tap.name, sizeof(ret->tap.name), "%s", q->tap);
    else if (networks_name_macvtap(net->all, ret->tap.name, err) < 0)
        return -1;
    snprintf(ret->dev, sizeof(ret->dev), "%s", def->dev);
    ret->mode = def->mode;
    ret->mtu = q->mtu;
    return 0;
}

void direct_report_missing(const struct network *net)
{
    struct link l;
    VEC_FOREACH (it, &net->live->forward.interfaces) {
        if (network_def_direct_mode(net->live) != DIRECT_NONE &&
            link_find(net->all->nl, (*it)->dev, &l, NULL) == -ENODEV)
            log_network(LOG_LEVEL_WARN, net->name,
                        "interface '%s' does not exist: domains cannot use it", (*it)->dev);
    }
}
