// SPDX-License-Identifier: GPL-2.0-or-later
// Events that report possible damage to networks.
//
//     links, addresses, routes    rtnetlink (bridge/watch.h)
//     forwarding switched off     rtnetlink's NETCONF groups
//     nftables rules              nfnetlink (firewall/watch.h); except vireod's transactions
//     legacy iptables rules       no notification: the tools lock and unlock /run/xtables.lock,
//     which
//                                 inotify reports; and a check every few seconds
//     dnsmasq ended               its pidfd (dnsmasq.c)
//     dnsmasq's files             inotify on the two directories
//
// Most events come from vireod's changes or from guests: only those that disagree with the plan
// trigger a repair.
#include "base/file.h"
#include "netmgr/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PERIOD_LEGACY_US = 3000000,
    PERIOD_US = 30000000,
    LEASES_QUIET_US = 5000, // dnsmasq writes the file in place: read after it finished
    BUFFER_SIZE = 16 * 1024,
};

static const char LOCK_PATH[] = "/run/xtables.lock";

struct triggers {
    struct networks *all;
    struct net_watch *links;
    struct firewall_watch *firewall;
    int conf_fd;
    sd_event_source *conf, *xtables, *period;
    sd_event_source *run_files, *state_files;
};

static bool is_active(const struct network *net)
{
    return net->runtime->phase == PHASE_ACTIVE;
}

// ---- links, addresses, routes -------------------------------------------------------------------

static void on_bridge(struct network *net, const struct link *l)
{
    const struct plan *p = net->runtime->plan;
    if (!p->owned)
        return;
    if (!(l->flags & IFF_UP))
        repair_trigger(net, "bridge %s was set down", l->name);
    else if (p->has_mac && memcmp(p->mac, l->mac, MAC_SIZE) != 0)
        repair_trigger(net, "bridge %s got another MAC address", l->name);
    else if (p->mtu && p->mtu != l->mtu)
        repair_trigger(net, "bridge %s got another MTU", l->name);
}

static void on_link(struct networks *all, const struct link *l)
{
    struct network *net;
    OBJECTS_FOREACH(net, &all->table)
    {
        struct network_port *port;
        if (!is_active(net))
            continue;
        if (str_eq(net->runtime->plan->bridge, l->name))
            on_bridge(net, l);
        LIST_FOREACH (port, &net->ports, link) {
            if (port_has_tap(port, l) && l->master == 0)
                repair_trigger(net, "%s was taken out of its bridge", l->name);
        }
    }
}

static void on_link_gone(struct networks *all, const struct link *l)
{
    struct network *net;
    OBJECTS_FOREACH(net, &all->table)
    {
        if (is_active(net) && net->runtime->plan->owned &&
            str_eq(net->runtime->plan->bridge, l->name))
            repair_trigger(net, "bridge %s was deleted", l->name);
    }
}

static void on_address_gone(struct networks *all, const struct address *a)
{
    char text[IP_TEXT_SIZE];
    struct network *net;
    OBJECTS_FOREACH(net, &all->table)
    {
        if (!is_active(net))
            continue;
        VEC_FOREACH (p, &net->runtime->plan->addresses) {
            if (ip_compare(&p->addr, &a->prefix.addr) == 0)
                repair_trigger(net, "address %s was removed", ip_prefix_format(&a->prefix, text));
        }
    }
}

static void on_route_gone(struct networks *all, const struct route *r)
{
    char text[IP_TEXT_SIZE];
    struct network *net;
    OBJECTS_FOREACH(net, &all->table)
    {
        if (!is_active(net))
            continue;
        VEC_FOREACH (p, &net->runtime->plan->routes) {
            if (p->dst.len == r->dst.len && ip_compare(&p->dst.addr, &r->dst.addr) == 0)
                repair_trigger(net, "the route to %s was removed", ip_prefix_format(&r->dst, text));
        }
    }
}

static void on_net(const struct watch_event *e, void *arg)
{
    struct networks *all = ((struct triggers *)arg)->all;
    switch (e->kind) {
    case WATCH_LINK:
        on_link(all, &e->link);
        break;
    case WATCH_LINK_GONE:
        on_link_gone(all, &e->link);
        break;
    case WATCH_ADDRESS_GONE:
        on_address_gone(all, &e->address);
        break;
    case WATCH_ROUTE_GONE:
        on_route_gone(all, &e->route);
        break;
    case WATCH_LOST:
        repair_trigger_all(all, "kernel notifications were lost");
        break;
    default:
        break;
    }
}

// ---- forwarding ---------------------------------------------------------------------------------

static void check_forwarding(struct networks *all)
{
    AUTO_FREE char *v4 = NULL, *v6 = NULL;
    bool off4 = file_read("/proc/sys/net/ipv4/ip_forward", 16, &v4, NULL) == 0 && *v4 == '0';
    bool off6 =
        file_read("/proc/sys/net/ipv6/conf/all/forwarding", 16, &v6, NULL) == 0 && *v6 == '0';
    struct network *net;
    OBJECTS_FOREACH(net, &all->table)
    {
        if (!is_active(net))
            continue;
        if (off4 && net->runtime->plan->forward4)
            repair_trigger(net, "net.ipv4.ip_forward was switched off");
        if (off6 && net->runtime->plan->forward6)
            repair_trigger(net, "net.ipv6.conf.all.forwarding was switched off");
    }
}

static int on_conf(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source;
    (void)revents;
    char buffer[BUFFER_SIZE];
    // The content is ignored: reading the settings' files is simpler.
    while (recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
        errno = 0;
    check_forwarding(((struct triggers *)userdata)->all);
    return 0;
}

static int watch_conf(struct triggers *tr, sd_event *event)
{
    static const int groups[] = {RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF};
    tr->conf_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    struct sockaddr_nl self = {.nl_family = AF_NETLINK};
    if (tr->conf_fd < 0 || bind(tr->conf_fd, (struct sockaddr *)&self, sizeof(self)) < 0)
        return -errno;
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        if (setsockopt(tr->conf_fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
                       sizeof(groups[i])) < 0)
            return -errno;
    }
    return sd_event_add_io(event, &tr->conf, tr->conf_fd, EPOLLIN, on_conf, tr);
}

// ---- firewall -----------------------------------------------------------------------------------

static void firewall_changed(struct networks *all, const char *cause)
{
    struct network *net;
    repair_trigger_all(all, cause);
    OBJECTS_FOREACH(net, &all->table)
    {
        if (is_active(net))
            network_report_blockers(net);
    }
}

static void on_firewall(const struct firewall_change *change, void *arg)
{
    struct triggers *tr = arg;
    if (change->pid == getpid())
        return;
    AUTO_FREE char *cause = *change->program ? xasprintf("%s (pid %d) changed the firewall",
                                                         change->program, (int)change->pid)
                                             : xstrdup("the firewall was changed");
    firewall_changed(tr->all, cause);
}

static void watch_xtables(struct triggers *tr);

static int on_xtables(sd_event_source *source, const struct inotify_event *e, void *userdata)
{
    (void)source;
    struct triggers *tr = userdata;
    if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) {
        tr->xtables = sd_event_source_disable_unref(tr->xtables);
        watch_xtables(tr);
    }
    firewall_changed(tr->all, "iptables changed the firewall");
    return 0;
}

static bool is_legacy(const struct networks *all)
{
    return str_eq(firewall_backend_name(all->firewall), "iptables");
}

// /run/xtables.lock is taken by every program that changes legacy tables, vireod included.
static void watch_xtables(struct triggers *tr)
{
    sd_event *event = sched_event(tr->all->config.sched);
    int make = is_legacy(tr->all) ? O_CREAT : 0; // as the tools create it
    AUTO_CLOSE int fd = open(LOCK_PATH, O_RDONLY | make | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    (void)sd_event_add_inotify(event, &tr->xtables, LOCK_PATH,
                               IN_CLOSE_WRITE | IN_CLOSE_NOWRITE | IN_DELETE_SELF | IN_MOVE_SELF,
                               on_xtables, tr);
}

static int on_period(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct triggers *tr = userdata;
    uint64_t period = is_legacy(tr->all) ? PERIOD_LEGACY_US : PERIOD_US;
    repair_trigger_all(tr->all, "the periodic check found a difference");
    triggers_watch_files(tr);
    if (!tr->xtables)
        watch_xtables(tr);
    sd_event_source_set_time(source, usec + period);
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
}

// ---- files --------------------------------------------------------------------------------------

static int on_leases_quiet(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    dnsmasq_read_leases(userdata);
    return 0;
}

static void leases_changed(struct network *net)
{
    struct network_runtime *rt = net->runtime;
    sd_event *event = sched_event(net->all->config.sched);
    if (!rt->lease_timer &&
        sd_event_add_time(event, &rt->lease_timer, CLOCK_MONOTONIC, 0, 1, on_leases_quiet, net) < 0)
        return;
    sd_event_source_set_time(rt->lease_timer, now_monotonic_us() + LEASES_QUIET_US);
    sd_event_source_set_enabled(rt->lease_timer, SD_EVENT_ONESHOT);
}

static const char *last_part(const char *path)
{
    return strrchr(path, '/') + 1;
}

static void on_name(struct network *net, const struct inotify_event *e)
{
    const struct network_files *f = &net->runtime->files;
    bool leases = str_eq(last_part(f->leases), e->name);
    bool gone = e->mask & (IN_DELETE | IN_MOVED_FROM);
    if (leases && !gone) {
        leases_changed(net);
        return;
    }
    const char *const others[] = {f->conf, f->pid, f->hosts, f->addnhosts, f->leases};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (str_eq(last_part(others[i]), e->name) && (gone || others[i] != f->pid))
            repair_trigger(net, "file '%s' was %s", others[i], gone ? "deleted" : "changed");
    }
}

static int on_file(sd_event_source *source, const struct inotify_event *e, void *userdata)
{
    (void)source;
    struct triggers *tr = userdata;
    struct network *net;
    if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_Q_OVERFLOW)) {
        if (!(e->mask & IN_Q_OVERFLOW)) {
            sd_event_source **gone = source == tr->run_files ? &tr->run_files : &tr->state_files;
            *gone = sd_event_source_disable_unref(*gone);
        }
        repair_trigger_all(tr->all, "a directory of dnsmasq's files was deleted");
        return 0;
    }
    if (e->len == 0)
        return 0;
    OBJECTS_FOREACH(net, &tr->all->table)
    {
        if (is_active(net) && net->runtime->plan->dnsmasq)
            on_name(net, e);
    }
    return 0;
}

void triggers_watch_files(struct triggers *tr)
{
    enum {
        MASK = IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF
    };
    sd_event *event = sched_event(tr->all->config.sched);
    if (!tr->run_files)
        (void)sd_event_add_inotify(event, &tr->run_files, tr->all->config.run_dir, MASK, on_file,
                                   tr);
    if (!tr->state_files)
        (void)sd_event_add_inotify(event, &tr->state_files, tr->all->config.state_dir, MASK,
                                   on_file, tr);
}

// ---- create, destroy ----------------------------------------------------------------------------

int triggers_create(struct networks *all, struct triggers **ret, struct error *err)
{
    sd_event *event = sched_event(all->config.sched);
    struct triggers *tr = NEW(struct triggers);
    tr->all = all;
    tr->conf_fd = -1;
    if (net_watch_create(event, on_net, tr, &tr->links, err) < 0) {
        triggers_destroy(tr);
        return -1;
    }
    int r = watch_conf(tr, event);
    if (r >= 0)
        r = sd_event_add_time(event, &tr->period, CLOCK_MONOTONIC,
                              now_monotonic_us() + PERIOD_LEGACY_US, 0, on_period, tr);
    if (r < 0) {
        triggers_destroy(tr);
        return error_set_errno(err, AREA_NETWORK, r, "cannot watch the network's changes");
    }
    // A kernel without nftables has no such rules to watch.
    AUTO_ERROR e = ERROR_INIT;
    if (firewall_watch_create(event, on_firewall, tr, &tr->firewall, &e) < 0)
        log_debug("%s", error_message(&e));
    watch_xtables(tr);
    triggers_watch_files(tr);
    *ret = tr;
    return 0;
}

void triggers_destroy(struct triggers *tr)
{
    if (!tr)
        return;
    sd_event_source **sources[] = {&tr->conf, &tr->xtables, &tr->period, &tr->run_files,
                                   &tr->state_files};
    for (size_t i = 0; i < ARRAY_LEN(sources); i++)
        *sources[i] = sd_event_source_disable_unref(*sources[i]);
    net_watch_destroy(tr->links);
    firewall_watch_destroy(tr->firewall);
    if (tr->conf_fd >= 0)
        close(tr->conf_fd);
    free(tr);
}
