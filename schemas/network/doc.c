// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables of <network>, in libvirt's order.
#include "schemas/network/internal.h"

#include <inttypes.h>

#define LINE .line_at = offsetof(S, line) + 1

// A macvtap keeps the filters of its guest's first address.
DOC_ENUM_VALUES(network_trust_values, "yes", [TOGGLE_NO] = "no");
DOC_ENUM_VALUES(network_forward_values, "hostdev", [NETWORK_FORWARD_NAT] = "nat",
                [NETWORK_FORWARD_ROUTE] = "route", [NETWORK_FORWARD_OPEN] = "open",
                [NETWORK_FORWARD_BRIDGE] = "bridge", [NETWORK_FORWARD_PRIVATE] = "private",
                [NETWORK_FORWARD_VEPA] = "vepa", [NETWORK_FORWARD_PASSTHROUGH] = "passthrough");
DOC_ENUM_VALUES(
    network_mac_table_values,
    NULL, [NETWORK_MAC_TABLE_KERNEL] = "kernel", [NETWORK_MAC_TABLE_LIBVIRT] = "libvirt");
DOC_ENUM_VALUES(family_values, "", [NETWORK_FAMILY_IPV4] = "ipv4", [NETWORK_FAMILY_IPV6] = "ipv6");
DOC_ENUM_VALUES(lease_unit_values, "", [NETWORK_LEASE_SECONDS] = "seconds",
                [NETWORK_LEASE_MINUTES] = "minutes", [NETWORK_LEASE_HOURS] = "hours");
DOC_ENUM_VALUES(vlan_mode_values,
                "", [NETWORK_VLAN_TAGGED] = "tagged", [NETWORK_VLAN_UNTAGGED] = "untagged");

// ---- bandwidth, vlan ----------------------------------------------------------------------------
#define S struct network_rate
static const struct doc_row inbound_rows[] = {
    D_UINT(ATTR, "average", average, 1, 0, .unit = "KiB/s"),
    D_UINT(ATTR, "peak", peak, 1, 0, .unit = "KiB/s"),
    D_UINT(ATTR, "floor", floor, 1, 0, .unit = "KiB/s"),
    D_UINT(ATTR, "burst", burst, 1, 0, .unit = "KiB"),
};
static int check_inbound(const struct doc_where *where, void *obj)
{
    const struct network_rate *r = obj;
    if (!r->average.set && !r->floor.set)
        return doc_fail(where, ERROR_XML, "attribute 'average' or 'floor' is missing");
    if ((r->peak.set || r->burst.set) && !r->average.set)
        return doc_fail(where, ERROR_XML, "'peak' and 'burst' need an 'average'");
    return 0;
}
static const struct doc_type inbound_doc =
    DOC_TYPE("bandwidthInbound", S, inbound_rows, .check = check_inbound);
static const struct doc_row outbound_rows[] = {
    D_UINT(ATTR, "average", average, 1, 0, .flags = DOC_REQUIRED, .unit = "KiB/s"),
    D_UINT(ATTR, "peak", peak, 1, 0, .unit = "KiB/s"),
    D_UINT(ATTR, "burst", burst, 1, 0, .unit = "KiB"),
};
static const struct doc_type outbound_doc = DOC_TYPE("bandwidthOutbound", S, outbound_rows);
#undef S

#define S struct network_bandwidth
static const struct doc_row bandwidth_rows[] = {
    D_ELEM_AT("inbound", &inbound_doc, inbound, DOC_PRESENT(has_inbound)),
    D_ELEM_AT("outbound", &outbound_doc, outbound, DOC_PRESENT(has_outbound)),
};
static bool has_no_rate(const void *obj)
{
    const struct network_bandwidth *b = obj;
    return !b->has_inbound && !b->has_outbound;
}
const struct doc_type network_bandwidth_doc =
    DOC_TYPE("bandwidth", S, bandwidth_rows, LINE, .hidden = has_no_rate);
#undef S

#define S struct network_vlan_tag
static const struct doc_row tag_rows[] = {
    D_UINT(ATTR, "id", id, 0, 4095, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "nativeMode", native_mode, &vlan_mode_values),
};
static const struct doc_type tag_doc = DOC_TYPE("vlanTag", S, tag_rows);
#undef S

#define S struct network_vlan
static const struct doc_row vlan_rows[] = {
    D_YESNO(ATTR, "trunk", trunk),
    D_LIST("tag", &tag_doc, tags),
};
static int check_vlan(const struct doc_where *where, void *obj)
{
    struct network_vlan *v = obj;
    size_t native = 0;
    if (!v->tags.n)
        return doc_fail(where, ERROR_XML, "<tag> is missing");
    if (v->tags.n > 4095)
        return doc_fail(where, ERROR_XML, "more tags than VLAN ids exist");
    for (size_t i = 0; i < v->tags.n; i++) {
        native += v->tags.v[i]->native_mode != NETWORK_VLAN_MODE_NONE;
        for (size_t k = 0; k < i; k++) {
            if (v->tags.v[i]->id.value == v->tags.v[k]->id.value)
                return doc_fail(where, ERROR_XML, "tag id='%u' is given twice",
                                (unsigned)v->tags.v[i]->id.value);
        }
    }
    if (native > 1)
        return doc_fail(where, ERROR_XML, "more than one tag has a nativeMode");
    if (v->trunk == TOGGLE_NO && (v->tags.n > 1 || native))
        return doc_fail(where, ERROR_XML, "several tags or a nativeMode need trunk='yes'");
    // Several tags make a trunk, with or without trunk='yes'.
    if (v->tags.n > 1 || native)
        v->trunk = TOGGLE_YES;
    return 0;
}
const struct doc_type network_vlan_doc = DOC_TYPE("vlan", S, vlan_rows, LINE, .check = check_vlan);
#undef S

// ---- forward ------------------------------------------------------------------------------------
#define S struct network_forward_interface
static const struct doc_row forward_interface_rows[] = {
    D_TOKEN(ATTR, "dev", dev, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "connections", connections, 0, 0xffffffff, .flags = DOC_LIVE),
};
const struct doc_type network_forward_interface_doc =
    DOC_TYPE("forwardInterface", S, forward_interface_rows, LINE);
#undef S

#define S struct network_forward
static const struct doc_row nat_address_rows[] = {
    D_IP(ATTR, "start", nat_start, .flags = DOC_REQUIRED),
    D_IP(ATTR, "end", nat_end, .flags = DOC_REQUIRED),
};
static int check_nat_address(const struct doc_where *where, void *obj)
{
    const struct network_forward *f = obj;
    if (f->nat_start.family != f->nat_end.family)
        return doc_fail(where, ERROR_XML, "start and end have different address families");
    if (ip_compare(&f->nat_start, &f->nat_end) > 0)
        return doc_fail(where, ERROR_XML, "the end is below the start");
    return 0;
}
static const struct doc_type nat_address_doc =
    DOC_TYPE("natAddress", S, nat_address_rows, .check = check_nat_address);
static const struct doc_row nat_port_rows[] = {
    D_UINT(ATTR, "start", nat_port_start, 1, 65535, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "end", nat_port_end, 1, 65535, .flags = DOC_REQUIRED),
};
static int check_nat_port(const struct doc_where *where, void *obj)
{
    const struct network_forward *f = obj;
    if (f->nat_port_start.value > f->nat_port_end.value)
        return doc_fail(where, ERROR_XML, "the end is below the start");
    return 0;
}
static const struct doc_type nat_port_doc =
    DOC_TYPE("natPort", S, nat_port_rows, .check = check_nat_port);
static const struct doc_row nat_rows[] = {
    D_YESNO(ATTR, "ipv6", nat_ipv6),
    D_ELEM("address", &nat_address_doc),
    D_ELEM("port", &nat_port_doc),
};
static const struct doc_type nat_doc = DOC_TYPE("forwardNat", S, nat_rows);
static const struct doc_row forward_rows[] = {
    D_TOKEN(ATTR, "dev", dev),
    D_ENUM(ATTR, "mode", mode, &network_forward_values, .def = "nat"),
    D_ELEM("nat", &nat_doc, DOC_PRESENT(has_nat)),
    D_EMPTY("pf", .hint = "virtual functions of an interface (SR-IOV) are not supported; name the "
                          "interfaces themselves: <interface dev=>"),
    D_LIST("interface", &network_forward_interface_doc, interfaces),
};
static const struct doc_type forward_doc = DOC_TYPE("forward", S, forward_rows, LINE);
#undef S

// ---- dns ----------------------------------------------------------------------------------------
#define S struct network_dns_forwarder
static const struct doc_row forwarder_rows[] = {
    D_TOKEN(ATTR, "domain", domain),
    D_IP(ATTR, "addr", addr),
};
static int check_forwarder(const struct doc_where *where, void *obj)
{
    const struct network_dns_forwarder *f = obj;
    if (!f->domain && !f->addr.family)
        return doc_fail(where, ERROR_XML, "attribute 'addr' or 'domain' is missing");
    return 0;
}
static const struct doc_type forwarder_doc =
    DOC_TYPE("dnsForwarder", S, forwarder_rows, LINE, .check = check_forwarder);
#undef S

#define S struct network_dns_txt
static const struct doc_row txt_rows[] = {
    D_STR(ATTR, "name", name),
    D_STR(ATTR, "value", value),
};
static int check_txt(const struct doc_where *where, void *obj)
{
    const struct network_dns_txt *t = obj;
    if (!t->name || !*t->name)
        return doc_fail(where, ERROR_XML_DETAIL, "attribute 'name' is missing");
    if (strchr(t->name, ' '))
        return doc_fail(where, ERROR_XML_DETAIL, "name='%s' contains whitespace", t->name);
    return 0;
}
static int check_txt_whole(const struct doc_where *where, void *obj)
{
    const struct network_dns_txt *t = obj;
    if (check_txt(where, obj) < 0)
        return -1;
    return t->value ? 0 : doc_fail(where, ERROR_XML_DETAIL, "attribute 'value' is missing");
}
const struct doc_type network_dns_txt_doc =
    DOC_TYPE("dnsTxt", S, txt_rows, LINE, .check = check_txt_whole);
const struct doc_type network_dns_txt_partial_doc =
    DOC_TYPE("dnsTxtPartial", S, txt_rows, LINE, .check = check_txt);
#undef S

#define S struct network_dns_srv
static const struct doc_row srv_rows[] = {
    D_STR(ATTR, "service", service),
    D_STR(ATTR, "protocol", protocol),
    D_STR(ATTR, "domain", domain),
    D_STR(ATTR, "target", target),
    D_UINT(ATTR, "port", port, 1, 65535),
    D_UINT(ATTR, "priority", priority, 0, 65535),
    D_UINT(ATTR, "weight", weight, 0, 65535),
};
static int check_srv(const struct doc_where *where, void *obj)
{
    const struct network_dns_srv *s = obj;
    if (!s->target && (s->port.set || s->priority.set || s->weight.set))
        return doc_fail(where, ERROR_XML_DETAIL, "attribute '%s' needs a 'target'",
                        s->port.set       ? "port"
                        : s->priority.set ? "priority"
                                          : "weight");
    return 0;
}
static int check_srv_whole(const struct doc_where *where, void *obj)
{
    struct network_dns_srv *s = obj;
    if (!s->service || !*s->service)
        return doc_fail(where, ERROR_XML_DETAIL, "attribute 'service' is missing");
    if (!s->protocol || !*s->protocol)
        return doc_fail(where, ERROR_XML_DETAIL, "attribute 'protocol' is missing");
    if (check_srv(where, obj) < 0)
        return -1;
    // libvirt drops these zeros: 0 is the default.
    if (!s->priority.value)
        s->priority = (struct opt_uint){0};
    if (!s->weight.value)
        s->weight = (struct opt_uint){0};
    return 0;
}
const struct doc_type network_dns_srv_doc =
    DOC_TYPE("dnsSrv", S, srv_rows, LINE, .check = check_srv_whole);
const struct doc_type network_dns_srv_partial_doc =
    DOC_TYPE("dnsSrvPartial", S, srv_rows, LINE, .check = check_srv);
#undef S

#define S struct network_dns_hostname
static const struct doc_row hostname_rows[] = {
    D_TOKEN(TEXT, NULL, name, .flags = DOC_REQUIRED),
};
static const struct doc_type hostname_doc = DOC_TYPE("dnsHostname", S, hostname_rows);
#undef S

#define S struct network_dns_host
static const struct doc_row dns_host_rows[] = {
    D_IP(ATTR, "ip", ip),
    D_LIST("hostname", &hostname_doc, hostnames),
};
static int check_dns_host(const struct doc_where *where, void *obj)
{
    const struct network_dns_host *h = obj;
    if (!h->ip.family)
        return doc_fail(where, ERROR_XML_DETAIL, "attribute 'ip' is missing");
    return h->hostnames.n ? 0 : doc_fail(where, ERROR_XML_DETAIL, "<hostname> is missing");
}
static int check_dns_host_partial(const struct doc_where *where, void *obj)
{
    const struct network_dns_host *h = obj;
    if (!h->ip.family && !h->hostnames.n)
        return doc_fail(where, ERROR_XML_DETAIL, "attribute 'ip' or <hostname> is missing");
    return 0;
}
const struct doc_type network_dns_host_doc =
    DOC_TYPE("dnsHost", S, dns_host_rows, LINE, .check = check_dns_host);
const struct doc_type network_dns_host_partial_doc =
    DOC_TYPE("dnsHostPartial", S, dns_host_rows, LINE, .check = check_dns_host_partial);
#undef S

#define S struct network_dns
static const struct doc_row dns_rows[] = {
    D_YESNO(ATTR, "enable", enable),
    D_YESNO(ATTR, "forwardPlainNames", forward_plain_names),
    D_LIST("forwarder", &forwarder_doc, forwarders),
    D_LIST("txt", &network_dns_txt_doc, txts),
    D_LIST("srv", &network_dns_srv_doc, srvs),
    D_LIST("host", &network_dns_host_doc, hosts),
};
static int check_dns(const struct doc_where *where, void *obj)
{
    const struct network_dns *d = obj;
    bool anything =
        d->forward_plain_names || d->forwarders.n || d->txts.n || d->srvs.n || d->hosts.n;
    if (d->enable == TOGGLE_NO && anything)
        return doc_fail(where, ERROR_XML, "must be empty with enable='no'");
    return 0;
}
static const struct doc_type dns_doc = DOC_TYPE("dns", S, dns_rows, LINE, .check = check_dns);
#undef S

// ---- ip -----------------------------------------------------------------------------------------
#define S struct network_lease_time
static const struct doc_row lease_rows[] = {
    D_UINT(ATTR, "expiry", expiry, 0, 0xffffffff, .flags = DOC_REQUIRED),
    D_ENUM(ATTR, "unit", unit, &lease_unit_values),
};
static int check_lease(const struct doc_where *where, void *obj)
{
    struct network_lease_time *l = obj;
    // libvirt shows expiry='0' without a unit.
    if (!l->expiry.value)
        l->unit = NETWORK_LEASE_NONE;
    else if (!l->unit)
        l->unit = NETWORK_LEASE_MINUTES;
    uint64_t seconds = network_lease_seconds(true, l, 0);
    if (l->expiry.value && seconds < 120)
        return doc_fail(where, ERROR_XML,
                        "a lease must last at least two minutes; expiry='0' makes it unlimited");
    if (seconds > UINT32_MAX)
        return doc_fail(where, ERROR_XML, "expiry='%" PRIu64 "' is too long", l->expiry.value);
    return 0;
}
static const struct doc_type lease_doc = DOC_TYPE("lease", S, lease_rows, .check = check_lease);
#undef S

#define S struct network_dhcp_range
static const struct doc_row range_rows[] = {
    D_IP(ATTR, "start", start, .flags = DOC_REQUIRED),
    D_IP(ATTR, "end", end, .flags = DOC_REQUIRED),
    D_ELEM_AT("lease", &lease_doc, lease, DOC_PRESENT(has_lease)),
};
const struct doc_type network_dhcp_range_doc = DOC_TYPE("dhcpRange", S, range_rows, LINE);
#undef S

#define S struct network_dhcp_host
static const struct doc_row host_rows[] = {
    D_TOKEN(ATTR, "mac", mac),
    D_TOKEN(ATTR, "id", id),
    D_TOKEN(ATTR, "name", name),
    D_IP(ATTR, "ip", ip),
    D_ELEM_AT("lease", &lease_doc, lease, DOC_PRESENT(has_lease)),
};
static int check_host_values(const struct doc_where *where, void *obj)
{
    const struct network_dhcp_host *h = obj;
    struct opt_mac mac;
    if (h->mac && opt_mac_parse(h->mac, &mac) < 0)
        return doc_fail(where, ERROR_XML, "mac='%s' is not a MAC address such as 52:54:00:12:34:56",
                        h->mac);
    if (h->mac && (mac.b[0] & 1))
        return doc_fail(where, ERROR_XML, "mac='%s' is a multicast address", h->mac);
    if (h->id && strspn(h->id, "0123456789abcdefABCDEF:") != strlen(h->id))
        return doc_fail(where, ERROR_XML, "id='%s' is not hexadecimal bytes separated by colons",
                        h->id);
    for (const char *p = h->name; p && *p; p++) {
        bool good = (*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') ||
                    strchr("-._", *p);
        if (!good)
            return doc_fail(where, ERROR_XML, "name='%s' is not a host name", h->name);
    }
    return 0;
}
static int check_host_whole(const struct doc_where *where, void *obj)
{
    const struct network_dhcp_host *h = obj;
    if (check_host_values(where, obj) < 0)
        return -1;
    if (!h->ip.family)
        return doc_fail(where, ERROR_XML, "attribute 'ip' is missing");
    return 0;
}
static int check_host_partial(const struct doc_where *where, void *obj)
{
    const struct network_dhcp_host *h = obj;
    if (!h->mac && !h->name && !h->id && !h->ip.family)
        return doc_fail(where, ERROR_XML, "attribute 'mac', 'id', 'name' or 'ip' is missing");
    return check_host_values(where, obj);
}
const struct doc_type network_dhcp_host_doc =
    DOC_TYPE("dhcpHost", S, host_rows, LINE, .check = check_host_whole);
const struct doc_type network_dhcp_host_partial_doc =
    DOC_TYPE("dhcpHostPartial", S, host_rows, LINE, .check = check_host_partial);
#undef S

#define S struct network_ip
static const struct doc_row tftp_rows[] = {
    D_STR(ATTR, "root", tftp_root),
};
static const struct doc_type tftp_doc = DOC_TYPE("tftp", S, tftp_rows);
static const struct doc_row bootp_rows[] = {
    D_STR(ATTR, "file", bootp_file, .flags = DOC_REQUIRED),
    D_TOKEN(ATTR, "server", bootp_server),
};
static const struct doc_type bootp_doc = DOC_TYPE("bootp", S, bootp_rows);
static const struct doc_row dhcp_rows[] = {
    D_LIST("range", &network_dhcp_range_doc, ranges),
    D_LIST("host", &network_dhcp_host_doc, hosts),
    D_ELEM("bootp", &bootp_doc),
};
static const struct doc_type dhcp_doc = DOC_TYPE("dhcp", S, dhcp_rows);
static const struct doc_row ip_rows[] = {
    D_ENUM(ATTR, "family", family, &family_values),
    D_IP(ATTR, "address", address),
    D_IP(ATTR, "netmask", netmask),
    D_UINT(ATTR, "prefix", prefix, 0, 128),
    D_YESNO(ATTR, "localPtr", local_ptr),
    D_ELEM("tftp", &tftp_doc),
    D_ELEM("dhcp", &dhcp_doc, DOC_PRESENT(has_dhcp)),
};
static int check_ip(const struct doc_where *where, void *obj)
{
    const struct network_ip *ip = obj;
    if (ip->netmask.family && ip->prefix.set)
        return doc_fail(where, ERROR_XML, "netmask and prefix exclude each other; keep one");
    return 0;
}
static const struct doc_type ip_doc = DOC_TYPE("networkIp", S, ip_rows, LINE, .check = check_ip);
#undef S

#define S struct network_route
static const struct doc_row route_rows[] = {
    D_ENUM(ATTR, "family", family, &family_values),
    D_IP(ATTR, "address", address, .flags = DOC_REQUIRED),
    D_IP(ATTR, "netmask", netmask),
    D_UINT(ATTR, "prefix", prefix, 0, 128),
    D_IP(ATTR, "gateway", gateway, .flags = DOC_REQUIRED),
    D_UINT(ATTR, "metric", metric, 1, 0xffffffff),
};
static int check_route(const struct doc_where *where, void *obj)
{
    const struct network_route *r = obj;
    if (r->netmask.family && r->prefix.set)
        return doc_fail(where, ERROR_XML, "netmask and prefix exclude each other; keep one");
    return 0;
}
static const struct doc_type route_doc =
    DOC_TYPE("route", S, route_rows, LINE, .check = check_route);
#undef S

// ---- portgroup, network -------------------------------------------------------------------------
#define S struct network_portgroup
static const struct doc_row portgroup_rows[] = {
    D_STR(ATTR, "name", name, .flags = DOC_REQUIRED),
    D_YESNO(ATTR, "default", is_default),
    D_ENUM(ATTR, "trustGuestRxFilters", trust_guest_rx_filters, &network_trust_values),
    D_CHILD("vlan", &network_vlan_doc, vlan),
    D_CHILD("bandwidth", &network_bandwidth_doc, bandwidth),
};
const struct doc_type network_portgroup_doc = DOC_TYPE("portgroup", S, portgroup_rows, LINE);
#undef S

#define S struct network_dnsmasq_option
static const struct doc_row option_rows[] = {
    D_STR(ATTR, "value", value, .flags = DOC_REQUIRED),
};
static const struct doc_type option_doc = DOC_TYPE("dnsmasqOption", S, option_rows);
#undef S

#define S struct network_def
static const struct doc_row bridge_rows[] = {
    D_TOKEN(ATTR, "name", bridge),
    D_TOKEN(ATTR, "zone", bridge_zone),
    D_ONOFF(ATTR, "stp", bridge_stp),
    D_UINT(ATTR, "delay", bridge_delay, 0, 65535, .unit = "seconds"),
    D_ENUM(ATTR, "macTableManager", mac_table, &network_mac_table_values),
};
static const struct doc_type bridge_doc =
    DOC_TYPE("bridge", S, bridge_rows, .line_at = offsetof(S, bridge_line) + 1);
static const struct doc_row mtu_rows[] = {
    D_UINT(ATTR, "size", mtu, 68, 65535, .flags = DOC_REQUIRED, .unit = "bytes"),
};
static const struct doc_type mtu_doc = DOC_TYPE("mtu", S, mtu_rows);
static const struct doc_row mac_rows[] = {
    D_MAC(ATTR, "address", mac, .flags = DOC_REQUIRED),
};
static int check_mac(const struct doc_where *where, void *obj)
{
    const struct network_def *def = obj;
    static const uint8_t zero[sizeof(def->mac.b)];
    if (memcmp(def->mac.b, zero, sizeof(zero)) == 0)
        return doc_fail(where, ERROR_XML,
                        "not usable for a bridge; leave it out to get a generated one");
    return def->mac.b[0] & 1 ? doc_fail(where, ERROR_XML, "is a multicast address") : 0;
}
static const struct doc_type mac_doc = DOC_TYPE("mac", S, mac_rows, .check = check_mac);
static const struct doc_row domain_rows[] = {
    D_TOKEN(ATTR, "name", domain, .flags = DOC_REQUIRED),
    D_YESNO(ATTR, "localOnly", domain_local_only),
    D_YESNO(ATTR, "register", domain_register),
};
static const struct doc_type domain_doc_ =
    DOC_TYPE("networkDomain", S, domain_rows, .line_at = offsetof(S, domain_line) + 1);
static const struct doc_row port_rows[] = {
    D_YESNO(ATTR, "isolated", port_isolated),
};
static const struct doc_type port_doc = DOC_TYPE("port", S, port_rows);
static const struct doc_row dnsmasq_rows[] = {
    D_LIST("dnsmasq:option", &option_doc, dnsmasq_options),
};
static const struct doc_type dnsmasq_doc = DOC_TYPE("dnsmasqOptions", S, dnsmasq_rows);

static const struct doc_row network_rows[] = {
    D_UINT(ATTR, "connections", connections, 0, 0xffffffff, .flags = DOC_LIVE),
    D_YESNO(ATTR, "ipv6", ipv6),
    D_ENUM(ATTR, "trustGuestRxFilters", trust_guest_rx_filters, &network_trust_values),
    D_STR(LEAF, "name", name, .flags = DOC_REQUIRED | DOC_NAME),
    D_UUID(LEAF, "uuid", uuid),
    D_STR(LEAF, "title", title, .since = "9.7"),
    D_STR(LEAF, "description", description, .since = "9.7"),
    D_RAW("metadata", metadata),
    D_ELEM_AT("forward", &forward_doc, forward),
    D_ELEM("bridge", &bridge_doc),
    D_ELEM("mtu", &mtu_doc),
    D_ELEM("mac", &mac_doc),
    D_ELEM("domain", &domain_doc_),
    D_CHILD("dns", &dns_doc, dns),
    D_CHILD("vlan", &network_vlan_doc, vlan),
    D_CHILD("bandwidth", &network_bandwidth_doc, bandwidth),
    D_ELEM("port", &port_doc),
    D_LIST("ip", &ip_doc, ips, .flags = DOC_OPEN),
    D_LIST("route", &route_doc, routes),
    D_LIST("portgroup", &network_portgroup_doc, portgroups, .flags = DOC_OPEN),
    D_ELEM("dnsmasq:options", &dnsmasq_doc),
};
static const struct doc_type network_type = DOC_TYPE("network", S, network_rows);
#undef S

const struct doc_namespace network_namespaces[] = {
    {"dnsmasq", "http://libvirt.org/schemas/network/dnsmasq/1.0"},
    {NULL, NULL},
};

const struct doc network_doc = {
    .what = "network",
    .area = AREA_NETWORK,
    .root = "network",
    .type = &network_type,
    .namespaces = network_namespaces,
    .known = network_known,
    .nknown = NETWORK_NKNOWN,
    .odd_in_name = "/\n\r\t\x7f",
    .odd_name = ERROR_XML_DETAIL,
};
