// SPDX-License-Identifier: GPL-2.0-or-later
// dnsmasq's configuration of a network.
//
// It equals the one that libvirt writes, so that options of the dnsmasq namespace work the same,
// but for "no-ping". Without that, dnsmasq probes each address for 3 s before it offers it
// (measured), which delays every new guest.
#include "netmgr/dnsmasq_conf.h"

#include <arpa/inet.h>

enum { LEASES_MAX = 65536 }; // more than guests on any host

static bool dns_on(const struct network_def *def)
{
    return !def->dns || toggle_or(def->dns->enable, true);
}

bool dnsmasq_needed(const struct network_def *def)
{
    if (!network_def_owns_bridge(def) || def->ips.n == 0)
        return false;
    return dns_on(def) || network_def_has_dhcp(def, AF_INET) ||
           network_def_has_dhcp(def, AF_INET6) || def->dnsmasq_options.n > 0;
}

// ---- text ---------------------------------------------------------------------------------------

struct writer {
    struct strbuf *b;
    const char *bad; // the first text with a control character
};

// Text from the document: a line end would let it add an option.
static const char *checked(struct writer *w, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f) {
            w->bad = w->bad ? w->bad : text;
            return "";
        }
    }
    return text;
}

static void add(struct writer *w, const char *before, const char *text)
{
    strbuf_printf(w->b, "%s%s", before, checked(w, text));
}

// In quotes where a comma, whitespace or another separator would end it.
static void add_quoted(struct writer *w, const char *text)
{
    text = checked(w, text);
    if (!text[strcspn(text, ",\"\\# \t")]) {
        strbuf_add(w->b, text);
        return;
    }
    strbuf_addc(w->b, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            strbuf_addc(w->b, '\\');
        strbuf_addc(w->b, *text);
    }
    strbuf_addc(w->b, '"');
}

static void line(struct writer *w, const char *key, const char *value)
{
    strbuf_add(w->b, key);
    if (value)
        add(w, "=", value);
    strbuf_addc(w->b, '\n');
}

static void add_lease(struct writer *w, bool has, const struct network_lease_time *lease)
{
    if (!has)
        return;
    uint64_t seconds = network_lease_seconds(true, lease, 0);
    if (seconds)
        strbuf_printf(w->b, ",%ju", (uintmax_t)seconds);
    else
        strbuf_add(w->b, ",infinite");
}

// ---- DNS ----------------------------------------------------------------------------------------

static void add_forwarder(struct writer *w, const struct network_dns_forwarder *f)
{
    strbuf_add(w->b, "server=");
    if (f->domain) {
        add(w, "/", f->domain);
        strbuf_addc(w->b, '/');
    }
    char text[IP_TEXT_SIZE];
    strbuf_printf(w->b, "%s\n", f->addr.family ? ip_format(&f->addr, text) : "#");
}

static void add_srv(struct writer *w, const struct network_dns_srv *s)
{
    add(w, "srv-host=_", s->service);
    add(w, "._", s->protocol);
    if (s->domain)
        add(w, ".", s->domain);
    add(w, ",", s->target ? s->target : ".");
    strbuf_printf(w->b, ",%ju,%ju,%ju\n", (uintmax_t)(s->port.set ? s->port.value : 1),
                  (uintmax_t)s->priority.value, (uintmax_t)s->weight.value);
}

static void add_dns(struct writer *w, const struct network_def *def)
{
    const struct network_dns *dns = def->dns;
    bool isolated = def->forward.mode == NETWORK_FORWARD_NONE;
    bool own_servers = false;
    if (!dns_on(def)) {
        line(w, "port", "0");
        return;
    }
    if (dns && dns->forward_plain_names == TOGGLE_NO) {
        line(w, "domain-needed", NULL);
        line(w, "local", "//");
    }
    for (size_t i = 0; dns && i < dns->forwarders.n; i++) {
        own_servers = own_servers || !dns->forwarders.v[i]->domain;
        add_forwarder(w, dns->forwarders.v[i]);
    }
    // An isolated network forwards no queries.
    if (own_servers || isolated)
        line(w, "no-resolv", NULL);
    for (size_t i = 0; dns && i < dns->txts.n; i++) {
        add(w, "txt-record=", dns->txts.v[i]->name);
        strbuf_addc(w->b, ',');
        add_quoted(w, dns->txts.v[i]->value ? dns->txts.v[i]->value : "");
        strbuf_addc(w->b, '\n');
    }
    for (size_t i = 0; dns && i < dns->srvs.n; i++)
        add_srv(w, dns->srvs.v[i]);
}

// Reverse zones end at bytes, or at hexadecimal digits for IPv6. A subnet that ends between gets
// one zone for each value of its last, partial digit.
static void add_local_zone(struct writer *w, const struct ip_prefix *net, unsigned digits)
{
    strbuf_add(w->b, "local=/");
    for (unsigned i = digits; i-- > 0;) {
        if (net->addr.family == AF_INET)
            strbuf_printf(w->b, "%u.", net->addr.b[i]);
        else
            strbuf_printf(w->b, "%x.", i % 2 ? net->addr.b[i / 2] & 15u : net->addr.b[i / 2] >> 4);
    }
    strbuf_add(w->b, net->addr.family == AF_INET ? "in-addr.arpa/\n" : "ip6.arpa/\n");
}

// Queries for names of this network's addresses are not forwarded.
static void add_local_ptr(struct writer *w, const struct network_ip *ip)
{
    struct ip_prefix net = network_ip_prefix(ip);
    net = ip_prefix_network(&net);
    unsigned bits = net.addr.family == AF_INET ? 8 : 4, rest = net.len % bits;
    unsigned digits = net.len / bits + (rest != 0);
    uint8_t *last = &net.addr.b[digits ? (digits - 1) * bits / 8 : 0];
    // The step is 16 in the upper half of a byte.
    uint8_t step = bits == 4 && digits % 2 ? 16 : 1;
    for (unsigned n = rest ? 1u << (bits - rest) : 1; n > 0; n--, *last = (uint8_t)(*last + step))
        add_local_zone(w, &net, digits);
}

static void add_domain(struct writer *w, const struct network_def *def)
{
    if (!def->domain)
        return;
    if (def->domain_local_only == TOGGLE_YES) {
        add(w, "local=/", def->domain);
        strbuf_add(w->b, "/\n");
    }
    line(w, "domain", def->domain);
    line(w, "expand-hosts", NULL);
}

// ---- DHCP ---------------------------------------------------------------------------------------

static uint64_t range_size(const struct network_dhcp_range *r)
{
    uint64_t size = 0;
    for (unsigned i = 0; i < ip_bytes(&r->start); i++) {
        uint64_t above = size > LEASES_MAX ? LEASES_MAX : size;
        size = above * 256 + r->end.b[i] - r->start.b[i];
    }
    return size >= LEASES_MAX ? LEASES_MAX : size + 1;
}

static void add_range(struct writer *w, const struct network_ip *ip,
                      const struct network_dhcp_range *r)
{
    char a[IP_TEXT_SIZE], b[IP_TEXT_SIZE];
    struct ip_prefix p = network_ip_prefix(ip);
    strbuf_printf(w->b, "dhcp-range=%s,%s", ip_format(&r->start, a), ip_format(&r->end, b));
    if (ip->address.family == AF_INET) {
        uint32_t mask = p.len ? htonl(~0u << (32 - p.len)) : 0;
        struct ip_addr m = {.family = AF_INET};
        memcpy(m.b, &mask, 4);
        strbuf_printf(w->b, ",%s", ip_format(&m, a));
    } else {
        strbuf_printf(w->b, ",%u", p.len);
    }
    add_lease(w, r->has_lease, &r->lease);
    strbuf_addc(w->b, '\n');
}

// Adds one <ip>; returns the number of leases it can give.
static uint64_t add_ip(struct writer *w, const struct network_ip *ip)
{
    uint64_t leases = 0;
    char text[IP_TEXT_SIZE];
    for (size_t i = 0; i < ip->ranges.n; i++) {
        add_range(w, ip, ip->ranges.v[i]);
        leases += range_size(ip->ranges.v[i]);
    }
    if (ip->ranges.n == 0 && ip->hosts.n > 0) {
        strbuf_printf(w->b, "dhcp-range=%s,static", ip_format(&ip->address, text));
        if (ip->address.family == AF_INET6)
            strbuf_printf(w->b, ",%u", network_ip_prefix(ip).len);
        strbuf_addc(w->b, '\n');
        leases += ip->hosts.n;
    }
    if (ip->address.family == AF_INET6 && ip->ranges.n == 0 && ip->hosts.n == 0) {
        // dnsmasq accepts only a prefix of 64 here, so it is left out.
        strbuf_printf(w->b, "dhcp-range=%s,ra-only\n", ip_format(&ip->address, text));
    }
    if (ip->tftp_root) {
        line(w, "enable-tftp", NULL);
        line(w, "tftp-root", ip->tftp_root);
    }
    if (ip->bootp_file) {
        strbuf_add(w->b, "dhcp-boot=");
        add_quoted(w, ip->bootp_file);
        if (ip->bootp_server)
            add(w, ",,", ip->bootp_server);
        strbuf_addc(w->b, '\n');
    }
    return leases;
}

static void add_dhcp(struct writer *w, const struct network_def *def,
                     const struct dnsmasq_paths *paths)
{
    bool isolated = def->forward.mode == NETWORK_FORWARD_NONE;
    bool dhcp4 = network_def_has_dhcp(def, AF_INET), dhcp6 = network_def_has_dhcp(def, AF_INET6);
    bool has6 = false;
    uint64_t leases = 0;
    for (size_t i = 0; i < def->ips.n; i++)
        has6 = has6 || def->ips.v[i]->address.family == AF_INET6;
    if (isolated && dhcp4)
        line(w, "dhcp-option", "3"); // no default route
    if (isolated && has6)
        line(w, "ra-param", "*,0,0");
    if (def->mtu.set && dhcp4)
        strbuf_printf(w->b, "dhcp-option=option:mtu,%ju\n", (uintmax_t)def->mtu.value);
    for (size_t i = 0; i < def->ips.n; i++)
        leases += add_ip(w, def->ips.v[i]);
    if (dhcp4 || dhcp6) {
        line(w, "dhcp-no-override", NULL);
        line(w, "dhcp-authoritative", NULL);
        line(w, "no-ping", NULL);
        if (leases > 0)
            strbuf_printf(w->b, "dhcp-lease-max=%ju\n",
                          (uintmax_t)(leases > LEASES_MAX ? LEASES_MAX : leases));
        line(w, "dhcp-hostsfile", paths->hosts);
        line(w, "dhcp-leasefile", paths->leases);
    }
    if (has6)
        line(w, "enable-ra", NULL);
}

// ---- the three files ----------------------------------------------------------------------------

static void make_conf(struct writer *w, const struct network_def *def,
                      const struct dnsmasq_paths *paths)
{
    strbuf_add(w->b, "# Written by vireod and overwritten when the network changes:\n"
                     "# use 'virsh net-edit' instead.\n");
    line(w, "strict-order", NULL);
    if (paths->user)
        line(w, "user", paths->user);
    line(w, "pid-file", paths->pid);
    line(w, "except-interface", "lo");
    line(w, "bind-dynamic", NULL);
    line(w, "interface", def->bridge);
    add_domain(w, def);
    add_dns(w, def);
    for (size_t i = 0; i < def->ips.n; i++) {
        if (dns_on(def) && def->ips.v[i]->local_ptr == TOGGLE_YES)
            add_local_ptr(w, def->ips.v[i]);
    }
    add_dhcp(w, def, paths);
    if (dns_on(def))
        line(w, "addn-hosts", paths->addnhosts);
    for (size_t i = 0; i < def->dnsmasq_options.n; i++)
        line(w, def->dnsmasq_options.v[i]->value, NULL);
    for (size_t i = 0; i < def->dnsmasq_options.n; i++)
        checked(w, def->dnsmasq_options.v[i]->value);
}

static void add_host(struct writer *w, int family, const struct network_dhcp_host *h)
{
    char text[IP_TEXT_SIZE];
    const char *comma = "";
    if (family == AF_INET && h->mac) {
        add(w, "", h->mac);
        comma = ",";
    } else if (h->id) {
        add(w, "id:", h->id);
        comma = ",";
    }
    if (h->ip.family) {
        strbuf_printf(w->b, family == AF_INET ? "%s%s" : "%s[%s]", comma, ip_format(&h->ip, text));
        comma = ",";
    }
    if (h->name)
        add(w, comma, h->name);
    add_lease(w, h->has_lease, &h->lease);
    strbuf_addc(w->b, '\n');
}

static void make_hosts(struct writer *w, const struct network_def *def)
{
    for (size_t i = 0; i < def->ips.n; i++) {
        for (size_t k = 0; k < def->ips.v[i]->hosts.n; k++)
            add_host(w, def->ips.v[i]->address.family, def->ips.v[i]->hosts.v[k]);
    }
}

static void make_addnhosts(struct writer *w, const struct network_def *def)
{
    char text[IP_TEXT_SIZE];
    for (size_t i = 0; def->dns && i < def->dns->hosts.n; i++) {
        const struct network_dns_host *h = def->dns->hosts.v[i];
        strbuf_addn(w->b, text, strlen(ip_format(&h->ip, text)));
        for (size_t k = 0; k < h->hostnames.n; k++)
            add(w, k ? " " : "\t", h->hostnames.v[k]->name);
        strbuf_addc(w->b, '\n');
    }
}

int dnsmasq_files_make(const struct network_def *def, const struct dnsmasq_paths *paths,
                       struct dnsmasq_files *ret, struct error *err)
{
    AUTO_STRBUF conf = {0}, hosts = {0}, addnhosts = {0};
    struct writer w = {.b = &conf};
    make_conf(&w, def, paths);
    w.b = &hosts;
    make_hosts(&w, def);
    w.b = &addnhosts;
    make_addnhosts(&w, def);
    if (w.bad) {
        AUTO_FREE char *shown = str_printable(w.bad, strlen(w.bad));
        return error_set(err, ERROR_XML, AREA_NETWORK,
                         "the text '%s' of network '%s' cannot be written to dnsmasq's "
                         "configuration: it contains a line end or another control character",
                         shown, def->name);
    }
    *ret = (struct dnsmasq_files){.conf = strbuf_steal(&conf),
                                  .hosts = strbuf_steal(&hosts),
                                  .addnhosts = strbuf_steal(&addnhosts)};
    return 0;
}

void dnsmasq_files_finish(struct dnsmasq_files *f)
{
    free(STEAL(f->conf));
    free(STEAL(f->hosts));
    free(STEAL(f->addnhosts));
}
