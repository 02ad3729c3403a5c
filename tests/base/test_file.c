// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "tests/check.h"

static char dir[] = "/tmp/vireo-file-XXXXXX";

// Replaces libc's: a disk that fails to confirm changes of directories.
static bool directories_fail;
int fsync(int fd)
{
    struct stat st;
    if (directories_fail && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

static int count(const char *name, void *arg)
{
    (void)name;
    ++*(int *)arg;
    return 0;
}

static int entries(const char *path, const char *suffix)
{
    int n = 0;
    CHECK_INT(dir_each(path, suffix, count, &n), 0);
    return n;
}

static void test_replace(void)
{
    AUTO_FREE char *path = path_join(dir, "a.xml");
    AUTO_FREE char *data = NULL;
    size_t len;
    CHECK_INT(file_write_atomic(path, "one", 3, 0600), 0);
    CHECK_INT(file_write_atomic(path, "two\n", 4, 0640), 0);
    CHECK_INT(file_read(path, 4, &data, &len), 0);
    CHECK_STR(data, "two\n");
    CHECK_INT(len, 4);
    struct stat st;
    CHECK_INT(stat(path, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0640);
    CHECK_INT(entries(dir, NULL), 1); // no temporary file left
    CHECK_INT(file_read(path, 3, &data, &len), -EFBIG);
    CHECK_INT(file_read(dir, 100, &data, &len), -EISDIR);
    AUTO_FREE char *status = NULL;
    CHECK_INT(file_read("/proc/self/status", 1 << 20, &status, &len), 0);
    CHECK_CONTAINS(status, "Name:\ttest_file\n");
    CHECK_INT(file_remove(path), 0);
    CHECK_INT(file_remove(path), 0);
}

// A full disk must leave the old content. /dev/full cannot be renamed over, so a size limit
// simulates it.
static void test_full_disk(void)
{
    AUTO_FREE char *path = path_join(dir, "b");
    CHECK_INT(file_write_atomic(path, "old", 3, 0600), 0);
    AUTO_FREE char *big = xcalloc(1, 100000);
    struct sigaction ign = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGXFSZ, &ign, &before);
    struct rlimit was, now;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &was), 0);
    now = was;
    now.rlim_cur = 50000;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &now), 0);
    int r = file_write_atomic(path, big, 100000, 0600);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &was), 0);
    sigaction(SIGXFSZ, &before, NULL);
    CHECK_INT(r, -EFBIG);
    AUTO_FREE char *data = NULL;
    CHECK_INT(file_read(path, 100, &data, NULL), 0);
    CHECK_STR(data, "old");
    CHECK_INT(entries(dir, NULL), 1);
    CHECK_INT(file_remove(path), 0);
}

// A change that was made is not reported as failed; a failed one is not made.
static void test_late_errors(void)
{
    AUTO_FREE char *path = path_join(dir, "d"), *data = NULL;
    struct rlimit was, now;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &was), 0);
    AUTO_CLOSE int last = open("/dev/null", O_RDONLY | O_CLOEXEC);
    now = was;
    for (rlim_t spare = 0; spare < 2; spare++) {
        CHECK_INT(file_write_atomic(path, "old", 3, 0600), 0);
        now.rlim_cur = (rlim_t)last + 1 + spare;
        CHECK_INT(setrlimit(RLIMIT_NOFILE, &now), 0);
        int written = file_write_atomic(path, "new", 3, 0600);
        int removed = spare == 0 ? file_remove(path) : -EMFILE;
        CHECK_INT(setrlimit(RLIMIT_NOFILE, &was), 0);
        CHECK_INT(written, -EMFILE);
        CHECK_INT(removed, -EMFILE);
        CHECK_INT(file_read(path, 100, &data, NULL), 0);
        CHECK_STR(data, "old");
        free(STEAL(data));
    }
    directories_fail = true;
    CHECK_INT(file_write_atomic(path, "new", 3, 0600), FILE_UNSYNCED);
    CHECK_INT(file_read(path, 100, &data, NULL), 0);
    CHECK_STR(data, "new");
    CHECK_INT(file_remove(path), FILE_UNSYNCED);
    directories_fail = false;
    CHECK_INT(entries(dir, NULL), 0);
}

// Killed during the write: the old content stays, and the sweep removes the temporary file.
static void test_killed(void)
{
    // Large enough that writing takes most of the time.
    enum { SIZE = 4 << 20 };
    AUTO_FREE char *path = path_join(dir, "c");
    AUTO_FREE char *content = xmalloc(SIZE + 1);
    memset(content, 'x', SIZE);
    content[SIZE] = 0;
    CHECK_INT(file_write_volatile(path, content, SIZE, 0600), 0);
    unsigned left = 0;
    for (int i = 0; i < 40; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            for (;;)
                file_write_volatile(path, content, SIZE, 0600);
        usleep((useconds_t)(2000 + i * 100));
        kill(pid, SIGKILL);
        CHECK_INT(waitpid(pid, NULL, 0), pid);
        left += entries(dir, NULL) > 1;
        CHECK_INT(dir_sweep(dir), 0);
        CHECK_INT(entries(dir, NULL), 1);
    }
    CHECK(left > 0); // else no kill hit the write
    AUTO_FREE char *data = NULL;
    CHECK_INT(file_read(path, SIZE, &data, NULL), 0);
    CHECK(strcmp(data, content) == 0);
    CHECK_INT(file_remove(path), 0);
}

static void test_directories(void)
{
    AUTO_FREE char *deep = path_join(dir, "x/y/z");
    CHECK_INT(dir_make(deep, 0700), 0);
    CHECK_INT(dir_make(deep, 0700), 0);
    AUTO_FREE char *file = path_join(deep, "f.xml");
    CHECK_INT(file_write_volatile(file, "", 0, 0600), 0);
    CHECK_INT(dir_make(file, 0700), -ENOTDIR);
    CHECK_INT(entries(deep, ".xml"), 1);
    CHECK_INT(entries(deep, ".conf"), 0);
    CHECK_INT(entries("/no/such/directory", NULL), 0);
    AUTO_FREE char *x = path_join(dir, "x");
    CHECK_INT(dir_remove_all(x), 0);
    CHECK_INT(entries(dir, NULL), 0);
}

static void test_sockets(void)
{
    AUTO_FREE char *longer = path_join(dir, "a-directory-with-a-long-name-0123456789-0123456789-"
                                            "0123456789-0123456789-0123456789");
    CHECK_INT(dir_make(longer, 0700), 0);
    const char *dirs[] = {dir, longer};
    for (int i = 0; i < 2; i++) {
        AUTO_FREE char *path = path_join(dirs[i], "sock");
        CHECK_INT(unix_connect(path), -ENOENT);
        AUTO_CLOSE int fd = unix_listen(path, 0660, 5);
        CHECK(fd >= 0);
        struct stat st;
        CHECK_INT(stat(path, &st), 0);
        CHECK_INT(st.st_mode & 0777, 0660);
        AUTO_CLOSE int c = unix_connect(path);
        CHECK(c >= 0);
        close_fd(&fd);
        CHECK_INT(unix_connect(path), -ECONNREFUSED);
        fd = unix_listen(path, 0600, 5); // replaces the stale socket
        CHECK(fd >= 0);
        unlink(path);
    }
    CHECK_INT(dir_remove_all(longer), 0);
}

int main(void)
{
    CHECK(mkdtemp(dir));
    RUN(test_replace);
    RUN(test_full_disk);
    RUN(test_late_errors);
    RUN(test_killed);
    RUN(test_directories);
    RUN(test_sockets);
    CHECK_INT(dir_remove_all(dir), 0);
    return 0;
}
