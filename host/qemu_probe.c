// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// The binary is started once for each accelerator with no machine, one end of a socketpair as its
// monitor, and asked. All that does not depend on the accelerator is asked of the first one that
// runs: TCG, or KVM for a binary built without TCG. KVM failing to start is an answer (not usable),
// not an error.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "base/alloc.h"
#include "base/child.h"
#include "base/str.h"
#include "host/qemu_caps.h"
#include "host/qemu_learn.h"
#include "monitor/qmp_api.h"

enum {
    TIMEOUT_MS = 120000, // usually 0.1 s; a machine that boots and emulates its processor took 40
    END_MS = 5000,
    STDERR_MAX = 2048,
    MONITOR_FD = 3,
};

struct run {
    struct process qemu;
    struct qmp *q;
    int stderr_fd; // what QEMU complains about
    uint64_t deadline_us;
};

// What was learned so far. What does not depend on the accelerator is asked once.
struct learned {
    uint32_t version;
    char *target, *package; // target NULL: nothing yet
    bool kvm_built;
    struct strbuf common; // sections
    bool usable[QEMU_VIRT_COUNT];
    struct strbuf cpus[QEMU_VIRT_COUNT];
};

static char *last_lines(const struct run *r)
{
    char text[STDERR_MAX + 1];
    ssize_t n = r->stderr_fd >= 0 ? read(r->stderr_fd, text, STDERR_MAX) : 0;
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    return n > 0 ? str_printable(text, (size_t)n) : xstrdup("");
}

static int begin(struct task *t, const char *binary, const struct qemu_probe_user *user,
                 const char *accel, struct run *r, struct error *err)
{
    int pair[2], errors[2];
    *r = (struct run){.qemu = PROCESS_NONE, .stderr_fd = -1};
    r->deadline_us = task_deadline_ms(TIMEOUT_MS);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_set_errno(err, AREA_QEMU, errno, "cannot make a monitor for '%s'", binary);
    AUTO_CLOSE int own = pair[0], theirs = pair[1];
    if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set_errno(err, AREA_QEMU, errno, "cannot make a pipe for '%s'", binary);
    AUTO_CLOSE int errors_in = errors[1];
    r->stderr_fd = errors[0];
    AUTO_FREE char *machine = xasprintf("none,accel=%s", accel);
    char *argv[] = {(char *)binary,
                    "-machine",
                    machine,
                    "-S",
                    "-nodefaults",
                    "-no-user-config",
                    "-display",
                    "none",
                    "-nographic",
                    "-chardev",
                    "socket,id=mon,fd=3",
                    "-mon",
                    "chardev=mon,mode=control",
                    NULL};
    struct child_fd fds[] = {{theirs, MONITOR_FD}};
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv = argv;
    spec.fds = fds;
    spec.nfds = ARRAY_LEN(fds);
    spec.stderr_fd = errors_in;
    spec.new_session = true;
    spec.capabilities = 0;
    spec.set_user = user && user->set_user;
    if (spec.set_user) {
        spec.uid = user->uid;
        spec.gid = user->gid;
        spec.groups = user->groups;
        spec.ngroups = user->ngroups;
    }
    if (child_spawn(t, &spec, &r->qemu, err) < 0)
        return -1;
    close_fd(&theirs);
    struct qmp_spec monitor = {.name = binary, .fd = steal_fd(&own), .deadline_us = r->deadline_us};
    return qmp_open(t, &monitor, &r->q, err);
}

// Ends a QEMU that did not go by itself.
static void reap(struct task *t, void *arg)
{
    struct process *p = arg;
    int status;
    process_wait(t, p, TASK_FOREVER, &status);
    process_close(p);
    free(p);
}

static void end(struct task *t, struct run *r)
{
    int status, waited = -ECANCELED;
    if (r->q && qmp_send_quit(r->q) == 0)
        waited = process_wait(t, &r->qemu, task_deadline_ms(END_MS), &status);
    qmp_close(r->q);
    r->q = NULL;
    close_fd(&r->stderr_fd);
    if (r->qemu.pid > 0 && waited < 0) {
        process_kill(&r->qemu, SIGKILL);
        task_spawn(task_sched(t), "reap QEMU", reap, xmemdup(&r->qemu, sizeof(r->qemu)));
        r->qemu = PROCESS_NONE;
    }
    process_close(&r->qemu);
}

static int learn_types(struct task *t, struct run *r, enum qemu_section section,
                       const char *implements, struct strbuf *b, struct error *err)
{
    struct qmp_named_info_list names;
    if (qmp_qom_list_types(t, r->q, implements, false, r->deadline_us, &names, err) < 0)
        return -1;
    qemu_learn_section(b, section);
    qemu_learn_names(b, &names);
    qmp_named_info_list_finish(&names);
    return 0;
}

static int learn_machines(struct task *t, struct run *r, struct strbuf *b, struct error *err)
{
    struct qmp_machine_info_list machines;
    if (qmp_query_machines(t, r->q, r->deadline_us, &machines, err) < 0)
        return -1;
    qemu_learn_section(b, QEMU_SECTION_MACHINES);
    qemu_learn_machines(b, &machines);
    qmp_machine_info_list_finish(&machines);
    return 0;
}

static int learn_commands(struct task *t, struct run *r, struct strbuf *b, struct error *err)
{
    struct qmp_named_info_list commands;
    if (qmp_query_commands(t, r->q, r->deadline_us, &commands, err) < 0)
        return -1;
    qemu_learn_section(b, QEMU_SECTION_COMMANDS);
    qemu_learn_names(b, &commands);
    qmp_named_info_list_finish(&commands);
    return 0;
}

static int learn_options(struct task *t, struct run *r, struct strbuf *b, struct error *err)
{
    struct qmp_option_info_list options;
    if (qmp_query_command_line_options(t, r->q, r->deadline_us, &options, err) < 0)
        return -1;
    qemu_learn_section(b, QEMU_SECTION_OPTIONS);
    qemu_learn_options(b, &options);
    qmp_option_info_list_finish(&options);
    return 0;
}

static int learn_common(struct task *t, struct run *r, struct learned *l, struct error *err)
{
    struct qmp_target_info target;
    if (qmp_query_target(t, r->q, r->deadline_us, &target, err) < 0)
        return -1;
    l->version = qmp_version(r->q);
    str_replace(&l->target, target.arch);
    str_replace(&l->package, qmp_package(r->q));
    qmp_target_info_finish(&target);
    strbuf_reset(&l->common);
    if (learn_machines(t, r, &l->common, err) < 0 ||
        learn_types(t, r, QEMU_SECTION_DEVICES, "device", &l->common, err) < 0 ||
        learn_types(t, r, QEMU_SECTION_OBJECTS, "user-creatable", &l->common, err) < 0 ||
        learn_commands(t, r, &l->common, err) < 0 || learn_options(t, r, &l->common, err) < 0) {
        str_replace(&l->target, NULL);
        return -1;
    }
    return 0;
}

static int learn_accel(struct task *t, struct run *r, enum qemu_virt virt, struct learned *l,
                       struct error *err)
{
    struct qmp_cpu_definition_info_list cpus;
    struct qmp_kvm_info kvm;
    AUTO_ERROR why = ERROR_INIT;
    if (qmp_query_kvm(t, r->q, r->deadline_us, &kvm, err) < 0)
        return -1;
    l->kvm_built = kvm.present;
    if (virt == QEMU_VIRT_KVM && !kvm.enabled)
        return 0;
    l->usable[virt] = true;
    if (qmp_query_cpu_definitions(t, r->q, r->deadline_us, &cpus, &why) == 0) {
        qemu_learn_cpus(&l->cpus[virt], &cpus);
        qmp_cpu_definition_info_list_finish(&cpus);
        return 0;
    }
    // Some targets have no list.
    return why.code == ERROR_OPERATION_UNSUPPORTED ? 0 : error_move(err, &why);
}

// Asks the binary with one accelerator. *started is false when it did not run with it,
// true when it ran, whether or not it answered properly.
static int probe_accel(struct task *t, const char *binary, const struct qemu_probe_user *user,
                       enum qemu_virt virt, struct learned *l, bool *started, struct error *err)
{
    struct run r;
    int result = begin(t, binary, user, virt == QEMU_VIRT_KVM ? "kvm" : "tcg", &r, err);
    *started = result == 0;
    if (result == 0 && !l->target)
        result = learn_common(t, &r, l, err);
    if (result == 0)
        result = learn_accel(t, &r, virt, l, err);
    if (result < 0) {
        l->usable[virt] = false;
        AUTO_FREE char *output = last_lines(&r);
        error_prefix(err, "cannot ask '%s' what it can do%s%s", binary, output[0] ? ": " : "",
                     output);
    }
    end(t, &r);
    return result;
}

static char *write_text(const struct learned *l)
{
    static const enum qemu_section sections[] = {QEMU_SECTION_TCG, QEMU_SECTION_KVM};
    struct strbuf b = {0};
    qemu_learn_section(&b, QEMU_SECTION_BINARY);
    qemu_learn_binary(&b, l->version, l->target, l->kvm_built, l->package);
    strbuf_add(&b, strbuf_text(&l->common));
    for (size_t i = 0; i < QEMU_VIRT_COUNT; i++) {
        if (!l->usable[i])
            continue;
        qemu_learn_section(&b, sections[i]);
        strbuf_add(&b, strbuf_text(&l->cpus[i]));
    }
    qemu_learn_section(&b, QEMU_SECTION_END);
    return strbuf_steal(&b);
}

int qemu_probe(struct task *t, const char *binary, const struct qemu_probe_user *user, bool kvm,
               char **ret, struct error *err)
{
    struct learned l = {0};
    AUTO_ERROR tcg_err = ERROR_INIT, kvm_err = ERROR_INIT;
    bool started;
    int tcg = probe_accel(t, binary, user, QEMU_VIRT_TCG, &l, &started, &tcg_err);
    bool try_kvm = kvm && (tcg < 0 ? !started : l.kvm_built);
    int with_kvm =
        try_kvm ? probe_accel(t, binary, user, QEMU_VIRT_KVM, &l, &started, &kvm_err) : -1;
    int r = 0;
    if (tcg < 0 && with_kvm < 0)
        r = error_move(err, &tcg_err);
    else
        *ret = write_text(&l);
    if (r == 0 && try_kvm && with_kvm < 0)
        log_info("%s; domains of type kvm are not offered", error_message(&kvm_err));
    free(l.target);
    free(l.package);
    strbuf_finish(&l.common);
    for (size_t i = 0; i < QEMU_VIRT_COUNT; i++)
        strbuf_finish(&l.cpus[i]);
    return r;
}
