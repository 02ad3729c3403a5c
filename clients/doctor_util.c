// SPDX-License-Identifier: LGPL-2.1-or-later
// Helpers of the checks: files below the root, programs, install commands.
#include "clients/doctor.h"
#include "base/file.h"

#include <stdio.h>
#include <unistd.h>

enum { READ_MAX = 4 * 1024 * 1024 };

char *doctor_path(const struct doctor *d, const char *path)
{
    return xasprintf("%s%s", d->root, path);
}

bool doctor_stat(const struct doctor *d, const char *path, struct stat *ret)
{
    AUTO_FREE char *full = doctor_path(d, path);
    return stat(full, ret) == 0;
}

char *doctor_read(const struct doctor *d, const char *path)
{
    AUTO_FREE char *full = doctor_path(d, path);
    char *text = NULL;
    return file_read(full, READ_MAX, &text, NULL) < 0 ? NULL : text;
}

char *doctor_find_program(const struct doctor *d, const char *const *names)
{
    static const char *const dirs[] = {"/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin",
                                       "/usr/libexec"};
    for (; *names; names++) {
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
            AUTO_FREE char *path = xasprintf("%s/%s", dirs[i], *names);
            AUTO_FREE char *full = doctor_path(d, path);
            if (access(full, X_OK) == 0)
                return STEAL(path);
        }
    }
    return NULL;
}

char *doctor_root_command(const struct doctor *d, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *command = xvasprintf(fmt, ap);
    va_end(ap);
    return xasprintf("%s%s", d->caller.root ? "" : "sudo ", command);
}

// Distributions by keyword of ID and ID_LIKE in os-release(5).
static const struct family {
    const char *id;
    const char *install, *reinstall;
    const char *packages[PACKAGE_COUNT];
} families[] = {
    {"debian",
     "apt-get install",
     "apt-get install --reinstall",
     {"qemu-system-x86", "qemu-utils", "dnsmasq-base"}},
    {"fedora", "dnf install", "dnf reinstall", {"qemu-kvm", "qemu-img", "dnsmasq"}},
    {"rhel", "dnf install", "dnf reinstall", {"qemu-kvm", "qemu-img", "dnsmasq"}},
    {"suse", "zypper install", "zypper install --force", {"qemu", "qemu-tools", "dnsmasq"}},
    {"arch", "pacman -S", "pacman -S", {"qemu-base", "qemu-img", "dnsmasq"}},
    {"alpine", "apk add", "apk fix", {"qemu-system-x86_64", "qemu-img", "dnsmasq"}},
};

static bool is_of_family(const char *os_release, const char *id)
{
    for (const char *line = os_release; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!str_starts(line, "ID=") && !str_starts(line, "ID_LIKE="))
            continue;
        AUTO_FREE char *value = xstrndup(line, strcspn(line, "\n"));
        for (char *save, *id_like = strtok_r(value, "=\"' ", &save); id_like;
             id_like = strtok_r(NULL, "=\"' ", &save)) {
            if (str_eq(id_like, id))
                return true;
        }
    }
    return false;
}

char *doctor_install_command(const struct doctor *d, enum package package, bool reinstall)
{
    AUTO_FREE char *text = doctor_read(d, "/etc/os-release");
    const struct family *family = &families[0];
    for (size_t i = 0; text && i < ARRAY_LEN(families); i++) {
        if (is_of_family(text, families[i].id)) {
            family = &families[i];
            break;
        }
    }
    const char *name = family->packages[package];
    // Debian has a QEMU package for each architecture.
    if (family == &families[0] && package == PACKAGE_QEMU && d->machine[0] &&
        !str_eq(d->machine, "x86_64") && !str_starts(d->machine, "i"))
        name = "qemu-system";
    return doctor_root_command(d, "%s %s", reinstall ? family->reinstall : family->install, name);
}
