// SPDX-License-Identifier: GPL-2.0-or-later
// Bad network documents: the code, and that the message names line, element and remedy.
#include "tests/check.h"

#include "base/str.h"
#include "schemas/network/def.h"

#define NET(x)   "<network>\n<name>x</name>\n" x "\n</network>"
#define IP(x)    NET("<ip address='192.168.5.1' netmask='255.255.255.0'>\n" x "\n</ip>")
#define DHCP(x)  IP("<dhcp>\n" x "\n</dhcp>")
#define IP6(x)   NET("<ip family='ipv6' address='fd00::1' prefix='64'>\n" x "\n</ip>")
#define DNS(x)   NET("<dns>\n" x "\n</dns>")
#define ROUTE(x) NET("<ip address='192.168.5.1' prefix='24'/>\n<route " x "/>")
#define NAT(x)   NET("<forward mode='nat'>" x "</forward>\n<ip address='192.168.5.1' prefix='24'/>")
#define HOST1    "<host mac='52:54:00:00:00:01' name='a' ip='192.168.5.3'/>\n"

struct bad {
    const char *xml;
    enum error_code code;
    const char *parts[3];
};

// clang-format off
static const struct bad cases[] = {
    // not well-formed, not this document
    {"", ERROR_XML_DETAIL, {"line 1", "not well-formed"}},
    {"<network", ERROR_XML_DETAIL, {"line 1", "not well-formed"}},
    {"<domain/>", ERROR_XML, {"<domain>, not <network>"}},
    {"<network xmlns='urn:x'/>", ERROR_XML, {"line 1", "<network> is of the namespace 'urn:x'", "remove its xmlns"}},
    {"<!DOCTYPE network [<!ENTITY a 'x'>]>\n<network/>", ERROR_XML_DETAIL, {"document type"}},
    {"<network/>", ERROR_NO_NAME, {"line 1", "<name> is missing"}},
    {"<network>\n<name/></network>", ERROR_NO_NAME, {"line 2: <name> in <network>: it is empty"}},
    {"<network><name>a/b</name></network>", ERROR_XML_DETAIL, {"line 1: <name>", "'a/b'", "'/'"}},
    {"<network><name>..</name></network>", ERROR_XML, {"'..'"}},
    {"<network><name>a\nb</name></network>", ERROR_XML_DETAIL, {"control characters"}},
    {"<network><name>x</name><uuid>1</uuid></network>", ERROR_XML, {"'1' is not a UUID"}},
    {NET("text"), ERROR_XML, {"text 'text", "is not allowed here"}},
    // known to libvirt, not supported here
    {NET("<forward mode='hostdev'/>"), ERROR_CONFIG_UNSUPPORTED, {"mode='hostdev'", "nat, route"}},
    {NET("<forward mode='passthrough'><pf dev='e'/></forward>"), ERROR_CONFIG_UNSUPPORTED, {"<pf> in <forward>", "SR-IOV", "<interface dev=>"}},
    {NET("<forward managed='yes'/>"), ERROR_CONFIG_UNSUPPORTED, {"'managed'"}},
    {NET("<virtualport type='openvswitch'/>"), ERROR_CONFIG_UNSUPPORTED, {"<virtualport>"}},
    {NET("<portgroup name='a'>\n<virtualport/></portgroup>"), ERROR_CONFIG_UNSUPPORTED, {"line 4", "<virtualport> in <portgroup>"}},
    {NET("<bridge macTableManager='me'/>"), ERROR_XML, {"macTableManager='me'"}},
    {NET("<forward mode='bridge'/>"), ERROR_CONFIG_UNSUPPORTED, {"line 3", "needs a host interface", "or a bridge"}},
    {NET("<forward mode='vepa'/>"), ERROR_CONFIG_UNSUPPORTED, {"line 3", "needs a host interface"}},
    {NET("<forward mode='vepa' dev='e0'/>\n<bridge name='br0'/>"), ERROR_XML, {"line 4", "not allowed in mode 'vepa'"}},
    {NET("<forward mode='bridge' dev='e0'/>\n<bridge name='br0'/>"), ERROR_XML, {"line 3", "either a bridge or an interface"}},
    {NET("<forward mode='private'>\n<interface dev='e0'/>\n<interface dev='e0'/></forward>"), ERROR_XML, {"line 5", "'e0'", "first on line 4"}},
    {NET("<forward mode='private' dev='e/0'/>"), ERROR_XML, {"line 3", "not an interface name"}},
    {NET("<forward mode='passthrough' dev='e0'/><ip address='10.0.0.1'/>"), ERROR_CONFIG_UNSUPPORTED, {"<ip>", "mode='passthrough'"}},
    {NET("<forward mode='vepa' dev='e0'/><mac address='52:54:00:11:22:33'/>"), ERROR_CONFIG_UNSUPPORTED, {"<mac>", "mode='vepa'"}},
    {NET("<forward mode='vepa' dev='e0'/><domain name='d'/>"), ERROR_CONFIG_UNSUPPORTED, {"<domain>"}},
    {NET("<forward mode='vepa' dev='e0'/><vlan><tag id='3'/></vlan>"), ERROR_CONFIG_UNSUPPORTED, {"<vlan>"}},
    {NET("<forward mode='vepa' dev='e0'/><bandwidth><inbound average='9'/></bandwidth>"), ERROR_CONFIG_UNSUPPORTED, {"<bandwidth>"}},
    {NET("<forward mode='vepa' dev='e0'/><port isolated='yes'/>"), ERROR_CONFIG_UNSUPPORTED, {"<port isolated=>"}},
    {NET("<forward mode='vepa' dev='e0'/><mtu size='1400'/>"), ERROR_XML, {"<mtu>"}},
    {NET("<forward mode='vepa' dev='e0'/><bridge stp='on'/>"), ERROR_XML, {"stp"}},
    {NET("<forward mode='vepa' dev='e0'/>\n<portgroup name='a'><vlan><tag id='3'/></vlan></portgroup>"), ERROR_CONFIG_UNSUPPORTED, {"line 4", "'a'", "<vlan>"}},
    // forward
    {NET("<forward mode='x'/>"), ERROR_XML, {"mode='x'", "nat, route, open, bridge"}},
    {NET("<forward mode='nat'/>"), ERROR_XML, {"nat forwarding requested, but no IP address"}},
    {NET("<forward mode='route'/>"), ERROR_XML, {"route forwarding"}},
    {NAT("<interface dev='e0'/>\n<interface dev='e1'/>"), ERROR_XML, {"line 4", "only one"}},
    {NET("<forward dev='e0'><interface dev='e1'/></forward>"), ERROR_XML, {"line 3", "'e0'", "'e1'"}},
    {NET("<forward mode='open' dev='e0'/><ip address='10.0.0.1'/>"), ERROR_XML, {"open", "takes no dev"}},
    {NET("<forward mode='route'><nat/></forward><ip address='10.0.0.1'/>"), ERROR_XML, {"<nat>", "'route'"}},
    {NAT("<interface dev='a/b'/>"), ERROR_XML, {"'a/b' is not an interface"}},
    {NAT("<nat><port start='5'/></nat>"), ERROR_XML, {"<port> in <nat>", "'end' is missing"}},
    {NAT("<nat><port start='9' end='8'/></nat>"), ERROR_XML, {"<port> in <nat>", "end is below"}},
    {NAT("<nat><port start='0' end='8'/></nat>"), ERROR_XML, {"start='0'", "1 to 65535"}},
    {NAT("<nat><port start='1' end='70000'/></nat>"), ERROR_XML, {"end='70000'"}},
    {NAT("<nat><address start='1.2.3.4'/></nat>"), ERROR_XML, {"<address> in <nat>", "'end' is missing"}},
    {NAT("<nat><address start='1.2.3.4' end='1.2.3.3'/></nat>"), ERROR_XML, {"end is below"}},
    {NAT("<nat><address start='1.2.3.4' end='fd00::1'/></nat>"), ERROR_XML, {"different address families"}},
    {NAT("<nat><address start='x' end='1.2.3.4'/></nat>"), ERROR_XML, {"start='x' is not an IP address"}},
    // bridge, mac, mtu, domain
    {NET("<bridge name='a/b'/>"), ERROR_XML, {"line 3", "'a/b'", "valid interface name"}},
    {NET("<bridge name='abcdefghijklmnop'/>"), ERROR_XML, {"15 bytes"}},
    {NET("<bridge name='br%d%d'/>"), ERROR_XML, {"one %d"}},
    {NET("<bridge name='br%s'/>"), ERROR_XML, {"'br%s'"}},
    {NET("<bridge name='a b'/>"), ERROR_XML, {"'a b'"}},
    {NET("<bridge name='..'/>"), ERROR_XML, {"'..'"}},
    {NET("<bridge stp='yes'/>"), ERROR_XML, {"stp='yes'", "on, off"}},
    {NET("<bridge delay='-1'/>"), ERROR_XML, {"delay='-1'"}},
    {NET("<forward mode='bridge'/>\n<bridge name='b' stp='on'/>"), ERROR_XML, {"line 4", "does not change"}},
    {NET("<forward mode='bridge'/><bridge name='b%d'/>"), ERROR_XML, {"cannot contain %d"}},
    {NET("<forward mode='bridge'/><bridge name='b'/><mtu size='1400'/>"), ERROR_XML, {"<mtu>"}},
    {NET("<forward mode='bridge'/><bridge name='b'/><ip address='10.0.0.1'/>"), ERROR_CONFIG_UNSUPPORTED, {"<ip> cannot be combined with"}},
    {NET("<forward mode='bridge'/><bridge name='b'/><domain name='d'/>"), ERROR_CONFIG_UNSUPPORTED, {"<domain>"}},
    {NET("<forward mode='bridge'/><bridge name='b'/><mac address='52:54:00:00:00:01'/>"), ERROR_CONFIG_UNSUPPORTED, {"<mac>"}},
    {NET("<mac address='01:00:5e:00:00:01'/>"), ERROR_XML, {"<mac>", "multicast"}},
    {NET("<mac address='00:00:00:00:00:00'/>"), ERROR_XML, {"<mac>", "leave it out"}},
    {NET("<ip address='192.168.5.1' netmask='0.0.0.0'/>"), ERROR_XML, {"<ip netmask='0.0.0.0'>"}},
    {NET("<mac address='52:54'/>"), ERROR_XML, {"not a MAC address"}},
    {NET("<mtu size='0'/>"), ERROR_XML, {"size='0'", "68 to 65535"}},
    {NET("<domain name='a b'/>"), ERROR_XML, {"line 3", "<domain name='a b'>"}},
    {NET("<domain name='a&#10;server=1.2.3.4'/>"), ERROR_XML, {"<domain"}},
    // ip
    {NET("<ip address='x'/>"), ERROR_XML, {"line 3", "address='x' is not an IP address"}},
    {NET("<ip address='10.0.0.1' netmask='255.0.0.0' prefix='8'/>"), ERROR_XML, {"line 3: <ip>", "netmask and prefix exclude each other"}},
    {NET("<ip address='10.0.0.1' netmask='255.0.255.0'/>"), ERROR_XML, {"netmask='255.0.255.0'> is not a netmask"}},
    {NET("<ip address='10.0.0.1' prefix='33'/>"), ERROR_CONFIG_UNSUPPORTED, {"more than 32"}},
    {NET("<ip address='fd00::1'/>"), ERROR_CONFIG_UNSUPPORTED, {"family='ipv6'"}},
    {NET("<ip family='ipv6' address='10.0.0.1'/>"), ERROR_CONFIG_UNSUPPORTED, {"IPv4 address"}},
    {NET("<ip family='ipv4' address='fd00::1'/>"), ERROR_CONFIG_UNSUPPORTED, {"IPv6 address"}},
    {NET("<ip family='ipv6' address='fd00::1' netmask='255.0.0.0'/>"), ERROR_CONFIG_UNSUPPORTED, {"netmasks are for IPv4"}},
    {NET("<ip address='192.168.5.0' prefix='24'/>"), ERROR_XML, {"the network address"}},
    {NET("<ip address='192.168.5.255' prefix='24'/>"), ERROR_XML, {"broadcast"}},
    {NET("<ip address='127.0.0.1'/>"), ERROR_XML, {"not usable in a network"}},
    {NET("<ip address='224.0.0.1'/>"), ERROR_XML, {"not usable in a network"}},
    {NET("<ip family='ipv6' address='ff02::1'/>"), ERROR_XML, {"not usable in a network"}},
    {NET("<ip address='10.0.0.1' prefix='8'/>\n<ip address='10.1.0.1' prefix='16'/>"), ERROR_XML, {"line 4", "10.1.0.1/16 overlaps the <ip> on line 3"}},
    {NET("<ip address='10.0.0.1' prefix='8'/>\n<ip address='10.0.0.1' prefix='8'/>"), ERROR_XML, {"line 4", "overlaps"}},
    {NET("<ip netmask='255.0.0.0'/>"), ERROR_XML, {"'address' is missing"}},
    {NET("<ip family='ipv6'/>"), ERROR_XML, {"'address' is missing"}},
    {NET("<ip/>\n<ip/>"), ERROR_XML, {"line 4", "only one"}},
    {IP6("<tftp root='/x'/>"), ERROR_CONFIG_UNSUPPORTED, {"line 3", "<tftp>"}},
    {IP("<tftp root='/x&#10;y'/>"), ERROR_XML, {"characters"}},
    // dhcp
    {DHCP("<range start='192.168.5.9'/>"), ERROR_XML, {"line 5", "<range> in <dhcp>", "'end' is missing"}},
    {DHCP("<range start='192.168.5.9' end='192.168.5.2'/>"), ERROR_XML, {"line 5", "ends before it starts"}},
    {DHCP("<range start='192.168.6.2' end='192.168.6.9'/>"), ERROR_XML, {"line 5", "192.168.6.2 - 192.168.6.9 is not entirely within network 192.168.5.1/24"}},
    {DHCP("<range start='192.168.5.2' end='192.168.6.9'/>"), ERROR_XML, {"not entirely within"}},
    {DHCP("<range start='192.168.5.0' end='192.168.5.9'/>"), ERROR_XML, {"network address"}},
    {DHCP("<range start='192.168.5.2' end='192.168.5.255'/>"), ERROR_XML, {"broadcast"}},
    {DHCP("<range start='fd00::2' end='fd00::3'/>"), ERROR_XML, {"another address family"}},
    {IP6("<dhcp><range start='fd00::2' end='fd00::ffff:3'/></dhcp>"), ERROR_XML, {"more than 65535"}},
    {DHCP("<range start='192.168.5.2' end='192.168.5.9'/>\n<range start='192.168.5.9' end='192.168.5.12'/>"), ERROR_XML, {"line 6", "overlaps the one on line 5"}},
    {DHCP("<range start='192.168.5.9' end='192.168.5.12'/>\n<range start='192.168.5.2' end='192.168.5.99'/>"), ERROR_XML, {"line 6", "overlaps the one on line 5"}},
    {DHCP("<range start='192.168.5.2' end='192.168.5.9'>\n<lease expiry='1'/></range>"), ERROR_XML, {"line 6", "<lease> in <range>", "two minutes"}},
    {DHCP("<range start='192.168.5.2' end='192.168.5.9'><lease unit='hours'/></range>"), ERROR_XML, {"'expiry' is missing"}},
    {DHCP("<range start='192.168.5.2' end='192.168.5.9'><lease expiry='9' unit='days'/></range>"), ERROR_XML, {"unit='days'"}},
    {DHCP("<range start='192.168.5.2' end='192.168.5.9'><lease expiry='4000000000' unit='hours'/></range>"), ERROR_XML, {"too long"}},
    {NET("<ip address='10.1.0.1' prefix='16'><dhcp><range start='10.1.0.2' end='10.1.0.3'/></dhcp></ip>\n<ip address='10.2.0.1' prefix='16'><dhcp><range start='10.2.0.2' end='10.2.0.3'/></dhcp></ip>"), ERROR_CONFIG_UNSUPPORTED, {"line 4", "first on line 3"}},
    {DHCP("<host/>"), ERROR_XML, {"line 5", "<host> in <dhcp>", "'ip' is missing"}},
    {DHCP("<host ip='192.168.5.3'/>"), ERROR_XML, {"line 5", "'mac' or 'name'"}},
    {DHCP("<host mac='52:54' ip='192.168.5.3'/>"), ERROR_XML, {"mac='52:54'"}},
    {DHCP("<host mac='01:54:00:00:00:01' ip='192.168.5.3'/>"), ERROR_XML, {"multicast"}},
    {DHCP("<host mac='52:54:00:00:00:01' ip='192.168.9.3'/>"), ERROR_XML, {"line 5", "ip='192.168.9.3' is not within 192.168.5.1/24"}},
    {DHCP("<host mac='52:54:00:00:00:01' ip='192.168.5.1'/>"), ERROR_XML, {"network's own address"}},
    {DHCP("<host mac='52:54:00:00:00:01' ip='192.168.5.255'/>"), ERROR_XML, {"broadcast"}},
    {DHCP("<host id='1:2' ip='192.168.5.3'/>"), ERROR_XML, {"id='1:2'", "IPv6"}},
    {DHCP("<host name='a b' ip='192.168.5.3'/>"), ERROR_XML, {"name='a b'"}},
    {DHCP("<host name='a,set:x' ip='192.168.5.3'/>"), ERROR_XML, {"not a host name"}},
    {DHCP(HOST1 "<host mac='52:54:00:00:00:01' name='b' ip='192.168.5.4'/>"), ERROR_XML, {"line 6", "mac='52:54:00:00:00:01' is given twice, first on line 5"}},
    {DHCP(HOST1 "<host mac='52:54:00:00:00:02' name='A' ip='192.168.5.4'/>"), ERROR_XML, {"line 6", "name='A' is given twice"}},
    {DHCP(HOST1 "<host mac='52:54:00:00:00:02' name='b' ip='192.168.5.3'/>"), ERROR_XML, {"line 6", "ip='192.168.5.3' is given twice"}},
    {NET("<ip family='ipv6' address='fd00::1' prefix='63'>\n<dhcp><range start='fd00::2' end='fd00::3'/></dhcp></ip>"), ERROR_CONFIG_UNSUPPORTED, {"line 3", "prefix='63'", "64 or longer"}},
    {IP6("<dhcp><host mac='52:54:00:00:00:01' ip='fd00::3'/></dhcp>"), ERROR_XML, {"cannot be used in an IPv6"}},
    {IP6("<dhcp><host id='zz' ip='fd00::3'/></dhcp>"), ERROR_XML, {"id='zz'"}},
    {IP6("<dhcp><host id='0:1' ip='fd00::3'/>\n<host id='0:1' ip='fd00::4'/></dhcp>"), ERROR_XML, {"line 5", "id='0:1' is given twice"}},
    {DHCP("<bootp file='x' server='a b'/>"), ERROR_XML, {"<bootp server=>"}},
    {DHCP("<bootp/>"), ERROR_XML, {"'file' is missing"}},
    // dns
    {DNS("<forwarder/>"), ERROR_XML, {"line 4", "'addr' or 'domain'"}},
    {DNS("<forwarder addr='x'/>"), ERROR_XML, {"addr='x'"}},
    {DNS("<forwarder domain='a/b'/>"), ERROR_XML, {"line 4", "not a domain"}},
    {DNS("<host ip='1.2.3.4'/>"), ERROR_XML_DETAIL, {"line 4", "<hostname> is missing"}},
    {DNS("<host><hostname>a</hostname></host>"), ERROR_XML_DETAIL, {"'ip' is missing"}},
    {DNS("<host ip='1.2.3.4'><hostname/></host>"), ERROR_XML, {"<hostname> in <host>"}},
    {DNS("<host ip='1.2.3.4'><hostname>a b</hostname></host>"), ERROR_XML, {"'a b' is not a DNS name"}},
    {DNS("<txt value='b'/>"), ERROR_XML_DETAIL, {"'name' is missing"}},
    {DNS("<txt name='b'/>"), ERROR_XML_DETAIL, {"'value' is missing"}},
    {DNS("<txt name='a b' value='c'/>"), ERROR_XML_DETAIL, {"whitespace"}},
    {DNS("<txt name='a' value='b&#10;addn-hosts=/etc/shadow'/>"), ERROR_XML, {"line 4", "control characters"}},
    {DNS("<srv service='a'/>"), ERROR_XML_DETAIL, {"'protocol' is missing"}},
    {DNS("<srv service='a' protocol='tcp' port='5'/>"), ERROR_XML_DETAIL, {"'port' needs a 'target'"}},
    {DNS("<srv service='a' protocol='tcp' target='t' port='0'/>"), ERROR_XML, {"port='0'"}},
    {DNS("<srv service='a' protocol='tcp' target='t' weight='70000'/>"), ERROR_XML, {"weight='70000'"}},
    {DNS("<srv service='a,b' protocol='tcp'/>"), ERROR_XML, {"DNS names"}},
    {NET("<dns enable='no'><txt name='a' value='b'/></dns>"), ERROR_XML, {"must be empty"}},
    // routes
    {ROUTE("address='1.2.3.4' gateway='192.168.5.9'"), ERROR_XML, {"line 4", "not a network address"}},
    {ROUTE("address='1.2.3.0' prefix='24' gateway='10.0.0.1'"), ERROR_CONFIG_UNSUPPORTED, {"gateway='10.0.0.1' is not in the subnet"}},
    {ROUTE("address='1.2.3.0' prefix='24'"), ERROR_XML, {"'gateway' is missing"}},
    {ROUTE("address='1.2.3.0' prefix='24' netmask='255.255.255.0' gateway='192.168.5.9'"), ERROR_XML, {"netmask and prefix exclude each other"}},
    {ROUTE("address='1.2.3.0' prefix='24' gateway='192.168.5.9' metric='0'"), ERROR_XML, {"metric='0'"}},
    {ROUTE("family='ipv6' address='fd00::' prefix='64' gateway='192.168.5.9'"), ERROR_XML, {"different address families"}},
    // portgroup, bandwidth, vlan, others
    {NET("<portgroup/>"), ERROR_XML, {"'name' is missing"}},
    {NET("<portgroup name=''/>"), ERROR_XML, {"line 3", "name is empty"}},
    {NET("<portgroup name='a'/>\n<portgroup name='a'/>"), ERROR_CONFIG_UNSUPPORTED, {"line 4", "twice, first on line 3"}},
    {NET("<portgroup name='a' default='yes'/>\n<portgroup name='b' default='yes'/>"), ERROR_CONFIG_UNSUPPORTED, {"line 4", "both default"}},
    {NET("<bandwidth><inbound/></bandwidth>"), ERROR_XML, {"'average' or 'floor' is missing"}},
    {NET("<bandwidth><inbound peak='1'/></bandwidth>"), ERROR_XML, {"is missing"}},
    {NET("<bandwidth><outbound average='1' floor='1'/></bandwidth>"), ERROR_CONFIG_UNSUPPORTED, {"'floor'"}},
    {NET("<bandwidth><inbound average='1' floor='1'/></bandwidth>"), ERROR_CONFIG_UNSUPPORTED, {"line 3", "only be set for a domain's interface"}},
    {NET("<vlan/>"), ERROR_XML, {"<tag> is missing"}},
    {NET("<vlan><tag id='4096'/></vlan>"), ERROR_XML, {"id='4096'"}},
    {NET("<vlan trunk='no'><tag id='1'/><tag id='2'/></vlan>"), ERROR_XML, {"trunk='yes'"}},
    {NET("<port isolated='x'/>"), ERROR_XML, {"isolated='x'"}},
    {"<network xmlns:d='http://libvirt.org/schemas/network/dnsmasq/1.0'><name>x</name><d:options><d:option value='a&#10;b'/></d:options></network>", ERROR_XML, {"<dnsmasq:option"}},
};
// clang-format on

static void bad_documents(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ERROR err = ERROR_INIT;
        struct network_def *def = network_def_load(cases[i].xml, strlen(cases[i].xml), 0, &err);
        if (def || err.code != cases[i].code)
            fprintf(stderr, "case %zu: %s\n%s\n", i, cases[i].xml, error_message(&err));
        CHECK(!def);
        CHECK_INT(err.code, cases[i].code);
        for (size_t k = 0; k < ARRAY_LEN(cases[i].parts) && cases[i].parts[k]; k++)
            CHECK_CONTAINS(err.message, cases[i].parts[k]);
        CHECK_CONTAINS(err.message, "network");
    }
}

static void unknown_is_ignored(void)
{
    static const char *const ignored[] = {
        NET("<zork/>"),
        NET("<brigde/>"),
        NET("<bridge nmae='x'/>"),
        NET("<a:b xmlns:a='urn:a'/>"),
        NET("<bridge/><bridge name='b'/>"),
        NET("<dns/><dns enable='no'/>"),
        NET("<domain name='a'/><domain name='b' foo='bar'/>"),
        NET("<ip address='192.168.5.1' prefix='24'><tftp root='/a'/><tftp/></ip>")};
    for (size_t i = 0; i < ARRAY_LEN(ignored); i++) {
        AUTO_ERROR err = ERROR_INIT;
        struct network_def *def = network_def_load(ignored[i], strlen(ignored[i]), 0, &err);
        CHECK_STR(def ? "" : err.message, "");
        network_def_destroy(def);
        CHECK(!network_def_load(ignored[i], strlen(ignored[i]), NETWORK_PARSE_VALIDATE, &err));
        CHECK_INT(err.code, ERROR_XML);
    }
}

static void bad_ports(void)
{
    static const struct bad ports[] = {
        {"<networkport/>", ERROR_XML, {"<owner> is missing"}},
        {"<networkport><owner><name>a</name></owner></networkport>",
         ERROR_XML,
         {"<uuid> is missing"}},
        {"<networkport><owner><name>a</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid>"
         "</owner></networkport>",
         ERROR_XML,
         {"<mac> is missing"}},
        {"<networkport>\n<plug type='hostdev-pci' managed='no'/></networkport>",
         ERROR_CONFIG_UNSUPPORTED,
         {"line 2", "type='hostdev-pci'", "network, bridge, direct"}},
        {"<networkport>\n<plug type='direct' mode='vepa'/></networkport>",
         ERROR_XML,
         {"line 2", "'dev' is missing"}},
        {"<networkport>\n<plug type='direct' dev='e' mode='zork'/></networkport>",
         ERROR_XML,
         {"line 2", "mode='zork'", "vepa, private, bridge, passthrough"}},
        {"<networkport>\n<virtualport/></networkport>",
         ERROR_CONFIG_UNSUPPORTED,
         {"line 2", "<virtualport>"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
        AUTO_ERROR err = ERROR_INIT;
        CHECK(!network_port_def_parse(ports[i].xml, strlen(ports[i].xml), 0, &err));
        CHECK_INT(err.code, ports[i].code);
        for (size_t k = 0; k < ARRAY_LEN(ports[i].parts) && ports[i].parts[k]; k++)
            CHECK_CONTAINS(err.message, ports[i].parts[k]);
    }
}

// ---- limits -------------------------------------------------------------------------------------
static void refused(const struct strbuf *xml, enum error_code code, const char *part)
{
    AUTO_ERROR err = ERROR_INIT;
    CHECK(!network_def_load(xml->data, xml->len, 0, &err));
    CHECK_INT(err.code, code);
    CHECK_CONTAINS(err.message, part);
    CHECK(strlen(err.message) < 500);
}

static void long_names(void)
{
    static const char *const places[] = {
        "<network><name>%s</name></network>",
        "<network><name>x</name><bridge name='%s'/></network>",
        "<network><name>x</name><domain name='%s'/></network>",
        ("<network><name>x</name><dns><host ip='1.2.3.4'><hostname>%s</hostname></host></dns>"
         "</network>"),
    };
    char name[4097];
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        AUTO_STRBUF b = {0};
        const char *hole = strstr(places[i], "%s");
        CHECK(hole);
        strbuf_addn(&b, places[i], (size_t)(hole - places[i]));
        strbuf_add(&b, name);
        strbuf_add(&b, hole + 2);
        refused(&b, ERROR_XML, "line 1: <");
    }
}

static void too_large(void)
{
    AUTO_STRBUF b = {0};
    strbuf_add(&b, "<network><name>x</name><description>");
    while (b.len <= 10 * 1024 * 1024)
        strbuf_add(&b, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    strbuf_add(&b, "</description></network>");
    refused(&b, ERROR_XML_DETAIL, "bytes");
}

static void too_deep(void)
{
    AUTO_STRBUF b = {0};
    strbuf_add(&b, "<network><name>x</name><metadata>");
    for (int i = 0; i < 100000; i++)
        strbuf_add(&b, "<a>");
    refused(&b, ERROR_XML_DETAIL, "nested too deeply");
}

static void entity_bomb(void)
{
    AUTO_STRBUF b = {0};
    strbuf_add(&b, "<!DOCTYPE network [<!ENTITY a0 'ha'>");
    for (int i = 1; i < 40; i++)
        strbuf_printf(&b, "<!ENTITY a%d '&a%d;&a%d;&a%d;'>", i, i - 1, i - 1, i - 1);
    strbuf_add(&b, "]><network><name>&a39;</name></network>");
    refused(&b, ERROR_XML_DETAIL, "document type declaration");
}

// Finding duplicates among the maximum number of hosts takes less than quadratic time.
static void many_hosts(void)
{
    AUTO_STRBUF b = {0};
    strbuf_add(&b, "<network><name>x</name><ip address='10.0.0.1' prefix='8'><dhcp>\n");
    for (unsigned i = 0; i < NETWORK_LIST_MAX; i++)
        strbuf_printf(&b, "<host mac='52:54:00:00:%02x:%02x' name='h%u' ip='10.1.%u.%u'/>\n",
                      i >> 8, i & 255, i, i >> 8, i & 255);
    size_t good = b.len;
    strbuf_add(&b, "</dhcp></ip></network>");
    AUTO_ERROR err = ERROR_INIT;
    uint64_t before = now_monotonic_us();
    struct network_def *def = network_def_load(b.data, b.len, 0, &err);
    CHECK_STR(def ? "" : err.message, "");
    CHECK_INT(def->ips.v[0]->hosts.n, NETWORK_LIST_MAX);
    network_def_destroy(def);
    // Generous, for sanitizers and a busy machine; quadratic time would take minutes.
    CHECK(now_monotonic_us() - before < 20000000);
    b.len = good;
    strbuf_add(&b, "<host name='one-more' ip='10.2.0.1'/></dhcp></ip></network>");
    refused(&b, ERROR_XML, "more than");
}

int main(void)
{
    RUN(bad_documents);
    RUN(unknown_is_ignored);
    RUN(bad_ports);
    RUN(long_names);
    RUN(too_large);
    RUN(too_deep);
    RUN(entity_bomb);
    RUN(many_hosts);
    return 0;
}
