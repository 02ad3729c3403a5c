// SPDX-License-Identifier: GPL-2.0-or-later
// Taps for those who may not make any: QEMU's setuid program makes one in a bridge that the
// administrator has allowed (/etc/qemu/bridge.conf), and hands us its descriptor.
#include "base/alloc.h"
#include "base/child.h"
#include "bridge/tap.h"

#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HELPER_TIMEOUT_MS = 10000, HELPER_FD = 3, OUTPUT_MAX = 1024 };

static const char *find_helper(void)
{
    static const char *const places[] = {"/usr/lib/qemu/qemu-bridge-helper",
                                         "/usr/libexec/qemu-bridge-helper",
                                         "/usr/local/libexec/qemu-bridge-helper"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (access(places[i], X_OK) == 0)
            return places[i];
    }
    return "qemu-bridge-helper"; // found in PATH
}

// The descriptor that was sent, or -1.
static int receive(int sock)
{
    char byte;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    if (recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
        return -1;
    const struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    int fd = -1;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
        c->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    return fd;
}

int tap_open_by_helper(struct task *t, const char *bridge, bool vnet_hdr, struct tap *ret,
                       struct error *err)
{
    const char *helper = find_helper();
    int pair[2], status;
    if (link_name_check(bridge, err) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_set_errno(err, AREA_NETWORK, errno, "cannot make a socket pair");
    AUTO_CLOSE int near = pair[0];
    AUTO_CLOSE int far = pair[1];
    AUTO_FREE char *to = xasprintf("--br=%s", bridge);
    char *argv[] = {(char *)helper, to, (char *)"--fd=3", vnet_hdr ? (char *)"--use-vnet" : NULL,
                    NULL};
    struct child_fd fds[] = {{.fd = far, .target = HELPER_FD}};
    struct child_spec spec = CHILD_SPEC_INIT;
    spec.argv = argv;
    spec.fds = fds;
    spec.nfds = ARRAY_LEN(fds);
    AUTO_STRBUF output = {0};
    if (child_run(t, &spec, NULL, OUTPUT_MAX, task_deadline_ms(HELPER_TIMEOUT_MS), &status, &output,
                  err) < 0)
        return -1;
    AUTO_CLOSE int fd = status == 0 ? receive(near) : -1;
    struct ifreq r = {0};
    if (fd < 0 || ioctl(fd, TUNGETIFF, &r) < 0) {
        const char *text = strbuf_text(&output);
        AUTO_FREE char *said = str_printable(text, strcspn(text, "\n"));
        return error_set(err, ERROR_OPERATION_FAILED, AREA_NETWORK,
                         "'%s' gave no tap in bridge '%s' to user %u: %s; it needs 'allow %s' in "
                         "/etc/qemu/bridge.conf and to be setuid root ('chmod u+s %s')",
                         helper, bridge, (unsigned)geteuid(), *said ? said : "nothing came", bridge,
                         helper);
    }
    *ret = (struct tap){.fds = xcalloc(1, sizeof(int)), .nfds = 1};
    ret->fds[0] = steal_fd(&fd);
    memcpy(ret->name, r.ifr_name, IFNAMSIZ);
    ret->name[IFNAMSIZ - 1] = '\0';
    return 0;
}
