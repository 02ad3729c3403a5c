// SPDX-License-Identifier: GPL-2.0-or-later
// What the handlers of storage procedures share.
#pragma once

#include "api/daemon.h"
#include "api/object.h"
#include "storage/storage.h"

extern const struct api_class api_storage_pool_class, api_storage_vol_class;

// By the names of its pool and its own. A reference, for AUTO_VOLUME. Suspends while the pool is
// scanned after the daemon's start.
struct volume *api_volume_find(struct call *call, const struct wire_storage_vol_ref *ref,
                               struct error *err);
// As the wire names them, copied into the arena; a pool's name is its own for NULL.
struct wire_storage_pool_ref api_pool_ref(struct arena *a, const struct pool *pool);
struct wire_storage_vol_ref api_volume_ref(struct arena *a, const struct volume *vol);

// Sends the events of pools; for struct pools_config.
struct pool_observer api_pool_observer(struct daemon *d);
