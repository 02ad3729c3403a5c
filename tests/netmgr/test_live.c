// SPDX-License-Identifier: GPL-2.0-or-later
// Networks in a real kernel with a real dnsmasq, and damage done while guests use them. argv[1] is
// the firewall backend.
#include "tests/netmgr/live.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/file.h"
#include "base/str.h"
#include "netmgr/internal.h"

// Usually 3 to 20 ms, which is printed; tests/real/test_net_healing.py measures it.
enum { PORT = 7000, MAX_REPAIR_MS = 3000, MAX_REPAIR_DNSMASQ_MS = 5000 };

static enum firewall_choice backend;
static const char *iptables;
static struct agent guest, outside;

// --- start and stop

static void test_start_stop(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {.firewall = backend};
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    struct network *net = live_define(&l, NAT_XML);
    CHECK(!network_is_active(net));
    uint64_t best_start = UINT64_MAX, best_stop = UINT64_MAX;
    for (int i = 0; i < 5; i++) {
        uint64_t a = now_monotonic_us();
        CHECK_OK(network_start(t, net, &err), &err);
        uint64_t b = now_monotonic_us();
        CHECK_INT(networks_count_active(l.all), 1);
        netns_sh("ip -4 addr show vbr0 | grep -q 192.168.150.1/24");
        netns_sh("ip -6 addr show vbr0 | grep -q fd00:150::1/64");
        netns_sh("ip link show vbr0 | grep -q 52:54:00:5a:01:50");
        netns_sh("ss -lun | grep -q 192.168.150.1:53");
        netns_sh("test $(cat /proc/sys/net/ipv4/ip_forward) = 1");
        uint64_t c = now_monotonic_us();
        CHECK_OK(network_destroy(t, net, &err), &err);
        uint64_t d = now_monotonic_us();
        CHECK_INT(networks_count_active(l.all), 0);
        // Started again at once: waits for the deletion.
        if (b - a < best_start)
            best_start = b - a;
        if (d - c < best_stop)
            best_stop = d - c;
        if (i == 0)
            live_settle(&l);
    }
    printf("   start %.1f ms, stop %.1f ms\n", (double)best_start / 1000, (double)best_stop / 1000);
    live_check_clean(&l);
    CHECK_OK(network_undefine(t, net, &err), &err);
    CHECK(!networks_find_name(l.all, "nat"));
    live_close(&l);
}

// --- damage

// The guest gets a lease by DHCP and reaches the outside through NAT.
static void make_stage(struct live *l)
{
    netns_sh("ip link add out type veth peer name eth0 netns %d", (int)outside.pid);
    netns_sh("ip addr add 203.0.113.1/24 dev out; ip addr add fd00:203::1/64 dev out nodad;"
             "ip link set out up");
    agent_sh(&outside, "ip addr add 203.0.113.9/24 dev eth0; ip link set eth0 up;"
                       "ip addr add fd00:203::9/64 dev eth0 nodad");
    live_plug(l, &guest, "nat", "g1", "52:54:00:00:00:01");
}

static void unmake_stage(void)
{
    netns_sh("ip link del out; ip link del g1");
}

static void take_lease(struct live *l)
{
    uint64_t start = now_monotonic_us();
    agent_sh(&guest, "printf '#!/bin/sh\\n[ \"$1\" = bound ] && ip addr replace $ip/24 dev eth0 && "
                     "ip route replace default via $router\\n:\\n' >/run/udhcpc; "
                     "chmod 755 /run/udhcpc; "
                     "busybox udhcpc -i eth0 -n -q -f -t 5 -T 1 -s /run/udhcpc >/dev/null 2>&1");
    printf("   lease in %ju ms\n", (uintmax_t)((now_monotonic_us() - start) / 1000));
    struct network_lease_vec leases = {0};
    AUTO_ERROR err = ERROR_INIT;
    char text[IP_TEXT_SIZE];
    struct network *net = networks_find_name(l->all, "nat");
    CHECK_OK(network_get_leases(net, "52:54:00:00:00:01", &leases, &err), &err);
    CHECK_INT(leases.n, 1);
    CHECK_STR(ip_format(&leases.v[0].ip, text), "192.168.150.11");
    CHECK_INT(leases.v[0].prefix, 24);
    CHECK_STR(leases.v[0].hostname, "first");
    network_lease_vec_finish(&leases);
}

// The guest gets its IPv6 address and default route by router advertisement; NAT for IPv6 is on.
static void take_route6(struct live *l)
{
    uint64_t start = now_monotonic_us();
    while (strstr(agent_ask(&guest, "udp", "fd00:203::9", PORT), "fd00:203::1 ") == NULL) {
        CHECK(now_monotonic_us() - start < 20000000);
        task_sleep(l->t, task_deadline_ms(50));
    }
    printf("   IPv6 in %ju ms\n", (uintmax_t)((now_monotonic_us() - start) / 1000));
}

static bool asks_outside(void)
{
    return strcmp(agent_ask(&guest, "udp", "203.0.113.9", PORT), "timeout") != 0 &&
           strstr(agent_ask(&guest, "udp", "203.0.113.9", PORT), "203.0.113.1 ") != NULL;
}

// Damage, and the shell command that succeeds once it is repaired.
struct damage {
    const char *what;
    const char *command;  // %s: iptables
    const char *repaired; // succeeds after the repair
    unsigned limit_ms;
};

static void do_damage(struct live *l, const struct damage *d)
{
    char command[512];
    struct network *net = networks_find_name(l->all, "nat");
    uint64_t before = net->runtime->repair.total;
    snprintf(command, sizeof(command), d->command, iptables, iptables);
    CHECK(asks_outside());
    netns_sh("%s", command);
    uint64_t start = now_monotonic_us();
    while (net->runtime->repair.total == before) {
        if (now_monotonic_us() - start > d->limit_ms * 1000ull * slower()) {
            fprintf(stderr, "after %s: not detected\n", d->what);
            exit(1);
        }
        task_sleep(l->t, task_deadline_ms(1));
    }
    unsigned took = (unsigned)((now_monotonic_us() - start) / 1000);
    took += live_wait(l, d->limit_ms - took / slower(), "%s", d->repaired);
    live_settle(l);
    printf("   %s: repaired in %u ms\n", d->what, took);
    if (!asks_outside()) {
        fprintf(stderr, "after %s: the guest cannot reach the outside\n", d->what);
        exit(1);
    }
    CHECK_INT(net->runtime->repair.total, before + 1);
}

#define NFT_OK                                                                                     \
    "nft list ruleset | grep -q 'masquerade' || iptables-legacy -t nat -S | grep -q MASQUERADE"
#define DNSMASQ_OK "ss -lun | grep -q 192.168.150.1:53"

static void test_heal(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {.firewall = backend};
    live_open(&l, t);
    struct network *net = live_start(&l, NAT_XML);
    make_stage(&l);
    take_lease(&l);
    take_route6(&l);
    live_settle(&l);
    static const struct damage all[] = {
        {"bridge deleted", "ip link del vbr0",
         "ip link show master vbr0 | grep -q g1 && ip addr show vbr0 | grep -q 192.168.150.1/24 "
         "&& ip link show vbr0 up | grep -q vbr0",
         MAX_REPAIR_MS},
        {"bridge set down", "ip link set vbr0 down", "ip link show vbr0 up | grep -q vbr0",
         MAX_REPAIR_MS},
        {"address removed", "ip addr del 192.168.150.1/24 dev vbr0",
         "ip addr show vbr0 | grep -q 192.168.150.1/24", MAX_REPAIR_MS},
        {"IPv6 address removed", "ip addr del fd00:150::1/64 dev vbr0",
         "ip addr show vbr0 | grep -q fd00:150::1/64", MAX_REPAIR_MS},
        {"ip_forward off", "echo 0 > /proc/sys/net/ipv4/ip_forward",
         "test $(cat /proc/sys/net/ipv4/ip_forward) = 1", MAX_REPAIR_MS},
        {"port pulled", "ip link set g1 nomaster", "ip link show master vbr0 | grep -q g1",
         MAX_REPAIR_MS},
        {"dnsmasq killed", "kill -9 $(cat " LIVE_DIR "/run/nat.pid)", DNSMASQ_OK,
         MAX_REPAIR_DNSMASQ_MS},
        {"files deleted", "rm " LIVE_DIR "/lib/nat.hosts " LIVE_DIR "/lib/nat.addnhosts",
         "test -e " LIVE_DIR "/lib/nat.hosts -a -e " LIVE_DIR "/lib/nat.addnhosts",
         MAX_REPAIR_DNSMASQ_MS},
        {"conf deleted", "rm " LIVE_DIR "/run/nat.conf",
         "test -e " LIVE_DIR "/run/nat.conf && " DNSMASQ_OK, MAX_REPAIR_DNSMASQ_MS},
        {"leases deleted", "rm " LIVE_DIR "/lib/nat.leases",
         "grep -q 192.168.150.11 " LIVE_DIR "/lib/nat.leases && " DNSMASQ_OK,
         MAX_REPAIR_DNSMASQ_MS},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        do_damage(&l, &all[i]);
    if (backend == FIREWALL_NFTABLES) {
        do_damage(
            &l, &(struct damage){"nft flush ruleset", "nft flush ruleset", NFT_OK, MAX_REPAIR_MS});
    } else {
        do_damage(&l,
                  &(struct damage){"iptables -F", "%s -F",
                                   "iptables-legacy -S FORWARD | grep -q VIREO", MAX_REPAIR_MS});
        do_damage(&l,
                  &(struct damage){"iptables -t nat -F", "%s -t nat -F", NFT_OK, MAX_REPAIR_MS});
    }
    // Stopped and started: the guest's cable is plugged in again.
    AUTO_ERROR err = ERROR_INIT;
    live_destroy(&l, net);
    CHECK_OK(network_start(t, net, &err), &err);
    CHECK(asks_outside());
    // DNS names; also one added while dnsmasq runs, which rereads the file as another user.
    CHECK_OK(network_update(t, net, NETWORK_AFFECT_LIVE, NETWORK_SECTION_DNS_HOST,
                            NETWORK_COMMAND_ADD_LAST, -1,
                            "<host ip='192.168.150.78'><hostname>plotter</hostname></host>", &err),
             &err);
    agent_sh(&guest, "for i in $(seq 50); do busybox nslookup plotter.test.lan 192.168.150.1 | "
                     "grep -q 192.168.150.78 && exit 0; sleep 0.1; done; exit 1");
    agent_sh(&guest, "busybox nslookup printer.test.lan 192.168.150.1 | grep -q 192.168.150.77");
    live_destroy(&l, net);
    unmake_stage();
    live_settle(&l);
    networks_find_name(l.all, "nat");
    CHECK_OK(network_undefine(t, net, &err), &err);
    live_check_clean(&l);
    live_close(&l);
}

static void run(const char *name, task_fn fn)
{
    netns_sh("rm -rf " LIVE_DIR);
    run_task(fn, NULL);
    printf("ok %s\n", name);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    backend = strcmp(argv[1], "iptables") == 0 ? FIREWALL_IPTABLES : FIREWALL_NFTABLES;
    iptables = backend == FIREWALL_IPTABLES ? "iptables-legacy" : "iptables";
    netns_enter();
    netns_need_program("dnsmasq");
    netns_need_program("ss");
    signal(SIGPIPE, SIG_IGN);
    agent_start(&guest);
    agent_start(&outside);
    agent_serve(&outside, PORT);
    run("test_start_stop", test_start_stop);
    run("test_heal", test_heal);
    agent_stop(&guest);
    agent_stop(&outside);
    return 0;
}
