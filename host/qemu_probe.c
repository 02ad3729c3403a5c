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

enum { TIMEOUT_MS = 30000, END_MS = 5000, STDERR_MAX = 2048, MONITOR_FD = 3 };

// Devices whose properties decide how a guest's command line is written.
static const char *const devices_of_interest[] = {
    "virtio-blk-pci",
    "virtio-net-pci",
    "virtio-scsi-pci",
    "virtio-balloon-pci",
    "virtio-rng-pci",
    "virtio-gpu-pci",
    "virtio-vga",
    "scsi-hd",
    "scsi-cd",
    "ide-hd",
    "ide-cd",
    "usb-storage",
    "isa-serial",
    "qxl-vga",
    "VGA",
    "ICH9-LPC",
    "PIIX4_PM",
    "pcie-root-port",
    "vhost-vsock-pci",
    "floppy",
    "intel-iommu",
    "virtio-mem-pci",
    "nvme",
    "usb-host",
    "vfio-pci",
};

struct run {
    struct process qemu;
    struct qmp *q;
    int stderr_fd; // what QEMU complains about
    uint64_t deadline_us;
};

static int ask(struct task *t, struct run *r, const char *command, struct json_object *args,
               struct json_object **reply, struct error *err)
{
    int result = qmp_execute(t, r->q, command, args, r->deadline_us, reply, err);
    json_object_put(args);
    return result;
}

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
    AUTO_CLOSE int ours = pair[0], theirs = pair[1];
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
    spec.drop_capabilities = true;
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
    struct qmp_spec monitor = {
        .name = binary, .fd = steal_fd(&ours), .deadline_us = r->deadline_us};
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

static int ask_names(struct task *t, struct run *r, const char *command, const char *implements,
                     struct strv *names, struct error *err)
{
    struct json_object *args = NULL, *reply;
    if (implements) {
        args = json_object_new_object();
        json_object_object_add(args, "implements", json_object_new_string(implements));
        json_object_object_add(args, "abstract", json_object_new_boolean(false));
    }
    if (ask(t, r, command, args, &reply, err) < 0)
        return -1;
    int result = qemu_learn_names(names, command, reply, err);
    json_object_put(reply);
    return result;
}

static int ask_properties(struct task *t, struct run *r, struct qemu_caps *c, struct error *err)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < ARRAY_LEN(devices_of_interest); i++) {
        const char *device = devices_of_interest[i];
        struct json_object *args, *reply;
        if (!qemu_caps_has_device(c, device))
            continue;
        args = json_object_new_object();
        json_object_object_add(args, "typename", json_object_new_string(device));
        if (ask(t, r, "device-list-properties", args, &reply, err) < 0)
            return -1;
        result = qemu_learn_properties(c, device, reply, err);
        json_object_put(reply);
    }
    qemu_sort(&c->properties);
    return result;
}

static int learn_common(struct task *t, struct run *r, struct qemu_caps *c, struct error *err)
{
    struct json_object *target = NULL, *machines = NULL, *options = NULL;
    int result = -1;
    c->version = qmp_version(r->q);
    const char *package = qmp_package(r->q);
    c->package = xstrdup(package);
    if (ask(t, r, "query-target", NULL, &target, err) == 0 &&
        ask(t, r, "query-machines", NULL, &machines, err) == 0 &&
        ask(t, r, "query-command-line-options", NULL, &options, err) == 0 &&
        qemu_learn_target(c, target, err) == 0 && qemu_learn_machines(c, machines, err) == 0 &&
        qemu_learn_options(c, options, err) == 0 &&
        ask_names(t, r, "query-commands", NULL, &c->commands, err) == 0 &&
        ask_names(t, r, "qom-list-types", "device", &c->devices, err) == 0 &&
        ask_names(t, r, "qom-list-types", "user-creatable", &c->objects, err) == 0)
        result = ask_properties(t, r, c, err);
    json_object_put(target);
    json_object_put(machines);
    json_object_put(options);
    return result;
}

static int learn_accel(struct task *t, struct run *r, enum qemu_virt virt, struct qemu_caps *c,
                       struct error *err)
{
    struct qemu_accel_caps *a = &c->accel[virt];
    struct json_object *reply;
    struct qmp_kvm_info kvm;
    if (qmp_query_kvm(t, r->q, r->deadline_us, &kvm, err) < 0)
        return -1;
    c->kvm_built = kvm.present;
    if (virt == QEMU_VIRT_KVM && !kvm.enabled)
        return 0;
    a->usable = true;
    if (qemu_caps_has_command(c, "query-cpu-definitions")) {
        if (ask(t, r, "query-cpu-definitions", NULL, &reply, err) < 0)
            return -1;
        int result = qemu_learn_cpus(a, reply, err);
        json_object_put(reply);
        if (result < 0)
            return -1;
    }
    if (virt == QEMU_VIRT_KVM && qemu_caps_has_command(c, "query-cpu-model-expansion")) {
        struct json_object *args =
            json_tokener_parse("{\"type\":\"static\",\"model\":{\"name\":\"host\"}}");
        if (ask(t, r, "query-cpu-model-expansion", args, &reply, NULL) == 0)
            a->host_features = reply;
    }
    return 0;
}

// Asks the binary with one accelerator. *started tells a binary that did not run with it from one
// that ran and did not answer properly.
static int probe_accel(struct task *t, const char *binary, const struct qemu_probe_user *user,
                       enum qemu_virt virt, struct qemu_caps *c, bool *started, struct error *err)
{
    struct run r;
    int result = begin(t, binary, user, virt == QEMU_VIRT_KVM ? "kvm" : "tcg", &r, err);
    *started = result == 0;
    if (result == 0 && !c->arch)
        result = learn_common(t, &r, c, err);
    if (result == 0)
        result = learn_accel(t, &r, virt, c, err);
    if (result < 0) {
        AUTO_FREE char *words = last_lines(&r);
        error_prefix(err, "cannot ask '%s' what it can do%s%s", binary, words[0] ? ": " : "",
                     words);
    }
    end(t, &r);
    return result;
}

int qemu_probe(struct task *t, const char *binary, const struct qemu_probe_user *user, bool kvm,
               struct qemu_caps **ret, struct error *err)
{
    struct qemu_caps *c = NEW(struct qemu_caps);
    AUTO_ERROR tcg_err = ERROR_INIT, kvm_err = ERROR_INIT;
    bool started;
    c->refs = 1;
    c->binary = xstrdup(binary);
    int tcg = probe_accel(t, binary, user, QEMU_VIRT_TCG, c, &started, &tcg_err);
    bool try_kvm = kvm && (tcg < 0 ? !started : c->kvm_built);
    int with_kvm =
        try_kvm ? probe_accel(t, binary, user, QEMU_VIRT_KVM, c, &started, &kvm_err) : -1;
    if (tcg < 0 && with_kvm < 0) {
        qemu_caps_unref(c);
        return error_move(err, &tcg_err);
    }
    if (try_kvm && with_kvm < 0)
        log_info("%s; guests of type kvm are not offered", error_message(&kvm_err));
    *ret = c;
    return 0;
}
