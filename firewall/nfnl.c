// SPDX-License-Identifier: GPL-2.0-or-later
#include "firewall/nfnl.h"
#include "base/alloc.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

enum { RECEIVE_SIZE = 64 * 1024, COMMENT_TYPE = 0, COMMENT_SIZE = 256 };

struct nfnl {
    struct nl_sock *sock;
    struct nl_cb *cb;
    nfnl_chain_fn on_chain;
    nfnl_rule_fn on_rule;
    void *arg;
    int result;
    bool ended;
    bool broken; // an answer was not read to its end: the socket must not be used again
};

static uint32_t get_be32(struct nlattr *a)
{
    return a && nla_len(a) >= 4 ? ntohl(nla_get_u32(a)) : 0;
}

// Type, length, value; the comment is a text with its NUL.
static const char *get_comment(struct nlattr *a, char buf[static COMMENT_SIZE])
{
    buf[0] = '\0';
    const uint8_t *p = a ? nla_data(a) : NULL;
    size_t left = a ? (size_t)nla_len(a) : 0;
    while (left >= 2 && left - 2 >= p[1]) {
        if (p[0] == COMMENT_TYPE) {
            memcpy(buf, p + 2, p[1]);
            buf[p[1]] = '\0';
            break;
        }
        left -= 2u + p[1];
        p += 2u + p[1];
    }
    return buf;
}

static const char *get_text(struct nlattr *a)
{
    return a && nla_len(a) > 0 && memchr(nla_data(a), '\0', (size_t)nla_len(a)) ? nla_get_string(a)
                                                                                : "";
}

static void read_chain(struct nfnl *n, struct nlmsghdr *h)
{
    struct nlattr *tb[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];
    struct nfgenmsg *head = nlmsg_data(h);
    if (nlmsg_parse(h, sizeof(*head), tb, NFTA_CHAIN_MAX, NULL) < 0)
        return;
    char comment[COMMENT_SIZE];
    struct nfnl_chain c = {.family = head->nfgen_family,
                           .table = get_text(tb[NFTA_CHAIN_TABLE]),
                           .name = get_text(tb[NFTA_CHAIN_NAME]),
                           .use = get_be32(tb[NFTA_CHAIN_USE]),
                           .comment = get_comment(tb[NFTA_CHAIN_USERDATA], comment)};
    if (tb[NFTA_CHAIN_HOOK] &&
        nla_parse_nested(hook, NFTA_HOOK_MAX, tb[NFTA_CHAIN_HOOK], NULL) >= 0) {
        c.base = true;
        c.hook = get_be32(hook[NFTA_HOOK_HOOKNUM]);
        c.policy_drop = tb[NFTA_CHAIN_POLICY] && get_be32(tb[NFTA_CHAIN_POLICY]) == NF_DROP;
    }
    n->result = n->on_chain(&c, n->arg);
}

static enum nfnl_verdict immediate_verdict(struct nlattr *data)
{
    struct nlattr *tb[NFTA_IMMEDIATE_MAX + 1], *value[NFTA_DATA_MAX + 1];
    struct nlattr *verdict[NFTA_VERDICT_MAX + 1];
    if (!data || nla_parse_nested(tb, NFTA_IMMEDIATE_MAX, data, NULL) < 0 ||
        !tb[NFTA_IMMEDIATE_DATA] ||
        nla_parse_nested(value, NFTA_DATA_MAX, tb[NFTA_IMMEDIATE_DATA], NULL) < 0 ||
        !value[NFTA_DATA_VERDICT] ||
        nla_parse_nested(verdict, NFTA_VERDICT_MAX, value[NFTA_DATA_VERDICT], NULL) < 0 ||
        !verdict[NFTA_VERDICT_CODE])
        return NFNL_OTHER;
    switch ((int)get_be32(verdict[NFTA_VERDICT_CODE])) {
    case NF_DROP:
        return NFNL_DROP;
    case NF_ACCEPT:
        return NFNL_ACCEPT;
    default:
        return NFNL_OTHER;
    }
}

// iptables-nft puts its targets into an expression of their own.
static enum nfnl_verdict target_verdict(struct nlattr *data)
{
    struct nlattr *tb[NFTA_TARGET_MAX + 1];
    if (!data || nla_parse_nested(tb, NFTA_TARGET_MAX, data, NULL) < 0)
        return NFNL_OTHER;
    return str_eq(get_text(tb[NFTA_TARGET_NAME]), "REJECT") ? NFNL_REJECT : NFNL_OTHER;
}

// What iptables-nft says of a rule when it has read it from a file.
static bool comment_match(struct nlattr *data, char comment[static COMMENT_SIZE])
{
    struct nlattr *tb[NFTA_MATCH_MAX + 1];
    if (!data || nla_parse_nested(tb, NFTA_MATCH_MAX, data, NULL) < 0 ||
        !str_eq(get_text(tb[NFTA_MATCH_NAME]), "comment"))
        return false;
    if (tb[NFTA_MATCH_INFO])
        snprintf(comment, COMMENT_SIZE, "%.*s", nla_len(tb[NFTA_MATCH_INFO]),
                 (const char *)nla_data(tb[NFTA_MATCH_INFO]));
    return true;
}

static bool loads_name(struct nlattr *data)
{
    struct nlattr *tb[NFTA_META_MAX + 1];
    if (!data || nla_parse_nested(tb, NFTA_META_MAX, data, NULL) < 0)
        return false;
    uint32_t key = get_be32(tb[NFTA_META_KEY]);
    return key == NFT_META_IIFNAME || key == NFT_META_OIFNAME;
}

static void read_name(struct nlattr *data, struct nfnl_rule *r)
{
    struct nlattr *tb[NFTA_CMP_MAX + 1], *value[NFTA_DATA_MAX + 1];
    if (!data || r->nnames == ARRAY_LEN(r->names) ||
        nla_parse_nested(tb, NFTA_CMP_MAX, data, NULL) < 0 ||
        get_be32(tb[NFTA_CMP_OP]) != NFT_CMP_EQ || !tb[NFTA_CMP_DATA] ||
        nla_parse_nested(value, NFTA_DATA_MAX, tb[NFTA_CMP_DATA], NULL) < 0 ||
        !value[NFTA_DATA_VALUE])
        return;
    struct nfnl_name *name = &r->names[r->nnames];
    name->len = (size_t)nla_len(value[NFTA_DATA_VALUE]);
    if (name->len == 0 || name->len > sizeof(name->text))
        return;
    memcpy(name->text, nla_data(value[NFTA_DATA_VALUE]), name->len);
    r->nnames++;
}

bool nfnl_rule_names(const struct nfnl_rule *rule, const char *interface)
{
    for (unsigned i = 0; i < rule->nnames; i++)
        if (strncmp(rule->names[i].text, interface, rule->names[i].len) == 0)
            return true;
    return false;
}

static void read_expressions(struct nlattr *list, struct nfnl_rule *r,
                             char comment[static COMMENT_SIZE])
{
    r->unconditional = true;
    struct nlattr *e;
    bool name_loaded = false;
    int left;
    if (!list)
        return;
    nla_for_each_nested(e, list, left)
    {
        struct nlattr *tb[NFTA_EXPR_MAX + 1];
        if (nla_parse_nested(tb, NFTA_EXPR_MAX, e, NULL) < 0)
            continue;
        const char *name = get_text(tb[NFTA_EXPR_NAME]);
        struct nlattr *data = tb[NFTA_EXPR_DATA];
        if (name_loaded && str_eq(name, "cmp"))
            read_name(data, r);
        name_loaded = str_eq(name, "meta") && loads_name(data);
        if (str_eq(name, "immediate"))
            r->verdict = immediate_verdict(data);
        else if (str_eq(name, "target"))
            r->verdict = target_verdict(data);
        else if (str_eq(name, "reject"))
            r->verdict = NFNL_REJECT;
        else if (str_eq(name, "match") && comment_match(data, comment))
            continue;
        else if (!str_eq(name, "counter") && !str_eq(name, "log"))
            r->unconditional = false;
    }
}

static void read_rule(struct nfnl *n, struct nlmsghdr *h)
{
    struct nlattr *tb[NFTA_RULE_MAX + 1];
    struct nfgenmsg *head = nlmsg_data(h);
    if (nlmsg_parse(h, sizeof(*head), tb, NFTA_RULE_MAX, NULL) < 0)
        return;
    char comment[COMMENT_SIZE];
    struct nfnl_rule r = {.family = head->nfgen_family,
                          .table = get_text(tb[NFTA_RULE_TABLE]),
                          .chain = get_text(tb[NFTA_RULE_CHAIN]),
                          .comment = get_comment(tb[NFTA_RULE_USERDATA], comment)};
    if (tb[NFTA_RULE_HANDLE] && nla_len(tb[NFTA_RULE_HANDLE]) >= 8)
        r.handle = be64toh(nla_get_u64(tb[NFTA_RULE_HANDLE]));
    read_expressions(tb[NFTA_RULE_EXPRESSIONS], &r, comment);
    n->result = n->on_rule(&r, n->arg);
}

static int on_valid(struct nl_msg *msg, void *arg)
{
    struct nfnl *n = arg;
    struct nlmsghdr *h = nlmsg_hdr(msg);
    if (n->result != 0 || h->nlmsg_len < NLMSG_HDRLEN + sizeof(struct nfgenmsg))
        return NL_OK;
    if (h->nlmsg_type == ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN) && n->on_chain)
        read_chain(n, h);
    else if (h->nlmsg_type == ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE) && n->on_rule)
        read_rule(n, h);
    return NL_OK;
}

static int on_end(struct nl_msg *msg, void *arg)
{
    (void)msg;
    ((struct nfnl *)arg)->ended = true;
    return NL_STOP;
}

// The rules changed during the dump: a notification follows, upon which the caller reads them
// again.
static int on_interrupted(struct nl_msg *msg, void *arg)
{
    (void)msg;
    (void)arg;
    return NL_OK;
}

static int on_error(struct sockaddr_nl *peer, struct nlmsgerr *e, void *arg)
{
    (void)peer;
    struct nfnl *n = arg;
    n->ended = true;
    n->result = e->error;
    return NL_STOP;
}

int nfnl_open(struct nfnl **ret, struct error *err)
{
    struct nfnl *n = NEW(struct nfnl);
    n->sock = nl_socket_alloc();
    n->cb = nl_cb_alloc(NL_CB_DEFAULT);
    int r = n->sock && n->cb ? nl_connect(n->sock, NETLINK_NETFILTER) : -NLE_NOMEM;
    if (r < 0) {
        nfnl_close(n);
        return error_set(err, ERROR_SYSTEM, AREA_FIREWALL,
                         "cannot open a netfilter netlink socket: %s", nl_geterror(r));
    }
    nl_socket_set_msg_buf_size(n->sock, RECEIVE_SIZE);
    nl_cb_set(n->cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, n);
    nl_cb_set(n->cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, n);
    nl_cb_set(n->cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, n);
    nl_cb_set(n->cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, n);
    nl_cb_err(n->cb, NL_CB_CUSTOM, on_error, n);
    *ret = n;
    return 0;
}

void nfnl_close(struct nfnl *n)
{
    if (!n)
        return;
    if (n->cb)
        nl_cb_put(n->cb);
    if (n->sock)
        nl_socket_free(n->sock);
    free(n);
}

static int dump(struct nfnl *n, struct nl_msg *msg)
{
    n->result = 0;
    n->ended = false;
    if (n->broken) {
        nl_close(n->sock);
        n->broken = nl_connect(n->sock, NETLINK_NETFILTER) < 0;
    }
    errno = 0;
    int r = nl_send_auto(n->sock, msg);
    nlmsg_free(msg);
    if (r < 0)
        return errno ? -errno : -EIO;
    while (!n->ended) {
        errno = 0;
        r = nl_recvmsgs(n->sock, n->cb);
        n->broken = r < 0 && !n->ended;
        if (n->broken)
            return errno ? -errno : -EIO;
    }
    return n->result;
}

static struct nl_msg *request(int type, uint8_t family)
{
    struct nl_msg *msg = nlmsg_alloc();
    struct nfgenmsg head = {.nfgen_family = family, .version = NFNETLINK_V0};
    if (!msg ||
        !nlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, (NFNL_SUBSYS_NFTABLES << 8) | type, 0,
                   NLM_F_DUMP) ||
        nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) < 0)
        abort(); // out of memory
    return msg;
}

static int dump_error(int r, const char *what, struct error *err)
{
    const char *remedy = r == -EPERM ? ": this needs CAP_NET_ADMIN in the network namespace"
                         : r == -EINVAL || r == -EOPNOTSUPP ? ": the kernel lacks nf_tables"
                                                            : "";
    error_set(err, ERROR_SYSTEM, AREA_FIREWALL, "cannot list the %s of nftables: %s%s", what,
              strerror(-r), remedy);
    if (err)
        err->sys_errno = -r;
    return -1;
}

int nfnl_each_chain(struct nfnl *n, nfnl_chain_fn fn, void *arg, struct error *err)
{
    n->on_chain = fn;
    n->on_rule = NULL;
    n->arg = arg;
    int r = dump(n, request(NFT_MSG_GETCHAIN, NFPROTO_UNSPEC));
    return r < 0 ? dump_error(r, "chains", err) : r;
}

int nfnl_each_rule(struct nfnl *n, uint8_t family, const char *table, const char *chain,
                   nfnl_rule_fn fn, void *arg, struct error *err)
{
    n->on_rule = fn;
    n->on_chain = NULL;
    n->arg = arg;
    struct nl_msg *msg = request(NFT_MSG_GETRULE, family);
    if (nla_put_string(msg, NFTA_RULE_TABLE, table) < 0 ||
        (chain && nla_put_string(msg, NFTA_RULE_CHAIN, chain) < 0))
        abort();
    int r = dump(n, msg);
    if (r == -ENOENT) // gone meanwhile
        return 0;
    return r < 0 ? dump_error(r, "rules", err) : r;
}
