// SPDX-License-Identifier: GPL-2.0-or-later
// Both backends in a real kernel, with real traffic: modes of networks, addresses of NAT, repair,
// rules of other programs, no backend.
#include "tests/firewall/iptables_text.h"
#include "tests/firewall/networks.h"
#include "tests/firewall/stage.h"

#include <ctype.h>
#include <sys/wait.h>

static void test_nat(void)
{
    check_both(&guest, "10.99.0.2", "192.168.122.2"); // without rules: routed as it is
    struct firewall_network net = network(FIREWALL_NAT), other = neighbours(FIREWALL_NAT);
    apply(&net);
    apply(&other);
    check_complete(&net);
    check_complete(&other);
    check_both(&guest, "10.99.0.2", "10.99.0.1");
    check_both(&guest, "10.98.0.2", "10.98.0.1");
    check_both(&neighbour, "10.99.0.2", "10.99.0.1");
    char from[64];
    CHECK(ask(&guest, "tcp", "10.99.0.2", from) >= 1024);
    check_both(&outside, "192.168.122.2", "refused");
    check_both(&guest, "192.168.129.2", "refused");     // one network doesn't reach the other,
    check_both(&neighbour, "192.168.122.2", "refused"); // whichever came first
    // IPv6 without nat6 is routed, both ways.
    check_both(&guest, "fd00:99::2", "fd00:122::2");
    check_both(&outside, "fd00:122::2", "fd00:99::2");
    remove_network("virbr9");
    check_complete(&net);
    check_both(&guest, "10.99.0.2", "10.99.0.1");
    remove_network("virbr0");
    remove_network("virbr0");
    check_clean();
}

static void test_nat_ipv6(void)
{
    struct firewall_network net = network(FIREWALL_NAT);
    net.nat6 = true;
    apply(&net);
    check_complete(&net);
    char from[64];
    ask(&guest, "tcp", "fd00:99::2", from);
    CHECK(str_starts(from, "fd00:99::1") && !strchr(from + 10, ':'));
    check_both(&outside, "fd00:122::2", "refused");
    check_both(&outside, "192.168.122.2", "refused");
    remove_network("virbr0");
}

static void test_nat_ranges(void)
{
    struct firewall_network net = network(FIREWALL_NAT);
    net.nat6 = true;
    net.port_first = 5000;
    net.port_last = 5099;
    ip_parse("10.99.0.10", &net.nat_first);
    ip_parse("10.99.0.12", &net.nat_last);
    ip_parse("fd00:99::11", &net.nat6_first);
    ip_parse("fd00:99::11", &net.nat6_last);
    apply(&net);
    check_complete(&net);
    for (int i = 0; i < 8; i++) {
        char from[64];
        int port = ask(&guest, i % 2 ? "udp" : "tcp", "10.99.0.2", from);
        CHECK(port >= 5000 && port <= 5099);
        CHECK(str_eq(from, "10.99.0.10") || str_eq(from, "10.99.0.11") ||
              str_eq(from, "10.99.0.12"));
        port = ask(&guest, i % 2 ? "udp" : "tcp", "fd00:99::2", from);
        CHECK(port >= 5000 && port <= 5099);
        CHECK_STR(from, "fd00:99::11");
    }
    remove_network("virbr0");
}

static void test_nat_device(void)
{
    struct firewall_network net = network(FIREWALL_NAT);
    net.out_device = "up1";
    apply(&net);
    check_complete(&net);
    check_both(&guest, "10.98.0.2", "10.98.0.1");
    check_both(&guest, "10.99.0.2", "refused");
    net.out_device = "up0"; // changed in place
    check_missing(&net, "virbr0");
    apply(&net);
    check_complete(&net);
    check_both(&guest, "10.99.0.2", "10.99.0.1");
    check_both(&guest, "10.98.0.2", "refused");
    remove_network("virbr0");
}

static void test_isolated(void)
{
    struct firewall_network net = network(FIREWALL_ISOLATED);
    apply(&net);
    check_complete(&net);
    check_both(&guest, "10.99.0.2", "refused");
    check_both(&guest, "fd00:99::2", "refused");
    check_both(&outside, "192.168.122.2", "refused");
    check_both(&outside, "fd00:122::2", "refused");
    // Guests of one bridge still reach each other.
    netns_sh("ip link set g9 master virbr0");
    agent_sh(&neighbour, "ip addr add 192.168.122.9/24 dev eth0");
    check_both(&guest, "192.168.122.9", "192.168.122.2");
    agent_sh(&neighbour, "ip addr del 192.168.122.9/24 dev eth0");
    netns_sh("ip link set g9 master virbr9");
    remove_network("virbr0");
    check_clean();
}

static void test_route(void)
{
    struct firewall_network net = network(FIREWALL_ROUTE);
    apply(&net);
    check_complete(&net);
    check_both(&guest, "10.99.0.2", "192.168.122.2");
    check_both(&outside, "192.168.122.2", "10.99.0.2");
    check_both(&guest, "fd00:99::2", "fd00:122::2");
    check_both(&outside, "fd00:122::2", "fd00:99::2");
    // Only from its own subnet.
    netns_sh("ip route add 172.20.0.0/24 dev virbr0");
    agent_sh(
        &guest,
        "ip addr add 172.20.0.2/24 dev eth0 && ip route add 10.99.0.2/32 via 192.168.122.1 src 172.20.0.2");
    check_both(&guest, "10.99.0.2", "refused");
    agent_sh(&guest,
             "ip addr del 172.20.0.2/24 dev eth0; ip route del 10.99.0.2/32 2>/dev/null; true");
    netns_sh("ip route del 172.20.0.0/24 dev virbr0");
    net.mode = FIREWALL_OPEN;
    apply(&net);
    check_complete(&net);
    check_clean(); // open: no rules at all
    check_both(&outside, "192.168.122.2", "10.99.0.2");
}

static void save_lines(const char *text, struct strv *lines)
{
    AUTO_FREE char *copy = xstrdup(text);
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (strstr(line, "VIREO") && str_starts(line, "-A"))
            strv_push(lines, line);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// What the kernel has, as the real iptables-save shows it, is what iptables_text() says.
static void check_saved(const struct firewall_network *net, enum rule_family family)
{
    AUTO_FREE char *saved =
        netns_output(family == RULE_V4 ? "iptables-legacy-save" : "ip6tables-legacy-save");
    struct rule_vec rules = {0};
    CHECK_INT(rules_from_network(net, &rules, NULL), 0);
    AUTO_STRBUF text = {0};
    iptables_text(net, &rules, family, &text);
    struct strv got = {0}, want = {0};
    save_lines(saved, &got);
    save_lines(strbuf_text(&text), &want);
    // Sorted: the order of chains is theirs, that within a chain is compared by verify.
    if (got.n)
        qsort(got.v, got.n, sizeof(char *), compare_lines);
    if (want.n)
        qsort(want.v, want.n, sizeof(char *), compare_lines);
    for (size_t i = 0; i < got.n && i < want.n; i++)
        CHECK_STR(got.v[i], want.v[i]);
    CHECK_INT(got.n, want.n);
    strv_finish(&got);
    strv_finish(&want);
    vec_finish(&rules);
}

static void test_every_case(void)
{
    for (size_t i = 0; i < NETWORK_CASES_COUNT; i++) {
        struct ip_prefix subnets[SUBNETS_MAX];
        struct firewall_network net;
        network_from_case(&NETWORK_CASES[i], subnets, &net);
        apply(&net);
        check_complete(&net);
        apply(&net);
        check_complete(&net);
        if (legacy) {
            check_saved(&net, RULE_V4);
            check_saved(&net, RULE_V6);
        }
        // The next definition of the same bridge replaces this one.
        struct firewall_network next;
        struct ip_prefix more[SUBNETS_MAX];
        network_from_case(&NETWORK_CASES[(i + 7) % NETWORK_CASES_COUNT], more, &next);
        next.bridge = net.bridge;
        apply(&next);
        check_complete(&next);
        remove_network(net.bridge);
        check_clean();
    }
}

// Everything that may happen to the rules is noticed, named, and repaired by applying again.
static void test_healing(void)
{
    static const char *const nft[] = {
        "nft flush ruleset",
        "nft delete table inet vireo",
        "nft flush table inet vireo",
        "nft flush chain inet vireo to_virbr0",
        "nft flush map inet vireo from",
        "nft flush chain inet vireo forward",
        "nft delete element inet vireo to '{ \"virbr0\" }'",
        "nft delete chain inet vireo nat_virbr0",
        "nft add rule inet vireo from_virbr0 drop",
    };
    static const char *const ipt[] = {
        "iptables-legacy -F",
        "iptables-legacy -t nat -F",
        "iptables-legacy -t mangle -F",
        "ip6tables-legacy -F",
        "iptables-legacy -F FORWARD",
        "iptables-legacy -t nat -F POSTROUTING",
        "iptables-legacy -F VIREO_FWI",
        "iptables-legacy -F VIREO_FWO_virbr0",
        "iptables-legacy -D VIREO_FWI_virbr0 1",
        "iptables-legacy -I VIREO_FWO_virbr0 -j DROP",
        "iptables-legacy -A FORWARD -j VIREO_FWI",
        "iptables-legacy -t nat -R VIREO_PRT_virbr0 1 -s 1.2.3.4 -j RETURN",
        "iptables-legacy -F && iptables-legacy -X && iptables-legacy -t nat -F && iptables-legacy -t nat -X",
    };
    const char *const *commands = legacy ? ipt : nft;
    size_t n = legacy ? ARRAY_LEN(ipt) : ARRAY_LEN(nft);
    struct firewall_network net = network(FIREWALL_NAT);
    apply(&net);
    for (size_t i = 0; i < n; i++) {
        check_complete(&net);
        netns_sh("%s", commands[i]);
        struct op op = {.fn = do_verify, .net = &net};
        must(&op);
        if (op.complete)
            fprintf(stderr, "not noticed: %s\n", commands[i]);
        CHECK(!op.complete && op.missing);
        free(op.missing);
        apply(&net);
        check_complete(&net);
        check_from(&guest, "udp", "10.99.0.2", "10.99.0.1");
        check_from(&outside, "udp", "192.168.122.2", "refused");
    }
    remove_network("virbr0");
    check_clean();
}

static void test_foreign_untouched(void)
{
    netns_sh(
        "iptables-legacy -A FORWARD -s 1.2.3.4 -j ACCEPT && iptables-legacy -t nat -A POSTROUTING -s 1.2.3.5 -j ACCEPT && "
        "iptables-legacy -N VIRE && iptables-legacy -A VIRE -j RETURN && "
        "nft add table inet theirs && nft add chain inet theirs c && nft add rule inet theirs c accept");
    // The packet counters of the built-in chains are not vireod's to keep.
    static const char SAVE[] =
        "(iptables-legacy-save; nft list table inet theirs) | grep -v '^[#:]'";
    AUTO_FREE char *before = netns_output("%s", SAVE);
    struct firewall_network net = network(FIREWALL_NAT);
    apply(&net);
    AUTO_FREE char *during = netns_output("%s", SAVE);
    CHECK_CONTAINS(during, "1.2.3.4");
    remove_network("virbr0");
    AUTO_FREE char *after = netns_output("%s", SAVE);
    CHECK_STR(after, before);
    check_clean();
    netns_sh(
        "iptables-legacy -F && iptables-legacy -X && iptables-legacy -t nat -F && nft delete table inet theirs");
}

static int do_sweep(struct task *t, struct op *op)
{
    return firewall_sweep(t, fw, op->known, &op->err);
}

static void test_sweep(void)
{
    struct firewall_network net = network(FIREWALL_NAT), other = neighbours(FIREWALL_NAT);
    apply(&net);
    apply(&other);
    struct strv known = {0};
    strv_push(&known, "virbr0");
    struct op op = {.fn = do_sweep, .known = &known};
    must(&op);
    check_complete(&net);
    check_missing(&other, "virbr9");
    check_from(&guest, "udp", "10.99.0.2", "10.99.0.1");
    // Left behind by the other backend: gone, too.
    struct firewall *mine = fw;
    fw = firewall_create(
        &(struct firewall_options){.choice = legacy ? FIREWALL_NFTABLES : FIREWALL_IPTABLES});
    must(&op);
    struct op verify = {.fn = do_verify, .net = &net};
    must(&verify);
    CHECK(!verify.complete);
    free(verify.missing);
    check_clean();
    firewall_destroy(fw);
    fw = mine;
    apply(&net);
    strv_finish(&known);
    known = (struct strv){0};
    must(&op);
    check_clean();
}

// Without a usable backend: isolated and open networks work, the others say why not.
static void test_no_backend(void)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (seteuid(65534) < 0)
            _exit(77);
        fw = firewall_create(&(struct firewall_options){.choice = FIREWALL_AUTO});
        CHECK(!firewall_backend_name(fw));
        CHECK_CONTAINS(firewall_backend_reason(fw), "nftables: ");
        CHECK_CONTAINS(firewall_backend_reason(fw), "iptables: ");
        struct firewall_network net = network(FIREWALL_ISOLATED);
        apply(&net);
        check_complete(&net);
        net.mode = FIREWALL_OPEN;
        apply(&net);
        net.mode = FIREWALL_NAT;
        struct op op = {.fn = do_apply, .net = &net};
        run_task(op_task, &op);
        CHECK_INT(op.result, -1);
        CHECK_INT(op.err.code, ERROR_BUILD_FIREWALL);
        CHECK_CONTAINS(op.err.message, "network 'default' cannot do NAT: no packet filter");
        error_clear(&op.err);
        firewall_destroy(fw);
        fflush(NULL);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    CHECK_INT(status, 0);
}

static void run(void)
{
    RUN(test_nat);
    RUN(test_nat_ipv6);
    RUN(test_nat_ranges);
    RUN(test_nat_device);
    RUN(test_isolated);
    RUN(test_route);
    RUN(test_every_case);
    RUN(test_healing);
    RUN(test_foreign_untouched);
    RUN(test_sweep);
    RUN(test_no_backend);
}

int main(int argc, char **argv)
{
    return stage_main(argc, argv, run);
}
