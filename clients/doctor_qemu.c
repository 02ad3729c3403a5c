// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks of QEMU, qemu-img and the user that QEMU runs as.
#include "clients/doctor.h"
#include "clients/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { VERSION_TIMEOUT_MS = 10000, VERSION_TEXT_MAX = 4096, OLDEST_MAJOR = 5 };

// The first VERSION_TEXT_MAX bytes that `path --version` prints; kills it after VERSION_TIMEOUT_MS.
// NULL when it cannot be run or fails. Caller frees.
static char *ask_version(const char *path)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return NULL;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int r = posix_spawn(&pid, path, &actions, NULL, (char *[]){(char *)path, "--version", NULL},
                        environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    AUTO_CLOSE int fd = fds[0];
    if (r != 0)
        return NULL;
    AUTO_FREE char *text = xcalloc(1, VERSION_TEXT_MAX + 1);
    size_t len = 0;
    bool ended = false;
    uint64_t deadline = now_monotonic_us() + VERSION_TIMEOUT_MS * UINT64_C(1000), now;
    while (!ended && len < VERSION_TEXT_MAX && (now = now_monotonic_us()) < deadline) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, (int)((deadline - now) / 1000) + 1) <= 0)
            continue;
        ssize_t n = read(fd, text + len, VERSION_TEXT_MAX - len);
        ended = n <= 0;
        len += n > 0 ? (size_t)n : 0;
    }
    if (!ended)
        kill(pid, SIGKILL);
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? STEAL(text) : NULL;
}

static char *find_qemu(const struct doctor *d)
{
    if (*d->emulator)
        return xstrdup(d->emulator);
    AUTO_FREE char *native = xasprintf("qemu-system-%s", d->machine);
    const char *const names[] = {native, "qemu-kvm", NULL};
    return doctor_find_program(d, names);
}

void doctor_check_qemu(const struct doctor *d, struct findings *ret)
{
    AUTO_FREE char *path = find_qemu(d);
    if (!path) {
        findings_problem(ret, "QEMU", doctor_install_command(d, PACKAGE_QEMU, false),
                         "there is no qemu-system-%s: no domain can start", d->machine);
        return;
    }
    AUTO_FREE char *full = doctor_path(d, path);
    if (access(full, X_OK) < 0) {
        findings_problem(ret, "QEMU", doctor_install_command(d, PACKAGE_QEMU, false),
                         "%s, the emulator set in vireod.conf, cannot be executed: %s", path,
                         strerrordesc_np(errno));
        return;
    }
    AUTO_FREE char *text = ask_version(full);
    unsigned major, minor, micro;
    const char *number = text ? strstr(text, "version ") : NULL;
    if (!number || sscanf(number, "version %u.%u.%u", &major, &minor, &micro) != 3) {
        findings_problem(ret, "QEMU", doctor_install_command(d, PACKAGE_QEMU, true),
                         "'%s --version' fails: run it to see the error", path);
        return;
    }
    if (major < OLDEST_MAJOR) {
        findings_problem(ret, "QEMU", doctor_install_command(d, PACKAGE_QEMU, false),
                         "%s is version %u.%u.%u; %d.0 or newer is required", path, major, minor,
                         micro, OLDEST_MAJOR);
        return;
    }
    findings_good(ret, "QEMU", "%s, version %u.%u.%u", path, major, minor, micro);
}

void doctor_check_qemu_img(const struct doctor *d, struct findings *ret)
{
    static const char *const names[] = {"qemu-img", NULL};
    AUTO_FREE char *path = doctor_find_program(d, names);
    if (path)
        findings_good(ret, "qemu-img", "%s", path);
    else
        findings_note(ret, "qemu-img", doctor_install_command(d, PACKAGE_QEMU_IMG, false),
                      "is missing: storage pools can create only raw volumes");
}

const char *doctor_intended_qemu_user(const struct doctor *d)
{
    bool fallback = d->system_mode && !d->qemu_user_is_set &&
                    (!d->qemu.known || str_eq(d->qemu.name, "nobody"));
    return fallback ? "libvirt-qemu" : d->qemu.name;
}

static char *user_fix(const struct doctor *d)
{
    AUTO_STRBUF user = {0};
    text_add_shell(&user, doctor_intended_qemu_user(d));
    return doctor_root_command(d, "useradd --system --no-create-home --shell /usr/sbin/nologin %s",
                               strbuf_text(&user));
}

void doctor_check_qemu_user(const struct doctor *d, struct findings *ret)
{
    if (!d->qemu.known)
        findings_problem(ret, "QEMU's user", user_fix(d), "there is no user '%s' to run QEMU as",
                         d->qemu.name);
    else if (!str_eq(d->qemu.name, doctor_intended_qemu_user(d)))
        findings_note(ret, "QEMU's user", user_fix(d),
                      "there is no user libvirt-qemu, so QEMU runs as user nobody, like other "
                      "programs; restart vireod after the fix");
    else
        findings_good(ret, "QEMU's user", "QEMU runs as %s", d->qemu.name);
}
