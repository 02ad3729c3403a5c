// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks for what commonly keeps domains from starting.
//
// A check reads only files below `root` and the fields of struct doctor, so tests can give it a
// fixture. It changes nothing; the only thing it does to a daemon is to connect to its socket.
// Paths in findings are the user's, without `root`.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include "base/str.h"

enum { DOCTOR_GROUPS_MAX = 256 };

// A user account and its groups.
struct account {
    char *name; // owned
    bool known; // exists in the user database
    bool root;  // passes every permission check
    uid_t uid;
    gid_t gid;
    gid_t groups[DOCTOR_GROUPS_MAX]; // may include gid
    int ngroups;
};

enum answer { UNKNOWN, NO, YES };

struct doctor {
    const char *root; // prefix of every path; "" outside tests
    bool system_mode;
    struct account caller;    // the user that runs doctor
    struct account qemu;      // the user that QEMU runs as
    bool qemu_user_is_set;    // in vireod.conf
    char *socket, *socket_ro; // socket_ro NULL: none in this mode
    char *socket_group;       // its members may change domains; "": only root may
    gid_t socket_gid;         // (gid_t)-1: no such group
    char *images;             // directory of disk images
    bool images_is_default;
    char *emulator;         // from vireod.conf; "": search
    char *firewall_backend; // auto, nftables, iptables
    char *machine;          // uname -m
    char *kernel;           // uname -r
    // What the kernel answered; UNKNOWN when asking it needs more privilege.
    enum answer nftables, iptables;
};

enum level { LEVEL_GOOD, LEVEL_NOTE, LEVEL_PROBLEM };

struct finding {
    enum level level;
    char *about, *text;
    char *fix; // a shell command; NULL: none
};

struct findings {
    struct finding *v;
    size_t n, cap;
};

void findings_good(struct findings *f, const char *about, const char *fmt, ...) PRINTF_LIKE(3, 4);
// `fix` is taken and may be NULL.
void findings_note(struct findings *f, const char *about, char *fix, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void findings_problem(struct findings *f, const char *about, char *fix, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
size_t findings_count(const struct findings *f, enum level level);
void findings_add_text(struct strbuf *b, const struct findings *f);
void findings_finish(struct findings *f);

struct check {
    const char *name;
    bool system_only;
    void (*run)(const struct doctor *d, struct findings *ret);
};
extern const struct check doctor_checks[];
extern const size_t doctor_nchecks;
void doctor_run(const struct doctor *d, struct findings *ret); // every check of this mode

void doctor_check_qemu(const struct doctor *d, struct findings *ret);
void doctor_check_qemu_img(const struct doctor *d, struct findings *ret);
void doctor_check_qemu_user(const struct doctor *d, struct findings *ret);
void doctor_check_kvm(const struct doctor *d, struct findings *ret);
void doctor_check_tun(const struct doctor *d, struct findings *ret);
void doctor_check_vhost(const struct doctor *d, struct findings *ret);
void doctor_check_sockets(const struct doctor *d, struct findings *ret);
void doctor_check_conflicts(const struct doctor *d, struct findings *ret);
void doctor_check_images(const struct doctor *d, struct findings *ret);
void doctor_check_dnsmasq(const struct doctor *d, struct findings *ret);
void doctor_check_firewall(const struct doctor *d, struct findings *ret);

// Fills *d from the host, vireod.conf and `connect` (as for vireo_open()).
void doctor_init(struct doctor *d, const char *connect, const char *images);
void doctor_finish(struct doctor *d);
// Reads `key = value` of vireod.conf into *ret (owned); leaves *ret alone when key is not set.
void doctor_read_setting(const char *text, const char *key, char **ret);

// ---- helpers of the checks ----------------------------------------------------------------------

char *doctor_path(const struct doctor *d, const char *path); // root + path; caller frees
bool doctor_stat(const struct doctor *d, const char *path, struct stat *ret); // follows links
// The text of a file of at most 4 MiB; NULL when unreadable. Caller frees.
char *doctor_read(const struct doctor *d, const char *path);
// Path (without root) of the first executable of `names` (NULL-terminated) in the standard
// program directories; NULL: none. Caller frees.
char *doctor_find_program(const struct doctor *d, const char *const *names);
// A command, with "sudo " in front unless the caller is root. Caller frees.
char *doctor_root_command(const struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
// The distribution's command that installs or reinstalls a package. Caller frees.
enum package { PACKAGE_QEMU, PACKAGE_QEMU_IMG, PACKAGE_DNSMASQ, PACKAGE_COUNT };
char *doctor_install_command(const struct doctor *d, enum package package, bool reinstall);

// Whether `account` has all of `bits` (4 read, 2 write, 1 search or execute) on the file at
// `path` by owner, mode and access list. Directories on the way are not checked.
bool doctor_may(const struct doctor *d, const struct account *account, const char *path,
                unsigned bits);
// The first directory on the way to `path` (`path` included when `inclusive`) that `account`
// may not search; follows links. NULL: there is none. Caller frees.
char *doctor_blocked_at(const struct doctor *d, const struct account *account, const char *path,
                        bool inclusive);
// The configured user of QEMU, or libvirt-qemu where vireod would fall back to the user nobody.
// Borrowed.
const char *doctor_intended_qemu_user(const struct doctor *d);
bool doctor_in_group(const struct account *account, gid_t gid);
// Mode, owner and group: "crw-rw---- root kvm". Caller frees.
char *doctor_describe(const struct stat *st);
