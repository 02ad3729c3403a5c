// SPDX-License-Identifier: GPL-2.0-or-later
#include "bridge/tap.h"
#include "base/alloc.h"
#include "base/str.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/major.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { TUN_MINOR = 200 }; // of MISC_MAJOR
static const char TUN_DIR[] = "/dev/net", TUN_DEVICE[] = "/dev/net/tun";

void tap_mac(const uint8_t guest[static MAC_SIZE], uint8_t ret[static MAC_SIZE])
{
    memcpy(ret, guest, MAC_SIZE);
    ret[0] = 0xfe;
}

// Without udev nothing makes the node before the module is there; opening the node has the kernel
// load the module.
static int open_device(void)
{
    int fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 || errno != ENOENT)
        return fd < 0 ? -errno : fd;
    mkdir(TUN_DIR, 0755);
    if (mknod(TUN_DEVICE, S_IFCHR | 0600, makedev(MISC_MAJOR, TUN_MINOR)) < 0)
        return -ENOENT;
    fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        unlink(TUN_DEVICE);
        return -ENOENT;
    }
    (void)chmod(TUN_DEVICE, 0666); // as udev does: what may be done with it is checked later
    return fd;
}

static int open_queue(const struct tap_config *c, struct tap *tap, struct error *err)
{
    AUTO_CLOSE int fd = open_device();
    if (fd < 0) {
        int e = -fd;
        const char *remedy = e == ENOENT                 ? "; load its module: modprobe tun"
                             : e == EACCES || e == EPERM ? ": its mode must let this user in"
                                                         : "";
        error_set(err, ERROR_SYSTEM, AREA_NETWORK, "cannot open '%s' as user %u: %s%s", TUN_DEVICE,
                  (unsigned)geteuid(), strerror(e), remedy);
        if (err)
            err->sys_errno = e;
        return -1;
    }
    struct ifreq r = {0};
    int flags = IFF_TAP | IFF_NO_PI;
    if (c->vnet_hdr)
        flags |= IFF_VNET_HDR;
    if (c->queues > 1)
        flags |= IFF_MULTI_QUEUE;
    // Not a persistent one of another program with that name; further queues join this one.
    if (tap->nfds == 0 && !c->existing)
        flags |= IFF_TUN_EXCL;
    r.ifr_flags = (short)flags;
    memcpy(r.ifr_name, tap->name, IFNAMSIZ);
    if (ioctl(fd, TUNSETIFF, &r) < 0) {
        int e = errno;
        const char *remedy = e == EPERM ? ": this needs CAP_NET_ADMIN in the network namespace"
                             : e == EBUSY || e == EEXIST ? ": an interface of that name is there"
                                                         : "";
        error_set(err, ERROR_SYSTEM, AREA_NETWORK, "cannot create tap '%s': %s%s", tap->name,
                  strerror(e), remedy);
        if (err)
            err->sys_errno = e;
        return -1;
    }
    memcpy(tap->name, r.ifr_name, IFNAMSIZ);
    tap->fds[tap->nfds++] = steal_fd(&fd);
    return 0;
}

static int set_persistent(const struct tap_config *c, struct tap *tap, struct error *err)
{
    int fd = tap->fds[0];
    if (c->set_owner && (ioctl(fd, TUNSETOWNER, (unsigned long)c->uid) < 0 ||
                         ioctl(fd, TUNSETGROUP, (unsigned long)c->gid) < 0))
        return error_set_errno(err, AREA_NETWORK, errno, "cannot give tap '%s' to user %u",
                               tap->name, (unsigned)c->uid);
    if (c->persistent && ioctl(fd, TUNSETPERSIST, 1UL) < 0)
        return error_set_errno(err, AREA_NETWORK, errno, "cannot make tap '%s' persistent",
                               tap->name);
    return 0;
}

static int configure(struct netlink *nl, const struct tap_config *c, struct tap *tap,
                     struct error *err)
{
    struct link l, bridge = {0};
    int r = link_find(nl, tap->name, &l, err);
    if (r == -ENODEV)
        return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK, "tap '%s' is gone again",
                         tap->name);
    if (r < 0)
        return -1;
    tap->index = l.index;
    if (c->existing)
        return 0;
    if (c->bridge) {
        r = link_find(nl, c->bridge, &bridge, err);
        if (r == -ENODEV)
            return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                             "cannot plug tap '%s' into bridge '%s': there is no such bridge",
                             tap->name, c->bridge);
        if (r < 0)
            return -1;
        if (strcmp(bridge.kind, "bridge") != 0)
            return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                             "cannot plug tap '%s' into '%s': that is no bridge", tap->name,
                             c->bridge);
    }
    // A port with a smaller MTU would lower the bridge's.
    struct link_change change = {.mac = c->mac,
                                 .mtu = c->mtu ? c->mtu : bridge.mtu,
                                 .set_master = c->bridge != NULL,
                                 .master = bridge.index,
                                 .set_up = !c->down,
                                 .up = !c->down};
    if (link_change(nl, tap->index, tap->name, &change, err) < 0)
        return -1;
    return link_change_port(nl, tap->index, tap->name, &c->port, err);
}

// Opening it would make one.
static int check_existing(struct netlink *nl, const char *name, struct error *err)
{
    struct link l;
    int r = link_find(nl, name, &l, err);
    if (r == -ENODEV)
        return error_set(
            err, ERROR_OPERATION_FAILED, AREA_NETWORK,
            "there is no tap '%s'; make it ('ip tuntap add %s mode tap'), or let it be "
            "made without managed='no'",
            name, name);
    if (r == 0 && !str_eq(l.kind, "tun"))
        return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                         "'%s' is no tap but a %s interface", name, *l.kind ? l.kind : "plain");
    return r < 0 ? -1 : 0;
}

int tap_open(struct sched *s, struct netlink *nl, const struct tap_config *c, struct tap *ret,
             struct error *err)
{
    const char *name = c->name ? c->name : "vnet%d";
    unsigned queues = c->queues ? c->queues : 1;
    if (!link_name_valid(name, true)) {
        link_name_check(name, err);
        return -1;
    }
    if (queues > TAP_QUEUES_MAX)
        return error_set(err, ERROR_INVALID_ARG, AREA_NETWORK,
                         "cannot create tap '%s' with %u queues: the kernel allows %d", name,
                         queues, TAP_QUEUES_MAX);
    if (c->existing && check_existing(nl, name, err) < 0)
        return -1;
    struct tap tap = {.fds = xcalloc(queues, sizeof(int))};
    strcpy(tap.name, name);
    int r = 0;
    while (r == 0 && tap.nfds < queues)
        r = open_queue(c, &tap, err);
    if (r == 0)
        r = configure(nl, c, &tap, err);
    if (r == 0) // last, so that a failure leaves nothing
        r = set_persistent(c, &tap, err);
    if (r < 0) {
        tap_close(s, &tap);
        return -1;
    }
    *ret = tap;
    return 0;
}

struct closing {
    int *fds;
    unsigned nfds;
};

static void close_all(void *arg)
{
    struct closing *c = arg;
    for (unsigned i = 0; i < c->nfds; i++)
        close(c->fds[i]);
    free(c->fds);
    free(c);
}

void tap_close(struct sched *s, struct tap *tap)
{
    if (tap->nfds == 0) {
        free(STEAL(tap->fds));
        return;
    }
    struct closing *c = NEW(struct closing);
    *c = (struct closing){.fds = STEAL(tap->fds), .nfds = tap->nfds};
    tap->nfds = 0;
    sched_offload(s, close_all, c);
}
