// SPDX-License-Identifier: GPL-2.0-or-later
#include "supervisor/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

enum { PID_WAIT_MS = 2000 }; // between fork() and the child's first write

int pid_file_lock(const char *path, int *ret)
{
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -errno;
    if (ftruncate(fd, 0) < 0)
        return -errno;
    *ret = steal_fd(&fd);
    return 0;
}

int pid_file_write(int fd)
{
    char text[16];
    int n = 0;
    for (pid_t pid = getpid(); pid > 0; pid /= 10)
        text[n++] = (char)('0' + pid % 10);
    for (int i = 0; i < n / 2; i++) {
        char c = text[i];
        text[i] = text[n - 1 - i];
        text[n - 1 - i] = c;
    }
    text[n++] = '\n';
    return pwrite(fd, text, (size_t)n, 0) == n ? 0 : -errno;
}

int pid_file_find(const char *path, const struct process *known, struct process *ret)
{
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return -ESRCH;
    // What is recorded counts: the process itself can write to the file.
    if (known->start_time)
        return process_open(known->pid, known->start_time, ret);
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    if (n <= 0)
        return -EAGAIN; // forked, and not yet written
    uint64_t pid;
    if (!strchr(text, '\n'))
        return -EAGAIN; // half written
    text[strcspn(text, "\n")] = 0;
    if (str_to_u64(text, 10, INT32_MAX, &pid) < 0)
        return -EINVAL;
    return process_open((pid_t)pid, 0, ret);
}

int pid_file_wait(struct task *t, const char *path, const struct process *known,
                  struct process *ret)
{
    uint64_t deadline = task_deadline_ms(PID_WAIT_MS);
    int r;
    while ((r = pid_file_find(path, known, ret)) == -EAGAIN && now_monotonic_us() < deadline) {
        if (task_sleep(t, task_deadline_ms(10)) < 0)
            break;
    }
    return r;
}
