// SPDX-License-Identifier: GPL-2.0-or-later
// dnsmasq's lease file, also cut off anywhere: what is read of the beginning is the beginning of
// what is read of the whole.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "netmgr/lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *text = (const char *)data + 2;
    size_t len = size - 2, cut = len ? (data[0] | (size_t)data[1] << 8) % (len + 1) : 0;
    struct network_lease_vec whole = {0}, part = {0};
    lease_parse(text, len, &whole);
    lease_parse(text, cut, &part);
    if (part.n > whole.n)
        abort();
    for (size_t i = 0; i < part.n; i++) {
        const struct network_lease *a = &part.v[i], *b = &whole.v[i];
        if (ip_compare(&a->ip, &b->ip) != 0 || !str_eq(a->mac, b->mac) ||
            !str_eq(a->hostname, b->hostname) || !str_eq(a->clientid, b->clientid) ||
            (a->ip.family == 2) == (a->iaid != NULL))
            abort();
    }
    network_lease_vec_finish(&whole);
    network_lease_vec_finish(&part);
    return 0;
}
