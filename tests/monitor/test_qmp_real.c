// SPDX-License-Identifier: GPL-2.0-or-later
// The client against the real thing: no machine, TCG.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/child.h"
#include "base/file.h"
#include "base/str.h"
#include <json-c/json.h>
#include "monitor/qmp_api.h"
#include "tests/check.h"

#define QEMU "/usr/bin/qemu-system-x86_64"

struct seen {
    size_t closed, shutdown;
};

static void on_event(struct qmp *q, const struct qmp_event *e, void *userdata)
{
    (void)q;
    ((struct seen *)userdata)->shutdown +=
        e->id == QMP_EVENT_SHUTDOWN && e->shutdown.reason == QMP_SHUTDOWN_CAUSE_HOST_QMP_QUIT;
}

static void on_closed(struct qmp *q, const struct error *reason, void *userdata)
{
    (void)q;
    (void)reason;
    ((struct seen *)userdata)->closed++;
}

static const struct qmp_handlers handlers = {on_event, on_closed};

static void talk(struct task *t, struct qmp *q)
{
    AUTO_ERROR err = ERROR_INIT;
    struct qmp_status_info status;
    struct qmp_kvm_info kvm;
    struct json_object *o;
    uint64_t until = task_deadline_ms(30000);
    CHECK(qmp_version(q) >= 7000000);
    CHECK_INT(qmp_query_status(t, q, until, &status, &err), 0);
    CHECK_INT(status.status, QMP_RUN_STATE_PRELAUNCH);
    CHECK_INT(qmp_query_kvm(t, q, until, &kvm, &err), 0);
    CHECK(!kvm.enabled);
    CHECK_INT(qmp_execute(t, q, "query-qmp-schema", NULL, until, &o, &err), 0);
    CHECK(json_object_array_length(o) > 500);
    json_object_put(o);
    CHECK_INT(qmp_execute(t, q, "no-such", NULL, until, NULL, &err), -1);
    CHECK_INT(err.code, ERROR_OPERATION_UNSUPPORTED);
    AUTO_FREE char *text = NULL, *raw = NULL;
    CHECK_INT(qmp_human_monitor_command(t, q, "info status", until, &text, &err), 0);
    CHECK_CONTAINS(text, "VM status: paused (prelaunch)");
    CHECK_INT(qmp_execute_raw(t, q, "{\"execute\":\"query-name\"}", until, &raw, &err), 0);
    CHECK_CONTAINS(raw, "{\"return\":{},\"id\":\"libvirt-");
    AUTO_CLOSE int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    CHECK_INT(qmp_getfd(t, q, "nothing", fd, until, &err), 0);
    CHECK_INT(qmp_closefd(t, q, "nothing", until, &err), 0);
}

static void play(struct task *t, void *arg)
{
    AUTO_ERROR err = ERROR_INIT;
    struct seen seen = {0};
    char dir[] = "/tmp/vireo-qmp-XXXXXX";
    CHECK(mkdtemp(dir));
    AUTO_FREE char *path = path_join(dir, "mon");
    AUTO_CLOSE int listening = unix_listen(path, 0600, 1);
    CHECK(listening >= 0);
    char *argv[] = {QEMU,
                    "-machine",
                    "none,accel=tcg",
                    "-S",
                    "-nodefaults",
                    "-display",
                    "none",
                    "-no-user-config",
                    "-chardev",
                    "socket,id=m,fd=3,server=on,wait=off",
                    "-mon",
                    "chardev=m,mode=control",
                    NULL};
    struct child_fd fds[] = {{listening, 3}};
    struct child_spec child = CHILD_SPEC_INIT;
    child.argv = argv;
    child.fds = fds;
    child.nfds = 1;
    child.stderr_fd = 2;
    struct process qemu = PROCESS_NONE;
    CHECK_INT(child_spawn(t, &child, &qemu, &err), 0);
    struct qmp_spec spec = {.name = "the test",
                            .path = path,
                            .handlers = &handlers,
                            .userdata = &seen,
                            .deadline_us = task_deadline_ms(30000)};
    struct qmp *q, *second;
    CHECK_INT(qmp_open(t, &spec, &q, &err), 0);
    talk(t, q);
    // A second client is not greeted while we are there, and is once we are gone.
    spec.deadline_us = task_deadline_ms(50);
    CHECK_INT(qmp_open(t, &spec, &second, &err), -1);
    CHECK_INT(err.code, ERROR_OPERATION_TIMEOUT);
    qmp_close(q);
    spec.deadline_us = task_deadline_ms(30000);
    CHECK_INT(qmp_open(t, &spec, &q, &err), 0);
    CHECK_INT(qmp_quit(t, q, task_deadline_ms(30000), &err), 0);
    int status;
    CHECK_INT(process_wait(t, &qemu, task_deadline_ms(30000), &status), 0);
    while (!seen.closed)
        task_sleep(t, task_deadline_ms(1));
    CHECK_INT(seen.shutdown, 1);
    CHECK_INT(seen.closed, 1);
    qmp_close(q);
    process_close(&qemu);
    CHECK_INT(dir_remove_all(dir), 0);
    sd_event_exit(task_event(t), 0);
    *(bool *)arg = true;
}

int main(void)
{
    if (access(QEMU, X_OK) < 0)
        SKIP("no " QEMU " (apt-get install qemu-system-x86)");
    sd_event *event;
    CHECK(sd_event_new(&event) >= 0);
    struct sched *s = sched_create(event);
    bool done = false;
    task_spawn(s, "test", play, &done);
    CHECK(sd_event_loop(event) >= 0 && done);
    sched_destroy(s);
    sd_event_unref(event);
    printf("ok real QEMU\n");
    return 0;
}
