// SPDX-License-Identifier: LGPL-2.1-or-later
// Operations and queries on a network definition, built on the tables of its document.
#include "schemas/network/internal.h"

#include <ctype.h>
#include <sys/socket.h>

struct network_def *network_def_parse(const char *xml, size_t len, unsigned flags,
                                      struct error *err)
{
    struct network_def *def = NEW(struct network_def);
    unsigned how = (flags & NETWORK_PARSE_LIVE ? DOC_WITH_LIVE : 0) |
                   (flags & NETWORK_PARSE_VALIDATE ? DOC_STRICT : 0);
    if (doc_parse(&network_doc, xml, len, how, def, err) < 0) {
        network_def_destroy(def);
        return NULL;
    }
    return def;
}

struct network_def *network_def_load(const char *xml, size_t len, unsigned flags, struct error *err)
{
    AUTO_NETWORK_DEF struct network_def *def = network_def_parse(xml, len, flags, err);
    if (!def || network_def_post_parse(def, err) < 0 || network_def_validate(def, err) < 0)
        return NULL;
    return STEAL(def);
}

char *network_def_format(const struct network_def *def, unsigned flags)
{
    return doc_format(&network_doc, def, flags & NETWORK_XML_LIVE ? DOC_WITH_LIVE : 0);
}

struct network_def *network_def_copy(const struct network_def *def)
{
    struct network_def *copy = xmalloc(sizeof(*copy));
    doc_copy(network_doc.type, copy, def);
    return copy;
}

void network_def_destroy(struct network_def *def)
{
    if (!def)
        return;
    doc_finish(network_doc.type, def);
    free(def);
}

char *network_doc_rng(void)
{
    return doc_rng(&network_doc);
}

struct network_bandwidth *network_bandwidth_copy(const struct network_bandwidth *b)
{
    return b ? xmemdup(b, sizeof(*b)) : NULL;
}

void network_bandwidth_destroy(struct network_bandwidth *b)
{
    free(b);
}

static bool rate_eq(const struct network_rate *a, const struct network_rate *b)
{
    return opt_uint_eq(&a->average, &b->average) && opt_uint_eq(&a->peak, &b->peak) &&
           opt_uint_eq(&a->burst, &b->burst) && opt_uint_eq(&a->floor, &b->floor);
}

bool network_bandwidth_eq(const struct network_bandwidth *a, const struct network_bandwidth *b)
{
    static const struct network_bandwidth none;
    a = a ? a : &none;
    b = b ? b : &none;
    return rate_eq(&a->inbound, &b->inbound) && rate_eq(&a->outbound, &b->outbound);
}

int network_bandwidth_check(const struct network_bandwidth *b, struct error *err)
{
    if (!b->inbound.floor.set)
        return 0;
    return error_set(err, ERROR_CONFIG_UNSUPPORTED, AREA_NETWORK,
                     "<inbound floor=> is not supported by vireo yet: no rate is guaranteed; limit "
                     "the other interfaces by their 'average'");
}

bool network_vlan_eq(const struct network_vlan *a, const struct network_vlan *b)
{
    if (!a || !b || a->tags.n != b->tags.n || a->trunk != b->trunk)
        return a == b;
    for (size_t i = 0; i < a->tags.n; i++) {
        const struct network_vlan_tag *x = a->tags.v[i], *y = b->tags.v[i];
        if (x->id.value != y->id.value || x->native_mode != y->native_mode)
            return false;
    }
    return true;
}

struct network_vlan *network_vlan_copy(const struct network_vlan *v)
{
    if (!v)
        return NULL;
    struct network_vlan *copy = xmalloc(sizeof(*copy));
    doc_copy(&network_vlan_doc, copy, v);
    return copy;
}

// ---- queries ------------------------------------------------------------------------------------
static uint8_t mask_length(const struct ip_addr *mask)
{
    unsigned n = 0;
    while (n < ip_bits(mask) && (mask->b[n / 8] & (0x80 >> n % 8)))
        n++;
    return (uint8_t)n;
}

// The prefix length of an IPv4 address without one: libvirt uses the address's class.
static uint8_t class_length(const struct ip_addr *a)
{
    if (a->family != AF_INET)
        return 64;
    return a->b[0] < 128 ? 8 : a->b[0] < 192 ? 16 : 24;
}

struct ip_prefix network_ip_prefix(const struct network_ip *ip)
{
    struct ip_prefix p = {.addr = ip->address};
    // libvirt treats prefix='0' as not given.
    if (ip->prefix.set && ip->prefix.value)
        p.len = (uint8_t)ip->prefix.value;
    else if (ip->netmask.family)
        p.len = mask_length(&ip->netmask);
    else
        p.len = class_length(&ip->address);
    return p;
}

struct ip_prefix network_route_prefix(const struct network_route *route)
{
    return (struct ip_prefix){
        .addr = route->address,
        .len = route->prefix.set ? (uint8_t)route->prefix.value : mask_length(&route->netmask),
    };
}

uint64_t network_lease_seconds(bool has, const struct network_lease_time *lease, uint64_t otherwise)
{
    static const unsigned units[] = {
        [NETWORK_LEASE_NONE] = 60,
        [NETWORK_LEASE_SECONDS] = 1,
        [NETWORK_LEASE_MINUTES] = 60,
        [NETWORK_LEASE_HOURS] = 3600,
    };
    return has ? lease->expiry.value * units[lease->unit] : otherwise;
}

const struct network_portgroup *network_def_find_portgroup(const struct network_def *def,
                                                           const char *name)
{
    VEC_FOREACH (p, &def->portgroups) {
        if (name ? str_eq((*p)->name, name) : (*p)->is_default == TOGGLE_YES)
            return *p;
    }
    return NULL;
}

bool network_def_has_dhcp(const struct network_def *def, int family)
{
    VEC_FOREACH (ip, &def->ips) {
        if ((*ip)->address.family == family && ((*ip)->ranges.n || (*ip)->hosts.n))
            return true;
    }
    return false;
}

enum direct_mode network_def_direct_mode(const struct network_def *def)
{
    switch (def->forward.mode) {
    case NETWORK_FORWARD_BRIDGE:
        return def->bridge ? DIRECT_NONE : DIRECT_BRIDGE;
    case NETWORK_FORWARD_PRIVATE:
        return DIRECT_PRIVATE;
    case NETWORK_FORWARD_VEPA:
        return DIRECT_VEPA;
    case NETWORK_FORWARD_PASSTHROUGH:
        return DIRECT_PASSTHROUGH;
    default:
        return DIRECT_NONE;
    }
}

const char *network_forward_mode_name(enum network_forward_mode mode)
{
    return mode == NETWORK_FORWARD_NONE ? "none" : doc_enum_name(&network_forward_values, mode);
}

bool network_mac_equal(const char *a, const char *b)
{
    struct opt_mac x, y;
    return a && b && opt_mac_parse(a, &x) == 0 && opt_mac_parse(b, &y) == 0 &&
           memcmp(x.b, y.b, sizeof(x.b)) == 0;
}

// ---- what a define completes, as libvirt does ---------------------------------------------------
static void fill_forward(struct network_forward *f)
{
    // <forward dev=> and the first <interface dev=> are the same setting.
    if (f->dev && !f->interfaces.n) {
        struct network_forward_interface *i = NEW(struct network_forward_interface);
        i->dev = xstrdup(f->dev);
        i->line = f->line;
        vec_push(&f->interfaces, i);
    } else if (!f->dev && f->interfaces.n) {
        f->dev = xstrdup(f->interfaces.v[0]->dev);
    }
}

// Drops elements without content. An empty <dhcp> has a meaning only in an <ip> that waits for a
// free subnet.
static void drop_empty(struct network_def *def)
{
    struct network_dns *dns = def->dns;
    if (dns && !dns->enable && !dns->forward_plain_names && !dns->forwarders.n && !dns->txts.n &&
        !dns->srvs.n && !dns->hosts.n) {
        vec_finish(&dns->forwarders);
        vec_finish(&dns->txts);
        vec_finish(&dns->srvs);
        vec_finish(&dns->hosts);
        free(dns);
        def->dns = NULL;
    }
    if (def->bandwidth && !def->bandwidth->has_inbound && !def->bandwidth->has_outbound) {
        network_bandwidth_destroy(def->bandwidth);
        def->bandwidth = NULL;
    }
    VEC_FOREACH (p, &def->portgroups) {
        if ((*p)->is_default == TOGGLE_NO)
            (*p)->is_default = TOGGLE_UNSET;
    }
    VEC_FOREACH (ip, &def->ips) {
        if ((*ip)->address.family && !(*ip)->ranges.n && !(*ip)->hosts.n && !(*ip)->bootp_file)
            (*ip)->has_dhcp = false;
    }
}

int network_def_post_parse(struct network_def *def, struct error *err)
{
    (void)err;
    drop_empty(def);
    if (!def->uuid.set)
        def->uuid = (struct opt_uuid){.set = true, .value = uuid_random()};
    fill_forward(&def->forward);
    if (!network_def_owns_bridge(def))
        return 0;
    if (!def->bridge_stp)
        def->bridge_stp = TOGGLE_YES;
    if (!def->bridge_delay.set)
        def->bridge_delay = OPT_UINT(0);
    if (!def->mac.set) {
        struct uuid random = uuid_random();
        def->mac = (struct opt_mac){.set = true,
                                    .b = {0x52, 0x54, 0x00, random.b[0], random.b[1], random.b[2]}};
    }
    return 0;
}
