// SPDX-License-Identifier: GPL-2.0-or-later
// The real QEMU, probed through host/: one probe for concurrent callers, the cache on disk.
#include <unistd.h>
#include "base/file.h"
#include "base/str.h"
#include "host/host.h"
#include "host/qemu_cache.h"
#include "tests/check.h"

#define QEMU "/usr/bin/qemu-system-x86_64"

static char dir[] = "/tmp/vireo-host-XXXXXX";

struct asker {
    struct qemu_cache *cache;
    struct qemu_caps *caps;
    int r;
    struct error err;
    size_t *left;
    const char *binary;
};

static void ask(struct task *t, void *arg)
{
    struct asker *a = arg;
    a->r = qemu_cache_get(t, a->cache, a->binary, false, &a->caps, &a->err);
    --*a->left;
}

// Concurrent callers; returns the number of probes.
static size_t ask_all(struct task *t, struct asker *askers, size_t n, const char *binary)
{
    struct qemu_probe_user user = {0};
    AUTO_FREE char *cache_dir = path_join(dir, "cache");
    struct qemu_cache *cache = qemu_cache_create(task_sched(t), cache_dir, &user);
    size_t left = n;
    for (size_t i = 0; i < n; i++) {
        askers[i] = (struct asker){.cache = cache, .left = &left, .binary = binary};
        task_spawn(task_sched(t), "asker", ask, &askers[i]);
    }
    while (left > 0 || sched_count(task_sched(t)) > 1)
        task_sleep(t, task_deadline_ms(1));
    size_t probes = qemu_cache_probes(cache);
    qemu_cache_destroy(cache);
    return probes;
}

static void check_caps(const struct qemu_caps *c)
{
    CHECK(c->version >= 7000000);
    CHECK_STR(c->arch, "x86_64");
    CHECK(c->accel[QEMU_VIRT_TCG].usable && !c->accel[QEMU_VIRT_KVM].usable);
    const struct qemu_machine *q35 = qemu_caps_machine(c, "q35");
    CHECK(q35 && str_starts(q35->name, "pc-q35-") && q35->max_cpus >= 255);
    CHECK(qemu_caps_machine(c, NULL)->is_default);
    CHECK(!qemu_caps_machine(c, "none") && !qemu_caps_machine(c, "nope"));
    CHECK(qemu_caps_has_device(c, "virtio-blk-pci") && !qemu_caps_has_device(c, "nope"));
    CHECK(qemu_caps_has_object(c, "memory-backend-memfd"));
    CHECK(qemu_caps_has_command(c, "query-block"));
    CHECK(qemu_caps_has_option(c, "sandbox"));
    CHECK_INT(qemu_caps_cpu(c, QEMU_VIRT_TCG, "qemu64")->usable, QEMU_USABLE_YES);
}

static void one_probe_and_the_cache(struct task *t)
{
    struct asker askers[8];
    CHECK_INT(ask_all(t, askers, ARRAY_LEN(askers), QEMU), 1);
    for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
        CHECK_INT(askers[i].r, 0);
        CHECK(askers[i].caps == askers[0].caps);
    }
    check_caps(askers[0].caps);
    for (size_t i = 0; i < ARRAY_LEN(askers); i++)
        qemu_caps_unref(askers[i].caps);
    // From disk now.
    CHECK_INT(ask_all(t, askers, 2, QEMU), 0);
    check_caps(askers[1].caps);
    qemu_caps_unref(askers[0].caps);
    qemu_caps_unref(askers[1].caps);
    // Damaged in several ways: probed again, and the cache is rewritten.
    static const char *const damages[] = {"", "\n", "[end]\n", "vireo-qemu-caps 2\n"};
    AUTO_FREE char *file = path_join(dir, "cache/usr-bin-qemu-system-x86_64.caps");
    for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
        CHECK_INT(file_write_volatile(file, damages[i], strlen(damages[i]), 0640), 0);
        CHECK_INT(ask_all(t, askers, 1, QEMU), 1);
        qemu_caps_unref(askers[0].caps);
        CHECK_INT(ask_all(t, askers, 1, QEMU), 0);
        qemu_caps_unref(askers[0].caps);
    }
}

// The stored text with a valid key and damaged values.
static void damaged_cache_with_valid_key(struct task *t)
{
    struct asker a;
    AUTO_FREE char *file = path_join(dir, "cache/usr-bin-qemu-system-x86_64.caps");
    AUTO_FREE char *text = NULL;
    CHECK_INT(file_read(file, 1 << 24, &text, NULL), 0);
    char *machines = strstr(text, "[machines]");
    CHECK(machines);
    machines[1] = 'X';
    CHECK_INT(file_write_volatile(file, text, strlen(text), 0640), 0);
    CHECK_INT(ask_all(t, &a, 1, QEMU), 1);
    check_caps(a.caps);
    qemu_caps_unref(a.caps);
}

static void no_qemu(struct task *t)
{
    struct asker a;
    AUTO_FREE char *fake = path_join(dir, "qemu-system-broken");
    const char *script = "#!/bin/sh\necho 'this is not QEMU' >&2\nexit 3\n";
    CHECK_INT(file_write_volatile(fake, script, strlen(script), 0755), 0);
    CHECK_INT(ask_all(t, &a, 1, fake), 1);
    CHECK_INT(a.r, -1);
    CHECK_CONTAINS(a.err.message, "qemu-system-broken' what it can do: this is not QEMU");
    error_clear(&a.err);
    CHECK_INT(ask_all(t, &a, 1, "/nowhere/qemu"), 0);
    CHECK_INT(a.r, -1);
    CHECK_INT(a.err.code, ERROR_SYSTEM);
    CHECK_CONTAINS(a.err.message, "'/nowhere/qemu': No such file");
    error_clear(&a.err);
}

static void refuse(struct task *t, struct host *h, const char *emulator, const char *arch,
                   const char *machine, const char *virt, enum error_code code)
{
    AUTO_ERROR err = ERROR_INIT;
    struct host_machine m;
    CHECK_INT(host_find_machine(t, h, emulator, arch, machine, virt, &m, &err), -1);
    CHECK_INT(err.code, code);
}

static void facade(struct task *t)
{
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *cache_dir = path_join(dir, "cache");
    struct host_config config = {.cache_dir = cache_dir, .kvm_path = "/nonexistent"};
    struct host *h = host_create(task_sched(t), &config);
    AUTO_FREE char *caps = NULL;
    struct host_machine m;
    uint32_t version = 0, vcpus = 0;
    CHECK_STR(host_find_emulator(h, "x86_64"), QEMU);
    CHECK(!host_find_emulator(h, "s390x") || access("/usr/bin/qemu-system-s390x", X_OK) == 0);
    CHECK_INT(host_capabilities_xml(t, h, &caps, &err), 0);
    CHECK_CONTAINS(caps, "<emulator>" QEMU "</emulator>");
    CHECK_CONTAINS(caps, "<domain type='qemu'/>");
    CHECK(!strstr(caps, "<domain type='kvm'/>"));
    CHECK_CONTAINS(caps, ">q35</machine>");
    CHECK_INT(host_find_machine(t, h, NULL, NULL, NULL, NULL, &m, &err), 0);
    CHECK_INT(m.virt, QEMU_VIRT_TCG);
    CHECK(str_starts(m.machine->name, "pc-i440fx-"));
    host_machine_finish(&m);
    CHECK_INT(host_find_machine(t, h, QEMU, "x86_64", "q35", "qemu", &m, &err), 0);
    CHECK(str_starts(m.machine->name, "pc-q35-"));
    host_machine_finish(&m);
    refuse(t, h, NULL, NULL, "nope", NULL, ERROR_INVALID_ARG);
    refuse(t, h, NULL, NULL, NULL, "kvm", ERROR_INVALID_ARG);
    refuse(t, h, NULL, NULL, NULL, "xen", ERROR_INVALID_ARG);
    refuse(t, h, NULL, NULL, NULL, "foo", ERROR_INVALID_ARG);
    refuse(t, h, NULL, "foo", NULL, NULL, ERROR_INVALID_ARG);
    refuse(t, h, NULL, "alpha", NULL, NULL, ERROR_CONFIG_UNSUPPORTED);
    refuse(t, h, "/nowhere", NULL, NULL, NULL, ERROR_SYSTEM);
    refuse(t, h, QEMU, "aarch64", NULL, NULL, ERROR_INVALID_ARG);
    CHECK_INT(host_qemu_version(t, h, &version, &err), 0);
    CHECK(version >= 7000000);
    CHECK_INT(host_max_vcpus(h, NULL, &vcpus, &err), 0);
    CHECK_INT(vcpus, 16);
    CHECK_INT(host_max_vcpus(h, "xen", &vcpus, &err), -1);
    host_warm(h);
    while (sched_count(task_sched(t)) > 1)
        task_sleep(t, task_deadline_ms(1));
    host_destroy(h);
    const char *out = getenv("VIREO_SHOW");
    if (out)
        printf("%s", caps);
}

static void play(struct task *t, void *arg)
{
    one_probe_and_the_cache(t);
    damaged_cache_with_valid_key(t);
    no_qemu(t);
    facade(t);
    *(bool *)arg = true;
    sd_event_exit(task_event(t), 0);
}

int main(void)
{
    if (access(QEMU, X_OK) < 0)
        SKIP("no " QEMU " (apt-get install qemu-system-x86)");
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
    printf("ok real QEMU\n");
    return 0;
}
