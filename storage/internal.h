// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of storage/ share.
#pragma once

#include "base/file.h"
#include "base/states.h"
#include "base/str.h"
#include "storage/storage.h"

#include <sys/types.h>

enum {
    POOL_LOCK_TIMEOUT_MS = 30000,
    POOL_LOADED_TIMEOUT_MS = 5000,
    POOL_VOLUMES_MAX = 65536, // files of one directory that are read
};

#define STORAGE_TEMPORARY ".vireo-new-" // files that were never finished

struct pools {
    struct object_table table;
    struct pools_config config;
    unsigned loading;         // tasks that scan pools after the daemon's start
    struct completion loaded; // posted when none is left
};

// pools.c
void pool_set_state(struct pool *pool, enum pool_state state); // the only way to change it
void pools_event(struct pool *pool, enum pool_event event);

// status.c: active pools on disk
int pool_status_save(struct pool *pool, const struct pool_def *def, struct error *err);
void pools_status_load(struct pools *all); // those that were active are

// scan.c: on a helper thread.
struct scan_result {
    int error; // 0 or -errno
    uint64_t capacity, allocation, available;
    struct storage_permissions permissions;
    VEC(struct volume_def *) volumes; // sorted by name
    bool too_many;
};
// Scans a directory; suspends. Caller scan_finish()es.
int storage_scan(struct task *t, const char *path, struct scan_result *ret, struct error *err);
void scan_finish(struct scan_result *r);
// What the pool's file system has free, after a change. Suspends.
void pool_read_space(struct task *t, struct pool *pool);
// What is known of one file; NULL with *error when it is no volume. For helper threads.
struct volume_def *volume_probe(const char *dir, const char *name, int *error);
// What the file (an absolute path) is; -errno. For helper threads.
struct image_info;
// Whether an image's reference is a path, not "nbd:...".
bool storage_is_plain_path(const char *path);
int image_probe_file(const char *path, struct image_info *ret);
// volume_probe() from a task.
int volume_probe_at(struct task *t, const char *dir, const char *name, struct volume_def **ret);

// volumes.c
struct volume *volume_add(struct pool *pool, struct volume_def *def); // takes def
void volume_remove(struct volume *vol);
void volume_set_state(struct volume *vol, enum volume_state state); // the only way to change it
void volume_set_def(struct volume *vol,
                    struct volume_def *def); // what probing it found; takes def
void pool_drop_volumes(struct pool *pool);
// The table becomes what the scan found, but for what is being made or changed, or was probed
// since the scan began, when pool->probes was `since`. Empties the result.
void pool_take_scan(struct pool *pool, struct scan_result *r, uint64_t since);
char *volume_path(const struct volume *vol); // caller frees
// Marks it as being changed, or read; ERROR_OPERATION_INVALID when it can't be now.
int volume_hold(struct volume *vol, bool to_change, struct error *err);
void volume_let_go(struct volume *vol, bool to_change);

// change.c
// Opens the file of a volume, which must be a regular one; the caller closes *ret. Suspends.
int volume_open_file(struct task *t, const struct volume *vol, int flags, int *ret,
                     struct error *err);
// After a change, so that clients see it. Suspends.
void volume_refresh_after(struct task *t, struct volume *vol);

// file_work.c: long work on files, in pieces on helper threads, so that it can be given up.
int file_allocate(struct task *t, int fd, uint64_t from, uint64_t to); // 0 or -errno
int file_zero(struct task *t, int fd, uint64_t from, uint64_t to);
// The bytes of `in` up to its end; holes stay holes.
int file_copy(struct task *t, int in, int out, uint64_t size);

// qemu_img.c
// Runs qemu-img with these arguments (argv[0] is filled in here). fd (or -1) is its descriptor 3.
int qemu_img_run(struct task *t, const struct pools *all, struct strv *args, int fd,
                 uint64_t timeout_ms, struct error *err);
enum {
    QEMU_IMG_SHORT_MS = 120 * 1000,        // metadata
    QEMU_IMG_LONG_MS = 6 * 60 * 60 * 1000, // content
};
#define QEMU_IMG_TARGET "/proc/self/fd/3"
