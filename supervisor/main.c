// SPDX-License-Identifier: GPL-2.0-or-later
// vireod: from the command line to the loop, and back.
#include "api/daemon.h"
#include "api/domain.h"
#include "api/events.h"
#include "api/network.h"
#include "api/programs.h"
#include "api/session.h"
#include "api/storage.h"
#include "base/file.h"
#include "base/str.h"
#include "host/host.h"
#include "netmgr/netmgr.h"
#include "rpc/server.h"
#include "storage/disk.h"
#include "storage/storage.h"
#include "supervisor/config.h"
#include "supervisor/domain.h"
#include "supervisor/options.h"
#include "supervisor/paths.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libxml/parser.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

enum {
    LOCK_WAIT_US = 2 * 1000000, // for children of a daemon that was killed
    LOCK_LOOK_US = 2000,
    FINISH_TIMEOUT_US = 10 * 1000000, // for calls under way when we are told to end
    QEMU_GROUPS_MAX = 64,
    SLOW_TURN_US = 10000,
};

struct vireod {
    struct options options;
    struct config config;
    struct paths paths;
    struct daemon daemon;
    struct server_config server_config;
    sd_event *event;
    sd_event_source *idle_timer;
    int lock_fd, ready_fd; // ready_fd: tells the foreground process how --daemon went; -1
    char *qemu_user;       // settings may be read again, and this stays
    uid_t qemu_uid;
    gid_t qemu_gid;
    gid_t qemu_groups[QEMU_GROUPS_MAX];
    int nqemu_groups;
    char *config_qemu_dir, *run_qemu_dir, *state_qemu_dir, *log_qemu_dir;
    char *config_net_dir, *run_net_dir, *state_net_dir;
    char *config_pool_dir, *run_pool_dir;
    const char *hooks[3]; // directories with hooks/, NULL at the end
    bool stop, ending;
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

// Who QEMU runs as in system mode. A name that is not set is chosen; one that is set must exist.
static int find_qemu_user(struct vireod *v, struct error *err)
{
    static const char *const candidates[] = {"libvirt-qemu", "qemu", "nobody"};
    struct passwd *pw = NULL;
    if (*v->config.qemu_user)
        pw = getpwnam(v->config.qemu_user);
    for (size_t i = 0; !*v->config.qemu_user && !pw && i < ARRAY_LEN(candidates); i++)
        pw = getpwnam(candidates[i]);
    if (!pw)
        return error_set(err, ERROR_CONF_SYNTAX, AREA_CONF,
                         "there is no user '%s' to run QEMU as: make it, or set qemu_user",
                         *v->config.qemu_user ? v->config.qemu_user : candidates[0]);
    str_replace(&v->qemu_user, pw->pw_name);
    v->qemu_uid = pw->pw_uid;
    v->qemu_gid = pw->pw_gid;
    if (*v->config.qemu_group) {
        struct group *gr = getgrnam(v->config.qemu_group);
        if (!gr)
            return error_set(err, ERROR_CONF_SYNTAX, AREA_CONF,
                             "there is no group '%s' to run QEMU as: make it, or set qemu_group",
                             v->config.qemu_group);
        v->qemu_gid = gr->gr_gid;
    }
    v->nqemu_groups = QEMU_GROUPS_MAX;
    if (getgrouplist(v->qemu_user, v->qemu_gid, v->qemu_groups, &v->nqemu_groups) < 0)
        v->nqemu_groups = 0;
    return 0;
}

static void fill_server_config(struct vireod *v)
{
    const struct config *c = &v->config;
    struct server_config *s = &v->server_config;
    server_config_init(s);
    s->max_clients = (unsigned)c->max_clients;
    s->max_anonymous_clients = (unsigned)c->max_anonymous_clients;
    s->max_client_requests = (unsigned)c->max_client_requests;
    s->max_backlog = c->client_backlog_bytes;
    s->keepalive_interval_ms = c->keepalive_interval_s * 1000;
    s->keepalive_count = (unsigned)c->keepalive_count;
    s->session_create = session_create;
    s->session_disconnected = session_disconnected;
    s->session_destroy = session_destroy;
    if (v->options.system_mode) {
        struct group *gr = *c->unix_sock_group ? getgrnam(c->unix_sock_group) : NULL;
        s->policy = (struct rpc_policy){.others = RPC_ACCESS_READ_ONLY};
        s->policy.has_group = gr != NULL;
        s->policy.group = gr ? gr->gr_gid : 0;
    }
}

// ---- sockets -----------------------------------------------------------------------------------

// Who listens at path, if anybody does. Caller frees; NULL: nobody.
static char *find_owner(const char *path)
{
    AUTO_CLOSE int fd = unix_connect(path);
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return fd < 0 && fd != -EAGAIN ? NULL : xstrdup("another process");
    AUTO_FREE char *comm_path = xasprintf("/proc/%d/comm", (int)peer.pid);
    AUTO_FREE char *comm = NULL;
    if (file_read(comm_path, 64, &comm, NULL) < 0)
        return xasprintf("process %d", (int)peer.pid);
    comm[strcspn(comm, "\n")] = 0;
    return xasprintf("%s (pid %d, uid %d)", comm, (int)peer.pid, (int)peer.uid);
}

static int refuse_second(const char *path, struct error *err)
{
    AUTO_FREE char *owner = find_owner(path);
    if (!owner)
        return 0;
    return error_set(err, ERROR_RESOURCE_BUSY, AREA_RPC,
                     "'%s' is served by %s already; end that one, or choose another socket with "
                     "--listen",
                     path, owner);
}

static int make_parent(const char *path, mode_t mode)
{
    AUTO_FREE char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    return *dir ? dir_make(dir, mode) : 0;
}

static bool fd_is_read_only(int fd)
{
    struct sockaddr_un sa = {0};
    socklen_t len = sizeof(sa);
    return getsockname(fd, (struct sockaddr *)&sa, &len) == 0 && sa.sun_family == AF_UNIX &&
           str_ends(sa.sun_path, "-ro");
}

static int listen_at(struct vireod *v, const char *path, bool read_only, struct error *err)
{
    // In system mode everybody may connect and the policy decides; elsewhere only the user.
    mode_t mode = v->options.system_mode ? 0777 : 0700;
    int r = make_parent(path, v->options.system_mode ? 0755 : 0700);
    if (r < 0)
        return error_set_errno(err, AREA_RPC, r, "cannot make the directory of '%s'", path);
    return server_listen(v->daemon.server, path, mode, read_only, err);
}

static int open_sockets(struct vireod *v, struct error *err)
{
    int n = sd_listen_fds(1);
    for (int i = 0; i < n; i++) {
        int fd = SD_LISTEN_FDS_START + i;
        if (server_listen_fd(v->daemon.server, fd, fd_is_read_only(fd), err) < 0)
            return -1;
    }
    if (n > 0)
        return 0;
    if (refuse_second(v->paths.socket, err) < 0 || listen_at(v, v->paths.socket, false, err) < 0)
        return -1;
    if (v->paths.socket_ro && listen_at(v, v->paths.socket_ro, true, err) < 0)
        return -1;
    log_info("serving %s at '%s'", v->daemon.uri, v->paths.socket);
    return 0;
}

// A daemon that was killed between fork() and exec() of a child leaves the lock to that child for
// some more milliseconds: it is waited for, unless who wrote its number into the file is still
// there.
static int take_lock(int fd, pid_t *owner)
{
    uint64_t deadline = now_monotonic_us() + LOCK_WAIT_US;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        char text[32] = "";
        if (errno != EWOULDBLOCK)
            return -errno;
        *owner = pread(fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 0;
        if ((*owner > 0 && kill(*owner, 0) == 0) || now_monotonic_us() > deadline)
            return -EWOULDBLOCK;
        usleep(LOCK_LOOK_US); // nothing is served yet, and a lock tells nobody when it goes
    }
    return 0;
}

// One daemon for one set of state, whatever sockets it serves.
static int lock_state(struct vireod *v, struct error *err)
{
    AUTO_FREE char *path = path_join(v->paths.run_dir, "vireod.pid");
    int r = dir_make(v->paths.run_dir, 0700);
    if (r < 0)
        return error_set_errno(err, AREA_NONE, r, "cannot make the directory '%s' as uid %d%s",
                               v->paths.run_dir, (int)geteuid(),
                               v->options.system_mode && geteuid() != 0
                                   ? " (--system is for root: try --session)"
                                   : "");
    v->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (v->lock_fd < 0)
        return error_set_errno(err, AREA_NONE, errno, "cannot open '%s'", path);
    pid_t owner = 0;
    r = take_lock(v->lock_fd, &owner);
    if (r == -EWOULDBLOCK)
        return error_set(err, ERROR_RESOURCE_BUSY, AREA_NONE,
                         "vireod (pid %d) runs with the state in '%s' already; end that one, or "
                         "choose other state with --root",
                         (int)owner, v->paths.run_dir);
    if (r < 0)
        return error_set_errno(err, AREA_NONE, r, "cannot lock '%s'", path);
    char text[32];
    int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(v->lock_fd, 0) < 0 || pwrite(v->lock_fd, text, (size_t)n, 0) != n)
        return error_set_errno(err, AREA_NONE, errno, "cannot write '%s'", path);
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
        fill_server_config(v);
        v->server_config.on_idle = on_server_idle;
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

static int create_networks(struct vireod *v, struct error *err)
{
    struct daemon *d = &v->daemon;
    v->config_net_dir = path_join(v->paths.config_dir, "networks");
    v->run_net_dir = path_join(v->paths.run_dir, "networks");
    v->state_net_dir = path_join(v->paths.state_dir, "networks");
    struct networks_config networks = {
        .sched = d->sched,
        .config_dir = v->config_net_dir,
        .run_dir = v->run_net_dir,
        .state_dir = v->state_net_dir,
        .hooks = v->hooks,
        .system_mode = v->options.system_mode,
        .start_on_demand = v->config.start_networks_on_demand,
        .refuse_blocked = v->config.refuse_blocked_networks,
        .default_network = v->options.system_mode,
        // With --root nothing of the host is touched before somebody asks for it.
        .default_autostart = !v->options.root,
        .observer = api_network_observer(d),
    };
    firewall_choice_parse(v->config.firewall_backend, &networks.firewall); // checked by config.c
    d->networks = networks_create(&networks, err);
    return d->networks ? 0 : -1;
}

static int complete_disk(struct task *t, void *arg, struct domain_disk *disk, struct error *err)
{
    return storage_complete_disk(t, arg, disk, err);
}

static void create_pools(struct vireod *v)
{
    struct daemon *d = &v->daemon;
    v->config_pool_dir = path_join(v->paths.config_dir, "storage");
    v->run_pool_dir = path_join(v->paths.run_dir, "storage");
    struct pools_config pools = {
        .sched = d->sched,
        .config_dir = v->config_pool_dir,
        .run_dir = v->run_pool_dir,
        .observer = api_pool_observer(d),
    };
    d->pools = pools_create(&pools);
}

static int create_modules(struct vireod *v, struct error *err)
{
    struct daemon *d = &v->daemon;
    v->hooks[0] = v->paths.config_dir;
    if (v->options.system_mode && !v->options.root)
        v->hooks[1] = "/etc/libvirt"; // what an administrator had before us goes on working
    if (create_networks(v, err) < 0)
        return -1;
    create_pools(v);
    bool set_user = v->options.system_mode && geteuid() == 0;
    if (set_user && find_qemu_user(v, err) < 0)
        return -1;
    // The user that is ours anyway needs no switching.
    set_user = set_user && v->qemu_uid != 0;
    struct host_config host = {
        .cache_dir = v->paths.cache_dir,
        .emulator = *v->config.emulator ? v->config.emulator : NULL,
        .user = {.set_user = set_user,
                 .uid = v->qemu_uid,
                 .gid = v->qemu_gid,
                 .groups = v->qemu_groups,
                 .ngroups = (size_t)v->nqemu_groups},
        .privileged = v->options.system_mode,
        // What argv*.c builds; what it refuses is not offered.
        .support = {.spice = true,
                    .rng = true,
                    .redirdev = true,
                    .channel = true,
                    .memory_backing = true,
                    .vmcoreinfo = true,
                    .genid = true,
                    .cpu = true},
    };
    d->host = host_create(d->sched, &host);
    v->config_qemu_dir = path_join(v->paths.config_dir, "qemu");
    v->run_qemu_dir = path_join(v->paths.run_dir, "qemu");
    v->state_qemu_dir = path_join(v->paths.state_dir, "qemu");
    v->log_qemu_dir = path_join(v->paths.log_dir, "qemu");
    struct domains_config domains = {
        .sched = d->sched,
        .host = d->host,
        .networks = d->networks,
        .config_dir = v->config_qemu_dir,
        .run_dir = v->run_qemu_dir,
        .state_dir = v->state_qemu_dir,
        .log_dir = v->log_qemu_dir,
        .hooks = v->hooks,
        .system_mode = v->options.system_mode,
        .set_user = set_user,
        .qemu_uid = v->qemu_uid,
        .qemu_gid = v->qemu_gid,
        .qemu_groups = v->qemu_groups,
        .nqemu_groups = (size_t)v->nqemu_groups,
        .qemu_user = v->qemu_user,
        .log_max_bytes = v->config.guest_log_max_bytes,
        .observer = api_domain_observer(d),
        .complete_disk = complete_disk,
        .complete_arg = d->pools,
    };
    d->domains = domains_create(&domains);
    fill_server_config(v);
    v->server_config.on_idle = on_server_idle;
    d->server = server_create(d->sched, &v->server_config, api_programs, API_PROGRAMS, d);
    d->idle_changed = on_idle_changed;
    d->client_left = on_client_left;
    return 0;
}

// Keeps what the daemon itself does and what it must be able to give to children.
static void drop_capabilities(void)
{
    if (geteuid() != 0)
        return;
    capng_clear(CAPNG_SELECT_BOTH);
    capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, CAP_CHOWN,
                  CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_SETUID, CAP_SETGID, CAP_SETPCAP,
                  CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE, CAP_SYS_RESOURCE, CAP_SYS_ADMIN,
                  CAP_MKNOD, -1);
    // What we never had can't be kept: capng fails then, and we go on with what there is.
    (void)capng_apply(CAPNG_SELECT_CAPS);
}

static void tell_ready(struct vireod *v, bool good)
{
    sd_notify(0, good ? "READY=1" : "STATUS=failed");
    if (v->ready_fd >= 0 && write(v->ready_fd, good ? "1" : "0", 1) < 0)
        log_debug("nobody waits for the daemon to be ready");
    close_fd(&v->ready_fd);
}

// One turn of the loop. Whoever works on the daemon sees with --log-level debug what held up the
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
    if (watch_signals(v, err) < 0 || lock_state(v, err) < 0 || create_modules(v, err) < 0)
        return -1;
    if (sd_listen_fds(0) <= 0 && refuse_second(v->paths.socket, err) < 0)
        return -1;
    drop_capabilities();
    networks_load(v->daemon.networks);
    pools_load(v->daemon.pools);
    domains_load(v->daemon.domains);
    if (open_sockets(v, err) < 0)
        return -1;
    task_spawn(v->daemon.sched, "autostart", autostart_main, v);
    host_warm(v->daemon.host);
    tell_ready(v, true);
    watch_idle(v);
    // Not sd_event_loop(): tasks still need the loop after we were told to end.
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
    while (sched_count(s) > 0)
        sd_event_run(v->event, 100000);
}

static void end(struct vireod *v)
{
    struct daemon *d = &v->daemon;
    v->ending = true;
    sd_notify(0, "STOPPING=1");
    sd_event_source_disable_unref(v->idle_timer);
    if (d->server) {
        api_event_closing(d, 0);
        server_close(d->server);
    }
    finish_tasks(v);
    server_destroy(d->server);
    domains_destroy(d->domains);
    networks_destroy(d->networks);
    pools_destroy(d->pools);
    host_destroy(d->host);
    sched_destroy(d->sched);
    sd_event_unref(v->event);
    config_finish(&v->config);
    paths_finish(&v->paths);
    free(v->qemu_user);
    free(v->config_qemu_dir);
    free(v->run_qemu_dir);
    free(v->state_qemu_dir);
    free(v->log_qemu_dir);
    free(v->config_net_dir);
    free(v->run_net_dir);
    free(v->state_net_dir);
    free(v->config_pool_dir);
    free(v->run_pool_dir);
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
    size_t guests, networks, pools, bad_guests = domains_check(guests_dir, &guests),
                                    bad_networks = networks_check(networks_dir, &networks),
                                    bad_pools = pools_check(pools_dir, &pools);
    printf("settings: good\nguests: %zu stored, %zu damaged\nnetworks: %zu stored, %zu damaged\n"
           "storage pools: %zu stored, %zu damaged\n",
           guests, bad_guests, networks, bad_networks, pools, bad_pools);
    return bad_guests || bad_networks || bad_pools ? 1 : 0;
}

// For --daemon: the parent waits until clients are served. Returns in the child, with the
// descriptor by which to tell.
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
        tell_ready(&v, false);
    }
    end(&v);
    return r < 0 ? 1 : 0;
}
