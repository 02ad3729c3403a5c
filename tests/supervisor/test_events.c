// SPDX-License-Identifier: GPL-2.0-or-later
// What follows from QEMU's events: the moves a domain makes for each action of its document, and a
// lost QMP connection.
#include "tests/check.h"
#include "tests/supervisor/fixture.h"

#define EV_SHUTDOWN "event SHUTDOWN {\"guest\": true, \"reason\": \"guest-shutdown\"}\nevent STOP\n"
#define EV_REBOOT   "event SHUTDOWN {\"guest\": true, \"reason\": \"guest-reset\"}\nevent STOP\n"
#define EV_RESET                                                                                   \
    "event SHUTDOWN {\"guest\": false, \"reason\": \"host-qmp-system-reset\"}\nevent STOP\n"
#define EV_PANIC "event GUEST_PANICKED {\"action\": \"pause\"}\nevent STOP\n"
#define RESTART                                                                                    \
    "expect system_reset\nevent RESET {\"guest\": false, \"reason\": \"host-qmp-system-reset\"}\n" \
    "reply {}\nexpect cont\nevent RESUME\nreply {}\n"
#define DUMP                                                                                       \
    "expect getfd\ndescriptor\nreply {}\nexpect dump-guest-memory\n"                               \
    "argument protocol \"fd:dump\"\nreply {}\n"
#define SERVE "answer system_powerdown {}\nanswer system_reset {}\nserve\n"

static const struct sequence {
    const char *name, *actions;
    const char *script; // after `cont`
    const char *moves;
    enum domain_state state;
    const char *devices;
} sequences[] = {
    {"poweroff-default", "", EV_SHUTDOWN QUIT, "shutdown-guest stopped-shutdown", DOMAIN_SHUTOFF,
     NULL},
    {"poweroff-destroy", "<on_poweroff>destroy</on_poweroff>", EV_SHUTDOWN QUIT,
     "shutdown-guest stopped-shutdown", DOMAIN_SHUTOFF, NULL},
    {"poweroff-restart", "<on_poweroff>restart</on_poweroff>", EV_SHUTDOWN RESTART SERVE,
     "restarted", DOMAIN_RUNNING, NULL},
    {"poweroff-preserve", "<on_poweroff>preserve</on_poweroff>", EV_SHUTDOWN SERVE,
     "shutdown-guest", DOMAIN_SHUTDOWN, NULL},
    // It hangs instead of quitting: ended the hard way.
    {"poweroff-hang", "", EV_SHUTDOWN "expect quit\nwait-eof\n", "shutdown-guest stopped-shutdown",
     DOMAIN_SHUTOFF, NULL},
    // Its restart fails: ended.
    {"poweroff-restart-fails", "<on_poweroff>restart</on_poweroff>",
     EV_SHUTDOWN "expect system_reset\nerror GenericError no\n" QUIT,
     "shutdown-guest stopped-shutdown", DOMAIN_SHUTOFF, NULL},
    {"reboot-default", "", "event RESET {\"guest\": true}\n" SERVE, "", DOMAIN_RUNNING, NULL},
    {"reboot-destroy", "<on_reboot>destroy</on_reboot>", EV_REBOOT QUIT,
     "shutdown-guest stopped-shutdown", DOMAIN_SHUTOFF, NULL},
    // The button, or a client's own command.
    {"reset-destroy", "<on_reboot>destroy</on_reboot>", EV_RESET QUIT,
     "shutdown-host stopped-shutdown", DOMAIN_SHUTOFF, NULL},
    {"reset-preserve", "<on_reboot>preserve</on_reboot>", EV_RESET SERVE, "shutdown-host",
     DOMAIN_SHUTDOWN, NULL},
    // Kept after its power-off, then reset.
    {"preserve-reset-destroy", "<on_poweroff>preserve</on_poweroff><on_reboot>destroy</on_reboot>",
     EV_SHUTDOWN EV_RESET QUIT, "shutdown-guest shutdown-host stopped-shutdown", DOMAIN_SHUTOFF,
     NULL},
    {"crash-restart-reboot-destroy", "<on_reboot>destroy</on_reboot><on_crash>restart</on_crash>",
     EV_PANIC "expect set-action\nargument reboot \"reset\"\nreply {}\n"
              "expect system_reset\nevent RESET {\"guest\": false}\nreply {}\n"
              "expect set-action\nargument reboot \"shutdown\"\nreply {}\n"
              "expect cont\nevent RESUME\nreply {}\n" SERVE,
     "panicked restarted", DOMAIN_RUNNING, NULL},
    {"crash-default", "", EV_PANIC QUIT, "panicked stopped-crashed", DOMAIN_SHUTOFF, NULL},
    {"crash-destroy", "<on_crash>destroy</on_crash>", EV_PANIC QUIT, "panicked stopped-crashed",
     DOMAIN_SHUTOFF, NULL},
    {"crash-restart", "<on_crash>restart</on_crash>", EV_PANIC RESTART SERVE, "panicked restarted",
     DOMAIN_RUNNING, NULL},
    {"crash-preserve", "<on_crash>preserve</on_crash>", EV_PANIC SERVE, "panicked", DOMAIN_CRASHED,
     NULL},
    {"crash-dump", "<on_crash>coredump-destroy</on_crash>", EV_PANIC DUMP QUIT,
     "panicked stopped-crashed", DOMAIN_SHUTOFF, NULL},
    {"crash-dump-restart", "<on_crash>coredump-restart</on_crash>", EV_PANIC DUMP RESTART SERVE,
     "panicked restarted", DOMAIN_RUNNING, NULL},
    // Reported twice: acted on once.
    {"crash-twice", "<on_crash>preserve</on_crash>", EV_PANIC EV_PANIC SERVE, "panicked",
     DOMAIN_CRASHED, NULL},
    {"host-signal", "", "event SHUTDOWN {\"guest\": false, \"reason\": \"host-signal\"}\nexit 0\n",
     "shutdown-host stopped-shutdown", DOMAIN_SHUTOFF, NULL},
    {"dies", "", "exit 1\n", "stopped-failed", DOMAIN_SHUTOFF, NULL},
    {"stop", "", "event STOP\n" SERVE, "paused-unknown", DOMAIN_PAUSED, NULL},
    {"stop-resume", "", "event STOP\nevent RESUME\n" SERVE, "paused-unknown unpaused",
     DOMAIN_RUNNING, NULL},
    {"io-error", "",
     "event BLOCK_IO_ERROR {\"device\": \"\", \"action\": \"stop\"}\nevent STOP\n" SERVE,
     "paused-ioerror", DOMAIN_PAUSED, NULL},
    {"io-error-reported", "",
     "event BLOCK_IO_ERROR {\"device\": \"\", \"action\": \"report\"}\nevent STOP\n" SERVE,
     "paused-unknown", DOMAIN_PAUSED, NULL},
    // Two errors, one stop; the next stop is no error.
    {"io-error-twice", "",
     "event BLOCK_IO_ERROR {\"device\": \"\", \"action\": \"stop\"}\nevent STOP\n"
     "event BLOCK_IO_ERROR {\"device\": \"\", \"action\": \"stop\"}\nevent RESUME\nevent STOP\n" SERVE,
     "paused-ioerror unpaused paused-unknown", DOMAIN_PAUSED, NULL},
    {"watchdog-pause", "", "event WATCHDOG {\"action\": \"pause\"}\nevent STOP\n" SERVE,
     "paused-watchdog", DOMAIN_PAUSED, NULL},
    {"watchdog-dump", "",
     "event WATCHDOG {\"action\": \"pause\"}\nevent STOP\n" DUMP
     "expect cont\nevent RESUME\nreply {}\n" SERVE,
     "paused-watchdog unpaused", DOMAIN_RUNNING, "<watchdog model='i6300esb' action='dump'/>"},
    {"watchdog-reset", "", "event WATCHDOG {\"action\": \"reset\"}\nevent RESET\n" SERVE, "",
     DOMAIN_RUNNING, NULL},
    {"sleep", "", "event SUSPEND\nevent WAKEUP\n" SERVE, "suspended-to-memory wakeup",
     DOMAIN_RUNNING, NULL},
    {"sleep-on-disk", "", "event SUSPEND_DISK\n" EV_SHUTDOWN QUIT,
     "suspended-to-disk shutdown-guest stopped-shutdown", DOMAIN_SHUTOFF, NULL},
    {"wakeup-awake", "", "event WAKEUP\n" SERVE, "", DOMAIN_RUNNING, NULL},
    {"odd-events", "", "event SHUTDOWN\n" QUIT, "shutdown-guest stopped-shutdown", DOMAIN_SHUTOFF,
     NULL},
    {"odd-data", "",
     "event BLOCK_IO_ERROR [1]\nevent WATCHDOG {\"action\": [7]}\n"
     "event VSERPORT_CHANGE {\"id\": null}\nevent STOP 7\n" SERVE,
     "paused-unknown", DOMAIN_PAUSED, NULL},
};

static void play_sequences(struct task *t, struct fixture *h)
{
    fixture_close(h);
    h->config.timeouts.quit_ms = 300;
    fixture_open(h);
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
        const struct sequence *s = &sequences[i];
        AUTO_FREE char *script = xasprintf(BOOT GO "%s", s->script);
        h->devices = s->devices;
        struct domain *dom = fixture_start(t, h, s->name, s->actions, script);
        h->devices = NULL;
        fixture_expect_moves(t, h, "+added launched unpaused booted");
        fixture_go(t, dom);
        if (*s->moves)
            fixture_expect_moves(t, h, s->moves);
        WAIT_UNTIL(t, dom->state == s->state && !dom->job);
        if (dom->state != DOMAIN_SHUTOFF) {
            // Nothing more comes of it, and it can be destroyed from any state.
            AUTO_ERROR err = ERROR_INIT;
            AUTO_FREE char *reply = NULL;
            CHECK_INT(domain_monitor_command(t, dom, "{\"execute\":\"query-status\"}", false,
                                             &reply, &err),
                      0);
            CHECK_INT(domain_destroy(t, dom, 0, &err), 0);
            fixture_expect_moves(t, h, "stopped-destroyed");
        }
        CHECK_INT(domains_count_active(h->domains), 0);
        printf("ok %s\n", s->name);
    }
}

static int many(struct task *t, struct domain *dom,
                int (*fn)(struct task *, struct domain *, struct error *), const char *why)
{
    AUTO_ERROR err = ERROR_INIT;
    int r = fn(t, dom, &err);
    if (why)
        CHECK_CONTAINS(err.message, why);
    else if (r < 0)
        fprintf(stderr, "%s\n", error_message(&err));
    return r;
}

// What clients do, each with QEMU's events as it sends them.
static void commands(struct task *t, struct fixture *h)
{
    struct domain *dom = fixture_start(
        t, h, "web", NULL,
        BOOT "expect stop\nevent STOP\nreply {}\nexpect cont\nevent RESUME\nreply {}\n"
             "expect system_reset\nevent RESET\nreply {}\n"
             "expect stop\nerror GenericError not now\nexpect x-go\nevent STOP\nreply {}\n"
             "expect cont\nevent RESUME\nreply {}\n"
             // A reboot by the power button, whose power-off is only its first half.
             "expect system_powerdown\nreply {}\n" EV_SHUTDOWN RESTART
             "expect system_powerdown\nreply {}\nexpect x-go\nreply {}\n" EV_SHUTDOWN QUIT);
    strbuf_finish(&h->moves);
    CHECK_INT(many(t, dom, domain_suspend, NULL), 0);
    CHECK_INT(many(t, dom, domain_suspend, NULL), 0);               // it is already
    CHECK_INT(many(t, dom, domain_shutdown, "is not running"), -1); // it sees no button
    fixture_expect_moves(t, h, "paused-user");
    CHECK_INT(many(t, dom, domain_resume, NULL), 0);
    CHECK_INT(many(t, dom, domain_resume, "is already running"), -1);
    fixture_expect_moves(t, h, "unpaused");
    CHECK_INT(many(t, dom, domain_reset, NULL), 0);
    CHECK_INT(many(t, dom, domain_suspend, "not now"), -1);
    fixture_go(t, dom); // a stop that vireod did not ask for
    fixture_expect_moves(t, h, "paused-unknown");
    CHECK_INT(many(t, dom, domain_resume, NULL), 0);
    fixture_expect_moves(t, h, "unpaused");
    CHECK_INT(many(t, dom, domain_reboot, NULL), 0);
    fixture_expect_moves(t, h, "restarted");
    WAIT_UNTIL(t, !dom->job);
    // The next power-off is one.
    CHECK_INT(many(t, dom, domain_shutdown, NULL), 0);
    fixture_go(t, dom);
    fixture_expect_moves(t, h, "shutdown-guest stopped-shutdown");
}

#define AGAIN(status)                                                                              \
    "accept\ngreet\nexpect qmp_capabilities\nreply {}\nexpect query-status\n"                      \
    "reply {\"status\": \"" status "\", \"running\": false}\nexpect query-chardev\nreply []\n"

// The connection ends, or brings nonsense, while the process runs.
static void reconnects(struct task *t, struct fixture *h)
{
    struct domain *dom = fixture_start(t, h, "web", NULL,
                                       BOOT GO "raw no QMP\nwait-eof\n" AGAIN("paused") GO
                                       "hangup\n" AGAIN("running") GO
                                       "fill x 70000\nwait-eof\n" AGAIN("shutdown") QUIT);
    strbuf_finish(&h->moves);
    fixture_go(t, dom);
    fixture_expect_moves(t, h, "paused-unknown");
    fixture_go(t, dom); // waits for the one that reconnects
    fixture_expect_moves(t, h, "unpaused");
    fixture_go(t, dom);
    fixture_expect_moves(t, h, "shutdown-guest stopped-shutdown");
}

#define IFACE                                                                                      \
    "<interface type='user'><mac address='52:54:00:00:00:01'/>"                                    \
    "<model type='virtio'/></interface>"

static void stays_lost(struct task *t, struct fixture *h)
{
    fixture_close(h);
    h->config.timeouts.reconnect_ms = 200;
    h->config.timeouts.retry_ms = 60000;
    fixture_open(h);
    struct domain *dom =
        fixture_start(t, h, "web", NULL, BOOT GO "hangup\naccept\nwait-eof\naccept\n");
    strbuf_finish(&h->moves);
    fixture_go(t, dom);
    WAIT_UNTIL(t, !dom->qmp && !dom->job);
    CHECK_INT(many(t, dom, domain_suspend, "connection to its QEMU is lost"), -1);
    CHECK_INT(many(t, dom, domain_shutdown, "can only be destroyed"), -1);
    AUTO_ERROR err = ERROR_INIT;
    bool gone;
    CHECK_INT(domain_attach_device(t, dom, IFACE, DOMAIN_AFFECT_LIVE, &err), -1);
    CHECK_CONTAINS(error_message(&err), "attach a device to domain 'web': the connection");
    CHECK_INT(domain_update_device(t, dom, IFACE, DOMAIN_AFFECT_CURRENT, &err), -1);
    CHECK_CONTAINS(error_message(&err), "connection to its QEMU is lost");
    CHECK_INT(domain_detach_device(t, dom, IFACE, DOMAIN_AFFECT_LIVE, &gone, &err), -1);
    CHECK_CONTAINS(error_message(&err), "connection to its QEMU is lost");
    CHECK_INT(domain_attach_device(t, dom, IFACE, DOMAIN_AFFECT_CONFIG, &err), 0);
    CHECK_INT(dom->def->interfaces.n, 1);
    CHECK_INT(domain_destroy(t, dom, 0, &err), 0);
    fixture_expect_moves(t, h, "stopped-destroyed");
}

// Lost, and answered at the third attempt.
static void answers_at_last(struct task *t, struct fixture *h)
{
    fixture_close(h);
    h->config.timeouts.reconnect_ms = 300 * slower();
    h->config.timeouts.retry_ms = 20;
    fixture_open(h);
    struct domain *dom = fixture_start(
        t, h, "web", NULL,
        BOOT GO "hangup\naccept\nwait-eof\naccept\nwait-eof\n" AGAIN("paused") "serve\n");
    strbuf_finish(&h->moves);
    fixture_go(t, dom);
    fixture_expect_moves(t, h, "paused-unknown");
    WAIT_UNTIL(t, !dom->job && !dom->retrying_id);
    CHECK_INT(many(t, dom, domain_suspend, NULL), 0);
}

// A suspend that QEMU carries out when its caller has given up.
static void suspends_late(struct task *t, struct fixture *h)
{
    struct domain *dom = fixture_start(
        t, h, "web", NULL, BOOT "expect stop\nexpect x-go\nevent STOP\nreply {}\nserve\n");
    AUTO_ERROR err = ERROR_INIT;
    strbuf_finish(&h->moves);
    h->domains->config.timeouts.answer_ms = 100; // not for the start
    CHECK_INT(domain_suspend(t, dom, &err), -1);
    CHECK_INT(err.code, ERROR_OPERATION_TIMEOUT);
    CHECK_INT(dom->state, DOMAIN_RUNNING);
    fixture_go(t, dom);
    fixture_expect_moves(t, h, "paused-user");
}

#define PLUG "expect netdev_add\nreply {}\nexpect device_add\nreply {}\n"
#define IFACE_GONE                                                                                 \
    "event DEVICE_DELETED {\"device\": \"net0\", \"path\": \"/machine/peripheral/net0\"}\n"

static void with_iface(struct task *t, struct domain *dom)
{
    AUTO_ERROR err = ERROR_INIT;
    CHECK_OK(domain_attach_device(t, dom, IFACE, DOMAIN_AFFECT_LIVE, &err), &err);
    CHECK_INT(dom->live->interfaces.n, 1);
}

// A guest that releases an interface only after detach timed out: its back end is removed then.
static void unplugs_late(struct task *t, struct fixture *h)
{
    fixture_close(h);
    h->config.timeouts.unplug_ms = 50;
    fixture_open(h);
    struct domain *dom =
        fixture_start(t, h, "web", NULL,
                      BOOT PLUG "expect device_del\nreply {}\n" GO IFACE_GONE IFACE_GONE
                                "expect netdev_del\nargument id \"hostnet0\"\nreply {}\n" GO QUIT);
    AUTO_ERROR err = ERROR_INIT;
    bool gone;
    with_iface(t, dom);
    CHECK_OK(domain_detach_alias(t, dom, "net0", DOMAIN_AFFECT_LIVE, &gone, &err), &err);
    CHECK(!gone);
    CHECK_INT(h->removed, 0);
    fixture_go(t, dom);
    WAIT_UNTIL(t, dom->live->interfaces.n == 0);
    CHECK_INT(h->removed, 1);
    fixture_go(t, dom);
}

// The guest releases the interface while a client changes it.
static void unplugs_meanwhile(struct task *t, struct fixture *h)
{
    struct domain *dom = fixture_start(t, h, "web", NULL,
                                       BOOT PLUG "expect set_link\n" IFACE_GONE "reply {}\n"
                                                 "expect netdev_del\nreply {}\n" PLUG
                                                 "expect device_del\nreply {}\nexit 1\n");
    AUTO_ERROR err = ERROR_INIT;
    bool gone = true;
    with_iface(t, dom);
    CHECK_OK(domain_update_device(t, dom, IFACE, DOMAIN_AFFECT_LIVE, &err), &err);
    WAIT_UNTIL(t, dom->live->interfaces.n == 0);
    CHECK_INT(h->removed, 1);
    // A guest that ends instead of releasing it ends the wait.
    with_iface(t, dom);
    CHECK_INT(domain_detach_alias(t, dom, "net0", DOMAIN_AFFECT_LIVE, &gone, &err), -1);
    CHECK_CONTAINS(error_message(&err), "is not running");
    CHECK(!gone);
}

static void storm(struct task *t, struct fixture *h)
{
    struct domain *dom = fixture_start(
        t, h, "web", NULL, BOOT "answer x-go {}\n" GO "events RTC_CHANGE 50000\nserve\n");
    h->events = 0;
    fixture_go(t, dom);
    // Others are served meanwhile.
    struct domain *other = fixture_start(t, h, "other", NULL, BOOT "serve\n");
    CHECK(domain_is_active(other));
    WAIT_UNTIL(t, h->events >= 50000);
    fixture_go(t, dom);
    CHECK_INT(dom->state, DOMAIN_RUNNING);
}

// The same without end, then its end.
static void storm_ends(struct task *t, struct fixture *h)
{
    struct domain *dom = fixture_start(t, h, "web", NULL,
                                       BOOT GO "events STOP 20000\nevents RESUME 20000\nexit 1\n");
    strbuf_finish(&h->moves);
    fixture_go(t, dom);
    fixture_expect_moves(t, h, "paused-unknown unpaused stopped-failed");
}

static void test_sequences(void)
{
    fixture_run(play_sequences);
}

static void test_commands(void)
{
    fixture_run(commands);
}

static void test_lost_monitor(void)
{
    fixture_run(reconnects);
    fixture_run(stays_lost);
    fixture_run(answers_at_last);
    fixture_run(suspends_late);
}

static void test_unplug(void)
{
    fixture_run(unplugs_late);
    fixture_run(unplugs_meanwhile);
}

static void test_storm(void)
{
    fixture_run(storm);
    fixture_run(storm_ends);
}

int main(void)
{
    RUN(test_sequences);
    RUN(test_commands);
    RUN(test_lost_monitor);
    RUN(test_unplug);
    RUN(test_storm);
    return 0;
}
