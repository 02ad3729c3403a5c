// SPDX-License-Identifier: GPL-2.0-or-later
// The lifetime of networks: chosen names and subnets, conflicts, ports, hooks, autostart, repair
// conflicts, and errors about missing parts.
#include "tests/netmgr/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/file.h"
#include "base/str.h"
#include "netmgr/dnsmasq_find.h"
#include "netmgr/internal.h"

enum { MANY = 50, TAPS = 200, GUESTS_MTU = 1400 };

static void check_fails(int r, const struct error *err, enum error_code code, const char *part)
{
    CHECK_INT(r, -1);
    CHECK_CONTAINS(error_message(err), part);
    CHECK_INT(err->code, code);
}

static void finish(struct live *l, struct network *net)
{
    AUTO_ERROR err = ERROR_INIT;
    if (network_is_active(net))
        live_destroy(l, net);
    if (net->def)
        CHECK_OK(network_undefine(l->t, net, &err), &err);
    live_settle(l);
}

// --- names, subnets

static void test_completion(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    live_open(&l, t);
    struct network *a = live_define(&l, "<network><name>a</name></network>");
    struct network *b =
        live_define(&l, "<network><name>b</name><forward mode='nat'/><ip><dhcp/></ip></network>");
    netns_sh("ip link add virbr2 type veth; ip addr add 192.168.122.5/24 dev virbr2;"
             "ip link set virbr2 up");
    struct network *c =
        live_define(&l, "<network><name>c</name><forward mode='nat'/><bridge name='virbr%d'/>"
                        "<ip><dhcp/></ip></network>");
    CHECK_STR(a->def->bridge, "virbr0");
    CHECK_STR(b->def->bridge, "virbr1");
    CHECK_STR(c->def->bridge, "virbr3");
    char text[IP_TEXT_SIZE];
    CHECK_STR(ip_format(&b->def->ips.v[0]->address, text), "192.168.122.1");
    CHECK_STR(ip_format(&c->def->ips.v[0]->address, text), "192.168.123.1");
    CHECK_STR(ip_format(&c->def->ips.v[0]->ranges.v[0]->end, text), "192.168.123.254");
    // Defined again without name and subnet: keeps those chosen before.
    char uuid[UUID_TEXT_SIZE];
    AUTO_FREE char *again =
        xasprintf("<network><name>c</name><uuid>%s</uuid><forward mode='nat'/><ip><dhcp/></ip>"
                  "</network>",
                  uuid_format(&c->uuid, uuid));
    c = live_define(&l, again);
    CHECK_STR(c->def->bridge, "virbr3");
    CHECK_STR(ip_format(&c->def->ips.v[0]->address, text), "192.168.123.1");
    // The error names the conflict that appeared later.
    AUTO_ERROR err = ERROR_INIT;
    check_fails(network_start(t, b, &err), &err, ERROR_OPERATION_FAILED,
                "192.168.122.1/24 conflicts with 192.168.122.5/24 of interface 'virbr2'");
    CHECK(!network_is_active(b));
    netns_sh("ip link del virbr2; ip link add out0 type veth; ip link set out0 up;"
             "ip route add 192.168.122.64/26 dev out0");
    error_clear(&err);
    check_fails(network_start(t, b, &err), &err, ERROR_OPERATION_FAILED,
                "conflicts with the route to 192.168.122.64/26 by interface 'out0'");
    // A wider subnet, such as a VPN's, may surround the network, except when it contains the host's
    // own address or its gateways.
    netns_sh("ip route del 192.168.122.64/26 dev out0; ip route add 192.168.112.0/20 dev out0;"
             "ip addr add 192.168.1.9/16 dev out0");
    error_clear(&err);
    CHECK_OK(network_start(t, b, &err), &err);
    CHECK_OK(network_destroy(t, b, &err), &err);
    netns_sh("ip route add 10.9.0.0/16 via 192.168.122.99 dev out0");
    check_fails(
        network_start(t, b, &err), &err, ERROR_OPERATION_FAILED,
        "conflicts with the gateway 192.168.122.99 of the route to 10.9.0.0/16 by interface "
        "'out0'");
    netns_sh("ip route del 10.9.0.0/16; ip addr add 192.168.122.9/16 dev out0");
    error_clear(&err);
    check_fails(network_start(t, b, &err), &err, ERROR_OPERATION_FAILED,
                "conflicts with 192.168.122.9/16 of interface 'out0'");
    netns_sh("ip link del out0; ip link add virbr1 type veth");
    error_clear(&err);
    check_fails(network_start(t, b, &err), &err, ERROR_OPERATION_FAILED,
                "name 'virbr1' is used by a veth interface");
    netns_sh("ip link del virbr1");
    error_clear(&err);
    CHECK_OK(network_start(t, b, &err), &err);
    // Names and bridges of other networks.
    struct network *other;
    static const char same[] = "<network><name>x</name><bridge name='virbr1'/></network>";
    struct network_def *def = network_def_load(same, strlen(same), 0, &err);
    check_fails(
        network_define(t, l.all, def, &other, &err), &err, ERROR_INTERNAL,
        "bridge name 'virbr1' already in use by network 'b'; set another <bridge name=> in network 'x'");
    CHECK(!networks_find_name(l.all, "x"));
    error_clear(&err);
    def = network_def_load("<network><name>b</name></network>", 33, 0, &err);
    check_fails(network_define(t, l.all, def, &other, &err), &err, ERROR_OPERATION_FAILED,
                "network 'b' already exists with uuid");
    error_clear(&err);
    check_fails(network_start(t, b, &err), &err, ERROR_OPERATION_INVALID, "already active");
    error_clear(&err);
    check_fails(network_destroy(t, a, &err), &err, ERROR_OPERATION_INVALID, "not active");
    finish(&l, a);
    finish(&l, b);
    finish(&l, c);
    live_check_clean(&l);
    live_close(&l);
}

static void test_default(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {.default_network = true};
    AUTO_ERROR err = ERROR_INIT;
    char text[IP_TEXT_SIZE];
    netns_sh("ip link add up0 type veth; ip addr add 192.168.122.40/24 dev up0;"
             "ip link set up0 up");
    live_open(&l, t);
    struct network *net = networks_find_name(l.all, "default");
    CHECK(net && net->autostart);
    CHECK_STR(net->def->bridge, "virbr0");
    CHECK_STR(ip_format(&net->def->ips.v[0]->address, text), "192.168.123.1");
    live_close(&l);
    live_open(&l, t); // from the stored definitions
    net = networks_find_name(l.all, "default");
    CHECK(net && net->autostart);
    CHECK_OK(network_undefine(t, net, &err), &err);
    live_close(&l);
    live_open(&l, t);
    CHECK(!networks_find_name(l.all, "default")); // a deleted default network stays deleted
    netns_sh("ip link del up0");
    live_close(&l);
}

static void test_session(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {.session = true, .default_network = true};
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    CHECK(!networks_find_name(l.all, "default"));
    struct network *net = live_define(&l, NAT_XML);
    check_fails(network_start(t, net, &err), &err, ERROR_OPERATION_UNSUPPORTED, "type 'user'");
    CHECK(!network_is_active(net));
    error_clear(&err);
    CHECK_OK(network_set_autostart(t, net, true, &err), &err);
    struct completion done;
    completion_init(&done);
    networks_autostart(l.all, &done);
    CHECK_INT(completion_wait(t, &done, task_deadline_ms(5000)), 0);
    CHECK(!network_is_active(net));
    live_close(&l);
    live_open(&l, t);
    net = networks_find_name(l.all, "nat");
    CHECK(net && net->autostart);
    CHECK_OK(network_undefine(t, net, &err), &err);
    live_close(&l);
}

// --- missing or occupied resources

static void test_failures(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {.dnsmasq = "/nonexistent/dnsmasq"};
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    struct network *net = live_define(&l, NAT_XML);
    check_fails(network_start(t, net, &err), &err, ERROR_SYSTEM, "nonexistent");
    CHECK_CONTAINS(error_message(&err), "dnsmasq-base");
    CHECK(!network_is_active(net));
    live_check_clean(&l);
    live_close(&l);
    l.dnsmasq = NULL;
    live_open(&l, t);
    net = networks_find_name(l.all, "nat");
    // Another process uses the port.
    AUTO_CLOSE int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(53)};
    CHECK_INT(bind(taken, (struct sockaddr *)&any, sizeof(any)), 0);
    CHECK_INT(listen(taken, 1), 0);
    error_clear(&err);
    check_fails(network_start(t, net, &err), &err, ERROR_OPERATION_FAILED, "in use");
    close_fd(&taken);
    live_check_clean(&l);
    // An option that dnsmasq does not know.
    struct network *odd = live_define(
        &l,
        "<network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'>"
        "<name>odd</name><bridge name='vbr1'/><ip address='192.168.151.1' prefix='24'/>"
        "<dnsmasq:options><dnsmasq:option value='no-such-option'/></dnsmasq:options></network>");
    error_clear(&err);
    check_fails(network_start(t, odd, &err), &err, ERROR_OPERATION_FAILED, "bad option");
    finish(&l, odd);
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// With any limit of descriptors a network starts completely or leaves nothing, dnsmasq included.
static void test_few_descriptors(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    struct rlimit before, low;
    unsigned failed = 0;
    int r = -1;
    live_open(&l, t);
    struct network *net = live_define(&l, NAT_XML);
    live_settle(&l);
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
    AUTO_CLOSE int first_free = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int limit = first_free; r < 0; limit++) {
        AUTO_ERROR err = ERROR_INIT;
        low = (struct rlimit){(rlim_t)limit, before.rlim_max};
        CHECK(limit < first_free + 40);
        CHECK_INT(setrlimit(RLIMIT_NOFILE, &low), 0);
        r = network_start(t, net, &err);
        CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
        if (r < 0) {
            CHECK_CONTAINS(error_message(&err), "Too many open files");
            live_check_clean(&l);
            failed++;
        }
    }
    CHECK(failed >= 4);
    CHECK_INT(live_count_dnsmasq(), 1);
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// --- changes

static int set_mtu_and_port(struct network_def *def, void *arg, struct error *err)
{
    (void)err;
    def->mtu = OPT_UINT(GUESTS_MTU);
    if (arg)
        str_replace(&def->domain, "bad\nlan"); // cannot be written to dnsmasq's configuration
    return 0;
}

static void test_change(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    struct network *net = live_start(&l, NAT_XML);
    pid_t before = net->runtime->dnsmasq.pid;
    CHECK_OK(network_update(t, net, NETWORK_AFFECT_LIVE, NETWORK_SECTION_IP_DHCP_HOST,
                            NETWORK_COMMAND_ADD_LAST, -1,
                            "<host mac='52:54:00:00:00:07' ip='192.168.150.17'/>", &err),
             &err);
    CHECK_INT(net->runtime->dnsmasq.pid, before); // reread, not restarted
    netns_sh("grep -q 52:54:00:00:00:07 " LIVE_DIR "/lib/nat.hosts");
    netns_sh("! grep -q 52:54:00:00:00:07 " LIVE_DIR "/etc/nat.xml");
    unsigned both = NETWORK_AFFECT_LIVE | NETWORK_AFFECT_CONFIG;
    CHECK_OK(network_change(t, net, both, set_mtu_and_port, NULL, &err), &err);
    netns_sh("ip link show vbr0 | grep -q 'mtu %d'", GUESTS_MTU);
    netns_sh("grep -q '<mtu' " LIVE_DIR "/etc/nat.xml");
    CHECK(net->runtime->dnsmasq.pid != before);
    // Both definitions or neither.
    CHECK_INT(network_change(t, net, both, set_mtu_and_port, net, &err), -1);
    CHECK_STR(net->live->domain, "test.lan");
    CHECK_STR(net->def->domain, "test.lan");
    netns_sh("grep -q test.lan " LIVE_DIR "/etc/nat.xml");
    error_clear(&err);
    // Transient after undefine; removed when stopped.
    CHECK_OK(network_undefine(t, net, &err), &err);
    check_fails(network_change(t, net, NETWORK_AFFECT_CONFIG, set_mtu_and_port, NULL, &err), &err,
                ERROR_OPERATION_INVALID, "transient");
    live_destroy(&l, net);
    CHECK(!networks_find_name(l.all, "nat"));
    live_check_clean(&l);
    live_close(&l);
}

// --- rates

#define RATES_XML(more)                                                                            \
    "<network><name>nat</name><bridge name='vbr0'/><bandwidth>"                                    \
    "<inbound average='1000' peak='4000' burst='64'/>" more                                        \
    "</bandwidth><ip address='192.168.150.1' prefix='24'/></network>"

static bool can_police(void)
{
    bool yes = netns_sh_status("ip link add q0 type veth; tc qdisc add dev q0 ingress; "
                               "tc filter add dev q0 parent ffff: protocol all u32 match u32 0 0 "
                               "police rate 1mbit burst 16k drop flowid :1 2>/dev/null") == 0;
    netns_sh("ip link del q0");
    return yes;
}

static void test_rates(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    struct network *net = live_start(&l, RATES_XML(""));
    static const char there[] =
        "tc qdisc show dev vbr0 | grep -q 'tbf.*rate 8Mbit.*peakrate 32Mbit'";
    netns_sh("%s", there);
    netns_sh("ip link del vbr0");
    live_wait(&l, 2000, "%s", there);
    finish(&l, net);
    // A kernel without policing causes an error; the rate is not dropped silently.
    net = live_define(&l, RATES_XML("<outbound average='500'/>"));
    int r = network_start(t, net, &err);
    if (can_police())
        netns_sh("tc filter show dev vbr0 parent ffff: | grep -q 'rate 4Mbit'");
    else
        check_fails(r, &err, ERROR_CONFIG_UNSUPPORTED,
                    "cannot set the rates of 'vbr0': this kernel cannot limit what a guest sends");
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// --- ports

static int plug(struct live *l, const char *network, struct network_plug *ret, struct error *err)
{
    static const uint8_t mac[MAC_SIZE] = {0x52, 0x54, 0, 1, 2, 3};
    struct network_plug_request q = {.network = network,
                                     .mac = mac,
                                     .owner = uuid_random(),
                                     .owner_name = "dom",
                                     .vnet_hdr = true};
    return network_plug(l->t, l->all, &q, ret, err);
}

static void test_ports(struct task *t, void *arg)
{
    (void)arg;
    static struct network_plug plugs[TAPS];
    struct live l = {0};
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    struct network *net = live_define(&l, NAT_XML);
    check_fails(plug(&l, "nat", &plugs[0], &err), &err, ERROR_OPERATION_INVALID, "not active");
    error_clear(&err);
    check_fails(plug(&l, "none", &plugs[0], &err), &err, ERROR_NO_NETWORK, "none");
    live_close(&l);
    l.on_demand = true;
    live_open(&l, t);
    error_clear(&err);
    net = networks_find_name(l.all, "nat");
    uint64_t start = now_monotonic_us();
    CHECK_OK(plug(&l, "nat", &plugs[0], &err), &err);
    CHECK(network_is_active(net)); // started on demand
    uint64_t first = now_monotonic_us();
    for (size_t i = 1; i < TAPS; i++)
        CHECK_OK(plug(&l, "nat", &plugs[i], &err), &err);
    printf("   first plug %.1f ms, %d more %.1f ms\n", (double)(first - start) / 1000, TAPS - 1,
           (double)(now_monotonic_us() - first) / 1000);
    CHECK_INT(net->nports, TAPS);
    CHECK_STR(plugs[0].bridge, "vbr0");
    netns_sh("test $(ip -o link show master vbr0 | grep -c vnet) = %d", TAPS);
    netns_sh("ip link show %s | grep -q fe:54:00:01:02:03", plugs[0].tap.name);
    // All are back after the bridge was deleted, and after a stop and a start.
    netns_sh("ip link del vbr0");
    live_wait(&l, 2000, "test $(ip -o link show master vbr0 | grep -c vnet) = %d", TAPS);
    live_destroy(&l, net);
    CHECK_OK(network_start(t, net, &err), &err);
    netns_sh("test $(ip -o link show master vbr0 | grep -c vnet) = %d", TAPS);
    // Most domains end, then the daemon restarts: it knows the other ones.
    for (size_t i = 2; i < TAPS; i++) {
        network_unplug(l.all, "nat", &plugs[i].port_id);
        tap_close(task_sched(t), &plugs[i].tap);
        free(plugs[i].portgroup);
    }
    live_close(&l);
    live_open(&l, t);
    live_settle(&l);
    net = networks_find_name(l.all, "nat");
    CHECK_INT(net->nports, 2);
    CHECK(network_find_port(net, &plugs[0].port_id));
    netns_close_tap(&plugs[1].tap); // ends while no daemon runs
    live_close(&l);
    live_open(&l, t);
    live_settle(&l);
    net = networks_find_name(l.all, "nat");
    CHECK_INT(net->nports, 1);
    netns_close_tap(&plugs[0].tap);
    network_unplug(l.all, "nat", &plugs[0].port_id);
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// A bridge of the host: vireod manages only its ports.
static void test_host_bridge(struct task *t, void *arg)
{
    (void)arg;
    struct network_plug p;
    struct live l = {0};
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    netns_sh("ip link add hbr type bridge; ip link set hbr up");
    struct network *net = live_start(&l, "<network><name>hb</name><forward mode='bridge'/>"
                                         "<bridge name='hbr'/></network>");
    CHECK_OK(plug(&l, "hb", &p, &err), &err);
    CHECK_STR(p.bridge, "hbr");
    live_settle(&l);
    netns_sh("ip link set %s nomaster", p.tap.name);
    live_wait(&l, 1000, "ip link show master hbr | grep -q %s", p.tap.name);
    // The domain ends, and before its port is gone another link has the name of its tap.
    struct network_plug other;
    CHECK_OK(plug(&l, "hb", &other, &err), &err);
    netns_close_tap(&p.tap);
    netns_sh("ip link add %s type veth peer name far; ip link set %s up; ip link set %s nomaster",
             p.tap.name, p.tap.name, other.tap.name);
    live_wait(&l, 1000, "ip link show master hbr | grep -q %s", other.tap.name);
    netns_sh("! ip link show master hbr | grep -q %s && ip link del %s", p.tap.name, p.tap.name);
    network_unplug(l.all, "hb", &other.port_id);
    netns_close_tap(&other.tap);
    network_unplug(l.all, "hb", &p.port_id);
    live_destroy(&l, net);
    netns_sh("ip link show hbr up | grep -q hbr; ip link del hbr");
    CHECK_OK(network_start(t, net, &err), &err);
    CHECK_INT(plug(&l, "hb", &p, &err), -1);
    CHECK_CONTAINS(error_message(&err), "there is no such bridge");
    CHECK_INT(net->nports, 0);
    finish(&l, net);
    live_close(&l);
}

// --- hooks

static void test_hooks(struct task *t, void *arg)
{
    (void)arg;
    static const char *const hooks[] = {LIVE_DIR, NULL};
    struct live l = {.hooks = hooks};
    AUTO_ERROR err = ERROR_INIT;
    netns_sh("mkdir -p " LIVE_DIR "/hooks");
    netns_sh("printf '#!/bin/sh\\necho \"$@\" $(grep -c \"<name>nat</name>\") >>/run/calls\\n"
             "test ! -e /run/refuse\\n' >" LIVE_DIR "/hooks/network;"
             "chmod 755 " LIVE_DIR "/hooks/network; rm -f /run/calls");
    live_open(&l, t);
    struct network *net = live_start(&l, NAT_XML);
    live_destroy(&l, net);
    AUTO_FREE char *calls = netns_output("cat /run/calls");
    CHECK_STR(calls, "nat start begin - 1\nnat started begin - 1\nnat stopped end - 1\n");
    netns_sh("touch /run/refuse");
    check_fails(network_start(t, net, &err), &err, ERROR_HOOK_FAILED, "hooks/network");
    CHECK(!network_is_active(net));
    netns_sh("rm /run/refuse");
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// --- many networks

// The rules are flushed while a network starts.
static void test_flushed_while_starting(struct task *t, void *arg)
{
    (void)arg;
    static const char *const hooks[] = {LIVE_DIR, NULL};
    struct live l = {.hooks = hooks};
    netns_sh("mkdir -p " LIVE_DIR "/hooks");
    netns_sh("printf '#!/bin/sh\ntest \"$2\" = started || exit 0\nnft flush ruleset\n"
             "sleep 0.3\n' >" LIVE_DIR "/hooks/network; chmod 755 " LIVE_DIR "/hooks/network");
    live_open(&l, t);
    struct network *net = live_start(&l, NAT_XML);
    live_wait(&l, 2000, "nft list ruleset | grep -q vbr0");
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

static void test_autostart(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    for (int i = 0; i < MANY; i++) {
        AUTO_FREE char *xml =
            xasprintf("<network><name>n%d</name><forward mode='nat'/><bridge name='vbr%d'/>"
                      "<ip address='10.77.%d.1' prefix='24'><dhcp><range start='10.77.%d.2' "
                      "end='10.77.%d.9'/></dhcp></ip></network>",
                      i, i, i, i, i);
        struct network *net = live_define(&l, xml);
        CHECK_OK(network_set_autostart(t, net, true, &err), &err);
    }
    live_close(&l);
    live_open(&l, t);
    uint64_t start = now_monotonic_us();
    struct completion done;
    completion_init(&done);
    networks_autostart(l.all, &done);
    CHECK_INT(completion_wait(t, &done, task_deadline_ms(60000)), 0);
    printf("   %d networks in %.0f ms\n", MANY, (double)(now_monotonic_us() - start) / 1000);
    CHECK_INT(networks_count_active(l.all), MANY);
    CHECK_INT(live_count_dnsmasq(), MANY);
    live_close(&l);
    // After a restart of the daemon all are adopted, none is started again.
    live_open(&l, t);
    completion_init(&done);
    networks_autostart(l.all, &done);
    CHECK_INT(completion_wait(t, &done, task_deadline_ms(60000)), 0);
    live_settle(&l);
    CHECK_INT(networks_count_active(l.all), MANY);
    CHECK_INT(live_count_dnsmasq(), MANY);
    struct network *net = NULL;
    while ((net = networks_next(l.all, NULL)))
        finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// After a reboot: status files and definitions exist, nothing else.
static void test_reboot(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    struct network *net = live_start(&l, NAT_XML);
    CHECK_OK(network_set_autostart(t, net, true, &err), &err);
    live_close(&l);
    netns_sh("kill -9 $(cat " LIVE_DIR "/run/nat.pid); ip link del vbr0; nft flush ruleset;"
             "rm -rf " LIVE_DIR "/run; echo 0 >/proc/sys/net/ipv4/ip_forward");
    live_open(&l, t);
    net = networks_find_name(l.all, "nat");
    CHECK(net && !network_is_active(net));
    struct completion done;
    completion_init(&done);
    networks_autostart(l.all, &done);
    CHECK_INT(completion_wait(t, &done, task_deadline_ms(10000)), 0);
    CHECK(network_is_active(net));
    netns_sh("ip addr show vbr0 | grep -q 192.168.150.1/24; nft list ruleset | grep -q vbr0");
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// Another program loads rules later that drop the guests' traffic.
static void test_blockers(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    live_open(&l, t);
    struct network *net = live_start(&l, NAT_XML);
    live_settle(&l);
    CHECK_INT(net->runtime->blockers.n, 0);
    netns_sh("nft 'table inet foreign { chain f { type filter hook forward priority 0; "
             "policy drop; }; }'");
    uint64_t start = now_monotonic_us();
    while (net->runtime->blockers.n == 0) {
        CHECK(now_monotonic_us() - start < 5000000);
        task_sleep(t, task_deadline_ms(5));
    }
    CHECK_CONTAINS(net->runtime->blockers.v[0], "foreign");
    netns_sh("nft delete table inet foreign");
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// --- conflicts

static void test_fight(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    live_open(&l, t);
    struct network *net = live_start(&l, NAT_XML);
    live_settle(&l);
    // A process that removes the address as soon as it is added.
    netns_sh("(trap exit TERM; while :; do ip addr del 192.168.150.1/24 dev vbr0 2>/dev/null; "
             "sleep 0.01; done) </dev/null >/dev/null 2>&1 & echo $! >/run/conflict.pid");
    uint64_t start = now_monotonic_us();
    while (!net->runtime->repair.warned) {
        CHECK(now_monotonic_us() - start < 20000000);
        task_sleep(t, task_deadline_ms(5));
    }
    uint64_t total = net->runtime->repair.total;
    // The network is not repaired during the announced pause.
    uint64_t end = net->runtime->repair.not_before_us;
    CHECK(end > start + 300000);
    task_sleep(t, end - 200000);
    CHECK(now_monotonic_us() >= end || net->runtime->repair.total <= total + 1);
    netns_sh("kill -9 $(cat /run/conflict.pid)");
    live_wait(&l, 5000, "ip addr show vbr0 | grep -q 192.168.150.1/24");
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// Leftovers of an earlier daemon, without a status file.
static void test_sweep(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    live_open(&l, t);
    struct network *net = live_start(&l, NAT_XML);
    live_close(&l);
    netns_sh("rm " LIVE_DIR "/run/nat.status; ip link del vbr0;"
             "cd " LIVE_DIR "/lib; touch old.leases old.hosts other-file");
    live_open(&l, t);
    live_settle(&l);
    CHECK_INT(live_count_dnsmasq(), 0);
    netns_sh("cd " LIVE_DIR "/lib; test -e other-file -a ! -e old.leases -a ! -e old.hosts");
    netns_sh("! nft list ruleset | grep -q vbr0");
    net = networks_find_name(l.all, "nat");
    CHECK(!network_is_active(net));
    AUTO_ERROR err = ERROR_INIT;
    CHECK_OK(network_start(t, net, &err), &err);
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// A process in a container may use the same configuration path, and is visible here. It ends with
// this test at the latest.
static pid_t start_other_dnsmasq(const char *mark)
{
    AUTO_FREE char *conf = xstrdup("--conf-file=" LIVE_DIR "/run/nat.conf");
    int never[2];
    CHECK_INT(pipe2(never, O_CLOEXEC), 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        dup2(never[0], STDIN_FILENO);
        execl("/bin/sh", "dnsmasq", "-c", "read line", "sh", conf, mark, NULL);
        _exit(1);
    }
    close(never[0]); // the other end stays open
    return pid;
}

static void test_strays(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    AUTO_FREE char *mark = dnsmasq_mark();
    live_open(&l, t);
    struct network *net = live_start(&l, NAT_XML);
    pid_t served = net->runtime->dnsmasq.pid;
    live_close(&l);
    pid_t stray = start_other_dnsmasq(mark);
    pid_t other = start_other_dnsmasq("--tag-if=set:vireo-netns-1,tag:never");
    pid_t unmarked = start_other_dnsmasq("--no-hosts");
    netns_sh("until grep -q nat.conf /proc/%d/cmdline; do sleep 0.01; done", (int)unmarked);
    live_open(&l, t);
    live_settle(&l);
    net = networks_find_name(l.all, "nat");
    CHECK_INT(net->runtime->dnsmasq.pid, served);
    int status;
    CHECK_INT(waitpid(stray, &status, WNOHANG), -1); // reaped by the code that stopped it
    CHECK_INT(waitpid(other, &status, WNOHANG), 0);
    CHECK_INT(waitpid(unmarked, &status, WNOHANG), 0);
    kill(other, SIGKILL);
    kill(unmarked, SIGKILL);
    waitpid(other, &status, 0);
    waitpid(unmarked, &status, 0);
    finish(&l, net);
    live_check_clean(&l);
    live_close(&l);
}

// A stopping network of a killed daemon had the uuid that another network has now.
static void test_same_uuid(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {0};
    live_open(&l, t);
    live_start(&l, NAT_XML);
    live_close(&l);
    netns_sh("cd " LIVE_DIR "/run; sed 's/^phase .*/phase stopping/; s/^name .*/name old/; "
             "s/vbr0/vbr9/; s/<name>nat</<name>old</; /^address/d' nat.status >old.status; "
             "grep -q '<name>old<' old.status; ip link add vbr9 type bridge");
    live_open(&l, t);
    live_settle(&l);
    struct network *net = networks_find_name(l.all, "nat");
    CHECK(network_is_active(net));
    netns_sh("! ip link show vbr9 2>/dev/null; test ! -e " LIVE_DIR "/run/old.status");
    netns_sh("ip addr show vbr0 | grep -q 192.168.150.1/24");
    CHECK_INT(live_count_dnsmasq(), 1);
    finish(&l, net);
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

int main(void)
{
    netns_enter();
    netns_need_program("dnsmasq");
    netns_need_program("nft");
    netns_need_program("ss");
    netns_need_file("/dev/net/tun");
    signal(SIGPIPE, SIG_IGN);
    run("test_completion", test_completion);
    run("test_default", test_default);
    run("test_session", test_session);
    run("test_failures", test_failures);
    run("test_few_descriptors", test_few_descriptors);
    run("test_change", test_change);
    run("test_rates", test_rates);
    run("test_ports", test_ports);
    run("test_host_bridge", test_host_bridge);
    run("test_hooks", test_hooks);
    run("test_flushed_while_starting", test_flushed_while_starting);
    run("test_autostart", test_autostart);
    run("test_reboot", test_reboot);
    run("test_blockers", test_blockers);
    run("test_fight", test_fight);
    run("test_sweep", test_sweep);
    run("test_strays", test_strays);
    run("test_same_uuid", test_same_uuid);
    return 0;
}
