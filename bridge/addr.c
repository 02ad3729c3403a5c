// SPDX-License-Identifier: GPL-2.0-or-later
#include "bridge/addr.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

static struct ip_addr read_addr(int family, struct nlattr *a)
{
    struct ip_addr ip = {.family = family};
    if (!a || nla_len(a) < (int)ip_bytes(&ip))
        return (struct ip_addr){0};
    memcpy(ip.b, nla_data(a), ip_bytes(&ip));
    return ip;
}

int address_from_message(struct nlmsghdr *h, struct address *ret)
{
    struct nlattr *tb[IFA_MAX + 1];
    struct ifaddrmsg *head = nlmsg_data(h);
    if (nlmsg_parse(h, sizeof(*head), tb, IFA_MAX, NULL) < 0 ||
        (head->ifa_family != AF_INET && head->ifa_family != AF_INET6))
        return -EINVAL;
    uint32_t flags = head->ifa_flags;
    if (tb[IFA_FLAGS] && nla_len(tb[IFA_FLAGS]) >= 4)
        flags = nla_get_u32(tb[IFA_FLAGS]);
    struct ip_addr local = read_addr(head->ifa_family, tb[IFA_LOCAL]);
    struct ip_addr address = read_addr(head->ifa_family, tb[IFA_ADDRESS]);
    *ret = (struct address){
        .index = (int)head->ifa_index,
        .prefix = {.addr = local.family ? local : address, .len = head->ifa_prefixlen},
        .scope = head->ifa_scope,
        .tentative = (flags & IFA_F_TENTATIVE) != 0,
        .duplicate = (flags & IFA_F_DADFAILED) != 0};
    if (local.family && address.family && ip_compare(&local, &address) != 0)
        ret->peer = address;
    return ret->prefix.addr.family ? 0 : -EINVAL;
}

struct address_dump {
    int index;
    struct address_vec *ret;
};

static int on_address(struct nlmsghdr *h, void *arg)
{
    struct address_dump *d = arg;
    struct address a;
    if (h->nlmsg_type == RTM_NEWADDR && address_from_message(h, &a) == 0 &&
        (d->index == 0 || d->index == a.index))
        vec_push(d->ret, a);
    return 0;
}

int address_list(struct netlink *nl, int index, struct address_vec *ret, struct error *err)
{
    struct address_dump d = {.index = index, .ret = ret};
    struct ifaddrmsg head = {.ifa_index = (unsigned)index};
    struct nl_msg *msg = netlink_message(RTM_GETADDR, NLM_F_DUMP, &head, sizeof(head));
    int r = netlink_call(nl, msg, on_address, &d);
    return r < 0 ? netlink_error(nl, err, r, "cannot list network addresses") : 0;
}

static int change(struct netlink *nl, int type, int flags, int index, const struct ip_prefix *p,
                  uint32_t ifa_flags)
{
    struct ifaddrmsg head = {.ifa_family = (uint8_t)p->addr.family,
                             .ifa_prefixlen = p->len,
                             .ifa_index = (unsigned)index};
    struct nl_msg *msg = netlink_message(type, flags, &head, sizeof(head));
    netlink_put(msg, IFA_LOCAL, p->addr.b, ip_bytes(&p->addr));
    netlink_put(msg, IFA_ADDRESS, p->addr.b, ip_bytes(&p->addr));
    if (ifa_flags)
        netlink_put_u32(msg, IFA_FLAGS, ifa_flags);
    if (type == RTM_NEWADDR && p->addr.family == AF_INET && p->len < 31) {
        uint32_t broadcast;
        memcpy(&broadcast, p->addr.b, 4);
        broadcast |= htonl((uint32_t)(0xffffffffull >> p->len));
        netlink_put(msg, IFA_BROADCAST, &broadcast, 4);
    }
    return netlink_call(nl, msg, NULL, NULL);
}

static bool prefix_usable(const struct ip_prefix *p)
{
    return p->addr.family && p->len > 0 && p->len <= ip_bits(&p->addr);
}

int address_add(struct netlink *nl, int index, const char *name, const struct ip_prefix *p,
                bool nodad, struct error *err)
{
    char text[IP_TEXT_SIZE];
    if (!prefix_usable(p))
        return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                         "cannot add address '%s' to interface '%s': no valid prefix length",
                         ip_prefix_format(p, text), name);
    uint32_t flags = nodad && p->addr.family == AF_INET6 ? IFA_F_NODAD : 0;
    int r = change(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, p, flags);
    if (r < 0 && r != -EEXIST)
        return netlink_error(nl, err, r, "cannot add address %s to interface '%s'",
                             ip_prefix_format(p, text), name);
    return 0;
}

int address_delete(struct netlink *nl, int index, const char *name, const struct ip_prefix *p,
                   struct error *err)
{
    int r = change(nl, RTM_DELADDR, 0, index, p, 0);
    char text[IP_TEXT_SIZE];
    if (r < 0 && r != -EADDRNOTAVAIL && r != -ENODEV)
        return netlink_error(nl, err, r, "cannot remove address %s from interface '%s'",
                             ip_prefix_format(p, text), name);
    return 0;
}

static int change_route(struct netlink *nl, int type, int flags, const struct route *route)
{
    struct ip_prefix dst = ip_prefix_network(&route->dst);
    struct rtmsg head = {.rtm_family = (uint8_t)dst.addr.family,
                         .rtm_dst_len = dst.len,
                         .rtm_table = RT_TABLE_UNSPEC,
                         .rtm_scope = RT_SCOPE_NOWHERE};
    if (type == RTM_NEWROUTE) {
        head.rtm_protocol = route->protocol ? route->protocol : RTPROT_STATIC;
        head.rtm_scope = route->gateway.family ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
        head.rtm_type = RTN_UNICAST;
    }
    struct nl_msg *msg = netlink_message(type, flags, &head, sizeof(head));
    netlink_put_u32(msg, RTA_TABLE, route->table ? route->table : RT_TABLE_MAIN);
    if (dst.len)
        netlink_put(msg, RTA_DST, dst.addr.b, ip_bytes(&dst.addr));
    if (route->gateway.family)
        netlink_put(msg, RTA_GATEWAY, route->gateway.b, ip_bytes(&route->gateway));
    if (route->index)
        netlink_put_u32(msg, RTA_OIF, (uint32_t)route->index);
    if (route->metric)
        netlink_put_u32(msg, RTA_PRIORITY, route->metric);
    return netlink_call(nl, msg, NULL, NULL);
}

static int route_error(struct netlink *nl, int r, const char *verb, const struct route *route,
                       struct error *err)
{
    char dst[IP_TEXT_SIZE], via[IP_TEXT_SIZE];
    ip_format(&route->gateway, via);
    return netlink_error(nl, err, r, "cannot %s route to %s%s%s", verb,
                         ip_prefix_format(&route->dst, dst), via[0] ? " via " : "", via);
}

int route_add(struct netlink *nl, const struct route *route, struct error *err)
{
    int r = change_route(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route);
    return r < 0 && r != -EEXIST ? route_error(nl, r, "add", route, err) : 0;
}

int route_delete(struct netlink *nl, const struct route *route, struct error *err)
{
    int r = change_route(nl, RTM_DELROUTE, 0, route);
    return r < 0 && r != -ESRCH ? route_error(nl, r, "delete", route, err) : 0;
}

int route_from_message(struct nlmsghdr *h, struct route *ret)
{
    struct nlattr *tb[RTA_MAX + 1];
    struct rtmsg *head = nlmsg_data(h);
    if (nlmsg_parse(h, sizeof(*head), tb, RTA_MAX, NULL) < 0)
        return -EINVAL;
    uint32_t table = head->rtm_table;
    if (tb[RTA_TABLE] && nla_len(tb[RTA_TABLE]) >= 4)
        table = nla_get_u32(tb[RTA_TABLE]);
    if (table != RT_TABLE_MAIN || head->rtm_type != RTN_UNICAST ||
        (head->rtm_flags & RTM_F_CLONED) ||
        (head->rtm_family != AF_INET && head->rtm_family != AF_INET6))
        return -ENOENT;
    *ret = (struct route){.dst = {.addr = {.family = head->rtm_family}, .len = head->rtm_dst_len},
                          .gateway = read_addr(head->rtm_family, tb[RTA_GATEWAY]),
                          .table = table,
                          .protocol = head->rtm_protocol};
    if (tb[RTA_DST])
        ret->dst.addr = read_addr(head->rtm_family, tb[RTA_DST]);
    if (tb[RTA_OIF] && nla_len(tb[RTA_OIF]) >= 4)
        ret->index = (int)nla_get_u32(tb[RTA_OIF]);
    if (tb[RTA_PRIORITY] && nla_len(tb[RTA_PRIORITY]) >= 4)
        ret->metric = nla_get_u32(tb[RTA_PRIORITY]);
    return ret->dst.addr.family ? 0 : -EINVAL;
}

static int on_route(struct nlmsghdr *h, void *arg)
{
    struct route_vec *routes = arg;
    struct route route;
    if (h->nlmsg_type == RTM_NEWROUTE && route_from_message(h, &route) == 0)
        vec_push(routes, route);
    return 0;
}

int route_list(struct netlink *nl, struct route_vec *ret, struct error *err)
{
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        struct rtmsg head = {.rtm_family = (uint8_t)families[i]};
        struct nl_msg *msg = netlink_message(RTM_GETROUTE, NLM_F_DUMP, &head, sizeof(head));
        int r = netlink_call(nl, msg, on_route, ret);
        if (r < 0)
            return netlink_error(nl, err, r, "cannot list routes");
    }
    return 0;
}
