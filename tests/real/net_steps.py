# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of test_net_commands.py, in order, and the documents they name.

A line is a virsh command; a file name ending in .xml is one of DOCUMENTS. `edit:COMMAND|virsh command` runs it with
COMMAND as the editor. Lines with `!` are done by the test itself (see Transcript.do).
"""
from server import linux_guest

UUID = "5bc8e6ea-0b0a-4d9e-8f06-3c1d2a1b0001"
OWNER = "5bc8e6ea-0b0a-4d9e-8f06-3c1d2a1b00aa"
PORT = "5bc8e6ea-0b0a-4d9e-8f06-3c1d2a1b00bb"
MAC = "52:54:00:aa:00:07"

DOCUMENTS = {
    "nat.xml": f"""<network>
  <name>nat</name>
  <uuid>{UUID}</uuid>
  <forward mode='nat'><nat><port start='2000' end='3000'/></nat></forward>
  <bridge name='virbr7' stp='off' delay='0'/>
  <mac address='52:54:00:aa:77:01'/>
  <domain name='lab.example' localOnly='yes'/>
  <dns>
    <txt name='greeting' value='hello'/>
    <srv service='ldap' protocol='tcp' domain='lab.example' target='one.lab.example' port='389' priority='1' weight='2'/>
    <host ip='192.168.77.9'><hostname>nine</hostname><hostname>neuf</hostname></host>
  </dns>
  <ip address='192.168.77.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.77.100' end='192.168.77.200'/>
      <host mac='52:54:00:aa:00:01' name='one' ip='192.168.77.11'/>
    </dhcp>
  </ip>
</network>""",
    "nat-again.xml": f"""<network><name>nat</name><uuid>{UUID}</uuid><forward mode='nat'/><bridge name='virbr7' stp='off' delay='0'/>
<mac address='52:54:00:aa:77:01'/><ip address='192.168.77.1' prefix='24'>
<dhcp><range start='192.168.77.100' end='192.168.77.200'/></dhcp></ip></network>""",
    "other-uuid.xml": "<network><name>nat</name><uuid>5bc8e6ea-0b0a-4d9e-8f06-3c1d2a1b0002</uuid></network>",
    "other-name.xml": f"<network><name>another</name><uuid>{UUID}</uuid></network>",
    "same-bridge.xml": "<network><name>same</name><bridge name='virbr7'/><ip address='192.168.78.1' prefix='24'/></network>",
    "isolated.xml": """<network><name>isolated</name><bridge name='virbr8' stp='on' delay='2'/><mac address='52:54:00:aa:77:02'/>
<ip address='192.168.80.1' prefix='24'/></network>""",
    "routed.xml": """<network><name>routed</name><forward mode='route' dev='out0'/><bridge name='virbr9' stp='off' delay='0'/>
<mac address='52:54:00:aa:77:03'/><ip address='192.168.81.1' prefix='24'><dhcp><range start='192.168.81.10' end='192.168.81.20'/></dhcp></ip>
<ip family='ipv6' address='fd00:81::1' prefix='64'/><route address='192.168.90.0' prefix='24' gateway='192.168.81.2'/></network>""",
    "open.xml": """<network><name>open</name><forward mode='open'/><bridge name='virbr10' stp='off' delay='0'/>
<mac address='52:54:00:aa:77:04'/><ip address='192.168.82.1' prefix='24'/></network>""",
    "bridged.xml": "<network><name>bridged</name><forward mode='bridge'/><bridge name='hostbr'/></network>",
    "groups.xml": """<network><name>groups</name><forward mode='bridge'/><bridge name='hostbr'/>
<portgroup name='fast' default='yes'><bandwidth><inbound average='1000' peak='5000' burst='1024'/><outbound average='1000'/></bandwidth></portgroup>
<portgroup name='slow'><bandwidth><inbound average='10'/></bandwidth></portgroup></network>""",
    "auto.xml": "<network><name>auto</name><forward/><ip address='192.168.83.1' netmask='255.255.255.128'/></network>",
    "u.xml": """<network><name>u</name><forward mode='nat'/><bridge name='virbr11' stp='off' delay='0'/><mac address='52:54:00:aa:77:05'/>
<ip address='192.168.84.1' prefix='24'><dhcp><range start='192.168.84.100' end='192.168.84.120'/></dhcp></ip>
<ip family='ipv6' address='fd00:84::1' prefix='64'><dhcp><range start='fd00:84::100' end='fd00:84::120'/></dhcp></ip></network>""",
    "title.xml": "<network><name>titled</name><title>A title</title><description>Said at length</description></network>",
    "pool.xml": "<network><name>pool</name><forward mode='passthrough'><interface dev='out0'/></forward></network>",
    "port.xml": f"""<networkport><uuid>{PORT}</uuid><owner><uuid>{OWNER}</uuid><name>owner</name></owner>
<mac address='52:54:00:aa:00:21'/></networkport>""",
    "iface.xml": f"<interface type='network'><mac address='{MAC}'/><source network='nat'/><model type='virtio'/></interface>",
    "iface2.xml": "<interface type='network'><mac address='52:54:00:aa:00:09'/><source network='nat'/><model type='virtio'/></interface>",
    "iface2-down.xml": "<interface type='network'><mac address='52:54:00:aa:00:09'/><source network='nat'/><model type='virtio'/>"
                      "<link state='down'/></interface>",
    "iface2-moved.xml": "<interface type='network'><mac address='52:54:00:aa:00:09'/><source network='isolated'/>"
                       "<model type='virtio'/></interface>",
    "iface2-e1000.xml": "<interface type='network'><mac address='52:54:00:aa:00:09'/><source network='nat'/><model type='e1000'/></interface>",
    "iface-none.xml": "<interface type='network'><mac address='52:54:00:aa:00:0a'/><source network='none'/></interface>",
    "guest.xml": linux_guest("guest", "net=off", devices=f"<interface type='network'><mac address='{MAC}'/><source network='nat'/>"
                                                       "<model type='virtio'/></interface>"),
}

_UPDATES = [  # section, an element of it
    ("ip-dhcp-host", "<host mac='52:54:00:aa:00:31' name='thirtyone' ip='192.168.84.31'/>"),
    ("ip-dhcp-range", "<range start='192.168.84.150' end='192.168.84.160'/>"),
    ("forward-interface", "<interface dev='out0'/>"),
    ("portgroup", "<portgroup name='p1'/>"),
    ("dns-host", "<host ip='192.168.84.32'><hostname>thirtytwo</hostname></host>"),
    ("dns-txt", "<txt name='note' value='a b c'/>"),
    ("dns-srv", "<srv service='sip' protocol='udp' domain='x.example' target='y.example' port='5060'/>"),
    ("bridge", "<bridge name='virbr11' stp='on' delay='1'/>"),
    ("domain", "<domain name='changed.example'/>"),
    ("ip", "<ip address='192.168.85.1' prefix='24'/>"),
    ("forward", "<forward mode='route'/>"),
    ("forward-pf", "<pf dev='out0'/>"),
]


def _updates():
    """Every section with every command, on the live and the stored document."""
    steps = []
    for section, element in _UPDATES:
        for command in ("add-first", "add-last", "modify", "delete", "delete"):
            steps.append(f"net-update u {command} {section} \"{element}\" --live --config")
            if command == "add-first" and section.startswith(("ip-dhcp-", "dns-", "portgroup")):
                steps.append("net-dumpxml u")
    return steps


STEPS = [
    "!events",
    "net-list --all",
    "net-define nat.xml",
    "net-list",
    "net-list --all",
    "net-list --inactive --name",
    "net-info nat",
    "net-dumpxml nat",
    "net-dumpxml nat --inactive",
    "net-uuid nat",
    f"net-name {UUID}",
    f"net-info {UUID}",
    "net-define other-uuid.xml",
    "net-define other-name.xml",
    "net-define same-bridge.xml",
    "net-destroy nat",
    "net-autostart nat",
    "net-autostart nat",
    "net-list --all --autostart",
    "net-list --all --no-autostart --name",
    "net-start nat",
    "net-start nat",
    "net-list",
    "net-list --table --persistent",
    "net-list --uuid",
    "net-list --transient --name",
    "net-info nat",
    "net-dumpxml nat",
    "net-uuid nothing",
    "net-name nothing",
    "net-info nothing",
    "net-start nothing",
    "net-dhcp-leases nat",
    "!lease veth1 virbr7 52:54:00:aa:00:01",
    f"!lease veth2 virbr7 {MAC}",
    "net-dhcp-leases nat",
    "net-dhcp-leases nat --mac 52:54:00:aa:00:01",
    "net-dhcp-leases nat --mac 52:54:00:aa:00:99",
    "net-dhcp-leases nat --mac nonsense",
    "!resolve veth1 192.168.77.1 one.lab.example nine.lab.example neuf nothing.lab.example",
    "edit:sed -i s/3000/4000/|net-edit nat",
    "net-dumpxml nat",
    "net-dumpxml nat --inactive",
    "edit:sed -i s/192.168.77.200/nonsense/|net-edit nat",
    "edit:true|net-edit nat",
    "net-define isolated.xml",
    "net-start isolated",
    "net-dumpxml isolated",
    "net-create routed.xml",
    "net-dumpxml routed",
    "net-info routed",
    "net-list --all --transient --name",
    "net-create routed.xml",
    "net-autostart routed",
    "net-undefine routed",
    "edit:sed -i s/192.168.81.20/192.168.81.30/|net-edit routed",
    "net-define open.xml",
    "net-dumpxml open",
    "net-start open",
    "net-define bridged.xml",
    "net-dumpxml bridged",
    "net-start bridged",
    "net-info bridged",
    "net-dhcp-leases bridged",
    "net-define groups.xml",
    "net-dumpxml groups",
    "net-define auto.xml",
    "!bridges auto",
    "net-define title.xml",
    "net-dumpxml titled",
    "net-undefine titled",
    "net-start same",
    "net-undefine same",
    # ports
    "net-port-list nat",
    "net-port-create nat port.xml",
    "net-port-list nat",
    "net-port-list nat --uuid",
    f"net-port-dumpxml nat {PORT}",
    "net-port-create nat port.xml",
    f"net-port-delete nat {PORT}",
    f"net-port-delete nat {PORT}",
    "net-port-list nat",
    "net-port-create open-not-there port.xml",
    # a guest with an interface
    "define guest.xml",
    "domiflist guest",
    f"domif-getlink guest {MAC} --config",
    "!boot guest",  # Linux: an interface leaves only when the system in the guest releases it
    "domiflist guest",
    "domiflist guest --inactive",
    "net-port-list nat",
    "domifaddr guest",
    "domifaddr guest --source lease --full",
    "domifaddr guest --source arp",
    "domifaddr guest --source nonsense",
    f"domif-getlink guest {MAC}",
    f"domif-setlink guest {MAC} down",
    f"domif-getlink guest {MAC}",
    "!carrier guest",
    f"domif-setlink guest {MAC} up",
    f"domif-getlink guest {MAC}",
    f"domif-setlink guest {MAC} down --config",
    f"domif-getlink guest {MAC} --config",
    f"domif-setlink guest {MAC} up --config",
    f"domif-setlink guest {MAC} sideways",
    "domif-setlink guest 52:54:00:aa:00:99 down",
    "domif-getlink guest vnet99",
    f"!ifstat guest {MAC}",
    "domifstat guest vnet99",
    "attach-interface guest network nat --mac 52:54:00:aa:00:08 --model virtio --live",
    "domiflist guest",
    "domiflist guest --inactive",
    "detach-interface guest network --mac 52:54:00:aa:00:08 --live",
    "!gone guest 52:54:00:aa:00:08",
    "detach-interface guest network --mac 52:54:00:aa:00:08 --live",
    "attach-interface guest network nat --mac 52:54:00:aa:00:08 --model virtio --config",
    "domiflist guest --inactive",
    "detach-interface guest network --mac 52:54:00:aa:00:08 --config",
    "domiflist guest --inactive",
    "attach-device guest iface2.xml --live --config",
    "update-device guest iface2-down.xml --live",
    "domif-getlink guest 52:54:00:aa:00:09",
    "update-device guest iface2-moved.xml --live",
    "domiflist guest",
    "!members virbr8",
    "update-device guest iface2-e1000.xml --live",
    "update-device guest iface2-e1000.xml --config",
    "domiflist guest --inactive",
    "attach-device guest iface-none.xml --live",
    "detach-device guest iface2-moved.xml --live",
    "!gone guest 52:54:00:aa:00:09",
    "domiflist guest",
    f"detach-interface guest bridge --mac {MAC} --live",
    "net-destroy nat",
    "net-list --inactive --name",
    "net-start nat",
    "destroy guest",
    "net-port-list nat",
    "domiflist guest",
    "domifaddr guest",
    f"domifstat guest {MAC}",
    "undefine guest",
    # the live and the stored document changed piece by piece
    "net-define u.xml",
    "net-update u add dns-txt \"<txt name='n' value='v'/>\" --live",
    "net-start u",
    *_updates(),
    "net-dumpxml u",
    "net-dumpxml u --inactive",
    "net-update u add ip-dhcp-host \"<host mac='52:54:00:aa:00:41' ip='192.168.84.41'/>\" --live",
    "net-update u add ip-dhcp-host \"<host mac='52:54:00:aa:00:42' ip='192.168.84.42'/>\" --config",
    "net-update u add ip-dhcp-host \"<host mac='52:54:00:aa:00:43' ip='192.168.84.43'/>\"",
    "net-update u add ip-dhcp-host \"<host mac='52:54:00:aa:00:41' ip='192.168.84.44'/>\" --live",
    "net-update u add ip-dhcp-host \"<host mac='52:54:00:aa:00:45' ip='192.168.84.41'/>\" --live",
    "net-update u modify ip-dhcp-host \"<host mac='52:54:00:aa:00:41' name='renamed' ip='192.168.84.46'/>\" --live",
    "net-update u modify ip-dhcp-host \"<host mac='52:54:00:aa:00:4f' ip='192.168.84.47'/>\" --live",
    "net-update u add ip-dhcp-host \"<host mac='52:54:00:aa:00:48' ip='10.9.9.9'/>\" --live",
    "net-update u add ip-dhcp-host \"<host id='0:1:2:3' name='six' ip='fd00:84::41'/>\" --live --parent-index 1",
    "net-update u add ip-dhcp-host \"<host mac='52:54:00:aa:00:49' ip='192.168.84.49'/>\" --live --parent-index 7",
    "net-update u add ip-dhcp-range \"<range start='192.168.84.110' end='192.168.84.130'/>\" --live",
    "net-update u add ip-dhcp-range \"<range start='192.168.84.140' end='192.168.84.130'/>\" --live",
    "net-update u add dns-host \"<host ip='192.168.84.32'/>\" --live",
    "net-update u add portgroup \"<portgroup name='d1' default='yes'/>\" --live",
    "net-update u add portgroup \"<portgroup name='d2' default='yes'/>\" --live",
    "net-update u add dns-txt \"<srv service='a'/>\" --live",
    "net-update u add dns-txt \"<txt\" --live",
    "net-update u add nonsense \"<txt/>\" --live",
    "net-update u nonsense dns-txt \"<txt/>\" --live",
    "net-dumpxml u",
    "net-dumpxml u --inactive",
    "!lease veth3 virbr11 52:54:00:aa:00:41",
    "net-dhcp-leases u",
    "net-destroy u",
    "net-dumpxml u",
    "net-update u add dns-txt \"<txt name='later' value='v'/>\" --config",
    "net-update u add dns-txt \"<txt name='now' value='v'/>\"",
    "net-undefine u",
    # undefined while active: transient until it stops
    "net-undefine nat",
    "net-info nat",
    "net-define nat-again.xml",
    "net-dumpxml nat",
    "net-destroy nat",
    "net-dumpxml nat",
    "net-autostart nat --disable",
    "net-undefine nat",
    "net-destroy routed",
    "net-info routed",
    "net-destroy isolated",
    "net-destroy open",
    "net-destroy bridged",
    "!stray virbr",
    "!heard",
    "net-define pool.xml",
    "net-start pool",
    "net-list",
    "net-info pool",
    "net-dumpxml pool",
    "net-port-list pool",
    "net-update pool add forward-interface \"<interface dev='out1'/>\" --live --config",
    "net-update pool add forward-interface \"<interface dev='out1'/>\" --live",
    "net-update pool delete forward-interface \"<interface dev='out0'/>\" --live",
    "net-dumpxml pool",
    "net-dumpxml pool --inactive",
    "net-destroy pool",
    "net-dumpxml pool",
    "net-undefine pool",
]
