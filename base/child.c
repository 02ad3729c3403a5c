// SPDX-License-Identifier: LGPL-2.1-or-later
// How this works
//
// fork(), then only async-signal-safe calls in the child, then exec; base/capability.c says which
// of libcap-ng's are. A close-on-exec pipe reports the result: EOF when the program runs, else a
// struct report with the step that failed and its errno.
#include "base/child.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum step {
    STEP_DESCRIPTORS = 1,
    STEP_SETUP,
    STEP_LIMITS,
    STEP_USER,
    STEP_CAPABILITIES,
    STEP_DIRECTORY,
    STEP_EXEC,
};

struct report {
    int step, errnum;
};

static const char *step_text(int step)
{
    switch (step) {
    case STEP_DESCRIPTORS:
        return "pass file descriptors to";
    case STEP_SETUP:
        return "set up the environment of";
    case STEP_LIMITS:
        return "set resource limits of";
    case STEP_USER:
        return "switch the user of";
    case STEP_CAPABILITIES:
        return "drop the capabilities of";
    case STEP_DIRECTORY:
        return "change the directory of";
    default:
        return "execute";
    }
}

static int read_start_time(pid_t pid, uint64_t *ret)
{
    char path[64];
    AUTO_FREE char *stat = NULL;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int r = file_read(path, 4096, &stat, NULL);
    if (r < 0)
        return r == -ENOENT ? -ESRCH : r;
    // The name in parentheses may contain anything, so count fields after the last ')': the start
    // time is field 22, the 20th from there.
    char *p = strrchr(stat, ')');
    for (int field = 2; p && field < 22; field++) {
        p = strchr(p, ' ');
        if (p)
            p++;
    }
    *ret = p ? strtoull(p, NULL, 10) : 0;
    return *ret ? 0 : -ESRCH;
}

int process_open(pid_t pid, uint64_t start_time, struct process *ret)
{
    *ret = PROCESS_NONE;
    if (pid <= 0)
        return -ESRCH;
    AUTO_CLOSE int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        return -errno;
    // Read while the pidfd is held, so the pid cannot be reused.
    uint64_t started;
    int r = read_start_time(pid, &started);
    if (r < 0)
        return r;
    if (start_time != 0 && started != start_time)
        return -ESRCH;
    *ret = (struct process){.pid = pid, .start_time = started, .pidfd = steal_fd(&pidfd)};
    return 0;
}

int process_kill(const struct process *p, int sig)
{
    if (p->pidfd < 0)
        return -ESRCH;
    return pidfd_send_signal(p->pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

void process_close(struct process *p)
{
    close_fd(&p->pidfd);
    *p = PROCESS_NONE;
}

int process_reap(struct process *p, int *status)
{
    siginfo_t info = {0};
    *status = -1;
    if (waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED | WNOHANG) < 0)
        return -errno;
    if (info.si_pid == 0)
        return -EAGAIN;
    *status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status;
    return 0;
}

int process_wait(struct task *t, struct process *p, uint64_t deadline_us, int *status)
{
    int r = task_wait_fd(t, p->pidfd, EPOLLIN, deadline_us);
    if (r < 0)
        return r;
    process_reap(p, status);
    return 0;
}

char *process_status_text(int status)
{
    if (status < 0)
        return xstrdup("unknown exit status");
    if (WIFSIGNALED(status)) {
        const char *name = sigdescr_np(WTERMSIG(status));
        return xasprintf("killed by signal %d (%s)", WTERMSIG(status), name ? name : "unknown");
    }
    return xasprintf("exit status %d", WEXITSTATUS(status));
}

__attribute__((noreturn)) static void fail(int report_fd, enum step step, int errnum)
{
    struct report r = {.step = step, .errnum = errnum};
    ssize_t n = write(report_fd, &r, sizeof(r));
    _exit(n == sizeof(r) ? 126 : 125);
}

// Moves the listed descriptors to their numbers and closes all others but the report's. Sources
// move above all targets first, so that no target overwrites a later source.
static void place_descriptors(const struct child_spec *spec, int *report_fd)
{
    int highest = STDERR_FILENO;
    for (size_t i = 0; i < spec->nfds; i++)
        highest = spec->fds[i].target > highest ? spec->fds[i].target : highest;
    int moved = fcntl(*report_fd, F_DUPFD_CLOEXEC, highest + 1);
    if (moved < 0)
        fail(*report_fd, STEP_DESCRIPTORS, errno);
    *report_fd = moved;

    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0)
        fail(*report_fd, STEP_DESCRIPTORS, errno);
    const int standard[3] = {spec->stdin_fd, spec->stdout_fd, spec->stderr_fd};
    int source[3 + 64];
    if (spec->nfds > 64)
        fail(*report_fd, STEP_DESCRIPTORS, E2BIG);
    for (size_t i = 0; i < 3 + spec->nfds; i++) {
        int fd = i < 3 ? standard[i] : spec->fds[i - 3].fd;
        source[i] = fcntl(fd < 0 ? null_fd : fd, F_DUPFD_CLOEXEC, highest + 1);
        if (source[i] < 0)
            fail(*report_fd, STEP_DESCRIPTORS, errno);
    }
    for (size_t i = 0; i < 3 + spec->nfds; i++) {
        int target = i < 3 ? (int)i : spec->fds[i - 3].target;
        if (dup2(source[i], target) < 0)
            fail(*report_fd, STEP_DESCRIPTORS, errno);
    }
    // exec closes the rest. Descriptors below the highest target that are not listed are closed as
    // well.
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        fail(*report_fd, STEP_DESCRIPTORS, errno);
    for (size_t i = 0; i < spec->nfds; i++)
        fcntl(spec->fds[i].target, F_SETFD, 0);
}

// The daemon takes as many descriptors as it may have; programs that close all that they might have
// would be busy for seconds.
static void limit_descriptors(void)
{
    enum { MOST = 65536 };
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur <= MOST)
        return;
    now.rlim_cur = MOST;
    (void)setrlimit(RLIMIT_NOFILE, &now);
}

static void set_limits(const struct child_spec *spec, int report_fd)
{
    limit_descriptors();
    for (size_t i = 0; i < spec->nlimits; i++) {
        struct rlimit want = spec->limits[i].value, now;
        if (setrlimit(spec->limits[i].resource, &want) == 0)
            continue;
        // Without CAP_SYS_RESOURCE, raise it only to the hard limit.
        if (getrlimit(spec->limits[i].resource, &now) < 0)
            fail(report_fd, STEP_LIMITS, errno);
        if (want.rlim_cur > now.rlim_max)
            want.rlim_cur = now.rlim_max;
        want.rlim_max = now.rlim_max;
        if (setrlimit(spec->limits[i].resource, &want) < 0)
            fail(report_fd, STEP_LIMITS, errno);
    }
}

// `permitted` is what this process may have now.
static void drop_privileges(const struct child_spec *spec, uint64_t permitted, int report_fd)
{
    bool limited = spec->capabilities != CAPABILITIES_ALL;
    // The bounding set first, while CAP_SETPCAP is still held. Without it no_new_privs has the same
    // effect: a program run by root gets no more than what is permitted now.
    if (limited) {
        int r = capabilities_drop_bounding(spec->capabilities);
        if (r < 0 && r != -EPERM)
            fail(report_fd, STEP_CAPABILITIES, -r);
    }
    if (spec->set_user) {
        if (setgroups(spec->ngroups, spec->groups) < 0 ||
            setresgid(spec->gid, spec->gid, spec->gid) < 0 ||
            setresuid(spec->uid, spec->uid, spec->uid) < 0)
            fail(report_fd, STEP_USER, errno);
    }
    if (limited) {
        int r =
            capabilities_set(spec->set_user && spec->uid != 0 ? 0 : spec->capabilities & permitted);
        if (r < 0)
            fail(report_fd, STEP_CAPABILITIES, -r);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
            fail(report_fd, STEP_CAPABILITIES, errno);
    }
}

__attribute__((noreturn)) static void run_child(const struct child_spec *spec, const char *program,
                                                pid_t parent, uint64_t permitted, int report_fd)
{
    if (spec->new_session)
        setsid();
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    place_descriptors(spec, &report_fd);
    if (spec->setup) {
        int r = spec->setup(spec->setup_arg);
        if (r < 0)
            fail(report_fd, STEP_SETUP, -r);
    }
    set_limits(spec, report_fd);
    if (spec->umask >= 0)
        umask((mode_t)spec->umask);
    drop_privileges(spec, permitted, report_fd);
    if (chdir(spec->directory ? spec->directory : "/") < 0)
        fail(report_fd, STEP_DIRECTORY, errno);
    // Last, because switching users resets it. The parent may have exited before this call.
    if (spec->die_with_parent &&
        (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent))
        fail(report_fd, STEP_EXEC, ESRCH);
    execve(program, spec->argv, spec->envp ? spec->envp : environ);
    fail(report_fd, STEP_EXEC, errno);
}

// Called before fork(): the search of PATH allocates. NULL: not found; else the caller frees.
static char *find_program(const char *name)
{
    if (strchr(name, '/'))
        return xstrdup(name);
    const char *path = getenv("PATH");
    AUTO_FREE char *dirs = xasprintf(
        "%s:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", path ? path : "");
    char *save = NULL;
    for (char *dir = strtok_r(dirs, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
        AUTO_FREE char *full = path_join(dir, name);
        if (access(full, X_OK) == 0)
            return STEAL(full);
    }
    return NULL;
}

bool child_has_program(const char *name)
{
    AUTO_FREE char *path = find_program(name);
    return path != NULL;
}

// 0 when the program runs, else the child's report.
static int await_exec(struct task *t, int report_fd, struct report *report)
{
    for (;;) {
        ssize_t n = read(report_fd, report, sizeof(*report));
        if (n == 0)
            return 0;
        if (n == sizeof(*report))
            return 1;
        if (n < 0 && errno == EAGAIN) {
            int r = task_wait_fd(t, report_fd, EPOLLIN, TASK_FOREVER);
            if (r < 0)
                return r;
        } else if (n >= 0 || errno != EINTR) {
            return -EIO;
        }
    }
}

static void reap_main(struct task *t, void *arg)
{
    struct process *p = arg;
    int status;
    process_wait(t, p, TASK_FOREVER, &status);
    process_close(p);
    free(p);
}

// Kills a child and waits for its exit, which may take the kernel a while, in a task of its own.
// Takes what p holds.
static void kill_and_forget(struct task *t, struct process *p)
{
    process_kill(p, SIGKILL);
    task_spawn(task_sched(t), "reap child", reap_main, xmemdup(p, sizeof(*p)));
    *p = PROCESS_NONE;
}

int child_spawn(struct task *t, const struct child_spec *spec, struct process *ret,
                struct error *err)
{
    *ret = PROCESS_NONE;
    AUTO_FREE char *program = find_program(spec->argv[0]);
    if (!program)
        program = xstrdup(spec->argv[0]);
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set_errno(err, AREA_NONE, errno, "cannot start %s", program);
    AUTO_CLOSE int report_fd = pipe_fds[0];
    uint64_t permitted = capabilities_permitted();
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) {
        int saved = errno;
        close(pipe_fds[1]);
        return error_set_errno(err, AREA_NONE, saved, "cannot start %s: fork", program);
    }
    if (pid == 0)
        run_child(spec, program, parent, permitted, pipe_fds[1]);
    close(pipe_fds[1]);

    struct process p;
    int r = process_open(pid, 0, &p);
    if (r < 0) { // no descriptor left: kill the child, which could not be watched
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return error_set_errno(err, AREA_NONE, r, "cannot watch %s", program);
    }
    struct report report = {0};
    r = await_exec(t, report_fd, &report);
    if (r == 0) {
        *ret = p;
        return 0;
    }
    kill_and_forget(t, &p);
    if (r < 0)
        return error_set_errno(err, AREA_NONE, r, "cannot start %s", program);
    return error_set_errno(err, AREA_NONE, report.errnum, "cannot %s %s", step_text(report.step),
                           program);
}

// Writes the child's stdin in a task of its own, so that neither direction blocks the other.
struct feeder {
    int fd;
    const char *input;
    size_t left;
    struct completion done;
};

static void feed_main(struct task *t, void *arg)
{
    struct feeder *f = arg;
    while (f->left > 0) {
        ssize_t n = write(f->fd, f->input, f->left);
        if (n > 0) {
            f->input += n;
            f->left -= (size_t)n;
        } else if (errno != EINTR &&
                   (errno != EAGAIN || task_wait_fd(t, f->fd, EPOLLOUT, TASK_FOREVER) < 0)) {
            break; // the child closed its stdin before reading everything
        }
    }
    close_fd(&f->fd);
    completion_post(&f->done, 0);
}

static bool has_ended(const struct process *p)
{
    struct pollfd pfd = {.fd = p->pidfd, .events = POLLIN};
    return poll(&pfd, 1, 0) > 0;
}

// Waits until output can be read or the child has exited.
static int await_output(struct task *t, int fd, const struct process *p, uint64_t deadline_us)
{
    AUTO_CLOSE int both = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event in = {.events = EPOLLIN};
    if (both < 0 || epoll_ctl(both, EPOLL_CTL_ADD, fd, &in) < 0 ||
        epoll_ctl(both, EPOLL_CTL_ADD, p->pidfd, &in) < 0)
        return -errno;
    return task_wait_fd(t, both, EPOLLIN, deadline_us);
}

// Reads until the child exits; output beyond max is dropped, so that the child never blocks. EOF
// may come later: processes that the child left running hold the pipe, too.
static int collect(struct task *t, int fd, const struct process *p, size_t max,
                   uint64_t deadline_us, struct strbuf *output)
{
    char chunk[16384];
    for (;;) {
        bool ended = has_ended(p); // checked before the read, which then gets all of its output
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n == 0)
            return 0;
        if (n > 0) {
            size_t space = output && output->len < max ? max - output->len : 0;
            if (space > 0)
                strbuf_addn(output, chunk, (size_t)n < space ? (size_t)n : space);
        } else if (errno == EAGAIN) {
            int r = ended ? 0 : await_output(t, fd, p, deadline_us);
            if (ended || r < 0)
                return r;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
}

int child_run(struct task *t, const struct child_spec *spec, const char *input, size_t output_max,
              uint64_t deadline_us, int *status, struct strbuf *output, struct error *err)
{
    int out[2], in[2] = {-1, -1};
    if (pipe2(out, O_CLOEXEC) < 0)
        return error_set_errno(err, AREA_NONE, errno, "cannot run %s", spec->argv[0]);
    AUTO_CLOSE int out_read = out[0];
    AUTO_CLOSE int out_write = out[1];
    if (input && pipe2(in, O_CLOEXEC) < 0)
        return error_set_errno(err, AREA_NONE, errno, "cannot run %s", spec->argv[0]);
    AUTO_CLOSE int in_read = in[0];
    AUTO_CLOSE int in_write = in[1];
    struct child_spec s = *spec;
    s.stdin_fd = in_read;
    s.stdout_fd = s.stderr_fd = out_write;
    struct process p;
    if (child_spawn(t, &s, &p, err) < 0)
        return -1;
    close_fd(&out_write);
    close_fd(&in_read);
    fcntl(out_read, F_SETFL, O_NONBLOCK);
    struct feeder feeder = {.fd = steal_fd(&in_write), .input = input};
    completion_init(&feeder.done);
    struct task *feeding = NULL;
    if (feeder.fd >= 0) {
        fcntl(feeder.fd, F_SETFL, O_NONBLOCK);
        feeder.left = strlen(input);
        feeding = task_spawn(task_sched(t), "feed child", feed_main, &feeder);
    }
    int r = collect(t, out_read, &p, output_max, deadline_us, output);
    if (feeding && !feeder.done.done)
        task_cancel(feeding);
    // The feeder is on this stack, so wait for its end even when this task is cancelled.
    while (feeding && !feeder.done.done)
        task_yield(t);
    if (r == 0)
        r = process_wait(t, &p, deadline_us, status);
    if (r < 0) {
        if (spec->new_session)
            kill(-p.pid, SIGKILL); // not reaped yet, so that the number is its own
        kill_and_forget(t, &p);
        if (r == -ETIMEDOUT)
            return error_set(err, ERROR_OPERATION_TIMEOUT, AREA_NONE, "%s timed out and was killed",
                             spec->argv[0]);
        return error_set_errno(err, AREA_NONE, r, "%s was cancelled and killed", spec->argv[0]);
    }
    process_close(&p);
    return 0;
}
