// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/firewall/stage.h"

#include <string.h>

enum { PORT = 7000 };

struct agent guest, neighbour, outside;
struct firewall *fw;
bool legacy;

// --- calls as tasks

void op_task(struct task *t, void *arg)
{
    struct op *op = arg;
    uint64_t start = now_monotonic_us();
    op->result = op->fn(t, op);
    op->took_us = now_monotonic_us() - start;
}

void must(struct op *op)
{
    run_task(op_task, op);
    if (op->result < 0) {
        fprintf(stderr, "failed: %s\n", error_message(&op->err));
        exit(1);
    }
}

int do_apply(struct task *t, struct op *op)
{
    return firewall_apply(t, fw, op->net, &op->err);
}

int do_verify(struct task *t, struct op *op)
{
    return firewall_verify(t, fw, op->net, &op->complete, &op->missing, &op->err);
}

static int do_remove(struct task *t, struct op *op)
{
    return firewall_remove(t, fw, op->bridge, &op->err);
}

uint64_t apply(const struct firewall_network *net)
{
    struct op op = {.fn = do_apply, .net = net};
    must(&op);
    return op.took_us;
}

void remove_network(const char *bridge)
{
    struct op op = {.fn = do_remove, .bridge = bridge};
    must(&op);
}

void check_complete(const struct firewall_network *net)
{
    struct op op = {.fn = do_verify, .net = net};
    must(&op);
    if (!op.complete)
        fprintf(stderr, "missing: %s\n", op.missing);
    CHECK(op.complete);
}

void check_missing(const struct firewall_network *net, const char *what)
{
    struct op op = {.fn = do_verify, .net = net};
    must(&op);
    CHECK(!op.complete);
    CHECK_CONTAINS(op.missing, what);
    free(op.missing);
}

// --- the stage

static void make(void)
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
int ask(struct agent *a, const char *protocol, const char *address, char from[static 64])
{
    const char *answer = agent_ask(a, protocol, address, PORT);
    int port = 0;
    if (sscanf(answer, "%63s %d", from, &port) != 2)
        snprintf(from, 64, "%s", answer);
    return port;
}

void check_from(struct agent *a, const char *protocol, const char *to, const char *want)
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

void check_both(struct agent *a, const char *to, const char *want)
{
    check_from(a, "tcp", to, want);
    check_from(a, "udp", to, want);
}

static struct ip_prefix SUBNET4, SUBNETS[2];

struct firewall_network network(enum firewall_mode mode)
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

struct firewall_network neighbours(enum firewall_mode mode)
{
    ip_prefix_parse("192.168.129.1/24", &SUBNET4);
    return (struct firewall_network){
        .name = "other", .bridge = "virbr9", .mode = mode, .subnets = &SUBNET4, .nsubnets = 1};
}

void check_clean(void)
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

int stage_main(int argc, char **argv, void (*run)(void))
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
    make();
    run();
    firewall_destroy(fw);
    agent_stop(&guest);
    agent_stop(&neighbour);
    agent_stop(&outside);
    return 0;
}
