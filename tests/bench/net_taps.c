// SPDX-License-Identifier: GPL-2.0-or-later
// net_taps COUNT: attaches COUNT taps to a new bridge of this network namespace, as starting
// domains does, and prints the time in microseconds. net_bench.py builds it from the objects of
// base/ and bridge/.
#include <stdio.h>
#include <systemd/sd-event.h>
#include <unistd.h>
#include "base/str.h"
#include "bridge/bridge.h"
#include "bridge/tap.h"

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 200;
    AUTO_ERROR err = ERROR_INIT;
    struct netlink *nl;
    sd_event *event;
    if (sd_event_new(&event) < 0)
        return 1;
    struct sched *s = sched_create(event);
    struct bridge_config bridge = {.name = "taps"};
    if (netlink_open(&nl, &err) < 0 || bridge_create(nl, &bridge, NULL, &err) < 0)
        goto failed;
    uint64_t start = now_monotonic_us();
    for (int i = 0; i < count; i++) {
        uint8_t guest[MAC_SIZE] = {0x52, 0x54, 0, 1, (uint8_t)(i >> 8), (uint8_t)i}, mac[MAC_SIZE];
        tap_mac(guest, mac);
        struct tap_config config = {.vnet_hdr = true, .mac = mac, .bridge = "taps"};
        struct tap tap;
        if (tap_open(s, nl, &config, &tap, &err) < 0)
            goto failed;
    }
    printf("%ju\n", (uintmax_t)(now_monotonic_us() - start));
    fflush(stdout);
    _exit(0); // the kernel takes seconds to close them one by one, which is not measured
failed:
    fprintf(stderr, "net_taps: %s\n", error_message(&err));
    return 1;
}
