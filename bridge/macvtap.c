// SPDX-License-Identifier: GPL-2.0-or-later
// How this works
//
// The kernel makes a character device for each macvtap; every opening of it is a queue. Which
// device it is says sysfs, below the macvtap's own directory. A node for it is mostly /dev/tapN, N
// being the interface's number, but numbers are those of a network namespace and /dev is shared
// among those: a tapN may be another namespace's. So the node is checked before it is opened, and
// where there is none that fits one is made for a moment.
#include "bridge/macvtap.h"
#include "base/alloc.h"
#include "base/str.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const struct {
    const char *name;
    uint32_t kernel;
} modes[] = {
    [DIRECT_NONE] = {"vepa", MACVLAN_MODE_VEPA},
    [DIRECT_VEPA] = {"vepa", MACVLAN_MODE_VEPA},
    [DIRECT_PRIVATE] = {"private", MACVLAN_MODE_PRIVATE},
    [DIRECT_BRIDGE] = {"bridge", MACVLAN_MODE_BRIDGE},
    [DIRECT_PASSTHROUGH] = {"passthrough", MACVLAN_MODE_PASSTHRU},
};

// ---- the interface -----------------------------------------------------------------------------

int macvtap_find_conflict(struct netlink *nl, const struct link *lower, bool passthrough,
                          struct link *ret, struct error *err)
{
    struct link_vec links = {0};
    int found = 0;
    if (link_list(nl, &links, err) < 0)
        return -1;
    for (size_t i = 0; i < links.n && !found; i++) {
        const struct link *l = &links.v[i];
        bool above = (str_eq(l->kind, "macvtap") || str_eq(l->kind, "macvlan")) &&
                     l->lower == lower->index && (passthrough || l->passthrough);
        found = above || (lower->master && l->index == lower->master);
        if (found)
            *ret = *l;
    }
    vec_finish(&links);
    return found;
}

static int send_create(struct netlink *nl, const struct macvtap_config *c, int lower)
{
    struct ifinfomsg head = {0};
    struct nl_msg *msg =
        netlink_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
    netlink_put_text(msg, IFLA_IFNAME, c->name);
    netlink_put_u32(msg, IFLA_LINK, (uint32_t)lower);
    netlink_put(msg, IFLA_ADDRESS, c->mac, MAC_SIZE);
    if (c->mtu)
        netlink_put_u32(msg, IFLA_MTU, c->mtu);
    struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);
    netlink_put_text(msg, IFLA_INFO_KIND, "macvtap");
    struct nlattr *data = nla_nest_start(msg, IFLA_INFO_DATA);
    netlink_put_u32(msg, IFLA_MACVLAN_MODE, modes[c->mode].kernel);
    nla_nest_end(msg, data);
    nla_nest_end(msg, info);
    return netlink_call(nl, msg, NULL, NULL);
}

// Its MAC is the guest's, so that the host must not say anything with it: it gets no address of its
// own, about which the kernel would start to talk as soon as it is up.
static int silence(struct netlink *nl, int index)
{
    struct ifinfomsg head = {.ifi_index = index};
    struct nl_msg *msg = netlink_message(RTM_NEWLINK, 0, &head, sizeof(head));
    struct nlattr *spec = nla_nest_start(msg, IFLA_AF_SPEC);
    struct nlattr *inet6 = nla_nest_start(msg, AF_INET6);
    netlink_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    nla_nest_end(msg, inet6);
    nla_nest_end(msg, spec);
    int r = netlink_call(nl, msg, NULL, NULL);
    return r == -EAFNOSUPPORT ? 0 : r; // a host without IPv6 is silent
}

// Up, and open to all groups: which of them the guest wants the kernel doesn't know, and without
// its own (IPv6 asks for addresses by them) the guest would not be found.
//
// In mode passthrough it has begun with the MAC of the interface below. Changing it changes both;
// the kernel puts the other's back when the macvtap is deleted.
static int send_up(struct netlink *nl, const struct macvtap_config *c, int index)
{
    struct ifinfomsg head = {.ifi_index = index,
                             .ifi_flags = IFF_UP | IFF_ALLMULTI,
                             .ifi_change = IFF_UP | IFF_ALLMULTI};
    struct nl_msg *msg = netlink_message(RTM_NEWLINK, 0, &head, sizeof(head));
    netlink_put(msg, IFLA_ADDRESS, c->mac, MAC_SIZE);
    return netlink_call(nl, msg, NULL, NULL);
}

static int send_delete(struct netlink *nl, int index)
{
    struct ifinfomsg head = {.ifi_index = index};
    struct nl_msg *msg = netlink_message(RTM_DELLINK, 0, &head, sizeof(head));
    int r = netlink_call(nl, msg, NULL, NULL);
    return r == -ENODEV ? 0 : r;
}

static int fail(const struct macvtap_config *c, struct error *err, int r, const char *why)
{
    error_set(err, ERROR_SYSTEM, AREA_NETWORK, "cannot create macvtap '%s' on '%s' in mode %s: %s",
              c->name, c->lower, modes[c->mode].name, why);
    if (err)
        err->sys_errno = -r;
    return -1;
}

static int explain(struct netlink *nl, const struct macvtap_config *c, const struct link *lower,
                   int r, char *conflict, struct error *err)
{
    struct link other;
    bool alone = c->mode == DIRECT_PASSTHROUGH;
    if (r == -EEXIST)
        return fail(c, err, r, "an interface of that name is there");
    if (r == -EOPNOTSUPP)
        return fail(c, err, r, "this kernel has no macvtaps; load the module 'macvtap'");
    if ((r == -EBUSY || r == -EINVAL) &&
        macvtap_find_conflict(nl, lower, alone, &other, NULL) == 1) {
        strcpy(conflict, other.name);
        AUTO_FREE char *why =
            other.index == lower->master
                ? xasprintf("that is a port of %s '%s'", other.kind, other.name)
            : alone
                ? xasprintf("it would have to be alone there, and %s '%s' is on it", other.kind,
                            other.name)
                : xasprintf("%s '%s' has it for itself (mode passthrough)", other.kind, other.name);
        return fail(c, err, r, why);
    }
    return netlink_error(nl, err, r, "cannot create macvtap '%s' on '%s' in mode %s", c->name,
                         c->lower, modes[c->mode].name);
}

static int make(struct netlink *nl, const struct macvtap_config *c, struct tap *tap, char *conflict,
                struct error *err)
{
    struct link lower, l;
    if (link_name_check(c->name, err) < 0)
        return -1;
    int r = link_find(nl, c->lower, &lower, err);
    if (r == -ENODEV)
        return fail(c, err, r, "there is no such interface");
    if (r < 0)
        return -1;
    if (c->mtu > lower.mtu) {
        AUTO_FREE char *why =
            xasprintf("its MTU %u is larger than the %u below", c->mtu, lower.mtu);
        return fail(c, err, -EINVAL, why);
    }
    struct link_change up = {.set_up = true, .up = true};
    if (!(lower.flags & IFF_UP) && link_change(nl, lower.index, lower.name, &up, err) < 0)
        return -1;
    r = send_create(nl, c, lower.index);
    if (r < 0)
        return explain(nl, c, &lower, r, conflict, err);
    r = link_find(nl, c->name, &l, err);
    if (r == -ENODEV)
        return fail(c, err, r, "it is gone again");
    if (r < 0)
        return -1;
    strcpy(tap->name, l.name);
    tap->index = l.index;
    r = silence(nl, l.index);
    if (r == 0)
        r = send_up(nl, c, l.index);
    if (r == 0)
        return 0;
    if (r != -EADDRINUSE && r != -EBUSY)
        return explain(nl, c, &lower, r, conflict, err);
    char mac[MAC_TEXT_SIZE];
    AUTO_FREE char *why = xasprintf("'%s', or another macvtap on it, has MAC %s already", c->lower,
                                    mac_format(c->mac, mac));
    return fail(c, err, r, why);
}

// ---- its character device ----------------------------------------------------------------------

// A fresh sysfs shows the interfaces of this network namespace, whatever is mounted at /sys. A
// process that may not mount one (no CAP_SYS_ADMIN) is in a container, which has its own.
static int open_sys(void)
{
    AUTO_CLOSE int fs = fsopen("sysfs", FSOPEN_CLOEXEC);
    if (fs >= 0 && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
        int fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
        if (fd >= 0)
            return fd;
    }
    return open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int find_device(const struct tap *tap, dev_t *ret, struct error *err)
{
    AUTO_CLOSE int sys = open_sys();
    AUTO_FREE char *path = xasprintf("class/net/%s/tap%d/dev", tap->name, tap->index);
    AUTO_CLOSE int fd = openat(sys, path, O_RDONLY | O_CLOEXEC);
    char text[32] = "";
    unsigned major, minor;
    if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
        return error_set_errno(err, AREA_NETWORK, errno,
                               "cannot look up the device of macvtap '%s' in /sys/%s", tap->name,
                               path);
    if (sscanf(text, "%u:%u", &major, &minor) != 2)
        return error_set(err, ERROR_INTERNAL, AREA_NETWORK, "/sys/%s does not name a device", path);
    *ret = makedev(major, minor);
    return 0;
}

static int open_if_it_is(const char *path, dev_t device)
{
    AUTO_CLOSE int at = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    char self[32];
    if (at < 0 || fstat(at, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode) || st.st_rdev != device)
        return -ENXIO;
    snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
    int fd = open(self, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int open_device(const struct tap *tap, dev_t device, struct error *err)
{
    AUTO_FREE char *path = xasprintf("/dev/tap%d", tap->index);
    int fd = open_if_it_is(path, device);
    if (fd >= 0)
        return fd;
    // In /dev, because other places are mostly mounted without devices. One that is there was left
    // by a daemon that was killed here.
    AUTO_FREE char *own = xasprintf("/dev/.vireo-tap%d", tap->index);
    unlink(own);
    fd = mknod(own, S_IFCHR | 0600, device) < 0 ? -errno : open_if_it_is(own, device);
    unlink(own);
    if (fd >= 0)
        return fd;
    const char *remedy =
        fd == -EPERM || fd == -EACCES ? ": this needs CAP_MKNOD and devices allowed to us" : "";
    error_set(
        err, ERROR_SYSTEM, AREA_NETWORK,
        "cannot open macvtap '%s': '%s' is not its device %u:%u, and another node for it cannot "
        "be used: %s%s",
        tap->name, path, major(device), minor(device), strerrordesc_np(-fd), remedy);
    if (err)
        err->sys_errno = -fd;
    return -1;
}

static int open_queues(const struct macvtap_config *c, struct tap *tap, struct error *err)
{
    unsigned queues = c->queues ? c->queues : 1;
    int flags =
        IFF_TAP | IFF_NO_PI | (c->vnet_hdr ? IFF_VNET_HDR : 0) | (queues > 1 ? IFF_MULTI_QUEUE : 0);
    struct ifreq r = {.ifr_flags = (short)flags};
    dev_t device;
    if (find_device(tap, &device, err) < 0)
        return -1;
    while (tap->nfds < queues) {
        int fd = open_device(tap, device, err);
        if (fd < 0)
            return -1;
        tap->fds[tap->nfds++] = fd;
        if (ioctl(fd, TUNSETIFF, &r) < 0)
            return error_set_errno(err, AREA_NETWORK, errno, "cannot set up macvtap '%s'",
                                   tap->name);
    }
    return 0;
}

// ---- on a helper thread ------------------------------------------------------------------------

struct opening {
    const struct macvtap_config *config;
    struct tap *tap;
    char *conflict;
    struct error *err;
    int result;
};

static void open_on_thread(void *arg)
{
    struct opening *o = arg;
    struct netlink *nl;
    struct tap *tap = o->tap;
    o->result = netlink_open(&nl, o->err);
    if (o->result < 0)
        return;
    o->result = make(nl, o->config, tap, o->conflict, o->err);
    if (o->result == 0)
        o->result = open_queues(o->config, tap, o->err);
    if (o->result < 0) {
        while (tap->nfds > 0)
            close(tap->fds[--tap->nfds]);
        if (tap->index)
            (void)send_delete(nl, tap->index);
    }
    netlink_close(nl);
}

int macvtap_open(struct task *t, const struct macvtap_config *c, struct tap *ret,
                 char conflict[static IFNAMSIZ], struct error *err)
{
    conflict[0] = '\0';
    if (c->queues > TAP_QUEUES_MAX)
        return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                         "cannot create macvtap '%s' with %u queues: the kernel allows %d", c->name,
                         c->queues, TAP_QUEUES_MAX);
    struct tap tap = {.fds = xcalloc(c->queues ? c->queues : 1, sizeof(int))};
    struct opening o = {.config = c, .tap = &tap, .conflict = conflict, .err = err};
    task_offload(t, open_on_thread, &o);
    if (o.result < 0) {
        free(tap.fds);
        return -1;
    }
    *ret = tap;
    return 0;
}

struct deletion {
    const char *name;
    int index;
    const uint8_t *mac;
    struct error *err;
    int result;
};

static void delete_on_thread(void *arg)
{
    struct deletion *d = arg;
    struct netlink *nl;
    struct link l;
    d->result = netlink_open(&nl, d->err);
    if (d->result < 0)
        return;
    d->result = link_find(nl, d->name, &l, d->err);
    // In mode passthrough it has the MAC of the interface below until it is up.
    bool has_mac = d->result == 0 &&
                   (memcmp(l.mac, d->mac, MAC_SIZE) == 0 || (l.passthrough && !(l.flags & IFF_UP)));
    bool is_it =
        d->result == 0 && str_eq(l.kind, "macvtap") && (d->index ? l.index == d->index : has_mac);
    int r = is_it ? send_delete(nl, l.index) : 0;
    if (r < 0)
        d->result = netlink_error(nl, d->err, r, "cannot delete macvtap '%s'", d->name);
    else if (d->result == -ENODEV)
        d->result = 0;
    netlink_close(nl);
}

int macvtap_delete(struct task *t, const char *name, int index, const uint8_t mac[static MAC_SIZE],
                   struct error *err)
{
    struct deletion d = {.name = name, .index = index, .mac = mac, .err = err};
    task_offload(t, delete_on_thread, &d);
    return d.result;
}
