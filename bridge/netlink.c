// SPDX-License-Identifier: GPL-2.0-or-later
#include "bridge/netlink.h"
#include "base/alloc.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>

enum { MESSAGE_SIZE = 8192, RECEIVE_SIZE = 64 * 1024 };

struct netlink {
    struct nl_sock *sock;
    struct nl_cb *cb;
    // The call under way.
    netlink_fn fn;
    void *arg;
    int result;
    bool ended;
    bool broken;    // an answer was not read to its end
    char text[200]; // the kernel's own explanation of the last failure, or ""
};

static int on_valid(struct nl_msg *msg, void *arg)
{
    struct netlink *nl = arg;
    if (nl->fn && nl->result == 0)
        nl->result = nl->fn(nlmsg_hdr(msg), nl->arg);
    return NL_OK;
}

static int on_end(struct nl_msg *msg, void *arg)
{
    struct netlink *nl = arg;
    struct nlmsghdr *h = nlmsg_hdr(msg);
    // A dump that failed half-way says so in its last message.
    if (h->nlmsg_type == NLMSG_DONE && nlmsg_datalen(h) >= (int)sizeof(int) && nl->result == 0) {
        int code;
        memcpy(&code, nlmsg_data(h), sizeof(code));
        nl->result = code;
    }
    nl->ended = true;
    return NL_STOP;
}

static void read_text(struct netlink *nl, struct nlmsgerr *e)
{
    struct nlmsghdr *h = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
    if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
        return;
    size_t skip = sizeof(*e);
    if (!(h->nlmsg_flags & NLM_F_CAPPED))
        skip += e->msg.nlmsg_len - sizeof(e->msg);
    skip = NLMSG_ALIGN(skip);
    if (NLMSG_HDRLEN + skip > h->nlmsg_len)
        return;
    struct nlattr *a = nla_find((struct nlattr *)((char *)e + skip),
                                (int)(h->nlmsg_len - NLMSG_HDRLEN - skip), NLMSGERR_ATTR_MSG);
    if (a)
        nla_strlcpy(nl->text, a, sizeof(nl->text));
}

static int on_error(struct sockaddr_nl *peer, struct nlmsgerr *e, void *arg)
{
    (void)peer;
    struct netlink *nl = arg;
    nl->result = e->error;
    nl->ended = true;
    read_text(nl, e);
    return NL_STOP;
}

int netlink_open(struct netlink **ret, struct error *err)
{
    struct netlink *nl = NEW(struct netlink);
    nl->sock = nl_socket_alloc();
    int r = nl->sock ? nl_connect(nl->sock, NETLINK_ROUTE) : -NLE_NOMEM;
    nl->cb = r < 0 ? NULL : nl_cb_alloc(NL_CB_DEFAULT);
    if (!nl->cb) {
        netlink_close(nl);
        return error_set(err, ERROR_SYSTEM, AREA_NETWORK, "cannot open a route netlink socket: %s",
                         nl_geterror(r < 0 ? r : -NLE_NOMEM));
    }
    int fd = nl_socket_get_fd(nl->sock), on = 1;
    // Optional, as older kernels have neither: texts of failures, and dumps that obey their filter.
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
    nl_socket_set_msg_buf_size(nl->sock, RECEIVE_SIZE);
    nl_cb_set(nl->cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, nl);
    nl_cb_set(nl->cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, nl);
    nl_cb_set(nl->cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, nl);
    nl_cb_err(nl->cb, NL_CB_CUSTOM, on_error, nl);
    *ret = nl;
    return 0;
}

void netlink_close(struct netlink *nl)
{
    if (!nl)
        return;
    if (nl->cb)
        nl_cb_put(nl->cb);
    if (nl->sock)
        nl_socket_free(nl->sock);
    free(nl);
}

int netlink_call(struct netlink *nl, struct nl_msg *msg, netlink_fn fn, void *arg)
{
    nl->fn = fn;
    nl->arg = arg;
    nl->result = 0;
    nl->ended = false;
    nl->text[0] = '\0';
    if (nl->broken) {
        nl_close(nl->sock);
        nl->broken = nl_connect(nl->sock, NETLINK_ROUTE) < 0;
    }
    errno = 0;
    int r = nl_send_auto(nl->sock, msg); // asks for an acknowledgement itself
    nlmsg_free(msg);
    if (r < 0)
        return errno ? -errno : -EIO;
    while (!nl->ended) {
        errno = 0;
        r = nl_recvmsgs(nl->sock, nl->cb);
        nl->broken = r < 0 && !nl->ended;
        if (nl->broken)
            return errno ? -errno : -EIO;
    }
    return nl->result;
}

struct nl_msg *netlink_message(int type, int flags, const void *head, size_t size)
{
    struct nl_msg *msg = nlmsg_alloc_size(MESSAGE_SIZE);
    if (!msg || !nlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags) ||
        nlmsg_append(msg, (void *)head, size, NLMSG_ALIGNTO) < 0)
        abort(); // out of memory
    return msg;
}

void netlink_put(struct nl_msg *msg, int attr, const void *data, size_t size)
{
    if (nla_put(msg, attr, (int)size, data) < 0)
        abort(); // more than MESSAGE_SIZE: a bug in vireod
}

void netlink_put_u8(struct nl_msg *msg, int attr, uint8_t value)
{
    netlink_put(msg, attr, &value, sizeof(value));
}

void netlink_put_u32(struct nl_msg *msg, int attr, uint32_t value)
{
    netlink_put(msg, attr, &value, sizeof(value));
}

void netlink_put_text(struct nl_msg *msg, int attr, const char *text)
{
    netlink_put(msg, attr, text, strlen(text) + 1);
}

int netlink_error(struct netlink *nl, struct error *err, int r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    const char *remedy = r == -EPERM ? ": this needs CAP_NET_ADMIN in the network namespace" : "";
    error_set(err, ERROR_SYSTEM, AREA_NETWORK, "%s: %s%s%s%s", text, strerror(-r),
              nl->text[0] ? ": " : "", nl->text, remedy);
    if (err)
        err->sys_errno = -r;
    return -1;
}
