// SPDX-License-Identifier: LGPL-2.1-or-later
// Updates of one element of a network definition.
//
// How this works: an update names a section (a list in the document), a command, and one element as
// XML. Each section has its own rule for which list entry an element selects, and supports its own
// set of commands; the rules were observed with libvirt 9.0. The update changes a copy, which is
// then validated as a whole, so a definition changes completely or not at all.
#include "schemas/doc/internal.h"
#include "schemas/network/internal.h"

#include <sys/socket.h>

struct update {
    struct network_def *def; // the copy
    unsigned command;
    int parent_index;
    const char *xml;
    struct error *err;
};

PRINTF_LIKE(2, 3) static int refuse(const struct update *u, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    AUTO_FREE char *text = xvasprintf(fmt, ap);
    va_end(ap);
    return error_set(u->err, ERROR_OPERATION_INVALID, AREA_NETWORK,
                     "cannot update network '%s': %s", u->def->name, text);
}

// libvirt refuses before it checks the element's values and, for the sections it keeps as lists,
// after it checked the element's name.
static int refuse_modify(const struct update *u, const char *root, const char *called)
{
    struct doc d = network_doc;
    AUTO_FREE char *name = root ? doc_root_name(&d, u->xml, strlen(u->xml), u->err) : NULL;
    if (root && !name)
        return -1;
    if (root && !str_eq(root, name))
        return error_set(u->err, ERROR_XML, AREA_NETWORK,
                         "network update document: the root element is <%s>, not <%s>", name, root);
    return error_set(u->err, ERROR_OPERATION_UNSUPPORTED, AREA_NETWORK,
                     "cannot update network '%s': %s can only be added and deleted, not modified",
                     u->def->name, called);
}

static bool adds(const struct update *u)
{
    return u->command == NETWORK_COMMAND_ADD_FIRST || u->command == NETWORK_COMMAND_ADD_LAST;
}

static const char *shown(const char *text)
{
    return text ? text : "(none)";
}

// ---- one element, and lists of them -------------------------------------------------------------
// Parses the element; the caller owns *ret. 0 or -1.
static int read_one(const struct update *u, const char *root, const struct doc_type *type,
                    void **ret)
{
    struct doc d = network_doc;
    d.what = "network update";
    d.root = root;
    d.type = type;
    void *obj = xcalloc(1, type->size);
    if (doc_parse(&d, u->xml, strlen(u->xml), 0, obj, u->err) < 0) {
        free(obj);
        return -1;
    }
    *ret = obj;
    return 0;
}

// Every list is a VEC(struct x *).
#define LIST(vec) ((void *)&(vec))

static struct doc_vec load(const void *list)
{
    struct doc_vec vec;
    memcpy(&vec, list, sizeof(vec));
    return vec;
}

// Takes obj.
static void add(const struct update *u, void *list, void *obj)
{
    struct doc_vec vec = load(list);
    vec_push(&vec, obj);
    if (u->command == NETWORK_COMMAND_ADD_FIRST) {
        memmove(&vec.v[1], &vec.v[0], (vec.n - 1) * sizeof(*vec.v));
        vec.v[0] = obj;
    }
    memcpy(list, &vec, sizeof(vec));
}

static void drop(void *list, size_t at, const struct doc_type *type)
{
    struct doc_vec vec = load(list);
    doc_object_destroy(type, vec.v[at]);
    vec_remove(&vec, at);
    memcpy(list, &vec, sizeof(vec));
}

// Takes obj.
static void replace(void *list, size_t at, const struct doc_type *type, void *obj)
{
    struct doc_vec vec = load(list);
    doc_object_destroy(type, vec.v[at]);
    vec.v[at] = obj;
}

// How many entries of a list match, and the index of the first.
struct found {
    size_t n, first;
};

static struct found find(const void *list, bool (*matches)(const void *entry, const void *want),
                         const void *want)
{
    struct doc_vec vec = load(list);
    struct found f = {0};
    for (size_t i = 0; i < vec.n; i++) {
        if (matches(vec.v[i], want) && f.n++ == 0)
            f.first = i;
    }
    return f;
}

// ---- the sections -------------------------------------------------------------------------------
static struct network_ip *find_ip(const struct update *u)
{
    struct network_def *def = u->def;
    if (u->parent_index >= 0) {
        if ((size_t)u->parent_index < def->ips.n)
            return def->ips.v[u->parent_index];
        refuse(u, "no <ip> element found at index %d", u->parent_index);
        return NULL;
    }
    // The <ip> that already has DHCP, else the first IPv4 one, else the first.
    VEC_FOREACH (ip, &def->ips) {
        if ((*ip)->ranges.n || (*ip)->hosts.n)
            return *ip;
    }
    VEC_FOREACH (ip, &def->ips) {
        if ((*ip)->address.family == AF_INET)
            return *ip;
    }
    if (def->ips.n)
        return def->ips.v[0];
    refuse(u, "no <ip> element found");
    return NULL;
}

static bool same_name(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool any_field_of_host(const void *entry, const void *want)
{
    const struct network_dhcp_host *e = entry, *w = want;
    return network_mac_equal(e->mac, w->mac) || same_name(e->name, w->name) ||
           same_name(e->id, w->id) || (w->ip.family && ip_compare(&e->ip, &w->ip) == 0);
}

static bool host_matches_given_fields(const void *entry, const void *want)
{
    const struct network_dhcp_host *e = entry, *w = want;
    return (!w->mac || network_mac_equal(e->mac, w->mac)) &&
           (!w->name || same_name(e->name, w->name)) && (!w->id || same_name(e->id, w->id)) &&
           (!w->ip.family || ip_compare(&e->ip, &w->ip) == 0);
}

// Only one <ip> of each family can have DHCP.
static int check_only_dhcp(const struct update *u, const struct network_ip *ip)
{
    char text[IP_TEXT_SIZE];
    for (size_t i = 0; adds(u) && i < u->def->ips.n; i++) {
        const struct network_ip *other = u->def->ips.v[i];
        if (other != ip && other->address.family == ip->address.family &&
            other->ranges.n + other->hosts.n > 0)
            return refuse(u,
                          "only one <ip> of each family can have DHCP, and '%s' has it; select it "
                          "with --parent-index %zu",
                          ip_format(&other->address, text), i);
    }
    return 0;
}

static int put_host(const struct update *u, struct network_ip *ip, struct network_dhcp_host *host)
{
    char text[IP_TEXT_SIZE];
    AUTO_FREE char *what = xasprintf("cannot update network '%s': ", u->def->name);
    if (host->ip.family != ip->address.family)
        return refuse(u, "ip='%s' has another address family than its <ip>",
                      ip_format(&host->ip, text));
    if (check_only_dhcp(u, ip) < 0 || network_check_dhcp_host(ip, host, what, u->err) < 0)
        return -1;
    struct found f = find(&ip->hosts, any_field_of_host, host);
    if (adds(u)) {
        if (f.n)
            return refuse(u,
                          "there is already a dhcp host entry with mac='%s', name='%s' or ip='%s'",
                          shown(host->mac), shown(host->name), ip_format(&host->ip, text));
        add(u, LIST(ip->hosts), host);
        return 0;
    }
    if (!f.n)
        return refuse(u, "there is no dhcp host entry with mac='%s', name='%s' or ip='%s'",
                      shown(host->mac), shown(host->name), ip_format(&host->ip, text));
    replace(LIST(ip->hosts), f.first, &network_dhcp_host_doc, host);
    return 0;
}

static int update_dhcp_host(const struct update *u)
{
    bool deleting = u->command == NETWORK_COMMAND_DELETE;
    const struct doc_type *type =
        deleting ? &network_dhcp_host_partial_doc : &network_dhcp_host_doc;
    void *host;
    struct network_ip *ip = find_ip(u);
    if (!ip || read_one(u, "host", type, &host) < 0)
        return -1;
    if (ip->address.family == AF_INET6 && ((struct network_dhcp_host *)host)->mac) {
        doc_object_destroy(type, host);
        return error_set(u->err, ERROR_XML, AREA_NETWORK,
                         "cannot update network '%s': <host>: a mac cannot be used in an IPv6 "
                         "network; use id or name",
                         u->def->name);
    }
    if (deleting) {
        struct found f = find(&ip->hosts, host_matches_given_fields, host);
        doc_object_destroy(type, host);
        if (!f.n)
            return refuse(u, "there is no dhcp host entry with all of these values");
        drop(LIST(ip->hosts), f.first, type);
        return 0;
    }
    if (put_host(u, ip, host) == 0)
        return 0;
    doc_object_destroy(type, host);
    return -1;
}

static bool same_range(const void *entry, const void *want)
{
    const struct network_dhcp_range *e = entry, *w = want;
    return ip_compare(&e->start, &w->start) == 0 && ip_compare(&e->end, &w->end) == 0;
}

static int put_range(const struct update *u, struct network_ip *ip, struct network_dhcp_range *r)
{
    AUTO_FREE char *what = xasprintf("cannot update network '%s': ", u->def->name);
    if (network_check_range(ip, r, what, u->err) < 0 || check_only_dhcp(u, ip) < 0)
        return -1;
    struct found f = find(&ip->ranges, same_range, r);
    if (adds(u) && f.n)
        return refuse(u, "this dhcp range already exists");
    if (adds(u)) {
        add(u, LIST(ip->ranges), r);
        return 0;
    }
    if (!f.n)
        return refuse(u, "no such dhcp range exists");
    drop(LIST(ip->ranges), f.first, &network_dhcp_range_doc);
    doc_object_destroy(&network_dhcp_range_doc, r);
    return 0;
}

static int update_dhcp_range(const struct update *u)
{
    void *range;
    struct network_ip *ip = find_ip(u);
    if (ip && u->command == NETWORK_COMMAND_MODIFY)
        return refuse_modify(u, "range", "dhcp ranges");
    if (!ip || read_one(u, "range", &network_dhcp_range_doc, &range) < 0)
        return -1;
    if (put_range(u, ip, range) == 0)
        return 0;
    doc_object_destroy(&network_dhcp_range_doc, range);
    return -1;
}

// A section of network elements that are not inside an <ip>.
struct section {
    const char *root;
    const struct doc_type *type, *partial; // partial: for delete
    const char *called;
    bool (*adds_to)(const void *entry,
                    const void *want);                     // an entry that conflicts with a new one
    bool (*deletes)(const void *entry, const void *want);  // the entry to delete
    bool (*modifies)(const void *entry, const void *want); // NULL: modify is not supported
    bool dns;                                              // a child of <dns>
    bool only_one;                                         // delete must match exactly one entry
};

// A type that shares its rows with the entry's type also destroys the entry.
static int update_list(const struct update *u, void *list, const struct section *s)
{
    bool deleting = u->command == NETWORK_COMMAND_DELETE;
    const struct doc_type *type = deleting ? s->partial : s->type;
    void *obj;
    if (u->command == NETWORK_COMMAND_MODIFY && !s->modifies)
        return refuse_modify(u, s->dns ? NULL : s->root, s->called);
    if (read_one(u, s->root, type, &obj) < 0)
        return -1;
    struct found f = find(list, deleting ? s->deletes : adds(u) ? s->adds_to : s->modifies, obj);
    if (adds(u) && !f.n) {
        add(u, list, obj);
        return 0;
    }
    if (u->command == NETWORK_COMMAND_MODIFY && f.n) {
        replace(list, f.first, type, obj);
        return 0;
    }
    doc_object_destroy(type, obj);
    if (adds(u))
        return refuse(u, "an equal entry already exists in %s", s->called);
    if (!f.n)
        return refuse(u, "no entry in %s matches", s->called);
    if (f.n > 1 && s->only_one)
        return refuse(u, "more than one entry in %s matches; add attributes", s->called);
    drop(list, f.first, s->type);
    return 0;
}

static bool same_device(const void *entry, const void *want)
{
    const struct network_forward_interface *e = entry, *w = want;
    return str_eq(e->dev, w->dev);
}

static int update_forward_interface(const struct update *u)
{
    static const struct section s = {
        .root = "interface",
        .type = &network_forward_interface_doc,
        .partial = &network_forward_interface_doc,
        .called = "forward interfaces",
        .adds_to = same_device,
        .deletes = same_device,
    };
    struct network_forward *f = &u->def->forward;
    if (update_list(u, LIST(f->interfaces), &s) < 0)
        return -1;
    str_replace(&f->dev, f->interfaces.n ? f->interfaces.v[0]->dev : NULL);
    return 0;
}

static bool same_portgroup(const void *entry, const void *want)
{
    const struct network_portgroup *e = entry, *w = want;
    return str_eq(e->name, w->name);
}

static int update_portgroup(const struct update *u)
{
    static const struct section s = {
        .root = "portgroup",
        .type = &network_portgroup_doc,
        .partial = &network_portgroup_doc,
        .called = "portgroups",
        .adds_to = same_portgroup,
        .deletes = same_portgroup,
        .modifies = same_portgroup,
    };
    if (update_list(u, LIST(u->def->portgroups), &s) < 0)
        return -1;
    size_t defaults = 0;
    VEC_FOREACH (p, &u->def->portgroups)
        defaults += (*p)->is_default == TOGGLE_YES;
    if (defaults > 1)
        return refuse(u, "another portgroup is already the default");
    return 0;
}

static struct network_dns *dns_of(const struct update *u)
{
    if (!u->def->dns)
        u->def->dns = NEW(struct network_dns);
    return u->def->dns;
}

static bool same_dns_ip(const void *entry, const void *want)
{
    const struct network_dns_host *e = entry, *w = want;
    return w->ip.family && ip_compare(&e->ip, &w->ip) == 0;
}

static bool any_field_of_dns_host(const void *entry, const void *want)
{
    const struct network_dns_host *e = entry, *w = want;
    VEC_FOREACH (a, &e->hostnames) {
        VEC_FOREACH (b, &w->hostnames) {
            if (str_eq((*a)->name, (*b)->name))
                return true;
        }
    }
    return same_dns_ip(entry, want);
}

static int update_dns_host(const struct update *u)
{
    static const struct section s = {
        .dns = true,
        .root = "host",
        .type = &network_dns_host_doc,
        .partial = &network_dns_host_partial_doc,
        .called = "DNS hosts",
        .adds_to = same_dns_ip,
        .deletes = any_field_of_dns_host,
        .only_one = true,
    };
    return update_list(u, LIST(dns_of(u)->hosts), &s);
}

static bool same_txt_name(const void *entry, const void *want)
{
    const struct network_dns_txt *e = entry, *w = want;
    return str_eq(e->name, w->name);
}

static int update_dns_txt(const struct update *u)
{
    static const struct section s = {
        .dns = true,
        .root = "txt",
        .type = &network_dns_txt_doc,
        .partial = &network_dns_txt_partial_doc,
        .called = "DNS TXT records",
        .adds_to = same_txt_name,
        .deletes = same_txt_name,
    };
    return update_list(u, LIST(dns_of(u)->txts), &s);
}

static bool srv_matches_given_fields(const void *entry, const void *want)
{
    const struct network_dns_srv *e = entry, *w = want;
    return (!w->service || str_eq(e->service, w->service)) &&
           (!w->protocol || str_eq(e->protocol, w->protocol)) &&
           (!w->domain || str_eq(e->domain, w->domain)) &&
           (!w->target || str_eq(e->target, w->target)) &&
           (!w->port.value || e->port.value == w->port.value) &&
           (!w->priority.value || e->priority.value == w->priority.value) &&
           (!w->weight.value || e->weight.value == w->weight.value);
}

static int update_dns_srv(const struct update *u)
{
    static const struct section s = {
        .dns = true,
        .root = "srv",
        .type = &network_dns_srv_doc,
        .partial = &network_dns_srv_partial_doc,
        .called = "DNS SRV records",
        .adds_to = srv_matches_given_fields,
        .deletes = srv_matches_given_fields,
        .only_one = true,
    };
    return update_list(u, LIST(dns_of(u)->srvs), &s);
}

static const struct {
    const char *name;
    int (*update)(const struct update *u); // NULL: libvirt cannot update the section either
} sections[NETWORK_SECTION_COUNT] = {
    [NETWORK_SECTION_BRIDGE] = {"bridge", NULL},
    [NETWORK_SECTION_DOMAIN] = {"domain", NULL},
    [NETWORK_SECTION_IP] = {"ip", NULL},
    [NETWORK_SECTION_IP_DHCP_HOST] = {"ip-dhcp-host", update_dhcp_host},
    [NETWORK_SECTION_IP_DHCP_RANGE] = {"ip-dhcp-range", update_dhcp_range},
    [NETWORK_SECTION_FORWARD] = {"forward", NULL},
    [NETWORK_SECTION_FORWARD_INTERFACE] = {"forward-interface", update_forward_interface},
    [NETWORK_SECTION_FORWARD_PF] = {"forward-pf", NULL},
    [NETWORK_SECTION_PORTGROUP] = {"portgroup", update_portgroup},
    [NETWORK_SECTION_DNS_HOST] = {"dns-host", update_dns_host},
    [NETWORK_SECTION_DNS_TXT] = {"dns-txt", update_dns_txt},
    [NETWORK_SECTION_DNS_SRV] = {"dns-srv", update_dns_srv},
};

int network_def_update(struct network_def *def, unsigned section, unsigned command,
                       int parent_index, const char *xml, struct error *err)
{
    if (section >= NETWORK_SECTION_COUNT || !sections[section].name)
        return error_set(err, ERROR_OPERATION_UNSUPPORTED, AREA_NETWORK,
                         "cannot update network '%s': unknown section %u", def->name, section);
    if (!sections[section].update)
        return error_set(err, ERROR_OPERATION_UNSUPPORTED, AREA_NETWORK,
                         "cannot update section '%s' of network '%s'; redefine the network and "
                         "restart it if it is active",
                         sections[section].name, def->name);
    if (command == NETWORK_COMMAND_NONE || command >= NETWORK_COMMAND_COUNT)
        return error_set(err, ERROR_OPERATION_UNSUPPORTED, AREA_NETWORK,
                         "cannot update network '%s': unknown command %u", def->name, command);
    AUTO_NETWORK_DEF struct network_def *copy = network_def_copy(def);
    struct update u = {
        .def = copy, .command = command, .parent_index = parent_index, .xml = xml, .err = err};
    if (sections[section].update(&u) < 0 || network_def_post_parse(copy, err) < 0 ||
        network_def_validate(copy, err) < 0)
        return -1;
    struct network_def old = *def;
    *def = *copy;
    *copy = old;
    return 0;
}
