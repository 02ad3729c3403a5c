// SPDX-License-Identifier: GPL-2.0-or-later
#include "bridge/neigh.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

struct dump {
    int index;
    struct neighbour_vec *ret;
};

static int on_neighbour(struct nlmsghdr *h, void *arg)
{
    struct dump *d = arg;
    struct nlattr *tb[NDA_MAX + 1];
    struct ndmsg *head = nlmsg_data(h);
    if (h->nlmsg_type != RTM_NEWNEIGH || nlmsg_parse(h, sizeof(*head), tb, NDA_MAX, NULL) < 0 ||
        (head->ndm_family != AF_INET && head->ndm_family != AF_INET6) ||
        (d->index && d->index != head->ndm_ifindex) ||
        (head->ndm_state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP)))
        return 0;
    struct neighbour n = {.index = head->ndm_ifindex, .ip.family = head->ndm_family};
    if (!tb[NDA_DST] || nla_len(tb[NDA_DST]) != (int)ip_bytes(&n.ip) || !tb[NDA_LLADDR] ||
        nla_len(tb[NDA_LLADDR]) != MAC_SIZE)
        return 0;
    memcpy(n.ip.b, nla_data(tb[NDA_DST]), ip_bytes(&n.ip));
    memcpy(n.mac, nla_data(tb[NDA_LLADDR]), MAC_SIZE);
    vec_push(d->ret, n);
    return 0;
}

int neighbour_list(struct netlink *nl, int index, struct neighbour_vec *ret, struct error *err)
{
    struct dump d = {.index = index, .ret = ret};
    struct ndmsg head = {.ndm_ifindex = index};
    struct nl_msg *msg = netlink_message(RTM_GETNEIGH, NLM_F_DUMP, &head, sizeof(head));
    int r = netlink_call(nl, msg, on_neighbour, &d);
    return r < 0 ? netlink_error(nl, err, r, "cannot list the neighbours") : 0;
}
