// SPDX-License-Identifier: GPL-2.0-or-later
// What happens to storage pools, in libvirt's words.
#include "api/event_table.h"
#include "api/events.h"
#include "api/storage.h"

static struct wire_storage_pool_ref ref_of(const struct pool *pool)
{
    struct wire_storage_pool_ref ref = {.name = pool->name};
    memcpy(ref.uuid, pool->uuid.b, UUID_SIZE);
    return ref;
}

static void on_happened(void *arg, struct pool *pool, enum pool_event event)
{
    // virStoragePoolEventLifecycleType; there are no details.
    static const int numbers[] = {
        [POOL_DEFINED] = 0, [POOL_UNDEFINED] = 1, [POOL_STARTED] = 2,
        [POOL_STOPPED] = 3, [POOL_BUILT] = 4,     [POOL_DELETED] = 5,
    };
    api_send_storage_pool_event_lifecycle(arg, &(struct wire_storage_pool_event_lifecycle_msg){
                                                   .pool = ref_of(pool), .event = numbers[event]});
}

static void on_refreshed(void *arg, struct pool *pool)
{
    api_send_storage_pool_event_refresh(
        arg, &(struct wire_storage_pool_event_refresh_msg){.pool = ref_of(pool)});
}

struct pool_observer api_pool_observer(struct daemon *d)
{
    return (struct pool_observer){
        .happened = on_happened,
        .refreshed = on_refreshed,
        .arg = d,
    };
}
