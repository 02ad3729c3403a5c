# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes tests/fixtures/network/updates.txt: the results of libvirtd 9.0 for the network updates below.

Not run by the tests. Run /usr/bin/python3 tests/schemas/network_updates.py OUT where libvirtd 9.0 is
installed; it runs in its own namespaces (tests/real/ns.py).
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "real"))
import ns

ns.enter()
os.environ["VIREO_TEST_SERVER"] = "libvirtd"
import libvirt
import server

HEAD = "<network><name>u</name><uuid>aaaaaaaa-0000-4000-8000-00000000000a</uuid>"
BRIDGE = "<bridge name='virbr7'/><mac address='52:54:00:11:22:33'/>"
BASES = {
    "full": HEAD + "<forward mode='nat'/>" + BRIDGE + """<dns>
<txt name='t1' value='one'/><txt name='t2' value='two'/>
<srv service='s1' protocol='tcp' domain='d' target='a' port='10' priority='1' weight='2'/>
<srv service='s1' protocol='udp' domain='d' target='b' port='20'/>
<srv service='s2' protocol='tcp'/>
<host ip='192.168.5.50'><hostname>one</hostname><hostname>uno</hostname></host>
<host ip='192.168.5.51'><hostname>two</hostname><hostname>uno</hostname></host></dns>
<ip address='192.168.5.1' netmask='255.255.255.0'><dhcp>
<range start='192.168.5.100' end='192.168.5.120'/><range start='192.168.5.200' end='192.168.5.220'/>
<host mac='52:54:00:00:00:01' name='h1' ip='192.168.5.11'/>
<host mac='52:54:00:00:00:02' ip='192.168.5.12'/><host name='h3' ip='192.168.5.13'/></dhcp></ip>
<ip family='ipv6' address='fd00:5::1' prefix='64'/>
<portgroup name='p1' default='yes'><bandwidth><inbound average='100'/></bandwidth></portgroup>
<portgroup name='p2'/></network>""",
    "bare": HEAD + BRIDGE + "</network>",
    "plain": HEAD + BRIDGE + "<ip family='ipv6' address='fd00:5::1' prefix='64'/>"
             "<ip address='192.168.5.1' prefix='24'/></network>",
    "six": HEAD + BRIDGE + "<ip address='192.168.5.1' prefix='24'/>"
           "<ip family='ipv6' address='fd00:5::1' prefix='64'><dhcp><range start='fd00:5::10' end='fd00:5::20'/>"
           "<host id='0:1:2' name='six' ip='fd00:5::30'/><host name='seven' ip='fd00:5::31'/></dhcp></ip></network>",
    "device": HEAD + "<forward mode='route' dev='eth9'/>" + BRIDGE
              + "<ip address='192.168.5.1' prefix='24'/></network>",
    "pool": HEAD + "<forward mode='bridge'/><bridge name='br0'/><portgroup name='p1'/></network>",
}
MODIFY, DELETE, LAST, FIRST = 1, 2, 3, 4
COMMANDS = (LAST, FIRST, MODIFY, DELETE)
HOST, RANGE, INTERFACE, GROUP, DNS_HOST, TXT, SRV = 4, 5, 7, 9, 10, 11, 12


def cases():
    def every(base, section, *xmls, index=-1):
        for xml in xmls:
            for command in COMMANDS:
                yield base, section, command, index, xml

    for section in (0, 1, 2, 3, 6, 8, 13, 99):
        for command in (0, 1, 2, 3, 4, 5):
            yield "full", section, command, -1, "<x/>"
    for command in (0, 5, 77):
        for section in (HOST, RANGE, INTERFACE, GROUP, DNS_HOST, TXT, SRV):
            yield "full", section, command, -1, "<host mac='52:54:00:00:00:01'/>"
    yield from every("full", HOST,
                     "<host mac='52:54:00:00:00:09' name='h9' ip='192.168.5.19'/>",
                     "<host mac='52:54:00:00:00:01' name='h9' ip='192.168.5.19'/>",
                     "<host mac='52:54:00:00:00:09' name='h1' ip='192.168.5.19'/>",
                     "<host mac='52:54:00:00:00:09' name='h9' ip='192.168.5.11'/>",
                     "<host mac='52:54:00:00:00:01' name='h1' ip='192.168.5.11'/>",
                     "<host mac='52:54:00:00:00:01' name='h1' ip='192.168.5.77'/>",
                     "<host mac='52:54:00:00:00:01'/>", "<host name='h1'/>", "<host name='h3'/>",
                     "<host ip='192.168.5.12'/>", "<host ip='192.168.5.77'/>",
                     "<host mac='52:54:00:00:00:02' name='new' ip='192.168.5.12'/>",
                     "<host name='h7' ip='192.168.5.17'/>", "<host/>",
                     "<host mac='52:54:00:00:00:09' ip='192.168.5.19'><lease expiry='4' unit='hours'/></host>",
                     "<host mac='52:54:00:00:00:09' ip='192.168.5.19'><lease expiry='1'/></host>",
                     "<host mac='52:54' ip='192.168.5.19'/>", "<host id='1:2' name='q' ip='192.168.5.19'/>",
                     "<range start='192.168.5.2' end='192.168.5.3'/>", "<host", "")
    for index in (0, 1, 2, 7):
        yield from every("full", HOST, "<host mac='52:54:00:00:00:09' name='h9' ip='192.168.5.19'/>",
                         "<host id='0:7' name='v6' ip='fd00:5::9'/>",
                         "<host mac='52:54:00:00:00:01' name='h1' ip='192.168.5.11'/>", index=index)
    for base in ("bare", "plain", "six", "device", "pool"):
        yield from every(base, HOST, "<host mac='52:54:00:00:00:09' name='h9' ip='192.168.5.19'/>")
    yield from every("six", HOST, "<host id='0:1:2' name='six' ip='fd00:5::30'/>",
                     "<host id='0:1:9' name='nine' ip='fd00:5::39'/>", "<host name='seven' ip='fd00:5::40'/>",
                     "<host mac='52:54:00:00:00:09' ip='fd00:5::41'/>")
    yield from every("full", RANGE, "<range start='192.168.5.100' end='192.168.5.120'/>",
                     "<range start='192.168.5.60' end='192.168.5.70'/>",
                     "<range start='192.168.5.60' end='192.168.5.70'><lease expiry='10'/></range>",
                     "<range start='192.168.5.70' end='192.168.5.60'/>",
                     "<range start='192.168.6.60' end='192.168.6.70'/>",
                     "<range start='192.168.5.0' end='192.168.5.70'/>",
                     "<range start='192.168.5.60'/>", "<range/>", "<host/>", "<range start='x' end='y'/>")
    for base in ("bare", "plain", "six", "pool"):
        yield from every(base, RANGE, "<range start='192.168.5.60' end='192.168.5.70'/>",
                         "<range start='fd00:5::10' end='fd00:5::20'/>")
    for index in (0, 1, 2):
        yield from every("six", RANGE, "<range start='192.168.5.60' end='192.168.5.70'/>",
                         "<range start='fd00:5::10' end='fd00:5::20'/>", index=index)
    for base in ("full", "device", "bare", "pool"):
        yield from every(base, INTERFACE, "<interface dev='eth9'/>", "<interface dev='eth8'/>",
                         "<interface/>", "<x dev='eth9'/>")
    for base in ("full", "bare", "pool"):
        yield from every(base, GROUP, "<portgroup name='p1'/>", "<portgroup name='p2'/>",
                         "<portgroup name='p2' default='yes'/>", "<portgroup name='p1' default='no'/>",
                         "<portgroup name='p3' default='yes'/>", "<portgroup name='p3'/>",
                         "<portgroup name='p1'><bandwidth><outbound average='7'/></bandwidth></portgroup>",
                         "<portgroup/>", "<x/>")
    for base in ("full", "bare"):
        yield from every(base, DNS_HOST, "<host ip='192.168.5.50'><hostname>one</hostname></host>",
                         "<host ip='192.168.5.59'><hostname>one</hostname></host>",
                         "<host ip='192.168.5.59'><hostname>uno</hostname></host>",
                         "<host ip='192.168.5.59'><hostname>nine</hostname></host>",
                         "<host ip='192.168.5.50'/>", "<host><hostname>two</hostname></host>",
                         "<host><hostname>uno</hostname></host>", "<host/>", "<host ip='x'/>", "<x/>",
                         "<host ip='fd00::7'><hostname>nine</hostname><hostname>ten</hostname></host>")
        yield from every(base, TXT, "<txt name='t1' value='one'/>", "<txt name='t1' value='eins'/>",
                         "<txt name='t9' value='nine'/>", "<txt name='t1'/>", "<txt value='one'/>",
                         "<txt name='a b' value='x'/>", "<txt/>", "<x/>")
        yield from every(base, SRV, "<srv service='s1' protocol='tcp' domain='d' target='a' port='10' "
                         "priority='1' weight='2'/>", "<srv service='s1'/>", "<srv service='s1' protocol='udp'/>",
                         "<srv service='s1' protocol='tcp'/>", "<srv service='s9' protocol='tcp'/>",
                         "<srv service='s2' protocol='tcp' target='q' port='4'/>", "<srv target='b'/>",
                         "<srv protocol='tcp' target='a' port='11'/>", "<srv service='s2'/>", "<srv/>",
                         "<srv service='s3' protocol='tcp' port='7'/>", "<x/>")


def main():
    daemon = server.Server(kind="libvirtd").start()
    libvirt.registerErrorHandler(lambda *_: None, None)
    conn = libvirt.open(daemon.uri)
    lines = ["# Written by tests/schemas/network_updates.py: libvirtd 9.0's answers.",
             "# base NAME, the document, \".\"; then: update BASE SECTION COMMAND INDEX, the element on one line,",
             "# and either \"error CODE\" or \"ok\" with the definition after it and \".\"."]
    for name, xml in BASES.items():
        lines += [f"base {name}", conn.networkDefineXML(xml).XMLDesc(0).rstrip(), "."]
    for base, section, command, index, xml in cases():
        net = conn.networkDefineXML(BASES[base])
        before = net.XMLDesc(0)
        lines += [f"update {base} {section} {command} {index}", xml]
        try:
            # Updates that the client library refuses never reach a daemon.
            net.update(command, section, index, xml, libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG)
        except libvirt.libvirtError as e:
            lines.append(f"error {e.get_error_code()} {e.get_error_message().splitlines()[0]}")
            if net.XMLDesc(0) != before:
                lines.append("# and it was changed all the same")
            continue
        lines += ["ok", net.XMLDesc(0).rstrip(), "."]
    with open(sys.argv[1], "w") as file:
        file.write("\n".join(lines) + "\n")
    conn.close()
    daemon.stop()


main()
