// SPDX-License-Identifier: GPL-2.0-or-later
// dhcp6 IFACE: requests an address by DHCPv6 (RFC 8415) inside the Linux guest and adds it to the
// interface, sending the host name as the requested name: Debian's busybox has no such client. One
// request and one reply (rapid commit), no renewal. The network tests read the line LEASE6.
#include <arpa/inet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { CLIENT = 546, SERVER = 547, SOLICIT = 1, REPLY = 7, TRIES = 40 };
enum {
    CLIENT_ID = 1,
    IA_NA = 3,
    IA_ADDRESS = 5,
    OPTION_REQUEST = 6,
    ELAPSED = 8,
    RAPID_COMMIT = 14,
    NAME_SERVERS = 23,
    FQDN = 39,
};

static uint8_t *add(uint8_t *at, int option, const void *data, size_t len)
{
    uint16_t head[2] = {htons((uint16_t)option), htons((uint16_t)len)};
    memcpy(at, head, 4);
    memcpy(at + 4, data, len);
    return at + 4 + len;
}

static size_t make_solicit(uint8_t *message, const uint8_t *mac)
{
    static const uint8_t requested[] = {0, NAME_SERVERS}, none[2] = {0};
    uint8_t duid[10] = {0, 3, 0, 1}, ia[12] = {0}, name[64 + 2] = {0}; // a DUID of the MAC address
    uint8_t *at = message;
    memcpy(duid + 4, mac, 6);
    memcpy(ia, mac + 2, 4);
    gethostname((char *)name + 2, 63);
    name[0] = 1; // the server registers the name
    name[1] = (uint8_t)strlen((char *)name + 2);
    memcpy(at, (uint8_t[]){SOLICIT, mac[3], mac[4], mac[5]}, 4);
    at = add(at + 4, CLIENT_ID, duid, sizeof(duid));
    at = add(at, IA_NA, ia, sizeof(ia));
    at = add(at, ELAPSED, none, sizeof(none));
    at = add(at, RAPID_COMMIT, none, 0);
    at = add(at, OPTION_REQUEST, requested, sizeof(requested));
    at = add(at, FQDN, name, 2u + name[1]);
    return (size_t)(at - message);
}

// The data of an option, at least `least` bytes; NULL when it is missing.
static const uint8_t *find(const uint8_t *at, size_t len, int option, size_t least, size_t *ret_len)
{
    while (len >= 4) {
        size_t n = (size_t)(at[2] << 8 | at[3]);
        if (n > len - 4)
            return NULL;
        *ret_len = n;
        if ((at[0] << 8 | at[1]) == option)
            return n < least ? NULL : at + 4;
        at += 4 + n;
        len -= 4 + n;
    }
    return NULL;
}

static int take(const char *iface, const uint8_t *message, size_t len)
{
    char address[INET6_ADDRSTRLEN], dns[INET6_ADDRSTRLEN] = "", command[128];
    size_t n, rest;
    const uint8_t *ia = find(message + 4, len - 4, IA_NA, 12, &n);
    const uint8_t *found = ia ? find(ia + 12, n - 12, IA_ADDRESS, 24, &rest) : NULL;
    const uint8_t *server = find(message + 4, len - 4, NAME_SERVERS, 16, &rest);
    if (!found)
        return 1;
    inet_ntop(AF_INET6, found, address, sizeof(address));
    if (server)
        inet_ntop(AF_INET6, server, dns, sizeof(dns));
    // Which other addresses are on the link is in router advertisements.
    snprintf(command, sizeof(command), "ip -6 addr replace %s/128 dev %s", address, iface);
    if (system(command) != 0)
        return 1;
    printf("LEASE6 ip=%s dns=%s\n", address, dns);
    return 0;
}

int main(int argc, char **argv)
{
    uint8_t message[1500];
    struct ifreq request = {0};
    struct sockaddr_in6 here = {.sin6_family = AF_INET6, .sin6_port = htons(CLIENT)};
    struct sockaddr_in6 there = {.sin6_family = AF_INET6, .sin6_port = htons(SERVER)};
    struct timeval patience = {.tv_usec = 250000};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (argc != 2 || strlen(argv[1]) >= IFNAMSIZ) {
        fprintf(stderr, "usage: dhcp6 IFACE\n");
        return 2;
    }
    strcpy(request.ifr_name, argv[1]);
    inet_pton(AF_INET6, "ff02::1:2", &there.sin6_addr);
    there.sin6_scope_id = if_nametoindex(argv[1]);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0 ||
        bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0) {
        perror("dhcp6");
        return 1;
    }
    for (int i = 0; i < TRIES; i++) {
        size_t len = make_solicit(message, (uint8_t *)request.ifr_hwaddr.sa_data);
        uint8_t id[3];
        memcpy(id, message + 1, 3);
        if (sendto(fd, message, len, 0, (struct sockaddr *)&there, sizeof(there)) < 0)
            usleep(100000); // no link-local address yet
        ssize_t n = recv(fd, message, sizeof(message), 0);
        if (n > 4 && message[0] == REPLY && memcmp(id, message + 1, 3) == 0)
            return take(argv[1], message, (size_t)n);
    }
    fprintf(stderr, "dhcp6: no answer on %s\n", argv[1]);
    return 1;
}
