// SPDX-License-Identifier: GPL-2.0-or-later
// Every golden document is really started: QEMU builds the guest, answers qmp_capabilities, quits.
// KVM documents run under TCG here. Files, ports and sockets are the test's own.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/qemu/fixture.h"

enum { IMAGE_SIZE = 1 << 20, ANSWER_MS = 60000, LINE_MAX_BYTES = 65536, FLOPPY_SIZE = 1474560 };

static struct qemu_caps *caps;
static char dir[64];

// Needs a tap, which needs privileges; test_command has its arguments.
static const char *const not_here[] = {"tap"};

static void run(const char *const *argv)
{
    pid_t pid = fork();
    int status = 0;
    CHECK(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// Enough of Linux's boot header for QEMU to load it and an initrd.
static void write_kernel(const char *path)
{
    static unsigned char image[32768];
    image[0x1f1] = 4;
    memcpy(image + 0x202, "HdrS", 4);
    memcpy(image + 0x206, "\x03\x02", 2);
    image[0x211] = 1;
    memcpy(image + 0x22c, "\xff\xff\xff\x37", 4); // how high an initrd may lie
    CHECK_INT(file_write_volatile(path, image, sizeof(image), 0600), 0);
}

static void make_image(const char *path, const char *format, bool floppy)
{
    if (!path)
        return;
    if (str_eq(format, "qcow2")) {
        run((const char *[]){"qemu-img", "create", "-q", "-f", "qcow2", path, "1M", NULL});
        return;
    }
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_INT(ftruncate(fd, floppy ? FLOPPY_SIZE : IMAGE_SIZE), 0);
    close(fd);
}

static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
    close(fd);
    return ntohs(a.sin_port);
}

static void make_files(struct domain_def *def)
{
    VEC_FOREACH (it, &def->disks) {
        const struct domain_disk *d = *it;
        make_image(d->source_file, d->driver_format, d->device == DISK_DEVICE_FLOPPY);
        for (const struct disk_backing *b = d->backing; b; b = b->next)
            make_image(b->file, b->format, false);
    }
    VEC_FOREACH (s, &def->sysinfos) {
        VEC_FOREACH (it, &(*s)->firmware)
            make_image((*it)->file, "raw", false);
    }
    if (def->os.kernel)
        write_kernel(def->os.kernel);
    make_image(def->os.initrd, "raw", false);
    make_image(def->os.loader, "raw", false);
    make_image(def->os.nvram, "raw", false);
    VEC_FOREACH (it, &def->graphics) {
        (*it)->live_port = OPT_INT(free_port());
        if ((*it)->websocket.set)
            (*it)->live_websocket = OPT_INT(free_port());
    }
}

// Starts the program with its descriptors at the numbers the arguments speak of.
static pid_t start(struct command *a, int log)
{
    char **args = strv_argv(&a->args), **env = strv_argv(&a->env);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid)
        return pid;
    for (size_t i = 0; i < a->fds.n; i++)
        if (dup2(a->fds.v[i].fd, a->fds.v[i].target) < 0)
            _exit(126);
    dup2(log, 2);
    dup2(log, 1);
    execve(args[0], args, env);
    _exit(127);
}

// Starts the process beside QEMU with one end of a socket; QEMU's is above every number in a child.
static void start_side(struct fixture *f, struct command_side *side)
{
    struct device_side plan = {0};
    int pair[2];
    device_class_of(side->dev->kind)->side(f->def, side->dev, &plan);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    side->fd = fcntl(pair[0], F_DUPFD_CLOEXEC, 64);
    char **args = strv_argv(&plan.args);
    pid_t pid = fork(); // ends with QEMU, and is reaped with this process
    CHECK(pid >= 0 && side->fd >= 64);
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || chdir(dir) < 0 ||
            dup2(pair[1], SIDE_SOCKET_FD) < 0)
            _exit(126);
        fcntl(SIDE_SOCKET_FD, F_SETFD, 0);
        execvp(args[0], args);
        _exit(127);
    }
    close(pair[0]);
    close(pair[1]);
    device_side_finish(&plan);
}

static bool read_line(int fd, char *line, size_t size)
{
    for (size_t n = 0; n + 1 < size;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, ANSWER_MS) <= 0 || read(fd, line + n, 1) != 1)
            return false;
        if (line[n++] == '\n') {
            line[n] = 0;
            return true;
        }
    }
    return false;
}

static bool ask(int fd, const char *command, const char *answer)
{
    static char line[LINE_MAX_BYTES];
    if (write(fd, command, strlen(command)) != (ssize_t)strlen(command))
        return false;
    while (read_line(fd, line, sizeof(line)))
        if (!strstr(line, "\"event\"")) // events come between
            return strstr(line, answer) != NULL;
    return false;
}

// Asks QEMU to end, and waits for the end of its connection: the answer may get lost in that.
static bool quit(int fd)
{
    static const char command[] = "{\"execute\":\"quit\"}\n";
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char rest[4096];
    if (write(fd, command, strlen(command)) < 0)
        return false;
    while (poll(&p, 1, ANSWER_MS) > 0)
        if (read(fd, rest, sizeof(rest)) <= 0)
            return true;
    return false;
}

static void one_start(const char *name)
{
    struct fixture f;
    static char line[LINE_MAX_BYTES];
    AUTO_ERROR err = ERROR_INIT;
    AUTO_FREE char *xml = fixture_text(name);
    AUTO_FREE char *here = replace_all(xml, FIXTURE_DIR, dir);
    AUTO_FREE char *tcg = replace_all(here, "<domain type='kvm'", "<domain type='qemu'");
    AUTO_FREE char *max = replace_all(tcg, "mode='host-passthrough'", "mode='maximum'");
    AUTO_FREE char *model = replace_all(max, "mode='host-model'", "mode='maximum'");
    AUTO_FREE char *document =
        replace_all(model, "<vpindex state='on'/><synic state='on'/><stimer state='on'/>", "");
    AUTO_FREE char *qmp = path_join(dir, "qmp.sock");
    AUTO_FREE char *log_path = path_join(dir, "log");
    fixture_load(&f, document, caps, dir);
    make_files(f.def);
    int listener = unix_listen(qmp, 0600, 1);
    CHECK(listener >= 0);
    int log = open(log_path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    // Above every number used in the child, so that none is overwritten before it is handed over.
    f.in.monitor_fd = fcntl(listener, F_DUPFD_CLOEXEC, 64);
    CHECK(log >= 0 && f.in.monitor_fd >= 64);
    for (size_t i = 0; i < f.in.nsides; i++)
        start_side(&f, &f.sides[i]);
    if (command_build(&f.in, &f.command, &err) < 0) {
        fprintf(stderr, "%s: %s\n", name, error_message(&err));
        exit(1);
    }
    pid_t pid = start(&f.command, log);
    int fd = unix_connect(qmp), status = 0;
    CHECK(fd >= 0);
    close(listener);
    close(f.in.monitor_fd);
    for (size_t i = 0; i < f.in.nsides; i++)
        close(f.sides[i].fd);
    bool ok = read_line(fd, line, sizeof(line)) &&
              ask(fd, "{\"execute\":\"qmp_capabilities\"}\n", "\"return\"") &&
              ask(fd, "{\"execute\":\"query-status\"}\n", "\"prelaunch\"") && quit(fd);
    if (!ok)
        kill(pid, SIGKILL);
    CHECK(waitpid(pid, &status, 0) == pid);
    close(fd);
    close(log);
    AUTO_FREE char *said = NULL;
    file_read(log_path, FIXTURE_MAX, &said, NULL);
    if (!ok || status != 0) {
        fprintf(stderr, "%s: QEMU did not take it (status %x):\n%s\n", name, (unsigned)status,
                said ? said : "");
        exit(1);
    }
    printf("  %s\n", name);
    fflush(stdout);
    fixture_finish(&f);
}

static void starts(void)
{
    struct strv names = {0};
    const char *only = getenv("VIREO_TEST_ONLY");
    fixture_names(&names);
    for (size_t i = 0; i < names.n; i++) {
        bool skip = only && !str_eq(only, names.v[i]);
        for (size_t k = 0; k < ARRAY_LEN(not_here); k++)
            skip = skip || str_eq(names.v[i], not_here[k]);
        if (!skip)
            one_start(names.v[i]);
    }
    strv_finish(&names);
}

static void clean(void)
{
    dir_remove_all(dir);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (access("/usr/bin/qemu-system-x86_64", X_OK) < 0)
        SKIP("no /usr/bin/qemu-system-x86_64 (Debian: qemu-system-x86)");
    if (access("/usr/bin/qemu-img", X_OK) < 0)
        SKIP("no /usr/bin/qemu-img (Debian: qemu-utils)");
    if (access("/usr/bin/swtpm", X_OK) < 0)
        SKIP("no /usr/bin/swtpm (Debian: swtpm)");
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof(dir), "%.40s/vireo-argv-XXXXXX", tmp ? tmp : "/tmp");
    CHECK(mkdtemp(dir));
    atexit(clean);
    caps = fixture_caps();
    RUN(starts);
    qemu_caps_unref(caps);
    return 0;
}
