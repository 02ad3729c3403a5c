// SPDX-License-Identifier: GPL-2.0-or-later
// What binaries can do, each asked once: kept on disk below a directory, and in memory from the
// first time it is needed.
#pragma once

#include "host/qemu_caps.h"

struct qemu_cache;

// dir NULL: not kept on disk. Copies both.
struct qemu_cache *qemu_cache_create(struct sched *s, const char *dir,
                                     const struct qemu_probe_user *user);
void qemu_cache_destroy(struct qemu_cache *c); // probes under way must have ended

// At once when known and the binary unchanged; else from disk or by a probe, shared by all who ask
// meanwhile. A failure is remembered for a minute. Caller unrefs. Suspends.
int qemu_cache_get(struct task *t, struct qemu_cache *c, const char *binary, bool kvm,
                   struct qemu_caps **ret, struct error *err);
// Whether the disk has the answers of this binary as it is now.
bool qemu_cache_is_stored(const struct qemu_cache *c, const char *binary, bool kvm);
size_t qemu_cache_probes(const struct qemu_cache *c); // binaries run so far
