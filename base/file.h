// SPDX-License-Identifier: LGPL-2.1-or-later
// Files. Plain functions return 0 or -errno and block on local disk only for reading small files;
// what waits for the disk (fsync) has a form that takes a task and runs on a helper thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/task.h"

// Reads a whole regular file of at most max bytes (-EFBIG above); *data is terminated by a NUL
// that *len doesn't count. Caller frees. Works for /proc and /sys too. len may be NULL.
int file_read(const char *path, size_t max, char **data, size_t *len);
int file_read_at(int dirfd, const char *path, size_t max, char **data, size_t *len);

// Of the functions that make a change durable: it was made, but the disk failed to confirm it, so
// that a loss of power may undo it. Negative: nothing was changed.
enum { FILE_UNSYNCED = 1 };
// Replaces a file so that at any instant, also after a crash or a full disk, either the old or the
// new content is there: temporary file beside it, fsync, rename, fsync of the directory. 0,
// FILE_UNSYNCED or -errno.
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode);
// The same on a helper thread.
int file_save(struct task *t, const char *path, const void *data, size_t len, mode_t mode);
// Without the fsyncs: atomic against readers, not against power loss. For what is rebuilt at start.
int file_write_volatile(const char *path, const void *data, size_t len, mode_t mode);
// Removes a file and makes that durable. A file that is not there is fine. 0, FILE_UNSYNCED or
// -errno.
int file_remove(const char *path);
int file_remove_durable(struct task *t, const char *path); // on a helper thread

// Whether that user, with these groups besides gid, may do `mode` (R_OK, W_OK, X_OK) with the file.
// The kernel is asked, so access control lists and read-only file systems count. Needs the right to
// change users. 0 or -errno.
int file_access_as(const char *path, int mode, uid_t uid, gid_t gid, const gid_t *groups, size_t n);

// mkdir -p; a directory that is there keeps its mode.
int dir_make(const char *path, mode_t mode);
// Calls fn for every entry that ends with suffix (NULL: all) except "." and "..", in no order.
// Stops and returns what fn returned when that is not 0. A missing directory counts as empty.
int dir_each(const char *path, const char *suffix, int (*fn)(const char *name, void *arg),
             void *arg);
// Removes what file_write_atomic() and the like left behind in this directory when the process was
// killed in the middle. Only while nobody writes there.
int dir_sweep(const char *path);
// Removes what is below path, and path.
int dir_remove_all(const char *path);

// "dir/name" + suffix for any name: what would be special in a file name is written %XX, so that no
// two names share a file. Caller frees.
char *path_for_name(const char *dir, const char *name, const char *suffix);
// How many bytes a name takes there, and the most it may: there are longer suffixes than ".xml".
enum { FILE_STEM_MAX = 236 };
size_t file_stem_len(const char *name);
// "a/b" from "a" and "b", one slash between. Caller frees.
char *path_join(const char *dir, const char *name);

// An AF_UNIX stream socket listening at path (an old socket file is replaced), non-blocking and
// close-on-exec. Paths longer than sun_path go through /proc/self/fd. Descriptor or -errno
// (-ENOTSOCK: something else is there, and stays).
int unix_listen(const char *path, mode_t mode, int backlog);
// Connects; non-blocking and close-on-exec afterwards. Descriptor or -errno.
int unix_connect(const char *path);
