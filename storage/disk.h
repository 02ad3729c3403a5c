// SPDX-License-Identifier: GPL-2.0-or-later
// What guests' disks want of pools.
#pragma once

#include "schemas/domain/def.h"
#include "storage/storage.h"

// A disk of a guest that is about to get it: a volume of a pool becomes the file that it is, and
// when the document names no <backingStore> what an image is built on is noted there, so that QEMU
// may read it. Suspends. ERROR_NO_STORAGE_POOL, ERROR_NO_STORAGE_VOL, ERROR_CONFIG_UNSUPPORTED.
int storage_complete_disk(struct task *t, struct pools *all, struct domain_disk *disk,
                          struct error *err);
