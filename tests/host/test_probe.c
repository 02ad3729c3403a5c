// SPDX-License-Identifier: GPL-2.0-or-later
// Probes a fake QEMU that follows a script.
#include <unistd.h>
#include "base/file.h"
#include "base/str.h"
#include "host/qemu_caps.h"
#include "tests/check.h"

static char dir[] = "/tmp/vireo-probe-XXXXXX";

#define SERVE                                                                                       \
    "greet\nanswer query-target {\"arch\":\"aarch64\"}\n"                                           \
    "answer query-kvm {\"enabled\":false,\"present\":true}\n"                                       \
    "answer query-command-line-options []\nanswer qom-list-types [{\"name\":\"virtio-blk-pci\"}]\n" \
    "answer query-commands [{\"name\":\"query-cpu-definitions\"}]\n"                                \
    "answer query-cpu-definitions [{\"name\":\"max\",\"unavailable-features\":[]}]\n"

static int probe(struct task *t, const char *script, struct qemu_caps **ret, struct error *err)
{
    struct qemu_caps_key key = {.binary = (char *)FAKE_QEMU};
    AUTO_FREE char *path = path_join(dir, "script");
    CHECK_INT(file_write_volatile(path, script, strlen(script), 0644), 0);
    CHECK_INT(setenv("FAKE_QEMU_SCRIPT", path, 1), 0);
    error_clear(err);
    AUTO_FREE char *text = NULL;
    if (qemu_probe(t, FAKE_QEMU, NULL, true, &text, err) < 0)
        return -1;
    AUTO_FREE char *first = qemu_caps_key_text(&key);
    return qemu_caps_parse(xasprintf("%s%s", first, text), &key, ret, err);
}

static void play(struct task *t, void *arg)
{
    AUTO_ERROR err = ERROR_INIT;
    struct qemu_caps *c = NULL;
    // KVM is reported as not enabled: not usable, and no error.
    CHECK_INT(probe(t, SERVE "answer query-machines [{\"name\":\"virt\",\"cpu-max\":512}]\nserve\n",
                    &c, &err),
              0);
    CHECK_STR(c->arch, "aarch64");
    CHECK_STR(c->package, "Fake 1:7.2");
    CHECK(c->kvm_built && c->accel[QEMU_VIRT_TCG].usable && !c->accel[QEMU_VIRT_KVM].usable);
    CHECK_INT(qemu_caps_machine(c, NULL)->max_cpus, 512);
    CHECK(qemu_caps_has_device(c, "virtio-blk-pci"));
    CHECK_INT(qemu_caps_cpu(c, QEMU_VIRT_TCG, "max")->usable, QEMU_USABLE_YES);
    qemu_caps_unref(c);
    CHECK_INT(probe(t, SERVE "answer query-machines [{\"name\":7}]\nserve\n", &c, &err), -1);
    CHECK_CONTAINS(err.message, "fake-qemu' what it can do: reply to QEMU command "
                                "'query-machines' has an unexpected type or value in 'name'");
    CHECK_INT(probe(t, "greet\nserve\n", &c, &err), -1);
    CHECK_CONTAINS(err.message, "The command query-target has not been found");
    CHECK_INT(probe(t, "stderr cannot find libfoo.so\nexit 1\n", &c, &err), -1);
    CHECK_CONTAINS(err.message, "what it can do: cannot find libfoo.so: monitor of ");
    CHECK_INT(probe(t, "raw hello\nwait-eof\n", &c, &err), -1);
    CHECK_CONTAINS(err.message, "not QMP: no object at 'hello'");
    // Probe processes are reaped.
    while (sched_count(task_sched(t)) > 1)
        CHECK_INT(task_sleep(t, task_deadline_ms(1)), 0);
    *(bool *)arg = true;
    sd_event_exit(task_event(t), 0);
}

int main(void)
{
    CHECK(mkdtemp(dir));
    sd_event *event;
    CHECK(sd_event_new(&event) >= 0);
    struct sched *s = sched_create(event);
    bool done = false;
    task_spawn(s, "test", play, &done);
    CHECK(sd_event_loop(event) >= 0 && done);
    sched_destroy(s);
    sd_event_unref(event);
    CHECK_INT(dir_remove_all(dir), 0);
    printf("ok scripted QEMU\n");
    return 0;
}
