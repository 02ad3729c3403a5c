// SPDX-License-Identifier: GPL-2.0-or-later
// Every fixture parses, fits the schema, formats to the same text twice, survives copying, and
// after post_parse equals its golden.
#include "tests/check.h"
#include "tests/golden.h"

#include <dirent.h>
#include <libxml/relaxng.h>
#include <sys/socket.h>
#include "base/file.h"
#include "base/str.h"
#include "schemas/network/def.h"

static char *read_text(const char *path)
{
    char *text;
    return file_read(path, 1 << 20, &text, NULL) == 0 ? text : NULL;
}

static struct network_def *parse(const char *path, const char *xml, unsigned flags)
{
    AUTO_ERROR err = ERROR_INIT;
    struct network_def *def = network_def_parse(xml, strlen(xml), flags, &err);
    if (!def) {
        fprintf(stderr, "%s: %s\n", path, err.message);
        exit(1);
    }
    return def;
}

static void check_golden(const char *path, const char *text)
{
    AUTO_FREE char *golden_path = xasprintf("%.*s.golden", (int)(strlen(path) - 4), path);
    golden_compare(golden_path, text);
}

static void check_round_trip(const char *path, const char *xml)
{
    struct network_def *def = parse(path, xml, NETWORK_PARSE_LIVE | NETWORK_PARSE_VALIDATE);
    AUTO_FREE char *first = network_def_format(def, NETWORK_XML_LIVE);
    struct network_def *copy = network_def_copy(def);
    network_def_destroy(def);
    AUTO_FREE char *copied = network_def_format(copy, NETWORK_XML_LIVE);
    CHECK_STR(copied, first);
    network_def_destroy(copy);
    def = parse(path, first, NETWORK_PARSE_LIVE | NETWORK_PARSE_VALIDATE);
    AUTO_FREE char *second = network_def_format(def, NETWORK_XML_LIVE);
    CHECK_STR(second, first);
    network_def_destroy(def);
}

static void check_filled(const char *path, const char *xml, bool golden)
{
    AUTO_ERROR err = ERROR_INIT;
    struct network_def *def = network_def_load(xml, strlen(xml), 0, &err);
    if (!def)
        fprintf(stderr, "%s: %s\n", path, err.message);
    CHECK(def);
    AUTO_FREE char *text = network_def_format(def, 0);
    CHECK_INT(network_def_post_parse(def, &err), 0);
    AUTO_FREE char *again = network_def_format(def, 0);
    CHECK_STR(again, text);
    network_def_destroy(def);
    // Clients can define what they read back.
    def = network_def_load(text, strlen(text), NETWORK_PARSE_VALIDATE, &err);
    CHECK_STR(def ? "" : err.message, "");
    AUTO_FREE char *back = network_def_format(def, 0);
    CHECK_STR(back, text);
    network_def_destroy(def);
    if (golden)
        check_golden(path, text);
}

static size_t each_document(const char *dir, void (*check)(const char *path, const char *xml))
{
    size_t n = 0;
    DIR *d = opendir(dir);
    CHECK(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (!str_ends(e->d_name, ".xml"))
            continue;
        AUTO_FREE char *path = xasprintf("%s/%s", dir, e->d_name);
        AUTO_FREE char *xml = read_text(path);
        CHECK(xml);
        check(path, xml);
        n++;
    }
    closedir(d);
    return n;
}

static void check_fixture(const char *path, const char *xml)
{
    check_round_trip(path, xml);
    check_filled(path, xml, true);
}

static void check_example(const char *path, const char *xml)
{
    check_round_trip(path, xml);
    check_filled(path, xml, false);
}

static void fixtures(void)
{
    CHECK(each_document(FIXTURES, check_fixture) >= 25);
}

static void examples(void)
{
    CHECK(each_document(EXAMPLES, check_example) >= 5);
}

static void check_port(const char *path, const char *xml)
{
    AUTO_ERROR err = ERROR_INIT;
    struct network_port_def *def =
        network_port_def_parse(xml, strlen(xml), NETWORK_PARSE_VALIDATE, &err);
    CHECK_STR(def ? "" : err.message, "");
    struct network_port_def *copy = network_port_def_copy(def);
    network_port_def_destroy(def);
    AUTO_FREE char *text = network_port_def_format(copy);
    network_port_def_destroy(copy);
    if (!str_eq(text, xml))
        fprintf(stderr, "%s is formatted differently\n", path);
    CHECK_STR(text, xml);
}

static void ports(void)
{
    CHECK(each_document(PORTS, check_port) == 3);
}

// ---- single cases -------------------------------------------------------------------------------
static struct network_def *load(const char *xml)
{
    AUTO_ERROR err = ERROR_INIT;
    struct network_def *def = network_def_load(xml, strlen(xml), 0, &err);
    CHECK_STR(def ? "" : err.message, "");
    return def;
}

static void what_is_filled_in(void)
{
    struct network_def *def = load("<network><name>x</name></network>");
    struct network_def *other = load("<network><name>x</name></network>");
    CHECK(def->uuid.set && def->mac.set && !def->bridge);
    CHECK(!uuid_eq(&def->uuid.value, &other->uuid.value));
    CHECK(def->mac.b[0] == 0x52 && def->mac.b[1] == 0x54 && def->mac.b[2] == 0x00);
    CHECK(memcmp(def->mac.b, other->mac.b, 6) != 0);
    CHECK_INT(def->bridge_stp, TOGGLE_YES);
    CHECK(def->bridge_delay.set && def->bridge_delay.value == 0);
    CHECK_INT(def->forward.mode, NETWORK_FORWARD_NONE);
    network_def_destroy(def);
    network_def_destroy(other);
    // A bridge of the host gets no defaults.
    def = load("<network><name>x</name><forward mode='bridge'/><bridge name='br0'/></network>");
    CHECK(!def->mac.set && !def->bridge_stp && !def->bridge_delay.set);
    CHECK(!network_def_owns_bridge(def));
    CHECK_INT(network_def_direct_mode(def), DIRECT_NONE);
    network_def_destroy(def);
    // Nor does a network of macvtaps, which has no bridge.
    def = load("<network><name>x</name><forward mode='bridge' dev='eth0'/></network>");
    CHECK(!def->mac.set && !def->bridge_stp && !def->bridge && !network_def_owns_bridge(def));
    CHECK_INT(network_def_direct_mode(def), DIRECT_BRIDGE);
    CHECK_INT(def->forward.interfaces.n, 1);
    network_def_destroy(def);
}

static void prefixes(void)
{
    static const struct {
        const char *ip, *prefix;
    } cases[] = {
        {"address='10.5.0.1'", "10.5.0.1/8"},
        {"address='172.16.0.1'", "172.16.0.1/16"},
        {"address='192.168.5.1'", "192.168.5.1/24"},
        {"address='192.168.5.1' prefix='20'", "192.168.5.1/20"},
        {"address='192.168.5.1' netmask='255.255.252.0'", "192.168.5.1/22"},
        {"family='ipv6' address='fd00::1'", "fd00::1/64"},
        {"family='ipv6' address='fd00::1' prefix='56'", "fd00::1/56"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[IP_TEXT_SIZE];
        AUTO_FREE char *xml = xasprintf("<network><name>x</name><ip %s/></network>", cases[i].ip);
        struct network_def *def = load(xml);
        struct ip_prefix p = network_ip_prefix(def->ips.v[0]);
        CHECK_STR(ip_prefix_format(&p, text), cases[i].prefix);
        network_def_destroy(def);
    }
}

static void lease_times(void)
{
    struct network_lease_time l = {.expiry = OPT_UINT(3)};
    CHECK_INT(network_lease_seconds(false, &l, 77), 77);
    CHECK_INT(network_lease_seconds(true, &l, 77), 180);
    l.unit = NETWORK_LEASE_HOURS;
    CHECK_INT(network_lease_seconds(true, &l, 77), 10800);
    l.unit = NETWORK_LEASE_SECONDS;
    CHECK_INT(network_lease_seconds(true, &l, 77), 3);
    l.expiry = OPT_UINT(0);
    CHECK_INT(network_lease_seconds(true, &l, 77), 0);
}

static void live_values(void)
{
    static const char xml[] =
        "<network connections='3'><name>x</name><forward mode='nat'>"
        "<interface dev='e0' connections='3'/></forward><ip address='10.1.1.1' prefix='24'/>"
        "</network>";
    AUTO_ERROR err = ERROR_INIT;
    struct network_def *def = load(xml);
    CHECK(!def->connections.set && !def->forward.interfaces.v[0]->connections.set);
    network_def_destroy(def);
    def = network_def_load(xml, sizeof(xml) - 1, NETWORK_PARSE_LIVE, &err);
    CHECK_INT(def->connections.value, 3);
    AUTO_FREE char *live = network_def_format(def, NETWORK_XML_LIVE);
    CHECK_CONTAINS(live, "<network connections='3'>");
    CHECK_CONTAINS(live, "<interface dev='e0' connections='3'/>");
    AUTO_FREE char *stored = network_def_format(def, 0);
    CHECK(!strstr(stored, "connections"));
    network_def_destroy(def);
}

static void questions(void)
{
    struct network_def *def =
        load("<network><name>x</name><ip address='10.1.1.1' prefix='24'><dhcp>"
             "<host name='h' ip='10.1.1.2'/></dhcp></ip>"
             "<ip family='ipv6' address='fd00::1' prefix='64'/>"
             "<portgroup name='a'/><portgroup name='b' default='yes'/></network>");
    CHECK(network_def_has_dhcp(def, AF_INET) && !network_def_has_dhcp(def, AF_INET6));
    CHECK_STR(network_def_find_portgroup(def, "a")->name, "a");
    CHECK_STR(network_def_find_portgroup(def, NULL)->name, "b");
    CHECK(!network_def_find_portgroup(def, "c"));
    CHECK_STR(network_forward_mode_name(def->forward.mode), "none");
    network_def_destroy(def);
}

// An <ip> without address, which requests a free subnet, is kept.
static void free_subnet(void)
{
    struct network_def *def = load("<network><name>x</name><forward/><ip><dhcp/></ip></network>");
    CHECK(def->ips.n == 1 && !def->ips.v[0]->address.family && def->ips.v[0]->has_dhcp);
    AUTO_FREE char *text = network_def_format(def, 0);
    CHECK_CONTAINS(text, "  <ip>\n    <dhcp/>\n  </ip>\n");
    network_def_destroy(def);
}

// ---- libvirt's schemas --------------------------------------------------------------------------
static void ignore(void *arg, const char *fmt, ...)
{
    (void)arg, (void)fmt;
}

static xmlRelaxNG *schema;

static void check_libvirt(const char *path, const char *xml)
{
    (void)xml;
    // Elements that libvirt 9.0 does not have.
    if (strstr(path, "titled") || strstr(path, "live."))
        return;
    size_t stem = strlen(path) - 4;
    AUTO_FREE char *golden = xasprintf("%.*s.golden", (int)stem, path);
    xmlDoc *doc = xmlReadFile(strstr(path, "networkport") ? path : golden, NULL, XML_PARSE_NONET);
    CHECK(doc);
    xmlRelaxNGValidCtxt *valid = xmlRelaxNGNewValidCtxt(schema);
    int r = xmlRelaxNGValidateDoc(valid, doc);
    if (r)
        fprintf(stderr, "%s does not fit libvirt's schema\n", path);
    CHECK_INT(r, 0);
    xmlRelaxNGFreeValidCtxt(valid);
    xmlFreeDoc(doc);
}

static void libvirt_schema_agrees(void)
{
    static const char *const schemas[] = {"/usr/share/libvirt/schemas/network.rng",
                                          "/usr/share/libvirt/schemas/networkport.rng"};
    static const char *const dirs[] = {FIXTURES, PORTS};
    for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
        xmlRelaxNGParserCtxt *ctxt = xmlRelaxNGNewParserCtxt(schemas[i]);
        xmlRelaxNGSetParserErrors(ctxt, ignore, ignore, NULL);
        schema = xmlRelaxNGParse(ctxt);
        xmlRelaxNGFreeParserCtxt(ctxt);
        if (!schema) {
            printf("no libvirt schemas installed: not compared\n");
            return;
        }
        each_document(dirs[i], check_libvirt);
        xmlRelaxNGFree(schema);
    }
}

int main(void)
{
    RUN(what_is_filled_in);
    RUN(prefixes);
    RUN(lease_times);
    RUN(live_values);
    RUN(questions);
    RUN(free_subnet);
    RUN(fixtures);
    RUN(examples);
    RUN(ports);
    RUN(libvirt_schema_agrees);
    return 0;
}
