#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks through crashes, reboots, a hostile host and bad documents."""
import ns; ns.enter()
import glob
import os
import re
import shutil
import signal
import unittest
import xml.etree.ElementTree as xml

import libvirt
from net import (HOST4, IS_VIREO, OUT4, NetServer, Netns, Outside, VethGuest, links, members,
                 network, interface, processes, rules, sh, wait_for, wait_gone)
from ns import WORK
from server import SLOW, Terminal, boot_guest, linux_guest, main

vireo = unittest.skipUnless(IS_VIREO, "libvirtd does otherwise")


def guest(name, network_name, mac, **more):
    return boot_guest(name, devices=interface(network_name, mac), **more)


class Recovery(unittest.TestCase):
    def setUp(self):
        self.server = NetServer(self._testMethodName[5:35])
        self.closing = []

    def tearDown(self):
        for one in self.closing:
            one()
        if self.server.process and self.server.process.poll() is None:
            self.server.clear()
        self.server.stop()
        try:
            wait_for("the bridges to go", lambda: not [one for one in links() if one.startswith("virbr")], 3)
        finally:  # one test's dirt is not the next one's
            for pid in [*processes("vireod"), *processes("dnsmasq"), *processes("qemu-system-x86_64")]:
                os.kill(pid, signal.SIGKILL)
            for one in links():
                sh("ip", "link", "del", one)
            sh("iptables-legacy -P FORWARD ACCEPT; iptables-legacy -F; iptables-legacy -X; iptables-legacy -t nat -F; nft flush ruleset",
               check=False)

    # ---- killed

    @vireo
    def test_guests_and_their_traffic_do_not_notice_a_restart(self):
        outside = Outside()
        self.closing.append(outside.close)
        server = self.server.start()
        server.net(network("net", 60))
        server.define(guest("g", "net", "52:54:00:aa:00:05"))
        server.virsh("start", "g")
        one = VethGuest("one", "virbr60")
        self.closing.append(one.close)
        one.dhcp()
        taps, ports, before = members("virbr60"), server.out("net-port-list", "net"), rules()
        pid = processes("dnsmasq")
        server.kill(signal.SIGKILL)
        self.assertEqual(one.fetch(OUT4), f"page for {HOST4}\n", "the daemon isn't in the way of traffic")
        server.start()
        self.assertEqual((members("virbr60"), server.out("net-port-list", "net"), processes("dnsmasq")), (taps, ports, pid))
        self.assertEqual(re.sub(r"handle \d+", "", rules()), re.sub(r"handle \d+", "", before))
        self.assertEqual(server.log_count("repaired after"), 0, server.log_text())
        self.assertIn(one.ipv4, server.out("net-dhcp-leases", "net"))
        # While it was away something broke: it is repaired at its return.
        server.kill(signal.SIGKILL)
        sh("ip link del virbr60")
        for number in processes("dnsmasq"):
            os.kill(number, 9)
        server.start()
        wait_for("the bridge and its tap", lambda: "virbr60" in links() and [t for t in members("virbr60") if t.startswith("vnet")], 5)
        one.plug("virbr60")
        wait_for("traffic", lambda: one.fetch(OUT4), 5)

    @vireo
    def test_leases_deleted_while_dnsmasq_starts(self):
        """It makes an empty file then; vireod gives it the leases again."""
        leases, program = f"{self.server.root}/**/net.leases", shutil.which("dnsmasq", path="/usr/sbin:/usr/bin")
        os.makedirs(f"{WORK}/wrapped", exist_ok=True)
        with open(f"{WORK}/wrapped/dnsmasq", "w") as file:
            file.write(f'#!/bin/sh\n[ ! -e {WORK}/wrapped/now ] || rm $(cat {WORK}/wrapped/now) {WORK}/wrapped/now\nexec {program} "$@"\n')
        os.chmod(f"{WORK}/wrapped/dnsmasq", 0o755)
        path = os.environ["PATH"]
        self.closing.append(lambda: os.environ.update(PATH=path))
        os.environ["PATH"] = f"{WORK}/wrapped:{path}"
        server = self.server.start()
        server.net(network("net", 60))
        one = VethGuest("one", "virbr60")
        self.closing.append(one.close)
        one.dhcp()
        wait_for("the lease", lambda: one.ipv4 in server.out("net-dhcp-leases", "net"))
        with open(f"{WORK}/wrapped/now", "w") as file:
            file.write(glob.glob(leases, recursive=True)[0])
        pid, = processes("dnsmasq")
        os.kill(pid, signal.SIGKILL)
        wait_for("the repair", lambda: server.log_count("network=net", "repaired after") > 0)
        self.assertFalse(os.path.exists(f"{WORK}/wrapped/now"))
        self.assertIn(one.ipv4, server.out("net-dhcp-leases", "net"))
        self.assertEqual(one.resolve("one", "192.168.60.1"), [one.ipv4])

    # ---- reboots

    @vireo
    def test_a_reboot_brings_networks_and_guests_back_in_order(self):
        def boot(name):
            machine = Netns(name)
            outside = Outside(f"outside-{name}", machine)
            self.closing += [outside.close, machine.close]
            self.server.argv = ["ip", "netns", "exec", name, *argv]
            self.server.start()
            return machine, outside
        argv, server = self.server.argv, self.server
        boot("boot1")
        for number, name in ((60, "auto"), (61, "manual"), (62, "also-auto")):
            server.net(network(name, number))
        for name in ("auto", "also-auto"):
            server.virsh("net-autostart", name)
        server.define(linux_guest("g", f"guestname=g fetch=http://{OUT4}/", devices=interface("auto", "52:54:00:aa:00:05")))
        server.define(guest("stays-off", "manual", "52:54:00:aa:00:06"))
        server.virsh("autostart", "g")
        for name in ("g", "stays-off"):
            server.virsh("start", name)
        # The power fails: nothing of /run, of the processes and of the kernel's state is left.
        server.kill(signal.SIGKILL)
        for pid in [*processes("dnsmasq"), *processes("qemu-system-x86_64")]:
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(f"{server.root}/run")
        os.unlink(server.log)
        machine, outside = boot("boot2")
        server.wait_state("g", "running")
        self.assertEqual(set(server.out("net-list", "--name").split()), {"auto", "also-auto"})
        self.assertEqual(set(server.out("net-list", "--inactive", "--name").split()) - {"default"}, {"manual"})
        self.assertEqual(server.state("stays-off"), "shut off")
        tap = re.search(r"vnet\d+", server.out("domiflist", "g"))[0]
        self.assertIn("master virbr60", machine.ip(f"-o link show {tap}"))
        with open(server.log) as file:
            text = file.read()
        for name in ("auto", "also-auto"):
            self.assertLess(text.index(f"network={name} started on"), text.index("domain=g"), "networks come before guests")
        # The guest has its lease and its way out, as before.
        terminal = Terminal(server, "console", "g")
        self.closing.append(terminal.close)
        terminal.expect("LEASE", 60)
        terminal.expect("ip=192.168.60.")
        terminal.expect(f"page for {HOST4}")
        self.assertEqual([peer for _, peer, _ in outside.page4.seen], [HOST4])
        self.assertIn("192.168.60.", server.out("domifaddr", "g"))
        # A restart of the daemon alone doesn't start again what was stopped.
        server.virsh("net-destroy", "also-auto")
        server.restart(signal.SIGKILL)
        self.assertEqual(server.out("net-list", "--name"), "auto")

    @vireo
    def test_default_out_of_the_box(self):
        self.server.bare = False
        server = self.server.start()
        # With --root nothing of the host is touched unasked (test_netmgr_networks has it started without).
        self.assertEqual(server.out("net-list", "--inactive", "--name"), "default")
        self.assertIn("Autostart:      no", server.out("net-info", "default"))
        self.assertEqual(links(), [])
        server.virsh("net-start", "default")
        text = xml.fromstring(server.out("net-dumpxml", "default"))
        self.assertEqual((text.find("forward").get("mode"), text.find("bridge").get("name"), text.find("ip").get("address")),
                         ("nat", "virbr0", "192.168.122.1"))
        self.assertEqual([text.find("ip/dhcp/range").get(end) for end in ("start", "end")], ["192.168.122.2", "192.168.122.254"])
        one = VethGuest("one", "virbr0")
        self.closing.append(one.close)
        self.assertLess(one.dhcp(), 2.9 * SLOW, "no spanning tree and no check of the address delays it")
        # Who deletes it doesn't get it again.
        server.virsh("net-destroy", "default")
        server.virsh("net-undefine", "default")
        server.restart(signal.SIGTERM)
        self.assertEqual(server.out("net-list", "--all", "--name"), "")

    @vireo
    def test_default_takes_the_next_free_subnet(self):
        sh("ip link add used type bridge; ip addr add 192.168.122.7/24 dev used; ip link set used up")
        self.closing.append(lambda: sh("ip link del used"))
        self.server.bare = False
        server = self.server.start()
        address = xml.fromstring(server.out("net-dumpxml", "default")).find("ip").get("address")
        self.assertRegex(address, r"^192\.168\.\d+\.1$")
        self.assertNotEqual(address, "192.168.122.1")
        server.virsh("net-start", "default")

    # ---- on demand

    def code_of_start(self, name):
        with self.assertRaises(libvirt.libvirtError) as caught:
            self.server.connect().lookupByName(name).create()
        return caught.exception.get_error_code()

    def test_a_guest_of_an_inactive_network(self):
        for demand in (True, False) if IS_VIREO else (False,):
            with self.subTest(start_networks_on_demand=demand):
                self.server = NetServer(f"demand-{demand}", f"start_networks_on_demand = {'yes' if demand else 'no'}\n").start()
                self.server.net(network("idle", 60), start=False)
                self.server.define(guest("g", "idle", "52:54:00:aa:00:05"))
                if demand:
                    self.server.virsh("start", "g")
                    self.assertEqual(self.server.out("net-list", "--name"), "idle")
                    self.assertEqual(len(members("virbr60")), 1)
                    self.server.clear()
                    self.server.stop()
                else:
                    self.assertEqual(self.code_of_start("g"), libvirt.VIR_ERR_OPERATION_INVALID)
                    self.assertIn("network 'idle' is not active", self.server.error("start", "g"))
                    self.assertEqual(self.server.state("g"), "shut off")
                wait_gone("virbr60")

    def test_a_guest_of_a_network_that_is_unknown(self):
        self.server.start().define(guest("g", "nowhere", "52:54:00:aa:00:05"))
        self.assertEqual(self.code_of_start("g"), libvirt.VIR_ERR_NO_NETWORK)

    # ---- a hostile host

    def cannot_start(self, document, *parts):
        self.server.net(document, start=False)
        name = document.split("<name>")[1].split("<")[0]
        error = self.server.error("net-start", name)
        for part in parts:
            self.assertIn(part, error)
        self.assertEqual(self.server.out("net-list", "--name"), "")
        return error

    @vireo
    def test_a_foreign_drop_is_named(self):
        for backend in ("nftables", "iptables"):
            with self.subTest(backend=backend):
                sh("nft add table ip other; nft 'add chain ip other foreign { type filter hook forward priority 0; policy drop; }'")
                self.server = NetServer(f"drop-{backend}", f'firewall_backend = "{backend}"\n').start()
                self.server.net(network("net", 60))
                wait_for("the warning", lambda: self.server.log_count("warning", "network=net", "virbr60", "beats the accept"), 5)
                self.assertEqual(self.server.log_count("warning", "network=net", "'foreign'", "beats"), 1, self.server.log_text())
                self.server.stop()
                sh("nft delete table ip other")

    @vireo
    def test_a_foreign_drop_is_refused_when_asked_for(self):
        sh("nft add table ip other; nft 'add chain ip other foreign { type filter hook forward priority 0; policy drop; }'")
        self.server = NetServer("refused", "refuse_blocked_networks = yes\n").start()
        self.cannot_start(network("net", 60), "'net'", "'foreign'", "'ip other'", "virbr60", "refuse_blocked_networks = no")
        wait_gone("virbr60")
        self.assertNotIn("virbr60", rules())
        sh("nft delete table ip other")
        self.server.virsh("net-start", "net")

    @vireo
    def test_policies_as_ufw_sets_them(self):
        """Its INPUT and FORWARD drop what no rule accepts, in chains that all users of iptables share."""
        outside = Outside()
        self.closing.append(outside.close)
        for tool in ("iptables-nft", "iptables-legacy"):
            for backend in ("nftables", "iptables"):
                with self.subTest(tool=tool, backend=backend):
                    sh("; ".join(f"{tool} {rule}" for rule in (
                        "-N ufw-before-input", "-A INPUT -j ufw-before-input", "-N ufw-skip-to-policy-input",
                        "-A ufw-skip-to-policy-input -j DROP", "-N ufw-after-input", "-A INPUT -j ufw-after-input",
                        "-A ufw-after-input -p udp --dport 67 -j ufw-skip-to-policy-input", "-N ufw-before-forward",
                        "-A FORWARD -j ufw-before-forward", "-P INPUT DROP", "-P FORWARD DROP")))
                    self.server = NetServer(f"ufw-{tool}-{backend}", f'firewall_backend = "{backend}"\n').start()
                    self.server.net(network("net", 60))
                    one = VethGuest("one", "virbr60")
                    one.dhcp()
                    self.assertEqual(one.fetch(OUT4), f"page for {HOST4}\n", rules())
                    sh(f"{tool} -F INPUT; {tool} -F FORWARD")  # as at its reload
                    wait_for("traffic again", lambda: one.fetch(OUT4, seconds=0.2), 2)
                    one.close()
                    self.server.virsh("net-destroy", "net")
                    self.assertNotIn("virbr60", sh(f"{tool}-save"))
                    self.assertEqual(self.server.log_count("warning", "beats"), 0, self.server.log_text())
                    self.server.stop()
                    sh(f"{tool} -P INPUT ACCEPT; {tool} -P FORWARD ACCEPT; {tool} -F; {tool} -X")
                    sh("nft delete table ip filter", check=False)

    @vireo
    def test_dockers_hook_is_used_and_kept(self):
        sh("iptables-legacy -N DOCKER-USER; iptables-legacy -A DOCKER-USER -j RETURN; iptables-legacy -I FORWARD -j DOCKER-USER; "
           "iptables-legacy -P FORWARD DROP")
        outside = Outside()
        self.closing.append(outside.close)
        self.server = NetServer("docker", 'firewall_backend = "nftables"\n').start()
        self.server.net(network("net", 60))
        one = VethGuest("one", "virbr60")
        self.closing.append(one.close)
        one.dhcp()
        self.assertEqual(one.fetch(OUT4), f"page for {HOST4}\n", rules())
        sh("iptables-legacy -F DOCKER-USER; iptables-legacy -A DOCKER-USER -j RETURN")  # as Docker does when it starts
        wait_for("traffic again", lambda: one.fetch(OUT4, seconds=0.2), 5)
        self.server.virsh("net-destroy", "net")
        self.assertNotIn("virbr60", sh("iptables-legacy-save"))

    @vireo
    def test_dnsmasq_is_missing(self):
        program = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin")
        self.server.start()
        sh("mount", "--bind", "/dev/null", program)
        self.closing.append(lambda: sh("umount", program))
        self.cannot_start(network("net", 60), "dnsmasq", "net")
        wait_gone("virbr60")
        self.assertNotIn("virbr60", rules())
        self.server.net(network("plain", 61, "", dhcp=False, more="<dns enable='no'/>"))
        self.assertIn("virbr61", links(), "a network without DHCP and DNS needs none")

    @vireo
    def test_without_the_right_to_change_networks(self):
        self.server.argv = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", *self.server.argv]
        self.server.start()
        error = self.cannot_start(network("net", 60), "net")
        self.assertRegex(error, "CAP_NET_ADMIN|not permitted")
        self.assertEqual(self.server.out("net-list", "--all", "--name"), "net", "everything else goes on")

    def test_a_subnet_in_use(self):
        sh("ip link add used type bridge; ip addr add 192.168.60.7/24 dev used; ip link set used up")
        self.closing.append(lambda: sh("ip link del used"))
        self.server.start()
        self.cannot_start(network("net", 60), "used")
        wait_gone("virbr60")

    def test_a_subnet_with_a_route(self):
        outside = Outside()
        self.closing.append(outside.close)
        sh(f"ip route add 192.168.60.0/24 via {OUT4}")
        self.server.start()
        self.cannot_start(network("net", 60), "out0")

    def test_a_bridge_name_in_use(self):
        sh("ip link add taken type bridge")
        self.closing.append(lambda: sh("ip link del taken"))
        self.server.start()
        self.cannot_start(network("net", 60, bridge="taken"), "taken")
        self.assertIn("taken", links(), "it is another's")

    def test_two_networks_with_one_subnet(self):
        self.server.start()
        self.server.net(network("one", 60))
        self.server.net(network("two", 60, bridge="virbr61"), start=False)
        self.assertIn("virbr60", self.server.error("net-start", "two"))

    def test_a_device_that_is_not_there(self):
        self.server.start()
        self.server.net("<network><name>b</name><forward mode='bridge'/><bridge name='nobridge'/></network>", start=False)
        self.server.virsh("net-start", "b")  # as in libvirt: the guest's start says it
        self.server.define(guest("g", "b", "52:54:00:aa:00:05"))
        for _ in range(20):  # a tap that failed takes a moment to go: that isn't a taken name
            self.assertIn("nobridge", self.server.error("start", "g"))

    # ---- bad documents

    def document(self, body, name="bad"):
        return f"<network>\n<name>{name}</name>\n<bridge name='virbr60'/>\n{body}\n</network>"

    def test_bad_documents(self):
        ip = "<ip address='192.168.60.1' prefix='24'>\n<dhcp>\n{}\n</dhcp>\n</ip>"
        ranges = "<range start='192.168.60.{}' end='192.168.60.{}'/>\n<range start='192.168.60.{}' end='192.168.60.{}'/>"
        host = "<host mac='52:54:00:aa:00:0{}' name='{}' ip='192.168.60.{}'/>"
        # name: (document, what the error names, line or None, does libvirt 9.0 refuse it too)
        cases = {
            "overlapping ranges": (self.document(ip.format(ranges.format(10, 30, 20, 40))), "range", 7, False),
            "a reversed range": (self.document(ip.format("<range start='192.168.60.30' end='192.168.60.10'/>")), "range", 6, True),
            "a range outside": (self.document(ip.format("<range start='192.168.61.10' end='192.168.61.20'/>")), "range", 6, True),
            "netmask and prefix": (self.document("<ip address='192.168.60.1' netmask='255.255.255.0' prefix='24'/>"), "ip", 4, True),
            "a host outside": (self.document(ip.format("<host mac='52:54:00:aa:00:01' ip='10.1.1.1'/>")), "host", 6, False),
            "the same MAC": (self.document(ip.format(host.format(1, "a", 11) + "\n" + host.format(1, "b", 12))), "52:54:00:aa:00:01", 7, False),
            "the same IP": (self.document(ip.format(host.format(1, "a", 11) + "\n" + host.format(2, "b", 11))), "192.168.60.11", 7, False),
            "the same name": (self.document(ip.format(host.format(1, "a", 11) + "\n" + host.format(2, "a", 12))), "'a'", 7, False),
            "a name with a slash": (self.document("", "a/b"), "name", None, True),
            "an empty name": (self.document("", ""), "name", None, True),
            "a long name": (self.document("", "x" * 4096), "name", None, True),
            "a bridge that can't be called so": ("<network>\n<name>bad</name>\n<bridge name='averylongbridgename'/>\n</network>", "bridge", 3, False),
            "an unknown mode": (self.document("<forward mode='teleport'/>"), "teleport", 4, True),
            "an address that is none": (self.document("<ip address='192.168.60' prefix='24'/>"), "192.168.60", 4, False),
            "an entity bomb": ("<!DOCTYPE network [<!ENTITY a 'aaaaaaaaaa'>" +
                               "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi")) +
                               "]>\n<network><name>&i;</name></network>", "", None, True),
            "an outside entity": ("<!DOCTYPE network [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>\n<network><name>&a;</name></network>",
                                  "", None, True),
            "deep nesting": ("<network><name>bad</name><metadata>" + "<x>" * 5000 + "</x>" * 5000 + "</metadata></network>", "", None, True),
            "cut off": ("<network><name>bad</name>", "", None, True),
            "not XML": ("not XML", "", None, True),
            "nothing": ("<network/>", "name", 1, True),
        }
        server = self.server.start()
        for name, (text, part, line, libvirts) in cases.items():
            with self.subTest(name):
                done = server.virsh("net-define", server.write(text, "bad.xml"), check=False)
                if IS_VIREO or libvirts:
                    self.assertNotEqual(done.returncode, 0, name)
                if not IS_VIREO:
                    if not libvirts and done.returncode:
                        print(f"\nlibvirtd refuses {name}: {done.stderr.strip()}")
                    server.clear()
                    continue
                error = done.stderr.split("\n", 1)[1].strip()
                self.assertIn(part, error)
                self.assertLess(len(error), 2000, "an error isn't as long as the document")
                if line:
                    self.assertIn(f"line {line}", error)
        self.assertEqual(server.out("net-list", "--all", "--name"), "")

    def test_a_huge_document(self):
        text = "<network><name>big</name><metadata><x xmlns='urn:x'>" + "y" * (10 << 20) + "</x></metadata></network>"
        conn = self.server.start().connect()
        with self.assertRaises(libvirt.libvirtError):
            conn.networkDefineXML(text)
        self.assertEqual(self.server.connect().listAllNetworks(), [], "the server is well")

    # ---- hooks

    def test_hooks(self):
        directory = f"{self.server.root}/etc/vireo/hooks" if IS_VIREO else "/etc/libvirt/hooks"
        os.makedirs(directory, exist_ok=True)
        with open(f"{directory}/network", "w") as file:
            file.write(f"#!/bin/sh\necho \"$@\" $(grep -c '<name>net</name>') >>{WORK}/hooked\n[ ! -e {WORK}/refuse ] || exit 1\n")
        os.chmod(f"{directory}/network", 0o755)
        self.closing.append(lambda: shutil.rmtree(directory))
        self.server.start()
        open(f"{WORK}/hooked", "w").close()  # without what the network default had
        self.server.net(network("net", 60))
        self.server.define(guest("g", "net", "52:54:00:aa:00:05"))
        self.server.virsh("start", "g")
        self.server.virsh("destroy", "g")
        self.server.virsh("net-destroy", "net")
        with open(f"{WORK}/hooked") as file:
            seen = file.read().split("\n")[:-1]
        os.unlink(f"{WORK}/hooked")
        self.assertEqual(seen, ["net start begin - 1", "net started begin - 1", "net port-created begin - 1",
                                "net port-deleted begin - 1", "net stopped end - 1"])
        with open(f"{WORK}/refuse", "w"):
            self.closing.append(lambda: os.unlink(f"{WORK}/refuse"))
        self.assertIn("hook", self.server.error("net-start", "net").lower())
        wait_gone("virbr60")


if __name__ == "__main__":
    main()
