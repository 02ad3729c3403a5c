// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include "base/child.h"
#include "tests/loop.h"

static char *shell[] = {"/bin/sh", "-c", NULL, NULL};

static void run_sh(struct task *t, struct child_spec spec, const char *script, const char *input,
                   struct strbuf *out, int *status)
{
    AUTO_ERROR err = ERROR_INIT;
    shell[2] = (char *)script;
    spec.argv = shell;
    if (child_run(t, &spec, input, 1 << 20, task_deadline_ms(30000), status, out, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
}

static void run_basics(struct task *t, void *arg)
{
    (void)arg;
    int status;
    AUTO_STRBUF out = {0};
    run_sh(t, CHILD_SPEC_INIT, "cat; echo err >&2; exit 3", "hello\n", &out, &status);
    CHECK_STR(strbuf_text(&out), "hello\nerr\n");
    CHECK_INT(WEXITSTATUS(status), 3);
    AUTO_FREE char *text = process_status_text(status);
    CHECK_STR(text, "exit status 3");

    // More data than a pipe holds, in both directions, and a child that does not read its input.
    AUTO_FREE char *big = xcalloc(300001, 1);
    memset(big, 'x', 300000);
    strbuf_reset(&out);
    run_sh(t, CHILD_SPEC_INIT, "cat", big, &out, &status);
    CHECK_INT(out.len, 300000);
    strbuf_reset(&out);
    run_sh(t, CHILD_SPEC_INIT, "exec <&-; echo done", big, &out, &status);
    CHECK_STR(strbuf_text(&out), "done\n");
}

static void run_environment(struct task *t, void *arg)
{
    (void)arg;
    int status;
    AUTO_STRBUF out = {0};
    // Only the listed descriptors are passed, also when source and target numbers cross.
    AUTO_CLOSE int leak = open("/dev/zero", O_RDONLY);
    AUTO_CLOSE int a = open("/dev/null", O_RDONLY), b = open("/proc/self/maps", O_RDONLY);
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.fds = (struct child_fd[]){{a, b}, {b, a}};
    spec.nfds = 2;
    AUTO_FREE char *script =
        xasprintf("readlink /proc/self/fd/%d /proc/self/fd/%d; ls /proc/self/fd | wc -l", b, a);
    run_sh(t, spec, script, NULL, &out, &status);
    CHECK_CONTAINS(strbuf_text(&out), "/dev/null\n/proc/");
    CHECK_CONTAINS(strbuf_text(&out), "\n6\n"); // 0 1 2, the two listed, and that of ls
    CHECK(leak >= 0);

    strbuf_reset(&out);
    spec = CHILD_SPEC_INIT;
    spec.capabilities = 0;
    spec.new_session = true;
    spec.umask = 077;
    spec.limits = (struct child_limit[]){{RLIMIT_NOFILE, {123, 123}}};
    spec.nlimits = 1;
    run_sh(t, spec, "grep -E '^(Cap|NoNew)' /proc/self/status; umask; ulimit -n; pwd", NULL, &out,
           &status);
    CHECK_CONTAINS(strbuf_text(&out), "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000");
    if (geteuid() == 0) // other users cannot drop the bounding set; no_new_privs makes it useless
        CHECK_CONTAINS(strbuf_text(&out), "CapBnd:\t0000000000000000");
    CHECK_CONTAINS(strbuf_text(&out), "NoNewPrivs:\t1");
    CHECK_CONTAINS(strbuf_text(&out), "0077\n123\n/\n");

    if (geteuid() == 0) {
        // These and no others, also in the program; what is not permitted here is no failure.
        const uint64_t some = CAPABILITY(CAP_NET_RAW) | CAPABILITY(CAP_CHOWN);
        strbuf_reset(&out);
        spec.capabilities = some | CAPABILITY(63);
        run_sh(t, spec, "grep -E '^Cap' /proc/self/status", NULL, &out, &status);
        AUTO_FREE char *cap = xasprintf("%016jx", (uintmax_t)(some & capabilities_permitted()));
        AUTO_FREE char *all = xasprintf("CapInh:\t%016x\nCapPrm:\t%s\nCapEff:\t%s\n", 0, cap, cap);
        CHECK_CONTAINS(strbuf_text(&out), all);
        spec.capabilities = 0;
    }

    if (geteuid() == 0) {
        strbuf_reset(&out);
        spec.set_user = true;
        spec.uid = 65534;
        spec.gid = 65533;
        spec.groups = (gid_t[]){65532};
        spec.ngroups = 1;
        run_sh(t, spec, "grep -E '^(Uid|Gid|Groups)' /proc/self/status", NULL, &out, &status);
        CHECK_CONTAINS(strbuf_text(&out), "Uid:\t65534\t65534\t65534\t65534");
        CHECK_CONTAINS(strbuf_text(&out), "Gid:\t65533\t65533\t65533\t65533");
        CHECK_CONTAINS(strbuf_text(&out), "Groups:\t65532 \n");
    }
}

static int fails(void *arg)
{
    (void)arg;
    return -EDOM;
}

static void run_failures(struct task *t, void *arg)
{
    (void)arg;
    AUTO_ERROR err = ERROR_INIT;
    struct process p;
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv = (char *[]){"/no/such/program", NULL};
    CHECK_INT(child_spawn(t, &spec, &p, &err), -1);
    CHECK_STR(err.message, "cannot execute /no/such/program: No such file or directory");
    CHECK_INT(err.sys_errno, ENOENT);
    CHECK_INT(p.pidfd, -1);
    spec.argv = (char *[]){"true", NULL};
    spec.setup = fails;
    CHECK_INT(child_spawn(t, &spec, &p, &err), -1);
    CHECK_CONTAINS(err.message, "cannot set up the environment of ");
    spec.setup = NULL;
    spec.directory = "/no/such/directory";
    CHECK_INT(child_spawn(t, &spec, &p, &err), -1);
    CHECK_CONTAINS(err.message, "cannot change the directory of ");

    spec = CHILD_SPEC_INIT;
    spec.argv = (char *[]){"sleep", "1000", NULL};
    int status;
    CHECK_INT(child_run(t, &spec, NULL, 100, task_deadline_ms(20), &status, NULL, &err), -1);
    CHECK_CONTAINS(err.message, "sleep timed out and was killed");
}

// A program that is killed at its deadline, and what it has started.
static void run_group(struct task *t, void *arg)
{
    (void)arg;
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.new_session = true;
    spec.argv = (char *[]){"sh", "-c", "sleep 1000 & echo $!; wait", NULL};
    AUTO_STRBUF out = {0};
    int status;
    for (uint64_t ms = 50; out.len == 0; ms *= 2) { // until the shell was fast enough
        AUTO_ERROR err = ERROR_INIT;
        CHECK_INT(child_run(t, &spec, NULL, 100, task_deadline_ms(ms), &status, &out, &err), -1);
    }
    struct process p;
    if (process_open(atoi(out.data), 0, &p) == 0) // it may still be about to end
        CHECK_INT(process_wait(t, &p, task_deadline_ms(30000), &status), 0);
    process_close(&p);
}

static void run_process(struct task *t, void *arg)
{
    (void)arg;
    AUTO_ERROR err = ERROR_INIT;
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv = (char *[]){"sleep", "1000", NULL};
    struct process p, again;
    CHECK_INT(child_spawn(t, &spec, &p, &err), 0);
    CHECK_INT(process_open(p.pid, p.start_time, &again), 0);
    process_close(&again);
    CHECK_INT(process_open(p.pid, p.start_time + 1, &again), -ESRCH);
    int status;
    CHECK_INT(process_wait(t, &p, task_deadline_ms(5), &status), -ETIMEDOUT);
    CHECK_INT(process_kill(&p, SIGTERM), 0);
    CHECK_INT(process_wait(t, &p, TASK_FOREVER, &status), 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    CHECK_INT(process_kill(&p, SIGTERM), -ESRCH);
    CHECK_INT(process_open(p.pid, p.start_time, &again), -ESRCH);
    process_close(&p);
}

// The child of a killed process is killed too, but not a process that it put into the background.
static void parent_main(struct task *t, void *arg)
{
    AUTO_ERROR err = ERROR_INIT;
    struct child_spec spec = CHILD_SPEC_INIT;
    struct process p;
    spec.argv = (char *[]){"/bin/sh", "-c", "sleep 1000 & echo $! $$; exec sleep 1000", NULL};
    spec.stdout_fd = *(int *)arg;
    spec.die_with_parent = true;
    CHECK_INT(child_spawn(t, &spec, &p, &err), 0);
    task_sleep(t, TASK_FOREVER);
}

static void test_dies_with_parent(void)
{
    int fds[2], background, foreground;
    char text[64] = "";
    CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        loop_run(parent_main, &fds[1]);
        _exit(0);
    }
    CHECK(read(fds[0], text, sizeof(text) - 1) > 0);
    CHECK_INT(sscanf(text, "%d %d", &background, &foreground), 2);
    struct process p;
    CHECK_INT(process_open(foreground, 0, &p), 0);
    kill(pid, SIGKILL);
    CHECK_INT(waitpid(pid, NULL, 0), pid);
    struct pollfd end = {.fd = p.pidfd, .events = POLLIN};
    CHECK_INT(poll(&end, 1, 30000), 1);
    process_close(&p);
    CHECK_INT(kill(background, SIGKILL), 0);
    close(fds[0]);
    close(fds[1]);
}

static void test_basics(void)
{
    loop_run(run_basics, NULL);
}
static void test_environment(void)
{
    loop_run(run_environment, NULL);
}
static void test_failures(void)
{
    loop_run(run_failures, NULL);
}
static void test_group(void)
{
    loop_run(run_group, NULL);
}
static void test_process(void)
{
    loop_run(run_process, NULL);
}

int main(void)
{
    RUN(test_basics);
    RUN(test_environment);
    RUN(test_failures);
    RUN(test_group);
    RUN(test_process);
    RUN(test_dies_with_parent);
    return 0;
}
