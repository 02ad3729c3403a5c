// SPDX-License-Identifier: LGPL-2.1-or-later
// What keeps newcomers' guests from running, one small check after another.
//
// A check looks at files below `root` and at what struct doctor says about users and processes, at
// nothing else: a test gives it a tree of its own. It changes nothing, and of a daemon it only sees
// whether one listens. Paths in findings are as the user knows them, without the root.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include "base/str.h"

enum { DOCTOR_GROUPS_MAX = 256 };

// Somebody who wants to open something.
struct who {
    char *name; // owned
    bool known; // such a user is there
    bool root;  // may everything
    uid_t uid;
    gid_t gid;
    gid_t groups[DOCTOR_GROUPS_MAX]; // may hold gid too
    int ngroups;
};

enum answer { UNKNOWN, NO, YES };

struct doctor {
    const char *root; // "" is the real one
    bool system_mode;
    struct who me, qemu;      // who asks; as whom QEMU runs
    bool qemu_user_is_set;    // by the configuration
    char *socket, *socket_ro; // socket_ro NULL: none in this mode
    char *socket_group;       // who besides root may change things; "": nobody
    gid_t socket_gid;         // (gid_t)-1: no such group
    char *images;             // directory of images
    bool images_is_default;
    char *emulator;         // from the configuration, ""
    char *firewall_backend; // auto, nftables, iptables
    char *machine;          // as uname -m
    char *kernel;           // as uname -r
    // The kernel's own answer, where the asking needs no more than we may.
    enum answer nftables, iptables;
};

enum level { LEVEL_GOOD, LEVEL_NOTE, LEVEL_PROBLEM };

struct finding {
    enum level level;
    char *about, *text;
    char *mend; // a command, NULL: none needed
};

struct findings {
    struct finding *v;
    size_t n, cap;
};

void findings_good(struct findings *f, const char *about, const char *fmt, ...) PRINTF_LIKE(3, 4);
// `mend` is taken and may be NULL.
void findings_note(struct findings *f, const char *about, char *mend, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void findings_problem(struct findings *f, const char *about, char *mend, const char *fmt, ...)
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
void doctor_run(const struct doctor *d, struct findings *ret); // all that suit the mode

void doctor_check_qemu(const struct doctor *d, struct findings *ret);
void doctor_check_qemu_img(const struct doctor *d, struct findings *ret);
void doctor_check_qemu_user(const struct doctor *d, struct findings *ret);
void doctor_check_kvm(const struct doctor *d, struct findings *ret);
void doctor_check_tun(const struct doctor *d, struct findings *ret);
void doctor_check_vhost(const struct doctor *d, struct findings *ret);
void doctor_check_sockets(const struct doctor *d, struct findings *ret);
void doctor_check_rivals(const struct doctor *d, struct findings *ret);
void doctor_check_images(const struct doctor *d, struct findings *ret);
void doctor_check_dnsmasq(const struct doctor *d, struct findings *ret);
void doctor_check_firewall(const struct doctor *d, struct findings *ret);

// Fills *d from this machine, its configuration and `connect` (as for vireo_open()).
void doctor_init(struct doctor *d, const char *connect, const char *images);
void doctor_finish(struct doctor *d);
// Reads `key = value` of vireod.conf into *ret (owned); leaves *ret alone when it is not there.
void doctor_read_setting(const char *text, const char *key, char **ret);

// ---- what checks share -------------------------------------------------------------------------

char *doctor_path(const struct doctor *d, const char *path); // below the root; caller frees
bool doctor_stat(const struct doctor *d, const char *path, struct stat *ret); // follows links
// Small files; NULL when unreadable. Caller frees.
char *doctor_read(const struct doctor *d, const char *path);
// The first of names (NULL-terminated) that can be run in the usual directories of programs, as
// the user knows it. NULL: none. Caller frees.
char *doctor_find_program(const struct doctor *d, const char *const *names);
// A command, with "sudo " before it unless root asks. Caller frees.
char *doctor_root_command(const struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
// How this distribution installs a package, or what is there of it again. Caller frees.
enum package { PACKAGE_QEMU, PACKAGE_QEMU_IMG, PACKAGE_DNSMASQ, PACKAGE_COUNT };
char *doctor_install_command(const struct doctor *d, enum package package, bool again);

// Whether somebody may do all of `bits` (4 read, 2 write, 1 pass or run) with the file at `path`,
// by its owner, mode and access list. The way there is not looked at.
bool doctor_may(const struct doctor *d, const struct who *who, const char *path, unsigned bits);
// The first directory on the way to `path` (which itself counts when `inclusive`) that doesn't let
// who pass; links are followed. NULL: there is none. Caller frees.
char *doctor_blocked_at(const struct doctor *d, const struct who *who, const char *path,
                        bool inclusive);
// The user that QEMU should run as, once there is one: not nobody. Borrowed.
const char *doctor_qemu_user_to_be(const struct doctor *d);
bool doctor_in_group(const struct who *who, gid_t gid);
// "crw-rw---- root kvm". Caller frees.
char *doctor_describe(const struct stat *st);
