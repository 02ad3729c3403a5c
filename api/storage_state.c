// SPDX-License-Identifier: GPL-2.0-or-later
// What happens to storage pools, as libvirt's events.
#include "api/event_table.h"
#include "api/events.h"
#include "api/storage.h"

static void on_happened(void *arg, struct pool *pool, enum pool_event event)
{
    static const int numbers[] = {
        [POOL_DEFINED] = VIR_STORAGE_POOL_EVENT_DEFINED,
        [POOL_UNDEFINED] = VIR_STORAGE_POOL_EVENT_UNDEFINED,
        [POOL_STARTED] = VIR_STORAGE_POOL_EVENT_STARTED,
        [POOL_STOPPED] = VIR_STORAGE_POOL_EVENT_STOPPED,
        [POOL_BUILT] = VIR_STORAGE_POOL_EVENT_CREATED,
        [POOL_DELETED] = VIR_STORAGE_POOL_EVENT_DELETED,
    };
    api_send_storage_pool_event_lifecycle(
        arg, &(struct wire_storage_pool_event_lifecycle_msg){.pool = api_pool_ref(NULL, pool),
                                                             .event = numbers[event]});
}

static void on_refreshed(void *arg, struct pool *pool)
{
    api_send_storage_pool_event_refresh(
        arg, &(struct wire_storage_pool_event_refresh_msg){.pool = api_pool_ref(NULL, pool)});
}

struct pool_observer api_pool_observer(struct daemon *d)
{
    return (struct pool_observer){
        .happened = on_happened,
        .refreshed = on_refreshed,
        .arg = d,
    };
}
