#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Bridges in zones of firewalld: a program that speaks its D-Bus interface, on a bus of the test's own."""
import ns; ns.enter()
import os
import shutil
import signal
import subprocess
import time
import unittest

from net import IS_VIREO, NetServer, network, sh, wait_for, wait_gone
from ns import WORK
from server import main

HERE = os.path.dirname(os.path.abspath(__file__))
BUS = f"{WORK}/bus"
ALL = ("public", "trusted", "libvirt", "libvirt-routed", "vireo", "vireo-routed")
PUT, TAKE = "changeZoneOfInterface", "removeInterface"


@unittest.skipUnless(IS_VIREO, "libvirtd has zones of its own")
@unittest.skipUnless(shutil.which("dbus-daemon"), "needs dbus-daemon")
class Firewalld(unittest.TestCase):
    def setUp(self):
        with open(f"{BUS}.conf", "w") as file:
            file.write(f"<busconfig><listen>unix:path={BUS}</listen><auth>EXTERNAL</auth><policy context='default'>"
                       "<allow send_destination='*'/><allow receive_sender='*'/><allow own='*'/><allow user='*'/></policy></busconfig>")
        self.bus = subprocess.Popen(["dbus-daemon", "--nofork", f"--config-file={BUS}.conf"], stderr=subprocess.DEVNULL)
        wait_for("the bus", lambda: os.path.exists(BUS))
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={BUS}"
        self.firewalld = None
        self.server = NetServer(self._testMethodName)

    def tearDown(self):
        self.server.stop()
        self.end()
        self.bus.terminate()
        self.bus.wait()

    def begin(self, *zones):
        self.log = f"{WORK}/firewalld.log"
        with open(self.log, "w") as file:
            self.firewalld = subprocess.Popen(["/usr/bin/python3", f"{HERE}/fake_firewalld.py", *zones], stdout=file)
        wait_for("firewalld", lambda: "ready" in self.calls())

    def end(self):
        if self.firewalld:
            self.firewalld.kill()
            self.firewalld.wait()
        self.firewalld = None

    def calls(self):
        with open(self.log) as file:
            return file.read().splitlines()

    def wait_calls(self, *calls):
        wait_for(f"{calls}, not {self.calls()}", lambda: self.calls() == ["ready", *calls], 5)

    def test_each_kind_has_its_zone(self):
        self.begin(*ALL)
        self.server.start()
        self.server.net(network("nat", 60))
        self.server.net(network("routed", 61, "<forward mode='route'/>"))
        self.server.net(network("open", 62, "<forward mode='open'/>"))
        self.server.net(network("isolated", 63, ""))
        self.wait_calls(f"{PUT} vireo virbr60", f"{PUT} vireo-routed virbr61", f"{PUT} vireo virbr63")
        self.server.virsh("net-destroy", "routed")
        self.wait_calls(f"{PUT} vireo virbr60", f"{PUT} vireo-routed virbr61", f"{PUT} vireo virbr63", f"{TAKE} vireo-routed virbr61")

    def test_libvirts_zone_is_used_where_vireos_is_missing(self):
        self.begin("public", "libvirt")
        self.server.start()
        self.server.net(network("nat", 60))
        self.wait_calls(f"{PUT} libvirt virbr60")

    def test_no_zone_at_all(self):
        self.begin("public")
        self.server.start()
        self.server.net(network("nat", 60))
        self.wait_calls()

    def test_the_administrators_zone_stays(self):
        self.begin(*ALL)
        self.server.start()
        self.change("trusted", "virbr60")
        self.server.net(network("nat", 60))
        self.server.virsh("net-destroy", "nat")
        self.server.virsh("net-start", "nat")
        self.wait_calls(f"{PUT} trusted virbr60")

    def change(self, zone, bridge):
        sh("dbus-send", "--system", "--print-reply", "--dest=org.fedoraproject.FirewallD1", "/org/fedoraproject/FirewallD1",
           f"org.fedoraproject.FirewallD1.zone.{PUT}", f"string:{zone}", f"string:{bridge}")

    def test_a_zone_that_was_asked_for(self):
        document = network("nat", 60).replace("<bridge ", "<bridge zone='trusted' ")
        self.assertIn("zone='trusted'", document)
        self.server.start()
        self.server.net(document, start=False)
        error = self.server.error("net-start", "nat")
        for part in ("'virbr60'", "'trusted'", "firewalld does not run", "zone="):
            self.assertIn(part, error)
        wait_gone("virbr60")
        self.begin("public")
        self.assertIn("INVALID_ZONE", self.server.error("net-start", "nat"))
        wait_gone("virbr60")
        self.end()
        self.begin(*ALL)
        wait_for("the start", lambda: self.server.virsh("net-start", "nat", check=False).returncode == 0)
        self.server.virsh("net-destroy", "nat")
        self.wait_calls(f"{PUT} trusted virbr60", f"{TAKE} trusted virbr60")

    def test_put_again_when_it_forgets(self):
        self.server.start()
        self.server.net(network("nat", 60))
        self.begin(*ALL)  # after us
        self.wait_calls(f"{PUT} vireo virbr60")
        self.firewalld.send_signal(signal.SIGHUP)
        self.wait_calls(f"{PUT} vireo virbr60", f"{PUT} vireo virbr60")
        self.end()
        self.begin(*ALL)
        self.wait_calls(f"{PUT} vireo virbr60")

    def test_one_that_hangs_delays_no_other_call(self):
        self.begin(*ALL)
        self.server.start()
        self.server.net(network("nat", 60), start=False)
        self.firewalld.send_signal(signal.SIGSTOP)
        client = subprocess.Popen(["virsh", "-q", "-c", self.server.uri, "net-start", "nat"])
        conn, slowest, start = self.server.connect(), 0.0, time.monotonic()
        while client.poll() is None:
            began = time.monotonic()
            conn.listAllNetworks()
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.01)
        conn.close()
        self.assertEqual(client.returncode, 0, "DHCP and DNS may be dropped, but there is a network")
        self.assertLess(slowest, (time.monotonic() - start) * 0.7, "firewalld is waited for, with other calls answered meanwhile")
        sh("ip link set virbr60 down")  # it is asked again
        wait_for("the repair", lambda: self.server.log_count("warning", "network=nat repaired after"), 8)
        self.assertEqual(self.server.log_count("warning", "firewalld's getZoneOfInterface(virbr60) failed"), 1, self.server.log_text())
        self.firewalld.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    main()
