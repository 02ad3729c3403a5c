// SPDX-License-Identifier: GPL-2.0-or-later
// Other programs that use the packet filter at the same time: many rules, changes, the lock.
#include "tests/firewall/stage.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { FOREIGN = 1000, RIVALS = 60 };
static const char LOCK[] = "/run/xtables.lock";

static void add_foreign(void)
{
    netns_sh(
        "(echo '*filter'; for i in $(seq %d); do echo \"-A FORWARD -s 10.7.$((i / 250)).$((i %% 250))/32 -p tcp -m tcp --dport $i -j ACCEPT\"; done; echo COMMIT; "
        "echo '*nat'; for i in $(seq %d); do echo \"-A POSTROUTING -s 10.7.$((i / 250)).$((i %% 250))/32 -j ACCEPT\"; done; echo COMMIT) | iptables-legacy-restore",
        FOREIGN, FOREIGN);
    netns_sh(
        "(echo 'add table inet theirs'; echo 'add chain inet theirs c'; for i in $(seq %d); do "
        "echo \"add rule inet theirs c ip saddr 10.7.$((i / 250)).$((i %% 250)) tcp dport $i accept\"; done) | nft -f -",
        FOREIGN);
}

static void test_speed(void)
{
    add_foreign();
    struct firewall_network net = network(FIREWALL_NAT);
    uint64_t best = UINT64_MAX, best_verify = UINT64_MAX;
    for (int i = 0; i < 7; i++) {
        net.tftp = i % 2; // so that there is something to change
        uint64_t took = apply(&net);
        best = took < best ? took : best;
        struct op op = {.fn = do_verify, .net = &net};
        must(&op);
        CHECK(op.complete);
        best_verify = op.took_us < best_verify ? op.took_us : best_verify;
    }
    printf("# with %d foreign rules: apply %.2f ms, verify %.2f ms\n", FOREIGN, (double)best / 1e3,
           (double)best_verify / 1e3);
    // Far above the usual: only a cost that explodes with the number of foreign rules fails.
    CHECK(best <= 200000u * slower());
    CHECK(best_verify <= 200000u * slower());
    remove_network("virbr0");
    netns_sh("iptables-legacy -F && iptables-legacy -t nat -F && nft delete table inet theirs");
}

// Another program changes the same tables all the time, without the lock: nothing of either is
// lost.
static void test_race(void)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv("XTABLES_LOCKFILE", "/run/other.lock", 1);
        // Its own tool may give up when we were quicker: it tries again.
        for (int i = 1; i <= RIVALS; i++)
            netns_sh("until iptables-legacy -C FORWARD -s 10.6.1.%d -j ACCEPT 2>/dev/null; do "
                     "iptables-legacy -A FORWARD -s 10.6.1.%d -j ACCEPT 2>/dev/null; done; true",
                     i, i);
        _exit(0);
    }
    struct firewall_network net = network(FIREWALL_NAT), other = neighbours(FIREWALL_NAT);
    int status, rounds = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        apply(&net);
        apply(&other);
        remove_network("virbr0");
        rounds++;
    }
    CHECK_INT(status, 0);
    apply(&net);
    check_complete(&net);
    check_complete(&other);
    printf("# %d rounds against %d changes of another\n", rounds, RIVALS);
    remove_network("virbr0");
    remove_network("virbr9");
    for (int i = 1; i <= RIVALS; i++)
        netns_sh("iptables-legacy -C FORWARD -s 10.6.1.%d -j ACCEPT", i);
    netns_sh("iptables-legacy -F");
    check_clean();
}

struct changes {
    unsigned count;
    bool by_nft;
};

static void on_change(const struct firewall_change *change, void *arg)
{
    struct changes *c = arg;
    c->count++;
    c->by_nft = c->by_nft || str_eq(change->program, "nft");
}

static void watch_task(struct task *t, void *arg)
{
    (void)arg;
    struct changes c = {0};
    struct firewall_watch *w;
    AUTO_ERROR err = ERROR_INIT;
    CHECK_OK(firewall_watch_create(task_event(t), on_change, &c, &w, &err), &err);
    struct firewall_network net = network(FIREWALL_NAT);
    CHECK_OK(firewall_apply(t, fw, &net, &err), &err);
    netns_sh("nft add table inet theirs && nft flush ruleset");
    uint64_t limit = task_deadline_ms(5000);
    while (!c.by_nft && now_monotonic_us() < limit)
        task_sleep(t, task_deadline_ms(1));
    CHECK(c.by_nft);
    CHECK(c.count <= 4); // bursts are reported once
    firewall_watch_destroy(w);
    CHECK_OK(firewall_remove(t, fw, "virbr0", &err), &err);
}

static void test_watch(void)
{
    run_task(watch_task, NULL);
}

static void unlock_task(struct task *t, void *arg)
{
    int *fd = arg;
    task_sleep(t, task_deadline_ms(100));
    close(*fd);
    *fd = -1;
}

static int do_apply_locked_out(struct task *t, struct op *op)
{
    int fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_INT(flock(fd, LOCK_EX), 0);
    task_spawn(task_sched(t), "unlock", unlock_task, &fd);
    int r = firewall_apply(t, fw, op->net, &op->err);
    CHECK_INT(fd, -1);
    return r;
}

// The lock of the iptables tools is waited for, with the loop running.
static void test_lock(void)
{
    struct firewall_network net = network(FIREWALL_NAT);
    struct op op = {.fn = do_apply_locked_out, .net = &net};
    must(&op);
    remove_network("virbr0");
}

static void run(void)
{
    RUN(test_speed);
    if (legacy) {
        RUN(test_race);
        RUN(test_lock);
    } else {
        RUN(test_watch);
    }
}

int main(int argc, char **argv)
{
    return stage_main(argc, argv, run);
}
