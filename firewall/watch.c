// SPDX-License-Identifier: GPL-2.0-or-later
#include "firewall/firewall.h"
#include "base/alloc.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    BUFFER_SIZE = 64 * 1024,
    BATCH_MAX = 256,    // datagrams before the loop serves its other sources
    COALESCE_US = 5000, // a burst ends when it has been quiet for so long
    SOCKET_BUFFER = 1024 * 1024,
};

struct firewall_watch {
    sd_event_source *io, *timer;
    int fd;
    firewall_change_fn fn;
    void *arg;
    pid_t pid;
    char program[32];
    _Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
};

// Every transaction ends with a message that names its author.
static void read_author(struct firewall_watch *w, struct nlmsghdr *h)
{
    struct nlattr *tb[NFTA_GEN_MAX + 1];
    if (h->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWGEN) ||
        nlmsg_parse(h, sizeof(struct nfgenmsg), tb, NFTA_GEN_MAX, NULL) < 0)
        return;
    if (tb[NFTA_GEN_PROC_PID] && nla_len(tb[NFTA_GEN_PROC_PID]) >= 4)
        w->pid = (pid_t)ntohl(nla_get_u32(tb[NFTA_GEN_PROC_PID]));
    if (tb[NFTA_GEN_PROC_NAME])
        nla_strlcpy(w->program, tb[NFTA_GEN_PROC_NAME], sizeof(w->program));
}

static int on_quiet(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    struct firewall_watch *w = userdata;
    struct firewall_change change = {.pid = w->pid};
    char program[sizeof(w->program)];
    strcpy(program, w->program);
    change.program = program;
    w->pid = 0;
    w->program[0] = '\0';
    w->fn(&change, w->arg); // may destroy w
    return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source;
    (void)revents;
    struct firewall_watch *w = userdata;
    bool seen = false;
    for (int i = 0; i < BATCH_MAX; i++) {
        struct sockaddr_nl from = {0};
        socklen_t size = sizeof(from);
        ssize_t n = recvfrom(fd, w->buffer, sizeof(w->buffer), MSG_DONTWAIT,
                             (struct sockaddr *)&from, &size);
        if (n < 0 && errno != ENOBUFS && errno != EINTR)
            break;
        seen = true; // lost messages are a change, too
        int left = (int)n;
        for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)w->buffer;
             n > 0 && from.nl_pid == 0 && nlmsg_ok(h, left); h = nlmsg_next(h, &left))
            read_author(w, h);
    }
    if (!seen || sd_event_source_get_enabled(w->timer, NULL) > 0)
        return 0;
    sd_event_source_set_time(w->timer, now_monotonic_us() + COALESCE_US);
    sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
    return 0;
}

int firewall_watch_create(sd_event *event, firewall_change_fn fn, void *arg,
                          struct firewall_watch **ret, struct error *err)
{
    struct firewall_watch *w = NEW(struct firewall_watch);
    w->fn = fn;
    w->arg = arg;
    w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
    struct sockaddr_nl self = {.nl_family = AF_NETLINK};
    int group = NFNLGRP_NFTABLES, size = SOCKET_BUFFER;
    int r = 0;
    if (w->fd < 0 || bind(w->fd, (struct sockaddr *)&self, sizeof(self)) < 0 ||
        setsockopt(w->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
        r = -errno;
    if (r == 0 && setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (r == 0)
        r = sd_event_add_io(event, &w->io, w->fd, EPOLLIN, on_readable, w);
    if (r >= 0)
        r = sd_event_add_time(event, &w->timer, CLOCK_MONOTONIC, UINT64_MAX, 1, on_quiet, w);
    if (r < 0) {
        firewall_watch_destroy(w);
        return error_set_errno(err, AREA_FIREWALL, r, "cannot watch nftables for changes");
    }
    sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
    *ret = w;
    return 0;
}

void firewall_watch_destroy(struct firewall_watch *w)
{
    if (!w)
        return;
    sd_event_source_disable_unref(w->io);
    sd_event_source_disable_unref(w->timer);
    if (w->fd >= 0)
        close(w->fd);
    free(w);
}
