#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks at their edges: seen by others while they start, names as long as may be, many of them, several clients at once."""
import ns; ns.enter()
import os
import re
import subprocess
import threading
import unittest

import libvirt

from net import IS_VIREO, WORK, NetServer, links, members, network, interface, processes, sh, wait_for, wait_gone
from server import SLOW, boot_guest, main

HOOKS = "etc/vireo/hooks"
LONGEST = 236
HELPER = "/usr/lib/qemu/qemu-bridge-helper"
UUID, MAC, OTHER = "c7a5fdbd-cdaf-9455-926a-d65c16db1898", "52:54:00:00:00:71", "52:54:00:00:00:72"


def ethernet(more):
    return f"<interface type='ethernet'><mac address='{MAC}'/>{more}<model type='virtio'/></interface>"


class Edges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The host's resolver, as far as we talk to it.
        os.mkdir(f"{WORK}/bin")
        with open(f"{WORK}/bin/resolvectl", "w") as file:
            file.write(f'#!/bin/sh\n[ ! -e {WORK}/resolved-is-down ] || {{ echo sorry; exit 1; }}\necho "$@" >>{WORK}/resolved\n')
        os.chmod(f"{WORK}/bin/resolvectl", 0o755)
        os.environ["PATH"] = f"{WORK}/bin:{os.environ['PATH']}"
        cls.server = NetServer("edges").start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        self.virsh, self.out = self.server.virsh, self.server.out
        self.conn = self.server.connect()

    def tearDown(self):
        self.conn.close()
        self.server.clear()

    def fails(self, code, call):
        with self.assertRaises(libvirt.libvirtError) as caught:
            call()
        self.assertEqual(caught.exception.get_error_code(), code, str(caught.exception))
        return str(caught.exception)

    @unittest.skipUnless(IS_VIREO, "libvirtd answers no call about a network that it starts")
    def test_a_network_that_starts_is_not_active_yet(self):
        hook, came, go = f"{self.server.root}/{HOOKS}/network", f"{WORK}/came", f"{WORK}/go"
        os.makedirs(os.path.dirname(hook), exist_ok=True)
        os.mkfifo(go)
        with open(hook, "w") as file:
            file.write(f'#!/bin/sh\n[ "$2" != started ] || {{ touch {came}; cat {go}; }}\n')
        os.chmod(hook, 0o755)
        self.addCleanup(os.unlink, go)
        self.addCleanup(os.unlink, hook)
        starts = self.server.connect()
        stored = starts.networkDefineXML(network("stored", 91))
        for what, start in ("stored", stored.create), ("passing", lambda: starts.networkCreateXML(network("passing", 92))):
            with self.subTest(what):
                there = [net.name() for net in self.conn.listAllNetworks()]
                thread = threading.Thread(target=start)
                thread.start()
                wait_for("the hook", lambda: os.path.exists(came))
                self.assertEqual([net.name() for net in self.conn.listAllNetworks()], there, "as before")
                self.assertNotIn(what, [net.name() for net in self.conn.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE)])
                self.assertEqual(self.conn.numOfNetworks(), len(self.conn.listNetworks()))
                self.assertNotIn(what, self.conn.listNetworks())
                if what == "stored":
                    net = self.conn.networkLookupByName(what)
                    self.assertFalse(net.isActive())
                    self.assertIn(what, self.conn.listDefinedNetworks())
                    self.assertEqual(net.XMLDesc(), net.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE))
                    self.fails(libvirt.VIR_ERR_OPERATION_INVALID, lambda: net.update(3, 11, -1, "<txt name='a' value='b'/>", 1))
                else:
                    self.fails(libvirt.VIR_ERR_NO_NETWORK, lambda: self.conn.networkLookupByName(what))
                open(go, "w").close()
                thread.join()
                os.unlink(came)
                self.assertTrue(self.conn.networkLookupByName(what).isActive())
        starts.close()

    def test_names(self):
        """A name is a part of file names with suffixes; what would not fit is refused before anything is stored."""
        for name in ("n" * LONGEST, "%" * (LONGEST // 3)):
            net = self.conn.networkDefineXML(f"<network><name>{name}</name><ip address='192.168.93.1' prefix='24'><dhcp/></ip></network>")
            net.create()
            net.update(3, 11, -1, "<txt name='a' value='b'/>", 3)
            net.setAutostart(True)
            net.destroy()
            net.undefine()
        if not IS_VIREO:  # it says which of its files could not be made
            return
        files = sorted(os.listdir(f"{self.server.root}/etc"))
        for kind, tail, define, create in (
                ("network", "", self.conn.networkDefineXML, self.conn.networkCreateXML),
                ("domain", "<memory>1024</memory><os><type>hvm</type></os>", self.conn.defineXML, self.conn.createXML)):
            for name, cause in (("n" * (LONGEST + 1), "has 237 bytes, the most are 236"), ("n" * 4096, "has 4096 bytes"),
                               ("%" * 79, "has 237 bytes as part of a file's name")):
                for call in define, create:
                    text = self.fails(libvirt.VIR_ERR_XML_ERROR, lambda: call(
                        f"<{kind}{' type=' + repr('qemu') if kind == 'domain' else ''}>\n<name>{name}</name>{tail}</{kind}>"))
                    self.assertRegex(text, rf"{kind} document, line 2: <name> in <{kind}>: .*{re.escape(cause)}")
        self.assertEqual((self.conn.listAllNetworks(), self.conn.listAllDomains()), ([], []))
        self.assertEqual(sorted(os.listdir(f"{self.server.root}/etc")), files)

    # ---- what a document may say besides

    def test_ipv6_subnets_of_any_length(self):
        dhcp = "<dhcp><range start='fd00:97::2' end='fd00:97::9'/></dhcp>"
        for length, more in (48, ""), (64, ""), (64, dhcp), (112, ""), (112, dhcp), (128, ""):
            with self.subTest(length=length, more=more):
                self.server.net(f"<network><name>six</name><ip family='ipv6' address='fd00:97::1' prefix='{length}'>{more}</ip></network>")
                self.server.clear()

    @unittest.skipUnless(IS_VIREO, "libvirtd 9.0 does not know register=")
    @unittest.skipUnless(IS_VIREO, "libvirtd doesn't heal")
    def test_a_repair_without_dhcp_leaves_dnsmasq_alone(self):
        self.server.net(network("six", 61, dhcp=False, ip6="<ip family='ipv6' address='fd00:61::1' prefix='64'/>"))
        before = processes("dnsmasq")
        for _ in range(2):
            sh("ip link set virbr61 down")
            wait_for("its repair", lambda: ",UP" in sh("ip link show dev virbr61"))
        self.assertEqual(self.server.log_count("network=six", "dnsmasq started"), 0, self.server.log_text())
        self.assertEqual(processes("dnsmasq"), before)

    def test_registered_with_the_hosts_resolver(self):
        text = ("<network><name>known</name><bridge name='virbr98'/><domain name='known.test' register='yes'/>"
                "<ip address='192.168.98.1' prefix='24'/></network>")
        self.server.net(text)
        with open(f"{WORK}/resolved") as file:
            self.assertEqual(file.read(), "dns virbr98 192.168.98.1\ndomain virbr98 ~known.test\n")
        self.virsh("net-destroy", "known")
        open(f"{WORK}/resolved-is-down", "w").close()
        self.addCleanup(os.unlink, f"{WORK}/resolved-is-down")
        self.assertRegex(self.server.error("net-start", "known"), "known.test.*resolvectl dns.*sorry")
        wait_gone("virbr98")

    def test_what_dnsmasq_refuses_is_reported(self):
        options = "".join(f"<dnsmasq:option value='{one}'/>" for one in ("log-queries", "no-such-option=7"))
        self.server.net(network("odd", 96, more=f"<dnsmasq:options>{options}</dnsmasq:options>")
                        .replace("<network>", "<network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'>"), start=False)
        error = self.server.error("net-start", "odd")
        self.assertIn("bad option", error)
        if IS_VIREO:  # its file is gone by now
            self.assertIn("which is 'no-such-option=7'", error)
        wait_gone("virbr96")

    @unittest.skipUnless(IS_VIREO, "libvirtd wants a qdisc that this kernel may not have")
    def test_rates_of_a_bridge_of_the_host(self):
        sh("ip link add hostbr type bridge; ip link set hostbr up")
        self.addCleanup(sh, "ip link del hostbr")
        if "tbf" not in sh("tc qdisc add dev hostbr root tbf rate 1mbit burst 16kb latency 50ms; tc qdisc show dev hostbr; tc qdisc del dev hostbr root", check=False):
            self.skipTest("this kernel has no qdisc tbf")
        self.server.net("<network><name>host</name><forward mode='bridge'/><bridge name='hostbr'/>"
                        "<bandwidth><inbound average='1000'/></bandwidth></network>")
        self.assertIn("rate 8Mbit", sh("tc qdisc show dev hostbr"))
        self.virsh("net-destroy", "host")
        self.assertNotIn("tbf", sh("tc qdisc show dev hostbr"))

    # ---- several clients at once

    def at_once(self, *calls):
        """What became of each: 0, or its error's code."""
        results = [0] * len(calls)

        def one(number, call):
            try:
                call()
            except libvirt.libvirtError as error:
                results[number] = error.get_error_code()
        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(results)

    def test_two_hundred_networks(self):
        for number in range(200):
            self.conn.networkDefineXML(f"<network><name>n{number}</name><ip address='10.{number}.0.1' prefix='24'/></network>")
        networks = self.conn.listAllNetworks()
        self.assertEqual((len(networks), len(set(net.bridgeName() for net in networks))), (200, 200))
        self.assertEqual(len(self.conn.listDefinedNetworks()), 200)
        for net in networks:
            net.undefine()

    def test_clients_that_want_the_same_at_once(self):
        clients = [self.server.connect() for _ in range(4)]
        net = self.conn.networkDefineXML(network("same", 96))
        handles = [client.networkLookupByName("same") for client in clients]
        refused = libvirt.VIR_ERR_OPERATION_INVALID
        self.assertEqual(self.at_once(*(handle.create for handle in handles)), [0] + [refused] * 3)
        self.assertEqual(self.at_once(*(
            lambda handle=handle, number=number: [handle.update(3, 4, -1, f"<host mac='52:54:00:00:{number:02}:{host:02}' ip='192.168.96.{number}{host}'/>", 3)
                                                  for host in range(1, 9)] for number, handle in enumerate(handles, 1))), [0] * 4)
        self.assertEqual([net.XMLDesc(flags).count("<host ") for flags in (0, libvirt.VIR_NETWORK_XML_INACTIVE)], [32, 32])
        self.assertEqual(self.at_once(*(handle.destroy for handle in handles)), [0] + [refused] * 3)
        passing = network("passing", 97)
        self.assertEqual(self.at_once(*(lambda client=client: client.networkCreateXML(passing) for client in clients)),
                         [0] + [libvirt.VIR_ERR_OPERATION_FAILED] * 3)
        for client in clients:
            client.close()

    def test_a_network_that_stops_while_a_guest_starts_on_it(self):
        self.server.net(network("same", 96))
        self.guest(interface("same", MAC), start=False)
        other = self.server.connect()
        for _ in range(5):
            net, dom = other.networkLookupByName("same"), self.conn.lookupByName("g")
            self.assertLessEqual(set(self.at_once(dom.create, net.destroy)), {0, libvirt.VIR_ERR_OPERATION_INVALID})
            if not net.isActive():
                net.create()
            if dom.isActive():
                if IS_VIREO:
                    self.assertEqual(members("virbr96"), [self.out("domiflist", "g").split()[0]])
                dom.destroy()
        other.close()

    # ---- interfaces

    def guest(self, devices, start=True):
        self.server.define(boot_guest("g", devices=devices, uuid=UUID))
        self.addCleanup(self.virsh, "undefine", "g", check=False)
        self.addCleanup(self.virsh, "destroy", "g", check=False)
        if start:
            self.virsh("start", "g")

    def update(self, document, *flags):
        return self.virsh("update-device", "g", self.server.write(document, "interface.xml"), *flags, check=False)

    def macs(self, *flags):
        return re.findall("<mac address='([^']*)'", self.out("dumpxml", "g", *flags))

    def test_a_changed_interface_keeps_its_place(self):
        self.server.net(network("lan", 95))
        self.guest(interface("lan", MAC) + interface("lan", OTHER), start=False)
        self.virsh("domif-setlink", "g", MAC, "down", "--config")
        self.assertEqual(self.macs(), [MAC, OTHER])
        self.virsh("start", "g")
        self.assertEqual(self.update(interface("lan", MAC, more="<link state='up'/>"), "--live", "--config").returncode, 0)
        self.assertEqual((self.macs(), self.macs("--inactive")), ([MAC, OTHER],) * 2)

    def plugged_in_again(self, bridge):
        if not IS_VIREO:  # libvirtd wants to be asked
            self.assertEqual(self.update(interface("lan", MAC), "--live").returncode, 0)
        tap = self.out("domiflist", "g").split()[0]
        wait_for("the interface", lambda: members(bridge) == [tap])
        wait_for("what is shown", lambda: f"bridge='{bridge}'" in self.out("dumpxml", "g"))
        self.assertEqual(len(self.out("net-port-list", "lan").split()), 1)

    def test_a_network_defined_again_gets_its_running_guests(self):
        self.server.net(network("lan", 95))
        self.guest(interface("lan", MAC))
        for number in 94, 93:
            self.virsh("net-destroy", "lan")
            self.virsh("net-undefine", "lan")
            self.server.net(network("lan", number))
            self.plugged_in_again(f"virbr{number}")
        if IS_VIREO:
            self.server.restart()
            self.plugged_in_again("virbr93")
        self.virsh("destroy", "g")
        self.assertEqual(self.out("net-port-list", "lan"), "")

    def test_a_network_with_another_bridge_than_before(self):
        uuid = f"<uuid>{UUID}</uuid>"
        self.server.net(network("lan", 95).replace("<forward", f"{uuid}<forward"))
        self.guest(interface("lan", MAC))
        self.virsh("net-define", self.server.write(network("lan", 94).replace("<forward", f"{uuid}<forward"), "network.xml"))
        self.assertEqual(len(members("virbr95")), 1)
        self.virsh("net-destroy", "lan")
        self.virsh("net-start", "lan")
        self.plugged_in_again("virbr94")

    def test_counters_of_interfaces(self):
        """What virt-manager draws its curves from."""
        self.server.net(network("lan", 95))
        self.guest(interface("lan", MAC) + "<interface type='user'><model type='e1000'/></interface>" + interface("lan", OTHER))
        stats = dict(line.strip().split("=") for line in self.out("domstats", "g", "--interface", "--enforce").splitlines() if "=" in line)
        self.assertEqual((stats["net.count"], [key for key in stats if key.endswith(".name")]), ("3", ["net.0.name", "net.2.name"]))
        for number, mac in ("0", MAC), ("2", OTHER):
            shown = dict(line.split()[1:] for line in self.out("domifstat", "g", mac).splitlines())
            tap = f"net.{number}."
            self.assertEqual(int(stats[f"{tap}tx.bytes"]), int(shown["tx_bytes"]), "this guest sends nothing")
            self.assertLessEqual(int(stats[f"{tap}rx.bytes"]), int(shown["rx_bytes"]))
        self.virsh("destroy", "g")
        self.assertNotIn("net.", self.out("domstats", "g", "--interface"))

    def test_what_a_running_interface_cannot_change_is_refused_not_ignored(self):
        self.server.net(network("lan", 95))
        self.guest(interface("lan", MAC, more="<driver queues='2'/>"))
        for more in ("", "<driver queues='4'/>", "<driver queues='2'/><target dev='other'/>", "<driver queues='2'/><mtu size='1400'/>",
                     "<driver queues='2'/><boot order='1'/>", "<driver queues='2'/><rom bar='off'/>"):
            with self.subTest(more):
                done = self.update(interface("lan", MAC, more=more), "--live")
                self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.update(interface("lan", MAC, more="<driver queues='2'/><link state='down'/>"), "--live").returncode, 0)

    def test_addresses_asked_of_an_agent_that_does_not_answer(self):
        channel = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
        for devices, code in ("", libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED), (channel, libvirt.VIR_ERR_AGENT_UNRESPONSIVE):
            self.guest(devices)
            self.fails(code, lambda: self.conn.lookupByName("g").interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT))
            self.virsh("destroy", "g")

    def test_plugged_into_a_guest_with_usb_2(self):
        """Its controller's parts share one alias: virt-install's guests have that."""
        self.server.net(network("lan", 95))
        parts = "".join(f"<controller type='usb' index='0' model='ich9-{model}'{'/>' if not port else f'><master startport={port!r}/></controller>'}"
                        for model, port in (("ehci1", ""), ("uhci1", "0"), ("uhci2", "2"), ("uhci3", "4")))
        self.guest(parts)
        self.virsh("attach-interface", "g", "network", "lan", "--model", "virtio", "--mac", MAC, "--live", "--config")
        self.assertEqual((self.macs(), self.macs("--inactive")), ([MAC],) * 2)

    def test_a_tap_that_is_there_already(self):
        sh("ip tuntap add pre0 mode tap; ip link set pre0 address 02:00:00:00:00:01 up; ip link add vv0 type veth")
        self.addCleanup(sh, "ip link del pre0; ip link del vv0")
        command = "ip -o link show pre0 | grep -o -e 'mtu [0-9]*' -e 'ether [0-9a-f:]*'"
        before = sh(command)
        self.guest(ethernet("<target dev='pre0' managed='no'/>"))
        self.assertIn("LOWER_UP", sh("ip -o link show pre0"), "it has its reader")
        self.virsh("destroy", "g")
        wait_for("the tap to be let go", lambda: "NO-CARRIER" in sh("ip -o link show pre0"))
        self.assertEqual(sh(command), before)
        for target, part in (("<target dev='nope0' managed='no'/>", "there is no tap 'nope0'"), ("<target managed='no'/>", "needs the name"),
                             ("<target dev='vv0' managed='no'/>", "'vv0' is no tap but a veth"), ("<target dev='pre0'/>", "'pre0'")):
            with self.subTest(target):
                self.guest(ethernet(target), start=False)
                error = self.server.error("start", "g")
                self.assertTrue(part in error or not IS_VIREO, error)
        self.assertNotIn("nope0", links())

    def test_scripts_of_type_ethernet_and_of_no_other(self):
        calls = f"{WORK}/calls"
        script = self.server.write(f"#!/bin/sh\necho $0 $1 >>{calls}\n", "up")
        os.chmod(script, 0o755)
        os.symlink(script, script[:-2] + "down")
        self.addCleanup(os.unlink, script[:-2] + "down")
        scripts = f"<script path='{script}'/><downscript path='{script[:-2]}down'/>"
        self.guest(ethernet(f"{scripts}<target dev='up0'/>"))
        self.virsh("destroy", "g")
        wait_for("both scripts", lambda: sh("cat", calls, check=False) == f"{script} up0\n{script[:-2]}down up0\n")
        self.virsh("undefine", "g")
        sh("ip link add hostbr type bridge")
        self.addCleanup(sh, "ip link del hostbr")
        for document in interface("nets", MAC, more=scripts), f"<interface type='bridge'><source bridge='hostbr'/>{scripts}</interface>":
            path = self.server.write(boot_guest("g", devices=document))
            self.assertNotEqual(self.virsh("create", path, check=False).returncode, 0)
            if IS_VIREO:
                self.assertIn("line 4: <script> in <interface> is not supported", self.server.error("define", path))

    # ---- a session daemon

    @unittest.skipUnless(IS_VIREO and os.geteuid() == 0 and os.path.exists(HELPER), "needs root, to become a user, and QEMU's bridge helper")
    def test_a_user_gets_an_interface_in_a_bridge_that_is_allowed(self):
        """By QEMU's setuid program, as with libvirt's session; a network is out of reach, and the error says so."""
        root, as_user = f"{WORK}/user", ["setpriv", "--reuid", "vireo-user", "--regid", "vireo-user", "--clear-groups", "--"]
        os.makedirs(f"{WORK}/etc/qemu")
        for text in (f"mkdir {root} {WORK}/work; chown vireo-user:vireo-user {root}; chmod 755 {WORK}; cp {os.environ['VIREOD']} {WORK}/vireod; cp {HELPER} {WORK}/helper",
                     f"echo allow hostbr >{WORK}/etc/qemu/bridge.conf; chmod 4755 {WORK}/helper; mknod -m 666 {WORK}/tun c 10 200"):
            sh(text)
        mounts = (f"mount -t overlay -o lowerdir=/etc,upperdir={WORK}/etc,workdir={WORK}/work overlay /etc && mount --bind {WORK}/passwd /etc/passwd && "
                  f"mount --bind {WORK}/group /etc/group && mount --bind {WORK}/helper {HELPER} && mount --bind {WORK}/tun /dev/net/tun")
        if subprocess.run(mounts, shell=True, capture_output=True).returncode != 0:
            self.skipTest("no overlay in a private namespace here")
        sh("ip link add hostbr type bridge; ip link set hostbr up; ip link add otherbr type bridge")
        self.addCleanup(sh, f"umount /dev/net/tun {HELPER} /etc/passwd /etc/group /etc; ip link del hostbr; ip link del otherbr", check=False)
        with open(f"{root}/log", "w") as log:
            daemon = subprocess.Popen([*as_user, "env", f"HOME={root}", f"XDG_RUNTIME_DIR={root}", f"{WORK}/vireod", "--session",
                                       "--root", root, "--listen", f"{root}/sock"], stdout=log, stderr=log)
        self.addCleanup(daemon.wait, 20 * SLOW)
        self.addCleanup(daemon.terminate)
        wait_for("the socket", lambda: os.path.exists(f"{root}/sock"))

        def virsh(*args):
            done = subprocess.run([*as_user, "env", f"HOME={root}", f"XDG_RUNTIME_DIR={root}", "virsh", "-q", "-c",
                                   f"qemu:///session?socket={root}/sock", *args], capture_output=True, text=True, timeout=60 * SLOW)
            return done.returncode, done.stdout + done.stderr

        def start(document):
            path = self.server.write(re.sub("<disk.*</disk>", "", boot_guest("g", devices=document, uuid=UUID), flags=re.S))
            os.chmod(self.server.root, 0o755)
            self.assertEqual(virsh("define", path)[0], 0)
            return virsh("start", "g")
        bridge = f"<interface type='bridge'><mac address='{MAC}'/><source bridge='hostbr'/><model type='virtio'/></interface>"
        self.assertEqual(start(bridge)[0], 0)
        self.assertEqual([virsh("domiflist", "g")[1].split()[0]], members("hostbr"))
        self.assertEqual(virsh("destroy", "g")[0], 0)
        self.assertRegex(start(bridge.replace("hostbr", "otherbr"))[1], "'otherbr' to user.*allow otherbr.*bridge.conf")
        self.assertRegex(start(bridge.replace("<model", "<port isolated='yes'/><model"))[1], "CAP_NET_ADMIN")
        self.assertEqual(virsh("net-define", self.server.write(network("n", 94), "n.xml"))[0], 0)
        self.assertRegex(virsh("net-start", "n")[1], "session daemon.*CAP_NET_ADMIN.*qemu:///system")
        self.assertRegex(start(interface("n", MAC))[1], "session daemon")
        self.assertEqual(start("<interface type='user'/>")[0], 0)
        self.assertEqual(virsh("destroy", "g")[0], 0)


if __name__ == "__main__":
    main()
