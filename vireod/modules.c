// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon is made of: each part with its settings.
#include "api/domain.h"
#include "api/network.h"
#include "api/programs.h"
#include "api/session.h"
#include "api/storage.h"
#include "base/file.h"
#include "base/str.h"
#include "host/host.h"
#include "netmgr/netmgr.h"
#include "storage/disk.h"
#include "storage/storage.h"
#include "supervisor/domain.h"
#include "vireod/vireod.h"

#include <grp.h>
#include <sys/resource.h>
#include <pwd.h>

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

void modules_fill_server_config(struct vireod *v)
{
    const struct config *c = &v->config;
    struct server_config *s = &v->server_config;
    server_config_init(s);
    s->max_clients = (unsigned)c->max_clients;
    s->max_anonymous_clients = (unsigned)c->max_anonymous_clients;
    // A tenth of the places, and half of the descriptors, are kept for clients that may do more; no
    // user's readers get all of what is left.
    struct rlimit files = {.rlim_cur = 1024};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    s->max_readers = s->max_clients - s->max_clients / 10;
    if (s->max_readers > files.rlim_cur / 2)
        s->max_readers = (unsigned)(files.rlim_cur / 2);
    s->max_readers_of_user = (s->max_readers + 4) / 5;
    s->max_client_requests = (unsigned)c->max_client_requests;
    s->max_backlog = c->client_backlog_bytes;
    s->keepalive_interval_ms = c->keepalive_interval_s * 1000;
    s->keepalive_count = (unsigned)c->keepalive_count;
    s->session_create = session_create;
    s->session_disconnected = session_disconnected;
    s->session_destroy = session_destroy;
    s->on_idle = v->on_idle;
    if (v->options.system_mode) {
        struct group *gr = *c->unix_sock_group ? getgrnam(c->unix_sock_group) : NULL;
        s->policy = (struct rpc_policy){.others = RPC_ACCESS_READ_ONLY};
        s->policy.has_group = gr != NULL;
        s->policy.group = gr ? gr->gr_gid : 0;
        if (gr)
            snprintf(s->policy.group_name, sizeof(s->policy.group_name), "%s", gr->gr_name);
    }
}

static void network_started(void *arg, struct network *net)
{
    const struct daemon *d = arg;
    if (d->domains)
        domains_network_started(d->domains, net);
}

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
        // With --root nothing of the host is touched before a client asks for it.
        .default_autostart = !v->options.root,
        .observer = api_network_observer(d),
        .started = network_started,
        .started_arg = d,
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

int modules_create(struct vireod *v, struct error *err)
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
    // QEMU runs as vireod's own user: no switch is needed.
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
    modules_fill_server_config(v);
    d->server = server_create(d->sched, &v->server_config, api_programs, API_PROGRAMS, d);
    return 0;
}

void modules_destroy(struct vireod *v)
{
    struct daemon *d = &v->daemon;
    server_destroy(d->server);
    domains_destroy(d->domains);
    networks_destroy(d->networks);
    pools_destroy(d->pools);
    host_destroy(d->host);
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
}
