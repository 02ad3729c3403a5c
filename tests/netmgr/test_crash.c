// SPDX-License-Identifier: GPL-2.0-or-later
// Kills the daemon (SIGKILL) at many instants of a start, an update and a stop: the next daemon
// finds the change complete or not made. argv[1] is the firewall backend.
#include "tests/netmgr/live.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/file.h"
#include "base/str.h"
#include "netmgr/internal.h"

#ifdef WITH_ASAN
enum { SLOWER = 2 };
#else
enum { SLOWER = 1 };
#endif
enum { INSTANTS = 24, STEP_US = 700 * SLOWER };

static enum firewall_choice backend;

// --- what the killed daemon does

struct victim {
    const char *name;
    bool active_before;
    int (*fn)(struct live *l, struct network *net, struct error *err);
    int pipe;
};

static int do_start(struct live *l, struct network *net, struct error *err)
{
    return network_start(l->t, net, err);
}

static int do_stop(struct live *l, struct network *net, struct error *err)
{
    return network_destroy(l->t, net, err);
}

// Changes address, name and lease, and so the kernel, the configuration and the hosts file.
static int change(struct network_def *def, void *arg, struct error *err)
{
    (void)arg;
    str_replace(&def->domain, "other.lan");
    ip_parse("fd00:151::1", &def->ips.v[1]->address);
    def->forward.nat_ipv6 = TOGGLE_UNSET;
    return network_def_update(def, NETWORK_SECTION_IP_DHCP_HOST, NETWORK_COMMAND_ADD_LAST, -1,
                              "<host mac='52:54:00:00:00:09' ip='192.168.150.19'/>", err);
}

static int do_update(struct live *l, struct network *net, struct error *err)
{
    return network_change(l->t, net, NETWORK_AFFECT_LIVE | NETWORK_AFFECT_CONFIG, change, NULL,
                          err);
}

static void victim_main(struct task *t, void *arg)
{
    struct victim *v = arg;
    AUTO_ERROR err = ERROR_INIT;
    struct live l = {.firewall = backend};
    live_open(&l, t);
    live_settle(&l);
    struct network *net = networks_find_name(l.all, "nat");
    CHECK(net && network_is_active(net) == v->active_before);
    CHECK(write(v->pipe, "1", 1) == 1);
    CHECK_OK(v->fn(&l, net, &err), &err);
    CHECK(write(v->pipe, "2", 1) == 1);
    task_sleep(t, TASK_FOREVER);
}

// Whether the operation had succeeded before the kill.
static bool kill_at(struct victim *v, unsigned us)
{
    int fds[2];
    char c;
    CHECK_INT(pipe(fds), 0);
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(fds[0]);
        v->pipe = fds[1];
        run_task(victim_main, v);
        _exit(0);
    }
    close(fds[1]);
    CHECK(read(fds[0], &c, 1) == 1);
    struct timespec wait = {.tv_nsec = us * 1000l};
    nanosleep(&wait, NULL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    bool answered = read(fds[0], &c, 1) == 1;
    close(fds[0]);
    return answered;
}

// --- checks after the kill

struct after {
    const struct victim *v;
    bool answered;
    unsigned us;
    unsigned active, inactive, changed; // counted
};

// Everything of the live definition exists, and nothing else.
static void check_complete(struct live *l, struct network *net)
{
    struct repairs repairs = {0};
    AUTO_ERROR err = ERROR_INIT;
    CHECK_OK(network_lock(l->t, net, "test", &err), &err);
    CHECK_OK(reconcile(l->t, net, true, &repairs, &err), &err);
    network_unlock(net);
    if (repairs.kinds)
        fprintf(stderr, "incomplete: %s\n", strbuf_text(&repairs.text));
    CHECK_INT(repairs.kinds, 0);
    strbuf_finish(&repairs.text);
    CHECK_INT(live_count_dnsmasq(), 1);
    bool other = str_eq(net->live->domain, "other.lan");
    netns_sh("ip addr show vbr0 | grep -q fd00:15%d::1", other);
    netns_sh("! ip addr show vbr0 | grep -q fd00:15%d::1", !other);
    netns_sh("%s grep -q 52:54:00:00:00:09 " LIVE_DIR "/lib/nat.hosts", other ? "" : "!");
    netns_sh("ss -lun | grep -q 192.168.150.1:53");
}

static void after_main(struct task *t, void *arg)
{
    struct after *a = arg;
    struct live l = {.firewall = backend};
    AUTO_ERROR err = ERROR_INIT;
    live_open(&l, t);
    live_settle(&l);
    struct network *net = networks_find_name(l.all, "nat");
    CHECK(net && net->def);
    if (network_is_active(net)) {
        check_complete(&l, net);
        a->active++;
        bool other = str_eq(net->live->domain, "other.lan");
        a->changed += other;
        CHECK(!a->answered || a->v->fn != do_stop);
        CHECK(!a->answered || a->v->fn != do_update || other);
    } else {
        live_check_clean(&l);
        a->inactive++;
        CHECK(!a->answered || a->v->fn == do_stop);
    }
    // Restore the initial state for the next case.
    if (network_is_active(net))
        live_destroy(&l, net);
    live_settle(&l);
    net = live_define(&l, NAT_XML);
    if (a->v->active_before)
        CHECK_OK(network_start(t, net, &err), &err);
    live_close(&l);
}

static void prepare_main(struct task *t, void *arg)
{
    const struct victim *v = arg;
    struct live l = {.firewall = backend};
    live_open(&l, t);
    if (v->active_before)
        live_start(&l, NAT_XML);
    else
        live_define(&l, NAT_XML);
    live_close(&l);
}

static void clean_main(struct task *t, void *arg)
{
    (void)arg;
    struct live l = {.firewall = backend};
    live_open(&l, t);
    live_settle(&l);
    struct network *net = networks_find_name(l.all, "nat");
    if (network_is_active(net))
        live_destroy(&l, net);
    live_settle(&l);
    live_check_clean(&l);
    live_close(&l);
}

static void crash(struct victim *v)
{
    struct after a = {.v = v};
    netns_sh("rm -rf " LIVE_DIR);
    run_task(prepare_main, v);
    for (unsigned i = 0; i < INSTANTS; i++) {
        a.us = i * STEP_US;
        a.answered = kill_at(v, a.us);
        run_task(after_main, &a);
        if (a.answered && i > INSTANTS / 2)
            break; // later kills come after the end
    }
    run_task(clean_main, v);
    printf("ok %s: %u times active, %u of them changed, %u times inactive\n", v->name, a.active,
           a.changed, a.inactive);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    backend = strcmp(argv[1], "iptables") == 0 ? FIREWALL_IPTABLES : FIREWALL_NFTABLES;
    netns_enter();
    netns_need_program("dnsmasq");
    netns_need_program("ss");
    signal(SIGPIPE, SIG_IGN);
    crash(&(struct victim){.name = "start", .fn = do_start});
    crash(&(struct victim){.name = "update", .fn = do_update, .active_before = true});
    crash(&(struct victim){.name = "stop", .fn = do_stop, .active_before = true});
    return 0;
}
