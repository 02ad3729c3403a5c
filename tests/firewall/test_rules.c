// SPDX-License-Identifier: GPL-2.0-or-later
// Networks as rules of both backends, compared with golden/.
#include "firewall/rules.h"
#include "tests/check.h"
#include "tests/firewall/iptables_text.h"
#include "tests/firewall/networks.h"
#include "tests/golden.h"

static void compare(const char *name, const char *suffix, const char *got)
{
    AUTO_FREE char *path = xasprintf("golden/%s.%s", name, suffix);
    golden_compare(path, got);
}

static void test_goldens(void)
{
    for (size_t i = 0; i < NETWORK_CASES_COUNT; i++) {
        struct ip_prefix subnets[SUBNETS_MAX];
        struct firewall_network net;
        network_from_case(&NETWORK_CASES[i], subnets, &net);
        struct rule_vec rules = {0};
        AUTO_ERROR err = ERROR_INIT;
        CHECK_INT(rules_from_network(&net, &rules, &err), 0);
        CHECK_INT(rules.n == 0, net.mode == FIREWALL_OPEN);
        AUTO_STRBUF nft = {0}, v4 = {0}, v6 = {0};
        rules_to_nft(&net, &rules, &nft);
        iptables_text(&net, &rules, RULE_V4, &v4);
        iptables_text(&net, &rules, RULE_V6, &v6);
        compare(net.name, "nft", strbuf_text(&nft));
        compare(net.name, "iptables", strbuf_text(&v4));
        compare(net.name, "ip6tables", strbuf_text(&v6));
        vec_finish(&rules);
    }
    AUTO_STRBUF removal = {0};
    rules_remove_nft("virbr0", &removal);
    compare("remove", "nft", strbuf_text(&removal));
}

static void refused(struct firewall_network net, const char *why)
{
    struct rule_vec rules = {0};
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(rules_from_network(&net, &rules, &err), -1);
    CHECK_CONTAINS(err.message, why);
    CHECK_CONTAINS(err.message, "'n1'");
    CHECK_INT(rules.n, 0);
}

static void test_refused(void)
{
    struct firewall_network good = {.name = "n1", .bridge = "br0", .mode = FIREWALL_NAT}, net;
    static const char *const names[] = {"",   "a\"b", "a b",   "x\n",        "much-too-long-for-it",
                                        "a*", "br+",  "a;b\\", "caf\xc3\xa9"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        net = good;
        net.bridge = names[i];
        refused(net, "bridge");
        net = good;
        net.out_device = names[i];
        refused(net, "forward device");
    }
    net = good;
    net.port_first = 10;
    refused(net, "port range 10-0");
    net.port_last = 9;
    refused(net, "port range 10-9");
    net = good;
    ip_parse("10.0.0.9", &net.nat_first);
    refused(net, "address range");
    ip_parse("10.0.0.8", &net.nat_last);
    refused(net, "address range");
    ip_parse("fd00::1", &net.nat_last);
    refused(net, "address range");
}

// The tag differs between two definitions, and only then.
static void test_tag(void)
{
    struct ip_prefix s1[SUBNETS_MAX], s2[SUBNETS_MAX];
    struct firewall_network a, b;
    network_from_case(network_case_find("nat-dhcp"), s1, &a);
    network_from_case(network_case_find("nat-dhcp-tftp"), s2, &b);
    struct rule_vec ra = {0}, rb = {0};
    rules_from_network(&a, &ra, NULL);
    rules_from_network(&b, &rb, NULL);
    AUTO_FREE char *ta = rules_nft_tag(&a, &ra), *again = rules_nft_tag(&a, &ra);
    AUTO_FREE char *tb = rules_nft_tag(&a, &rb);
    CHECK_STR(ta, again);
    CHECK(strcmp(ta, tb) != 0);
    a.name = "\"; flush ruleset; \n";
    AUTO_FREE char *evil = rules_nft_tag(&a, &ra);
    CHECK(!strpbrk(evil, "\";\n"));
    vec_finish(&ra);
    vec_finish(&rb);
}

static void test_chain_names(void)
{
    static const char *const bridges[] = {"virbr0", "br_a@b.1-x", "_", "a_5f", "x__y"};
    for (size_t i = 0; i < ARRAY_LEN(bridges); i++) {
        AUTO_STRBUF name = {0};
        rules_nft_chain(RULE_FORWARD_IN, bridges[i], &name);
        AUTO_FREE char *back = rules_nft_bridge(name.data);
        CHECK_STR(back, bridges[i]);
        CHECK(strlen(name.data) == strspn(name.data, "abcdefghijklmnopqrstuvwxyz0123456789_.-"));
    }
    static const char *const others[] = {"input", "forward", "docker_x", "to", "to_", "nat"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        CHECK(!rules_nft_bridge(others[i]));
}

int main(void)
{
    RUN(test_goldens);
    RUN(test_refused);
    RUN(test_tag);
    RUN(test_chain_names);
    return 0;
}
