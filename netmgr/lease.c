// SPDX-License-Identifier: GPL-2.0-or-later
#include "netmgr/lease.h"
#include "base/str.h"

#include <arpa/inet.h>

// "EXPIRY MAC IP HOST CLIENTID" and, after a line "duid SERVER_DUID", "EXPIRY IAID IP6 HOST DUID";
// "*" means none.
enum { FIELD_EXPIRY, FIELD_ID, FIELD_IP, FIELD_HOST, FIELD_CLIENT, FIELDS, LINE_SIZE = 2048 };

static size_t split(char *line, char *fields[static FIELDS])
{
    size_t n = 0;
    char *save = NULL;
    for (char *f = strtok_r(line, " ", &save); f; f = strtok_r(NULL, " ", &save)) {
        if (n < FIELDS)
            fields[n] = f;
        n++;
    }
    return n;
}

static char *field_or_null(const char *field)
{
    return str_eq(field, "*") ? NULL : xstrdup(field);
}

// "52:54:00:00:00:01", with the hardware type in front if not Ethernet.
static bool is_mac(const char *text)
{
    const char *dash = strchr(text, '-');
    uint8_t mac[MAC_SIZE];
    return mac_parse(text, mac) == 0 || (dash && dash != text && dash[1] && dash < text + 3) ||
           str_eq(text, "*");
}

// A DUID made from a MAC address, with or without a time (RFC 8415 11.2 and 11.4), ends with it.
static char *mac_in_duid(const char *duid)
{
    enum { MAC_CHARS = 17, WITH_TIME = 41, WITHOUT = 29 };
    uint8_t mac[MAC_SIZE];
    size_t len = duid ? strlen(duid) : 0;
    bool made_of_it = (len == WITH_TIME && str_starts(duid, "00:01:00:01:")) ||
                      (len == WITHOUT && str_starts(duid, "00:03:00:01:"));
    return made_of_it && mac_parse(duid + len - MAC_CHARS, mac) == 0
               ? xstrdup(duid + len - MAC_CHARS)
               : NULL;
}

static bool parse_line(char *line, struct network_lease_vec *ret)
{
    char *f[FIELDS] = {0};
    struct network_lease l = {0};
    size_t n = split(line, f);
    if (n == 2 && str_eq(f[0], "duid"))
        return true;
    if (n != FIELDS || str_to_i64(f[FIELD_EXPIRY], 0, INT64_MAX, &l.expiry_s) < 0 ||
        ip_parse(f[FIELD_IP], &l.ip) < 0)
        return false;
    bool v6 = l.ip.family == AF_INET6;
    if (!v6 && !is_mac(f[FIELD_ID]))
        return false;
    // A temporary address has a T before its number.
    uint64_t iaid;
    if (v6 && str_to_u64(f[FIELD_ID] + (f[FIELD_ID][0] == 'T'), 10, UINT32_MAX, &iaid) < 0)
        return false;
    l.iaid = v6 ? xstrdup(f[FIELD_ID]) : NULL;
    l.hostname = field_or_null(f[FIELD_HOST]);
    l.clientid = field_or_null(f[FIELD_CLIENT]);
    l.mac = v6 ? mac_in_duid(l.clientid) : field_or_null(f[FIELD_ID]);
    vec_push(ret, l);
    return true;
}

size_t lease_parse(const char *text, size_t len, struct network_lease_vec *ret)
{
    char line[LINE_SIZE];
    size_t bad = 0;
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t n = end ? (size_t)(end - text) : len;
        // Without a line end it may be incomplete.
        bool good = end && n < sizeof(line) && !memchr(text, 0, n);
        if (good) {
            memcpy(line, text, n);
            line[n] = '\0';
            good = n == 0 || parse_line(line, ret);
        }
        bad += !good;
        text += n + (end != NULL);
        len -= n + (end != NULL);
    }
    return bad;
}

bool lease_is_whole(const char *text, size_t len)
{
    return len > 0 && text[len - 1] == '\n';
}

void network_lease_vec_finish(struct network_lease_vec *leases)
{
    VEC_FOREACH (l, leases) {
        free(l->mac);
        free(l->iaid);
        free(l->hostname);
        free(l->clientid);
    }
    vec_finish(leases);
}
