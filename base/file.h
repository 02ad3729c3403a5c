// SPDX-License-Identifier: LGPL-2.1-or-later
// Files. Plain functions return 0 or -errno and block only for reading small files on a local disk;
// those that wait for the disk (fsync) have a variant that takes a task and runs on a helper
// thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/task.h"

// Reads a regular file of at most max bytes (-EFBIG above); *data ends with a NUL that *len doesn't
// count. Caller frees. Works for /proc and /sys. len may be NULL.
int file_read(const char *path, size_t max, char **data, size_t *len);
int file_read_at(int dirfd, const char *path, size_t max, char **data, size_t *len);

// Returned by functions that make a change durable: the change was made but the disk failed to
// confirm it, so a power failure may undo it. Negative: nothing changed.
enum { FILE_UNSYNCED = 1 };
// Replaces a file so that it has either the old or the new content at any instant, also after a
// crash or on a full disk: temporary file, fsync, rename, fsync of the directory. 0, FILE_UNSYNCED
// or -errno.
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode);
// The same on a helper thread.
int file_save(struct task *t, const char *path, const void *data, size_t len, mode_t mode);
// Without the fsyncs: atomic for readers, not durable. For files that are rebuilt at start.
int file_write_volatile(const char *path, const void *data, size_t len, mode_t mode);
// Removes a file durably. A missing file is no error. 0, FILE_UNSYNCED or -errno.
int file_remove(const char *path);
int file_remove_durable(struct task *t, const char *path); // on a helper thread

// Whether a user with gid and `groups` has access `mode` (R_OK, W_OK, X_OK) to a file. The kernel
// checks, so access control lists and read-only file systems count. Needs the privilege to change
// users. 0 or -errno.
int file_access_as(const char *path, int mode, uid_t uid, gid_t gid, const gid_t *groups, size_t n);

// mkdir -p; an existing directory keeps its mode.
int dir_make(const char *path, mode_t mode);
// Calls fn for every entry with suffix (NULL: all) except "." and "..", in no order. Stops when fn
// returns other than 0, and returns that. A missing directory counts as empty.
int dir_each(const char *path, const char *suffix, int (*fn)(const char *name, void *arg),
             void *arg);
// Removes unfinished files of file_write_atomic() and the like, left by a killed process. Call only
// while no other process writes there.
int dir_sweep(const char *path);
// Removes path and everything below it.
int dir_remove_all(const char *path);

// "dir/name" + suffix for any name: special characters are written as %XX, so that no two names
// share a file. Caller frees.
char *path_for_name(const char *dir, const char *name, const char *suffix);
// The bytes that a name takes there, and their maximum: some suffixes are longer than ".xml".
enum { FILE_STEM_MAX = 236 };
size_t file_stem_len(const char *name);
// "a/b" from "a" and "b", one slash between. Caller frees.
char *path_join(const char *dir, const char *name);

// A non-blocking, close-on-exec AF_UNIX stream socket listening at path; replaces an old socket
// file. Paths longer than sun_path go through /proc/self/fd. Descriptor or -errno (-ENOTSOCK: path
// is another kind of file, which stays).
int unix_listen(const char *path, mode_t mode, int backlog);
// Connects; the descriptor is non-blocking and close-on-exec. Descriptor or -errno.
int unix_connect(const char *path);
