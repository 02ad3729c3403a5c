// SPDX-License-Identifier: LGPL-2.1-or-later
// Shared by the files of the network document.
#pragma once

#include "schemas/doc/doc.h"
#include "schemas/network/def.h"

// doc.c
extern const struct doc_enum network_forward_values;
extern const struct doc_enum network_mac_table_values, network_trust_values;
extern const struct doc_type network_bandwidth_doc, network_vlan_doc;
extern const struct doc network_doc;
extern const struct doc_namespace network_namespaces[];

// Single elements, for network_def_update(). The partial types skip the completeness check: they
// select the entry to delete.
extern const struct doc_type network_dhcp_range_doc, network_dhcp_host_doc,
    network_dhcp_host_partial_doc, network_forward_interface_doc, network_portgroup_doc,
    network_dns_host_doc, network_dns_host_partial_doc, network_dns_txt_doc,
    network_dns_txt_partial_doc, network_dns_srv_doc, network_dns_srv_partial_doc;

// port_doc.c
extern const struct doc network_port_doc;

// known.c
enum { NETWORK_NKNOWN = 38 };
extern const struct doc_known network_known[NETWORK_NKNOWN];

// validate.c: parts of network_def_validate() that an update checks, too. Messages start with
// `what`.
int network_check_range(const struct network_ip *ip, const struct network_dhcp_range *range,
                        const char *what, struct error *err);
int network_check_dhcp_host(const struct network_ip *ip, const struct network_dhcp_host *host,
                            const char *what, struct error *err);
bool network_ranges_overlap(const struct network_dhcp_range *a, const struct network_dhcp_range *b);
// Compares MAC addresses as text, ignoring case.
bool network_mac_equal(const char *a, const char *b);
