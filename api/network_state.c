// SPDX-License-Identifier: GPL-2.0-or-later
// What happens to networks, in libvirt's words.
#include "api/event_table.h"
#include "api/events.h"
#include "api/network.h"

static void on_happened(void *arg, struct network *net, enum network_event event)
{
    // virNetworkEventLifecycleType; there are no details.
    static const int numbers[] = {
        [NETWORK_DEFINED] = 0,
        [NETWORK_UNDEFINED] = 1,
        [NETWORK_STARTED] = 2,
        [NETWORK_STOPPED] = 3,
    };
    struct wire_network_ref ref = api_network_ref(net);
    api_event_network(arg, &ref, numbers[event], 0);
}

static void on_metadata(void *arg, struct network *net, int type, const char *uri)
{
    api_send_network_event_callback_metadata_change(
        arg, &(struct wire_network_event_callback_metadata_change_msg){
                 .net = api_network_ref(net), .type = type, .nsuri = uri});
}

static void on_idle(void *arg, bool idle)
{
    (void)idle;
    struct daemon *d = arg;
    if (d->idle_changed)
        d->idle_changed(d);
}

struct network_observer api_network_observer(struct daemon *d)
{
    return (struct network_observer){
        .happened = on_happened,
        .metadata = on_metadata,
        .idle = on_idle,
        .arg = d,
    };
}
