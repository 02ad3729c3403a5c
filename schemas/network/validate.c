// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of a network definition that the tables cannot express: names, and values that depend on
// each other.
//
// Much of the text becomes lines of dnsmasq's configuration, so control characters are refused.
#include "schemas/network/check.h"

#include <ctype.h>
#include <sys/socket.h>

int network_check_fail(const struct at *at, enum error_code code, unsigned line, const char *fmt,
                       ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    AUTO_FREE char *name = str_printable(at->def->name, strnlen(at->def->name, 60));
    if (line)
        return error_set(at->err, code, AREA_NETWORK, "network '%s': line %u: %s", name, line,
                         text);
    return error_set(at->err, code, AREA_NETWORK, "network '%s': %s", name, text);
}

// ---- text ---------------------------------------------------------------------------------------
bool network_has_control(const char *s)
{
    for (; s && *s; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            return true;
    }
    return false;
}

// Letters, digits, '-', '_', '.' and the characters in `more`.
static bool is_dns_name(const char *s, const char *more)
{
    size_t n = strlen(s);
    if (!n || n > 253)
        return false;
    for (; *s; s++) {
        if ((unsigned char)*s < 0x80 && !isalnum((unsigned char)*s) && !strchr("-_.", *s) &&
            !strchr(more, *s))
            return false;
    }
    return true;
}

// ---- ip -----------------------------------------------------------------------------------------
bool network_ranges_overlap(const struct network_dhcp_range *a, const struct network_dhcp_range *b)
{
    return a->start.family == b->start.family && ip_compare(&a->start, &b->end) <= 0 &&
           ip_compare(&b->start, &a->end) <= 0;
}

static struct ip_addr last_address(const struct ip_prefix *p)
{
    struct ip_addr a = p->addr;
    for (unsigned bit = p->len; bit < ip_bits(&a); bit++)
        a.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    return a;
}

// The network and broadcast addresses cannot be an interface's.
static const char *reserved_as(const struct ip_prefix *p, const struct ip_addr *a)
{
    if (a->family != AF_INET || p->len > 30)
        return NULL;
    struct ip_prefix net = ip_prefix_network(p);
    struct ip_addr last = last_address(p);
    return ip_compare(a, &net.addr) == 0 ? "the network address"
           : ip_compare(a, &last) == 0   ? "the broadcast address"
                                         : NULL;
}

// Number of addresses from start to end, at most `most`.
static uint64_t range_size(const struct network_dhcp_range *r, uint64_t most)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < ip_bytes(&r->start); i++) {
        n = (n << 8) + r->end.b[i] - r->start.b[i];
        if (n > UINT64_C(1) << 40)
            return most;
    }
    return n + 1 < most ? n + 1 : most;
}

int network_check_range(const struct network_ip *ip, const struct network_dhcp_range *range,
                        const char *what, struct error *err)
{
    char start[IP_TEXT_SIZE], end[IP_TEXT_SIZE], net[IP_TEXT_SIZE];
    struct ip_prefix p = network_ip_prefix(ip);
    ip_format(&range->start, start);
    ip_format(&range->end, end);
    ip_prefix_format(&p, net);
    const char *why = NULL;
    if (range->start.family != p.addr.family || range->end.family != p.addr.family)
        why = "has another address family than its <ip>";
    else if (ip_compare(&range->start, &range->end) > 0)
        why = "ends before it starts, in";
    else if (!ip_prefix_contains(&p, &range->start) || !ip_prefix_contains(&p, &range->end))
        why = "is not entirely within";
    else if (reserved_as(&p, &range->start))
        why = "starts with the network address of";
    else if (reserved_as(&p, &range->end))
        why = "ends with the broadcast address of";
    else if (range_size(range, 65537) > 65536)
        why = "has more than 65535 addresses for";
    if (!why)
        return 0;
    return error_set(err, ERROR_XML, AREA_NETWORK, "%s<range> %s - %s %s network %s", what, start,
                     end, why, net);
}

int network_check_dhcp_host(const struct network_ip *ip, const struct network_dhcp_host *host,
                            const char *what, struct error *err)
{
    char text[IP_TEXT_SIZE], net[IP_TEXT_SIZE];
    struct ip_prefix p = network_ip_prefix(ip);
    ip_format(&host->ip, text);
    bool v6 = p.addr.family == AF_INET6;
    if (v6 && host->mac)
        return error_set(err, ERROR_XML, AREA_NETWORK,
                         "%s<host>: mac='%s' cannot be used in an IPv6 network; use id or name",
                         what, host->mac);
    if (!v6 && host->id)
        return error_set(err, ERROR_XML, AREA_NETWORK,
                         "%s<host>: id='%s' can only be used in an IPv6 network; use mac or name",
                         what, host->id);
    if (!host->name && !host->mac && !host->id)
        return error_set(err, ERROR_XML, AREA_NETWORK,
                         "%s<host> ip='%s' must have a '%s' or 'name' attribute", what, text,
                         v6 ? "id" : "mac");
    if (!ip_prefix_contains(&p, &host->ip))
        return error_set(err, ERROR_XML, AREA_NETWORK, "%s<host>: ip='%s' is not within %s", what,
                         text, ip_prefix_format(&p, net));
    const char *reserved = reserved_as(&p, &host->ip);
    if (reserved || ip_compare(&host->ip, &p.addr) == 0)
        return error_set(err, ERROR_XML, AREA_NETWORK, "%s<host>: ip='%s' is %s", what, text,
                         reserved ? reserved : "the network's own address");
    return 0;
}

static int check_family(const struct at *at, unsigned line, const char *element,
                        enum network_family given, const struct ip_addr *a, const char *attr)
{
    char text[IP_TEXT_SIZE];
    if (a->family == AF_INET6 && given != NETWORK_FAMILY_IPV6)
        return UNSUPPORTED(line, "<%s %s='%s'> is an IPv6 address; it needs family='ipv6'", element,
                           attr, ip_format(a, text));
    if (a->family == AF_INET && given == NETWORK_FAMILY_IPV6)
        return UNSUPPORTED(line, "<%s %s='%s'> is an IPv4 address, but has family='ipv6'", element,
                           attr, ip_format(a, text));
    return 0;
}

// netmask and prefix must match the address's family.
static int check_length(const struct at *at, unsigned line, const char *element,
                        const struct ip_addr *a, const struct ip_addr *mask,
                        const struct opt_uint *prefix)
{
    char text[IP_TEXT_SIZE];
    if (mask->family && (a->family != AF_INET || mask->family != AF_INET))
        return UNSUPPORTED(line, "<%s netmask='%s'>: netmasks are for IPv4 only; give a prefix",
                           element, ip_format(mask, text));
    if (mask->family) {
        uint32_t m = ((uint32_t)mask->b[0] << 24) | ((uint32_t)mask->b[1] << 16) |
                     ((uint32_t)mask->b[2] << 8) | mask->b[3];
        if (~m & (~m + 1))
            return BAD(line, "<%s netmask='%s'> is not a netmask such as 255.255.255.0", element,
                       ip_format(mask, text));
    }
    if (prefix->set && prefix->value > ip_bits(a))
        return UNSUPPORTED(line, "<%s prefix='%u'> is more than %u", element,
                           (unsigned)prefix->value, ip_bits(a));
    return 0;
}

// An <ip> without address gets a free subnet, so nothing that depends on the subnet can be given.
static int check_unaddressed(const struct at *at, const struct network_ip *ip)
{
    if (ip->family == NETWORK_FAMILY_IPV6)
        return BAD(ip->line, "<ip>: attribute 'address' is missing; vireod chooses a free subnet "
                             "only for IPv4");
    if (ip->netmask.family || ip->prefix.set || ip->ranges.n || ip->hosts.n)
        return BAD(ip->line,
                   "<ip>: attribute 'address' is missing; without it vireod chooses a "
                   "free subnet, and netmask, prefix, <range> and <host> cannot be given");
    return 0;
}

static int check_address(const struct at *at, const struct network_ip *ip)
{
    char text[IP_TEXT_SIZE];
    struct ip_prefix p = network_ip_prefix(ip);
    const uint8_t *b = ip->address.b;
    bool v4 = ip->address.family == AF_INET;
    static const uint8_t zero[16];
    const char *why = reserved_as(&p, &ip->address);
    if (!why &&
        (v4 ? b[0] == 0 || b[0] == 127 || b[0] >= 224 : b[0] == 0xff || memcmp(b, zero, 15) == 0))
        why = "not usable in a network";
    if (why)
        return BAD(ip->line, "<ip address='%s'>: is %s", ip_format(&ip->address, text), why);
    return 0;
}

// Values of one attribute with their lines; sorted to find duplicates, as there may be thousands.
struct value {
    char *text; // owned
    unsigned line;
};
struct values {
    struct value *v;
    size_t n, cap;
};

static void values_finish(struct values *all)
{
    VEC_FOREACH (it, all)
        free(it->text);
    vec_finish(all);
}

static void values_add(struct values *all, const char *text, unsigned line)
{
    if (text)
        vec_push(all, ((struct value){.text = xstrdup(text), .line = line}));
}

static int compare_values(const void *a, const void *b)
{
    const struct value *x = a, *y = b;
    int c = strcasecmp(x->text, y->text);
    return c ? c : x->line < y->line ? -1 : x->line > y->line;
}

static int check_values_differ(const struct at *at, const struct values *all, const char *what)
{
    if (all->n)
        qsort(all->v, all->n, sizeof(*all->v), compare_values);
    for (size_t i = 1; i < all->n; i++) {
        if (strcasecmp(all->v[i].text, all->v[i - 1].text) == 0)
            return BAD(all->v[i].line, "%s='%s' is given twice, first on line %u", what,
                       all->v[i].text, all->v[i - 1].line);
    }
    return 0;
}

static int check_hosts_differ(const struct at *at, const struct network_ip *ip)
{
    CLEANUP(values_finish) struct values macs = {0}, ids = {0}, names = {0}, ips = {0};
    VEC_FOREACH (h, &ip->hosts) {
        char text[IP_TEXT_SIZE];
        values_add(&macs, (*h)->mac, (*h)->line);
        values_add(&ids, (*h)->id, (*h)->line);
        values_add(&names, (*h)->name, (*h)->line);
        values_add(&ips, ip_format(&(*h)->ip, text), (*h)->line);
    }
    return check_values_differ(at, &macs, "<host>: mac") < 0 ||
                   check_values_differ(at, &ids, "<host>: id") < 0 ||
                   check_values_differ(at, &names, "<host>: name") < 0 ||
                   check_values_differ(at, &ips, "<host>: ip") < 0
               ? -1
               : 0;
}

static int check_hosts(const struct at *at, const struct network_ip *ip)
{
    for (size_t i = 0; i < ip->hosts.n; i++) {
        const struct network_dhcp_host *h = ip->hosts.v[i];
        AUTO_FREE char *what = xasprintf("network '%s': line %u: ", at->def->name, h->line);
        if (network_check_dhcp_host(ip, h, what, at->err) < 0)
            return -1;
    }
    return check_hosts_differ(at, ip);
}

static int by_start(const void *a, const void *b)
{
    const struct network_dhcp_range *const *x = a, *const *y = b;
    return ip_compare(&(*x)->start, &(*y)->start);
}

static int check_ranges(const struct at *at, const struct network_ip *ip)
{
    VEC_FOREACH (r, &ip->ranges) {
        AUTO_FREE char *what = xasprintf("network '%s': line %u: ", at->def->name, (*r)->line);
        if (network_check_range(ip, *r, what, at->err) < 0)
            return -1;
    }
    if (!ip->ranges.n)
        return 0;
    AUTO_FREE struct network_dhcp_range **sorted =
        xmemdup(ip->ranges.v, ip->ranges.n * sizeof(*sorted));
    qsort(sorted, ip->ranges.n, sizeof(*sorted), by_start);
    for (size_t i = 1; i < ip->ranges.n; i++) {
        const struct network_dhcp_range *r = sorted[i], *o = sorted[i - 1];
        char start[IP_TEXT_SIZE], end[IP_TEXT_SIZE];
        if (!network_ranges_overlap(r, o))
            continue;
        if (r->line < o->line) {
            r = sorted[i - 1];
            o = sorted[i];
        }
        return BAD(r->line, "<range> %s - %s overlaps the one on line %u",
                   ip_format(&r->start, start), ip_format(&r->end, end), o->line);
    }
    return 0;
}

static int check_ip(const struct at *at, const struct network_ip *ip)
{
    if (network_has_control(ip->tftp_root) || network_has_control(ip->bootp_file) ||
        (ip->bootp_server && !is_dns_name(ip->bootp_server, ":")))
        return BAD(ip->line, "<ip>: <tftp root=>, <bootp file=> or <bootp server=> contains "
                             "characters that are not allowed");
    if (!ip->address.family)
        return check_unaddressed(at, ip);
    if (check_family(at, ip->line, "ip", ip->family, &ip->address, "address") < 0 ||
        check_length(at, ip->line, "ip", &ip->address, &ip->netmask, &ip->prefix) < 0 ||
        check_address(at, ip) < 0)
        return -1;
    if (network_ip_prefix(ip).len == 0)
        return BAD(ip->line, "<ip netmask='0.0.0.0'> would route all traffic of the host into this "
                             "network; use another, such as 255.255.255.0");
    if (ip->address.family == AF_INET6 && ip->tftp_root)
        return UNSUPPORTED(ip->line,
                           "<tftp> cannot be used in an IPv6 <ip>; move it to an IPv4 one");
    if (ip->address.family == AF_INET6 && ip->bootp_file)
        return UNSUPPORTED(ip->line, "<bootp> cannot be used in an IPv6 <ip>");
    if (ip->address.family == AF_INET6 && ip->ranges.n + ip->hosts.n > 0 &&
        network_ip_prefix(ip).len < 64)
        return UNSUPPORTED(ip->line,
                           "<ip prefix='%u'>: DHCP for IPv6 needs a prefix of 64 or longer",
                           network_ip_prefix(ip).len);
    return check_ranges(at, ip) < 0 || check_hosts(at, ip) < 0 ? -1 : 0;
}

static int check_ips(const struct at *at)
{
    const struct network_ip *dhcp[2] = {NULL, NULL}, *unaddressed = NULL;
    for (size_t i = 0; i < at->def->ips.n; i++) {
        const struct network_ip *ip = at->def->ips.v[i];
        if (check_ip(at, ip) < 0)
            return -1;
        bool v6 = ip->address.family == AF_INET6;
        if (!ip->address.family) {
            if (unaddressed)
                return BAD(ip->line, "<ip>: only one may lack an address");
            unaddressed = ip;
        }
        if (ip->ranges.n || ip->hosts.n) {
            if (dhcp[v6])
                return UNSUPPORTED(ip->line,
                                   "<dhcp> is given for two %s networks, first on line "
                                   "%u; only one can have it",
                                   v6 ? "IPv6" : "IPv4", dhcp[v6]->line);
            dhcp[v6] = ip;
        }
        struct ip_prefix p = network_ip_prefix(ip);
        for (size_t k = 0; ip->address.family && k < i; k++) {
            struct ip_prefix o = network_ip_prefix(at->def->ips.v[k]);
            char a[IP_TEXT_SIZE];
            // Two addresses in one subnet are valid; two subnets where one contains the other are
            // not.
            bool same = p.len == o.len && ip_prefix_contains(&p, &o.addr);
            if (ip_compare(&p.addr, &o.addr) == 0 || (!same && ip_prefix_overlap(&p, &o)))
                return BAD(ip->line, "<ip>: %s overlaps the <ip> on line %u",
                           ip_prefix_format(&p, a), at->def->ips.v[k]->line);
        }
    }
    return 0;
}

static int check_route(const struct at *at, const struct network_route *r)
{
    char text[IP_TEXT_SIZE];
    if (check_family(at, r->line, "route", r->family, &r->address, "address") < 0 ||
        check_length(at, r->line, "route", &r->address, &r->netmask, &r->prefix) < 0)
        return -1;
    if (r->gateway.family != r->address.family)
        return BAD(r->line, "<route>: address and gateway have different address families");
    struct ip_prefix p = network_route_prefix(r), net = ip_prefix_network(&p);
    if (ip_compare(&p.addr, &net.addr) != 0)
        return BAD(r->line, "<route>: address='%s' is not a network address for /%u",
                   ip_format(&r->address, text), p.len);
    VEC_FOREACH (ip, &at->def->ips) {
        struct ip_prefix own = network_ip_prefix(*ip);
        if ((*ip)->address.family && ip_prefix_contains(&own, &r->gateway))
            return 0;
    }
    return UNSUPPORTED(r->line, "<route>: gateway='%s' is not in the subnet of any <ip>",
                       ip_format(&r->gateway, text));
}

// ---- dns and others -----------------------------------------------------------------------------
static int check_dns(const struct at *at)
{
    const struct network_dns *dns = at->def->dns;
    if (at->def->domain && !is_dns_name(at->def->domain, ""))
        return BAD(at->def->domain_line, "<domain name='%.80s'> is not a domain name",
                   at->def->domain);
    if (!dns)
        return 0;
    VEC_FOREACH (f, &dns->forwarders) {
        if ((*f)->domain && !is_dns_name((*f)->domain, ""))
            return BAD((*f)->line, "<forwarder domain=> is not a domain name");
    }
    VEC_FOREACH (t, &dns->txts) {
        if (!is_dns_name((*t)->name, "") || network_has_control((*t)->value) ||
            strlen((*t)->value) > 4096)
            return BAD((*t)->line,
                       "<txt>: the name is not a DNS name, or the value has control characters "
                       "or more than 4096 bytes");
    }
    VEC_FOREACH (s, &dns->srvs) {
        if (!is_dns_name((*s)->service, "") || !is_dns_name((*s)->protocol, "") ||
            ((*s)->domain && !is_dns_name((*s)->domain, "")) ||
            ((*s)->target && !is_dns_name((*s)->target, "")))
            return BAD((*s)->line, "<srv>: service, protocol, domain and target must be DNS names");
    }
    VEC_FOREACH (h, &dns->hosts) {
        VEC_FOREACH (n, &(*h)->hostnames) {
            if (!is_dns_name((*n)->name, ""))
                return BAD((*h)->line, "<hostname> '%.80s' is not a DNS name", (*n)->name);
        }
    }
    return 0;
}

static int check_bandwidth(const struct at *at, const struct network_bandwidth *b)
{
    if (b && b->inbound.floor.set)
        return UNSUPPORTED(b->line, "<inbound floor=> can only be set for a domain's interface");
    return 0;
}

static int check_portgroups(const struct at *at)
{
    const struct network_portgroup *def = NULL;
    for (size_t i = 0; i < at->def->portgroups.n; i++) {
        const struct network_portgroup *p = at->def->portgroups.v[i];
        if (!*p->name || network_has_control(p->name))
            return BAD(p->line, "<portgroup>: the name is empty or has control characters");
        if (check_bandwidth(at, p->bandwidth) < 0)
            return -1;
        if ((p->vlan || p->bandwidth) && network_def_direct_mode(at->def) != DIRECT_NONE)
            return UNSUPPORTED(p->line,
                               "<portgroup> '%s': <%s> cannot be used where guests are connected "
                               "directly to an interface",
                               p->name, p->vlan ? "vlan" : "bandwidth");
        for (size_t k = 0; k < i; k++) {
            if (str_eq(p->name, at->def->portgroups.v[k]->name))
                return UNSUPPORTED(p->line, "<portgroup> '%s' is given twice, first on line %u",
                                   p->name, at->def->portgroups.v[k]->line);
        }
        if (p->is_default == TOGGLE_YES && def)
            return UNSUPPORTED(p->line, "<portgroup> '%s' and '%s' are both default='yes'",
                               def->name, p->name);
        if (p->is_default == TOGGLE_YES)
            def = p;
    }
    return 0;
}

static int check_sizes(const struct at *at)
{
    const struct network_def *d = at->def;
    size_t most = 0;
    VEC_FOREACH (ip, &d->ips)
        most = (*ip)->ranges.n > most ? (*ip)->ranges.n : most;
    VEC_FOREACH (ip, &d->ips)
        most = (*ip)->hosts.n > most ? (*ip)->hosts.n : most;
    if (d->ips.n > NETWORK_IPS_MAX || d->portgroups.n > NETWORK_IPS_MAX)
        return BAD(0, "more than %d <ip> or <portgroup> elements", NETWORK_IPS_MAX);
    if (most > NETWORK_LIST_MAX || d->routes.n > NETWORK_LIST_MAX)
        return BAD(0, "more than %d elements of one kind", NETWORK_LIST_MAX);
    return 0;
}

int network_def_validate(const struct network_def *def, struct error *err)
{
    const struct at at_ = {.def = def, .err = err}, *at = &at_;
    if (check_sizes(at) < 0 || network_check_forward(at) < 0 || network_check_bridge(at) < 0 ||
        check_ips(at) < 0 || check_dns(at) < 0 || check_bandwidth(at, def->bandwidth) < 0 ||
        check_portgroups(at) < 0)
        return -1;
    VEC_FOREACH (r, &def->routes) {
        if (check_route(at, *r) < 0)
            return -1;
    }
    VEC_FOREACH (o, &def->dnsmasq_options) {
        if (!*(*o)->value || network_has_control((*o)->value))
            return BAD(0, "<dnsmasq:option value=> is empty or has control characters");
    }
    return 0;
}
