// SPDX-License-Identifier: GPL-2.0-or-later
// fake-qemu: takes the place of QEMU's binary. Finds the monitor among QEMU's arguments
// (-chardev socket,id=NAME,fd=N,server=on,... + -mon chardev=NAME, the first socket chardev
// otherwise), waits for a client (with server=on; else N is connected already) and follows the
// script in the file FAKE_QEMU_SCRIPT names; without one it greets and serves. A line "accept" in
// it waits for the next client.
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "tests/monitor/fake_qemu.h"

// *listening: whether a client is still to be accepted there.
static int monitor_fd(int argc, char **argv, bool *listening)
{
    char wanted[128] = "";
    for (int i = 1; i + 1 < argc; i++) {
        const char *at = str_eq(argv[i], "-mon") ? strstr(argv[i + 1], "chardev=") : NULL;
        if (at)
            snprintf(wanted, sizeof(wanted), "id=%.*s", (int)strcspn(at + 8, ","), at + 8);
    }
    for (int i = 1; i + 1 < argc; i++) {
        const char *fd = strstr(argv[i + 1], "fd=");
        if (str_eq(argv[i], "-chardev") && str_starts(argv[i + 1], "socket") && fd &&
            strstr(argv[i + 1], wanted)) {
            *listening = strstr(argv[i + 1], "server=on") || strstr(argv[i + 1], ",server,");
            return atoi(fd + 3);
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    AUTO_FREE char *script = NULL;
    const char *path = getenv("FAKE_QEMU_SCRIPT");
    if (path && file_read(path, 1024 * 1024, &script, NULL) < 0) {
        fprintf(stderr, "fake-qemu: cannot read the script '%s'\n", path);
        return 2;
    }
    bool listening = false;
    int fd = monitor_fd(argc, argv, &listening);
    if (fd < 0) {
        fprintf(stderr, "fake-qemu: no monitor among the arguments\n");
        return 2;
    }
    if (!script)
        script = xstrdup("greet\nserve\n");
    int r = 0;
    for (char *part = script, *next; r == 0 && part; part = next) {
        next = listening ? strstr(part, "\naccept\n") : NULL;
        if (next) {
            next[1] = '\0';
            next += strlen("\naccept\n");
        }
        struct pollfd waiting = {.fd = fd, .events = POLLIN}; // fd may be non-blocking
        if (listening)
            poll(&waiting, 1, -1);
        int client = listening ? accept4(fd, NULL, NULL, SOCK_CLOEXEC) : fd;
        if (client < 0) {
            perror("fake-qemu: accept");
            return 2;
        }
        r = fake_qemu_run(client, part);
    }
    return r;
}
