// SPDX-License-Identifier: GPL-2.0-or-later
#include <libxml/parser.h>
#include <signal.h>
#include "base/file.h"
#include "qemu/alias.h"
#include "tests/check.h"
#include "tests/supervisor/fixture.h"

#define PROBE                                                                                                                                      \
    "greet\nanswer query-target {\"arch\":\"x86_64\"}\n"                                                                                           \
    "answer query-kvm {\"enabled\":false,\"present\":false}\n"                                                                                     \
    "answer query-command-line-options []\nanswer qom-list-types [{\"name\":\"virtio-net-pci\"},{\"name\":\"i6300esb\"},{\"name\":\"tpm-crb\"}]\n" \
    "answer query-commands [{\"name\":\"query-cpu-definitions\"}]\n"                                                                               \
    "answer device-list-properties []\n"                                                                                                           \
    "answer query-cpu-definitions [{\"name\":\"max\",\"unavailable-features\":[]}]\n"                                                              \
    "answer query-machines [{\"name\":\"pc\",\"cpu-max\":255,\"is-default\":true}]\nserve\n"

static void on_moved(void *arg, struct domain *dom, enum domain_move move)
{
    struct fixture *h = arg;
    (void)dom;
    h->started += move == MOVE_LAUNCHED;
    strbuf_printf(&h->moves, "%s%s", h->moves.len ? " " : "", domain_moves[move].name);
}

static void on_defined(void *arg, struct domain *dom, bool added)
{
    struct fixture *h = arg;
    (void)dom;
    strbuf_printf(&h->moves, "%s%s", h->moves.len ? " " : "", added ? "+added" : "+updated");
}

static void on_undefined(void *arg, struct domain *dom)
{
    struct fixture *h = arg;
    (void)dom;
    strbuf_printf(&h->moves, "%s-undefined", h->moves.len ? " " : "");
}

static void on_qmp_event(void *arg, struct domain *dom, const struct qmp_event *event)
{
    struct fixture *h = arg;
    (void)dom;
    (void)event;
    h->events++;
}

static void on_device_removed(void *arg, struct domain *dom, const char *alias)
{
    struct fixture *h = arg;
    CHECK(!alias_find(dom->live, alias));
    h->removed++;
}

void fixture_open(struct fixture *h)
{
    h->config.sched = h->sched;
    h->config.host = h->host;
    h->config.config_dir = h->config_dir;
    h->config.run_dir = h->run_dir;
    h->config.state_dir = h->state_dir;
    h->config.log_dir = h->log_dir;
    h->config.log_max_bytes = 1024 * 1024;
    h->config.observer = (struct domain_observer){.moved = on_moved,
                                                  .defined = on_defined,
                                                  .undefined = on_undefined,
                                                  .qmp_event = on_qmp_event,
                                                  .device_removed = on_device_removed,
                                                  .arg = h};
    h->domains = domains_create(&h->config);
    domains_load(h->domains);
}

void fixture_close(struct fixture *h)
{
    domains_destroy(STEAL(h->domains));
}

static void write_file(const struct fixture *h, const char *name, const char *text, mode_t mode)
{
    AUTO_FREE char *path = path_join(h->dir, name);
    CHECK_INT(file_write_volatile(path, text, strlen(text), mode), 0);
}

// The emulator finds the script of the guest it is to be by the argument of -name.
static void make_emulator(struct fixture *h)
{
    AUTO_FREE char *text = xasprintf(
        "#!/bin/sh\n"
        "dir='%s'\n"
        "[ -e \"$dir/stubborn\" ] && trap '' TERM\n"
        "name=$(printf '%%s\\n' \"$*\" | sed -n 's/.*guest=\\([^, ]*\\).*/\\1/p')\n"
        "FAKE_QEMU_SCRIPT=\"$dir/$name.script\"\n"
        "case \"$*\" in *'-machine none'*)\n"
        "  while [ -e \"$dir/hold\" ]; do sleep 0.01; done\n"
        "  FAKE_QEMU_SCRIPT=\"$dir/probe\" ;;\n"
        "esac\n"
        "export FAKE_QEMU_SCRIPT\n"
        // The leak checker's helper process shares our descriptors and may outlive a killed one.
        "export ASAN_OPTIONS=detect_leaks=0\n"
        "exec '%s' \"$@\"\n",
        h->dir, FAKE_QEMU);
    write_file(h, "qemu", text, 0755);
    write_file(h, "probe", PROBE, 0644);
    h->emulator = path_join(h->dir, "qemu");
}

struct play {
    struct fixture *fixture;
    void (*fn)(struct task *t, struct fixture *h);
};

static void play_main(struct task *t, void *arg)
{
    struct play *p = arg;
    p->fn(t, p->fixture);
    AUTO_ERROR err = ERROR_INIT;
    // Whatever a test has left.
    struct domain *dom;
    while (p->fixture->domains && domains_count_active(p->fixture->domains) > 0 &&
           (dom = domains_next(p->fixture->domains, NULL))) {
        while (dom && !domain_is_active(dom))
            dom = domains_next(p->fixture->domains, dom);
        CHECK(dom);
        domain_ref(dom);
        if (domain_destroy(t, dom, 0, &err) < 0 && domain_is_active(dom)) {
            fprintf(stderr, "%s\n", error_message(&err));
            exit(1);
        }
        domain_unref(dom);
    }
}

void fixture_run(void (*fn)(struct task *t, struct fixture *h))
{
    struct fixture h = {.dir = "/tmp/vireo-domains-XXXXXX"};
    signal(SIGPIPE, SIG_IGN);
    CHECK(mkdtemp(h.dir));
    CHECK_INT(chmod(h.dir, 0755), 0);
    h.config_dir = path_join(h.dir, "config");
    h.run_dir = path_join(h.dir, "run");
    h.state_dir = path_join(h.dir, "state");
    h.log_dir = path_join(h.dir, "log");
    make_emulator(&h);
    CHECK(sd_event_new(&h.event) >= 0);
    h.sched = sched_create(h.event);
    static const char *const nowhere[] = {NULL};
    struct host_config host = {.search_path = nowhere, .kvm_path = "/nonexistent"};
    h.host = host_create(h.sched, &host);
    h.config.timeouts = (struct domain_timeouts){.term_ms = 5000};
    fixture_open(&h);
    struct play play = {.fixture = &h, .fn = fn};
    task_spawn(h.sched, "test", play_main, &play);
    while (sched_count(h.sched) > 0)
        CHECK(sd_event_run(h.event, 60 * UINT64_C(1000000)) > 0);
    fixture_close(&h);
    host_destroy(h.host);
    sched_destroy(h.sched);
    sd_event_unref(h.event);
    free(h.emulator);
    free(h.config_dir);
    free(h.run_dir);
    free(h.state_dir);
    free(h.log_dir);
    strbuf_finish(&h.moves);
    CHECK_INT(dir_remove_all(h.dir), 0);
}

void fixture_script(struct fixture *h, const char *name, const char *script)
{
    AUTO_FREE char *file = xasprintf("%s.script", name);
    write_file(h, file, script, 0644);
}

char *fixture_document(const struct fixture *h, const char *name, const char *more,
                       const char *devices)
{
    // Its uuid follows from its name.
    unsigned hash = 5381;
    for (const char *p = name; *p; p++)
        hash = hash * 33 + (unsigned char)*p;
    return xasprintf("<domain type='qemu'><name>%s</name>"
                     "<uuid>1b6d8af2-9c29-4d5c-8b0e-0000%08x</uuid>"
                     "<memory>65536</memory><vcpu>1</vcpu>"
                     "<os><type arch='x86_64' machine='pc'>hvm</type></os>%s"
                     "<devices><emulator>%s</emulator><controller type='usb' model='none'/>"
                     "<memballoon model='none'/>%s</devices></domain>",
                     name, hash, more ? more : "", h->emulator, devices ? devices : "");
}

static struct domain_def *parse(struct task *t, struct fixture *h, const char *xml)
{
    AUTO_ERROR err = ERROR_INIT;
    struct domain_def *def = NULL;
    if (domains_parse(t, h->domains, xml, 0, &def, &err) < 0) {
        fprintf(stderr, "%s\n", error_message(&err));
        exit(1);
    }
    return def;
}

struct domain *fixture_define(struct task *t, struct fixture *h, const char *name, const char *more)
{
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *xml = fixture_document(h, name, more, h->devices);
    struct domain *dom = NULL;
    if (domain_define(t, h->domains, parse(t, h, xml), &dom, &err) < 0) {
        fprintf(stderr, "%s\n", error_message(&err));
        exit(1);
    }
    return dom;
}

int fixture_create(struct task *t, struct fixture *h, const char *name, const char *more,
                   struct domain **ret, struct error *err)
{
    AUTO_FREE char *xml = fixture_document(h, name, more, NULL);
    return domain_create(t, h->domains, parse(t, h, xml), 0, NULL, ret, err);
}

struct domain *fixture_start(struct task *t, struct fixture *h, const char *name, const char *more,
                             const char *script)
{
    AUTO_ERROR err = ERROR_INIT;
    fixture_script(h, name, script);
    struct domain *dom = fixture_define(t, h, name, more);
    if (domain_start(t, dom, 0, NULL, &err) < 0) {
        fprintf(stderr, "%s\n", error_message(&err));
        exit(1);
    }
    return dom;
}

void fixture_go(struct task *t, struct domain *dom)
{
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *reply = NULL;
    int r = domain_monitor_command(t, dom, "{\"execute\": \"x-go\"}", false, &reply, &err);
    if (r < 0)
        fprintf(stderr, "%s\n", error_message(&err));
    CHECK_INT(r, 0);
}

void fixture_expect_moves(struct task *t, struct fixture *h, const char *wanted)
{
    uint64_t deadline = task_deadline_ms(20000);
    while (!str_eq(strbuf_text(&h->moves), wanted) && now_monotonic_us() < deadline &&
           strlen(strbuf_text(&h->moves)) <= strlen(wanted))
        task_sleep(t, task_deadline_ms(2));
    CHECK_STR(strbuf_text(&h->moves), wanted);
    strbuf_finish(&h->moves);
}

bool fixture_has(const struct fixture *h, const char *dir, const char *file)
{
    (void)h;
    AUTO_FREE char *path = path_join(dir, file);
    return access(path, F_OK) == 0;
}
