// SPDX-License-Identifier: GPL-2.0-or-later
// Status files of networks. Lines of keywords list what has to be removed even when the rest cannot
// be parsed; the live document follows.
//
//     vireo-network 1
//     phase active
//     boot 5e5a...            boot id: after another boot only files are left
//     name default
//     bridge virbr0           owned by vireod; several while an update changes it
//     address 192.168.122.1/24
//     route 10.1.0.0/16 192.168.122.9 1
//     stored 512              bytes at the end: a stored definition not yet saved
//
//     <network>...
#include "base/boot.h"
#include "netmgr/internal.h"

#include <errno.h>
#include <unistd.h>

static const char *const phase_values[] = {"inactive", "starting", "active", "stopping"};

static void add_route(struct strbuf *b, const struct route *r)
{
    char text[IP_TEXT_SIZE];
    strbuf_printf(b, "route %s ", ip_prefix_format(&r->dst, text));
    strbuf_printf(b, "%s %u\n", ip_format(&r->gateway, text), r->metric);
}

int network_status_save(struct network *net, enum network_phase phase, struct error *err)
{
    const struct network_runtime *rt = net->runtime;
    AUTO_STRBUF b = {0};
    AUTO_FREE char *boot = boot_id();
    char text[IP_TEXT_SIZE];
    strbuf_printf(&b, "vireo-network 1\nphase %s\nboot %s\nname %s\n", phase_values[phase],
                  boot ? boot : "", net->name);
    if (rt->plan && rt->plan->owned)
        strbuf_printf(&b, "bridge %s\n", rt->plan->bridge);
    VEC_FOREACH (old, &rt->old_bridges)
        strbuf_printf(&b, "bridge %s\n", *old);
    if (rt->plan) {
        VEC_FOREACH (a, &rt->plan->addresses)
            strbuf_printf(&b, "address %s\n", ip_prefix_format(a, text));
        VEC_FOREACH (r, &rt->plan->routes)
            add_route(&b, r);
    }
    VEC_FOREACH (a, &rt->old_addresses)
        strbuf_printf(&b, "address %s\n", ip_prefix_format(a, text));
    VEC_FOREACH (r, &rt->old_routes)
        add_route(&b, r);
    AUTO_FREE char *xml = net->live ? network_def_format(net->live, NETWORK_XML_LIVE) : NULL;
    AUTO_FREE char *stored = rt->storing ? network_def_format(rt->storing, 0) : NULL;
    if (stored)
        strbuf_printf(&b, "stored %zu\n", strlen(stored));
    strbuf_printf(&b, "\n%s%s", xml ? xml : "", stored ? stored : "");
    return object_status_save(&net->object, b.data, b.len, err);
}

static int parse_route(char *text, struct network_status *s)
{
    struct route r = {0};
    char *save = NULL, *dst = strtok_r(text, " ", &save), *gateway = strtok_r(NULL, " ", &save),
         *metric = strtok_r(NULL, " ", &save);
    uint64_t m;
    if (!dst || !gateway || !metric || ip_prefix_parse(dst, &r.dst) < 0 ||
        ip_parse(gateway, &r.gateway) < 0 || str_to_u64(metric, 10, UINT32_MAX, &m) < 0)
        return -EINVAL;
    r.metric = (uint32_t)m;
    vec_push(&s->routes, r);
    return 0;
}

static int parse_line(const char *key, char *value, struct network_status *s)
{
    struct ip_prefix p;
    uint64_t n;
    if (str_eq(key, "phase")) {
        for (size_t i = 0; i < ARRAY_LEN(phase_values); i++) {
            if (str_eq(value, phase_values[i])) {
                s->phase = (enum network_phase)i;
                return 0;
            }
        }
        return -EINVAL;
    }
    if (str_eq(key, "boot"))
        str_replace(&s->boot, value);
    else if (str_eq(key, "name"))
        str_replace(&s->name, value);
    else if (str_eq(key, "bridge") && link_name_valid(value, false))
        strv_push(&s->bridges, value);
    else if (str_eq(key, "address") && ip_prefix_parse(value, &p) == 0)
        vec_push(&s->addresses, p);
    else if (str_eq(key, "stored") && str_to_u64(value, 10, OBJECT_STATUS_MAX, &n) == 0)
        s->stored_len = (size_t)n;
    else if (str_eq(key, "route"))
        return parse_route(value, s);
    else
        return -EINVAL;
    return 0;
}

static struct network_def *load(const char *text, size_t len, unsigned flags, const char *name,
                                struct error *err)
{
    struct network_def *def = network_def_load(text, len, flags, err);
    if (!def || str_eq(def->name, name))
        return def;
    network_def_destroy(def);
    return NULL;
}

int network_status_parse(const char *text, size_t len, struct network_status *ret,
                         struct error *err)
{
    const char *body = memmem(text, len, "\n\n", 2);
    *ret = (struct network_status){0};
    size_t head_len = body ? (size_t)(body - text) : len;
    AUTO_FREE char *head = xstrndup(text, head_len);
    char *save = NULL, *l = strtok_r(head, "\n", &save);
    if (!str_eq(l, "vireo-network 1"))
        return error_set(err, ERROR_INTERNAL, AREA_NETWORK,
                         "not a status file of a network, or of another version");
    while ((l = strtok_r(NULL, "\n", &save))) {
        char *space = strchr(l, ' ');
        if (space)
            *space = '\0';
        if (!space || parse_line(l, space + 1, ret) < 0) {
            network_status_finish(ret);
            return error_set(err, ERROR_INTERNAL, AREA_NETWORK, "invalid line '%.40s'", l);
        }
    }
    if (!ret->name || !*ret->name) {
        network_status_finish(ret);
        return error_set(err, ERROR_INTERNAL, AREA_NETWORK, "no name");
    }
    size_t body_len = body ? len - head_len - 2 : 0;
    size_t stored_len = ret->stored_len < body_len ? ret->stored_len : body_len;
    if (body)
        ret->def = load(body + 2, body_len - stored_len, NETWORK_PARSE_LIVE, ret->name, err);
    if (stored_len)
        ret->stored = load(text + len - stored_len, stored_len, 0, ret->name, err);
    return 0;
}

void network_status_finish(struct network_status *s)
{
    free(STEAL(s->name));
    free(STEAL(s->boot));
    strv_finish(&s->bridges);
    vec_finish(&s->addresses);
    vec_finish(&s->routes);
    network_def_destroy(s->def);
    network_def_destroy(s->stored);
    s->def = s->stored = NULL;
}
