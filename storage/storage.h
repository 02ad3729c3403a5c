// SPDX-License-Identifier: GPL-2.0-or-later
// Storage pools and their volumes: directories and the files in them.
//
// What is known of a pool's volumes is what its last scan found; a single volume is refreshed when
// a client asks about it. Everything that touches the file system runs on a helper thread or in
// qemu-img, never on the loop. What changes a pool goes through its lock, first come first served,
// with a deadline.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/list.h"
#include "base/task.h"
#include "base/uuid.h"
#include "base/vec.h"
#include "objects/object.h"
#include "schemas/storage/def.h"

struct pools;

enum pool_state { POOL_INACTIVE, POOL_STARTING, POOL_ACTIVE };

enum pool_event {
    POOL_DEFINED,
    POOL_UNDEFINED,
    POOL_STARTED,
    POOL_STOPPED,
    POOL_BUILT,
    POOL_DELETED,
};

struct pool;
// What happened to a pool; called from the loop or from a task; must not suspend. May be NULL.
struct pool_observer {
    void (*happened)(void *arg, struct pool *pool, enum pool_event event);
    void (*refreshed)(void *arg, struct pool *pool);
    void *arg;
};

struct pools_config {
    struct sched *sched;
    const char *config_dir; // definitions: NAME.xml, autostart/NAME.xml
    const char *run_dir;    // active pools: NAME.xml
    const char *qemu_img;   // its path; NULL: looked up in PATH
    struct pool_observer observer;
};

enum volume_state {
    VOLUME_PRESENT,
    VOLUME_BUILDING, // its file is being made
    VOLUME_CHANGING, // resized, overwritten, written to, deleted
    VOLUME_REMOVED,  // no longer in the pool's table
};

struct volume {
    unsigned refs;
    struct pool *pool; // stays as long as the volume
    char *name;
    struct volume_def *def; // as it was when last probed; never NULL
    enum volume_state state;
    unsigned readers;   // it is being copied from
    uint64_t probed_at; // pool->probes when def came in; a scan that began before knows less
};

struct pool {
    OBJECT(struct pool_def);
    struct pools *all;
    enum pool_state state;                    // see pool_set_state()
    uint64_t capacity, allocation, available; // of the file system; bytes
    VEC(struct volume *) volumes;             // by name
    uint64_t probes;                          // of single volumes

    struct completion ready; // posted when it was scanned after the daemon's start
    unsigned jobs;           // volumes being made or changed
};

struct pools *pools_create(const struct pools_config *config); // copies
void pools_destroy(struct pools *all);                         // no task may use it any more

// Reads the stored definitions and which pools are active. Those, and after a boot of the machine
// those marked autostart, are scanned by tasks, each pool by its own. Once, before clients
// are let in. Damaged files are set aside and named in the log.
void pools_load(struct pools *all);
// Waits for the tasks, but not for ever: a directory of a server that is gone answers never.
void pools_wait_loaded(struct task *t, struct pools *all);
// Waits for the one of this pool; ERROR_OPERATION_TIMEOUT.
int pool_wait_ready(struct task *t, struct pool *pool, struct error *err);
extern const struct object_class pool_class;

OBJECT_FUNCTIONS(pool, pools);
#define AUTO_POOL CLEANUP(pool_unrefp)

// Borrowed; NULL when there is none.
struct pool *pools_find_path(const struct pools *all, const char *path); // an active pool's target
// The volume of any active pool with that path (which is its key, too).
struct volume *pools_find_volume(const struct pools *all, const char *path);

// As a document, with what is known of it now. Caller frees.
char *pool_format(const struct pool *pool, bool inactive);
// <storagepoolCapabilities>. Caller frees.
char *pool_capabilities_format(void);

// The functions below suspend, and fail with ERROR_OPERATION_INVALID when the pool's state does not
// allow it, ERROR_OPERATION_TIMEOUT when its turn did not come. The pool is kept by the caller's
// reference.

// Starts a pool that is not stored, or is and is inactive (takes def); *ret is borrowed.
int pool_create(struct task *t, struct pools *all, struct pool_def *def, bool build,
                struct pool **ret, struct error *err);
int pool_start(struct task *t, struct pool *pool, bool build, struct error *err);
int pool_stop(struct task *t, struct pool *pool, struct error *err);
int pool_undefine(struct task *t, struct pool *pool, struct error *err);
int pool_build(struct task *t, struct pool *pool, struct error *err);  // makes the directory
int pool_delete(struct task *t, struct pool *pool, struct error *err); // removes it, if empty
int pool_refresh(struct task *t, struct pool *pool, struct error *err);

// ---- volumes

struct volume *volume_ref(struct volume *vol);
void volume_unref(struct volume *vol);
static inline void volume_unrefp(struct volume **vol)
{
    if (*vol)
        volume_unref(*vol);
}
#define AUTO_VOLUME CLEANUP(volume_unrefp)

// Borrowed; NULL when there is none.
struct volume *pool_find_volume(const struct pool *pool, const char *name);

// Those that take a volume suspend; it is kept by the caller's reference, and they fail with
// ERROR_NO_STORAGE_VOL when it has gone meanwhile.

// Reads its file again: vol->def is of now.
int volume_refresh(struct task *t, struct volume *vol, struct error *err);

enum volume_create_flags {
    VOLUME_PREALLOCATE_METADATA = 1 << 0,
    VOLUME_REFLINK = 1 << 1, // share the source's blocks, or fail
};
// Makes a volume from a document (borrowed), with the content of `source` (NULL: empty). All of it
// or nothing; an existing file is never touched. *ret is a reference.
int volume_create(struct task *t, struct pool *pool, const struct volume_def *def, unsigned flags,
                  struct volume *source, struct volume **ret, struct error *err);
// Removes the file, or the directory when it is empty.
int volume_delete(struct task *t, struct volume *vol, struct error *err);

enum volume_resize_flags {
    VOLUME_RESIZE_ALLOCATE = 1 << 0,
    VOLUME_RESIZE_DELTA = 1 << 1,
    VOLUME_RESIZE_SHRINK = 1 << 2,
};
int volume_resize(struct task *t, struct volume *vol, uint64_t capacity, unsigned flags,
                  struct error *err);
int volume_wipe(struct task *t, struct volume *vol, struct error *err); // overwrites with zeroes

// ---- the content of a volume, piece by piece (content.c)

struct volume_content;
struct volume_range {
    uint64_t offset, length; // length 0: to the end
    bool write, sparse;      // sparse: holes are pieces of their own
};
struct volume_piece {
    const uint8_t *data; // of volume_read(): valid until the next call
    uint64_t len;        // 0: the end
    bool hole;
};
// Until volume_close() the volume cannot be changed otherwise, and when opened to write not be
// read either. The caller closes *ret.
int volume_open(struct task *t, struct volume *vol, const struct volume_range *range,
                struct volume_content **ret, struct error *err);
int volume_read(struct task *t, struct volume_content *c, struct volume_piece *ret,
                struct error *err);
int volume_write(struct task *t, struct volume_content *c, const struct volume_piece *piece,
                 struct error *err);
// After the last write: brings it to the disk and refreshes the volume, which others may use again.
int volume_finish(struct task *t, struct volume_content *c, struct error *err);
void volume_close(struct volume_content *c); // does not suspend
