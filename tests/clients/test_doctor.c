// SPDX-License-Identifier: GPL-2.0-or-later
// Each check of `vireo doctor` on fixtures that have what it needs, and on fixtures with one fault
// each. The number of problems is checked here, the text in golden/doctor.txt.
#include "clients/doctor.h"
#include "clients/text.h"
#include "tests/golden.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

enum { ALICE = 4242, QEMU = 4243, GROUP_OF_ALICE = 4244, GROUP_OF_QEMU = 4245 };

struct tree {
    char root[64];
    struct doctor d;
    struct findings found;
    struct strbuf all; // of all cases
    int listener;
    gid_t gid; // a named group other than root's that this test may assign to files
};

typedef void check_fn(const struct doctor *d, struct findings *ret);

// ---- fixtures -----------------------------------------------------------------------------------

static char *full(struct tree *t, const char *path)
{
    return xasprintf("%s%s", t->root, path);
}

static void put(struct tree *t, const char *path, mode_t mode, const char *text)
{
    AUTO_FREE char *file = full(t, path);
    AUTO_FREE char *dir = xstrndup(file, (size_t)(strrchr(file, '/') - file));
    CHECK_INT(dir_make(dir, 0755), 0);
    CHECK_INT(file_write_volatile(file, text, strlen(text), 0600), 0);
    CHECK_INT(chmod(file, mode), 0);
}

static void put_dir(struct tree *t, const char *path, mode_t mode)
{
    AUTO_FREE char *dir = full(t, path);
    CHECK_INT(dir_make(dir, 0755), 0);
    CHECK_INT(chmod(dir, mode), 0);
}

static void put_link(struct tree *t, const char *path, const char *target)
{
    AUTO_FREE char *file = full(t, path);
    AUTO_FREE char *dir = xstrndup(file, (size_t)(strrchr(file, '/') - file));
    CHECK_INT(dir_make(dir, 0755), 0);
    CHECK_INT(symlink(target, file), 0);
}

static void put_group(struct tree *t, const char *path)
{
    AUTO_FREE char *file = full(t, path);
    struct stat st;
    CHECK_INT(chown(file, (uid_t)-1, t->gid), 0);
    CHECK_INT(stat(file, &st), 0);
    CHECK_INT(st.st_gid, t->gid);
}

// A socket with a listener, or one whose listener is gone.
static void put_socket(struct tree *t, const char *path, mode_t mode, bool answered)
{
    AUTO_FREE char *file = full(t, path);
    AUTO_FREE char *dir = xstrndup(file, (size_t)(strrchr(file, '/') - file));
    CHECK_INT(dir_make(dir, 0755), 0);
    int fd = unix_listen(file, mode, 5);
    CHECK(fd >= 0);
    CHECK_INT(chmod(file, mode), 0);
    if (!answered)
        close_fd(&fd);
    else if (t->listener < 0)
        t->listener = fd; // the read-only socket of a pair stays open until exit
    char comm[64];
    snprintf(comm, sizeof(comm), "/proc/%d/comm", (int)getpid());
    put(t, comm, 0644, "vireod\n");
}

static void put_process(struct tree *t, int pid, const char *comm, unsigned uid)
{
    AUTO_FREE char *path = xasprintf("/proc/%d/comm", pid);
    AUTO_FREE char *status = xasprintf("/proc/%d/status", pid);
    AUTO_FREE char *name = xasprintf("%s\n", comm);
    AUTO_FREE char *text =
        xasprintf("Name:\t%s\nUmask:\t0022\nUid:\t%u\t%u\t%u\t%u\n", comm, uid, uid, uid, uid);
    put(t, path, 0444, name);
    put(t, status, 0444, text);
}

static struct account make_account(const char *name, uid_t uid, gid_t gid)
{
    return (struct account){.name = xstrdup(name), .known = true, .uid = uid, .gid = gid};
}

static void begin(struct tree *t)
{
    strcpy(t->root, "/tmp/vireo-doctor-XXXXXX");
    CHECK(mkdtemp(t->root));
    CHECK_INT(chmod(t->root, 0755), 0);
    t->listener = -1;
    t->d = (struct doctor){.root = t->root,
                           .system_mode = true,
                           .caller = make_account("alice", ALICE, GROUP_OF_ALICE),
                           .qemu = make_account("libvirt-qemu", QEMU, GROUP_OF_QEMU),
                           .socket = xstrdup("/run/libvirt/libvirt-sock"),
                           .socket_ro = xstrdup("/run/libvirt/libvirt-sock-ro"),
                           .socket_group = xstrdup("libvirt"),
                           .socket_gid = t->gid,
                           .images = xstrdup("/var/lib/libvirt/images"),
                           .images_is_default = true,
                           .emulator = xstrdup(""),
                           .firewall_backend = xstrdup("auto"),
                           .machine = xstrdup("x86_64"),
                           .kernel = xstrdup("6.1.0")};
}

// Replaces what depends on the test machine by fixed text.
static char *normal(const struct tree *t, char *text)
{
    char pid[32], own_pair[256], other_pair[256], into[256];
    const char *user = getpwuid(geteuid())->pw_name;
    snprintf(pid, sizeof(pid), "pid %d", (int)getpid());
    snprintf(own_pair, sizeof(own_pair), "%s %s", user, getgrgid(getegid())->gr_name);
    snprintf(other_pair, sizeof(other_pair), "%s %s", user, getgrgid(t->gid)->gr_name);
    snprintf(into, sizeof(into), "-aG %s ", getgrgid(t->gid)->gr_name);
    const char *const replace[][2] = {{pid, "pid PID"},
                                      {other_pair, "OWNER GROUP"},
                                      {own_pair, "OWNER GROUP"},
                                      {into, "-aG GROUP "},
                                      {t->root, "ROOT"}}; // must not appear in findings
    for (size_t i = 0; i < ARRAY_LEN(replace); i++) {
        struct strbuf b = {0};
        const char *p = text, *at;
        for (; (at = strstr(p, replace[i][0])); p = at + strlen(replace[i][0])) {
            strbuf_addn(&b, p, (size_t)(at - p));
            strbuf_add(&b, replace[i][1]);
        }
        strbuf_add(&b, p);
        free(text);
        text = strbuf_steal(&b);
    }
    return text;
}

static void end(struct tree *t, const char *name, check_fn *check, size_t problems)
{
    struct strbuf b = {0};
    check(&t->d, &t->found);
    findings_add_text(&b, &t->found);
    AUTO_FREE char *text = normal(t, strbuf_steal(&b));
    strbuf_printf(&t->all, "== %s\n%s", name, text);
    if (findings_count(&t->found, LEVEL_PROBLEM) != problems || t->found.n == 0 ||
        strstr(text, "ROOT")) {
        fprintf(stderr, "%s: %zu problems expected:\n%s", name, problems, text);
        exit(1);
    }
    VEC_FOREACH (f, &t->found)
        CHECK(f->level != LEVEL_PROBLEM || f->fix); // each with its command
    findings_finish(&t->found);
    t->found = (struct findings){0};
    close_fd(&t->listener);
    // Lets a user other than root remove it.
    AUTO_FREE char *locked = full(t, "/var/lib/libvirt");
    chmod(locked, 0755);
    CHECK_INT(dir_remove_all(t->root), 0);
    doctor_finish(&t->d);
}

static void set(char **field, const char *value)
{
    str_replace(field, value);
}

// ---- QEMU ---------------------------------------------------------------------------------------

static const char BINARY[] = "/usr/bin/qemu-system-x86_64";
static const char OLD[] = "#!/bin/sh\necho 'QEMU emulator version 2.11.1(Debian 1:2.11)'\n";
static const char GOOD[] = "#!/bin/sh\n[ \"$1\" = --version ] || exit 9\n"
                           "echo 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)'\n";

static void qemu(struct tree *t)
{
    begin(t);
    put(t, BINARY, 0755, GOOD);
    end(t, "qemu", doctor_check_qemu, 0);
    begin(t);
    put(t, "/usr/libexec/qemu-kvm", 0755, GOOD);
    end(t, "qemu in Red Hat's place", doctor_check_qemu, 0);
    begin(t);
    end(t, "no qemu", doctor_check_qemu, 1);
    begin(t);
    put(t, BINARY, 0644, GOOD); // not executable
    put(t, "/etc/os-release", 0644,
        "NAME=\"Rocky\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n");
    t->d.caller.root = true;
    end(t, "no qemu, on a Red Hat derivative, as root", doctor_check_qemu, 1);
    begin(t);
    put(t, "/etc/os-release", 0644, "ID=debian\n");
    set(&t->d.machine, "aarch64");
    end(t, "no qemu, on an ARM Debian", doctor_check_qemu, 1);
    begin(t);
    put(t, BINARY, 0755, OLD);
    end(t, "old qemu", doctor_check_qemu, 1);
    begin(t);
    put(t, BINARY, 0755, "#!/bin/sh\nexit 1\n");
    end(t, "broken qemu", doctor_check_qemu, 1);
    begin(t);
    put(t, BINARY, 0755, "#!/bin/sh\nyes 'QEMU version x'\n");
    end(t, "qemu that prints without end", doctor_check_qemu, 1);
    begin(t);
    set(&t->d.emulator, "/opt/qemu");
    put(t, BINARY, 0755, GOOD);
    end(t, "configured qemu is missing", doctor_check_qemu, 1);
}

static void qemu_user(struct tree *t)
{
    begin(t);
    end(t, "qemu user", doctor_check_qemu_user, 0);
    begin(t);
    t->d.qemu.known = false;
    set(&t->d.qemu.name, "guests");
    t->d.qemu_user_is_set = true;
    end(t, "no qemu user", doctor_check_qemu_user, 1);
    begin(t);
    set(&t->d.qemu.name, "nobody");
    end(t, "qemu as nobody", doctor_check_qemu_user, 0);
}

// ---- devices ------------------------------------------------------------------------------------

static void kvm(struct tree *t)
{
    begin(t);
    put(t, "/dev/kvm", 0666, "");
    end(t, "kvm", doctor_check_kvm, 0);
    begin(t);
    put(t, "/dev/kvm", 0660, "");
    put_group(t, "/dev/kvm");
    t->d.qemu.groups[0] = t->gid;
    t->d.qemu.ngroups = 1;
    end(t, "kvm by group", doctor_check_kvm, 0);
    begin(t);
    put(t, "/dev/kvm", 0660, "");
    put_group(t, "/dev/kvm");
    end(t, "kvm, not in its group", doctor_check_kvm, 1);
    begin(t);
    put(t, "/dev/kvm", 0600, "");
    end(t, "kvm, owner only", doctor_check_kvm, 1);
    begin(t);
    put(t, "/dev/kvm", 0644, "");
    t->d.system_mode = false;
    set(&t->d.qemu.name, "alice");
    end(t, "kvm read-only, session", doctor_check_kvm, 1);
    begin(t);
    put(t, "/dev/kvm", 0600, "");
    set(&t->d.qemu.name, "nobody");
    t->d.caller.root = true;
    end(t, "kvm closed, no user for qemu", doctor_check_kvm, 1);
    begin(t);
    put(t, "/proc/cpuinfo", 0444, "processor\t: 0\nflags\t\t: fpu vme vmx ssse3\nbugs\t: \n");
    end(t, "no kvm on Intel", doctor_check_kvm, 1);
    begin(t);
    put(t, "/proc/cpuinfo", 0444, "processor\t: 0\nflags\t\t: fpu vme ssse3 svm\n");
    end(t, "no kvm on AMD", doctor_check_kvm, 1);
    begin(t);
    put(t, "/proc/cpuinfo", 0444, "flags\t\t: fpu vmxx xsvm\nvmx flags\n");
    end(t, "no kvm, no virtualization", doctor_check_kvm, 0);
}

static void tun(struct tree *t)
{
    begin(t);
    put(t, "/dev/net/tun", 0666, "");
    end(t, "tun", doctor_check_tun, 0);
    begin(t);
    end(t, "no tun", doctor_check_tun, 1);
    begin(t);
    put(t, "/dev/net/tun", 0600, "");
    end(t, "tun, root only", doctor_check_tun, 0);
    begin(t);
    put(t, "/dev/vhost-net", 0600, "");
    end(t, "vhost", doctor_check_vhost, 0);
    begin(t);
    end(t, "no vhost", doctor_check_vhost, 0);
}

// ---- access lists -------------------------------------------------------------------------------

struct acl {
    uint32_t version;
    struct {
        uint16_t tag, bits;
        uint32_t id;
    } e[6];
};

static bool put_acl(struct tree *t, const char *path, const struct acl *acl)
{
    AUTO_FREE char *file = full(t, path);
    struct acl little = {.version = htole32(acl->version)};
    for (size_t i = 0; i < ARRAY_LEN(acl->e); i++) {
        little.e[i].tag = htole16(acl->e[i].tag);
        little.e[i].bits = htole16(acl->e[i].bits);
        little.e[i].id = htole32(acl->e[i].id);
    }
    if (setxattr(file, "system.posix_acl_access", &little, sizeof(little), 0) == 0)
        return true;
    CHECK_INT(errno, EOPNOTSUPP);
    puts("no access lists on this file system: skipped");
    return false;
}

static void access_lists(struct tree *t)
{
    // Owner, one user, owning group, one group, mask, others.
    struct acl acl = {2,
                      {{1, 7, UINT32_MAX},
                       {2, 6, QEMU},
                       {4, 0, UINT32_MAX},
                       {8, 4, GROUP_OF_ALICE},
                       {16, 7, UINT32_MAX},
                       {32, 1, UINT32_MAX}}};
    struct account third = make_account("third", 4250, 4251);
    begin(t);
    put(t, "/file", 0600, "");
    if (put_acl(t, "/file", &acl)) {
        CHECK(doctor_may(&t->d, &t->d.qemu, "/file", 6));
        CHECK(!doctor_may(&t->d, &t->d.qemu, "/file", 1));
        CHECK(doctor_may(&t->d, &t->d.caller, "/file", 4)); // by the named group
        CHECK(!doctor_may(&t->d, &t->d.caller, "/file", 2));
        CHECK(!doctor_may(&t->d, &t->d.caller, "/file",
                          1)); // a matching group excludes the entry for others
        CHECK(doctor_may(&t->d, &third, "/file", 1));
        CHECK(!doctor_may(&t->d, &third, "/file", 4));
        acl.e[4].bits = 4;
        CHECK(put_acl(t, "/file", &acl));
        CHECK(doctor_may(&t->d, &t->d.qemu, "/file", 4));
        CHECK(!doctor_may(&t->d, &t->d.qemu, "/file", 2)); // the mask removes it
    }
    free(third.name);
    put(t, "/dev/kvm", 0666, "");
    end(t, "end of access lists", doctor_check_kvm, 0);
}

// ---- sockets ------------------------------------------------------------------------------------

static const char SOCK[] = "/run/libvirt/libvirt-sock";

static void begin_served(struct tree *t, mode_t mode, bool group)
{
    begin(t);
    put_socket(t, SOCK, mode, true);
    if (group)
        put_group(t, SOCK);
    set(&t->d.socket_ro, NULL);
}

static void sockets_open(struct tree *t)
{
    begin_served(t, 0777, false);
    t->d.caller.root = true;
    end(t, "socket, for root", doctor_check_sockets, 0);
    begin_served(t, 0660, true);
    t->d.caller.groups[0] = t->gid;
    t->d.caller.ngroups = 1;
    end(t, "socket, for a member of the group", doctor_check_sockets, 0);
    begin_served(t, 0777, false);
    end(t, "socket, for a user outside the group", doctor_check_sockets, 1);
    begin_served(t, 0777, false);
    set(&t->d.socket_group, "");
    t->d.socket_gid = (gid_t)-1;
    end(t, "socket, no group configured", doctor_check_sockets, 0);
    begin_served(t, 0777, false);
    t->d.socket_gid = (gid_t)-1;
    end(t, "socket, no such group", doctor_check_sockets, 1);
    begin_served(t, 0700, false);
    t->d.system_mode = false;
    t->d.caller.uid = geteuid();
    end(t, "socket, session", doctor_check_sockets, 0);
    begin_served(t, 0777, false);
    t->d.caller.root = true;
    set(&t->d.socket_ro, "/run/libvirt/libvirt-sock-ro");
    put_socket(t, t->d.socket_ro, 0777, false);
    end(t, "sockets, read-only one without listener", doctor_check_sockets, 1);
}

static void sockets_closed(struct tree *t)
{
    begin(t);
    put_dir(t, "/run/systemd/system", 0755);
    end(t, "no socket, with systemd", doctor_check_sockets, 1);
    begin(t);
    end(t, "no socket, without systemd", doctor_check_sockets, 1);
    begin(t);
    t->d.system_mode = false;
    set(&t->d.socket_ro, NULL);
    set(&t->d.socket, "/run/user/4242/libvirt/libvirt-sock");
    end(t, "no socket, session", doctor_check_sockets, 0);
    begin(t);
    put_socket(t, SOCK, 0777, false);
    set(&t->d.socket_ro, NULL);
    end(t, "stale socket", doctor_check_sockets, 1);
    begin(t);
    put(t, SOCK, 0777, "");
    set(&t->d.socket_ro, NULL);
    end(t, "file instead of socket", doctor_check_sockets, 1);
    begin_served(t, 0660, true);
    end(t, "socket, not in its group", doctor_check_sockets, 1);
    begin_served(t, 0660, true);
    t->d.socket_gid = 4299;
    end(t, "socket of another group", doctor_check_sockets, 1);
    begin_served(t, 0700, false);
    t->d.socket_gid = (gid_t)-1;
    set(&t->d.socket_group, "");
    end(t, "socket, root only", doctor_check_sockets, 1);
    begin(t);
    put_dir(t, "/run/libvirt", 0700);
    end(t, "socket behind a closed directory", doctor_check_sockets, 1);
}

// ---- conflicts ----------------------------------------------------------------------------------

static void conflicts(struct tree *t)
{
    begin(t);
    put_process(t, 100, "bash", 0);
    put_process(t, 101, "libvirtd", ALICE); // of a session
    end(t, "no conflict", doctor_check_conflicts, 0);
    begin(t);
    put_dir(t, "/run/systemd/system", 0755);
    put_process(t, 100, "libvirtd", 0);
    put_link(t, "/etc/systemd/system/multi-user.target.wants/libvirtd.service", "/nowhere");
    end(t, "libvirtd, with systemd", doctor_check_conflicts, 1);
    begin(t);
    put_process(t, 100, "libvirtd", 0);
    end(t, "libvirtd, without systemd", doctor_check_conflicts, 1);
    begin(t);
    put_process(t, 100, "virtqemud", 0);
    put_process(t, 101, "virtnetworkd", 0);
    t->d.caller.root = true;
    end(t, "libvirt's modular daemons", doctor_check_conflicts, 2);
    begin(t);
    put_process(t, 100, "libvirtd", 0);
    put_link(t, "/proc/100/exe", "/usr/sbin/vireod (deleted)");
    end(t, "vireod under the name libvirtd", doctor_check_conflicts, 0);
    begin(t);
    put_process(t, 100, "libvirtd", 0);
    put_link(t, "/proc/100/ns/mnt", "mnt:[2]");
    put_link(t, "/proc/self/ns/mnt", "mnt:[1]");
    end(t, "libvirtd in a container", doctor_check_conflicts, 0);
    begin(t);
    t->d.system_mode = false;
    put_process(t, 100, "libvirtd", ALICE);
    put_process(t, 101, "libvirtd", 0);
    end(t, "libvirtd of this session", doctor_check_conflicts, 1);
    begin(t);
    put_dir(t, "/run/systemd/system", 0755);
    put_link(t, "/etc/systemd/system/sockets.target.wants/virtqemud.socket", "/nowhere");
    end(t, "conflict at the next boot", doctor_check_conflicts, 1);
}

// ---- images -------------------------------------------------------------------------------------

static void images(struct tree *t)
{
    begin(t);
    put_dir(t, "/var/lib/libvirt/images", 0711);
    end(t, "images", doctor_check_images, 0);
    begin(t);
    put_dir(t, "/var/lib/libvirt/images", 0711);
    put_dir(t, "/var/lib/libvirt", 0750);
    end(t, "images behind a closed directory", doctor_check_images, 1);
    begin(t);
    put_dir(t, "/var/lib/libvirt/images", 0700);
    end(t, "images directory closed", doctor_check_images, 1);
    begin(t);
    put_dir(t, "/var/lib/libvirt/images", 0707);
    put_group(t, "/var/lib/libvirt/images");
    t->d.qemu.gid = t->gid;
    end(t, "images closed to the group", doctor_check_images, 1);
    begin(t);
    put_dir(t, "/home/al ice's/images", 0755);
    put_dir(t, "/home/al ice's", 0700);
    set(&t->d.images, "/home/al ice's/images");
    end(t, "images in a home directory", doctor_check_images, 1);
    begin(t);
    put(t, "/usr/bin/setfacl", 0755, "");
    put_dir(t, "/home/bob/images", 0755);
    put_dir(t, "/home/bob", 0700);
    set(&t->d.images, "/home/bob/images");
    end(t, "images in a home directory, with access lists", doctor_check_images, 1);
    begin(t);
    put(t, "/usr/bin/setfacl", 0755, "");
    put_dir(t, "/srv/images", 0655);
    set(&t->d.images, "/srv/images");
    t->d.qemu.uid = geteuid();
    end(t, "images closed to their owner", doctor_check_images, 1);
    begin(t);
    end(t, "no images directory", doctor_check_images, 0);
    begin(t);
    set(&t->d.images, "/srv/guests");
    t->d.images_is_default = false;
    end(t, "no images directory, configured", doctor_check_images, 1);
    begin(t);
    put_dir(t, "/srv/guests", 0755);
    put_dir(t, "/srv", 0700);
    t->d.qemu.uid = geteuid(); // the owner; the caller has no access
    set(&t->d.images, "/srv/guests/deep");
    end(t, "images that the caller cannot check", doctor_check_images, 0);
}

// ---- programs, networks -------------------------------------------------------------------------
static void networks(struct tree *t)
{
    begin(t);
    put(t, "/usr/bin/qemu-img", 0755, "");
    end(t, "qemu-img", doctor_check_qemu_img, 0);
    begin(t);
    put(t, "/etc/os-release", 0644, "ID=opensuse-leap\nID_LIKE=\"suse opensuse\"\n");
    end(t, "no qemu-img", doctor_check_qemu_img, 0);
    begin(t);
    put(t, "/usr/sbin/dnsmasq", 0755, "");
    end(t, "dnsmasq", doctor_check_dnsmasq, 0);
    begin(t);
    put(t, "/etc/os-release", 0644, "ID=arch\n");
    end(t, "no dnsmasq", doctor_check_dnsmasq, 1);
}

static void firewall(struct tree *t)
{
    begin(t);
    t->d.nftables = NO;
    t->d.iptables = YES;
    end(t, "firewall reported by the kernel", doctor_check_firewall, 0);
    begin(t);
    put(t, "/proc/modules", 0444, "bridge 1 0 - Live 0x0\nnf_tables 319488 0 - Live 0x0\n");
    end(t, "firewall module loaded", doctor_check_firewall, 0);
    begin(t);
    put(t, "/lib/modules/6.1.0/modules.builtin", 0444, "kernel/net/ipv4/netfilter/ip_tables.ko\n");
    end(t, "firewall module built in", doctor_check_firewall, 0);
    begin(t);
    put(t, "/lib/modules/6.1.0/modules.dep", 0444, "kernel/net/netfilter/nf_tables.ko.xz: a.ko\n");
    end(t, "firewall module loadable", doctor_check_firewall, 0);
    begin(t);
    put(t, "/lib/modules/6.1.0/modules.dep", 0444, "kernel/net/netfilter/xnf_tables.ko:\n");
    put(t, "/proc/modules", 0444, "nf_tables_set 1 0 - Live 0x0\n");
    end(t, "no firewall", doctor_check_firewall, 1);
    begin(t);
    t->d.nftables = NO;
    t->d.iptables = YES;
    set(&t->d.firewall_backend, "nftables");
    end(t, "not the configured firewall", doctor_check_firewall, 1);
    begin(t);
    t->d.nftables = NO;
    t->d.iptables = NO;
    t->d.caller.root = true;
    end(t, "no firewall, reported by the kernel", doctor_check_firewall, 1);
    begin(t);
    end(t, "firewall unknown", doctor_check_firewall, 0);
}

// ---- all checks ---------------------------------------------------------------------------------

static void check_all(const struct doctor *d, struct findings *ret)
{
    doctor_run(d, ret);
}

static void whole(struct tree *t)
{
    begin(t);
    end(t, "an empty machine", check_all, 4);
    begin(t);
    t->d.system_mode = false;
    set(&t->d.socket_ro, NULL);
    end(t, "an empty machine, session", check_all, 1);
}

static void settings(void)
{
    static const char text[] =
        "# qemu_user = \"no\"\nqemu_user_more = x\n  qemu_user\t= \"a b\" # c\n"
        "firewall_backend=nftables  # why\nemulator = \nqemu_group = \"open";
    static const char *const want[][2] = {{"qemu_user", "a b"},
                                          {"firewall_backend", "nftables"},
                                          {"emulator", ""},
                                          {"qemu_group", "open"},
                                          {"missing", "before"}};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        AUTO_FREE char *value = xstrdup("before");
        doctor_read_setting(text, want[i][0], &value);
        CHECK_STR(value, want[i][1]);
    }
    AUTO_FREE char *value = NULL;
    doctor_read_setting(NULL, "x", &value);
    doctor_read_setting("x = 1\nx = 2", "x", &value);
    CHECK_STR(value, "2");
}

int main(void)
{
    static void (*const parts[])(struct tree *) = {
        qemu,           qemu_user, kvm,    tun,      access_lists, sockets_open,
        sockets_closed, conflicts, images, networks, firewall,     whole,
    };
    struct tree t = {.gid = geteuid() == 0 ? 1 : getegid()};
    umask(022);
    text_init();
    if (!getgrgid(t.gid) || !getgrgid(getegid()) || !getpwuid(geteuid()))
        SKIP("no names for this user and group");
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        parts[i](&t);
    golden_compare("golden/doctor.txt", strbuf_text(&t.all));
    strbuf_finish(&t.all);
    RUN(settings);
    return 0;
}
