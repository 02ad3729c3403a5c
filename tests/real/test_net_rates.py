#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rates and VLANs of guests' interfaces: at start, plugged in later, changed while the guest runs, and after a restart of the daemon."""
import ns; ns.enter()
import re
import subprocess
import unittest

import libvirt

from net import IS_VIREO, NetServer, network, interface, sh
from server import boot_guest, main

UUID = "c7a5fdbd-cdaf-9455-926a-d65c16db1899"
MAC, OTHER = "52:54:00:00:00:61", "52:54:00:00:00:62"
SLOW, FAST = "<bandwidth><inbound average='77'/></bandwidth>", "<bandwidth><inbound average='1000' peak='5000' burst='1024'/></bandwidth>"
NONE = {"inbound.average": 0, "inbound.peak": 0, "inbound.burst": 0, "inbound.floor": 0,
        "outbound.average": 0, "outbound.peak": 0, "outbound.burst": 0}


def can(command):
    """Whether this kernel does it, tried on a tap of its own."""
    tried = subprocess.run(f"ip link del try0; ip tuntap add try0 mode tap && ip link set try0 up && {command}", shell=True, capture_output=True)
    subprocess.run("ip link del try0", shell=True, capture_output=True)
    return tried.returncode == 0


CAN_LIMIT = can("tc qdisc add dev try0 root tbf rate 1mbit burst 16kb latency 50ms")
CAN_POLICE = can("tc qdisc add dev try0 ingress && tc filter add dev try0 parent ffff: protocol all u32 match u32 0 0 police rate 1mbit burst 16kb drop")
CAN_VLANS = can("ip link add tryb type bridge vlan_filtering 1 && ip link del tryb")


class Rates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = NetServer("rates").start()
        cls.server.net(network("plain", 94, more=f"<portgroup name='slow'>{SLOW}</portgroup>"))
        sh("ip link add hostbr type bridge; ip link set hostbr up")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        self.virsh, self.out = self.server.virsh, self.server.out

    def tearDown(self):
        for name in self.out("list", "--all", "--name").split():
            self.virsh("destroy", name, check=False)
            self.virsh("undefine", name, check=False)

    def define(self, devices):
        self.server.define(boot_guest("a", devices=devices, uuid=UUID))

    def start(self, devices):
        self.define(devices)
        self.virsh("start", "a")

    def rate(self, mac=MAC):
        """What the kernel keeps to: (KiB/s, peak) of what the interface gets; None: all that comes."""
        tap = next(line.split()[0] for line in self.out("domiflist", "a").splitlines() if mac in line)
        rates = re.findall(r"(?:rate|peakrate) (\d+)([KM])bit", sh(f"tc qdisc show dev {tap} root"))
        return tuple(int(number) * {"K": 1, "M": 1000}[unit] // 8 for number, unit in rates) or None

    def tune(self, *flags):
        return dict(re.findall(r"(\S+) *: (\d+)", self.out("domiftune", "a", MAC, *flags)))

    def stored_and_live(self):
        return tuple(re.findall(r"<inbound [^>]*>", self.out("dumpxml", "a", *flags)) for flags in (["--inactive"], []))

    def update(self, document, *flags):
        self.virsh("update-device", "a", self.server.write(document, "interface.xml"), *flags)

    def test_of_the_stored_guest(self):
        self.define(interface("plain", MAC, more=FAST))
        dom = self.server.connect().lookupByName("a")
        self.assertEqual(dom.interfaceParameters(MAC), NONE | {"inbound.average": 1000, "inbound.peak": 5000, "inbound.burst": 1024})
        dom.setInterfaceParameters(MAC, {"outbound.average": 128}, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        self.assertEqual(dom.interfaceParameters(MAC)["inbound.average"], 1000, "what is not spoken of stays")
        dom.setInterfaceParameters(MAC, {"inbound.peak": 4})
        self.assertEqual(dom.interfaceParameters(MAC)["inbound.peak"], 5000, "a peak alone is none")
        dom.setInterfaceParameters(MAC, {"inbound.average": 0})
        self.assertEqual(dom.interfaceParameters(MAC), NONE | {"outbound.average": 128})
        dom.setInterfaceParameters(MAC, {"outbound.average": 0})
        self.assertNotRegex(dom.XMLDesc(), "<(in|out)bound")
        for what, call in (("device", lambda: dom.interfaceParameters("nope")),
                           ("device", lambda: dom.setInterfaceParameters("nope", {"inbound.average": 5}))):
            with self.assertRaises(libvirt.libvirtError) as caught:
                call()
            self.assertEqual(caught.exception.get_error_code(), libvirt.VIR_ERR_INVALID_ARG, what)
        with self.assertRaises(libvirt.libvirtError) as caught:
            dom.setInterfaceParameters(MAC, {"inbound.average": 5}, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        self.assertEqual(caught.exception.get_error_code(), libvirt.VIR_ERR_OPERATION_INVALID)

    @unittest.skipUnless(IS_VIREO and CAN_LIMIT, "libvirtd's qdisc sfq, or tbf, is not in this kernel")
    def test_at_start_and_plugged_in_later(self):
        interfaces = (interface("plain", MAC, more=FAST),
                 f"<interface type='bridge'><mac address='{MAC}'/><source bridge='hostbr'/>{FAST}<model type='virtio'/></interface>",
                 f"<interface type='ethernet'><mac address='{MAC}'/>{FAST}<model type='virtio'/></interface>")
        for document in interfaces:
            with self.subTest(document):
                self.start(document)
                self.assertEqual(self.rate(), (1000, 5000))
                self.virsh("destroy", "a")
        self.start("")
        for where in ("network", "plain"), ("bridge", "hostbr"):
            self.virsh("attach-interface", "a", *where, "--mac", MAC, "--model", "virtio", "--inbound", "100,200,300", "--live", "--config")
            self.assertEqual(self.rate(), (100, 200))
            self.assertEqual([["<inbound average='100' peak='200' burst='300'/>"]] * 2, [*self.stored_and_live()])
            self.virsh("detach-interface", "a", where[0], "--mac", MAC, "--config")
            self.virsh("destroy", "a")
            self.virsh("start", "a")

    @unittest.skipUnless(IS_VIREO and CAN_LIMIT, "libvirtd's qdisc sfq, or tbf, is not in this kernel")
    def test_changed_while_it_runs(self):
        self.start(interface("plain", MAC))
        self.assertIsNone(self.rate())
        self.virsh("domiftune", "a", MAC, "--inbound", "500,600,700", "--live", "--config")
        self.assertEqual(self.rate(), (500, 600))
        self.assertEqual([["<inbound average='500' peak='600' burst='700'/>"]] * 2, [*self.stored_and_live()])
        self.virsh("domiftune", "a", MAC, "--inbound", "50", "--live")
        self.assertEqual((self.rate(), self.tune()["inbound.average"], self.tune("--config")["inbound.average"]), ((50,), "50", "500"))
        self.server.restart()
        self.assertEqual((self.rate(), self.tune()["inbound.average"]), ((50,), "50"))
        self.update(interface("plain", MAC, more=FAST), "--live")
        self.assertEqual(self.rate(), (1000, 5000))
        if not CAN_POLICE:
            error = self.server.error("domiftune", "a", MAC, "--outbound", "100", "--live", "--config")
            self.assertRegex(error, "(?s)'a'.*'vnet\\d+'.*what a guest sends.*act_police")
            self.assertEqual((self.rate(), self.tune()["outbound.average"], self.tune("--config")["outbound.average"]), ((1000, 5000), "0", "0"))
        self.virsh("domiftune", "a", MAC, "--inbound", "0", "--live")
        self.assertIsNone(self.rate())

    @unittest.skipUnless(IS_VIREO and CAN_LIMIT, "libvirtd's qdisc sfq, or tbf, is not in this kernel")
    def test_of_the_portgroup_unless_the_interface_has_its_own(self):
        slow = interface("plain", MAC).replace("network='plain'", "network='plain' portgroup='slow'")
        self.start(slow + interface("plain", OTHER))
        self.assertEqual((self.rate(), self.rate(OTHER), self.tune()["inbound.average"]), ((77,), None, "77"))
        self.update(slow.replace("<model", f"{FAST}<model"), "--live")
        self.assertEqual(self.rate(), (1000, 5000))
        self.update(slow, "--live")
        self.assertEqual(self.rate(), (77,))
        self.update(interface("plain", MAC), "--live")
        self.assertIsNone(self.rate())
        self.update(slow, "--live")
        self.assertEqual(self.rate(), (77,))
        self.assertIn("average='77'", self.out("net-port-dumpxml", "plain", re.search("portid='([^']*)'", self.out("dumpxml", "a"))[1]))

    @unittest.skipUnless(IS_VIREO, "libvirtd takes a floor, and keeps it where the network has a rate")
    def test_what_cannot_be_kept_is_refused(self):
        for document, part in ((interface("plain", MAC, more="<bandwidth><inbound average='9' floor='5'/></bandwidth>"), "line 4: <inbound floor=> is not supported"),
                           (f"<interface type='user'><mac address='{MAC}'/>{FAST}</interface>", "line 4: <bandwidth> in <interface> is not supported")):
            self.assertIn(part, self.server.error("define", self.server.write(boot_guest("a", devices=document))))
        self.assertEqual(self.out("list", "--all", "--name"), "")

    @unittest.skipUnless(IS_VIREO, "libvirtd limits macvtaps, where the kernel has its qdiscs")
    def test_an_interface_beside_any_bridge(self):
        sh("ip link add low0 type veth peer name low1; ip link set low0 up")
        self.addCleanup(sh, "ip link del low0")
        self.server.net("<network><name>beside</name><forward mode='bridge'><interface dev='low0'/></forward></network>")
        self.addCleanup(self.virsh, "net-undefine", "beside")
        self.addCleanup(self.virsh, "net-destroy", "beside")
        for more, name in (FAST, "bandwidth"), ("<vlan><tag id='42'/></vlan>", "vlan"):
            self.define(interface("beside", MAC, more=more))
            self.assertRegex(self.server.error("start", "a"), f"<{name}> of an interface has no effect in network 'beside'")

    @unittest.skipIf(CAN_VLANS, "this kernel has VLANs")
    def test_a_vlan_without_a_kernel_for_it(self):
        tag = "<vlan><tag id='42'/></vlan>"
        for document in interface("plain", MAC, more=tag), f"<interface type='bridge'><mac address='{MAC}'/><source bridge='hostbr'/>{tag}<model type='virtio'/></interface>":
            with self.subTest(document):
                self.define(document)
                with self.assertRaises(libvirt.libvirtError) as caught:
                    self.server.connect().lookupByName("a").create()
                self.assertEqual(caught.exception.get_error_code(), libvirt.VIR_ERR_CONFIG_UNSUPPORTED)
                if IS_VIREO:
                    self.assertRegex(str(caught.exception), "VLANs")
        self.start(interface("plain", MAC))


if __name__ == "__main__":
    main()
