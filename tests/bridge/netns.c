// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bridge/netns.h"
#include "bridge/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_SIZE = 512, ANSWER_MS = 700 };

void netns_enter(void)
{
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
        SKIP("no permission to make network and mount namespaces");
    CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    CHECK_INT(mount("tmpfs", "/run", "tmpfs", 0, NULL), 0);
    netns_need_program("ip");
    netns_sh("ip link set lo up");
}

void netns_need_program(const char *name)
{
    if (netns_sh_status("command -v %s >/dev/null", name) == 0)
        return;
    printf("skipped: program '%s' is not installed\n", name);
    exit(77);
}

void netns_need_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        printf("skipped: cannot open %s\n", path);
        exit(77);
    }
    close(fd);
}

static int shell(const char *fmt, va_list ap, char *text)
{
    static const char PATH[] = "PATH=$PATH:/usr/sbin:/sbin; ";
    strcpy(text, PATH);
    CHECK(vsnprintf(text + strlen(PATH), TEXT_SIZE * 4 - strlen(PATH), fmt, ap) < TEXT_SIZE * 3);
    int status = system(text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void netns_sh(const char *fmt, ...)
{
    char text[TEXT_SIZE * 4];
    va_list ap;
    va_start(ap, fmt);
    int r = shell(fmt, ap, text);
    va_end(ap);
    if (r != 0) {
        fprintf(stderr, "exit status %d of: %s\n", r, text);
        exit(1);
    }
}

int netns_sh_status(const char *fmt, ...)
{
    char text[TEXT_SIZE * 4];
    va_list ap;
    va_start(ap, fmt);
    int r = shell(fmt, ap, text);
    va_end(ap);
    return r;
}

char *netns_output(const char *fmt, ...)
{
    char text[TEXT_SIZE * 4] = "PATH=$PATH:/usr/sbin:/sbin; ";
    size_t used = strlen(text);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + used, sizeof(text) - used, fmt, ap);
    va_end(ap);
    FILE *f = popen(text, "r");
    CHECK(f);
    char *out = NULL;
    size_t size = 0;
    if (getdelim(&out, &size, '\0', f) < 0) {
        free(out);
        out = strdup("");
    }
    pclose(f);
    return out;
}

static void peer_text(const struct sockaddr_in6 *peer, char text[static TEXT_SIZE])
{
    char address[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &peer->sin6_addr, address, sizeof(address));
    const char *shown = strncmp(address, "::ffff:", 7) == 0 ? address + 7 : address;
    snprintf(text, TEXT_SIZE, "%s %d", shown, ntohs(peer->sin6_port));
}

static int bound_socket(int type, int port)
{
    int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), on = 1, off = 0;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0)
        exit(1);
    return fd;
}

static void serve(int tcp, int udp)
{
    char text[TEXT_SIZE];
    for (;;) {
        struct pollfd fds[] = {{.fd = tcp, .events = POLLIN}, {.fd = udp, .events = POLLIN}};
        poll(fds, 2, -1);
        struct sockaddr_in6 peer;
        socklen_t size = sizeof(peer);
        if (fds[0].revents) {
            int fd = accept(tcp, (struct sockaddr *)&peer, &size);
            peer_text(&peer, text);
            if (fd >= 0 && write(fd, text, strlen(text)) > 0)
                shutdown(fd, SHUT_WR);
            close(fd);
        }
        if (fds[1].revents) {
            size = sizeof(peer);
            if (recvfrom(udp, text, sizeof(text), 0, (struct sockaddr *)&peer, &size) < 0)
                continue;
            peer_text(&peer, text);
            sendto(udp, text, strlen(text), 0, (struct sockaddr *)&peer, size);
        }
    }
}

static const char *failure(int e)
{
    static char text[64];
    if (e == ECONNREFUSED)
        return "refused";
    if (e == EAGAIN || e == EINPROGRESS || e == ETIMEDOUT)
        return "timeout";
    if (e == ENETUNREACH || e == EHOSTUNREACH || e == EACCES)
        return "unreachable";
    snprintf(text, sizeof(text), "error %d", e);
    return text;
}

// Each question comes from a port of its own: for some time a used one is translated as it was for
// the question before, whatever the rules say by now.
static void bind_new_port(int fd, bool v4)
{
    static uint16_t last = 19999;
    last = last < 60000 ? last + 1 : 20000;
    struct sockaddr_in from4 = {.sin_family = AF_INET, .sin_port = htons(last)};
    struct sockaddr_in6 from6 = {.sin6_family = AF_INET6, .sin6_port = htons(last)};
    CHECK_INT(v4 ? bind(fd, (struct sockaddr *)&from4, sizeof(from4))
                 : bind(fd, (struct sockaddr *)&from6, sizeof(from6)),
              0);
}

static void ask(const char *protocol, const char *address, int port, char answer[static TEXT_SIZE])
{
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    bool v4 = inet_pton(AF_INET, address, &to4.sin_addr) == 1;
    if (!v4)
        inet_pton(AF_INET6, address, &to6.sin6_addr);
    bool tcp = strcmp(protocol, "tcp") == 0;
    int fd = socket(v4 ? AF_INET : AF_INET6, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_usec = ANSWER_MS * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (!tcp)
        bind_new_port(fd, v4);
    int r = v4 ? connect(fd, (struct sockaddr *)&to4, sizeof(to4))
               : connect(fd, (struct sockaddr *)&to6, sizeof(to6));
    if (r == 0 && !tcp)
        r = send(fd, "?", 1, 0) == 1 ? 0 : -1;
    ssize_t n = r == 0 ? recv(fd, answer, TEXT_SIZE - 1, tcp ? MSG_WAITALL : 0) : -1;
    if (n >= 0)
        answer[n] = '\0';
    else
        strcpy(answer, failure(errno));
    close(fd);
}

static void agent_main(int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char text[TEXT_SIZE * 4], answer[TEXT_SIZE];
    for (ssize_t n; (n = recv(fd, text, sizeof(text) - 1, 0)) > 0;) {
        text[n] = '\0';
        char protocol[8], address[64];
        int port;
        if (strncmp(text, "sh ", 3) == 0) {
            snprintf(answer, sizeof(answer), "%d", netns_sh_status("%s", text + 3));
        } else if (sscanf(text, "serve %d", &port) == 1) {
            int tcp = bound_socket(SOCK_STREAM, port), udp = bound_socket(SOCK_DGRAM, port);
            listen(tcp, 64);
            if (fork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                close(fd);
                serve(tcp, udp);
            }
            close(tcp);
            close(udp);
            strcpy(answer, "0");
        } else if (sscanf(text, "ask %7s %63s %d", protocol, address, &port) == 3) {
            ask(protocol, address, port, answer);
        }
        if (send(fd, answer, strlen(answer), 0) < 0)
            break;
    }
    _exit(0);
}

void agent_start(struct agent *a)
{
    int fds[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    fflush(NULL);
    a->pid = fork();
    CHECK(a->pid >= 0);
    if (a->pid == 0) {
        close(fds[0]);
        if (unshare(CLONE_NEWNET) < 0)
            _exit(1);
        agent_main(fds[1]);
    }
    close(fds[1]);
    a->fd = fds[0];
    agent_sh(a, "ip link set lo up"); // by its answer it is in its namespace
}

void agent_stop(struct agent *a)
{
    close(a->fd);
    kill(a->pid, SIGKILL);
    waitpid(a->pid, NULL, 0);
}

static const char *command(struct agent *a, const char *text)
{
    static char answer[TEXT_SIZE];
    CHECK(send(a->fd, text, strlen(text), 0) > 0);
    ssize_t n = recv(a->fd, answer, sizeof(answer) - 1, 0);
    CHECK(n > 0);
    answer[n] = '\0';
    return answer;
}

void agent_sh(struct agent *a, const char *fmt, ...)
{
    char text[TEXT_SIZE * 2] = "sh ";
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + 3, sizeof(text) - 3, fmt, ap);
    va_end(ap);
    if (strcmp(command(a, text), "0") != 0) {
        fprintf(stderr, "failed in the agent: %s\n", text);
        exit(1);
    }
}

void agent_serve(struct agent *a, int port)
{
    char text[64];
    snprintf(text, sizeof(text), "serve %d", port);
    CHECK_STR(command(a, text), "0");
}

const char *agent_ask(struct agent *a, const char *protocol, const char *address, int port)
{
    char text[128];
    snprintf(text, sizeof(text), "ask %s %s %d", protocol, address, port);
    return command(a, text);
}

struct run {
    sd_event *event;
    task_fn fn;
    void *arg;
};

static void run_main(struct task *t, void *arg)
{
    struct run *r = arg;
    r->fn(t, r->arg);
    sd_event_exit(r->event, 0);
}

void netns_close_tap(struct tap *tap)
{
    for (unsigned i = 0; i < tap->nfds; i++)
        close(tap->fds[i]);
    tap->nfds = 0;
    free(STEAL(tap->fds));
}

void run_task(task_fn fn, void *arg)
{
    struct run r = {.fn = fn, .arg = arg};
    CHECK(sd_event_new(&r.event) >= 0);
    struct sched *s = sched_create(r.event);
    task_spawn(s, "test", run_main, &r);
    CHECK_INT(sd_event_loop(r.event), 0);
    sched_destroy(s);
    sd_event_unref(r.event);
}
