// SPDX-License-Identifier: GPL-2.0-or-later
// Probe results of QEMU binaries: stored below a directory, and kept in memory from their first
// use.
#pragma once

#include "host/qemu_caps.h"

struct qemu_cache;

// dir NULL: not stored on disk. Copies both.
struct qemu_cache *qemu_cache_create(struct sched *s, const char *dir,
                                     const struct qemu_probe_user *user);
void qemu_cache_destroy(struct qemu_cache *c); // running probes must have ended

// From memory while the binary is unchanged; else from disk or by a probe that concurrent callers
// share. A failure is cached for a minute. Caller unrefs. Suspends.
int qemu_cache_get(struct task *t, struct qemu_cache *c, const char *binary, bool kvm,
                   struct qemu_caps **ret, struct error *err);
// Whether the disk has the results for this binary in its present state.
bool qemu_cache_is_stored(const struct qemu_cache *c, const char *binary, bool kvm);
size_t qemu_cache_probes(const struct qemu_cache *c); // number of probes so far
