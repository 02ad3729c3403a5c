// SPDX-License-Identifier: GPL-2.0-or-later
// The client against a scripted QEMU.
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/str.h"
#include <json-c/json.h>
#include "monitor/qmp_api.h"
#include "tests/check.h"
#include "tests/monitor/fake_qemu.h"

#define OPENING "greet\nexpect qmp_capabilities\nreply {}\n"

struct scene {
    struct sched *sched;
    int fd;
    void (*play)(struct task *t, struct scene *s);
    struct qmp *q;
    size_t events, out_of_order;
    bool only_others; // no event that the table knows
    uint64_t event_time;
    char *last_event;
    size_t closed;
    char *closed_reason;
    bool close_at_event;
    size_t sub_tasks;
    uint64_t longest_turn_us;
    bool over;
};

static void on_event(struct qmp *q, const struct qmp_event *e, void *userdata)
{
    struct scene *s = userdata;
    CHECK((e->id == QMP_EVENT_OTHER) == s->only_others);
    if (e->id == QMP_EVENT_RTC_CHANGE && e->rtc_change.offset != (int64_t)s->events)
        s->out_of_order++;
    s->events++;
    s->event_time = e->time_us;
    str_replace(&s->last_event, e->name);
    if (s->close_at_event) {
        s->q = NULL;
        qmp_close(q);
    }
}

static void on_closed(struct qmp *q, const struct error *reason, void *userdata)
{
    struct scene *s = userdata;
    CHECK(!qmp_is_open(q));
    s->closed++;
    str_replace(&s->closed_reason, reason->message);
}

static const struct qmp_handlers handlers = {on_event, on_closed};

static int open_it(struct task *t, struct scene *s, uint64_t deadline_ms, struct error *err)
{
    struct qmp_spec spec = {.name = "domain 'web'",
                            .fd = s->fd,
                            .handlers = &handlers,
                            .userdata = s,
                            .deadline_us = task_deadline_ms(deadline_ms)};
    s->fd = -1;
    return qmp_open(t, &spec, &s->q, err);
}

static void must_open(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    if (open_it(t, s, 10000, &err) < 0)
        fprintf(stderr, "%s\n", err.message);
    CHECK(s->q && qmp_is_open(s->q));
}

static uint64_t soon(void)
{
    return task_deadline_ms(20000);
}

static void main_task(struct task *t, void *arg)
{
    struct scene *s = arg;
    s->play(t, s);
    s->over = true;
}

// Runs the loop until the play is over; measures the longest turn.
static int run(const char *script, void (*play)(struct task *, struct scene *))
{
    sd_event *event;
    CHECK(sd_event_new(&event) >= 0);
    struct scene s = {.play = play};
    pid_t pid = fake_qemu_start(script, &s.fd);
    CHECK(pid > 0);
    s.sched = sched_create(event);
    task_spawn(s.sched, "test", main_task, &s);
    while (!s.over || sched_count(s.sched)) {
        CHECK(sd_event_prepare(event) >= 0);
        if (sd_event_wait(event, UINT64_MAX) > 0 || sd_event_get_state(event) == SD_EVENT_PENDING) {
            uint64_t before = now_monotonic_us();
            CHECK(sd_event_dispatch(event) >= 0);
            uint64_t took = now_monotonic_us() - before;
            if (took > s.longest_turn_us)
                s.longest_turn_us = took;
        }
    }
    qmp_close(s.q);
    sched_destroy(s.sched);
    sd_event_unref(event);
    free(s.last_event);
    free(s.closed_reason);
    return fake_qemu_finish(pid);
}

static void play_hello(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    struct qmp_status_info status;
    must_open(t, s);
    CHECK_INT(qmp_version(s->q), 7002022);
    CHECK_STR(qmp_package(s->q), "Fake 1:7.2");
    CHECK_INT(qmp_query_status(t, s->q, soon(), &status, &err), 0);
    CHECK_INT(status.status, QMP_RUN_STATE_INTERNAL_ERROR);
    CHECK(!status.running);
    CHECK_INT(qmp_cont(t, s->q, soon(), &err), 0);
}

static void hello(void)
{
    CHECK_INT(run(OPENING "expect query-status\n"
                          "reply {\"status\": \"internal-error\", \"running\": false}\n"
                          "expect cont\nreply {}\nwait-eof\n",
                  play_hello),
              0);
}

static void split_in_odd_chunks(void)
{
    CHECK_INT(run("chunk 3\n" OPENING "event RESUME\nexpect query-status\n"
                  "reply {\"status\": \"internal-error\", \"running\": false}\n"
                  "expect cont\nreply {}\nwait-eof\n",
                  play_hello),
              0);
}

static void play_wrong_replies(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    struct qmp_status_info status;
    struct qmp_chardev_info_list chardevs;
    struct qmp_property_info_list devices;
    must_open(t, s);
    CHECK_INT(qmp_query_status(t, s->q, soon(), &status, &err), -1);
    CHECK_STR(err.message, "reply to QEMU command 'query-status' lacks 'running'");
    CHECK_INT(qmp_query_chardev(t, s->q, soon(), &chardevs, &err), -1);
    CHECK_STR(err.message, "reply to QEMU command 'query-chardev' lacks 'filename'");
    CHECK(chardevs.n == 0 && !chardevs.v);
    CHECK_INT(qmp_query_chardev(t, s->q, soon(), &chardevs, &err), -1);
    CHECK_STR(err.message, "reply to QEMU command 'query-chardev' lacks 'return'");
    CHECK_INT(qmp_qom_list(t, s->q, "/", soon(), &devices, &err), -1);
    CHECK_STR(err.message,
              "reply to QEMU command 'qom-list' has an unexpected type or value in 'type'");
    CHECK_INT(qmp_set_link(t, s->q, NULL, true, soon(), &err), -1);
    CHECK_STR(err.message, "QEMU command 'set_link' needs 'name'");
    CHECK(qmp_is_open(s->q));
}

static void wrong_replies(void)
{
    CHECK_INT(run(OPENING "expect query-status\nreply {\"status\": \"paused\"}\n"
                          "expect query-chardev\nreply [{\"label\": \"serial0\"}, 7]\n"
                          "expect query-chardev\nreply null\n"
                          "expect qom-list\nreply [{\"name\": \"net0\", \"type\": 7}]\nwait-eof\n",
                  play_wrong_replies),
              0);
}

static void play_typed(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    struct qmp_chardev_info_list chardevs;
    struct qmp_cpu_definition_info_list cpus;
    struct qmp_option_info_list options;
    struct qmp_balloon_info balloon;
    struct qmp_kvm_info kvm;
    must_open(t, s);
    CHECK_INT(qmp_query_chardev(t, s->q, soon(), &chardevs, &err), 0);
    CHECK_INT(chardevs.n, 1);
    CHECK_STR(chardevs.v[0].filename, "pty:/dev/pts/2");
    CHECK(chardevs.v[0].frontend_open);
    qmp_chardev_info_list_finish(&chardevs);
    CHECK_INT(qmp_query_cpu_definitions(t, s->q, soon(), &cpus, &err), 0);
    CHECK_INT(cpus.n, 2);
    CHECK(cpus.v[0].has_unavailable_features && !cpus.v[0].deprecated);
    CHECK_STR(cpus.v[0].unavailable_features.v[1], "vmx");
    CHECK(!cpus.v[1].has_unavailable_features && cpus.v[1].deprecated);
    qmp_cpu_definition_info_list_finish(&cpus);
    CHECK_INT(qmp_query_command_line_options(t, s->q, soon(), &options, &err), 0);
    CHECK_STR(options.v[0].option, "sandbox");
    qmp_option_info_list_finish(&options);
    CHECK_INT(qmp_query_kvm(t, s->q, soon(), &kvm, &err), 0);
    CHECK(kvm.present && !kvm.enabled);
    CHECK_INT(qmp_query_balloon(t, s->q, soon(), &balloon, &err), 0);
    CHECK(balloon.actual == UINT64_MAX);
    CHECK_INT(qmp_balloon(t, s->q, UINT64_MAX, soon(), &err), 0);
    CHECK_INT(qmp_qom_set(t, s->q, "/x", "y", -7, soon(), &err), 0);
    AUTO_FREE char *output = NULL;
    CHECK_INT(qmp_human_monitor_command(t, s->q, "info version", soon(), &output, &err), 0);
    CHECK_STR(output, "7.2.22\r\n");
    CHECK_INT(qmp_send_closefd(s->q, "tap0"), 0);
    CHECK_INT(qmp_cont(t, s->q, soon(), &err), 0);
}

static void typed_and_uint64(void)
{
    CHECK_INT(
        run(OPENING
            "expect query-chardev\n"
            "reply [{\"label\":\"s\",\"filename\":\"pty:/dev/pts/2\",\"frontend-open\":true}]\n"
            "expect query-cpu-definitions\n"
            "reply [{\"name\":\"a\",\"static\":true,\"unavailable-features\":[\"svm\",\"vmx\"]},"
            "{\"name\":\"b\",\"deprecated\":true}]\n"
            "expect query-command-line-options\n"
            "reply [{\"option\":\"sandbox\",\"parameters\":[{\"name\":\"spawn\"}]}]\n"
            "expect query-kvm\nreply {\"enabled\":false,\"present\":true}\n"
            "expect query-balloon\nreply {\"actual\": 18446744073709551615}\n"
            "expect balloon\nargument value 18446744073709551615\nreply {}\n"
            "expect qom-set\nargument path \"/x\"\nargument value -7\nreply {}\n"
            "expect human-monitor-command\nargument command-line \"info version\"\n"
            "reply \"7.2.22\\r\\n\"\nexpect closefd\nargument fdname \"tap0\"\nreply {}\n"
            "expect cont\nreply {}\nwait-eof\n",
            play_typed),
        0);
}

static void play_errors(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    struct qmp_balloon_info balloon;
    must_open(t, s);
    CHECK_INT(qmp_execute(t, s->q, "frob", NULL, soon(), NULL, &err), -1);
    CHECK_INT(err.code, ERROR_OPERATION_UNSUPPORTED);
    CHECK_STR(err.message, "cannot execute QEMU command 'frob' on domain 'web': "
                           "The command frob has not been found");
    CHECK_INT(qmp_query_balloon(t, s->q, soon(), &balloon, &err), -1);
    CHECK_INT(err.code, ERROR_DEVICE_MISSING);
    CHECK_INT(qmp_cont(t, s->q, soon(), &err), -1);
    CHECK_INT(err.code, ERROR_OPERATION_FAILED);
    CHECK_CONTAINS(err.message, "'cont' on domain 'web': Resetting the VM is required");
    CHECK(qmp_is_open(s->q));
}

static void error_replies(void)
{
    CHECK_INT(run(OPENING
                  "expect frob\nerror CommandNotFound The command frob has not been found\n"
                  "expect query-balloon\nerror DeviceNotFound no balloon\n"
                  "expect cont\nerror GenericError Resetting the VM is required\nwait-eof\n",
                  play_errors),
              0);
}

struct call {
    struct scene *s;
    const char *command;
    uint64_t deadline_us;
    int r;
    int64_t got;
    struct error err;
};

static void call_task(struct task *t, void *arg)
{
    struct call *c = arg;
    struct json_object *o = NULL;
    c->r = qmp_execute(t, c->s->q, c->command, NULL, c->deadline_us, &o, &c->err);
    c->got = json_object_get_int64(o);
    json_object_put(o);
    c->s->sub_tasks--;
}

static void call_start(struct scene *s, struct call *c, const char *command, uint64_t deadline_us)
{
    *c = (struct call){.s = s, .command = command, .deadline_us = deadline_us};
    s->sub_tasks++;
    task_spawn(s->sched, "call", call_task, c);
}

static void join(struct task *t, struct scene *s)
{
    while (s->sub_tasks)
        task_sleep(t, task_deadline_ms(1));
}

static void play_interleaved(struct task *t, struct scene *s)
{
    must_open(t, s);
    struct call a, b, c;
    call_start(s, &a, "a", soon());
    call_start(s, &b, "b", soon());
    call_start(s, &c, "c", soon());
    join(t, s);
    CHECK_INT(a.r + b.r + c.r, 0);
    CHECK_INT(a.got, 1);
    CHECK_INT(b.got, 2);
    CHECK_INT(c.got, 3);
    CHECK_INT(s->events, 1);
}

static void interleaved_ids(void)
{
    CHECK_INT(run(OPENING "expect a as a\nexpect b as b\nexpect c as c\nreply 3 to c\n"
                          "raw {\"return\": 9, \"id\": \"libvirt-999\"}{\"return\": 9, \"id\": 4}\n"
                          "reply 1 to a\nevent RESUME\nreply 2 to b\nwait-eof\n",
                  play_interleaved),
              0);
}

static void play_deadline(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    struct qmp_status_info status;
    must_open(t, s);
    CHECK_INT(qmp_execute(t, s->q, "slow", NULL, task_deadline_ms(20), NULL, &err), -1);
    CHECK_INT(err.code, ERROR_OPERATION_TIMEOUT);
    CHECK_CONTAINS(err.message, "'slow' on domain 'web': no reply in time");
    // The fake answers "slow" only when it sees this one, so that reply is late for sure.
    CHECK_INT(qmp_query_status(t, s->q, soon(), &status, &err), 0);
    CHECK_INT(status.status, QMP_RUN_STATE_RUNNING);
    CHECK_INT(qmp_send(s->q, "forget", NULL), 0);
    CHECK_INT(qmp_query_status(t, s->q, soon(), &status, &err), 0);
    CHECK(qmp_is_open(s->q));
    CHECK_INT(s->closed, 0);
}

static void reply_after_deadline(void)
{
    CHECK_INT(run(OPENING "expect slow as slow\nexpect query-status as q\nreply 7 to slow\n"
                          "reply {\"status\":\"running\",\"running\":true} to q\n"
                          "expect forget\nreply {}\nexpect query-status\n"
                          "reply {\"status\":\"running\",\"running\":true}\nwait-eof\n",
                  play_deadline),
              0);
}

static void play_eof(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    must_open(t, s);
    struct call a, b;
    call_start(s, &a, "a", soon());
    call_start(s, &b, "b", TASK_FOREVER);
    join(t, s);
    CHECK_INT(a.r, -1);
    CHECK_INT(b.r, -1);
    CHECK_STR(a.err.message, "cannot execute QEMU command 'a': monitor of domain 'web': "
                             "QEMU closed the connection in the middle of a message");
    CHECK_INT(s->closed, 1);
    CHECK_STR(s->closed_reason,
              "monitor of domain 'web': QEMU closed the connection in the middle of a message");
    CHECK_INT(qmp_cont(t, s->q, soon(), &err), -1);
    CHECK_CONTAINS(err.message, "closed the connection");
    CHECK_INT(qmp_send(s->q, "cont", NULL), -1);
    error_clear(&a.err);
    error_clear(&b.err);
}

static void eof_in_the_middle(void)
{
    CHECK_INT(run(OPENING "expect a\nexpect b\nraw {\"return\": {\"x\": \nhangup\n", play_eof), 0);
}

// What QEMU said before it went still counts.
static void play_quit(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    must_open(t, s);
    CHECK_INT(qmp_quit(t, s->q, soon(), &err), 0);
    while (!s->closed)
        task_sleep(t, task_deadline_ms(1));
    CHECK_INT(s->events, 1);
    CHECK_STR(s->last_event, "SHUTDOWN");
    CHECK(s->event_time == UINT64_C(1700000000000042));
    CHECK_INT(s->closed, 1);
}

static void quit(void)
{
    CHECK_INT(
        run(OPENING
            "expect quit\nreply {}\nevent SHUTDOWN {\"guest\": false, \"reason\": \"host-qmp-quit\"}\nhangup\n",
            play_quit),
        0);
}

static void play_storm(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    must_open(t, s);
    CHECK_INT(qmp_cont(t, s->q, soon(), &err), 0);
    CHECK_INT(s->events, 50000);
    CHECK_INT(s->out_of_order, 0);
}

static void event_storm(void)
{
    CHECK_INT(run(OPENING "expect cont\nevents RTC_CHANGE 50000\nreply {}\nwait-eof\n", play_storm),
              0);
}

// A few milliseconds, but the realloc() of AddressSanitizer copies 64 MiB where others move pages.
enum { TURN_MAX_US = 2000000 };

static void play_garbage(struct task *t, struct scene *s)
{
    must_open(t, s);
    struct call a;
    call_start(s, &a, "a", soon());
    join(t, s);
    CHECK_INT(a.r, -1);
    CHECK_INT(s->closed, 1);
    CHECK_CONTAINS(a.err.message, "monitor of domain 'web': not QMP: no object at 'xxxx");
    error_clear(&a.err);
}

static void garbage_64_mib(void)
{
    CHECK_INT(run(OPENING "expect a\nfill x 67108864\n", play_garbage), 0);
}

static void play_oversize(struct task *t, struct scene *s)
{
    must_open(t, s);
    struct call a;
    call_start(s, &a, "a", task_deadline_ms(60000));
    join(t, s);
    CHECK_INT(a.r, -1);
    CHECK_INT(s->closed, 1);
    CHECK_CONTAINS(a.err.message, "monitor of domain 'web': a message larger than 67108864 bytes");
    CHECK(s->longest_turn_us < TURN_MAX_US);
    error_clear(&a.err);
}

static void oversize_reply(void)
{
    CHECK_INT(run(OPENING "expect a\nraw {\"return\": \"\nfill x 80000000\n", play_oversize), 0);
}

static void play_many_values(struct task *t, struct scene *s)
{
    must_open(t, s);
    struct call a;
    call_start(s, &a, "a", soon());
    join(t, s);
    CHECK_INT(a.r, -1);
    CHECK_CONTAINS(a.err.message, "not QMP: nesting");
    CHECK(s->longest_turn_us < TURN_MAX_US);
    error_clear(&a.err);
}

static void hostile_nesting(void)
{
    CHECK_INT(run(OPENING "expect a\nraw {\"return\": \nfill [ 67108864\n", play_many_values), 0);
}

static void play_no_greeting(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(open_it(t, s, 30, &err), -1);
    CHECK_INT(err.code, ERROR_OPERATION_TIMEOUT);
    CHECK_CONTAINS(err.message, "QEMU does not greet");
    CHECK_INT(s->closed, 0);
}

static void no_greeting(void)
{
    CHECK_INT(run("wait-eof\n", play_no_greeting), 0);
}

static void play_bad_start(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(open_it(t, s, 10000, &err), -1);
    CHECK_STR(err.message,
              "cannot execute QEMU command 'qmp_capabilities': monitor of domain 'web': "
              "QEMU closed the connection before it was ready");
    CHECK_INT(s->closed, 0);
}

static void configuration_refused(void)
{
    CHECK_INT(run("greet\nexpect qmp_capabilities\nhangup\n", play_bad_start), 0);
}

static void play_no_qmp(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    CHECK_INT(open_it(t, s, 10000, &err), -1);
    CHECK_CONTAINS(err.message, "not QMP: no greeting first");
}

static void no_qmp(void)
{
    CHECK_INT(run("event STOP\nwait-eof\n", play_no_qmp), 0);
}

static void play_raw(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    must_open(t, s);
    static const char not_found[] =
        "{\"id\":\"libvirt-4\",\"error\":{\"class\":\"CommandNotFound\","
        "\"desc\":\"no frob\"}}";
    static const char *const wants[] = {
        "{\"return\":{\"x\":18446744073709551615},\"id\":\"libvirt-2\"}",
        "{\"return\":[],\"id\":{\"mine\":1}}", not_found};
    static const char *const texts[] = {" {\"execute\": \"a\", \"arguments\": {\"p\": \"/x\"}} \n",
                                        "{\"execute\":\"b\",\"id\":{\"mine\":1}}",
                                        "{\"execute\":\"frob\"}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO_FREE char *reply = NULL;
        CHECK_INT(qmp_execute_raw(t, s->q, texts[i], soon(), &reply, &err), 0);
        CHECK_STR(reply, wants[i]);
    }
    static const char *const wrong[] = {"", "7", "{\"execute\":", "{} x", "{'execute':'a'}"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO_FREE char *reply = NULL;
        CHECK_INT(qmp_execute_raw(t, s->q, wrong[i], soon(), &reply, &err), -1);
        CHECK_INT(err.code, ERROR_INVALID_ARG);
        CHECK_CONTAINS(err.message, "cannot read the QEMU command as a JSON object: ");
    }
}

static void raw_passthrough(void)
{
    CHECK_INT(run(OPENING "expect a\nargument p \"/x\"\nreply {\"x\": 18446744073709551615}\n"
                          "expect b\nreply []\nexpect frob\nerror CommandNotFound no frob\n"
                          "wait-eof\n",
                  play_raw),
              0);
}

static void play_descriptor(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    AUTO_CLOSE int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    must_open(t, s);
    CHECK_INT(qmp_getfd(t, s->q, "tap0", fd, soon(), &err), 0);
    CHECK(fcntl(fd, F_GETFD) >= 0);
}

static void descriptors(void)
{
    CHECK_INT(run(OPENING "expect getfd\ndescriptor\nargument fdname \"tap0\"\nreply {}\n"
                          "wait-eof\n",
                  play_descriptor),
              0);
}

static void play_malformed_event(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    must_open(t, s);
    s->only_others = true;
    CHECK_INT(qmp_cont(t, s->q, soon(), &err), 0);
    CHECK_INT(s->events, 4);
    CHECK_STR(s->last_event, "VSERPORT_CHANGE");
}

// Clients still get them as they came.
static void malformed_events(void)
{
    CHECK_INT(run(OPENING "expect cont\nevent WATCHDOG\nevent SHUTDOWN {\"reason\": 7}\n"
                          "event NEWER {\"x\": 1}\n"
                          "event VSERPORT_CHANGE {\"id\": \"channel0\"}\nreply {}\nwait-eof\n",
                  play_malformed_event),
              0);
}

// A handler may close the connection while more input is at hand; calls under way fail.
static void play_close_in_handler(struct task *t, struct scene *s)
{
    must_open(t, s);
    s->close_at_event = s->only_others = true;
    struct call a;
    call_start(s, &a, "a", soon());
    join(t, s);
    CHECK_INT(a.r, -1);
    CHECK_INT(a.err.code, ERROR_OPERATION_ABORTED);
    CHECK_INT(s->events, 1);
    CHECK_INT(s->closed, 0);
    error_clear(&a.err);
}

static void close_in_handler(void)
{
    CHECK_INT(run(OPENING "expect a\nraw {\"event\":\"A\"}{\"event\":\"B\"}\nwait-eof\n",
                  play_close_in_handler),
              0);
}

static void play_cancel(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    must_open(t, s);
    struct call a = {.s = s, .command = "slow", .deadline_us = TASK_FOREVER};
    s->sub_tasks++;
    struct task *other = task_spawn(s->sched, "call", call_task, &a);
    task_yield(t);
    task_cancel(other);
    join(t, s);
    CHECK_INT(a.r, -1);
    CHECK_INT(a.err.code, ERROR_OPERATION_ABORTED);
    CHECK_INT(qmp_cont(t, s->q, soon(), &err), 0);
    error_clear(&a.err);
}

static void cancelled_call(void)
{
    CHECK_INT(run(OPENING "expect slow as a\nexpect cont as b\nreply {} to a\nreply {} to b\n"
                          "wait-eof\n",
                  play_cancel),
              0);
}

// Fails the next sends with an error, as the kernel may when memory is short.
static int failing_sends;

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (failing_sends > 0) {
        failing_sends--;
        errno = ENOBUFS;
        return -1;
    }
    return syscall(SYS_sendmsg, fd, message, flags);
}

static void play_failed_write(struct task *t, struct scene *s)
{
    must_open(t, s);
    failing_sends = 1;
    struct call a;
    uint64_t begin = now_monotonic_us();
    call_start(s, &a, "a", soon());
    join(t, s);
    CHECK(now_monotonic_us() - begin < 5000000);
    CHECK_INT(a.r, -1);
    CHECK_STR(a.err.message,
              "cannot execute QEMU command 'a': monitor of domain 'web': cannot send "
              "a command to QEMU: No buffer space available");
    CHECK_INT(s->closed, 1);
    error_clear(&a.err);
}

static void failed_write(void)
{
    CHECK_INT(run(OPENING "wait-eof\n", play_failed_write), 0);
}

// A QEMU that neither reads nor answers: commands are refused in the end, nothing grows without
// bound.
static void play_deaf(struct task *t, struct scene *s)
{
    AUTO_ERROR err = ERROR_INIT;
    must_open(t, s);
    for (int i = 0; i < QMP_PENDING_MAX; i++)
        CHECK_INT(qmp_send(s->q, "x", NULL), 0);
    CHECK_INT(qmp_send(s->q, "x", NULL), -1);
    CHECK_INT(qmp_cont(t, s->q, soon(), &err), -1);
    CHECK_CONTAINS(err.message, "QEMU has not answered the last 1024 commands");
}

static void deaf_qemu(void)
{
    CHECK_INT(run(OPENING "wait-eof\n", play_deaf), 0);
}

int main(void)
{
    RUN(hello);
    RUN(split_in_odd_chunks);
    RUN(wrong_replies);
    RUN(typed_and_uint64);
    RUN(error_replies);
    RUN(interleaved_ids);
    RUN(reply_after_deadline);
    RUN(eof_in_the_middle);
    RUN(quit);
    RUN(event_storm);
    RUN(garbage_64_mib);
    RUN(oversize_reply);
    RUN(hostile_nesting);
    RUN(no_greeting);
    RUN(configuration_refused);
    RUN(no_qmp);
    RUN(raw_passthrough);
    RUN(descriptors);
    RUN(malformed_events);
    RUN(close_in_handler);
    RUN(cancelled_call);
    RUN(failed_write);
    RUN(deaf_qemu);
    return 0;
}
