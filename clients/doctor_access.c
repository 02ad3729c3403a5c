// SPDX-License-Identifier: LGPL-2.1-or-later
// Permission checks on behalf of another account: by owner, mode and POSIX access control list,
// which setfacl(1) sets and logind sets on /dev/kvm for the local user.
#include "clients/doctor.h"

#include <endian.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/xattr.h>

// The kernel's format of an access list (linux/posix_acl_xattr.h), little-endian.
enum { ACL_VERSION = 2, ACL_SIZE_MAX = 65536 };
enum {
    ACL_USER_OBJ = 1,
    ACL_USER = 2,
    ACL_GROUP_OBJ = 4,
    ACL_GROUP = 8,
    ACL_MASK = 16,
    ACL_OTHER = 32
};

struct acl_entry {
    uint16_t tag, bits;
    uint32_t id;
};

static bool from_mode(const struct account *account, const struct stat *st, unsigned bits)
{
    unsigned mode = st->st_mode;
    if (st->st_uid == account->uid)
        mode >>= 6;
    else if (doctor_in_group(account, st->st_gid))
        mode >>= 3;
    return (mode & bits) == bits;
}

bool doctor_in_group(const struct account *account, gid_t gid)
{
    if (account->gid == gid)
        return true;
    for (int i = 0; i < account->ngroups; i++) {
        if (account->groups[i] == gid)
            return true;
    }
    return false;
}

// acl(5), ACCESS CHECK ALGORITHM.
static bool from_acl(const struct account *account, const struct stat *st,
                     const struct acl_entry *e, size_t n, unsigned bits)
{
    unsigned mask = 7, other = 0;
    for (size_t i = 0; i < n; i++) {
        if (le16toh(e[i].tag) == ACL_MASK)
            mask = le16toh(e[i].bits);
        if (le16toh(e[i].tag) == ACL_OTHER)
            other = le16toh(e[i].bits);
    }
    bool group_matched = false;
    if (st->st_uid == account->uid)
        return ((st->st_mode >> 6) & bits) == bits;
    for (size_t i = 0; i < n; i++) {
        if (le16toh(e[i].tag) == ACL_USER && le32toh(e[i].id) == account->uid)
            return (le16toh(e[i].bits) & mask & bits) == bits;
    }
    for (size_t i = 0; i < n; i++) {
        bool own = le16toh(e[i].tag) == ACL_GROUP_OBJ;
        gid_t gid = own ? st->st_gid : le32toh(e[i].id);
        if ((!own && le16toh(e[i].tag) != ACL_GROUP) || !doctor_in_group(account, gid))
            continue;
        group_matched = true;
        if ((le16toh(e[i].bits) & mask & bits) == bits)
            return true;
    }
    return !group_matched && (other & bits) == bits;
}

bool doctor_may(const struct doctor *d, const struct account *account, const char *path,
                unsigned bits)
{
    struct stat st;
    if (!doctor_stat(d, path, &st))
        return false;
    if (account->root)
        return true;
    AUTO_FREE char *full = doctor_path(d, path);
    AUTO_FREE char *acl = xmalloc(ACL_SIZE_MAX);
    ssize_t size = getxattr(full, "system.posix_acl_access", acl, ACL_SIZE_MAX);
    uint32_t version = 0;
    if (size >= (ssize_t)sizeof(version))
        memcpy(&version, acl, sizeof(version));
    if (le32toh(version) != ACL_VERSION)
        return from_mode(account, &st, bits);
    size_t n = ((size_t)size - sizeof(version)) / sizeof(struct acl_entry);
    AUTO_FREE struct acl_entry *entries = xcalloc(n + 1, sizeof(*entries));
    memcpy(entries, acl + sizeof(version), n * sizeof(*entries));
    return from_acl(account, &st, entries, n, bits);
}

char *doctor_blocked_at(const struct doctor *d, const struct account *account, const char *path,
                        bool inclusive)
{
    // Resolve links, so that the directories behind them are checked. Not in a fixture: links there
    // point outside it.
    char resolved[PATH_MAX];
    if (!*d->root && realpath(path, resolved))
        path = resolved;
    AUTO_FREE char *part = xasprintf("%s%s", path, inclusive ? "/" : "");
    for (char *p = part; (p = strchr(p + 1, '/'));) {
        struct stat st;
        *p = 0;
        if (!doctor_stat(d, part, &st) || !S_ISDIR(st.st_mode))
            return NULL; // missing, or the caller cannot read it: the checks report that
        if (!doctor_may(d, account, part, 1))
            return STEAL(part);
        *p = '/';
    }
    return NULL;
}

char *doctor_describe(const struct stat *st)
{
    static const char letters[] = "rwxrwxrwx";
    char mode[sizeof(letters) + 1] = "";
    mode[0] = S_ISCHR(st->st_mode)    ? 'c'
              : S_ISSOCK(st->st_mode) ? 's'
              : S_ISDIR(st->st_mode)  ? 'd'
                                      : '-';
    for (size_t i = 0; i < sizeof(letters) - 1; i++)
        mode[i + 1] = st->st_mode & (0400U >> i) ? letters[i] : '-';
    struct passwd *pw = getpwuid(st->st_uid);
    AUTO_FREE char *owner = pw ? xstrdup(pw->pw_name) : xasprintf("uid %d", (int)st->st_uid);
    struct group *gr = getgrgid(st->st_gid);
    return gr ? xasprintf("%s %s %s", mode, owner, gr->gr_name)
              : xasprintf("%s %s gid %d", mode, owner, (int)st->st_gid);
}
