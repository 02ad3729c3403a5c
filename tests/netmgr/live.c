// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/netmgr/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "netmgr/internal.h"

const char NAT_XML[] =
    "<network><name>nat</name><uuid>5a7ab1e0-0000-4000-8000-000000000150</uuid>"
    "<forward mode='nat'><nat ipv6='yes'/></forward><bridge name='vbr0'/>"
    "<mac address='52:54:00:5a:01:50'/><domain name='test.lan'/>"
    "<dns><host ip='192.168.150.77'><hostname>printer</hostname></host></dns>"
    "<ip address='192.168.150.1' netmask='255.255.255.0'><dhcp>"
    "<range start='192.168.150.100' end='192.168.150.200'/>"
    "<host mac='52:54:00:00:00:01' name='first' ip='192.168.150.11'/></dhcp></ip>"
    "<ip family='ipv6' address='fd00:150::1' prefix='64'/></network>";

// Kills every dnsmasq of a failed test, which would outlive its namespace.
static void end_all_dnsmasq(void)
{
    (void)netns_sh_status("own=$(readlink /proc/self/ns/net); for p in $(pgrep -x dnsmasq); do "
                          "test \"$(readlink /proc/$p/ns/net)\" = \"$own\" && kill -9 $p; done");
}

// Without CAP_SYS_PTRACE, as vireod runs: /proc shows less of other users' processes.
static void drop_ptrace(void)
{
    CHECK_INT(capabilities_limit(~CAPABILITY(CAP_SYS_PTRACE)), 0);
}

void live_open(struct live *l, struct task *t)
{
    static bool prepared;
    AUTO_ERROR err = ERROR_INIT;
    if (!prepared) {
        atexit(end_all_dnsmasq);
        drop_ptrace();
    }
    prepared = true;
    l->t = t;
    struct networks_config config = {.sched = task_sched(t),
                                     .config_dir = LIVE_DIR "/etc",
                                     .run_dir = LIVE_DIR "/run",
                                     .state_dir = LIVE_DIR "/lib",
                                     .firewall = l->firewall,
                                     .system_mode = !l->session,
                                     .start_on_demand = l->on_demand,
                                     .default_network = l->default_network,
                                     .default_autostart = l->default_network,
                                     .hooks = l->hooks,
                                     .dnsmasq = l->dnsmasq,
                                     .observer = l->observer};
    mkdir(LIVE_DIR, 0755);
    l->all = networks_create(&config, &err);
    if (!l->all)
        fprintf(stderr, "%s\n", error_message(&err));
    CHECK(l->all);
    networks_load(l->all);
}

void live_settle(struct live *l)
{
    // Only this task remains.
    for (int i = 0; sched_count(task_sched(l->t)) > 1; i++) {
        CHECK(i < 20000);
        task_sleep(l->t, task_deadline_ms(1));
    }
}

void live_close(struct live *l)
{
    live_settle(l);
    networks_destroy(l->all);
    l->all = NULL;
}

struct network *live_define(struct live *l, const char *xml)
{
    AUTO_ERROR err = ERROR_INIT;
    struct network *net;
    struct network_def *def = network_def_load(xml, strlen(xml), 0, &err);
    if (!def)
        fprintf(stderr, "%s\n", error_message(&err));
    CHECK(def);
    CHECK_OK(network_define(l->t, l->all, def, &net, &err), &err);
    return net;
}

struct network *live_start(struct live *l, const char *xml)
{
    AUTO_ERROR err = ERROR_INIT;
    struct network *net = live_define(l, xml);
    CHECK_OK(network_start(l->t, net, &err), &err);
    return net;
}

void live_destroy(struct live *l, struct network *net)
{
    AUTO_ERROR err = ERROR_INIT;
    CHECK_OK(network_destroy(l->t, net, &err), &err);
}

unsigned live_wait(struct live *l, unsigned limit_ms, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    CHECK(vsnprintf(text, sizeof(text), fmt, ap) < (int)sizeof(text));
    va_end(ap);
    uint64_t start = now_monotonic_us(), tried;
    limit_ms *= slower();
    // The result is the time at which the successful try began.
    for (;;) {
        tried = now_monotonic_us();
        if (netns_sh_status("{ %s ; } >/dev/null 2>&1", text) == 0)
            break;
        if (now_monotonic_us() - start > limit_ms * 1000ull) {
            fprintf(stderr, "did not succeed within %u ms: %s\n", limit_ms, text);
            exit(1);
        }
        task_sleep(l->t, task_deadline_ms(2));
    }
    return (unsigned)((tried - start) / 1000);
}

int live_count_dnsmasq(void)
{
    AUTO_FREE char *n =
        netns_output("for p in $(pgrep -x dnsmasq); do readlink /proc/$p/ns/net; done | "
                     "grep -cF \"$(readlink /proc/self/ns/net)\"");
    return atoi(n);
}

void live_check_clean(struct live *l)
{
    live_settle(l);
    netns_sh("! ip -o link show | grep -q vbr");
    netns_sh("! nft list ruleset 2>/dev/null | grep -qE 'vbr[0-9]'");
    netns_sh("! iptables-legacy-save 2>/dev/null | grep -qE 'vbr[0-9]'");
    netns_sh("! ip6tables-legacy-save 2>/dev/null | grep -qE 'vbr[0-9]'");
    CHECK_INT(live_count_dnsmasq(), 0);
    netns_sh("test -z \"$(ls " LIVE_DIR "/run | grep -v autostarted)\"");
}

void live_plug(struct live *l, struct agent *a, const char *network, const char *cable,
               const char *mac)
{
    AUTO_ERROR err = ERROR_INIT;
    uint8_t address[MAC_SIZE];
    CHECK_INT(mac_parse(mac, address), 0);
    netns_sh("ip link add %s type veth peer name eth0 address %s netns %d", cable, mac,
             (int)a->pid);
    struct network_plug_request q = {.network = network,
                                     .mac = address,
                                     .owner = uuid_random(),
                                     .owner_name = "dom",
                                     .port_id = {.set = true, .value = uuid_random()},
                                     .tap = cable};
    CHECK_OK(network_replug(l->t, l->all, &q, &err), &err);
    agent_sh(a, "ip link set eth0 up");
}
