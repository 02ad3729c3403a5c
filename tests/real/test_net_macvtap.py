#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests put straight on interfaces of the host: macvtaps of interfaces of type direct, and of networks of such.

The interface below is one end of a cable; the other end is in a namespace outside, which gives out leases and a page.
A macvtap outlives its QEMU: every test checks at its end that none is left over.
"""
import ns; ns.enter()
import os
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

from net import IS_VIREO, OUT4, WORK, NetServer, Outside, links, network, interface, sh, wait_for
from server import Terminal, boot_guest, linux_guest, main, require
from steps import SUPPORTED, Steps

require(subprocess.run("ip link add low9 type veth peer name far9 && ip link add link low9 name tap9 type macvtap; ip link del low9",
                       shell=True, capture_output=True).returncode == 0, "no macvtaps in this kernel")
vireo = unittest.skipUnless(IS_VIREO, "libvirtd does otherwise")
MAC = "52:54:00:00:00:5{}"


def direct(dev, mode="bridge", number=5, model="virtio", more=""):
    return (f"<interface type='direct'><mac address='{MAC.format(number)}'/><source dev='{dev}' mode='{mode}'/>"
            f"<model type='{model}'/>{more}</interface>")


def pool(name, mode, *devices):
    inside = "".join(f"<interface dev='{dev}'/>" for dev in devices)
    return f"<network><name>{name}</name><forward mode='{mode}'>{inside}</forward></network>"


def macvtaps():
    return sorted(links("macvtap"))


def mac_of(dev):
    return re.search(r"link/ether (\S+)", sh("ip", "link", "show", "dev", dev)).group(1)


class Macvtaps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = NetServer("macvtap").start()
        for n in range(3):
            sh(f"ip link add low{n} type veth peer name far{n}; ip link set far{n} up")
        cls.macs = [mac_of(f"low{n}") for n in range(3)]

    @classmethod
    def tearDownClass(cls):
        cls.server.clear()
        cls.server.stop()

    def setUp(self):
        self.virsh, self.out, self.error = self.server.virsh, self.server.out, self.server.error

    def tearDown(self):
        self.server.clear()
        wait_for(f"the macvtaps to go: {macvtaps()}", lambda: macvtaps() == [], 5)
        macs = [mac_of(f"low{n}") for n in range(3)]
        if IS_VIREO:
            self.assertEqual(macs, self.macs)
        for n in range(3):  # libvirtd leaves a passthrough guest's MAC on it, here
            sh(f"ip link set low{n} address {self.macs[n]}")

    def start(self, *devices, name="a", kind="echo"):
        self.server.define(boot_guest(name, kind, devices="".join(devices)))
        self.virsh("start", name)

    def boot(self, *devices, name="a"):
        """A Linux guest: one that lets go of an interface."""
        self.server.define(linux_guest(name, "net=off", devices="".join(devices)))
        terminal = Terminal(self.server, "start", "--console", name)
        terminal.expect("guest# ", 60)
        terminal.close()

    def fails(self, *devices, name="b"):
        self.server.define(boot_guest(name, devices="".join(devices)))
        error = self.error("start", name)
        self.virsh("undefine", name)
        return error

    def write(self, text):
        return self.server.write(text, "interface.xml")

    def interfaces(self, name="a"):
        """(target, type, source) of each interface."""
        return [tuple(line.split()[:3]) for line in self.out("domiflist", name).splitlines()]

    def connections(self, name):
        text = self.out("net-dumpxml", name)
        return {dev: int(n or 0) for dev, n in re.findall(r"<interface dev='(\w+)'(?: connections='(\d+)')?/>", text)}

    # ---- one interface

    def test_start_and_end(self):
        before = mac_of("low0")
        self.start(direct("low0"), direct("low1", "private", 6, "e1000", "<target dev='mytap'/>"))
        (first, kind, source), second = self.interfaces()
        self.assertRegex(first, r"^macvtap\d+$")
        self.assertEqual((kind, source, second), ("direct", "low0", ("mytap", "direct", "low1")))
        self.assertEqual(macvtaps(), sorted([first, "mytap"]))
        shown = sh("ip", "-d", "link", "show", "dev", first)
        self.assertIn(f"{first}@low0", shown)
        self.assertIn(MAC.format(5), shown)
        self.assertIn("macvtap mode bridge", shown)
        self.assertIn(",UP", shown)
        self.assertIn("macvtap mode private", sh("ip -d link show dev mytap"))
        self.assertEqual(mac_of("low0"), before)
        # The stored document keeps the name that was given, and no other.
        stored = self.out("dumpxml", "a", "--inactive")
        self.assertIn("<target dev='mytap'/>", stored)
        self.assertNotIn("dev='macvtap", stored)
        self.virsh("destroy", "a")
        self.assertEqual(macvtaps(), [])
        # Numbers go on.
        self.virsh("start", "a")
        self.assertNotEqual(self.interfaces()[0][0], first)

    def test_mode_is_vepa_unless_said(self):
        self.start("<interface type='direct'><source dev='low0'/></interface>")
        self.assertIn("<source dev='low0' mode='vepa'/>", self.out("dumpxml", "a"))
        self.assertIn("macvtap mode vepa", sh("ip", "-d", "link", "show", "dev", self.interfaces()[0][0]))

    def test_passthrough_has_its_interface_alone(self):
        before = mac_of("low0")
        self.start(direct("low0", "passthrough"))
        self.assertEqual(mac_of("low0"), MAC.format(5))
        mine = self.interfaces()[0][0]
        for mode in "passthrough", "bridge":
            error = self.fails(direct("low0", mode, 6))
            if IS_VIREO:
                self.assertRegex(error, rf"on 'low0' in mode {mode}.*'{mine}'.*domain 'a'")
        self.assertEqual(macvtaps(), [mine])
        self.virsh("destroy", "a")
        if IS_VIREO:  # (libvirtd means to, but here it doesn't)
            self.assertEqual(mac_of("low0"), before)
        self.start(direct("low1", "vepa"), name="c")
        error = self.fails(direct("low1", "passthrough", 6))
        sh("ip link add br9 type bridge; ip link set low2 master br9")
        self.addCleanup(sh, "ip", "link", "del", "br9")
        port = self.fails(direct("low2", "bridge", 6))
        if IS_VIREO:
            self.assertRegex(error, "alone.*domain 'c'")
            self.assertIn("port of bridge 'br9'", port)

    @vireo
    def test_a_passthrough_follows_the_one_before_at_once(self):
        self.boot(direct("low0", "passthrough"))
        for number in range(3):
            self.virsh("detach-interface", "a", "direct")
            wait_for("the guest to let go", lambda: not self.interfaces())
            self.start(direct("low0", "passthrough", number), name="b")
            self.virsh("destroy", "b")
            self.virsh("undefine", "b")
            self.virsh("attach-device", "a", self.write(direct("low0", "passthrough")))
        self.assertEqual(len(macvtaps()), 1)

    def test_what_fails_leaves_nothing(self):
        bad = [((direct("nosuch0"),), "nosuch0"),
               ((direct("low0"), "<interface type='bridge'><source bridge='nobr'/></interface>"), "nobr")]
        if IS_VIREO:  # libvirtd deletes whatever has the name, and cuts it short
            long = "<target dev='a-name-too-long-for-it'/>"
            bad += [((direct("low0", more=long),), "a-name-too-long-for-it"),
                    ((direct("low0"), direct("low0", "bridge", 6, more="<target dev='low1'/>")), "'low1' is taken"),
                    ((direct("low0", more="<target dev='one'/>"), direct("low0", "bridge", 6, more="<target dev='one'/>")), "'one' is taken")]
        for devices, why in bad:
            self.assertIn(why, self.fails(*devices))
            wait_for("the macvtaps to go", lambda: macvtaps() == [], 5)

    @vireo
    def test_the_macvtap_of_another_guest_is_left_alone(self):
        self.start(direct("low0", more="<target dev='mine'/>"))
        # The same name and the same MAC: what a copied guest has.
        self.assertRegex(self.fails(direct("low0", more="<target dev='mine'/>")), "'mine' is taken by one of domain 'a'")
        self.assertEqual(macvtaps(), ["mine"])
        self.assertRegex(self.fails(direct("low0", "passthrough")), "alone.*'mine'.*domain 'a'")
        self.assertEqual(macvtaps(), ["mine"])

    def test_more_queues(self):
        self.start(direct("low0", more="<driver queues='3'/>"))
        with open(f"/proc/{self.server.qemu_pid('a')}/cmdline") as file:
            self.assertRegex(file.read(), r'"fds": ?"\d+:\d+:\d+"')

    def test_plugged_in_and_out_while_it_runs(self):
        self.boot()
        self.virsh("attach-device", "a", self.write(direct("low0")), "--live", "--config")
        (name, kind, source), = self.interfaces()
        self.assertEqual((kind, source, macvtaps()), ("direct", "low0", [name]))
        self.assertIn("rx_bytes", self.out("domifstat", "a", name))
        # Its cable, by hand and by document; what it is plugged into can't be changed.
        self.virsh("domif-setlink", "a", MAC.format(5), "down")
        self.assertIn("down", self.out("domif-getlink", "a", name))
        self.virsh("update-device", "a", self.write(direct("low0", more="<link state='up'/>")))
        self.assertIn("up", self.out("domif-getlink", "a", name))
        for other in (direct("low1"), direct("low0", "private"), interface("none", MAC.format(5))):
            self.error("update-device", "a", self.write(other), "--live")
        self.virsh("attach-interface", "a", "direct", "low1", "--mac", MAC.format(6), "--model", "e1000")
        self.assertEqual(len(macvtaps()), 2)
        self.virsh("detach-interface", "a", "direct", "--mac", MAC.format(5), "--live", "--config")
        wait_for("the macvtap to go", lambda: name not in macvtaps())
        self.error("attach-device", "a", self.write(direct("nosuch0", number=7)))
        self.error("attach-device", "a", self.write(direct("low0", number=7, model="tokenring")))
        wait_for("the macvtap to go", lambda: len(macvtaps()) == 1)

    # ---- networks

    def test_pool_of_interfaces(self):
        self.server.net(pool("pool", "bridge", "low0", "low1"))
        self.assertNotIn("Bridge", self.out("net-info", "pool"))
        self.boot(*(interface("pool", MAC.format(n)) for n in range(3)))
        self.assertEqual([(kind, source) for _, kind, source in self.interfaces()], [("direct", "pool")] * 3)
        live = self.out("dumpxml", "a")
        self.assertEqual(re.findall(r"<source network='pool' portid='[0-9a-f-]{36}' dev='(low\d)' mode='bridge'/>", live),
                         ["low0", "low1", "low0"])
        self.assertIn("<source network='pool'/>", self.out("dumpxml", "a", "--inactive"))
        self.assertIn("<network connections='3'>", self.out("net-dumpxml", "pool"))
        self.assertEqual(self.connections("pool"), {"low0": 2, "low1": 1})
        self.assertNotIn("connections", self.out("net-dumpxml", "pool", "--inactive"))
        ports = [self.out("net-port-dumpxml", "pool", port) for port in self.out("net-port-list", "pool").split()]
        self.assertEqual(sorted(re.search("<plug (.*)/>", port).group(1) for port in ports),
                         ["type='direct' dev='low0' mode='bridge'"] * 2 + ["type='direct' dev='low1' mode='bridge'"])
        if not IS_VIREO:  # it forgets them by an update
            return
        # Another interface is there for the next; one less for the one after it.
        self.virsh("net-update", "pool", "add", "forward-interface", "<interface dev='low2'/>", "--live")
        self.virsh("attach-device", "a", self.write(interface("pool", MAC.format(3))))
        self.assertEqual(self.connections("pool"), {"low0": 2, "low1": 1, "low2": 1})
        self.virsh("detach-interface", "a", "direct", "--mac", MAC.format(0))
        wait_for("the guest to let go", lambda: self.connections("pool") == {"low0": 1, "low1": 1, "low2": 1})
        self.virsh("destroy", "a")
        self.assertEqual(self.out("net-port-list", "pool"), "")
        self.assertNotIn("connections", self.out("net-dumpxml", "pool"))

    def test_passthrough_network(self):
        self.server.net(pool("own", "passthrough", "low0", "low1"))
        self.start(interface("own", MAC.format(1)), interface("own", MAC.format(2)))
        self.assertEqual((mac_of("low0"), mac_of("low1")), (MAC.format(1), MAC.format(2)))
        error = self.fails(interface("own", MAC.format(3)))
        self.assertIn("own", error)
        if IS_VIREO:
            self.assertRegex(error, "none is free: 'low0'.*'low1'")
        self.assertEqual(len(macvtaps()), 2)
        self.virsh("destroy", "a")
        if IS_VIREO:  # another program's macvtap: libvirtd tries, and fails
            self.start(direct("low0", number=4), name="c")
            self.virsh("start", "a", check=False)
            self.assertEqual(self.server.state("a"), "shut off")
            self.start(interface("own", MAC.format(3)), name="d")
            self.assertIn("dev='low1'", self.out("dumpxml", "d"))

    def test_missing_interface(self):
        self.server.net(pool("later", "vepa", "nosuch0"))
        self.assertIn("nosuch0", self.fails(interface("later")))
        self.assertEqual(self.out("net-port-list", "later"), "")
        if IS_VIREO:
            self.assertEqual(self.server.log_count("later", "nosuch0", "does not exist"), 1)
        sh("ip link add nosuch0 type veth peer name far9")
        self.addCleanup(sh, "ip", "link", "del", "nosuch0")
        self.start(interface("later"))
        self.virsh("destroy", "a")

    @vireo
    def test_a_network_that_becomes_another_leaves_macvtaps_where_they_are(self):
        self.server.net(pool("net", "bridge", "low0"))
        self.start(interface("net", MAC.format(1)))
        name = self.interfaces()[0][0]
        self.virsh("net-destroy", "net")
        self.virsh("net-undefine", "net")
        self.server.net(network("net", 71))
        self.assertIn(f"{name}@low0", sh("ip", "link", "show", "dev", name))
        self.assertNotIn("master", sh("ip", "link", "show", "dev", name))
        self.error("update-device", "a", self.write(interface("none", MAC.format(1))), "--live")
        self.virsh("destroy", "a")

    @vireo
    def test_moving_between_a_bridge_and_interfaces_is_refused(self):
        self.server.net(pool("net", "bridge", "low0"))
        self.server.net(network("bridged", 72))
        self.start(interface("net", MAC.format(1)), interface("bridged", MAC.format(2)))
        before = self.out("dumpxml", "a")
        for wanted in (interface("bridged", MAC.format(1)), interface("net", MAC.format(2))):
            self.assertIn("cannot change", self.error("update-device", "a", self.write(wanted), "--live"))
        self.virsh("update-device", "a", self.write(interface("net", MAC.format(1))), "--live")  # nothing changes
        self.assertEqual(self.out("dumpxml", "a").replace("      <link state='up'/>\n", ""), before)

    def test_refused_documents(self):
        for text, why in (("<forward mode='hostdev' managed='yes'><interface dev='low0'/></forward>", "hostdev"),
                          ("<forward mode='vepa' dev='low0'/><bridge name='br0'/>", "bridge name"),
                          ("<forward mode='passthrough' dev='low0'/><ip address='10.1.1.1' prefix='24'/>", "ip")):
            done = self.virsh("net-define", self.server.write(f"<network><name>x</name>{text}</network>"), check=False)
            if IS_VIREO or "hostdev" not in text:
                self.assertIn(why, done.stderr)
            self.virsh("net-undefine", "x", check=False)

    # ---- unexpected ends

    def test_qemu_killed(self):
        self.server.net(pool("pool", "bridge", "low0"))
        self.start(direct("low0"), interface("pool", MAC.format(1)))
        os.kill(self.server.qemu_pid("a"), signal.SIGKILL)
        self.server.wait_state("a", "shut off")
        wait_for("the macvtaps to go", lambda: macvtaps() == [], 5)
        self.assertEqual(self.out("net-port-list", "pool"), "")

    def test_killed_daemon_finds_the_macvtaps_again(self):
        self.server.net(pool("pool", "bridge", "low0", "low1"))
        self.boot(direct("low0"), interface("pool", MAC.format(1)), interface("pool", MAC.format(2)))
        before = self.interfaces(), macvtaps(), self.connections("pool"), self.out("net-port-list", "pool")
        live = re.findall("<interface.*?</interface>", self.out("dumpxml", "a"), re.DOTALL)
        self.server.restart(signal.SIGKILL)
        self.assertEqual((self.interfaces(), macvtaps(), self.connections("pool"), self.out("net-port-list", "pool")), before)
        self.assertEqual(re.findall("<interface.*?</interface>", self.out("dumpxml", "a"), re.DOTALL), live)
        # And goes on from there.
        self.virsh("attach-device", "a", self.write(interface("pool", MAC.format(3))))
        self.assertEqual(self.connections("pool"), {"low0": 2, "low1": 1})
        self.virsh("detach-interface", "a", "direct", "--mac", MAC.format(2))
        wait_for("the macvtap to go", lambda: len(macvtaps()) == 3)
        self.assertEqual(self.connections("pool"), {"low0": 2, "low1": 0})
        self.virsh("destroy", "a")
        wait_for("the macvtaps to go", lambda: macvtaps() == [], 5)
        self.assertEqual(self.out("net-port-list", "pool"), "")

    def test_guest_that_ends_while_no_daemon_runs(self):
        self.server.net(pool("pool", "passthrough", "low0"))
        self.start(interface("pool", MAC.format(1)), direct("low1", number=2))
        pid = self.server.qemu_pid("a")
        self.server.kill(signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        wait_for("QEMU to end", lambda: self.server.qemu_pid("a") is None)
        self.assertEqual(len(macvtaps()), 2)
        self.server.start()
        wait_for("the macvtaps to go", lambda: macvtaps() == [], 5)
        self.server.wait_state("a", "shut off")
        wait_for("the port to go", lambda: self.out("net-port-list", "pool") == "", 5)
        self.virsh("start", "a")

    @vireo
    def test_killed_when_the_macvtaps_are_just_made(self):
        script = self.server.write("#!/bin/sh\nkill -9 $PPID\n", "script")
        os.chmod(script, 0o755)
        self.server.net(pool("pool", "passthrough", "low1"))
        self.server.define(boot_guest("a", devices=direct("low0", more="<target dev='mine'/>") + interface("pool", MAC.format(1)) +
                                      f"<interface type='ethernet'><script path='{script}'/></interface>"))
        self.virsh("start", "a", check=False)
        self.server.process.wait(10)
        self.assertEqual(len(macvtaps()), 2)
        self.server.start()
        self.server.wait_state("a", "shut off")
        wait_for("the macvtaps to go", lambda: macvtaps() == [], 5)
        self.assertEqual(self.out("net-port-list", "pool"), "")

    @vireo
    def test_killed_when_the_macvtap_of_a_plugged_interface_is_just_made(self):
        self.server.net(pool("pool", "bridge", "low0"))
        self.start(direct("low0"))
        mine, pid = macvtaps(), self.server.qemu_pid("a")
        os.kill(pid, signal.SIGSTOP)  # it takes no interface, and does not answer
        client = subprocess.Popen(["virsh", "-q", "-c", self.server.uri, "attach-device", "a", self.write(interface("pool", MAC.format(1)))],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        wait_for("the macvtap", lambda: len(macvtaps()) == 2)
        self.server.kill(signal.SIGKILL)
        client.wait()
        self.assertEqual(len(macvtaps()), 2)
        os.kill(pid, signal.SIGCONT)
        self.server.start()
        wait_for("the macvtap to go", lambda: macvtaps() == mine, 5)
        self.assertEqual(self.server.state("a"), "running")
        wait_for("the port to go", lambda: self.out("net-port-list", "pool") == "", 5)
        self.virsh("attach-device", "a", self.write(interface("pool", MAC.format(1))))
        self.assertEqual(len(self.interfaces()), 2)

    @vireo
    @unittest.skipUnless(SUPPORTED, "for x86_64")
    def test_killed_at_each_step_of_making_one_that_has_its_interface_alone(self):
        self.server.define(boot_guest("a", devices=direct("low0", "passthrough")))

        def killed_at(step):
            steps = Steps(self.server.process.pid)
            client = subprocess.Popen(["virsh", "-q", "-c", self.server.uri, "start", "a"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            steps.kill_at(step, lambda: client.poll() is not None)
            client.wait()
            self.server.process.wait()
            self.server.start()
            self.virsh("destroy", "a", check=False)
            wait_for("the macvtap to go", lambda: macvtaps() == [], 5)
            return steps.names

        killed_at(1000)  # it makes its directories
        steps = killed_at(1000)
        asked = [step for step, name in enumerate(steps) if name == "rtnetlink 16"]  # RTM_NEWLINK
        self.assertGreater(len(asked), 2, steps)
        for step in asked:
            with self.subTest(step=step):
                killed_at(step)

    def killed_in(self, seconds, *command):
        """Kills the daemon while it does something, starts it again, and checks."""
        client = subprocess.Popen(["virsh", "-q", "-c", self.server.uri, *command], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        time.sleep(seconds)
        self.server.kill(signal.SIGKILL)
        client.kill()
        client.wait()
        self.server.start()

        def whole():
            running = self.server.state("a") == "running"
            interfaces = self.interfaces() if running else []
            ports = self.out("net-port-list", "pool").split()
            return (sorted(target for target, _, _ in interfaces) == macvtaps() and
                    len(ports) == sum(source == "pool" for _, _, source in interfaces))
        wait_for("no macvtap and no port but the guest's", whole, 10)

    @vireo
    def test_killed_at_any_instant_no_macvtap_is_left(self):
        seed = int(os.environ.get("VIREO_SEED", time.time_ns() % 10000))
        print(f"VIREO_SEED={seed}", end=" ", flush=True)
        chance = random.Random(seed)
        self.server.net(pool("pool", "bridge", "low0"))
        self.server.define(boot_guest("a", "echo", devices=direct("low0") + direct("low1", "passthrough", 6) + interface("pool", MAC.format(1))))
        for step in range(int(os.environ.get("VIREO_KILLS", 16))):
            running = self.server.state("a") == "running"
            with self.subTest(step=step, running=running, seed=seed):
                self.killed_in(chance.uniform(0.01, 0.06 if running else 0.25), "destroy" if running else "start", "a")

    @vireo
    def test_killed_while_plugging_no_macvtap_is_left(self):
        seed = int(os.environ.get("VIREO_SEED", time.time_ns() % 10000))
        print(f"VIREO_SEED={seed}", end=" ", flush=True)
        chance = random.Random(seed)
        self.server.net(pool("pool", "bridge", "low0"))
        self.boot(direct("low0"))
        path = self.write(interface("pool", MAC.format(2)))
        for step in range(int(os.environ.get("VIREO_KILLS", 16))):
            has = len(self.interfaces()) == 2
            command = ("detach-interface", "a", "direct", "--mac", MAC.format(2)) if has else ("attach-device", "a", path)
            with self.subTest(step=step, command=command[0], seed=seed):
                self.killed_in(chance.uniform(0.01, 0.08), *command)


@unittest.skipUnless(shutil.which("dnsmasq"), "no dnsmasq")
class Traffic(unittest.TestCase):
    def test_a_linux_guest_on_the_cable(self):
        outside = Outside()
        self.addCleanup(outside.close)
        leases = subprocess.Popen(["ip", "netns", "exec", "outside", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
                                   "--port=0", "--interface=eth0", "--bind-interfaces", "--no-ping", "--user=root", "--pid-file=",
                                   "--dhcp-range=203.0.113.100,203.0.113.200", f"--dhcp-leasefile={WORK}/outside.leases",
                                   "--quiet-dhcp"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(leases.wait)
        self.addCleanup(leases.kill)
        server = NetServer("cable").start()
        self.addCleanup(server.stop)
        server.net(pool("cable", "bridge", "out0"))
        server.define(linux_guest("linux", f"guestname=linux fetch=http://{OUT4}/", devices=interface("cable", MAC.format(1))))
        terminal = Terminal(server, "start", "--console", "linux")
        self.addCleanup(terminal.close)
        # An address from outside, and a page: large frames, checksums left to the interface and all.
        terminal.expect("ip=203.0.113.", 60)
        ip = "203.0.113." + terminal.expect(" ").strip()
        terminal.expect(f"page for {ip}", 30)
        terminal.expect("FETCHRC=0")
        terminal.expect("guest# ", 60)
        # Seen from the guest: what it got is more than it sent.
        tap = server.out("domiflist", "linux").split()[0]
        counters = dict(line.split()[1:] for line in server.out("domifstat", "linux", tap).splitlines())
        self.assertGreater(int(counters["rx_bytes"]), 0)
        self.assertGreater(int(counters["tx_packets"]), 0)
        terminal.ask(f"echo here >/index.html; httpd -p 80; echo started-$((1 + 1))\n", "started-2")
        self.assertEqual(outside.fetch(ip, seconds=5), "here\n")
        if IS_VIREO:  # By IPv6 as well, which asks for the guest's address by a group that only the guest knows of.
            terminal.ask("ip addr add 2001:db8:113::77/64 dev eth0; echo added-$((1 + 1))\n", "added-2")
            wait_for("the page by IPv6", lambda: outside.fetch("2001:db8:113::77") == "here\n")
        sent = int(dict(line.split()[1:] for line in server.out("domifstat", "linux", tap).splitlines())["tx_bytes"])
        self.assertGreater(sent, int(counters["tx_bytes"]))
        # The cable pulled out, and plugged in again; with another daemon behind it.
        server.virsh("domif-setlink", "linux", tap, "down")
        self.assertIsNone(outside.fetch(ip, seconds=0.5))
        server.restart(signal.SIGKILL)
        server.virsh("domif-setlink", "linux", tap, "up")
        wait_for("the page", lambda: outside.fetch(ip, seconds=1) == "here\n")
        server.virsh("destroy", "linux")
        self.assertEqual(macvtaps(), [])


if __name__ == "__main__":
    main()
