// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/firewall/networks.h"
#include "base/str.h"
#include "tests/check.h"

#define SERVICES .dns = true, .dhcp = true

const struct network_case NETWORK_CASES[] = {
    {"nat-dhcp", "virbr0", FIREWALL_NAT, {"192.168.122.1/24"}, SERVICES},
    {"nat-dhcp-tftp", "virbr0", FIREWALL_NAT, {"192.168.122.1/24"}, SERVICES, .tftp = true},
    {"nat-no-services", "virbr0", FIREWALL_NAT, {"192.168.122.1/24"}, .dns = false},
    {"nat-dns-only", "virbr0", FIREWALL_NAT, {"192.168.122.1/24"}, .dns = true},
    {"nat-one-device",
     "virbr1",
     FIREWALL_NAT,
     {"192.168.123.1/24"},
     .out_device = "eth1",
     SERVICES},
    {"nat-address-range",
     "virbr2",
     FIREWALL_NAT,
     {"192.168.124.1/24"},
     .nat = {"10.99.0.10", "10.99.0.12"},
     SERVICES},
    {"nat-one-address",
     "virbr2",
     FIREWALL_NAT,
     {"192.168.124.1/24"},
     .nat = {"10.99.0.10", "10.99.0.10"},
     SERVICES},
    {"nat-port-range",
     "virbr2",
     FIREWALL_NAT,
     {"192.168.124.1/24"},
     .ports = {5000, 5999},
     SERVICES},
    {"nat-one-port", "virbr2", FIREWALL_NAT, {"192.168.124.1/24"}, .ports = {5000, 5000}},
    {"nat-address-port-range",
     "virbr2",
     FIREWALL_NAT,
     {"192.168.124.1/24"},
     .nat = {"10.99.0.10", "10.99.0.12"},
     .ports = {5000, 5999},
     SERVICES},
    {"nat-two-subnets", "virbr3", FIREWALL_NAT, {"192.168.125.1/24", "172.16.0.1/12"}, SERVICES},
    {"nat-ipv6-routed",
     "virbr4",
     FIREWALL_NAT,
     {"192.168.126.1/24", "fd00:126::1/64"},
     SERVICES,
     .dhcp6 = true},
    {"nat-ipv6-nat",
     "virbr4",
     FIREWALL_NAT,
     {"192.168.126.1/24", "fd00:126::1/64"},
     SERVICES,
     .dhcp6 = true,
     .nat_v6 = true},
    {"nat-ipv6-only",
     "virbr4",
     FIREWALL_NAT,
     {"fd00:126::1/64"},
     .dns = true,
     .dhcp6 = true,
     .nat_v6 = true},
    {"nat-ipv6-ranges",
     "virbr4",
     FIREWALL_NAT,
     {"192.168.126.1/24", "fd00:126::1/64"},
     SERVICES,
     .dhcp6 = true,
     .nat_v6 = true,
     .nat = {"10.99.0.10", "10.99.0.12"},
     .nat6 = {"fd00:99::10", "fd00:99::12"},
     .ports = {5000, 5999}},
    {"nat-ipv6-address",
     "virbr4",
     FIREWALL_NAT,
     {"fd00:126::1/64"},
     .nat_v6 = true,
     .nat6 = {"fd00:99::10", "fd00:99::10"},
     .out_device = "eth1"},
    {"isolated", "virbr5", FIREWALL_ISOLATED, {"192.168.127.1/24"}, SERVICES},
    {"isolated-bare", "virbr5", FIREWALL_ISOLATED, {NULL}, .dns = false},
    {"isolated-ipv6",
     "virbr5",
     FIREWALL_ISOLATED,
     {"192.168.127.1/24", "fd00:127::1/64"},
     SERVICES,
     .dhcp6 = true},
    {"route", "virbr6", FIREWALL_ROUTE, {"192.168.128.1/24"}, SERVICES},
    {"route-one-device",
     "virbr6",
     FIREWALL_ROUTE,
     {"192.168.128.1/24"},
     .out_device = "eth1",
     SERVICES},
    {"route-ipv6",
     "virbr6",
     FIREWALL_ROUTE,
     {"192.168.128.1/24", "fd00:128::1/64"},
     SERVICES,
     .dhcp6 = true},
    {"open", "virbr7", FIREWALL_OPEN, {"192.168.129.1/24"}, SERVICES},
    {"odd-bridge-name", "br_a@b.1-x", FIREWALL_NAT, {"192.168.130.1/24"}, SERVICES},
};
const size_t NETWORK_CASES_COUNT = ARRAY_LEN(NETWORK_CASES);

static void range(const char *const text[2], struct ip_addr *first, struct ip_addr *last)
{
    if (!text[0])
        return;
    CHECK_INT(ip_parse(text[0], first), 0);
    CHECK_INT(ip_parse(text[1], last), 0);
}

void network_from_case(const struct network_case *c, struct ip_prefix storage[static SUBNETS_MAX],
                       struct firewall_network *ret)
{
    *ret = (struct firewall_network){.name = c->name,
                                     .bridge = c->bridge,
                                     .mode = c->mode,
                                     .subnets = storage,
                                     .out_device = c->out_device,
                                     .nat6 = c->nat_v6,
                                     .port_first = c->ports[0],
                                     .port_last = c->ports[1],
                                     .dns = c->dns,
                                     .dhcp = c->dhcp,
                                     .dhcp6 = c->dhcp6,
                                     .tftp = c->tftp};
    for (; ret->nsubnets < SUBNETS_MAX && c->subnets[ret->nsubnets]; ret->nsubnets++)
        CHECK_INT(ip_prefix_parse(c->subnets[ret->nsubnets], &storage[ret->nsubnets]), 0);
    range(c->nat, &ret->nat_first, &ret->nat_last);
    range(c->nat6, &ret->nat6_first, &ret->nat6_last);
}

const struct network_case *network_case_find(const char *name)
{
    for (size_t i = 0; i < NETWORK_CASES_COUNT; i++)
        if (str_eq(NETWORK_CASES[i].name, name))
            return &NETWORK_CASES[i];
    fprintf(stderr, "no case '%s'\n", name);
    exit(1);
}
