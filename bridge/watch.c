// SPDX-License-Identifier: GPL-2.0-or-later
#include "bridge/watch.h"
#include "base/alloc.h"

#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    BUFFER_SIZE = 64 * 1024,
    SOCKET_BUFFER = 2 * 1024 * 1024, // 200 taps at once are about 1 MB of messages
    BATCH_MAX = 16,                  // datagrams before the loop serves its other sources
};

struct net_watch {
    sd_event_source *source;
    int fd;
    net_watch_fn fn;
    void *arg;
    bool delivering, dead; // destroyed by its own callback: freed after it
    _Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
};

static int decode(struct nlmsghdr *h, struct watch_event *e)
{
    switch (h->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        // A bridge reports its ports in messages of its own family: not a link coming or going.
        if (((struct ifinfomsg *)nlmsg_data(h))->ifi_family != AF_UNSPEC)
            return -ENOENT;
        e->kind = h->nlmsg_type == RTM_NEWLINK ? WATCH_LINK : WATCH_LINK_GONE;
        return link_from_message(h, &e->link);
    case RTM_NEWADDR:
    case RTM_DELADDR:
        e->kind = h->nlmsg_type == RTM_NEWADDR ? WATCH_ADDRESS : WATCH_ADDRESS_GONE;
        return address_from_message(h, &e->address);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        e->kind = h->nlmsg_type == RTM_NEWROUTE ? WATCH_ROUTE : WATCH_ROUTE_GONE;
        return route_from_message(h, &e->route);
    default:
        return -ENOENT;
    }
}

static void deliver(struct net_watch *w, size_t n)
{
    int left = (int)n;
    for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)w->buffer; nlmsg_ok(h, left);
         h = nlmsg_next(h, &left)) {
        struct watch_event e = {0};
        if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(struct rtgenmsg) || decode(h, &e) < 0)
            continue;
        w->fn(&e, w->arg);
        if (w->dead)
            return;
    }
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source;
    (void)revents;
    struct net_watch *w = userdata;
    w->delivering = true;
    for (int i = 0; i < BATCH_MAX && !w->dead; i++) {
        struct sockaddr_nl from = {0};
        socklen_t size = sizeof(from);
        ssize_t n = recvfrom(fd, w->buffer, sizeof(w->buffer), MSG_DONTWAIT | MSG_TRUNC,
                             (struct sockaddr *)&from, &size);
        if (n < 0 && errno != ENOBUFS && errno != EINTR)
            break;
        bool lost = n < 0 ? errno == ENOBUFS : (size_t)n > sizeof(w->buffer);
        if (lost)
            w->fn(&(struct watch_event){.kind = WATCH_LOST}, w->arg);
        else if (n > 0 && from.nl_pid == 0) // only the kernel speaks here
            deliver(w, (size_t)n);
    }
    w->delivering = false;
    if (w->dead)
        net_watch_destroy(w);
    return 0;
}

int net_watch_create(sd_event *event, net_watch_fn fn, void *arg, struct net_watch **ret,
                     struct error *err)
{
    static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                 RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
    struct net_watch *w = NEW(struct net_watch);
    *w = (struct net_watch){.fn = fn, .arg = arg};
    w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    struct sockaddr_nl self = {.nl_family = AF_NETLINK};
    int size = SOCKET_BUFFER;
    bool good = w->fd >= 0 && bind(w->fd, (struct sockaddr *)&self, sizeof(self)) == 0;
    // The forced form goes beyond the system's limit and needs CAP_NET_ADMIN.
    if (good && setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    for (size_t i = 0; good && i < ARRAY_LEN(groups); i++)
        good = setsockopt(w->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
                          sizeof(groups[i])) == 0;
    int e = errno;
    if (good) {
        int r = sd_event_add_io(event, &w->source, w->fd, EPOLLIN, on_readable, w);
        good = r >= 0;
        e = -r;
    }
    if (!good) {
        net_watch_destroy(w);
        return error_set_errno(err, AREA_NETWORK, e, "cannot watch the network's changes");
    }
    *ret = w;
    return 0;
}

void net_watch_destroy(struct net_watch *w)
{
    if (!w)
        return;
    w->source = sd_event_source_disable_unref(w->source);
    if (w->delivering) {
        w->dead = true;
        return;
    }
    if (w->fd >= 0)
        close(w->fd);
    free(w);
}
