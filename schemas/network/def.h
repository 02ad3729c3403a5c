// SPDX-License-Identifier: LGPL-2.1-or-later
// A network document and a network port document as plain data.
//
// Strings are owned and NULL when not given; enums are 0 when not given; numbers whose 0 would be
// meaningful are opt_uint; an address that is not given has family 0. Fields marked "live" are
// parsed and formatted only with NETWORK_XML_LIVE. Members of lists are separate heap objects.
// `line` is the element's line in the document, 0: created by vireod. The tables in doc.c and
// port_doc.c describe the XML form.
#pragma once

#include <stddef.h>
#include "base/error.h"
#include "base/ip.h"
#include "base/vec.h"
#include "schemas/doc/value.h"

enum {
    NETWORK_BRIDGE_MAX = 15,  // bytes of an interface name
    NETWORK_LIST_MAX = 16384, // ranges of an <ip>, hosts of an <ip>, routes
    NETWORK_IPS_MAX = 512,    // <ip>, <portgroup>
};

// ---- forwarding ---------------------------------------------------------------------------------
enum network_forward_mode {
    NETWORK_FORWARD_NONE, // isolated
    NETWORK_FORWARD_NAT,
    NETWORK_FORWARD_ROUTE,
    NETWORK_FORWARD_OPEN, // routed, without firewall rules
    // Guests are connected to a bridge of the host, which vireod does not change; without a bridge
    // name they get macvtaps on <interface>s, as in the three below.
    NETWORK_FORWARD_BRIDGE,
    NETWORK_FORWARD_PRIVATE,
    NETWORK_FORWARD_VEPA,
    NETWORK_FORWARD_PASSTHROUGH,
    NETWORK_FORWARD_COUNT
};

struct network_forward_interface {
    unsigned line;
    char *dev;
    struct opt_uint connections; // live
};

struct network_forward {
    unsigned line;
    enum network_forward_mode mode;
    char *dev; // after post_parse: interfaces.v[0]->dev, or NULL without interfaces
    VEC(struct network_forward_interface *) interfaces;
    // <nat>, mode nat only
    bool has_nat;
    enum toggle nat_ipv6;
    struct ip_addr nat_start, nat_end;            // both or none; same family
    struct opt_uint nat_port_start, nat_port_end; // both or none
};

// ---- addresses, DHCP ----------------------------------------------------------------------------
enum network_family { NETWORK_FAMILY_NONE, NETWORK_FAMILY_IPV4, NETWORK_FAMILY_IPV6 };

enum network_lease_unit {
    NETWORK_LEASE_NONE, // minutes
    NETWORK_LEASE_SECONDS,
    NETWORK_LEASE_MINUTES,
    NETWORK_LEASE_HOURS
};

// <lease expiry= unit=>
struct network_lease_time {
    struct opt_uint expiry; // 0: never expires; else at least two minutes
    enum network_lease_unit unit;
};

struct network_dhcp_range {
    unsigned line;
    struct ip_addr start, end;
    bool has_lease;
    struct network_lease_time lease;
};

struct network_dhcp_host {
    unsigned line;
    char *mac; // as written; IPv4 only
    char *id;  // DHCPv6 client id, IPv6 only
    char *name;
    struct ip_addr ip;
    bool has_lease;
    struct network_lease_time lease;
};

struct network_ip {
    unsigned line;
    enum network_family family; // as given; use address.family
    struct ip_addr address;     // family 0: not given, define chooses a free subnet
    struct ip_addr netmask;     // netmask or prefix or none; see network_ip_prefix()
    struct opt_uint prefix;
    enum toggle local_ptr;
    char *tftp_root;
    bool has_dhcp; // has a <dhcp>, which may be empty
    VEC(struct network_dhcp_range *) ranges;
    VEC(struct network_dhcp_host *) hosts;
    char *bootp_file;
    char *bootp_server; // address or name
};

struct network_route {
    unsigned line;
    enum network_family family; // as given; use address.family
    struct ip_addr address, netmask, gateway;
    struct opt_uint prefix, metric;
};

// ---- DNS ----------------------------------------------------------------------------------------
struct network_dns_forwarder {
    unsigned line;
    char *domain; // at least one of the two
    struct ip_addr addr;
};

struct network_dns_txt {
    unsigned line;
    char *name, *value;
};

struct network_dns_srv {
    unsigned line;
    char *service, *protocol; // without underscores
    char *domain, *target;
    struct opt_uint port, priority, weight;
};

struct network_dns_hostname {
    char *name;
};
struct network_dns_host {
    unsigned line;
    struct ip_addr ip;
    VEC(struct network_dns_hostname *) hostnames;
};

struct network_dns {
    unsigned line;
    enum toggle enable, forward_plain_names;
    VEC(struct network_dns_forwarder *) forwarders;
    VEC(struct network_dns_txt *) txts;
    VEC(struct network_dns_srv *) srvs;
    VEC(struct network_dns_host *) hosts;
};

// ---- settings of ports --------------------------------------------------------------------------
struct network_rate { // KiB/s; burst in KiB
    struct opt_uint average, peak, burst, floor;
};
struct network_bandwidth {
    unsigned line;
    bool has_inbound, has_outbound;
    struct network_rate inbound, outbound; // seen from the guest; floor: inbound only
};

enum network_vlan_mode { NETWORK_VLAN_MODE_NONE, NETWORK_VLAN_TAGGED, NETWORK_VLAN_UNTAGGED };
struct network_vlan_tag {
    struct opt_uint id; // always set
    enum network_vlan_mode native_mode;
};
struct network_vlan {
    unsigned line;
    enum toggle trunk;
    VEC(struct network_vlan_tag *) tags;
};

struct network_portgroup {
    unsigned line;
    char *name;
    enum toggle is_default;
    enum toggle trust_guest_rx_filters;
    struct network_vlan *vlan;
    struct network_bandwidth *bandwidth;
};

struct network_dnsmasq_option {
    char *value; // a line for dnsmasq's configuration
};

// How the bridge learns which MAC address is behind which port.
enum network_mac_table {
    NETWORK_MAC_TABLE_NONE,
    NETWORK_MAC_TABLE_KERNEL,  // learned by the kernel
    NETWORK_MAC_TABLE_LIBVIRT, // set by vireod from the definitions
};

struct network_def {
    struct opt_uint connections; // live
    enum toggle ipv6;            // IPv6 between guests without an IPv6 <ip>
    enum toggle trust_guest_rx_filters;
    char *name;
    struct opt_uuid uuid; // always set after post_parse
    char *title, *description;
    char *metadata; // children of <metadata> as XML text

    struct network_forward forward;

    unsigned bridge_line;
    char *bridge; // may contain one "%d" before define; NULL: define chooses
    char *bridge_zone;
    enum toggle bridge_stp;       // YES: on; set after post_parse when vireod owns the bridge
    struct opt_uint bridge_delay; // seconds; set like bridge_stp
    enum network_mac_table mac_table;
    struct opt_uint mtu;
    struct opt_mac mac; // of the bridge; set after post_parse when vireod owns the bridge

    unsigned domain_line;
    char *domain;
    enum toggle domain_local_only, domain_register;

    struct network_dns *dns; // NULL: as if empty, DNS is on
    struct network_vlan *vlan;
    struct network_bandwidth *bandwidth;
    enum toggle port_isolated;
    VEC(struct network_ip *) ips;
    VEC(struct network_route *) routes;
    VEC(struct network_portgroup *) portgroups;
    VEC(struct network_dnsmasq_option *) dnsmasq_options;
};

// ---- operations ---------------------------------------------------------------------------------
enum network_parse_flags {
    NETWORK_PARSE_LIVE = 1 << 0,     // keep live values (state files)
    NETWORK_PARSE_VALIDATE = 1 << 1, // validate against the RELAX NG: ERROR_XML_SCHEMA
};
enum network_xml_flags { NETWORK_XML_LIVE = 1 << 0 };

// None of these suspends. ERROR_XML: malformed, wrong or missing; ERROR_CONFIG_UNSUPPORTED: known
// to libvirt but not supported; both name line, element and attribute. `xml` needs no terminator.
// The caller destroys.
struct network_def *network_def_parse(const char *xml, size_t len, unsigned flags,
                                      struct error *err);
// Completes what libvirt completes in a define: uuid, MAC, STP and delay, forward dev and first
// interface from each other. Not the bridge name, which depends on other networks. Idempotent.
int network_def_post_parse(struct network_def *def, struct error *err);
// Checks that the tables cannot express. Call after post_parse.
int network_def_validate(const struct network_def *def, struct error *err);
// parse, post_parse and validate.
struct network_def *network_def_load(const char *xml, size_t len, unsigned flags,
                                     struct error *err);
char *network_def_format(const struct network_def *def, unsigned flags); // caller frees
struct network_def *network_def_copy(const struct network_def *def);     // live values included
void network_def_destroy(struct network_def *def);
static inline void network_def_destroyp(struct network_def **def)
{
    network_def_destroy(*def);
}
#define AUTO_NETWORK_DEF CLEANUP(network_def_destroyp)

// Whether vireod creates, configures and deletes the bridge (else it is the host's, or there is
// none).
static inline bool network_def_owns_bridge(const struct network_def *def)
{
    return def->forward.mode < NETWORK_FORWARD_BRIDGE;
}
// How guests share an interface by macvtap; DIRECT_NONE: the network has a bridge.
enum direct_mode network_def_direct_mode(const struct network_def *def);

// Address and length of an <ip>: from prefix, netmask or the address class (IPv6: 64).
struct ip_prefix network_ip_prefix(const struct network_ip *ip);
struct ip_prefix
network_route_prefix(const struct network_route *route); // the same for a route; "default": 0
// Seconds of a lease; 0: unlimited; `otherwise` when none is given.
uint64_t network_lease_seconds(bool has, const struct network_lease_time *lease,
                               uint64_t otherwise);
// The portgroup of this name, or with NULL the default one; NULL: none. Borrowed.
const struct network_portgroup *network_def_find_portgroup(const struct network_def *def,
                                                           const char *name);
bool network_def_has_dhcp(const struct network_def *def, int family);  // ranges or hosts
const char *network_forward_mode_name(enum network_forward_mode mode); // "nat", "none", ...

// ---- updates of one element ---------------------------------------------------------------------
// libvirt's numbers (virNetworkUpdateSection, virNetworkUpdateCommand), as on the wire.
enum network_section {
    NETWORK_SECTION_NONE,
    NETWORK_SECTION_BRIDGE,
    NETWORK_SECTION_DOMAIN,
    NETWORK_SECTION_IP,
    NETWORK_SECTION_IP_DHCP_HOST,
    NETWORK_SECTION_IP_DHCP_RANGE,
    NETWORK_SECTION_FORWARD,
    NETWORK_SECTION_FORWARD_INTERFACE,
    NETWORK_SECTION_FORWARD_PF,
    NETWORK_SECTION_PORTGROUP,
    NETWORK_SECTION_DNS_HOST,
    NETWORK_SECTION_DNS_TXT,
    NETWORK_SECTION_DNS_SRV,
    NETWORK_SECTION_COUNT
};
enum network_command {
    NETWORK_COMMAND_NONE,
    NETWORK_COMMAND_MODIFY,
    NETWORK_COMMAND_DELETE,
    NETWORK_COMMAND_ADD_LAST,
    NETWORK_COMMAND_ADD_FIRST,
    NETWORK_COMMAND_COUNT
};

// Changes def by one XML element, like virNetworkUpdate. parent_index: the index of the <ip>; -1:
// chosen by content. def is unchanged on failure. ERROR_OPERATION_INVALID, ERROR_NO_SUPPORT,
// ERROR_INVALID_ARG, ERROR_XML, ERROR_CONFIG_UNSUPPORTED.
int network_def_update(struct network_def *def, unsigned section, unsigned command,
                       int parent_index, const char *xml, struct error *err);

// ---- ports --------------------------------------------------------------------------------------
enum network_plug_type {
    NETWORK_PLUG_NONE,
    NETWORK_PLUG_NETWORK, // a bridge that vireod owns
    NETWORK_PLUG_BRIDGE,  // a bridge of the host
    NETWORK_PLUG_DIRECT,  // a macvtap
};

struct network_port_def {
    struct opt_uuid uuid; // always set after parse
    struct opt_uuid owner_uuid;
    char *owner_name;
    char *group; // portgroup
    struct opt_mac mac;
    struct network_bandwidth *bandwidth;
    enum toggle trust_guest_rx_filters;
    enum toggle isolated;
    struct network_vlan *vlan;
    enum network_plug_type plug;
    char *bridge; // plug network and bridge
    enum network_mac_table mac_table;
    char *dev; // plug direct: the interface below
    enum direct_mode mode;
};

struct network_port_def *network_port_def_parse(const char *xml, size_t len, unsigned flags,
                                                struct error *err);
char *network_port_def_format(const struct network_port_def *def); // caller frees
struct network_port_def *network_port_def_copy(const struct network_port_def *def);
void network_port_def_destroy(struct network_port_def *def);

// A copy of a bandwidth; NULL for NULL.
struct network_bandwidth *network_bandwidth_copy(const struct network_bandwidth *b);
void network_bandwidth_destroy(struct network_bandwidth *b);
// Both may be NULL.
bool network_bandwidth_eq(const struct network_bandwidth *a, const struct network_bandwidth *b);
// ERROR_CONFIG_UNSUPPORTED for interface rates that cannot be guaranteed.
int network_bandwidth_check(const struct network_bandwidth *b, struct error *err);
struct network_vlan *network_vlan_copy(const struct network_vlan *v);
bool network_vlan_eq(const struct network_vlan *a,
                     const struct network_vlan *b); // either may be NULL

// The RELAX NG of the documents, generated from the tables. Caller frees.
char *network_doc_rng(void);
char *network_port_doc_rng(void);
