// SPDX-License-Identifier: LGPL-2.1-or-later
// Collects what the checks need besides files: users, settings, sockets, the kernel's packet
// filters.
#include "clients/doctor.h"
#include "clients/libvireo.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netlink.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char SYSTEM_SOCKET[] = "/run/libvirt/libvirt-sock";

// ---- users --------------------------------------------------------------------------------------

static void init_me(struct account *w)
{
    uid_t uid = geteuid();
    struct passwd *pw = getpwuid(uid);
    *w = (struct account){.known = true, .root = uid == 0, .uid = uid, .gid = getegid()};
    w->name = pw ? xstrdup(pw->pw_name) : xasprintf("uid %d", (int)uid);
    w->ngroups = getgroups(DOCTOR_GROUPS_MAX, w->groups);
    if (w->ngroups < 0)
        w->ngroups = 0;
}

// vireod's choice: the configured user, else the first candidate that exists.
static void init_qemu_user(struct account *w, const char *user, const char *group)
{
    static const char *const candidates[] = {"libvirt-qemu", "qemu", "nobody"};
    struct passwd *pw = *user ? getpwnam(user) : NULL;
    for (size_t i = 0; !*user && !pw && i < ARRAY_LEN(candidates); i++)
        pw = getpwnam(candidates[i]);
    *w = (struct account){.known = pw != NULL, .uid = (uid_t)-1, .gid = (gid_t)-1};
    w->name = xstrdup(pw ? pw->pw_name : *user ? user : candidates[0]);
    if (!pw)
        return;
    w->uid = pw->pw_uid;
    w->gid = pw->pw_gid;
    struct group *gr = *group ? getgrnam(group) : NULL;
    if (gr)
        w->gid = gr->gr_gid;
    w->ngroups = DOCTOR_GROUPS_MAX;
    if (getgrouplist(w->name, w->gid, w->groups, &w->ngroups) < 0)
        w->ngroups = 0;
}

// ---- the configuration --------------------------------------------------------------------------

void doctor_read_setting(const char *text, const char *key, char **ret)
{
    size_t n = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *p = line + strspn(line, " \t");
        if (strncmp(p, key, n) != 0)
            continue;
        p += n + strspn(p + n, " \t");
        if (*p++ != '=')
            continue;
        p += strspn(p, " \t");
        bool quoted = *p == '"';
        p += quoted;
        size_t len = strcspn(p, quoted ? "\"\n" : "#\n");
        while (!quoted && len > 0 && isspace((unsigned char)p[len - 1]))
            len--;
        free(*ret);
        *ret = xstrndup(p, len);
    }
}

// A directory of the user's from the environment, else below $HOME.
static char *user_dir(const char *variable, const char *below_home)
{
    const char *dir = getenv(variable), *home = getenv("HOME");
    if (dir && *dir == '/')
        return xstrdup(dir);
    return xasprintf("%s/%s", home ? home : "", below_home);
}

static char *config_path(const struct doctor *d)
{
    if (d->system_mode)
        return xstrdup("/etc/vireo/vireod.conf");
    AUTO_FREE char *dir = user_dir("XDG_CONFIG_HOME", ".config");
    return xasprintf("%s/vireo/vireod.conf", dir);
}

// ---- the kernel ---------------------------------------------------------------------------------

static enum answer from_errno(int errnum)
{
    return errnum == EPERM || errnum == EACCES || errnum == EINTR || errnum == EAGAIN ? UNKNOWN
                                                                                      : NO;
}

// Requests the generation number of the rule set, which every kernel with nftables has.
static enum answer ask_nftables(void)
{
    AUTO_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (fd < 0)
        return from_errno(errno);
    struct timeval limit = {.tv_sec = 2};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    struct {
        struct nlmsghdr head;
        struct nfgenmsg body;
    } ask = {.head = {.nlmsg_len = sizeof(ask),
                      .nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN,
                      .nlmsg_flags = NLM_F_REQUEST},
             .body = {.version = NFNETLINK_V0}};
    union {
        struct nlmsghdr head;
        struct {
            struct nlmsghdr head;
            struct nlmsgerr body;
        } error;
        char space[4096];
    } reply = {0};
    if (send(fd, &ask, sizeof(ask), 0) < 0 ||
        recv(fd, &reply, sizeof(reply), 0) < (ssize_t)sizeof(reply.head))
        return from_errno(errno);
    if (reply.head.nlmsg_type != NLMSG_ERROR)
        return YES;
    return reply.error.body.error == 0 ? YES : from_errno(-reply.error.body.error);
}

static enum answer ask_iptables(void)
{
    AUTO_CLOSE int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    struct ipt_getinfo info = {.name = "filter"};
    socklen_t len = sizeof(info);
    if (fd < 0 || getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &len) < 0)
        return from_errno(errno);
    return YES;
}

// ---- struct doctor ------------------------------------------------------------------------------

static void init_sockets(struct doctor *d, const char *connect)
{
    d->socket = vireo_socket_path(connect, 0);
    // Session mode has only one socket; so has a daemon with a socket path of its own.
    if (d->system_mode && str_eq(d->socket, SYSTEM_SOCKET))
        d->socket_ro = xasprintf("%s-ro", d->socket);
}

static bool is_system_mode(const char *connect)
{
    bool session = connect && strstr(connect, ":///session");
    if (connect && strstr(connect, ":///system"))
        return true;
    AUTO_FREE char *socket = vireo_socket_path(connect, 0);
    return str_eq(socket, SYSTEM_SOCKET) || (!session && geteuid() == 0);
}

static void init_images(struct doctor *d, const char *images)
{
    d->images_is_default = !images;
    if (images && *images == '/') {
        d->images = xstrdup(images);
    } else if (images) {
        AUTO_FREE char *here = getcwd(NULL, 0);
        d->images = xasprintf("%s/%s", here ? here : "", images);
    } else if (d->system_mode) {
        d->images = xstrdup("/var/lib/libvirt/images");
    } else {
        AUTO_FREE char *dir = user_dir("XDG_DATA_HOME", ".local/share");
        d->images = xasprintf("%s/libvirt/images", dir);
    }
}

void doctor_init(struct doctor *d, const char *connect, const char *images)
{
    struct utsname names;
    uname(&names);
    *d = (struct doctor){.root = "",
                         .system_mode = is_system_mode(connect),
                         .emulator = xstrdup(""),
                         .socket_group = xstrdup("libvirt"),
                         .firewall_backend = xstrdup("auto"),
                         .machine = xstrdup(names.machine),
                         .kernel = xstrdup(names.release),
                         .nftables = ask_nftables(),
                         .iptables = ask_iptables()};
    AUTO_FREE char *user = xstrdup(""), *group = xstrdup("");
    AUTO_FREE char *path = config_path(d);
    AUTO_FREE char *text = doctor_read(d, path);
    doctor_read_setting(text, "emulator", &d->emulator);
    doctor_read_setting(text, "unix_sock_group", &d->socket_group);
    doctor_read_setting(text, "firewall_backend", &d->firewall_backend);
    doctor_read_setting(text, "qemu_user", &user);
    doctor_read_setting(text, "qemu_group", &group);
    struct group *gr = *d->socket_group ? getgrnam(d->socket_group) : NULL;
    d->socket_gid = gr ? gr->gr_gid : (gid_t)-1;
    init_me(&d->caller);
    d->qemu_user_is_set = *user != 0;
    if (d->system_mode) {
        init_qemu_user(&d->qemu, user, group);
    } else {
        init_me(&d->qemu);
        d->qemu.root = false; // QEMU drops all capabilities
    }
    init_sockets(d, connect);
    init_images(d, images);
}

void doctor_finish(struct doctor *d)
{
    char **all[] = {&d->caller.name,  &d->qemu.name, &d->socket,   &d->socket_ro,
                    &d->socket_group, &d->images,    &d->emulator, &d->firewall_backend,
                    &d->machine,      &d->kernel};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        free(*all[i]);
        *all[i] = NULL;
    }
}
