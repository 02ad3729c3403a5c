// SPDX-License-Identifier: GPL-2.0-or-later
// Macvtaps in a network namespace of the test's own, on one end of a cable: frames go through their
// descriptors to the other end and to each other as the mode says.
#include "bridge/macvtap.h"
#include "base/str.h"
#include "tests/bridge/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { FRAME_SIZE = 100, COMES_MS = 2000, STAYS_AWAY_MS = 150, VNET_HDR_SIZE = 10 };

static const uint8_t one_mac[MAC_SIZE] = {0x52, 0x54, 0, 0, 0, 1};
static const uint8_t two_mac[MAC_SIZE] = {0x52, 0x54, 0, 0, 0, 2};
static const uint8_t far_mac[MAC_SIZE] = {0x52, 0x54, 0, 0, 0, 0xff};
// A group that only the guests know of, such as IPv6 asks for addresses with.
static const uint8_t group_mac[MAC_SIZE] = {0x33, 0x33, 0xff, 9, 8, 7};

struct bench {
    struct task *t;
    struct netlink *nl;
    int wire; // a packet socket on the cable's other end
};

static void bench_open(struct bench *b, struct task *t)
{
    AUTO_ERROR err = ERROR_INIT;
    char mac[MAC_TEXT_SIZE];
    b->t = t;
    CHECK_OK(netlink_open(&b->nl, &err), &err);
    netns_sh("ip link add low0 type veth peer name far0 && ip link set far0 address %s up",
             mac_format(far_mac, mac));
    struct link far;
    CHECK_OK(link_find(b->nl, "far0", &far, &err), &err);
    b->wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_802_EX1));
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_802_EX1), .sll_ifindex = far.index};
    CHECK_INT(bind(b->wire, (struct sockaddr *)&at, sizeof(at)), 0);
}

static void bench_close(struct bench *b)
{
    close(b->wire);
    netns_sh("ip link del low0");
    netlink_close(b->nl);
}

static struct tap open_one(struct bench *b, const struct macvtap_config *c)
{
    AUTO_ERROR err = ERROR_INIT;
    struct tap tap;
    char conflict[IFNAMSIZ];
    CHECK_OK(macvtap_open(b->t, c, &tap, conflict, &err), &err);
    CHECK_STR(conflict, "");
    return tap;
}

static void delete_one(struct bench *b, struct tap *tap, const uint8_t *mac)
{
    AUTO_ERROR err = ERROR_INIT;
    struct link l;
    netns_close_tap(tap);
    CHECK_OK(link_find(b->nl, tap->name, &l, &err), &err); // it outlives its descriptors
    CHECK_OK(macvtap_delete(b->t, tap->name, tap->index, mac, &err), &err);
    CHECK_INT(link_find(b->nl, tap->name, &l, &err), -ENODEV);
}

// ---- frames

// `header` bytes of zeroes precede it.
static void send_frame(int fd, size_t header, const uint8_t *to, const uint8_t *from, char mark)
{
    uint8_t frame[VNET_HDR_SIZE + FRAME_SIZE] = {0};
    memcpy(frame + header, to, MAC_SIZE);
    memcpy(frame + header + 6, from, MAC_SIZE);
    frame[header + 12] = ETH_P_802_EX1 >> 8;
    frame[header + 13] = ETH_P_802_EX1 & 0xff;
    frame[header + 14] = (uint8_t)mark;
    CHECK_INT(write(fd, frame, header + FRAME_SIZE), header + FRAME_SIZE);
}

// The mark of the next frame of this test, skipping the host's own; 0: none came.
static char receive(int fd, size_t header, int timeout_ms)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint8_t frame[2048];
        if (poll(&p, 1, timeout_ms) == 0)
            return 0;
        ssize_t n = read(fd, frame, sizeof(frame));
        CHECK(n > 0);
        if ((size_t)n > header + 14 && frame[header + 12] == ETH_P_802_EX1 >> 8 &&
            frame[header + 13] == (ETH_P_802_EX1 & 0xff))
            return (char)frame[header + 14];
    }
}

static void frames_task(struct task *t, void *arg)
{
    static const struct {
        enum direct_mode mode;
        bool meet; // two on one interface
    } modes[] = {{DIRECT_BRIDGE, true}, {DIRECT_VEPA, false}, {DIRECT_PRIVATE, false}};
    struct bench b;
    (void)arg;
    bench_open(&b, t);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct macvtap_config c = {
            .name = "macvtap0", .lower = "low0", .mode = modes[i].mode, .mac = one_mac};
        struct macvtap_config d = {
            .name = "macvtap1", .lower = "low0", .mode = modes[i].mode, .mac = two_mac};
        struct tap one = open_one(&b, &c), two = open_one(&b, &d);
        send_frame(one.fds[0], 0, far_mac, one_mac, 'a');
        CHECK_INT(receive(b.wire, 0, COMES_MS), 'a');
        send_frame(b.wire, 0, one_mac, far_mac, 'b');
        CHECK_INT(receive(one.fds[0], 0, COMES_MS), 'b');
        send_frame(one.fds[0], 0, two_mac, one_mac, 'c');
        CHECK_INT(receive(two.fds[0], 0, modes[i].meet ? COMES_MS : STAYS_AWAY_MS),
                  modes[i].meet ? 'c' : 0);
        CHECK_INT(receive(b.wire, 0, modes[i].meet ? STAYS_AWAY_MS : COMES_MS),
                  modes[i].meet ? 0 : 'c');
        send_frame(b.wire, 0, group_mac, far_mac, 'm');
        CHECK_INT(receive(one.fds[0], 0, COMES_MS), 'm');
        CHECK_INT(receive(two.fds[0], 0, COMES_MS), 'm');
        // What is meant for the other, or for neither, doesn't come.
        send_frame(b.wire, 0, two_mac, far_mac, 'd');
        CHECK_INT(receive(two.fds[0], 0, COMES_MS), 'd');
        CHECK_INT(receive(one.fds[0], 0, 0), 0);
        delete_one(&b, &two, two_mac);
        delete_one(&b, &one, one_mac);
    }
    bench_close(&b);
}

static void test_frames(void)
{
    run_task(frames_task, NULL);
}

// ---- what it is like

static void shape_task(struct task *t, void *arg)
{
    AUTO_ERROR err = ERROR_INIT;
    struct bench b;
    struct link l, lower;
    (void)arg;
    bench_open(&b, t);
    CHECK_OK(link_find(b.nl, "low0", &lower, &err), &err);
    CHECK(!(lower.flags & IFF_UP));
    struct macvtap_config c = {.name = "mytap",
                               .lower = "low0",
                               .mode = DIRECT_BRIDGE,
                               .mac = one_mac,
                               .mtu = 1400,
                               .queues = 2,
                               .vnet_hdr = true};
    struct tap tap = open_one(&b, &c);
    CHECK_STR(tap.name, "mytap");
    CHECK_INT(tap.nfds, 2);
    CHECK_OK(link_find(b.nl, "mytap", &l, &err), &err);
    CHECK_STR(l.kind, "macvtap");
    CHECK_INT(l.index, tap.index);
    CHECK_INT(l.lower, lower.index);
    CHECK_INT(l.mtu, 1400);
    CHECK(memcmp(l.mac, one_mac, MAC_SIZE) == 0);
    CHECK((l.flags & IFF_UP) && !l.passthrough);
    CHECK_OK(link_find(b.nl, "low0", &lower, &err), &err);
    CHECK(lower.flags & IFF_UP); // or nothing would go through
    // Frames have virtio's header, and come by one of the queues.
    send_frame(tap.fds[1], VNET_HDR_SIZE, far_mac, one_mac, 'a');
    CHECK_INT(receive(b.wire, 0, COMES_MS), 'a');
    send_frame(b.wire, 0, one_mac, far_mac, 'b');
    char got = 0;
    for (int waited_ms = 0; !got && waited_ms < COMES_MS; waited_ms++)
        got = receive(tap.fds[waited_ms & 1], VNET_HDR_SIZE, 1);
    CHECK_INT(got, 'b');
    // The host has no address with which it would speak in the guest's name.
    AUTO_FREE char *shown = netns_output("ip -6 addr show dev mytap");
    CHECK_STR(shown, "");
    CHECK_INT(receive(b.wire, 0, 0), 0);
    delete_one(&b, &tap, one_mac);
    bench_close(&b);
}

static void test_shape(void)
{
    run_task(shape_task, NULL);
}

static void refused(struct bench *b, const struct macvtap_config *c, const char *why,
                    const char *in_the_way)
{
    AUTO_ERROR err = ERROR_INIT;
    struct tap tap;
    struct link l;
    char conflict[IFNAMSIZ];
    AUTO_FREE char *before = netns_output("ip -o link | wc -l");
    CHECK_INT(macvtap_open(b->t, c, &tap, conflict, &err), -1);
    CHECK_CONTAINS(err.message, why);
    CHECK_STR(conflict, in_the_way);
    AUTO_FREE char *after = netns_output("ip -o link | wc -l");
    CHECK_STR(after, before);
    CHECK_INT(link_find(b->nl, "macvtap9", &l, &err), -ENODEV);
}

static void conflicts_task(struct task *t, void *arg)
{
    AUTO_ERROR err = ERROR_INIT;
    struct bench b;
    struct link l, lower;
    (void)arg;
    bench_open(&b, t);
    AUTO_FREE char *mac_before = netns_output("cat /run/sys/class/net/low0/address");
    struct macvtap_config c = {
        .name = "macvtap0", .lower = "low0", .mode = DIRECT_PASSTHROUGH, .mac = one_mac};
    struct macvtap_config shares = {
        .name = "macvtap9", .lower = "low0", .mode = DIRECT_BRIDGE, .mac = two_mac};
    struct macvtap_config alone = shares;
    alone.mode = DIRECT_PASSTHROUGH;
    struct tap tap = open_one(&b, &c);
    CHECK_OK(link_find(b.nl, "macvtap0", &l, &err), &err);
    CHECK(l.passthrough);
    CHECK(memcmp(l.mac, one_mac, MAC_SIZE) == 0);
    CHECK_OK(link_find(b.nl, "low0", &lower, &err), &err);
    CHECK(memcmp(lower.mac, one_mac, MAC_SIZE) == 0);
    CHECK_INT(macvtap_find_conflict(b.nl, &lower, false, &l, &err), 1);
    CHECK_STR(l.name, "macvtap0");
    send_frame(tap.fds[0], 0, far_mac, one_mac, 'a');
    CHECK_INT(receive(b.wire, 0, COMES_MS), 'a');
    send_frame(b.wire, 0, group_mac, far_mac, 'm');
    CHECK_INT(receive(tap.fds[0], 0, COMES_MS), 'm');
    refused(&b, &shares, "'macvtap0' has it for itself", "macvtap0");
    refused(&b, &alone, "would have to be alone there, and macvtap 'macvtap0'", "macvtap0");
    delete_one(&b, &tap, one_mac);
    AUTO_FREE char *mac_after = netns_output("cat /run/sys/class/net/low0/address");
    CHECK_STR(mac_after, mac_before);

    c.mode = DIRECT_VEPA;
    tap = open_one(&b, &c);
    CHECK_INT(macvtap_find_conflict(b.nl, &lower, false, &l, &err), 0);
    refused(&b, &alone, "alone there, and macvtap 'macvtap0'", "macvtap0");
    shares.name = "macvtap0";
    refused(&b, &shares, "an interface of that name is there", "");
    shares.name = "macvtap9";
    shares.mtu = 9000;
    refused(&b, &shares, "MTU 9000 is larger than the 1500 below", "");
    shares.mtu = 0;
    shares.mac = one_mac;
    refused(&b, &shares, "another macvtap on it, has MAC 52:54:00:00:00:01", "");
    shares.mac = two_mac;
    // Not the macvtap that was made: another with the name, or no macvtap at all.
    CHECK_OK(macvtap_delete(t, "macvtap0", tap.index + 1, one_mac, &err), &err);
    CHECK_OK(macvtap_delete(t, "macvtap0", 0, two_mac, &err), &err);
    CHECK_OK(macvtap_delete(t, "far0", 0, far_mac, &err), &err);
    CHECK_OK(link_find(b.nl, "macvtap0", &l, &err), &err);
    netns_close_tap(&tap);
    CHECK_OK(macvtap_delete(t, "macvtap0", 0, one_mac, &err), &err);
    CHECK_INT(link_find(b.nl, "macvtap0", &l, &err), -ENODEV);
    CHECK_OK(macvtap_delete(t, "macvtap0", 0, one_mac, &err), &err);

    netns_sh("ip link add br0 type bridge && ip link set low0 master br0");
    refused(&b, &shares, "that is a port of bridge 'br0'", "br0");
    netns_sh("ip link del br0");
    shares.lower = "nosuch0";
    refused(&b, &shares, "there is no such interface", "");
    shares.lower = "lo";
    refused(&b, &shares, "cannot create macvtap 'macvtap9' on 'lo' in mode bridge", "");
    shares.lower = "low0";
    shares.queues = 1000;
    refused(&b, &shares, "the kernel allows 256", "");
    bench_close(&b);
}

static void test_conflicts(void)
{
    run_task(conflicts_task, NULL);
}

// Without the kernel's own /dev, and with a /dev/tapN that is something else.
static void nodes_task(struct task *t, void *arg)
{
    struct bench b;
    (void)arg;
    bench_open(&b, t);
    netns_sh("mount -t tmpfs none /dev");
    for (int i = 0; i < 2; i++) {
        struct macvtap_config c = {
            .name = "macvtap0", .lower = "low0", .mode = DIRECT_BRIDGE, .mac = one_mac};
        if (i == 1) { // the numbers of interfaces go up by one
            for (unsigned n = 0; n < 100; n++) {
                char path[32];
                snprintf(path, sizeof(path), "/dev/tap%u", n);
                CHECK_INT(mknod(path, S_IFCHR | 0600, makedev(1, 3)), 0); // null
            }
        }
        struct tap tap = open_one(&b, &c);
        CHECK(tap.index < 100);
        send_frame(tap.fds[0], 0, far_mac, one_mac, 'a');
        CHECK_INT(receive(b.wire, 0, COMES_MS), 'a');
        delete_one(&b, &tap, one_mac);
        CHECK_INT(netns_sh_status("ls /dev/.vireo* >/dev/null 2>&1"), 2);
    }
    netns_sh("umount /dev");
    bench_close(&b);
}

static void test_nodes(void)
{
    run_task(nodes_task, NULL);
}

int main(void)
{
    netns_enter();
    netns_sh("mkdir /run/sys && mount -t sysfs sysfs /run/sys");
    if (netns_sh_status("ip link add low0 type veth peer name far0 && "
                        "ip link add link low0 name probe type macvtap 2>/dev/null") != 0)
        SKIP("this kernel has no macvtaps");
    netns_sh("ip link del low0");
    RUN(test_frames);
    RUN(test_shape);
    RUN(test_conflicts);
    RUN(test_nodes);
    return 0;
}
