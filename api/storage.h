// SPDX-License-Identifier: GPL-2.0-or-later
// What the handlers of storage procedures share.
#pragma once

#include "api/daemon.h"
#include "api/handlers.h"
#include "api/lookup.h"
#include "storage/storage.h"

// Looks up the pool a client means; by uuid, as libvirt does. A reference, for AUTO_POOL. Suspends
// while the pool is looked through after the daemon's start.
int api_pool_get(struct call *call, const struct wire_storage_pool_ref *ref, struct pool **ret,
                 struct error *err);
// The same of a pool that must be active.
int api_pool_get_active(struct call *call, const struct wire_storage_pool_ref *ref,
                        struct pool **ret, struct error *err);
// By the names of its pool and its own. A reference, for AUTO_VOLUME.
int api_volume_get(struct call *call, const struct wire_storage_vol_ref *ref, struct volume **ret,
                   struct error *err);
// As the wire names them; copied into the arena.
struct wire_storage_pool_ref api_pool_ref(struct arena *a, const struct pool *pool);
struct wire_storage_vol_ref api_volume_ref(struct arena *a, const struct volume *vol);

// Sends the events of pools; for struct pools_config.
struct pool_observer api_pool_observer(struct daemon *d);
