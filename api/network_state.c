// SPDX-License-Identifier: GPL-2.0-or-later
// What happens to networks, as libvirt's events.
#include "api/event_table.h"
#include "api/events.h"
#include "api/network.h"

static void on_happened(void *arg, struct network *net, enum network_event event)
{
    static const int numbers[] = {
        [NETWORK_DEFINED] = VIR_NETWORK_EVENT_DEFINED,
        [NETWORK_UNDEFINED] = VIR_NETWORK_EVENT_UNDEFINED,
        [NETWORK_STARTED] = VIR_NETWORK_EVENT_STARTED,
        [NETWORK_STOPPED] = VIR_NETWORK_EVENT_STOPPED,
    };
    api_send_network_event_lifecycle(
        arg, &(struct wire_network_event_lifecycle_msg){.net = api_network_ref(NULL, net),
                                                        .event = numbers[event]});
}

struct network_observer api_network_observer(struct daemon *d)
{
    return (struct network_observer){
        .happened = on_happened,
        .idle = daemon_on_idle,
        .arg = d,
    };
}
