// SPDX-License-Identifier: GPL-2.0-or-later
// The benchmark's client: one program, linked with the libvirt library, measures every server, and
// the minimum time that no server can beat. It prints one time in microseconds a line.
//
//   client call URI N             one small call, repeated
//   client open URI N             open and close a connection
//   client define URI N XML       define a domain (undefine is not measured)
//   client start URI N XML        start a domain paused
//   client destroy URI N XML      destroy it
//   client loop URI N             8 clients, N calls each; prints calls a second
//   client responder PATH         a server that only answers what the library asks: the floor for
//   calls client qemu-start N QEMU      spawn QEMU until it answers qmp_capabilities: the floor for
//   start client qemu-stop N QEMU       SIGTERM until its end: the floor for destroy
#include <arpa/inet.h>
#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>
#include <signal.h>

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(const char *what)
{
    const virError *error = virGetLastError();

    fprintf(stderr, "bench client: %s: %s\n", what, error ? error->message : strerror(errno));
    exit(1);
}

static virConnectPtr open_uri(const char *uri)
{
    virConnectPtr conn = virConnectOpen(uri);

    if (!conn)
        die(uri);
    return conn;
}

static void call(virConnectPtr conn)
{
    unsigned long version;

    if (virConnectGetLibVersion(conn, &version) < 0)
        die("call");
}

static void measure_calls(const char *uri, int n)
{
    virConnectPtr conn = open_uri(uri);

    for (int i = 0; i < n; i++) {
        double start = now_us();
        call(conn);
        printf("%.1f\n", now_us() - start);
    }
    virConnectClose(conn);
}

static void measure_opens(const char *uri, int n)
{
    for (int i = 0; i < n; i++) {
        double start = now_us();
        virConnectClose(open_uri(uri));
        printf("%.1f\n", now_us() - start);
    }
}

enum { CLIENTS = 8 };

static void measure_loop(const char *uri, int n)
{
    int ready[2], go[2];
    char byte = 0;

    if (pipe(ready) < 0 || pipe(go) < 0)
        die("pipe");
    for (int i = 0; i < CLIENTS; i++)
        if (fork() == 0) {
            virConnectPtr conn = open_uri(uri);
            call(conn);
            close(go[1]);
            if (write(ready[1], "", 1) != 1 || read(go[0], &byte, 1) != 0)
                _exit(1);
            for (int k = 0; k < n; k++)
                call(conn);
            _exit(0);
        }
    for (int i = 0; i < CLIENTS; i++)
        if (read(ready[0], &byte, 1) != 1)
            die("a client");
    double start = now_us();
    close(go[1]); // starts all clients
    for (int i = 0, status; i < CLIENTS; i++)
        if (wait(&status) < 0 || status != 0)
            die("a client failed");
    printf("%.1f\n", CLIENTS * (double)n * 1e6 / (now_us() - start));
}

static void measure_domain(const char *what, const char *uri, int n, const char *xml)
{
    virConnectPtr conn = open_uri(uri);

    for (int i = 0; i < n; i++) {
        double start = now_us();
        virDomainPtr dom = virDomainDefineXML(conn, xml);
        if (!dom)
            die("define");
        double defined = now_us();
        if (strcmp(what, "define") == 0) {
            printf("%.1f\n", defined - start);
        } else {
            if (virDomainCreateWithFlags(dom, VIR_DOMAIN_START_PAUSED) < 0)
                die("start");
            double started = now_us();
            if (virDomainDestroy(dom) < 0)
                die("destroy");
            double ended = now_us();
            printf("%.1f\n", strcmp(what, "start") == 0 ? started - defined : ended - started);
        }
        virDomainUndefine(dom);
        virDomainFree(dom);
    }
    virConnectClose(conn);
}

static int read_all(int fd, uint8_t *buf, size_t len)
{
    for (size_t have = 0; have < len;) {
        ssize_t n = read(fd, buf + have, len - have);
        if (n <= 0)
            return -1;
        have += (size_t)n;
    }
    return 0;
}

// Receives one packet and replies. The library asks for the authentication types (66: one, "none")
// and features (60: none); every other call gets a number.
static int answer_one(int fd)
{
    static const size_t payload_of[] = {[66] = 8, [60] = 4, [157] = 8};
    uint8_t buf[65536];
    uint32_t len, procedure, type = htonl(1);

    if (read_all(fd, buf, 4) < 0)
        return -1;
    memcpy(&len, buf, 4);
    len = ntohl(len);
    if (len < 28 || len > sizeof(buf) || read_all(fd, buf + 4, len - 4) < 0)
        return -1;
    memcpy(&procedure, buf + 12, 4);
    procedure = ntohl(procedure);
    size_t payload =
        procedure < sizeof(payload_of) / sizeof(payload_of[0]) ? payload_of[procedure] : 0;
    memset(buf + 28, 0, payload);
    if (procedure == 66)
        buf[31] = 1; // an array of one
    len = htonl((uint32_t)(28 + payload));
    memcpy(buf, &len, 4);
    memcpy(buf + 16, &type, 4);
    return write(fd, buf, 28 + payload) == (ssize_t)(28 + payload) ? 0 : -1;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    if (fd < 0 || bind(fd, (void *)&address, sizeof(address)) < 0 || listen(fd, 64) < 0)
        die(path);
    return fd;
}

static void respond(const char *path)
{
    struct pollfd fds[64] = {{.fd = listen_at(path), .events = POLLIN}};
    nfds_t n = 1;

    while (poll(fds, n, -1) >= 0) {
        for (nfds_t i = n - 1; i > 0; i--)
            if (fds[i].revents && answer_one(fds[i].fd) < 0) {
                close(fds[i].fd);
                fds[i] = fds[--n];
            }
        if (fds[0].revents && n < 64)
            fds[n++] = (struct pollfd){.fd = accept(fds[0].fd, NULL, NULL), .events = POLLIN};
    }
}

static void read_line(int fd)
{
    char c = 0;

    while (c != '\n')
        if (read(fd, &c, 1) != 1)
            die("QEMU's monitor");
}

static pid_t spawn_qemu(const char *qemu, const char *path, int listener)
{
    char chardev[64];
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, 0);
    dup2(null, 1);
    int fd = dup(listener); // without close-on-exec
    snprintf(chardev, sizeof(chardev), "socket,id=m,fd=%d,server=on,wait=off", fd);
    execl(qemu, qemu, "-S", "-machine", "pc,accel=tcg", "-m", "64", "-nodefaults",
          "-no-user-config", "-display", "none", "-chardev", chardev, "-mon",
          "chardev=m,mode=control", (char *)NULL);
    fprintf(stderr, "%s: %s (%s)\n", qemu, strerror(errno), path);
    _exit(127);
}

static void measure_qemu(int stop, int n, const char *qemu)
{
    static const char hello[] = "{\"execute\":\"qmp_capabilities\"}\n";
    char path[] = "/tmp/vireo-bench-XXXXXX/qmp";

    *strrchr(path, '/') = 0;
    if (!mkdtemp(path))
        die("mkdtemp");
    path[strlen(path)] = '/';
    for (int i = 0; i < n; i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int listener = listen_at(path);
        double start = now_us();
        pid_t pid = spawn_qemu(qemu, path, listener);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (connect(fd, (void *)&address, sizeof(address)) < 0)
            die("connect");
        read_line(fd);
        if (write(fd, hello, sizeof(hello) - 1) < 0)
            die("write");
        read_line(fd);
        double running = now_us();
        kill(pid, SIGTERM);
        waitpid(pid, NULL, 0);
        printf("%.1f\n", stop ? now_us() - running : running - start);
        close(fd);
        close(listener);
        unlink(path);
    }
    *strrchr(path, '/') = 0;
    rmdir(path);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (argc == 3 && strcmp(what, "responder") == 0)
        respond(argv[2]);
    else if (argc == 4 && strcmp(what, "call") == 0)
        measure_calls(argv[2], atoi(argv[3]));
    else if (argc == 4 && strcmp(what, "open") == 0)
        measure_opens(argv[2], atoi(argv[3]));
    else if (argc == 4 && strcmp(what, "loop") == 0)
        measure_loop(argv[2], atoi(argv[3]));
    else if (argc == 4 && strncmp(what, "qemu-", 5) == 0)
        measure_qemu(strcmp(what, "qemu-stop") == 0, atoi(argv[2]), argv[3]);
    else if (argc == 5)
        measure_domain(what, argv[2], atoi(argv[3]), argv[4]);
    else
        return fprintf(stderr, "usage: see the head of tests/bench/client.c\n"), 2;
    return 0;
}
