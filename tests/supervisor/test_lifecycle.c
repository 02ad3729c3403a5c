// SPDX-License-Identifier: GPL-2.0-or-later
// The lifetime of guests whose QEMU follows a script: starts that fail in every way, ends, waits
// that must not hold up others.
#include <signal.h>
#include <sys/wait.h>
#include "base/file.h"
#include "tests/check.h"
#include "tests/supervisor/fixture.h"

// Something done to a guest by another caller meanwhile.
struct other {
    int (*fn)(struct task *t, struct domain *dom, struct error *err);
    struct domain *dom;
    int result;
    struct error err;
    bool done;
};

static void other_main(struct task *t, void *arg)
{
    struct other *o = arg;
    o->result = o->fn(t, o->dom, &o->err);
    o->done = true;
    domain_unref(o->dom);
}

static void other_begin(struct task *t, struct other *o, struct domain *dom,
                        int (*fn)(struct task *t, struct domain *dom, struct error *err))
{
    *o = (struct other){.fn = fn, .dom = domain_ref(dom)};
    task_spawn(task_sched(t), "other caller", other_main, o);
}

static int do_start(struct task *t, struct domain *dom, struct error *err)
{
    return domain_start(t, dom, 0, NULL, err);
}

static int do_destroy(struct task *t, struct domain *dom, struct error *err)
{
    return domain_destroy(t, dom, 0, err);
}

static void start_and_destroy(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain *dom = fixture_start(t, h, "web", NULL, BOOT "serve\n");
    fixture_expect_moves(t, h, "+added launched unpaused booted");
    CHECK_INT(dom->state, DOMAIN_RUNNING);
    CHECK_INT(dom->id, 1);
    CHECK(fixture_has(h, h->run_dir, "web.status") && fixture_has(h, h->run_dir, "web.pid") &&
          fixture_has(h, h->run_dir, "web.monitor") && fixture_has(h, h->log_dir, "web.log"));
    CHECK_INT(domain_start(t, dom, 0, NULL, &err), -1);
    CHECK_CONTAINS(err.message, "is already running");
    CHECK_INT(domain_destroy(t, dom, 0, &err), 0);
    fixture_expect_moves(t, h, "stopped-destroyed");
    CHECK_INT(dom->state, DOMAIN_SHUTOFF);
    CHECK_INT(dom->id, -1);
    CHECK(!fixture_has(h, h->run_dir, "web.status") && !fixture_has(h, h->run_dir, "web.pid") &&
          !fixture_has(h, h->run_dir, "web.monitor"));
    CHECK_INT(domain_destroy(t, dom, 0, &err), -1);
    CHECK_CONTAINS(err.message, "is not running");
    // Paused, and the next id.
    fixture_script(h, "web",
                   "greet\nexpect qmp_capabilities\nreply {}\nexpect query-chardev\nreply []\n"
                   "expect cont\nevent RESUME\nreply {}\nserve\n");
    CHECK_INT(domain_start(t, dom, DOMAIN_START_PAUSED, NULL, &err), 0);
    fixture_expect_moves(t, h, "launched booted-paused");
    CHECK_INT(dom->id, 2);
    CHECK_INT(domain_resume(t, dom, &err), 0);
    fixture_expect_moves(t, h, "unpaused");
}

// A start that fails leaves nothing, and says what QEMU said.
static void fails(struct task *t, struct fixture *h, const char *script, const char *why)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain *dom = fixture_define(t, h, "web", NULL);
    strbuf_finish(&h->moves);
    fixture_script(h, "web", script);
    CHECK_INT(domain_start(t, dom, 0, NULL, &err), -1);
    CHECK_CONTAINS(err.message, why);
    fixture_expect_moves(t, h, "launched stopped-start-failed");
    CHECK(!domain_is_active(dom) && dom->def && dom->id == -1);
    CHECK_INT(domains_count_active(h->domains), 0);
    CHECK(!fixture_has(h, h->run_dir, "web.status"));
    CHECK(!fixture_has(h, h->run_dir, "web.pid"));
    // A guest that is not stored is gone altogether.
    struct domain *none = NULL;
    fixture_script(h, "once", script);
    error_clear(&err);
    CHECK_INT(fixture_create(t, h, "once", NULL, &none, &err), -1);
    CHECK_CONTAINS(err.message, why);
    CHECK(!domains_find_name(h->domains, "once"));
    fixture_expect_moves(t, h, "launched stopped-start-failed");
}

static void dies_in_start(struct task *t, struct fixture *h)
{
    fails(t, h, "stderr qemu: could not open disk\nexit 1\n", "could not open disk");
    fails(t, h, "stderr char device redirected to /dev/pts/7 (label x)\nexit 1\n",
          "monitor of domain");
    fails(t, h, "greet\nexpect qmp_capabilities\nstderr disk full\nexit 1\n", "disk full");
    fails(t, h, "greet\nexpect qmp_capabilities\nreply {}\nstderr late\nexit 1\n", "late");
    fails(t, h, BOOT_TO_CONT "stderr at cont\nexit 1\n", "at cont");
    fails(t, h, BOOT_TO_CONT "error GenericError it does not want\nwait-eof\n", "it does not want");
    fails(t, h,
          "greet\nexpect qmp_capabilities\nreply {}\nexpect query-chardev\nreply 7\nwait-eof\n",
          "query-chardev");
    fails(t, h, "raw no QMP at all\nwait-eof\n", "not QMP");
    // Whatever it writes is safe to show.
    fails(t, h, "stderr bad \x1b[2J\xff\u202e\nexit 1\n",
          "QEMU says: bad \\x1b[2J\\xff\\xe2\\x80\\xae");
    fails(t, h, "greet\nexpect qmp_capabilities\nfill x 70000\nwait-eof\n", "not QMP");
}

static void hangs_in_start(struct task *t, struct fixture *h)
{
    fixture_close(h);
    h->config.timeouts.start_ms = 500;
    fixture_open(h);
    fails(t, h, "wait-eof\n", "monitor of domain");
    h->domains->config.timeouts.start_ms = 60000;
    h->domains->config.timeouts.answer_ms = 500 * slower();
    fails(t, h, BOOT_TO_CONT "wait-eof\n", "no reply in time");
}

// It ignores SIGTERM: killed.
static void stubborn(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *flag = path_join(h->dir, "stubborn");
    fixture_define(t, h, "web", NULL); // the probe
    CHECK_INT(file_write_volatile(flag, "", 0, 0644), 0);
    fixture_close(h);
    h->config.timeouts.term_ms = 200;
    fixture_open(h);
    struct domain *dom = fixture_start(t, h, "web", NULL, BOOT "serve\n");
    strbuf_finish(&h->moves);
    CHECK_INT(domain_destroy(t, dom, DOMAIN_DESTROY_GRACEFUL, &err), -1);
    CHECK_CONTAINS(err.message, "--graceful");
    CHECK_INT(dom->state, DOMAIN_RUNNING);
    CHECK_INT(dom->stop_as, MOVE_NONE);
    CHECK_INT(domain_destroy(t, dom, 0, &err), 0);
    fixture_expect_moves(t, h, "stopped-destroyed");
}

// Stopped by a signal it acts on no SIGTERM: killed without waiting for term_ms.
static void stopped(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    fixture_close(h);
    h->config.timeouts.term_ms = 60000;
    fixture_open(h);
    struct domain *dom = fixture_start(t, h, "web", NULL, BOOT "serve\n");
    strbuf_finish(&h->moves);
    CHECK_INT(kill(dom->process.pid, SIGSTOP), 0);
    CHECK_INT(waitpid(dom->process.pid, NULL, WUNTRACED), dom->process.pid);
    uint64_t begin = now_monotonic_us();
    CHECK_INT(domain_destroy(t, dom, DOMAIN_DESTROY_GRACEFUL, &err), -1);
    CHECK_CONTAINS(err.message, "--graceful");
    CHECK_INT(domain_destroy(t, dom, 0, &err), 0);
    CHECK(now_monotonic_us() - begin < 30000000);
    fixture_expect_moves(t, h, "stopped-destroyed");
}

static void destroyed_while_starting(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    struct other start;
    fixture_script(h, "web", "wait-eof\n");
    struct domain *dom = fixture_define(t, h, "web", NULL);
    strbuf_finish(&h->moves);
    other_begin(t, &start, dom, do_start);
    WAIT_UNTIL(t, dom->reason == MOVE_LAUNCHED);
    CHECK_INT(domain_destroy(t, dom, 0, &err), 0);
    WAIT_UNTIL(t, start.done);
    CHECK_INT(start.result, -1);
    error_clear(&start.err);
    fixture_expect_moves(t, h, "launched stopped-destroyed");
}

// Before there is a process: the emulator is still being asked what it can do.
static void destroyed_before_its_process(struct task *t, struct fixture *h)
{
    AUTO_FREE char *hold = path_join(h->dir, "hold");
    struct other start, destroy;
    fixture_script(h, "web", BOOT "serve\n");
    struct domain *dom = fixture_define(t, h, "web", NULL);
    strbuf_finish(&h->moves);
    // A new time makes it another binary, to be asked again.
    CHECK_INT(file_write_volatile(hold, "", 0, 0644), 0);
    CHECK_INT(chmod(h->emulator, 0700), 0);
    other_begin(t, &start, dom, do_start);
    WAIT_UNTIL(t, dom->live);
    CHECK_INT(dom->process.pid, 0);
    other_begin(t, &destroy, dom, do_destroy);
    WAIT_UNTIL(t, dom->stop_as == MOVE_STOPPED_DESTROYED);
    CHECK_INT(unlink(hold), 0);
    WAIT_UNTIL(t, start.done && destroy.done);
    CHECK_INT(destroy.result, 0);
    CHECK_INT(start.result, -1);
    CHECK_CONTAINS(start.err.message, "destroyed");
    error_clear(&start.err);
    CHECK(!domain_is_active(dom));
    CHECK_INT(h->started, 0);
    fixture_expect_moves(t, h, "stopped-destroyed");
}

// Its QEMU doesn't answer: others time out in their turn, destroy doesn't wait for its.
static void hangs_in_suspend(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    struct other suspend, resume;
    fixture_close(h);
    h->config.timeouts.lock_ms = 200;
    fixture_open(h);
    struct domain *dom = fixture_start(t, h, "web", NULL, BOOT "expect stop\nwait-eof\n");
    strbuf_finish(&h->moves);
    other_begin(t, &suspend, dom, domain_suspend);
    WAIT_UNTIL(t, dom->job && str_eq(dom->job, "suspend"));
    other_begin(t, &resume, dom, domain_resume);
    WAIT_UNTIL(t, resume.done);
    CHECK_INT(resume.result, -1);
    CHECK_INT(resume.err.code, ERROR_OPERATION_TIMEOUT);
    CHECK_CONTAINS(resume.err.message, "cannot resume domain 'web': it is busy with 'suspend'");
    error_clear(&resume.err);
    CHECK(!suspend.done);
    CHECK_INT(domain_destroy(t, dom, 0, &err), 0);
    WAIT_UNTIL(t, suspend.done);
    CHECK_INT(suspend.result, -1);
    error_clear(&suspend.err);
    fixture_expect_moves(t, h, "stopped-destroyed");
}

// A transient domain disappears while a task waits for its lock.
static void disappears(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    struct other suspend, resume, start;
    struct domain *dom = NULL;
    fixture_script(h, "once", BOOT "expect stop\nexit 3\n");
    CHECK_INT(fixture_create(t, h, "once", NULL, &dom, &err), 0);
    strbuf_finish(&h->moves);
    other_begin(t, &suspend, dom, domain_suspend);
    other_begin(t, &resume, dom, domain_resume);
    other_begin(t, &start, dom, do_start);
    WAIT_UNTIL(t, suspend.done && resume.done && start.done);
    CHECK_INT(suspend.result, -1);
    CHECK_INT(resume.result, -1);
    CHECK_CONTAINS(resume.err.message, "is not running");
    CHECK_INT(start.result, -1);
    error_clear(&suspend.err);
    error_clear(&resume.err);
    error_clear(&start.err);
    fixture_expect_moves(t, h, "stopped-failed");
    CHECK(!domains_find_name(h->domains, "once"));
}

static bool is_fake(const char *path)
{
    AUTO_FREE char *text = NULL;
    return file_read(path, 64, &text, NULL) == 0 && str_eq(text, "fake-qemu\n");
}

// The daemon is asked to end in the middle of a start: no unknown process is left behind.
static void cancelled_start(struct task *t, struct fixture *h)
{
    AUTO_FREE char *flag = path_join(h->dir, "stubborn");
    fixture_define(t, h, "web", NULL);
    CHECK_INT(file_write_volatile(flag, "", 0, 0644), 0);
    fixture_script(h, "web", "wait-eof\naccept\nwait-eof\n");
    struct domain *dom = domains_find_name(h->domains, "web");
    strbuf_finish(&h->moves);
    struct other start = {.fn = do_start, .dom = domain_ref(dom)};
    struct task *starter = task_spawn(task_sched(t), "starter", other_main, &start);
    WAIT_UNTIL(t, dom->process.pid > 0 && dom->reason == MOVE_LAUNCHED);
    pid_t pid = dom->process.pid;
    AUTO_FREE char *comm = xasprintf("/proc/%d/comm", (int)pid);
    WAIT_UNTIL(t, is_fake(comm)); // no more the shell before it
    task_cancel(starter);
    WAIT_UNTIL(t, start.done);
    CHECK_INT(start.result, -1);
    error_clear(&start.err);
    int status;
    WAIT_UNTIL(t, waitpid(pid, &status, WNOHANG) == pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    fixture_expect_moves(t, h, "launched stopped-start-failed");
}

static void ended_with_client(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    int token, other;
    fixture_script(h, "a", BOOT "serve\n");
    fixture_script(h, "b", BOOT "serve\n");
    struct domain *a = fixture_define(t, h, "a", NULL), *b = fixture_define(t, h, "b", NULL);
    CHECK_INT(domain_start(t, a, 0, &token, &err), 0);
    CHECK_INT(domain_start(t, b, 0, &other, &err), 0);
    strbuf_finish(&h->moves);
    domains_autodestroy(h->domains, &token);
    fixture_expect_moves(t, h, "stopped-destroyed");
    CHECK(!domain_is_active(a) && domain_is_active(b));
    // A second start does not inherit it.
    CHECK_INT(domain_start(t, a, 0, NULL, &err), 0);
    strbuf_finish(&h->moves);
    domains_autodestroy(h->domains, &token);
    domains_autodestroy(h->domains, NULL);
    task_yield(t);
    CHECK(domain_is_active(a));
}

static void test_start_and_destroy(void)
{
    fixture_run(start_and_destroy);
}

static void test_dies_in_start(void)
{
    fixture_run(dies_in_start);
}

static void test_hangs_in_start(void)
{
    fixture_run(hangs_in_start);
}

static void test_stubborn(void)
{
    fixture_run(stubborn);
    fixture_run(stopped);
}

static void test_destroyed_while_starting(void)
{
    fixture_run(destroyed_while_starting);
    fixture_run(destroyed_before_its_process);
}

static void test_hangs_in_suspend(void)
{
    fixture_run(hangs_in_suspend);
}

static void test_disappears(void)
{
    fixture_run(disappears);
}

static void test_cancelled_start(void)
{
    fixture_run(cancelled_start);
}

static void test_ended_with_client(void)
{
    fixture_run(ended_with_client);
}

int main(void)
{
    RUN(test_start_and_destroy);
    RUN(test_dies_in_start);
    RUN(test_hangs_in_start);
    RUN(test_stubborn);
    RUN(test_destroyed_while_starting);
    RUN(test_hangs_in_suspend);
    RUN(test_disappears);
    RUN(test_cancelled_start);
    RUN(test_ended_with_client);
    return 0;
}
