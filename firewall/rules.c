// SPDX-License-Identifier: GPL-2.0-or-later
#include "firewall/rules.h"

#include <netinet/in.h>

enum { PORT_DNS = 53, PORT_DHCP_SERVER = 67, PORT_DHCP_CLIENT = 68, PORT_TFTP = 69 };
enum { PORT_DHCP6_CLIENT = 546, PORT_DHCP6_SERVER = 547 };
enum { NAT_PORT_FIRST = 1024, NAT_PORT_LAST = 65535 };

int firewall_choice_parse(const char *text, enum firewall_choice *ret)
{
    static const char *const names[] = {
        [FIREWALL_AUTO] = "auto",
        [FIREWALL_NFTABLES] = "nftables",
        [FIREWALL_IPTABLES] = "iptables",
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq(text, names[i])) {
            *ret = (enum firewall_choice)i;
            return 0;
        }
    return -EINVAL;
}

static bool interface_valid(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n >= IFNAMSIZ)
        return false;
    for (const char *p = name; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || strchr("/\"\\%*+", *p))
            return false;
    return true;
}

static int check_range(const struct firewall_network *net, int family, const struct ip_addr *first,
                       const struct ip_addr *last, struct error *err)
{
    if (!first->family && !last->family)
        return 0;
    if (first->family != family || last->family != family || ip_compare(first, last) > 0)
        return error_set(err, ERROR_INVALID_ARG, AREA_FIREWALL,
                         "the NAT address range of network '%s' is no range of IPv%d addresses",
                         net->name, family == AF_INET ? 4 : 6);
    return 0;
}

static int check(const struct firewall_network *net, struct error *err)
{
    if (!interface_valid(net->bridge))
        return error_set(err, ERROR_INVALID_ARG, AREA_FIREWALL,
                         "the bridge of network '%s' has a name the packet filter can't carry",
                         net->name);
    if (net->out_device && !interface_valid(net->out_device))
        return error_set(err, ERROR_INVALID_ARG, AREA_FIREWALL,
                         "the forward device of network '%s' has a name the packet filter can't "
                         "carry",
                         net->name);
    if ((net->port_first == 0) != (net->port_last == 0) || net->port_first > net->port_last)
        return error_set(err, ERROR_INVALID_ARG, AREA_FIREWALL,
                         "the NAT port range %u-%u of network '%s' is no range", net->port_first,
                         net->port_last, net->name);
    if (check_range(net, AF_INET, &net->nat_first, &net->nat_last, err) < 0)
        return -1;
    return check_range(net, AF_INET6, &net->nat6_first, &net->nat6_last, err);
}

static void add(struct rule_vec *rules, struct rule rule)
{
    vec_push(rules, rule);
}

static void set_interface(char dst[static IFNAMSIZ], const char *name)
{
    if (name)
        strcpy(dst, name); // checked by interface_valid()
}

static void add_services(const struct firewall_network *net, struct rule_vec *rules)
{
    static const uint8_t both[] = {IPPROTO_UDP, IPPROTO_TCP};
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        struct rule in = {.chain = RULE_INPUT, .protocol = both[i]};
        struct rule out = {.chain = RULE_OUTPUT, .protocol = both[i]};
        if (net->dns) {
            in.port = out.port = PORT_DNS;
            add(rules, in);
            add(rules, out);
        }
        if (net->dhcp) {
            in.family = out.family = RULE_V4;
            in.port = PORT_DHCP_SERVER;
            out.port = PORT_DHCP_CLIENT;
            add(rules, in);
            add(rules, out);
        }
    }
    if (net->dhcp6) {
        add(rules, (struct rule){.chain = RULE_INPUT,
                                 .family = RULE_V6,
                                 .protocol = IPPROTO_UDP,
                                 .port = PORT_DHCP6_SERVER});
        add(rules, (struct rule){.chain = RULE_OUTPUT,
                                 .family = RULE_V6,
                                 .protocol = IPPROTO_UDP,
                                 .port = PORT_DHCP6_CLIENT});
    }
    if (net->tftp) {
        add(rules, (struct rule){.chain = RULE_INPUT, .protocol = IPPROTO_UDP, .port = PORT_TFTP});
        add(rules, (struct rule){.chain = RULE_OUTPUT, .protocol = IPPROTO_UDP, .port = PORT_TFTP});
    }
    // DHCP clients of old read packets before the (virtual) interface has filled in the checksum.
    if (net->dhcp)
        add(rules, (struct rule){.chain = RULE_MANGLE,
                                 .family = RULE_V4,
                                 .protocol = IPPROTO_UDP,
                                 .port = PORT_DHCP_CLIENT,
                                 .action = RULE_FILL_CHECKSUM});
}

static void add_nat(const struct firewall_network *net, const struct ip_prefix *subnet,
                    struct rule_vec *rules)
{
    bool v4 = subnet->addr.family == AF_INET;
    struct rule base = {
        .chain = RULE_NAT, .family = v4 ? RULE_V4 : RULE_V6, .src = *subnet, .action = RULE_RETURN};
    set_interface(base.out, net->out_device);
    // What never leaves the link keeps its source, also when bridged frames come by here.
    static const char *const local4[] = {"224.0.0.0/24", "255.255.255.255/32", NULL};
    static const char *const local6[] = {"ff02::/16", NULL};
    for (const char *const *p = v4 ? local4 : local6; *p; p++) {
        struct rule r = base;
        ip_prefix_parse(*p, &r.dst);
        add(rules, r);
    }
    base.action = RULE_SOURCE_NAT;
    base.dst = *subnet;
    base.not_dst = true;
    base.nat_first = v4 ? net->nat_first : net->nat6_first;
    base.nat_last = v4 ? net->nat_last : net->nat6_last;
    // Ports below 1024 mean privilege to some servers (NFS): guests must not get the host's.
    static const uint8_t with_ports[] = {IPPROTO_TCP, IPPROTO_UDP};
    for (size_t i = 0; i < ARRAY_LEN(with_ports); i++) {
        struct rule r = base;
        r.protocol = with_ports[i];
        r.port_first = net->port_first ? net->port_first : NAT_PORT_FIRST;
        r.port_last = net->port_first ? net->port_last : NAT_PORT_LAST;
        add(rules, r);
    }
    add(rules, base);
}

static void add_subnet(const struct firewall_network *net, const struct ip_prefix *with_host,
                       struct rule_vec *rules)
{
    struct ip_prefix subnet = ip_prefix_network(with_host);
    bool v4 = subnet.addr.family == AF_INET;
    bool nat = net->mode == FIREWALL_NAT && (v4 || net->nat6);
    struct rule to = {.chain = RULE_FORWARD_IN,
                      .family = v4 ? RULE_V4 : RULE_V6,
                      .dst = subnet,
                      .established = nat};
    struct rule from = {.chain = RULE_FORWARD_OUT, .family = v4 ? RULE_V4 : RULE_V6, .src = subnet};
    set_interface(to.in, net->out_device);
    set_interface(from.out, net->out_device);
    add(rules, to);
    add(rules, from);
    if (nat)
        add_nat(net, &subnet, rules);
}

int rules_from_network(const struct firewall_network *net, struct rule_vec *ret, struct error *err)
{
    if (check(net, err) < 0)
        return -1;
    if (net->mode == FIREWALL_OPEN)
        return 0;
    add_services(net, ret);
    // Bridged frames between guests come by here, too, where bridge-nf-call-iptables is on.
    struct rule across = {.chain = RULE_FORWARD_IN};
    set_interface(across.in, net->bridge);
    add(ret, across);
    if (net->mode != FIREWALL_ISOLATED)
        for (size_t i = 0; i < net->nsubnets; i++)
            add_subnet(net, &net->subnets[i], ret);
    add(ret, (struct rule){.chain = RULE_FORWARD_IN, .action = RULE_REJECT});
    add(ret, (struct rule){.chain = RULE_FORWARD_OUT, .action = RULE_REJECT});
    return 0;
}

const struct iptables_place *rules_iptables_place(enum rule_chain chain)
{
    static const struct iptables_place places[RULE_CHAIN_COUNT] = {
        [RULE_INPUT] = {"filter", "INPUT", "VIREO_INP", .match_in = true},
        [RULE_OUTPUT] = {"filter", "OUTPUT", "VIREO_OUT", .match_out = true},
        [RULE_FORWARD_IN] = {"filter", "FORWARD", "VIREO_FWI", .match_out = true},
        [RULE_FORWARD_OUT] = {"filter", "FORWARD", "VIREO_FWO", .match_in = true},
        [RULE_NAT] = {"nat", "POSTROUTING", "VIREO_PRT", .match_in = false},
        [RULE_MANGLE] = {"mangle", "POSTROUTING", "VIREO_PRT", .match_out = true},
    };
    return &places[chain];
}

bool rules_iptables_has(enum rule_family family, const struct rule *rule)
{
    return rule->family == RULE_ANY || rule->family == family;
}
