// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of <forward> and <bridge>.
#include "schemas/network/check.h"

#include <ctype.h>

static bool is_interface_name(const char *s)
{
    size_t n = strlen(s);
    if (!n || n > NETWORK_BRIDGE_MAX || str_eq(s, ".") || str_eq(s, ".."))
        return false;
    for (; *s; s++) {
        if (*s == '/' || *s == ':' || isspace((unsigned char)*s) || (unsigned char)*s < ' ' ||
            *s == 0x7f)
            return false;
    }
    return true;
}

// "virbr%d", or a name without '%'.
static bool is_bridge_name(const char *s)
{
    const char *percent = strchr(s, '%');
    return is_interface_name(s) && (!percent || (percent[1] == 'd' && !strchr(percent + 1, '%')));
}

// For modes that use a bridge or interfaces of the host.
static int check_foreign(const struct at *at)
{
    const struct network_forward *f = &at->def->forward;
    const char *mode = network_forward_mode_name(f->mode);
    bool may_bridge = f->mode == NETWORK_FORWARD_BRIDGE;
    if (at->def->bridge && !may_bridge)
        return BAD(
            at->def->bridge_line,
            "<bridge name=> is not allowed in mode '%s': guests are connected directly to its "
            "<interface>",
            mode);
    if (at->def->bridge && f->interfaces.n)
        return BAD(f->line, "<forward mode='bridge'> takes either a bridge or an interface");
    if (!at->def->bridge && !f->interfaces.n)
        return UNSUPPORTED(f->line,
                           "<forward mode='%s'> needs a host interface, <interface "
                           "dev='eth0'/>%s",
                           mode, may_bridge ? ", or a bridge, <bridge name='br0'/>" : "");
    for (size_t i = 1; i < f->interfaces.n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (str_eq(f->interfaces.v[i]->dev, f->interfaces.v[k]->dev))
                return BAD(f->interfaces.v[i]->line,
                           "<interface dev='%s'> is listed twice, first on line %u",
                           f->interfaces.v[i]->dev, f->interfaces.v[k]->line);
        }
    }
    return 0;
}

int network_check_forward(const struct at *at)
{
    const struct network_forward *f = &at->def->forward;
    const char *mode = network_forward_mode_name(f->mode);
    if (f->dev && f->interfaces.n && strcmp(f->dev, f->interfaces.v[0]->dev) != 0)
        return BAD(f->line, "<forward dev='%s'> is not the first <interface dev='%s'>; keep one",
                   f->dev, f->interfaces.v[0]->dev);
    VEC_FOREACH (i, &f->interfaces) {
        if (!is_interface_name((*i)->dev))
            return BAD((*i)->line, "<forward>: '%s' is not an interface name", (*i)->dev);
    }
    if (f->mode == NETWORK_FORWARD_NONE && f->interfaces.n)
        return BAD(f->interfaces.v[0]->line, "an isolated network forwards to no interface; add "
                                             "<forward mode=> or remove <interface>");
    if (f->has_nat && f->mode != NETWORK_FORWARD_NAT)
        return BAD(f->line, "<nat> needs <forward mode='nat'>, but the mode is '%s'", mode);
    if (!network_def_owns_bridge(at->def))
        return check_foreign(at);
    if (f->mode != NETWORK_FORWARD_NONE && !at->def->ips.n)
        return BAD(f->line,
                   "%s forwarding requested, but no IP address; add an <ip> (one without address "
                   "gets a free subnet)",
                   mode);
    if (f->interfaces.n > 1)
        return BAD(f->interfaces.v[1]->line, "<forward mode='%s'> takes only one <interface>",
                   mode);
    if (f->mode == NETWORK_FORWARD_OPEN && f->interfaces.n)
        return BAD(f->line, "<forward mode='open'> takes no dev: vireod adds no rules for it");
    return 0;
}

int network_check_bridge(const struct at *at)
{
    const struct network_def *def = at->def;
    unsigned line = def->bridge_line;
    if (def->bridge && !is_bridge_name(def->bridge))
        return BAD(line,
                   "<bridge name='%.40s'>: not a valid interface name (1 to %d bytes without "
                   "'/', ':' and whitespace, at most one %%d)",
                   def->bridge, NETWORK_BRIDGE_MAX);
    if (network_has_control(def->bridge_zone))
        return BAD(line, "<bridge zone=> contains control characters");
    if (network_def_owns_bridge(def))
        return 0;
    if (def->bridge_stp || def->bridge_delay.set || def->bridge_zone)
        return BAD(line, "<bridge>: stp, delay and zone cannot be set for a bridge of the host, "
                         "which vireod does not change");
    if (def->mtu.set)
        return BAD(0, "<mtu> cannot be set for a bridge or an interface of the host, which vireod "
                      "does not change");
    bool direct = network_def_direct_mode(def) != DIRECT_NONE;
    const char *name = def->mac.set                   ? "mac"
                       : def->domain                  ? "domain"
                       : def->dns                     ? "dns"
                       : def->ips.n                   ? "ip"
                       : def->routes.n                ? "route"
                       : direct && def->vlan          ? "vlan"
                       : direct && def->bandwidth     ? "bandwidth"
                       : direct && def->port_isolated ? "port isolated="
                                                      : NULL;
    if (name)
        return UNSUPPORTED(def->ips.n ? def->ips.v[0]->line : 0,
                           "<%s> cannot be combined with forward mode='%s'; remove it", name,
                           network_forward_mode_name(def->forward.mode));
    if (def->bridge && strchr(def->bridge, '%'))
        return BAD(line, "<bridge name='%s'>: the name of a host bridge cannot contain %%d",
                   def->bridge);
    return 0;
}
