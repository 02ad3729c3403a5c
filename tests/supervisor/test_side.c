// SPDX-License-Identifier: GPL-2.0-or-later
// Processes beside QEMU, with a scripted swtpm: started, found again, ended, and what they keep.
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>
#include "base/file.h"
#include "supervisor/side.h"
#include "tests/check.h"
#include "tests/supervisor/fixture.h"

#define TPM(attributes)                                                                            \
    "<tpm model='tpm-crb'><backend type='emulator' version='2.0'" attributes "/></tpm>"
#define POLITE "exec cat <&3\n" // ends when QEMU does
#define SETUP  "case \"$*\" in *--create-config*) exit 0;; esac\necho new >tpm2-00.permall\n"
#define AGAIN                                                                                      \
    "accept\ngreet\nexpect qmp_capabilities\nreply {}\nexpect query-status\n"                      \
    "reply {\"status\": \"running\", \"running\": true}\nexpect query-chardev\nreply []\nserve\n"
#define STUBBORN "trap '' TERM\nexec sleep 1000\n"

static void write_program(const struct fixture *h, const char *name, const char *script)
{
    AUTO_FREE char *path = xasprintf("%s/bin/%s", h->dir, name);
    AUTO_FREE char *text = xasprintf("#!/bin/sh\n%s", script);
    CHECK_INT(file_write_volatile(path, text, strlen(text), 0755), 0);
}

// Where swtpm and swtpm_setup are found first.
static void programs(struct fixture *h, const char *swtpm)
{
    AUTO_FREE char *bin = path_join(h->dir, "bin");
    AUTO_FREE char *path = xasprintf("%s:/usr/bin:/bin", bin);
    CHECK_INT(dir_make(bin, 0755), 0);
    write_program(h, "swtpm", swtpm);
    write_program(h, "swtpm_setup", SETUP);
    setenv("PATH", path, 1);
    h->devices = TPM("");
}

static char *state_file(const struct fixture *h, const struct domain *dom, const char *name)
{
    char uuid[UUID_TEXT_SIZE];
    return xasprintf("%s/swtpm/%s/%s", h->state_dir, uuid_format(&dom->uuid, uuid), name);
}

static bool has_state(const struct fixture *h, const struct domain *dom)
{
    AUTO_FREE char *path = state_file(h, dom, "tpm2/tpm2-00.permall");
    return access(path, F_OK) == 0;
}

static bool runs(pid_t pid)
{
    struct process p;
    int r = process_open(pid, 0, &p);
    process_close(&p);
    return r == 0;
}

static int works_below(const char *pid, void *arg)
{
    char target[PATH_MAX] = "";
    AUTO_FREE char *cwd = xasprintf("/proc/%s/cwd", pid);
    return readlink(cwd, target, sizeof(target) - 1) > 0 && str_starts(target, arg);
}

// Whether no side process of this fixture is there, known or not.
static bool nothing_left(struct fixture *h)
{
    return dir_each("/proc", NULL, works_below, h->dir) == 0;
}

static pid_t side_pid(const struct domain *dom)
{
    CHECK_INT(dom->sides.n, 1);
    CHECK(dom->sides.v[0]->process.pidfd >= 0);
    return dom->sides.v[0]->process.pid;
}

static struct domain *find(const struct fixture *h, const char *name)
{
    return domains_find_name(h->domains, name);
}

static void destroy(struct task *t, struct domain *dom)
{
    AUTO_ERROR err = ERROR_INIT;
    int r = domain_destroy(t, dom, 0, &err);
    if (r < 0)
        fprintf(stderr, "%s\n", error_message(&err));
    CHECK_INT(r, 0);
}

static void undefine(struct task *t, struct domain *dom, unsigned flags)
{
    AUTO_ERROR err = ERROR_INIT;
    domain_ref(dom);
    CHECK_INT(domain_undefine(t, dom, flags, &err), 0);
    domain_unref(dom);
}

static void starts_and_ends(struct task *t, struct fixture *h)
{
    programs(h, POLITE);
    struct domain *dom = fixture_start(t, h, "a", NULL, BOOT "serve\n");
    pid_t pid = side_pid(dom);
    CHECK(runs(pid) && has_state(h, dom));
    AUTO_FREE char *dir = state_file(h, dom, "tpm2"), *path = path_join(h->run_dir, "a.status");
    AUTO_FREE char *text = NULL, *line = xasprintf("<side alias='tpm0' pid='%d'", (int)pid);
    struct stat st;
    CHECK(stat(dir, &st) == 0 && (st.st_mode & 07777) == 0700);
    CHECK_INT(file_read(path, 1 << 20, &text, NULL), 0);
    CHECK_CONTAINS(text, line);
    destroy(t, dom);
    CHECK(!runs(pid) && dom->sides.n == 0 && has_state(h, dom));
    // The next start finds what is there.
    write_program(h, "swtpm_setup", "echo it is not new >&2\nexit 1\n");
    fixture_script(h, "a", BOOT QUIT);
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(domain_start(t, dom, 0, NULL, &err), 0);
    pid = side_pid(dom);
    destroy(t, dom);
    CHECK(!runs(pid) && has_state(h, dom));
    AUTO_FREE char *kept = state_file(h, dom, "");
    undefine(t, dom, 0);
    CHECK(access(kept, F_OK) < 0);
}

static void ends_with_its_guest(struct task *t, struct fixture *h)
{
    programs(h, STUBBORN);
    h->config.timeouts.term_ms = 100;
    fixture_close(h);
    fixture_open(h);
    struct domain *dom = fixture_start(
        t, h, "a", NULL, BOOT GO "event SHUTDOWN {\"guest\": true, \"reason\": \"x\"}\nexit 0\n");
    pid_t pid = side_pid(dom);
    fixture_go(t, dom);
    WAIT_UNTIL(t, !domain_is_active(dom));
    CHECK(!runs(pid) && nothing_left(h));
}

static void refused(struct task *t, struct fixture *h, struct domain *dom, const char *part)
{
    AUTO_ERROR err = ERROR_INIT;
    (void)h;
    CHECK_INT(domain_start(t, dom, 0, NULL, &err), -1);
    CHECK_CONTAINS(error_message(&err), part);
    CHECK(!domain_is_active(dom) && dom->sides.n == 0);
}

static void fails_at_start(struct task *t, struct fixture *h)
{
    programs(h, "echo its state is locked >&2\nexit 1\n");
    fixture_script(h, "a", "exit 1\n");
    struct domain *dom = fixture_define(t, h, "a", NULL);
    refused(t, h, dom, "swtpm says: its state is locked");
    write_program(h, "swtpm", POLITE);
    fixture_script(h, "a", BOOT "serve\n");
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(domain_start(t, dom, 0, NULL, &err), 0);
}

// What is half filled is no state.
static void fails_at_setup(struct task *t, struct fixture *h)
{
    programs(h, POLITE);
    write_program(h, "swtpm_setup", SETUP "echo no certificates >&2\nexit 3\n");
    fixture_script(h, "a", BOOT "serve\n");
    struct domain *dom = fixture_define(t, h, "a", NULL);
    refused(t, h, dom, "(exit status 3); it says: no certificates");
    CHECK(!has_state(h, dom));
    write_program(h, "swtpm_setup", SETUP);
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(domain_start(t, dom, 0, NULL, &err), 0);
    CHECK(has_state(h, dom));
}

static void ends_when_qemu_fails(struct task *t, struct fixture *h)
{
    programs(h, "exec sleep 1000\n");
    fixture_script(h, "a", "greet\nexpect qmp_capabilities\nexit 1\n");
    struct domain *dom = fixture_define(t, h, "a", NULL);
    refused(t, h, dom, "");
    CHECK(nothing_left(h));
}

static void dies_early(struct task *t, struct fixture *h)
{
    programs(h, POLITE);
    struct domain *dom = fixture_start(t, h, "a", NULL, BOOT "serve\n");
    CHECK_INT(kill(side_pid(dom), SIGKILL), 0);
    WAIT_UNTIL(t, dom->sides.v[0]->ended);
    CHECK(domain_is_active(dom) && !dom->process_ended);
    destroy(t, dom);
}

// The daemon is killed, and the next one finds both processes.
static void restart(struct fixture *h)
{
    fixture_close(h);
    fixture_open(h);
}

static void found_again(struct task *t, struct fixture *h)
{
    programs(h, POLITE);
    struct domain *dom = fixture_start(t, h, "a", NULL, BOOT "wait-eof\n" AGAIN);
    pid_t pid = side_pid(dom), qemu = dom->process.pid;
    // A guest that has taken its QEMU over may write any number.
    AUTO_FREE char *path = path_join(h->run_dir, "a.pid");
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    CHECK(dprintf(fd, "%d\n", (int)pid) > 0);
    restart(h);
    dom = find(h, "a");
    WAIT_UNTIL(t, dom->sides.n == 1 && dom->sides.v[0]->process.pidfd >= 0);
    CHECK_INT(side_pid(dom), pid);
    CHECK_INT(dom->process.pid, qemu);
    CHECK(runs(pid));
    domain_ref(dom);
    destroy(t, dom);
    domain_unref(dom);
    CHECK(!runs(pid) && nothing_left(h));
}

// Its stored definition is damaged meanwhile: what belongs to the guest stays.
static void damaged_definition(struct task *t, struct fixture *h)
{
    programs(h, POLITE);
    struct domain *dom = fixture_start(t, h, "a", NULL, BOOT "wait-eof\n" AGAIN);
    AUTO_FREE char *path = path_join(h->config_dir, "a.xml");
    fixture_close(h);
    CHECK_INT(file_write_volatile(path, "<domain", 7, 0600), 0);
    fixture_open(h);
    dom = find(h, "a");
    WAIT_UNTIL(t, dom->sides.n == 1 && dom->sides.v[0]->process.pidfd >= 0);
    domain_ref(dom);
    CHECK(!dom->def);
    destroy(t, dom);
    CHECK(has_state(h, dom));
    domain_unref(dom);
}

// It was killed before it noted the process, in the middle of a start.
static void found_without_record(struct task *t, struct fixture *h)
{
    programs(h, "exec sleep 1000\n");
    struct domain *dom = fixture_start(t, h, "a", NULL, BOOT "serve\n");
    pid_t pid = side_pid(dom), qemu = dom->process.pid;
    AUTO_FREE char *path = path_join(h->run_dir, "a.status"), *text = NULL;
    CHECK_INT(file_read(path, 1 << 20, &text, NULL), 0);
    char *side = strstr(text, "<side "), *rest = strchr(side, '\n') + 1;
    *side = 0;
    AUTO_FREE char *without = xasprintf("%s%s", text, rest);
    fixture_close(h);
    CHECK_INT(file_write_volatile(path, without, strlen(without), 0600), 0);
    CHECK_INT(kill(qemu, SIGKILL), 0);
    WAIT_UNTIL(t, !runs(qemu) || waitpid(qemu, NULL, WNOHANG) > 0);
    fixture_open(h);
    WAIT_UNTIL(t, !domain_is_active(find(h, "a")));
    CHECK(!runs(pid) && nothing_left(h));
}

static struct domain *transient(struct task *t, struct fixture *h, const char *devices)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = NULL;
    struct domain *dom = NULL;
    AUTO_FREE char *xml = fixture_document(h, "t", NULL, devices);
    fixture_script(h, "t", BOOT "serve\n");
    CHECK_INT(domains_parse(t, h->domains, xml, 0, &def, &err), 0);
    CHECK_INT(domain_create(t, h->domains, def, 0, NULL, &dom, &err), 0);
    return domain_ref(dom);
}

static void kept_or_removed(struct task *t, struct fixture *h)
{
    programs(h, POLITE);
    struct domain *dom = transient(t, h, TPM(""));
    destroy(t, dom);
    CHECK(!has_state(h, dom));
    domain_unref(dom);
    dom = transient(t, h, TPM(" persistent_state='yes'"));
    destroy(t, dom);
    CHECK(has_state(h, dom));
    domain_unref(dom);
    // Undefined: as the document says, or the client.
    static const struct {
        const char *attributes;
        unsigned flags;
        bool kept;
    } cases[] = {
        {TPM(""), 0, false},
        {TPM(""), DOMAIN_UNDEFINE_KEEP_TPM, true},
        {TPM(" persistent_state='yes'"), 0, true},
        {TPM(" persistent_state='yes'"), DOMAIN_UNDEFINE_TPM, false},
    };
    for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
        AUTO_FREE char *name = xasprintf("u%zu", i);
        h->devices = cases[i / 2].attributes;
        dom = domain_ref(fixture_start(t, h, name, NULL, BOOT "wait-eof\n" AGAIN));
        if (i % 2) { // while it runs, and with another daemon at its end
            undefine(t, dom, cases[i / 2].flags);
            CHECK(has_state(h, dom));
            domain_unref(dom);
            restart(h);
            dom = domain_ref(find(h, name));
            destroy(t, dom);
        } else {
            destroy(t, dom);
            undefine(t, dom, cases[i / 2].flags);
        }
        CHECK_INT(has_state(h, dom), cases[i / 2].kept);
        domain_unref(dom);
    }
}

int main(void)
{
#define RUN_IN_FIXTURE(fn) (printf("  " #fn "\n"), fixture_run(fn))
    RUN_IN_FIXTURE(starts_and_ends);
    RUN_IN_FIXTURE(ends_with_its_guest);
    RUN_IN_FIXTURE(fails_at_start);
    RUN_IN_FIXTURE(fails_at_setup);
    RUN_IN_FIXTURE(ends_when_qemu_fails);
    RUN_IN_FIXTURE(dies_early);
    RUN_IN_FIXTURE(found_again);
    RUN_IN_FIXTURE(damaged_definition);
    RUN_IN_FIXTURE(found_without_record);
    RUN_IN_FIXTURE(kept_or_removed);
    return 0;
}
