// SPDX-License-Identifier: GPL-2.0-or-later
// vireod: from the command line to the loop, and back.
#include "api/domain.h"
#include "api/events.h"
#include "base/capability.h"
#include "base/file.h"
#include "base/str.h"
#include "host/host.h"
#include "netmgr/netmgr.h"
#include "storage/storage.h"
#include "supervisor/domain.h"
#include "vireod/vireod.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

enum {
    CANCEL_TIMEOUT_US = 3 * 1000000,  // for what was cancelled then
    FINISH_TIMEOUT_US = 10 * 1000000, // for calls under way when vireod is asked to end
    SLOW_TURN_US = 10000,
};

// ---- settings ----------------------------------------------------------------------------------

static int load_config(struct vireod *v, struct error *err)
{
    struct config next;
    config_init(&next);
    const char *path = v->options.config ? v->options.config : v->paths.config_file;
    if (config_load(&next, path, v->options.config, err) < 0) {
        config_finish(&next);
        return -1;
    }
    config_finish(&v->config);
    v->config = next;
    log_set_level(v->options.has_log_level ? v->options.log_level : v->config.log_level);
    return 0;
}

// ---- the loop ----------------------------------------------------------------------------------

static bool is_idle(const struct vireod *v)
{
    return server_is_idle(v->daemon.server) && domains_count_active(v->daemon.domains) == 0;
}

static int on_idle_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    struct vireod *v = userdata;
    if (!is_idle(v))
        return 0;
    log_info("no client and no guest for %ju s: ending", (uintmax_t)v->options.timeout_s);
    v->stop = true;
    return 0;
}

static void watch_idle(struct vireod *v)
{
    if (v->options.timeout_s == 0 || v->ending)
        return;
    uint64_t when = now_monotonic_us() + v->options.timeout_s * 1000000;
    if (!v->idle_timer)
        sd_event_add_time(v->event, &v->idle_timer, CLOCK_MONOTONIC, when, 0, on_idle_timeout, v);
    sd_event_source_set_time(v->idle_timer, when);
    sd_event_source_set_enabled(v->idle_timer, is_idle(v) ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static void on_idle_changed(struct daemon *d)
{
    watch_idle(CONTAINER_OF(d, struct vireod, daemon));
}

static void on_server_idle(void *owner, bool idle)
{
    (void)idle;
    on_idle_changed(owner);
}

static void on_client_left(struct daemon *d, const struct client *client)
{
    domains_autodestroy(d->domains, client);
}

static int on_end_signal(sd_event_source *source, const struct signalfd_siginfo *info,
                         void *userdata)
{
    (void)source;
    struct vireod *v = userdata;
    log_info("ending by signal %s; guests run on", sigabbrev_np((int)info->ssi_signo));
    v->stop = true;
    return 0;
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *info,
                            void *userdata)
{
    (void)source;
    (void)info;
    struct vireod *v = userdata;
    AUTO_ERROR err = ERROR_INIT;
    sd_notify(0, "RELOADING=1");
    if (load_config(v, &err) < 0) {
        log_error("the settings stay as they were: %s", error_message(&err));
    } else {
        modules_fill_server_config(v);
        server_set_config(v->daemon.server, &v->server_config);
        host_warm(v->daemon.host);
        log_info("settings read again");
    }
    sd_notify(0, "READY=1");
    return 0;
}

static int watch_signals(struct vireod *v, struct error *err)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    int r = sd_event_add_signal(v->event, NULL, SIGTERM, on_end_signal, v);
    if (r >= 0)
        r = sd_event_add_signal(v->event, NULL, SIGINT, on_end_signal, v);
    if (r >= 0)
        r = sd_event_add_signal(v->event, NULL, SIGHUP, on_reload_signal, v);
    return r < 0 ? error_set_errno(err, AREA_NONE, r, "cannot watch signals") : 0;
}

// ---- start and end -----------------------------------------------------------------------------

// What vireod does itself, and what hooks and other programs that it starts may need; vireod(8)
// lists them. All children but hooks and scripts get fewer.
static const uint64_t kept_capabilities =
    CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_FOWNER) |
    CAPABILITY(CAP_KILL) | CAPABILITY(CAP_MKNOD) | CAPABILITY(CAP_NET_ADMIN) |
    CAPABILITY(CAP_NET_BIND_SERVICE) | CAPABILITY(CAP_NET_RAW) | CAPABILITY(CAP_SETGID) |
    CAPABILITY(CAP_SETPCAP) | CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SYS_ADMIN) |
    CAPABILITY(CAP_SYS_RESOURCE);

static void drop_capabilities(void)
{
    if (geteuid() != 0)
        return;
    AUTO_STRBUF missing = {0};
    capabilities_describe(kept_capabilities & ~capabilities_permitted(), &missing);
    if (missing.len)
        log_info("this system does not permit vireod the capabilities %s: what needs them will "
                 "fail",
                 strbuf_text(&missing));
    int r = capabilities_limit_bounding(kept_capabilities);
    if (r < 0)
        log_warn("cannot limit the capabilities of the programs that vireod starts: %s",
                 strerrordesc_np(-r));
    r = capabilities_limit(kept_capabilities);
    if (r < 0)
        log_error("cannot drop the capabilities that vireod does not use: %s", strerrordesc_np(-r));
}

// Clients, domains and networks take a few descriptors each.
static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &files) < 0)
            log_warn("cannot raise the limit of open files: %s", strerrordesc_np(errno));
    }
}

static void report_ready(struct vireod *v, bool good)
{
    sd_notify(0, good ? "READY=1" : "STATUS=failed");
    if (v->ready_fd >= 0 && write(v->ready_fd, good ? "1" : "0", 1) < 0)
        log_debug("no parent process waits for the daemon to be ready");
    close_fd(&v->ready_fd);
}

// One turn of the loop. With --log-level debug it logs what held up the
// others.
static int run_turn(sd_event *event)
{
    int r = sd_event_prepare(event);
    if (r == 0)
        r = sd_event_wait(event, UINT64_MAX);
    if (r <= 0)
        return r;
    uint64_t started_us = now_monotonic_us();
    r = sd_event_dispatch(event);
    uint64_t took_us = now_monotonic_us() - started_us;
    if (took_us >= SLOW_TURN_US)
        log_debug("one turn of the loop took %ju us", (uintmax_t)took_us);
    return r;
}

// Guests after the networks that they plug into.
static void autostart_main(struct task *t, void *arg)
{
    struct vireod *v = arg;
    struct completion networks;
    completion_init(&networks);
    networks_autostart(v->daemon.networks, &networks);
    if (completion_wait(t, &networks, TASK_FOREVER) >= 0)
        domains_autostart(v->daemon.domains);
}

// Loads what is stored before any client is let in.
static int serve(struct vireod *v, struct error *err)
{
    raise_file_limit();
    if (watch_signals(v, err) < 0 || state_lock(v, err) < 0)
        return -1;
    v->on_idle = on_server_idle;
    v->daemon.idle_changed = on_idle_changed;
    v->daemon.client_left = on_client_left;
    if (modules_create(v, err) < 0)
        return -1;
    if (sd_listen_fds(0) <= 0 && socket_refuse_second(v->paths.socket, err) < 0)
        return -1;
    drop_capabilities();
    networks_load(v->daemon.networks);
    pools_load(v->daemon.pools);
    domains_load(v->daemon.domains);
    if (sockets_open(v, err) < 0)
        return -1;
    task_spawn(v->daemon.sched, "autostart", autostart_main, v);
    host_warm(v->daemon.host);
    report_ready(v, true);
    watch_idle(v);
    // Not sd_event_loop(): tasks still need the loop after vireod was asked to end.
    int r = 0;
    while (!v->stop && r >= 0)
        r = run_turn(v->event);
    return r < 0 ? error_set_errno(err, AREA_NONE, r, "the event loop failed") : 0;
}

// Lets calls under way come to their end; guests are left running.
static void finish_tasks(struct vireod *v)
{
    struct sched *s = v->daemon.sched;
    uint64_t deadline = now_monotonic_us() + FINISH_TIMEOUT_US;
    while (sched_count(s) > 0 && now_monotonic_us() < deadline)
        sd_event_run(v->event, 100000);
    sched_cancel_all(s);
    deadline = now_monotonic_us() + CANCEL_TIMEOUT_US;
    while (sched_count(s) > 0) {
        sd_event_run(v->event, 100000);
        if (now_monotonic_us() < deadline)
            continue;
        // All that is needed to go on later is on disk already.
        log_warn("ending although %zu calls wait for a file system that does not answer",
                 sched_count(s));
        _exit(0);
    }
}

static void end(struct vireod *v)
{
    struct daemon *d = &v->daemon;
    v->ending = true;
    sd_notify(0, "STOPPING=1");
    sd_event_source_disable_unref(v->idle_timer);
    if (d->server) {
        api_event_closing(d, VIR_CONNECT_CLOSE_REASON_EOF);
        server_close(d->server);
    }
    finish_tasks(v);
    modules_destroy(v);
    sched_destroy(d->sched);
    sd_event_unref(v->event);
    config_finish(&v->config);
    paths_finish(&v->paths);
    close_fd(&v->lock_fd);
    xmlCleanupParser();
}

static int check(struct vireod *v)
{
    AUTO_ERROR err = ERROR_INIT;
    if (load_config(v, &err) < 0) {
        fprintf(stderr, "vireod: %s\n", error_message(&err));
        return 1;
    }
    AUTO_FREE char *guests_dir = path_join(v->paths.config_dir, "qemu");
    AUTO_FREE char *networks_dir = path_join(v->paths.config_dir, "networks");
    AUTO_FREE char *pools_dir = path_join(v->paths.config_dir, "storage");
    size_t guests, networks, pools,
        bad_guests = objects_check(&domain_class, guests_dir, &guests),
        bad_networks = objects_check(&network_class, networks_dir, &networks),
        bad_pools = objects_check(&pool_class, pools_dir, &pools);
    printf("settings: good\nguests: %zu stored, %zu damaged\nnetworks: %zu stored, %zu damaged\n"
           "storage pools: %zu stored, %zu damaged\n",
           guests, bad_guests, networks, bad_networks, pools, bad_pools);
    return bad_guests || bad_networks || bad_pools ? 1 : 0;
}

// For --daemon: the parent waits until clients are served. Returns in the child, with the
// descriptor on which to report.
static int go_to_background(void)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid > 0) {
        char good = '0';
        close(fds[1]);
        if (read(fds[0], &good, 1) != 1)
            good = '0';
        _exit(good == '1' ? 0 : 1);
    }
    close(fds[0]);
    setsid();
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd >= 0) {
        dup2(null_fd, STDIN_FILENO);
        dup2(null_fd, STDOUT_FILENO);
        close(null_fd);
    }
    return fds[1];
}

int main(int argc, char **argv)
{
    struct vireod v = {.lock_fd = -1, .ready_fd = -1};
    int status = options_parse(&v.options, argc, argv);
    if (status >= 0)
        return status;
    log_open(v.options.has_log_level ? v.options.log_level : LOG_LEVEL_INFO);
    umask(022);
    paths_init(&v.paths, v.options.system_mode, v.options.root, v.options.listen);
    config_init(&v.config);
    if (v.options.check) {
        status = check(&v);
        config_finish(&v.config);
        paths_finish(&v.paths);
        xmlCleanupParser();
        return status;
    }
    if (v.options.background)
        v.ready_fd = go_to_background();

    AUTO_ERROR err = ERROR_INIT;
    list_init(&v.daemon.sessions);
    list_init(&v.daemon.consoles);
    v.daemon.system_mode = v.options.system_mode;
    v.daemon.uri = v.options.system_mode ? "qemu:///system" : "qemu:///session";
    if (sd_event_new(&v.event) < 0)
        return 1;
    v.daemon.sched = sched_create(v.event);
    int r = load_config(&v, &err);
    if (r == 0)
        r = serve(&v, &err);
    if (r < 0) {
        log_error("%s", error_message(&err));
        report_ready(&v, false);
    }
    end(&v);
    return r < 0 ? 1 : 0;
}
