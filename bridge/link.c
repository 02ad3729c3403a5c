// SPDX-License-Identifier: GPL-2.0-or-later
#include "bridge/link.h"
#include "base/str.h"

#include <ctype.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>

// The kernel counts bridge times in USER_HZ.
enum { MS_PER_TICK = 10, SHOWN_MAX = 64 };

bool link_name_valid(const char *name, bool pattern)
{
    size_t n = strlen(name);
    if (n == 0 || n >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    bool numbered = false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c <= ' ' || c == 0x7f || c == '/' || c == ':' || c == '"' || c == '\\')
            return false;
        if (c != '%')
            continue;
        if (!pattern || numbered || name[i + 1] != 'd')
            return false;
        numbered = true;
    }
    return true;
}

int link_name_check(const char *name, struct error *err)
{
    if (link_name_valid(name, false))
        return 0;
    size_t n = strlen(name);
    AUTO_FREE char *shown = str_printable(name, n < SHOWN_MAX ? n : SHOWN_MAX);
    return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                     "'%s' is not a valid name of a network interface: 1 to %d characters, "
                     "without spaces and / : %% \" \\",
                     shown, IFNAMSIZ - 1);
}

int mac_parse(const char *text, uint8_t ret[static MAC_SIZE])
{
    uint8_t mac[MAC_SIZE];
    for (int i = 0; i < MAC_SIZE; i++) {
        const char *p = text + i * 3;
        if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]) ||
            p[2] != (i == MAC_SIZE - 1 ? '\0' : ':'))
            return -EINVAL;
        char digits[3] = {p[0], p[1], '\0'};
        mac[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    memcpy(ret, mac, MAC_SIZE);
    return 0;
}

const char *mac_format(const uint8_t mac[static MAC_SIZE], char buf[static MAC_TEXT_SIZE])
{
    snprintf(buf, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
             mac[4], mac[5]);
    return buf;
}

// Attributes shorter than what they should hold count as absent.
static bool has(struct nlattr *a, size_t size)
{
    return a && (size_t)nla_len(a) >= size;
}

static void read_bridge(struct nlattr *data, struct bridge_options *b)
{
    struct nlattr *tb[IFLA_BR_MAX + 1];
    if (!data || nla_parse_nested(tb, IFLA_BR_MAX, data, NULL) < 0)
        return;
    if (has(tb[IFLA_BR_STP_STATE], 4))
        b->stp = nla_get_u32(tb[IFLA_BR_STP_STATE]) != 0;
    if (has(tb[IFLA_BR_FORWARD_DELAY], 4))
        b->forward_delay_ms = nla_get_u32(tb[IFLA_BR_FORWARD_DELAY]) * MS_PER_TICK;
    if (has(tb[IFLA_BR_AGEING_TIME], 4))
        b->ageing_ms = nla_get_u32(tb[IFLA_BR_AGEING_TIME]) * MS_PER_TICK;
    if (has(tb[IFLA_BR_MCAST_SNOOPING], 1))
        b->multicast_snooping = nla_get_u8(tb[IFLA_BR_MCAST_SNOOPING]) != 0;
    if (has(tb[IFLA_BR_VLAN_FILTERING], 1))
        b->vlan_filtering = nla_get_u8(tb[IFLA_BR_VLAN_FILTERING]) != 0;
}

static bool is_passthrough(struct nlattr *data)
{
    struct nlattr *tb[IFLA_MACVLAN_MAX + 1];
    return data && nla_parse_nested(tb, IFLA_MACVLAN_MAX, data, NULL) >= 0 &&
           has(tb[IFLA_MACVLAN_MODE], 4) &&
           nla_get_u32(tb[IFLA_MACVLAN_MODE]) == MACVLAN_MODE_PASSTHRU;
}

static void read_info(struct nlattr *info, struct link *l)
{
    struct nlattr *tb[IFLA_INFO_MAX + 1];
    if (!info || nla_parse_nested(tb, IFLA_INFO_MAX, info, NULL) < 0)
        return;
    if (tb[IFLA_INFO_KIND])
        nla_strlcpy(l->kind, tb[IFLA_INFO_KIND], sizeof(l->kind));
    if (strcmp(l->kind, "bridge") == 0)
        read_bridge(tb[IFLA_INFO_DATA], &l->bridge);
    if (strcmp(l->kind, "macvtap") == 0 || strcmp(l->kind, "macvlan") == 0)
        l->passthrough = is_passthrough(tb[IFLA_INFO_DATA]);
    struct nlattr *port[IFLA_BRPORT_MAX + 1];
    if (tb[IFLA_INFO_SLAVE_KIND] && nla_strcmp(tb[IFLA_INFO_SLAVE_KIND], "bridge") == 0 &&
        tb[IFLA_INFO_SLAVE_DATA] &&
        nla_parse_nested(port, IFLA_BRPORT_MAX, tb[IFLA_INFO_SLAVE_DATA], NULL) >= 0 &&
        has(port[IFLA_BRPORT_ISOLATED], 1))
        l->isolated = nla_get_u8(port[IFLA_BRPORT_ISOLATED]) != 0;
}

int link_from_message(struct nlmsghdr *h, struct link *ret)
{
    struct nlattr *tb[IFLA_MAX + 1];
    struct ifinfomsg *head = nlmsg_data(h);
    if (nlmsg_parse(h, sizeof(*head), tb, IFLA_MAX, NULL) < 0 || !tb[IFLA_IFNAME])
        return -EINVAL;
    struct link l = {.index = head->ifi_index, .flags = head->ifi_flags};
    nla_strlcpy(l.name, tb[IFLA_IFNAME], sizeof(l.name));
    if (tb[IFLA_ADDRESS] && nla_len(tb[IFLA_ADDRESS]) == MAC_SIZE) {
        l.has_mac = true;
        memcpy(l.mac, nla_data(tb[IFLA_ADDRESS]), MAC_SIZE);
    }
    if (has(tb[IFLA_MTU], 4))
        l.mtu = nla_get_u32(tb[IFLA_MTU]);
    if (has(tb[IFLA_MASTER], 4))
        l.master = (int)nla_get_u32(tb[IFLA_MASTER]);
    if (has(tb[IFLA_LINK], 4))
        l.lower = (int)nla_get_u32(tb[IFLA_LINK]);
    // Newer kernels append fields; the first eight are those we show.
    struct rtnl_link_stats64 s = {0};
    if (has(tb[IFLA_STATS64], 8 * sizeof(uint64_t))) {
        size_t n = (size_t)nla_len(tb[IFLA_STATS64]);
        memcpy(&s, nla_data(tb[IFLA_STATS64]), n < sizeof(s) ? n : sizeof(s));
    }
    l.stats = (struct link_stats){.rx_bytes = s.rx_bytes,
                                  .rx_packets = s.rx_packets,
                                  .rx_errors = s.rx_errors,
                                  .rx_dropped = s.rx_dropped,
                                  .tx_bytes = s.tx_bytes,
                                  .tx_packets = s.tx_packets,
                                  .tx_errors = s.tx_errors,
                                  .tx_dropped = s.tx_dropped};
    read_info(tb[IFLA_LINKINFO], &l);
    *ret = l;
    return 0;
}

static int on_link(struct nlmsghdr *h, void *arg)
{
    return h->nlmsg_type == RTM_NEWLINK ? link_from_message(h, arg) : 0;
}

static int on_each_link(struct nlmsghdr *h, void *arg)
{
    struct link_vec *links = arg;
    struct link l;
    if (h->nlmsg_type == RTM_NEWLINK && link_from_message(h, &l) == 0)
        vec_push(links, l);
    return 0;
}

static int find(struct netlink *nl, int index, const char *name, struct link *ret,
                struct error *err)
{
    struct ifinfomsg head = {.ifi_index = index};
    struct nl_msg *msg = netlink_message(RTM_GETLINK, 0, &head, sizeof(head));
    if (name)
        netlink_put_text(msg, IFLA_IFNAME, name);
    int r = netlink_call(nl, msg, on_link, ret);
    if (r == -ENODEV || r == 0)
        return r;
    if (name)
        return netlink_error(nl, err, r, "cannot look up interface '%s'", name);
    return netlink_error(nl, err, r, "cannot look up interface number %d", index);
}

int link_find(struct netlink *nl, const char *name, struct link *ret, struct error *err)
{
    // What the kernel would refuse or cut short names nothing.
    return link_name_valid(name, false) ? find(nl, 0, name, ret, err) : -ENODEV;
}

int link_find_index(struct netlink *nl, int index, struct link *ret, struct error *err)
{
    return index > 0 ? find(nl, index, NULL, ret, err) : -ENODEV;
}

int link_list(struct netlink *nl, struct link_vec *ret, struct error *err)
{
    struct ifinfomsg head = {0};
    struct nl_msg *msg = netlink_message(RTM_GETLINK, NLM_F_DUMP, &head, sizeof(head));
    int r = netlink_call(nl, msg, on_each_link, ret);
    return r < 0 ? netlink_error(nl, err, r, "cannot list network interfaces") : 0;
}

int link_change(struct netlink *nl, int index, const char *name, const struct link_change *c,
                struct error *err)
{
    struct ifinfomsg head = {.ifi_index = index};
    if (c->set_up) {
        head.ifi_change = IFF_UP;
        head.ifi_flags = c->up ? IFF_UP : 0;
    }
    struct nl_msg *msg = netlink_message(RTM_NEWLINK, 0, &head, sizeof(head));
    if (c->mac)
        netlink_put(msg, IFLA_ADDRESS, c->mac, MAC_SIZE);
    if (c->mtu)
        netlink_put_u32(msg, IFLA_MTU, c->mtu);
    if (c->set_master)
        netlink_put_u32(msg, IFLA_MASTER, (uint32_t)c->master);
    if (c->alias)
        netlink_put_text(msg, IFLA_IFALIAS, c->alias);
    int r = netlink_call(nl, msg, NULL, NULL);
    return r < 0 ? netlink_error(nl, err, r, "cannot change interface '%s'", name) : 0;
}

static int set_isolated(struct netlink *nl, int index, bool isolated)
{
    struct ifinfomsg head = {.ifi_family = AF_BRIDGE, .ifi_index = index};
    struct nl_msg *msg = netlink_message(RTM_SETLINK, 0, &head, sizeof(head));
    struct nlattr *port = nla_nest_start(msg, IFLA_PROTINFO | NLA_F_NESTED);
    netlink_put_u8(msg, IFLA_BRPORT_ISOLATED, isolated);
    nla_nest_end(msg, port);
    return netlink_call(nl, msg, NULL, NULL);
}

static int set_only_mac(struct netlink *nl, int index, const uint8_t mac[static MAC_SIZE])
{
    struct ifinfomsg head = {.ifi_family = AF_BRIDGE, .ifi_index = index};
    struct nl_msg *msg = netlink_message(RTM_SETLINK, 0, &head, sizeof(head));
    struct nlattr *port = nla_nest_start(msg, IFLA_PROTINFO | NLA_F_NESTED);
    netlink_put_u8(msg, IFLA_BRPORT_LEARNING, 0);
    netlink_put_u8(msg, IFLA_BRPORT_UNICAST_FLOOD, 0);
    nla_nest_end(msg, port);
    int r = netlink_call(nl, msg, NULL, NULL);
    if (r < 0)
        return r;
    struct ndmsg entry = {.ndm_family = AF_BRIDGE,
                          .ndm_ifindex = index,
                          .ndm_state = NUD_NOARP, // for ever
                          .ndm_flags = NTF_MASTER};
    msg = netlink_message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &entry, sizeof(entry));
    netlink_put(msg, NDA_LLADDR, mac, MAC_SIZE);
    return netlink_call(nl, msg, NULL, NULL);
}

static void put_vlan(struct nl_msg *msg, uint16_t id, uint16_t flags)
{
    struct bridge_vlan_info v = {.vid = id, .flags = flags};
    netlink_put(msg, IFLA_BRIDGE_VLAN_INFO, &v, sizeof(v));
}

static int set_vlans(struct netlink *nl, int index, const struct port_change *c)
{
    struct ifinfomsg head = {.ifi_family = AF_BRIDGE, .ifi_index = index};
    struct nl_msg *msg = netlink_message(RTM_SETLINK, 0, &head, sizeof(head));
    struct nlattr *spec = nla_nest_start(msg, IFLA_AF_SPEC);
    put_vlan(msg, c->vlan, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
    for (size_t i = 0; i < c->ntrunk; i++)
        put_vlan(msg, c->trunk[i], 0);
    nla_nest_end(msg, spec);
    int r = netlink_call(nl, msg, NULL, NULL);
    if (r < 0 || c->vlan == 1)
        return r;
    // Every new port is in VLAN 1.
    msg = netlink_message(RTM_DELLINK, 0, &head, sizeof(head));
    spec = nla_nest_start(msg, IFLA_AF_SPEC);
    put_vlan(msg, 1, 0);
    nla_nest_end(msg, spec);
    r = netlink_call(nl, msg, NULL, NULL);
    return r == -ENOENT ? 0 : r;
}

int link_change_port(struct netlink *nl, int index, const char *name, const struct port_change *c,
                     struct error *err)
{
    enum { VLAN_MAX = 4094, TRUNK_MAX = 512 };
    bool valid = c->vlan <= VLAN_MAX && c->ntrunk <= TRUNK_MAX && (c->vlan || !c->ntrunk);
    for (size_t i = 0; valid && i < c->ntrunk; i++)
        valid = c->trunk[i] > 0 && c->trunk[i] <= VLAN_MAX;
    if (!valid)
        return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                         "cannot put port '%s' into its VLANs: they are numbered 1 to %d, at most "
                         "%d of them, with one untagged",
                         name, VLAN_MAX, TRUNK_MAX);
    int r = c->set_isolated ? set_isolated(nl, index, c->isolated) : 0;
    if (r < 0)
        return netlink_error(nl, err, r, "cannot set the isolation of bridge port '%s'", name);
    r = c->vlan ? set_vlans(nl, index, c) : 0;
    if (r < 0)
        return netlink_error(nl, err, r, "cannot put bridge port '%s' into VLAN %u", name, c->vlan);
    r = c->only_mac ? set_only_mac(nl, index, c->only_mac) : 0;
    if (r < 0)
        return netlink_error(nl, err, r, "cannot fix the address behind bridge port '%s'", name);
    return 0;
}

int link_delete_blocking(const char *name, struct error *err)
{
    struct netlink *nl;
    if (link_name_check(name, err) < 0 || netlink_open(&nl, err) < 0)
        return -1;
    struct ifinfomsg head = {0};
    struct nl_msg *msg = netlink_message(RTM_DELLINK, 0, &head, sizeof(head));
    netlink_put_text(msg, IFLA_IFNAME, name);
    int r = netlink_call(nl, msg, NULL, NULL);
    if (r < 0 && r != -ENODEV)
        r = netlink_error(nl, err, r, "cannot delete interface '%s'", name);
    else
        r = 0;
    netlink_close(nl);
    return r;
}

struct deletion {
    const char *name;
    struct error *err;
    int result;
};

static void delete_on_thread(void *arg)
{
    struct deletion *d = arg;
    d->result = link_delete_blocking(d->name, d->err);
}

int link_delete(struct task *t, const char *name, struct error *err)
{
    struct deletion d = {.name = name, .err = err};
    task_offload(t, delete_on_thread, &d);
    return d.result;
}
