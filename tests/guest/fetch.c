// SPDX-License-Identifier: GPL-2.0-or-later
// fetch [-l] http://ADDRESS[:PORT]/PATH: gets a page inside the Linux guest and prints its body.
// -l: repeats until killed, with 100 ms for each attempt and no output; the server sees the
// requests stop when the path is broken. Numeric addresses only (IPv6 in brackets): a static glibc
// has no resolver, and busybox's wget crashes without one.
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int connect_to(const char *host, int port, struct timeval limit)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    int is_v6 = strchr(host, ':') != NULL;
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (inet_pton(is_v6 ? AF_INET6 : AF_INET, host,
                  is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1) {
        fprintf(stderr, "fetch: '%s' is not a numeric address\n", host);
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (is_v6 ? connect(fd, (void *)&v6, sizeof(v6)) : connect(fd, (void *)&v4, sizeof(v4))) {
        perror("fetch: connect");
        close(fd);
        return -1;
    }
    return fd;
}

static int loop(const char *host, int port, const char *request)
{
    char answer[4096];
    for (;;) {
        int fd = connect_to(host, port, (struct timeval){.tv_usec = 100000});
        if (fd >= 0) {
            if (write(fd, request, strlen(request)) > 0)
                (void)!read(fd, answer, sizeof(answer));
            close(fd);
        }
        usleep(20000);
    }
}

int main(int argc, char **argv)
{
    char host[64], path[512] = "/", request[1024], answer[65536];
    int port = 80, status = 0;
    size_t have = 0;
    ssize_t got;
    int looping = argc == 3 && strcmp(argv[1], "-l") == 0;
    const char *url = argv[argc - 1];

    if (argc != 2 + looping || (sscanf(url, "http://[%63[^]]]:%d%511s", host, &port, path) < 1 &&
                                sscanf(url, "http://%63[^:/]:%d%511s", host, &port, path) < 2 &&
                                sscanf(url, "http://%63[^:/]%511s", host, path) < 1)) {
        fprintf(stderr, "usage: fetch [-l] http://ADDRESS[:PORT]/PATH\n");
        return 2;
    }
    int len = snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);
    if (looping)
        return loop(host, port, request);
    int fd = connect_to(host, port, (struct timeval){.tv_sec = 5});
    if (fd < 0)
        return 1;
    if (write(fd, request, (size_t)len) != len)
        return 1;
    while (have < sizeof(answer) - 1 &&
           (got = read(fd, answer + have, sizeof(answer) - 1 - have)) > 0)
        have += (size_t)got;
    answer[have] = 0;
    char *body = strstr(answer, "\r\n\r\n");
    if (!body || sscanf(answer, "HTTP/%*s %d", &status) != 1) {
        fprintf(stderr, "fetch: no answer\n");
        return 1;
    }
    printf("%s\n", body + 4);
    return status == 200 ? 0 : 1;
}
