// SPDX-License-Identifier: GPL-2.0-or-later
// Links, bridges, taps, addresses, routes and their changes, in a network namespace of the test's
// own; what is set is read back with ip(8) and /sys, not only with bridge/.
#include "bridge/addr.h"
#include "bridge/bridge.h"
#include "bridge/sysctl.h"
#include "bridge/tap.h"
#include "bridge/watch.h"
#include "base/str.h"
#include "tests/bridge/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

static struct netlink *open_netlink(void)
{
    struct netlink *nl;
    AUTO_ERROR err = ERROR_INIT;
    if (netlink_open(&nl, &err) < 0)
        SKIP(error_message(&err));
    return nl;
}

static struct ip_prefix prefix(const char *text)
{
    struct ip_prefix p;
    CHECK_INT(ip_prefix_parse(text, &p), 0);
    return p;
}

static long sys_class(const char *interface, const char *file)
{
    char key[128];
    snprintf(key, sizeof(key), "%s/%s", interface, file);
    long value = -1;
    // A fresh sysfs shows this namespace's interfaces.
    CHECK_INT(sysctl_read("/run/sys/class/net", key, &value, NULL), 0);
    return value;
}

// CONFIG_BRIDGE_VLAN_FILTERING is not everywhere; what needs it is then checked to fail with a
// reason.
static bool kernel_has_vlans(void)
{
    bool has =
        netns_sh_status("ip link add vlanprobe type bridge vlan_filtering 1 2>/dev/null") == 0;
    if (has)
        netns_sh("ip link del vlanprobe");
    return has;
}

static void test_names(void)
{
    CHECK(link_name_valid("virbr0", false));
    CHECK(link_name_valid("fifteen-chars.x", false));
    CHECK(link_name_valid("vnet%d", true));
    static const char *const bad[] = {
        "", ".", "..", "sixteen-chars.xx", "a/b", "a b", "a\tb", "vnet%d", "a:b", "a\"b", "a\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!link_name_valid(bad[i], false));
    CHECK(!link_name_valid("a%d%d", true));
    CHECK(!link_name_valid("a%s", true));
    CHECK(!link_name_valid("a%", true));
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(link_name_check("a/b", &err), -1);
    CHECK_CONTAINS(err.message, "'a/b' is not a valid name of a network interface");
}

static void test_macs(void)
{
    uint8_t mac[MAC_SIZE];
    char text[MAC_TEXT_SIZE];
    CHECK_INT(mac_parse("52:54:00:Ab:cd:EF", mac), 0);
    CHECK_STR(mac_format(mac, text), "52:54:00:ab:cd:ef");
    static const char *const bad[] = {"",
                                      "52:54:00:ab:cd",
                                      "52:54:00:ab:cd:ef:01",
                                      "52-54-00-ab-cd-ef",
                                      "5:54:00:ab:cd:ef0",
                                      "gg:54:00:ab:cd:ef"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK_INT(mac_parse(bad[i], mac), -EINVAL);
}

static void test_bridge(void)
{
    struct netlink *nl = open_netlink();
    AUTO_ERROR err = ERROR_INIT;
    uint8_t mac[MAC_SIZE] = {0x52, 0x54, 0, 1, 2, 3};
    struct bridge_config c = {
        .name = "virbr0", .mac = mac, .mtu = 1400, .options = BRIDGE_OPTIONS_INIT};
    c.options.forward_delay_ms = 0;
    c.options.multicast_snooping = false;
    c.options.ageing_ms = 60000;
    int index = 0;
    CHECK_OK(bridge_create(nl, &c, &index, &err), &err);
    CHECK_INT(sys_class("virbr0", "bridge/stp_state"), 0);
    CHECK_INT(sys_class("virbr0", "bridge/forward_delay"), 0);
    CHECK_INT(sys_class("virbr0", "bridge/ageing_time"), 6000);
    CHECK_INT(sys_class("virbr0", "bridge/multicast_snooping"), 0);
    CHECK_INT(sys_class("virbr0", "mtu"), 1400);
    struct link l;
    CHECK_OK(link_find(nl, "virbr0", &l, &err), &err);
    CHECK_INT(l.index, index);
    CHECK_STR(l.kind, "bridge");
    CHECK(memcmp(l.mac, mac, MAC_SIZE) == 0);
    CHECK_INT(l.mtu, 1400);
    CHECK_INT(l.bridge.ageing_ms, 60000);
    CHECK(!l.bridge.multicast_snooping && !l.bridge.stp && !l.bridge.vlan_filtering);
    CHECK(!(l.flags & IFF_UP));
    // Changed in place; STP raises the delay to what the kernel knows.
    c.options.stp = c.options.multicast_snooping = true;
    c.options.vlan_filtering = kernel_has_vlans();
    c.mtu = 1500;
    CHECK_OK(bridge_update(nl, &c, &err), &err);
    CHECK_OK(bridge_update(nl, &c, &err), &err);
    CHECK_INT(sys_class("virbr0", "bridge/stp_state"), 1);
    CHECK_INT(sys_class("virbr0", "bridge/forward_delay"), 200);
    if (kernel_has_vlans())
        CHECK_INT(sys_class("virbr0", "bridge/vlan_filtering"), 1);
    CHECK_INT(sys_class("virbr0", "bridge/multicast_snooping"), 1);
    CHECK_INT(sys_class("virbr0", "mtu"), 1500);
    // The name is taken: by what?
    struct ip_prefix p = prefix("192.168.122.1/24");
    CHECK_OK(address_add(nl, index, "virbr0", &p, false, &err), &err);
    CHECK_INT(bridge_create(nl, &c, NULL, &err), -1);
    CHECK_INT(err.code, ERROR_OPERATION_INVALID);
    CHECK_CONTAINS(err.message, "a bridge with address 192.168.122.1/24 and 0 ports");
    c.name = "lo";
    CHECK_INT(bridge_create(nl, &c, NULL, &err), -1);
    CHECK_CONTAINS(err.message, "the loopback interface");
    CHECK_INT(bridge_update(nl, &c, &err), -1);
    CHECK_CONTAINS(err.message, "cannot use 'lo' as a bridge");
    c.name = "nobr0";
    CHECK_INT(bridge_update(nl, &c, &err), -1);
    CHECK_CONTAINS(err.message, "nobr0");
    CHECK_INT(err.sys_errno, ENODEV);
    c.name = "much-too-long-a-name";
    CHECK_INT(bridge_create(nl, &c, NULL, &err), -1);
    CHECK_INT(err.code, ERROR_INVALID_ARG);
    CHECK_INT(link_find(nl, "much-too-long-a-name", &l, &err), -ENODEV);
    CHECK_OK(link_delete_blocking("virbr0", &err), &err);
    CHECK_OK(link_delete_blocking("virbr0", &err), &err); // gone already
    CHECK_INT(link_find(nl, "virbr0", &l, &err), -ENODEV);
    CHECK_INT(link_find_index(nl, index, &l, &err), -ENODEV);
    netlink_close(nl);
}

static bool has_address(struct netlink *nl, int index, const char *text, bool *tentative)
{
    struct address_vec addrs = {0};
    AUTO_ERROR err = ERROR_INIT;
    CHECK_OK(address_list(nl, index, &addrs, &err), &err);
    bool found = false;
    char buf[IP_TEXT_SIZE];
    VEC_FOREACH (a, &addrs)
        if (strcmp(ip_prefix_format(&a->prefix, buf), text) == 0) {
            found = true;
            *tentative = a->tentative;
            CHECK_INT(a->index, index);
        }
    vec_finish(&addrs);
    return found;
}

static bool has_route(struct netlink *nl, const char *dst, const char *via)
{
    struct route_vec routes = {0};
    AUTO_ERROR err = ERROR_INIT;
    CHECK_OK(route_list(nl, &routes, &err), &err);
    bool found = false;
    char a[IP_TEXT_SIZE], b[IP_TEXT_SIZE];
    VEC_FOREACH (r, &routes)
        found = found || (strcmp(ip_prefix_format(&r->dst, a), dst) == 0 &&
                          strcmp(ip_format(&r->gateway, b), via) == 0);
    vec_finish(&routes);
    return found;
}

static void test_addresses(void)
{
    struct netlink *nl = open_netlink();
    AUTO_ERROR err = ERROR_INIT;
    struct bridge_config c = {.name = "br4", .options = BRIDGE_OPTIONS_INIT};
    int index;
    bool tentative;
    CHECK_OK(bridge_create(nl, &c, &index, &err), &err);
    struct link_change up = {.set_up = true, .up = true};
    CHECK_OK(link_change(nl, index, "br4", &up, &err), &err);
    struct ip_prefix v4 = prefix("192.168.50.1/24"), v6 = prefix("fd00:50::1/64");
    CHECK_OK(address_add(nl, index, "br4", &v4, true, &err), &err);
    CHECK_OK(address_add(nl, index, "br4", &v4, true, &err), &err); // there already
    CHECK_OK(address_add(nl, index, "br4", &v6, true, &err), &err);
    CHECK(has_address(nl, index, "192.168.50.1/24", &tentative));
    CHECK(has_address(nl, index, "fd00:50::1/64", &tentative));
    CHECK(!tentative); // no duplicate detection was asked for
    AUTO_FREE char *shown = netns_output("ip -4 addr show dev br4");
    CHECK_CONTAINS(shown, "192.168.50.1/24 brd 192.168.50.255");
    struct ip_prefix none = prefix("1.2.3.4/0");
    CHECK_INT(address_add(nl, index, "br4", &none, true, &err), -1);
    CHECK_CONTAINS(err.message, "no valid prefix length");
    struct route r = {.dst = prefix("10.20.0.0/16"), .index = index, .metric = 7};
    ip_parse("192.168.50.2", &r.gateway);
    CHECK_OK(route_add(nl, &r, &err), &err);
    CHECK_OK(route_add(nl, &r, &err), &err);
    CHECK(has_route(nl, "10.20.0.0/16", "192.168.50.2"));
    CHECK(has_route(nl, "192.168.50.0/24", ""));
    AUTO_FREE char *routes = netns_output("ip -4 route");
    CHECK_CONTAINS(routes, "10.20.0.0/16 via 192.168.50.2 dev br4 proto static metric 7");
    struct route r6 = {.dst = prefix("fd99::/64"), .index = index};
    ip_parse("fd00:50::2", &r6.gateway);
    CHECK_OK(route_add(nl, &r6, &err), &err);
    CHECK(has_route(nl, "fd99::/64", "fd00:50::2"));
    CHECK_OK(route_delete(nl, &r6, &err), &err);
    CHECK_OK(route_delete(nl, &r, &err), &err);
    CHECK_OK(route_delete(nl, &r, &err), &err);
    CHECK(!has_route(nl, "10.20.0.0/16", "192.168.50.2"));
    ip_parse("172.31.99.9", &r.gateway);
    CHECK_INT(route_add(nl, &r, &err), -1);
    CHECK_CONTAINS(err.message,
                   "cannot add route to 10.20.0.0/16 via 172.31.99.9: Network is unreachable");
    CHECK_OK(address_delete(nl, index, "br4", &v4, &err), &err);
    CHECK_OK(address_delete(nl, index, "br4", &v4, &err), &err);
    CHECK(!has_address(nl, index, "192.168.50.1/24", &tentative));
    CHECK_OK(link_delete_blocking("br4", &err), &err);
    netlink_close(nl);
}

static void test_sysctl(void)
{
    AUTO_ERROR err = ERROR_INIT;
    long value;
    bool changed;
    CHECK_OK(sysctl_write(NULL, "net/ipv4/ip_forward", 0, &changed, &err), &err);
    CHECK_OK(sysctl_write(NULL, "net/ipv4/ip_forward", 1, &changed, &err), &err);
    CHECK(changed);
    CHECK_OK(sysctl_write(NULL, "net/ipv4/ip_forward", 1, &changed, &err), &err);
    CHECK(!changed);
    CHECK_OK(sysctl_read(NULL, "net/ipv4/ip_forward", &value, &err), &err);
    CHECK_INT(value, 1);
    CHECK_OK(sysctl_write_interface(NULL, "ipv6", "lo", "accept_ra", 0, &changed, &err), &err);
    CHECK_INT(sysctl_write_interface(NULL, "ipv6", "nosuch0", "accept_ra", 0, &changed, &err), -1);
    CHECK_CONTAINS(err.message, "/proc/sys/net/ipv6/conf/nosuch0/accept_ra");
    CHECK_INT(err.sys_errno, ENOENT);
    CHECK_INT(sysctl_write_interface(NULL, "ipv6", "../all", "accept_ra", 0, &changed, &err), -1);
    CHECK_INT(err.code, ERROR_INVALID_ARG);
}

static void tap_task(struct task *t, void *arg)
{
    (void)arg;
    struct sched *s = task_sched(t);
    struct netlink *nl = open_netlink();
    AUTO_ERROR err = ERROR_INIT;
    struct bridge_config c = {.name = "brt", .mtu = 1400, .options = BRIDGE_OPTIONS_INIT};
    bool vlans = c.options.vlan_filtering = kernel_has_vlans();
    int bridge;
    CHECK_OK(bridge_create(nl, &c, &bridge, &err), &err);
    uint8_t guest[MAC_SIZE] = {0x52, 0x54, 0, 9, 8, 7}, mac[MAC_SIZE];
    tap_mac(guest, mac);
    uint16_t trunk[] = {20, 30};
    struct tap tap;
    struct tap_config config = {
        .vnet_hdr = true,
        .queues = 3,
        .mac = mac,
        .bridge = "brt",
        .port = {.set_isolated = true, .isolated = true, .vlan = 10, .trunk = trunk, .ntrunk = 2}};
    if (!vlans) {
        CHECK_INT(tap_open(s, nl, &config, &tap, &err), -1);
        CHECK_CONTAINS(err.message, "into VLAN 10");
        printf("# no VLANs in this kernel's bridges: only their failure is tested\n");
        config.port.vlan = 0;
        config.port.ntrunk = 0;
    }
    if (tap_open(s, nl, &config, &tap, &err) < 0) {
        fprintf(stderr, "%s\n", error_message(&err));
        exit(1);
    }
    CHECK(str_starts(tap.name, "vnet"));
    CHECK_INT(tap.nfds, 3);
    struct link l;
    CHECK_OK(link_find(nl, tap.name, &l, &err), &err);
    CHECK_STR(l.kind, "tun");
    CHECK_INT(l.master, bridge);
    CHECK_INT(l.mtu, 1400); // the bridge's
    CHECK(l.flags & IFF_UP);
    CHECK(l.isolated);
    CHECK_INT(l.mac[0], 0xfe);
    CHECK_INT(l.mac[5], 7);
    if (vlans) {
        AUTO_FREE char *shown = netns_output("bridge vlan show dev %s", tap.name);
        CHECK_CONTAINS(shown, "10 PVID Egress Untagged");
        CHECK_CONTAINS(shown, "20");
        CHECK(!strstr(shown, " 1 "));
    }
    // The bridge keeps the MTU it was given, whatever its ports do.
    CHECK_OK(link_find(nl, "brt", &l, &err), &err);
    CHECK_INT(l.mtu, 1400);
    // Same name again, a bridge that isn't there or is none, bad names: each leaves nothing behind.
    struct tap other;
    struct tap_config bad = {.name = tap.name};
    CHECK_INT(tap_open(s, nl, &bad, &other, &err), -1);
    CHECK_CONTAINS(err.message, "an interface of that name is there");
    bad = (struct tap_config){.name = "tapx", .bridge = "nosuch0"};
    CHECK_INT(tap_open(s, nl, &bad, &other, &err), -1);
    CHECK_CONTAINS(err.message, "no such bridge");
    bad = (struct tap_config){.name = "tapy", .bridge = "lo"};
    CHECK_INT(tap_open(s, nl, &bad, &other, &err), -1);
    CHECK_CONTAINS(err.message, "that is no bridge");
    bad = (struct tap_config){.name = "a/b%d"};
    CHECK_INT(tap_open(s, nl, &bad, &other, &err), -1);
    bad = (struct tap_config){.queues = 1000};
    CHECK_INT(tap_open(s, nl, &bad, &other, &err), -1);
    // Persistent: survives its descriptor.
    struct tap_config keep = {.name = "keep0",
                              .persistent = true,
                              .set_owner = true,
                              .uid = 65534,
                              .gid = 65534,
                              .down = true};
    struct tap kept;
    CHECK_OK(tap_open(s, nl, &keep, &kept, &err), &err);
    netns_close_tap(&kept);
    netns_close_tap(&tap);
    CHECK_INT(tap.nfds, 0);
    CHECK_INT(link_find(nl, tap.name, &l, &err), -ENODEV);
    CHECK_OK(link_find(nl, "keep0", &l, &err), &err);
    CHECK(!(l.flags & IFF_UP));
    CHECK_OK(link_delete(t, "keep0", &err), &err);
    CHECK_OK(link_find(nl, "brt", &l, &err), &err);
    CHECK_INT(l.mtu, 1400);
    CHECK_OK(link_delete(t, "brt", &err), &err);
    CHECK_INT(link_find(nl, "keep0", &l, &err), -ENODEV);
    netlink_close(nl);
}

static void test_taps(void)
{
    netns_need_file("/dev/net/tun");
    run_task(tap_task, NULL);
}

static void tap_without_node_task(struct task *t, void *arg)
{
    (void)arg;
    struct netlink *nl = open_netlink();
    AUTO_ERROR err = ERROR_INIT;
    struct tap tap;
    CHECK_OK(tap_open(task_sched(t), nl, &(struct tap_config){0}, &tap, &err), &err);
    netns_close_tap(&tap);
    netns_sh("test \"$(stat -c %%A /dev/net/tun)\" = crw-rw-rw-");
    // What cannot be opened does not stay, and the error names the command.
    netns_sh("rm -r /dev/net && mount -t tmpfs -o nodev none /dev");
    CHECK_INT(tap_open(task_sched(t), nl, &(struct tap_config){0}, &tap, &err), -1);
    CHECK_CONTAINS(err.message, "modprobe tun");
    netns_sh("! test -e /dev/net/tun");
    netlink_close(nl);
}

static void test_tap_without_node(void)
{
    // Last of all: it takes /dev away.
    if (netns_sh_status("mount -t tmpfs none /dev && mknod /dev/null c 1 3 && : >/dev/null") != 0) {
        printf("# no permission to make device nodes: a missing /dev/net/tun is not tested\n");
        return;
    }
    run_task(tap_without_node_task, NULL);
}

struct beat {
    unsigned count;
    uint64_t last_us, worst_us;
};

static int on_beat(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)usec;
    struct beat *b = userdata;
    uint64_t now = now_monotonic_us();
    if (b->last_us && now - b->last_us > b->worst_us)
        b->worst_us = now - b->last_us;
    b->last_us = now;
    b->count++;
    sd_event_source_set_time(source, now + 1000);
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
}

enum { MANY = 50 };

static void many_task(struct task *t, void *arg)
{
    (void)arg;
    struct sched *s = task_sched(t);
    struct netlink *nl = open_netlink();
    AUTO_ERROR err = ERROR_INIT;
    struct bridge_config c = {.name = "brm", .options = BRIDGE_OPTIONS_INIT};
    CHECK_OK(bridge_create(nl, &c, NULL, &err), &err);
    struct tap taps[MANY];
    struct tap_config config = {.bridge = "brm"};
    uint64_t start = now_monotonic_us();
    for (int i = 0; i < MANY; i++)
        CHECK_OK(tap_open(s, nl, &config, &taps[i], &err), &err);
    printf("%d taps plugged in %.1f ms\n", MANY, (double)(now_monotonic_us() - start) / 1e3);
    struct link_vec links = {0};
    CHECK_OK(link_list(nl, &links, &err), &err);
    CHECK_INT(links.n, MANY + 2);
    vec_finish(&links);
    // They close beside the loop, which goes on meanwhile.
    struct beat beat = {0};
    sd_event_source *timer = NULL;
    CHECK(sd_event_add_time(task_event(t), &timer, CLOCK_MONOTONIC, 0, 1, on_beat, &beat) >= 0);
    start = now_monotonic_us();
    for (int i = 0; i < MANY; i++)
        tap_close(s, &taps[i]);
    uint64_t asked = now_monotonic_us() - start;
    // Looked up in /sys: a netlink request would wait for the kernel's RTNL lock, which the closing
    // holds most of the time, and that with the loop.
    for (int i = 0; i < MANY; i++) {
        AUTO_FREE char *path = xasprintf("/run/sys/class/net/%s", taps[i].name);
        while (access(path, F_OK) == 0) {
            CHECK(now_monotonic_us() - start < 20 * 1000000);
            task_sleep(t, task_deadline_ms(1));
        }
    }
    uint64_t all = now_monotonic_us() - start;
    printf("%d taps closed in %.1f ms, asked for in %.1f ms, loop held up at most %.1f ms\n", MANY,
           (double)all / 1e3, (double)asked / 1e3, (double)beat.worst_us / 1e3);
    CHECK(beat.count >= 3);
    CHECK(asked < 1000000);
    sd_event_source_disable_unref(timer);
    CHECK_OK(link_delete(t, "brm", &err), &err);
    netlink_close(nl);
}

static void test_many_taps(void)
{
    run_task(many_task, NULL);
}

struct seen {
    bool link, link_gone, address, address_gone, route, route_gone, lost;
    unsigned links;
};

static void on_event(const struct watch_event *e, void *arg)
{
    struct seen *s = arg;
    char text[IP_TEXT_SIZE];
    switch (e->kind) {
    case WATCH_LINK:
        s->links++;
        s->link = s->link || str_eq(e->link.name, "brw");
        break;
    case WATCH_LINK_GONE:
        s->link_gone = s->link_gone || str_eq(e->link.name, "brw");
        break;
    case WATCH_ADDRESS:
        s->address =
            s->address || str_eq(ip_prefix_format(&e->address.prefix, text), "192.168.60.1/24");
        break;
    case WATCH_ADDRESS_GONE:
        s->address_gone = true;
        break;
    case WATCH_ROUTE:
        s->route = s->route || str_eq(ip_prefix_format(&e->route.dst, text), "192.168.60.0/24");
        break;
    case WATCH_ROUTE_GONE:
        s->route_gone = true;
        break;
    case WATCH_LOST:
        s->lost = true;
        break;
    }
}

static void watch_task(struct task *t, void *arg)
{
    (void)arg;
    struct netlink *nl = open_netlink();
    AUTO_ERROR err = ERROR_INIT;
    struct seen seen = {0};
    struct net_watch *w;
    CHECK_OK(net_watch_create(task_event(t), on_event, &seen, &w, &err), &err);
    struct bridge_config c = {.name = "brw", .options = BRIDGE_OPTIONS_INIT};
    int index;
    CHECK_OK(bridge_create(nl, &c, &index, &err), &err);
    struct link_change up = {.set_up = true, .up = true};
    CHECK_OK(link_change(nl, index, "brw", &up, &err), &err);
    struct ip_prefix p = prefix("192.168.60.1/24");
    CHECK_OK(address_add(nl, index, "brw", &p, false, &err), &err);
    CHECK_OK(address_delete(nl, index, "brw", &p, &err), &err);
    CHECK_OK(link_delete(t, "brw", &err), &err);
    uint64_t limit = task_deadline_ms(5000);
    while (!seen.link_gone && now_monotonic_us() < limit)
        task_sleep(t, task_deadline_ms(1));
    CHECK(seen.link && seen.link_gone && seen.address && seen.address_gone && seen.route);
    CHECK(!seen.lost);
    // More than the socket holds, with the loop blocked: that is reported.
    netns_sh("for i in $(seq 1 40); do echo link add br$i type bridge; done | ip -batch -");
    for (int i = 0; i < 40 * 400; i++) {
        struct link_change mtu = {.mtu = 1000u + (unsigned)(i / 40) % 300};
        char name[IFNAMSIZ];
        snprintf(name, sizeof(name), "br%d", 1 + i % 40);
        struct link l;
        if (i < 40)
            CHECK_OK(link_find(nl, name, &l, &err), &err);
        if (i == 0)
            index = l.index;
        link_change(nl, index + i % 40, name, &mtu, &err);
    }
    limit = task_deadline_ms(5000);
    while (!seen.lost && now_monotonic_us() < limit)
        task_sleep(t, task_deadline_ms(1));
    CHECK(seen.lost);
    net_watch_destroy(w);
    netlink_close(nl);
}

static void test_watch(void)
{
    run_task(watch_task, NULL);
}

static void test_statistics(void)
{
    struct netlink *nl = open_netlink();
    AUTO_ERROR err = ERROR_INIT;
    struct link before, after;
    CHECK_OK(link_find(nl, "lo", &before, &err), &err);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = 9, .sin_addr = {0x0100007f}};
    char data[1000] = {0};
    CHECK(sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)) == sizeof(data));
    close(fd);
    CHECK_OK(link_find(nl, "lo", &after, &err), &err);
    CHECK(after.stats.tx_bytes >= before.stats.tx_bytes + 1000);
    CHECK(after.stats.tx_packets > before.stats.tx_packets);
    netlink_close(nl);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    RUN(test_names);
    RUN(test_macs);
    netns_enter();
    netns_sh("mkdir /run/sys && mount -t sysfs sysfs /run/sys");
    RUN(test_bridge);
    RUN(test_addresses);
    RUN(test_sysctl);
    RUN(test_statistics);
    RUN(test_taps);
    RUN(test_many_taps);
    RUN(test_watch);
    RUN(test_tap_without_node);
    return 0;
}
