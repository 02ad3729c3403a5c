// SPDX-License-Identifier: GPL-2.0-or-later
#include "bridge/bridge.h"
#include "base/str.h"
#include "bridge/addr.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

enum { MS_PER_TICK = 10, STP_DELAY_MIN_MS = 2000 };

// vlan: set vlan_filtering; a kernel without it refuses the attribute even when its value is 0.
static void put_options(struct nl_msg *msg, const struct bridge_options *o, bool vlan)
{
    // With STP on the kernel refuses what is below its minimum instead of raising it.
    uint32_t delay = o->forward_delay_ms;
    if (o->stp && delay < STP_DELAY_MIN_MS)
        delay = STP_DELAY_MIN_MS;
    struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);
    netlink_put_text(msg, IFLA_INFO_KIND, "bridge");
    struct nlattr *data = nla_nest_start(msg, IFLA_INFO_DATA);
    netlink_put_u32(msg, IFLA_BR_FORWARD_DELAY, delay / MS_PER_TICK);
    netlink_put_u32(msg, IFLA_BR_STP_STATE, o->stp);
    netlink_put_u32(msg, IFLA_BR_AGEING_TIME, o->ageing_ms / MS_PER_TICK);
    netlink_put_u8(msg, IFLA_BR_MCAST_SNOOPING, o->multicast_snooping);
    if (vlan)
        netlink_put_u8(msg, IFLA_BR_VLAN_FILTERING, o->vlan_filtering);
    nla_nest_end(msg, data);
    nla_nest_end(msg, info);
}

static int send_config(struct netlink *nl, int flags, int index, const struct bridge_config *c,
                       bool vlan)
{
    struct ifinfomsg head = {.ifi_index = index};
    struct nl_msg *msg = netlink_message(RTM_NEWLINK, flags, &head, sizeof(head));
    if (!index)
        netlink_put_text(msg, IFLA_IFNAME, c->name);
    if (c->mac)
        netlink_put(msg, IFLA_ADDRESS, c->mac, MAC_SIZE);
    if (c->mtu && index)
        netlink_put_u32(msg, IFLA_MTU, c->mtu);
    put_options(msg, &c->options, vlan);
    return netlink_call(nl, msg, NULL, NULL);
}

static int config_error(struct netlink *nl, const struct bridge_config *c, int r, const char *verb,
                        struct error *err)
{
    netlink_error(nl, err, r, "cannot %s bridge '%s'", verb, c->name);
    if (r == -EOPNOTSUPP && c->options.vlan_filtering)
        error_prefix(err, "this kernel's bridges know no VLANs (CONFIG_BRIDGE_VLAN_FILTERING)");
    return -1;
}

// A bridge follows the MTU of its ports unless its own was changed once; giving it at creation or
// the same value again is no change.
static int fix_mtu(struct netlink *nl, const struct link *l, uint32_t mtu, struct error *err)
{
    struct link_change other = {.mtu = mtu - 1}, wanted = {.mtu = mtu};
    if (l->mtu == mtu && link_change(nl, l->index, l->name, &other, err) < 0)
        return -1;
    return link_change(nl, l->index, l->name, &wanted, err);
}

int bridge_create(struct netlink *nl, const struct bridge_config *c, int *index, struct error *err)
{
    if (link_name_check(c->name, err) < 0)
        return -1;
    int r = send_config(nl, NLM_F_CREATE | NLM_F_EXCL, 0, c, c->options.vlan_filtering);
    struct link l;
    if (r == -EEXIST && link_find(nl, c->name, &l, NULL) == 0) {
        AUTO_FREE char *what = bridge_describe(nl, &l);
        return error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                         "cannot create bridge '%s': the name is taken by %s; choose another "
                         "name or delete that one ('ip link delete %s')",
                         c->name, what, c->name);
    }
    if (r < 0)
        return config_error(nl, c, r, "create", err);
    r = link_find(nl, c->name, &l, err);
    if (r < 0)
        return r == -1 ? -1 : netlink_error(nl, err, r, "bridge '%s' is gone again", c->name);
    if (index)
        *index = l.index;
    if (!c->mtu || fix_mtu(nl, &l, c->mtu, err) == 0)
        return 0;
    link_delete_blocking(c->name, NULL); // slow, but an impossible MTU is rare
    return -1;
}

int bridge_update(struct netlink *nl, const struct bridge_config *c, struct error *err)
{
    struct link l;
    int r = link_find(nl, c->name, &l, err);
    if (r == -ENODEV)
        return netlink_error(nl, err, r, "cannot change bridge '%s'", c->name);
    if (r < 0)
        return -1;
    if (strcmp(l.kind, "bridge") != 0) {
        AUTO_FREE char *what = bridge_describe(nl, &l);
        return error_set(err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                         "cannot use '%s' as a bridge: it is %s", c->name, what);
    }
    r = send_config(nl, 0, l.index, c, c->options.vlan_filtering != l.bridge.vlan_filtering);
    return r < 0 ? config_error(nl, c, r, "change", err) : 0;
}

static bool describe_addresses(struct strbuf *b, const struct address_vec *addrs)
{
    const char *before = " with address ";
    for (const struct address *a = addrs->v; addrs->n && a < addrs->v + addrs->n; a++) {
        if (a->scope == ADDRESS_SCOPE_LINK)
            continue;
        char text[IP_TEXT_SIZE];
        strbuf_printf(b, "%s%s", before, ip_prefix_format(&a->prefix, text));
        before = ", ";
    }
    return *before == ',';
}

char *bridge_describe(struct netlink *nl, const struct link *l)
{
    AUTO_STRBUF b = {0};
    if (strcmp(l->kind, "bridge") == 0)
        strbuf_add(&b, "a bridge");
    else if (strcmp(l->kind, "tun") == 0)
        strbuf_add(&b, "a tap or tun interface");
    else if (l->flags & IFF_LOOPBACK)
        strbuf_add(&b, "the loopback interface");
    else
        strbuf_printf(&b, "%s %s interface", strchr("aeiou", l->kind[0]) && l->kind[0] ? "an" : "a",
                      l->kind[0] ? l->kind : "hardware");
    struct address_vec addrs = {0};
    bool has_address =
        address_list(nl, l->index, &addrs, NULL) == 0 && describe_addresses(&b, &addrs);
    vec_finish(&addrs);
    struct link_vec links = {0};
    size_t ports = 0;
    if (strcmp(l->kind, "bridge") == 0 && link_list(nl, &links, NULL) == 0) {
        VEC_FOREACH (other, &links)
            ports += other->master == l->index;
        strbuf_printf(&b, " %s %zu port%s", has_address ? "and" : "with", ports,
                      ports == 1 ? "" : "s");
    }
    vec_finish(&links);
    return strbuf_steal(&b);
}

int bridge_check_vlans(struct netlink *nl, const char *name, struct error *err)
{
    struct link l;
    int r = link_find(nl, name, &l, err);
    if (r == -ENODEV)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK, "there is no bridge '%s'",
                         name);
    if (r < 0 || l.bridge.vlan_filtering)
        return r < 0 ? -1 : 0;
    return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_NETWORK,
                     "bridge '%s' does not filter VLANs; switch that on ('ip link set %s type "
                     "bridge vlan_filtering 1'), or remove the <vlan>",
                     name, name);
}
