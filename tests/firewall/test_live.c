// SPDX-License-Identifier: GPL-2.0-or-later
// Both backends in a real kernel, with real traffic: a guest behind a bridge, a second network, and
// an outside host, each in a network namespace of its own. argv[1] is the backend.
#include "base/str.h"
#include "bridge/bridge.h"
#include "firewall/rules.h"
#include "tests/bridge/netns.h"
#include "tests/firewall/iptables_text.h"
#include "tests/firewall/networks.h"

#include <ctype.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { PORT = 7000, FOREIGN = 1000, RIVALS = 60 };
static const char LOCK[] = "/run/xtables.lock";

// The stage: made once, then every test has it.
static struct agent guest, neighbour, outside;
static struct firewall *fw;
static bool legacy;

// --- calls as tasks

struct op {
    int (*fn)(struct task *t, struct op *op);
    const struct firewall_network *net;
    const char *bridge;
    const struct strv *known;
    struct strv *blockers;
    bool complete;
    char *missing;
    struct error err;
    int result;
    uint64_t took_us;
};

static void op_task(struct task *t, void *arg)
{
    struct op *op = arg;
    uint64_t start = now_monotonic_us();
    op->result = op->fn(t, op);
    op->took_us = now_monotonic_us() - start;
}

static void must(struct op *op)
{
    run_task(op_task, op);
    if (op->result < 0) {
        fprintf(stderr, "failed: %s\n", error_message(&op->err));
        exit(1);
    }
}

static int do_apply(struct task *t, struct op *op)
{
    return firewall_apply(t, fw, op->net, &op->err);
}

static int do_verify(struct task *t, struct op *op)
{
    return firewall_verify(t, fw, op->net, &op->complete, &op->missing, &op->err);
}

static int do_remove(struct task *t, struct op *op)
{
    return firewall_remove(t, fw, op->bridge, &op->err);
}

static int do_sweep(struct task *t, struct op *op)
{
    return firewall_sweep(t, fw, op->known, &op->err);
}

static int do_blockers(struct task *t, struct op *op)
{
    return firewall_find_blockers(t, fw, op->bridge, true, op->blockers, &op->err);
}

static uint64_t apply(const struct firewall_network *net)
{
    struct op op = {.fn = do_apply, .net = net};
    must(&op);
    return op.took_us;
}

static void remove_network(const char *bridge)
{
    struct op op = {.fn = do_remove, .bridge = bridge};
    must(&op);
}

static void check_complete(const struct firewall_network *net)
{
    struct op op = {.fn = do_verify, .net = net};
    must(&op);
    if (!op.complete)
        fprintf(stderr, "missing: %s\n", op.missing);
    CHECK(op.complete);
}

static void check_missing(const struct firewall_network *net, const char *what)
{
    struct op op = {.fn = do_verify, .net = net};
    must(&op);
    CHECK(!op.complete);
    CHECK_CONTAINS(op.missing, what);
    free(op.missing);
}

// --- the stage

static void make_stage(void)
{
    agent_start(&guest);
    agent_start(&neighbour);
    agent_start(&outside);
    netns_sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 "
             "net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0");
    netns_sh("ip link add up0 type veth peer name eth0 netns %d && "
             "ip link add up1 type veth peer name eth1 netns %d && "
             "ip link add virbr0 type bridge && ip link add virbr9 type bridge && "
             "ip link add g0 type veth peer name eth0 netns %d && "
             "ip link add g9 type veth peer name eth0 netns %d",
             outside.pid, outside.pid, guest.pid, neighbour.pid);
    netns_sh("ip link set g0 master virbr0 && ip link set g9 master virbr9 && "
             "for i in up0 up1 g0 g9 virbr0 virbr9; do ip link set $i up || exit 1; done");
    netns_sh(
        "for i in 1 10 11 12; do ip addr add 10.99.0.$i/24 dev up0 && "
        "ip addr add fd00:99::$i/64 dev up0 nodad || exit 1; done; "
        "ip addr add 10.98.0.1/24 dev up1 && ip addr add 192.168.122.1/24 dev virbr0 && "
        "ip addr add fd00:122::1/64 dev virbr0 nodad && ip addr add 192.168.129.1/24 dev virbr9");
    agent_sh(&outside,
             "ip link set eth0 up && ip link set eth1 up && ip addr add 10.99.0.2/24 dev eth0 && "
             "ip addr add fd00:99::2/64 dev eth0 nodad && ip addr add 10.98.0.2/24 dev eth1 && "
             "ip route add default via 10.99.0.1 && ip -6 route add default via fd00:99::1");
    agent_sh(&guest,
             "ip link set eth0 up && ip addr add 192.168.122.2/24 dev eth0 && "
             "ip addr add fd00:122::2/64 dev eth0 nodad && "
             "ip route add default via 192.168.122.1 && ip -6 route add default via fd00:122::1");
    agent_sh(&neighbour, "ip link set eth0 up && ip addr add 192.168.129.2/24 dev eth0 && "
                         "ip route add default via 192.168.129.1");
    agent_serve(&guest, PORT);
    agent_serve(&neighbour, PORT);
    agent_serve(&outside, PORT);
}

// What the outside sees as the guest's address and port.
static int ask(struct agent *a, const char *protocol, const char *address, char from[static 64])
{
    const char *answer = agent_ask(a, protocol, address, PORT);
    int port = 0;
    if (sscanf(answer, "%63s %d", from, &port) != 2)
        snprintf(from, 64, "%s", answer);
    return port;
}

static void check_from(struct agent *a, const char *protocol, const char *to, const char *want)
{
    char from[64];
    bool reached = !str_eq(want, "refused") && !str_eq(want, "timeout");
    ask(a, protocol, to, from);
    for (int i = 0; reached && i < 5 && str_eq(from, "timeout"); i++) // a busy machine
        ask(a, protocol, to, from);
    // Between namespaces of one machine the ICMP error arrives while connect() still holds the
    // socket, and TCP ignores it then: it is asked again by the retransmission a second later.
    if (str_eq(protocol, "tcp") && str_eq(want, "refused") && str_eq(from, "timeout"))
        return;
    if (strcmp(from, want) != 0)
        fprintf(stderr, "%s to %s\n", protocol, to);
    CHECK_STR(from, want);
}

static void check_both(struct agent *a, const char *to, const char *want)
{
    check_from(a, "tcp", to, want);
    check_from(a, "udp", to, want);
}

static struct ip_prefix SUBNET4, SUBNETS[2];

static struct firewall_network network(enum firewall_mode mode)
{
    ip_prefix_parse("192.168.122.1/24", &SUBNETS[0]);
    ip_prefix_parse("fd00:122::1/64", &SUBNETS[1]);
    return (struct firewall_network){.name = "default",
                                     .bridge = "virbr0",
                                     .mode = mode,
                                     .subnets = SUBNETS,
                                     .nsubnets = 2,
                                     .dns = true,
                                     .dhcp = true,
                                     .dhcp6 = true};
}

static struct firewall_network neighbours(enum firewall_mode mode)
{
    ip_prefix_parse("192.168.129.1/24", &SUBNET4);
    return (struct firewall_network){
        .name = "other", .bridge = "virbr9", .mode = mode, .subnets = &SUBNET4, .nsubnets = 1};
}

static void check_clean(void)
{
    if (legacy) {
        AUTO_FREE char *v4 = netns_output("iptables-legacy-save");
        AUTO_FREE char *v6 = netns_output("ip6tables-legacy-save");
        CHECK(!strstr(v4, "VIREO") && !strstr(v6, "VIREO"));
        CHECK(!strstr(v4, "vireo") && !strstr(v6, "vireo"));
    } else {
        AUTO_FREE char *rules = netns_output("nft list ruleset");
        CHECK(!strstr(rules, "vireo"));
    }
}

// --- tests

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

static void find_blockers(struct strv *found)
{
    struct op op = {.fn = do_blockers, .bridge = "virbr0", .blockers = found};
    must(&op);
}

static void check_blocked(const char *part, const char *part2)
{
    struct strv found = {0};
    find_blockers(&found);
    CHECK_INT(found.n, 1);
    CHECK_CONTAINS(found.v[0], part);
    CHECK_CONTAINS(found.v[0], part2);
    strv_finish(&found);
}

static void check_not_blocked(void)
{
    struct strv found = {0};
    find_blockers(&found);
    if (found.n)
        fprintf(stderr, "%s\n", found.v[0]);
    CHECK_INT(found.n, 0);
    strv_finish(&found);
}

static void test_blockers(void)
{
    struct firewall_network net = network(FIREWALL_NAT);
    apply(&net);
    check_not_blocked();
    netns_sh("iptables-legacy -P FORWARD DROP");
    if (legacy) { // the same table: vireod's is first
        check_not_blocked();
        check_from(&guest, "udp", "10.99.0.2", "10.99.0.1");
    } else {
        check_from(&guest, "udp", "10.99.0.2", "timeout");
        check_blocked("FORWARD in the legacy iptables table 'filter' of another program",
                      "policy DROP");
    }
    netns_sh(
        "iptables-legacy -P FORWARD ACCEPT && iptables-nft -N ufw-before-forward && iptables-nft -P FORWARD DROP");
    check_from(&guest, "udp", "10.99.0.2", "timeout");
    check_blocked("nftables table 'ip filter' of ufw", "ufw route allow in on virbr0");
    netns_sh("iptables-nft -P FORWARD ACCEPT && iptables-nft -A FORWARD -j REJECT");
    check_from(&guest, "udp", "10.99.0.2", "refused");
    check_blocked("of ufw", "drops whatever is forwarded");
    netns_sh(
        "nft delete table ip filter; nft add table inet firewalld && nft 'add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; }' && "
        "nft add rule inet firewalld filter_FORWARD ct state established accept && nft add rule inet firewalld filter_FORWARD reject with icmpx admin-prohibited");
    check_from(&guest, "udp", "10.99.0.2", "unreachable");
    check_blocked("'inet firewalld' of firewalld", "firewall-cmd");
    netns_sh("nft delete table inet firewalld");
    check_not_blocked();
    check_from(&guest, "tcp", "10.99.0.2", "10.99.0.1");
    netns_sh(
        "nft add table inet theirs && nft 'add chain inet theirs input { type filter hook input priority 0; policy drop; }' && "
        "nft add rule inet theirs input iifname lo accept");
    check_blocked("the chain 'input' in the nftables table 'inet theirs' of another program",
                  "the accept of DHCP and DNS from bridge 'virbr0'");
    // Its owner knows the bridge.
    netns_sh("nft add rule inet theirs input iifname 'virbr*' udp dport 67 accept");
    check_not_blocked();
    netns_sh("nft delete table inet theirs");
    remove_network("virbr0");
}

static unsigned count_tagged(const char *tool)
{
    AUTO_FREE char *text = netns_output("%s-save | grep -c 'vireo virbr0'; true", tool);
    return (unsigned)atoi(text);
}

// Chains that all users of iptables share, with policies as ufw sets them.
static void shared(const char *tool)
{
    bool in_the_way = !(legacy && str_eq(tool, "iptables-legacy"));
    struct firewall_network net = network(FIREWALL_NAT);
    netns_sh(
        "%s -P INPUT DROP && %s -P FORWARD DROP && %s -N ufw-user-forward && %s -A FORWARD -j ufw-user-forward",
        tool, tool, tool, tool);
    apply(&net);
    check_complete(&net);
    check_not_blocked();
    check_both(&guest, "10.99.0.2", "10.99.0.1");
    check_both(&outside, "192.168.122.2", "refused"); // vireod's rules still decide
    if (in_the_way) {
        AUTO_FREE char *input = netns_output("%s -S INPUT", tool);
        CHECK_CONTAINS(input, "-i virbr0 -p udp -m udp --dport 67 ");
        CHECK_CONTAINS(input, "-i virbr0 -p tcp -m tcp --dport 53 ");
        AUTO_FREE char *output = netns_output("%s -S OUTPUT", tool);
        CHECK(!strstr(output, "virbr0")); // drops nothing
        unsigned count = count_tagged(tool);
        // Read back from a file they differ.
        netns_sh("%s-save >/run/saved && %s-restore </run/saved", tool, tool);
        check_complete(&net);
        apply(&net);
        CHECK_INT(count_tagged(tool), count);
        netns_sh("%s -D FORWARD 1", tool);
        check_missing(&net, "FORWARD");
        apply(&net);
        check_both(&guest, "10.99.0.2", "10.99.0.1");
        // A rule that drops all traffic before vireod's is there on purpose and stays.
        netns_sh("%s -I FORWARD -j DROP", tool);
        check_complete(&net);
        check_blocked("FORWARD", "drops whatever is forwarded");
        netns_sh("%s -D FORWARD 1", tool);
        netns_sh("%s -P INPUT ACCEPT && %s -P FORWARD ACCEPT", tool, tool);
        check_complete(&net);
        apply(&net);
        CHECK_INT(count_tagged(tool), 0);
        netns_sh("%s -P INPUT DROP && %s -P FORWARD DROP", tool, tool);
        check_missing(&net, "accept in the chain");
        apply(&net);
    }
    remove_network("virbr0");
    CHECK_INT(count_tagged(tool), 0);
    netns_sh("%s -P INPUT ACCEPT && %s -P FORWARD ACCEPT && %s -F && %s -X", tool, tool, tool,
             tool);
    check_clean();
}

static void test_shared_chains(void)
{
    shared("iptables-legacy");
    shared("iptables-nft");
    netns_sh("nft delete table ip filter");
}

static void docker(const char *tool)
{
    netns_sh("%s -N DOCKER-USER && %s -A DOCKER-USER -j RETURN && %s -N DOCKER && "
             "%s -I FORWARD -j DOCKER-USER && %s -P FORWARD DROP",
             tool, tool, tool, tool, tool);
    struct firewall_network net = network(FIREWALL_NAT);
    struct firewall_network other = neighbours(FIREWALL_ISOLATED);
    apply(&net);
    apply(&other);
    check_complete(&net);
    check_not_blocked();
    check_both(&guest, "10.99.0.2", "10.99.0.1");
    check_both(&outside, "192.168.122.2", "refused"); // vireod's rules still decide
    check_both(&neighbour, "10.99.0.2", "refused");
    // Docker restarted: its chain again, in front.
    netns_sh("%s -F DOCKER-USER", tool);
    check_missing(&net, "DOCKER-USER");
    apply(&net);
    check_complete(&net);
    check_both(&guest, "10.99.0.2", "10.99.0.1");
    AUTO_FREE char *with = netns_output("%s -S DOCKER-USER", tool);
    CHECK_CONTAINS(with, "virbr0");
    remove_network("virbr0");
    remove_network("virbr9");
    AUTO_FREE char *without = netns_output("%s -S DOCKER-USER", tool);
    CHECK(!strstr(without, "virbr"));
    netns_sh("%s -P FORWARD ACCEPT && %s -F && %s -X", tool, tool, tool);
    check_clean();
}

static void test_docker(void)
{
    docker("iptables-legacy");
    docker("iptables-nft");
    netns_sh("nft delete table ip filter");
}

static void add_foreign(void)
{
    netns_sh(
        "(echo '*filter'; for i in $(seq %d); do echo \"-A FORWARD -s 10.7.$((i / 250)).$((i %% 250))/32 -p tcp -m tcp --dport $i -j ACCEPT\"; done; echo COMMIT; "
        "echo '*nat'; for i in $(seq %d); do echo \"-A POSTROUTING -s 10.7.$((i / 250)).$((i %% 250))/32 -j ACCEPT\"; done; echo COMMIT) | iptables-legacy-restore",
        FOREIGN, FOREIGN);
    netns_sh(
        "(echo 'add table inet theirs'; echo 'add chain inet theirs c'; for i in $(seq %d); do "
        "echo \"add rule inet theirs c ip saddr 10.7.$((i / 250)).$((i %% 250)) tcp dport $i accept\"; done) | nft -f -",
        FOREIGN);
}

static void test_speed(void)
{
    add_foreign();
    struct firewall_network net = network(FIREWALL_NAT);
    uint64_t best = UINT64_MAX, best_verify = UINT64_MAX;
    for (int i = 0; i < 7; i++) {
        net.tftp = i % 2; // so that there is something to change
        uint64_t took = apply(&net);
        best = took < best ? took : best;
        struct op op = {.fn = do_verify, .net = &net};
        must(&op);
        CHECK(op.complete);
        best_verify = op.took_us < best_verify ? op.took_us : best_verify;
    }
    printf("# with %d foreign rules: apply %.2f ms, verify %.2f ms\n", FOREIGN, (double)best / 1e3,
           (double)best_verify / 1e3);
    CHECK(best <= 10000u * slower());
    CHECK(best_verify <= 5000u * slower());
    remove_network("virbr0");
    netns_sh("iptables-legacy -F && iptables-legacy -t nat -F && nft delete table inet theirs");
}

// Another program changes the same tables all the time, without the lock: nothing of either is
// lost.
static void test_race(void)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv("XTABLES_LOCKFILE", "/run/other.lock", 1);
        // Its own tool may give up when we were quicker: it tries again.
        for (int i = 1; i <= RIVALS; i++)
            netns_sh("until iptables-legacy -C FORWARD -s 10.6.1.%d -j ACCEPT 2>/dev/null; do "
                     "iptables-legacy -A FORWARD -s 10.6.1.%d -j ACCEPT 2>/dev/null; done; true",
                     i, i);
        _exit(0);
    }
    struct firewall_network net = network(FIREWALL_NAT), other = neighbours(FIREWALL_NAT);
    int status, rounds = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        apply(&net);
        apply(&other);
        remove_network("virbr0");
        rounds++;
    }
    CHECK_INT(status, 0);
    apply(&net);
    check_complete(&net);
    check_complete(&other);
    printf("# %d rounds against %d changes of another\n", rounds, RIVALS);
    remove_network("virbr0");
    remove_network("virbr9");
    for (int i = 1; i <= RIVALS; i++)
        netns_sh("iptables-legacy -C FORWARD -s 10.6.1.%d -j ACCEPT", i);
    netns_sh("iptables-legacy -F");
    check_clean();
}

struct changes {
    unsigned count;
    bool by_nft;
};

static void on_change(const struct firewall_change *change, void *arg)
{
    struct changes *c = arg;
    c->count++;
    c->by_nft = c->by_nft || str_eq(change->program, "nft");
}

static void watch_task(struct task *t, void *arg)
{
    (void)arg;
    struct changes c = {0};
    struct firewall_watch *w;
    AUTO_ERROR err = ERROR_INIT;
    CHECK_OK(firewall_watch_create(task_event(t), on_change, &c, &w, &err), &err);
    struct firewall_network net = network(FIREWALL_NAT);
    CHECK_OK(firewall_apply(t, fw, &net, &err), &err);
    netns_sh("nft add table inet theirs && nft flush ruleset");
    uint64_t limit = task_deadline_ms(5000);
    while (!c.by_nft && now_monotonic_us() < limit)
        task_sleep(t, task_deadline_ms(1));
    CHECK(c.by_nft);
    CHECK(c.count <= 4); // bursts are reported once
    firewall_watch_destroy(w);
    CHECK_OK(firewall_remove(t, fw, "virbr0", &err), &err);
}

static void test_watch(void)
{
    run_task(watch_task, NULL);
}

static int do_unlock(struct task *t, struct op *op)
{
    return firewall_apply(t, fw, op->net, &op->err);
}

// The lock of the iptables tools is waited for, with the loop running.
static void test_lock(void)
{
    netns_sh("flock %s sleep 0.3 & while flock -n %s true; do :; done", LOCK, LOCK);
    struct firewall_network net = network(FIREWALL_NAT);
    struct op op = {.fn = do_unlock, .net = &net};
    must(&op);
    CHECK(op.took_us > 50000);
    remove_network("virbr0");
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

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    enum firewall_choice choice;
    if (argc != 2 || firewall_choice_parse(argv[1], &choice) < 0 || choice == FIREWALL_AUTO)
        return 2;
    legacy = choice == FIREWALL_IPTABLES;
    netns_enter();
    static const char *const programs[] = {"nft",          "iptables-legacy", "ip6tables-legacy",
                                           "iptables-nft", "sysctl",          "flock"};
    for (size_t i = 0; i < ARRAY_LEN(programs); i++)
        netns_need_program(programs[i]);
    fw = firewall_create(&(struct firewall_options){.choice = choice});
    if (!firewall_backend_name(fw))
        SKIP(firewall_backend_reason(fw));
    make_stage();
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
    RUN(test_blockers);
    RUN(test_shared_chains);
    RUN(test_docker);
    RUN(test_speed);
    if (legacy) {
        RUN(test_race);
        RUN(test_lock);
    } else {
        RUN(test_watch);
    }
    RUN(test_no_backend);
    firewall_destroy(fw);
    agent_stop(&guest);
    agent_stop(&neighbour);
    agent_stop(&outside);
    return 0;
}
