// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/netmgr/plan_text.h"

#include "base/str.h"

static void add_rules(struct strbuf *b, const struct firewall_network *f)
{
    static const char *const modes[] = {"isolated", "nat", "route", "open"};
    char first[IP_TEXT_SIZE], last[IP_TEXT_SIZE];
    strbuf_printf(b, "firewall %s", modes[f->mode]);
    if (f->out_device)
        strbuf_printf(b, " dev %s", f->out_device);
    if (f->nat6)
        strbuf_add(b, " nat6");
    if (f->nat_first.family)
        strbuf_printf(b, " from %s-%s", ip_format(&f->nat_first, first),
                      ip_format(&f->nat_last, last));
    if (f->nat6_first.family)
        strbuf_printf(b, " from %s-%s", ip_format(&f->nat6_first, first),
                      ip_format(&f->nat6_last, last));
    if (f->port_first)
        strbuf_printf(b, " ports %u-%u", f->port_first, f->port_last);
    strbuf_printf(b, "%s%s%s%s\n", f->dns ? " dns" : "", f->dhcp ? " dhcp" : "",
                  f->dhcp6 ? " dhcp6" : "", f->tftp ? " tftp" : "");
}

char *plan_text(const struct plan *p)
{
    AUTO_STRBUF b = {0};
    char text[IP_TEXT_SIZE], mac[MAC_TEXT_SIZE];
    if (*p->bridge)
        strbuf_printf(&b, "bridge %s%s", p->bridge, p->owned ? "" : " of the host");
    else
        strbuf_add(&b, "no bridge");
    if (p->has_mac)
        strbuf_printf(&b, " mac %s", mac_format(p->mac, mac));
    if (p->mtu)
        strbuf_printf(&b, " mtu %u", p->mtu);
    if (p->owned)
        strbuf_printf(&b, " stp %s delay %u%s%s", p->stp ? "on" : "off", p->forward_delay_ms,
                      p->vlan_filtering ? " vlans" : "", p->ipv6 ? " ipv6" : "");
    strbuf_addc(&b, '\n');
    VEC_FOREACH (a, &p->addresses)
        strbuf_printf(&b, "address %s\n", ip_prefix_format(a, text));
    VEC_FOREACH (r, &p->routes) {
        strbuf_printf(&b, "route %s", ip_prefix_format(&r->dst, text));
        strbuf_printf(&b, " via %s metric %u\n", ip_format(&r->gateway, text), r->metric);
    }
    if (p->forward4 || p->forward6)
        strbuf_printf(&b, "forward%s%s\n", p->forward4 ? " ipv4" : "", p->forward6 ? " ipv6" : "");
    if (p->owned)
        add_rules(&b, &p->rules);
    if (p->zone)
        strbuf_printf(&b, "zone %s\n", p->zone);
    strbuf_printf(&b, "dnsmasq %s\n", p->dnsmasq ? "yes" : "no");
    if (p->dnsmasq)
        strbuf_printf(&b, "--- conf\n%s--- hosts\n%s--- addnhosts\n%s", p->files.conf,
                      p->files.hosts, p->files.addnhosts);
    return strbuf_steal(&b);
}
