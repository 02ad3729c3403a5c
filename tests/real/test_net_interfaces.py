#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Interfaces of guests: what they are plugged into, moved to another network or bridge while the guest runs, scripts and hooks."""
import ns; ns.enter()
import os
import re
import shutil
import signal
import socket
import unittest

from net import IS_VIREO, WORK, NetServer, VethGuest, links, members, network, interface, sh, wait_for
from server import boot_guest, main

MAC = "52:54:00:00:00:55"


class Interfaces(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = NetServer().start()
        cls.server.net(network("one", 51))
        cls.server.net(network("two", 52, forward=""))
        sh("ip link add hostbr type bridge")
        sh("ip link set hostbr up")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        self.virsh, self.out = self.server.virsh, self.server.out

    def tearDown(self):
        for name in self.out("list", "--all", "--name").split():
            self.virsh("destroy", name, check=False)
            self.virsh("undefine", name, check=False)

    def start(self, devices):
        self.server.define(boot_guest("a", devices=devices))
        self.virsh("start", "a")

    def tap(self):
        return self.out("domiflist", "a").split()[0]

    def update(self, text, *flags):
        self.virsh("update-device", "a", self.server.write(text, "interface.xml"), *(flags or ("--live",)))

    def test_released_after_the_call_timed_out(self):
        self.start(interface("one", MAC))
        tap = self.tap()
        self.virsh("suspend", "a")
        self.virsh("detach-interface", "a", "network", "--live")
        self.server.restart(signal.SIGKILL)
        self.assertEqual(members("virbr51"), [tap])
        self.virsh("reset", "a")
        wait_for("the tap to go", lambda: links("tun") == [])
        self.assertEqual(self.out("domiflist", "a"), "")
        self.virsh("attach-interface", "a", "network", "one", "--mac", MAC, "--live")
        self.assertEqual(members("virbr51"), [self.tap()])

    @unittest.skipUnless(IS_VIREO, "it speaks with QEMU behind the daemon's back")
    def test_let_go_while_no_daemon_runs(self):
        self.start(interface("one", MAC))
        self.virsh("suspend", "a")
        self.virsh("detach-interface", "a", "network", "--live")
        self.server.kill(signal.SIGKILL)
        with socket.socket(socket.AF_UNIX) as monitor, monitor.makefile("rw") as lines:
            monitor.connect(f"{self.server.root}/run/vireo/qemu/a.monitor")
            lines.write('{"execute": "qmp_capabilities"}{"execute": "system_reset"}\n')
            lines.flush()
            while "DEVICE_DELETED" not in lines.readline():
                pass
        self.server.start()
        wait_for("the tap to go", lambda: links("tun") == [])
        self.assertEqual((self.out("domiflist", "a"), self.ports("one")), ("", []))

    def ports(self, name):
        return self.out("net-port-list", name).split()

    def test_bridge_that_knows_its_guests_addresses(self):
        self.server.net(network("known", 54).replace("name='virbr54'", "name='virbr54' macTableManager='libvirt'"))
        self.assertIn("macTableManager='libvirt'", self.out("net-dumpxml", "known"))
        self.start(interface("known", MAC))
        tap = self.tap()

        def port():
            flags = sh("bridge", "-d", "link", "show", "dev", tap)
            entries = [line for line in sh("bridge", "fdb", "show", "dev", tap).splitlines() if MAC in line]
            return "learning off flood off" in flags, len(entries) == 1 and "static" in entries[0]

        self.assertEqual(port(), (True, True))
        sh("ip", "link", "del", "virbr54")
        wait_for("the tap to be plugged in again", lambda: members("virbr54") == [tap] and port() == (True, True))
        self.update(interface("one", MAC))
        self.assertEqual(port(), (False, False))
        self.virsh("destroy", "a")
        self.virsh("net-destroy", "known")
        self.virsh("net-undefine", "known")

    def test_moved_to_another_network_and_to_a_bridge(self):
        self.start(interface("one", MAC))
        tap = self.tap()
        self.assertEqual(members("virbr51"), [tap])
        self.assertEqual(len(self.ports("one")), 1)
        self.update(interface("two", MAC), "--live", "--config")
        self.assertEqual((members("virbr51"), members("virbr52")), ([], [tap]))
        self.assertEqual((len(self.ports("one")), len(self.ports("two"))), (0, 1))
        self.assertIn("two", self.out("domiflist", "a", "--inactive"))
        self.update(f"<interface type='bridge'><mac address='{MAC}'/><source bridge='hostbr'/><model type='virtio'/></interface>")
        self.assertEqual((members("virbr52"), members("hostbr")), ([], [tap]))
        self.assertEqual(self.ports("two"), [])
        # As it is now, not as it was started, is what a new daemon finds.
        self.server.restart(signal.SIGKILL)
        self.assertIn("hostbr", self.out("domiflist", "a"))
        self.update(interface("one", MAC))
        self.assertEqual((members("hostbr"), members("virbr51")), ([], [tap]))
        self.virsh("destroy", "a")
        wait_for("the tap to go", lambda: tap not in links("tun"))
        self.assertEqual(self.ports("one"), [])

    def test_what_cannot_be_changed_changes_nothing(self):
        self.start(interface("one", MAC))
        before = self.out("dumpxml", "a"), self.out("dumpxml", "a", "--inactive")
        for text, why in ((interface("one", MAC, model="e1000"), "model"), (interface("none", MAC), "none"),
                          (f"<interface type='user'><mac address='{MAC}'/><model type='virtio'/></interface>", "type")):
            error = self.server.error("update-device", "a", self.server.write(text, "interface.xml"), "--live", "--config")
            self.assertIn(why, error)
            self.assertEqual((self.out("dumpxml", "a"), self.out("dumpxml", "a", "--inactive")), before)
        self.assertEqual(members("virbr51"), [self.tap()])

    def test_plugged_into_a_bridge_of_the_host(self):
        self.start(f"<interface type='bridge'><mac address='{MAC}'/><source bridge='hostbr'/><model type='virtio'/></interface>")
        self.assertEqual(members("hostbr"), [self.tap()])
        self.virsh("destroy", "a")
        wait_for("the tap to go", lambda: members("hostbr") == [])
        self.virsh("undefine", "a")
        self.server.define(boot_guest("a", devices="<interface type='bridge'><source bridge='nobr'/></interface>"))
        self.assertIn("nobr", self.server.error("start", "a"))
        self.assertEqual(links("tun"), [])

    def test_script_of_type_ethernet(self):
        script = self.server.write("#!/bin/sh\nip link set $1 master hostbr\n", "script")
        os.chmod(script, 0o755)
        text = f"<interface type='ethernet'><script path='{script}'/><target dev='mytap'/><model type='virtio'/></interface>"
        self.start(text)
        self.assertEqual(members("hostbr"), ["mytap"])
        self.virsh("destroy", "a")
        self.virsh("undefine", "a")
        self.server.write("#!/bin/sh\necho sorry >&2\nexit 3\n", "script")
        self.server.define(boot_guest("a", devices=text))
        error = self.server.error("start", "a")
        self.assertIn("script", error)
        if IS_VIREO:
            self.assertIn("sorry", error)
        wait_for("the tap to go", lambda: "mytap" not in links("tun"))

    def test_plugged_in_and_out_while_it_runs(self):
        self.start("")
        path = self.server.write(interface("one", MAC), "interface.xml")
        self.virsh("attach-device", "a", path, "--live", "--config")
        self.assertEqual(members("virbr51"), [self.tap()])
        self.assertIn(MAC, self.out("domiflist", "a", "--inactive"))
        self.assertIn("rx_bytes", self.out("domifstat", "a", self.tap()))
        self.virsh("attach-interface", "a", "bridge", "hostbr", "--model", "e1000")
        self.assertEqual(len(members("hostbr")), 1)

    def test_a_lease_by_dhcpv6(self):
        if not shutil.which("dhclient"):
            self.skipTest("no dhclient here (package isc-dhcp-client)")
        self.server.net(network("six", 53, ip6="<ip family='ipv6' address='fd66::1' prefix='64'><dhcp>"
                                               "<range start='fd66::100' end='fd66::1ff'/></dhcp></ip>"))
        one = VethGuest("one", "virbr53")
        self.addCleanup(one.close)
        # Its own script would write to the host's resolv.conf.
        one.run(f"timeout 30 dhclient -6 -1 -sf /bin/true -lf {WORK}/lease6 -pf {WORK}/pid6 eth0")
        with open(f"{WORK}/lease6") as file:
            address = re.search(r"iaaddr (fd66::1[0-9a-f]{2}) ", file.read()).group(1)
        self.assertRegex(self.out("net-dhcp-leases", "six"), rf"ipv6 +{address}/64")
        mac = one.run("ip link show eth0").split("link/ether ")[1].split()[0]
        self.assertRegex(self.out("net-dhcp-leases", "six", mac), rf"{mac} +ipv6 +{address}/64")
        # It is identified by the address it sends from, whatever client identifier it made up.
        other = address[:-1] + ("a" if address[-1] != "a" else "b")
        one.ip(f"addr add {address}/64 dev eth0 nodad")
        one.ip(f"addr add {other}/64 dev eth0 nodad")
        self.start(interface("six", mac))  # its MAC, for whom the neighbours are asked
        one.run(f"busybox ping -6 -c1 -W5 -I {other} fd66::1")
        self.assertRegex(self.out("domifaddr", "a", "--source", "arp"), rf"ipv6 +{other}/0")
        self.assertRegex(self.out("domifaddr", "a", "--source", "lease"), rf"ipv6 +{address}/64")
        with open(f"{WORK}/pid6") as file:
            os.kill(int(file.read()), signal.SIGTERM)

    @unittest.skipUnless(IS_VIREO, "libvirtd reads hooks once, at its start")
    def test_hooks_see_a_guest_come_and_go_and_can_refuse_it(self):
        hooks = f"{self.server.root}/etc/vireo/hooks"
        os.makedirs(hooks, exist_ok=True)
        seen = f"{self.server.root}/seen"
        def hook(text):
            with open(f"{hooks}/qemu", "w") as file:
                file.write(f"#!/bin/sh\n{text}\n")
            os.chmod(f"{hooks}/qemu", 0o755)
        hook(f'echo "$@ $(head -c 8)" >> {seen}')
        self.start("")
        self.virsh("destroy", "a")
        with open(seen) as file:
            self.assertEqual(file.read().splitlines(), [f"a {step} - <domain " for step in
                             ("prepare begin", "start begin", "started begin", "stopped end", "release end")])
        hook('[ $2 != start ] || { echo not today >&2; exit 1; }')
        error = self.server.error("start", "a")
        self.assertIn("not today", error)
        self.assertEqual(self.server.state("a"), "shut off")
        os.unlink(f"{hooks}/qemu")
        self.virsh("start", "a")


if __name__ == "__main__":
    main()
