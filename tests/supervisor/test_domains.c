// SPDX-License-Identifier: GPL-2.0-or-later
// How guests get into the table and out of it, and how a new daemon finds them.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include "base/file.h"
#include "tests/check.h"
#include "tests/supervisor/fixture.h"

struct definer {
    struct fixture *fixture;
    char *xml; // owned
    bool create, done;
    int result;
    struct domain *dom;
    struct error err;
};

static void define_main(struct task *t, void *arg)
{
    struct definer *d = arg;
    struct domain_def *def = NULL;
    struct domains *all = d->fixture->domains;
    CHECK_INT(domains_parse(t, all, d->xml, 0, &def, &d->err), 0);
    d->result = d->create ? domain_create(t, all, def, 0, NULL, &d->dom, &d->err)
                          : domain_define(t, all, def, &d->dom, &d->err);
    free(d->xml);
    d->done = true;
}

static void define_begin(struct task *t, struct definer *d, struct fixture *h, char *xml,
                         bool create)
{
    *d = (struct definer){.fixture = h, .xml = xml, .create = create};
    task_spawn(task_sched(t), "definer", define_main, d);
}

static char *with_uuid(const struct fixture *h, const char *name, const char *tail)
{
    char *xml = fixture_document(h, name, NULL, NULL), *end = strstr(xml, "</uuid>");
    memcpy(end - strlen(tail), tail, strlen(tail));
    return xml;
}

static size_t count(const struct domains *all)
{
    size_t n = 0;
    for (struct domain *dom = NULL; (dom = domains_next(all, dom));)
        n++;
    return n;
}

static void define_races(struct task *t, struct fixture *h)
{
    struct definer a, b;
    // The same guest twice: one after the other, both stored.
    define_begin(t, &a, h, fixture_document(h, "web", NULL, NULL), false);
    define_begin(t, &b, h, fixture_document(h, "web", "<title>second</title>", NULL), false);
    WAIT_UNTIL(t, a.done && b.done);
    CHECK_INT(a.result, 0);
    CHECK_INT(b.result, 0);
    CHECK(a.dom == b.dom);
    fixture_expect_moves(t, h, "+added +updated");
    // One name, two uuids: one of them.
    define_begin(t, &a, h, fixture_document(h, "mail", NULL, NULL), false);
    define_begin(t, &b, h, with_uuid(h, "mail", "ffff"), false);
    WAIT_UNTIL(t, a.done && b.done);
    CHECK_INT(a.result + b.result, -1);
    CHECK_CONTAINS(error_message(a.result ? &a.err : &b.err), "'mail' already exists with uuid");
    error_clear(&a.err);
    error_clear(&b.err);
    // One uuid, two names.
    AUTO_FREE char *other = fixture_document(h, "mail", NULL, NULL);
    memcpy(strstr(other, "<name>mail"), "<name>lima", 10);
    define_begin(t, &a, h, STEAL(other), false);
    WAIT_UNTIL(t, a.done);
    CHECK_INT(a.result, -1);
    CHECK_CONTAINS(a.err.message, "'mail' is already defined with uuid");
    error_clear(&a.err);
    // Defined and created at once; created twice at once.
    fixture_script(h, "db", BOOT "serve\n");
    define_begin(t, &a, h, fixture_document(h, "db", NULL, NULL), false);
    define_begin(t, &b, h, fixture_document(h, "db", NULL, NULL), true);
    WAIT_UNTIL(t, a.done && b.done);
    CHECK_INT(a.result, 0);
    CHECK_INT(b.result, 0);
    CHECK(a.dom->def && a.dom->live && a.dom == b.dom);
    fixture_script(h, "once", BOOT "serve\n");
    define_begin(t, &a, h, fixture_document(h, "once", NULL, NULL), true);
    define_begin(t, &b, h, fixture_document(h, "once", NULL, NULL), true);
    WAIT_UNTIL(t, a.done && b.done);
    CHECK_INT(a.result + b.result, -1);
    CHECK_CONTAINS(error_message(a.result ? &a.err : &b.err), "is already active as 'once'");
    error_clear(&a.err);
    error_clear(&b.err);
    CHECK_INT(count(h->domains), 4);
    CHECK_INT(domains_count_active(h->domains), 2);
}

static void persistence(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain *dom = fixture_start(t, h, "web", NULL, BOOT "serve\n");
    CHECK_INT(domain_set_autostart(t, dom, true, &err), 0);
    CHECK(fixture_has(h, h->config_dir, "web.xml"));
    CHECK(fixture_has(h, h->config_dir, "autostart/web.xml"));
    strbuf_finish(&h->moves);
    // Undefined while it runs: goes on as a transient one, and is gone with its end.
    CHECK_INT(domain_undefine(t, dom, 0, &err), 0);
    CHECK(!fixture_has(h, h->config_dir, "web.xml"));
    CHECK(!fixture_has(h, h->config_dir, "autostart/web.xml"));
    CHECK(!dom->def && !dom->autostart && domain_is_active(dom));
    CHECK_INT(domain_undefine(t, dom, 0, &err), -1);
    CHECK_CONTAINS(err.message, "cannot undefine transient domain");
    CHECK_INT(domain_set_autostart(t, dom, true, &err), -1);
    // And persistent again.
    CHECK(fixture_define(t, h, "web", NULL) == dom);
    CHECK(dom->def && domain_is_active(dom));
    CHECK_INT(domain_undefine(t, dom, 0, &err), 0);
    domain_ref(dom);
    CHECK_INT(domain_destroy(t, dom, 0, &err), 0);
    CHECK(dom->removed && !domains_find_name(h->domains, "web"));
    CHECK_INT(domain_start(t, dom, 0, NULL, &err), -1);
    CHECK_INT(err.code, ERROR_NO_DOMAIN);
    CHECK_INT(domain_undefine(t, dom, 0, &err), -1);
    domain_unref(dom);
    fixture_expect_moves(t, h, "-undefined +added -undefined stopped-destroyed");
    // A stored guest created from another document keeps its own.
    dom = fixture_define(t, h, "web", "<title>stored</title>");
    CHECK_INT(fixture_create(t, h, "web", "<title>once</title>", &dom, &err), 0);
    CHECK_STR(dom->live->title, "once");
    CHECK_STR(dom->def->title, "stored");
}

// A disk that is full, or gone: nothing is changed and nothing is left.
static void full_disk(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    struct definer d;
    if (mkdir(h->config_dir, 0700) < 0 ||
        mount("none", h->config_dir, "tmpfs", 0, "size=16k,mode=0700") < 0) {
        printf("full disk: no right to mount, not tested\n");
        return;
    }
    struct domain *dom = fixture_define(t, h, "web", "<title>old</title>");
    AUTO_FREE char *big = xasprintf("<description>%*s.</description>", 30000, "x");
    strbuf_finish(&h->moves);
    define_begin(t, &d, h, fixture_document(h, "web", big, NULL), false);
    WAIT_UNTIL(t, d.done);
    CHECK_INT(d.result, -1);
    CHECK_CONTAINS(d.err.message, "cannot store the definition of domain 'web'");
    CHECK_CONTAINS(d.err.message, "No space left");
    error_clear(&d.err);
    CHECK_STR(dom->def->title, "old");
    define_begin(t, &d, h, fixture_document(h, "new", big, NULL), false);
    WAIT_UNTIL(t, d.done);
    CHECK_INT(d.result, -1);
    error_clear(&d.err);
    CHECK_INT(count(h->domains), 1);
    CHECK_STR(strbuf_text(&h->moves), "");
    fixture_close(h);
    fixture_open(h);
    dom = domains_find_name(h->domains, "web");
    CHECK(dom && str_eq(dom->def->title, "old"));
    // Nor is a temporary file: there is space again.
    CHECK(fixture_define(t, h, "web2", NULL));
    // A disk that can only be read.
    CHECK_INT(mount(NULL, h->config_dir, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    dom = domains_find_name(h->domains, "web");
    CHECK_INT(domain_undefine(t, dom, 0, &err), -1);
    CHECK_CONTAINS(err.message, "Read-only file system");
    CHECK(!dom->removed && dom->def);
    CHECK_INT(domain_set_autostart(t, dom, true, &err), -1);
    CHECK(!dom->autostart);
    CHECK_INT(umount(h->config_dir), 0);
}

// ---- a daemon that comes after another ---------------------------------------------------------

#define AGAIN(status)                                                                              \
    "\naccept\ngreet\nexpect qmp_capabilities\nreply {}\nexpect query-status\n"                    \
    "reply {\"status\": \"" status "\", \"running\": false}\nexpect query-chardev\nreply []\n"

static void idle(struct task *t, struct domain *dom)
{
    WAIT_UNTIL(t, !dom->job);
}

static void adopted(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain *dom = NULL;
    fixture_start(t, h, "web", NULL, BOOT "wait-eof" AGAIN("running") "serve\n");
    fixture_start(t, h, "io", NULL, BOOT "wait-eof" AGAIN("io-error") "serve\n");
    fixture_start(t, h, "off", NULL, BOOT "wait-eof" AGAIN("shutdown") QUIT);
    fixture_start(t, h, "panic", NULL, BOOT "wait-eof" AGAIN("guest-panicked") QUIT);
    fixture_script(h, "once", BOOT "wait-eof" AGAIN("running") "serve\n");
    CHECK_INT(fixture_create(t, h, "once", NULL, &dom, &err), 0);
    pid_t pid = dom->process.pid;
    strbuf_finish(&h->moves);
    fixture_close(h);
    fixture_open(h);
    dom = domains_find_name(h->domains, "once");
    // Listed at once, and changes wait until its state is known.
    CHECK(dom && !dom->def && domain_is_active(dom) && dom->id == 5);
    CHECK_INT(domain_suspend(t, dom, &err), 0);
    CHECK_INT(dom->process.pid, pid);
    CHECK_INT(dom->state, DOMAIN_RUNNING); // its script stops nothing
    dom = domains_find_name(h->domains, "web");
    idle(t, dom);
    CHECK(dom->def && dom->id == 1 && dom->state == DOMAIN_RUNNING && dom->reason == MOVE_BOOTED);
    dom = domains_find_name(h->domains, "io");
    idle(t, dom);
    CHECK_INT(dom->reason, MOVE_PAUSED_IOERROR);
    dom = domains_find_name(h->domains, "off");
    WAIT_UNTIL(t, dom->reason == MOVE_STOPPED_SHUTDOWN);
    dom = domains_find_name(h->domains, "panic");
    WAIT_UNTIL(t, dom->reason == MOVE_STOPPED_CRASHED);
    CHECK_INT(domains_count_active(h->domains), 3);
    // Ids go on where they were.
    dom = fixture_start(t, h, "next", NULL, BOOT "serve\n");
    CHECK_INT(dom->id, 6);
    // The end of one that is not our child is seen as well.
    CHECK_INT(domain_destroy(t, dom, 0, &err), 0);
}

// QEMU does not answer the new daemon (stopped, or waiting for its storage): the domain keeps
// running, can be destroyed, and is taken over when QEMU answers.
static void does_not_answer(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    fixture_start(t, h, "web", NULL,
                  BOOT "wait-eof\naccept\nwait-eof\naccept\nwait-eof" AGAIN("running") "serve\n");
    fixture_start(t, h, "never", NULL,
                  BOOT "wait-eof\naccept\nwait-eof\naccept\nwait-eof\naccept\nwait-eof\n");
    strbuf_finish(&h->moves);
    fixture_close(h);
    h->config.timeouts.adopt_ms = h->config.timeouts.reconnect_ms = 300 * slower();
    h->config.timeouts.retry_ms = 300;
    fixture_open(h);
    struct domain *never = domains_find_name(h->domains, "never");
    WAIT_UNTIL(t, never->retrying_id == never->id && !never->job);
    CHECK_INT(never->state, DOMAIN_RUNNING);
    CHECK_INT(domain_suspend(t, never, &err), -1);
    CHECK_CONTAINS(err.message, "can only be destroyed until its QEMU answers");
    CHECK_INT(domain_destroy(t, never, 0, &err), 0);
    fixture_expect_moves(t, h, "stopped-destroyed");
    struct domain *dom = domains_find_name(h->domains, "web");
    pid_t pid = dom->process.pid;
    WAIT_UNTIL(t, dom->qmp && !dom->job && !dom->retrying_id);
    CHECK(!dom->adopting && dom->state == DOMAIN_RUNNING && dom->process.pid == pid);
    CHECK_INT(domain_suspend(t, dom, &err), 0);
}

static void died_meanwhile(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain *dom = fixture_start(t, h, "web", NULL, BOOT "wait-eof\nwait-eof\n"),
                  *once = NULL;
    fixture_script(h, "once", BOOT "wait-eof\n");
    CHECK_INT(fixture_create(t, h, "once", NULL, &once, &err), 0);
    pid_t pids[] = {dom->process.pid, once->process.pid};
    strbuf_finish(&h->moves);
    fixture_close(h);
    for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
        kill(pids[i], SIGKILL);
        CHECK_INT(waitpid(pids[i], NULL, 0), pids[i]);
    }
    fixture_open(h);
    fixture_expect_moves(t, h, "stopped-lost stopped-lost");
    CHECK_INT(domains_count_active(h->domains), 0);
    CHECK(!domains_find_name(h->domains, "once"));
    CHECK(!fixture_has(h, h->run_dir, "web.status") && !fixture_has(h, h->run_dir, "once.status"));
}

// The daemon was killed in the middle of a start, before or after the process was there.
static void half_started(struct task *t, struct fixture *h)
{
    struct domain *dom =
        fixture_start(t, h, "web", NULL, BOOT "wait-eof" AGAIN("running") "serve\n");
    pid_t pid = dom->process.pid;
    AUTO_FREE char *path = path_join(h->run_dir, "web.status");
    AUTO_FREE char *text = NULL;
    CHECK_INT(file_read(path, 1 << 20, &text, NULL), 0);
    char *state = strstr(text, "state='"), *end = strchr(state + 7, '\'');
    AUTO_FREE char *launched = xasprintf("%.*sstate='launched%s", (int)(state - text), text, end);
    strbuf_finish(&h->moves);
    fixture_close(h);
    CHECK_INT(file_write_volatile(path, launched, strlen(launched), 0600), 0);
    fixture_open(h);
    fixture_expect_moves(t, h, "stopped-start-failed");
    int status;
    CHECK(waitpid(pid, &status, WNOHANG) != 0); // gone, and perhaps reaped already
    // Its file has nothing of the run before: this is no guest that ran.
    dom = domains_find_name(h->domains, "web");
    CHECK(!domain_is_active(dom));
    AUTO_ERROR err = ERROR_INIT;
    dom->reason = MOVE_STOPPED_DESTROYED;
    dom->live = domain_def_copy(dom->def);
    dom->id = 7;
    CHECK_INT(status_save(dom, &err), 0);
    domain_def_destroy(STEAL(dom->live));
    dom->id = -1;
    fixture_close(h);
    fixture_open(h);
    fixture_expect_moves(t, h, "stopped-start-failed");
}

// What a process of it holds is not taken away, whatever happens.
static void lock_is_kept(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    fixture_script(h, "web", BOOT "serve\n");
    struct domain *dom = fixture_define(t, h, "web", NULL);
    AUTO_FREE char *path = path_join(h->run_dir, "web.pid");
    CHECK_INT(dir_make(h->run_dir, 0700), 0);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK_INT(flock(fd, LOCK_EX), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(domain_start(t, dom, 0, NULL, &err), -1);
        CHECK_CONTAINS(err.message, "a process of domain 'web' is still there");
    }
    CHECK_INT(h->started, 0);
    close(fd);
    CHECK_INT(domain_start(t, dom, 0, NULL, &err), 0);
}

static void damaged_status(struct task *t, struct fixture *h)
{
    static const char *const bad[] = {
        "", "<x/>", "<vireo-domain version='1' id='3' state='running' pid='0' start-time='0'/>"};
    CHECK_INT(dir_make(h->run_dir, 0700), 0);
    fixture_close(h);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char name[] = "0.status";
        name[0] = (char)('0' + i);
        AUTO_FREE char *path = path_join(h->run_dir, name);
        CHECK_INT(file_write_volatile(path, bad[i], strlen(bad[i]), 0600), 0);
    }
    fixture_open(h);
    task_yield(t);
    CHECK_INT(count(h->domains), 0);
    CHECK(fixture_has(h, h->run_dir, "0.status.damaged") &&
          fixture_has(h, h->run_dir, "2.status.damaged"));
}

// ---- a full /run -------------------------------------------------------------------------------

// In the place of libc's: from the nth file made in `full_dir` on there is no space.
static const char *full_dir;
static int full_after;
int mkostemp(char *template, int flags)
{
    if (full_dir && str_starts(template, full_dir) && full_after-- <= 0) {
        errno = ENOSPC;
        return -1;
    }
    for (int i = 0; i < 1000; i++) {
        char *name = template + strlen(template) - 6;
        for (int k = 0; k < 6; k++)
            name[k] = (char)(97 + rand() % 26);
        int fd = open(template, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

// A start that says that it worked has written so: the next daemon keeps the domain.
static void full_run(struct task *t, struct fixture *h)
{
    bool ended = false;
    for (int n = 0; !ended; n++) {
        AUTO_ERROR err = ERROR_INIT;
        AUTO_FREE char *name = xasprintf("web%d", n);
        bool paused = n % 2;
        fixture_script(h, name,
                       paused ? BOOT_PAUSED "wait-eof" AGAIN("prelaunch") "serve\n"
                              : BOOT "wait-eof" AGAIN("running") "serve\n");
        struct domain *dom = fixture_define(t, h, name, NULL);
        full_dir = h->run_dir;
        full_after = n;
        int r = domain_start(t, dom, paused ? DOMAIN_START_PAUSED : 0, NULL, &err);
        ended = full_after > 0;
        full_dir = NULL;
        if (r < 0) {
            CHECK_CONTAINS(error_message(&err), "No space left");
            CHECK(!domain_is_active(dom) && !dom->process.pid);
            continue;
        }
        pid_t pid = dom->process.pid;
        fixture_close(h);
        fixture_open(h);
        dom = domains_find_name(h->domains, name);
        WAIT_UNTIL(t, sched_count(h->sched) == 1);
        CHECK(domain_is_active(dom) && dom->process.pid == pid);
        CHECK_INT(dom->state, paused ? DOMAIN_PAUSED : DOMAIN_RUNNING);
        CHECK_INT(domain_destroy(t, dom, 0, &err), 0);
    }
}

static void autostart(struct task *t, struct fixture *h)
{
    AUTO_ERROR err = ERROR_INIT;
    fixture_script(h, "web", BOOT "serve\n");
    fixture_script(h, "mail", "exit 1\n");
    fixture_define(t, h, "off", NULL);
    struct domain *web = fixture_define(t, h, "web", NULL),
                  *mail = fixture_define(t, h, "mail", NULL);
    CHECK_INT(domain_set_autostart(t, web, true, &err), 0);
    CHECK_INT(domain_set_autostart(t, mail, true, &err), 0);
    fixture_close(h);
    fixture_open(h);
    web = domains_find_name(h->domains, "web");
    mail = domains_find_name(h->domains, "mail");
    CHECK(web->autostart && mail->autostart);
    domains_autostart(h->domains);
    WAIT_UNTIL(t, mail->reason == MOVE_STOPPED_START_FAILED && web->state == DOMAIN_RUNNING);
    CHECK_INT(h->started, 2);
    WAIT_UNTIL(t, !web->job && !mail->job);
    CHECK_INT(domain_destroy(t, web, 0, &err), 0);
    // Not again in this boot, by whatever daemon.
    fixture_close(h);
    fixture_open(h);
    domains_autostart(h->domains);
    task_yield(t);
    CHECK_INT(domains_count_active(h->domains), 0);
    CHECK_INT(sched_count(h->sched), 1);
    // In the next one.
    AUTO_FREE char *mark = path_join(h->run_dir, "autostarted");
    CHECK_INT(file_write_volatile(mark, "another boot\n", 13, 0600), 0);
    domains_autostart(h->domains);
    web = domains_find_name(h->domains, "web");
    WAIT_UNTIL(t, web->state == DOMAIN_RUNNING && !web->job);
    WAIT_UNTIL(t, sched_count(h->sched) == 1);
}

static void test_define_races(void)
{
    fixture_run(define_races);
}

static void test_persistence(void)
{
    fixture_run(persistence);
}

static void test_full_disk(void)
{
    fixture_run(full_disk);
}

static void test_full_run(void)
{
    fixture_run(full_run);
}

static void test_adoption(void)
{
    fixture_run(adopted);
    fixture_run(does_not_answer);
    fixture_run(died_meanwhile);
    fixture_run(half_started);
    fixture_run(lock_is_kept);
    fixture_run(damaged_status);
}

static void test_autostart(void)
{
    fixture_run(autostart);
}

int main(void)
{
    // In a mount namespace of its own, where that is allowed; before there are threads.
    if (unshare(CLONE_NEWNS) == 0)
        (void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    RUN(test_define_races);
    RUN(test_persistence);
    RUN(test_full_disk);
    RUN(test_full_run);
    RUN(test_adoption);
    RUN(test_autostart);
    return 0;
}
