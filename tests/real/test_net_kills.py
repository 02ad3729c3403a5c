#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon killed at each step of starting, changing and stopping a network: all of it is there afterwards, or nothing."""
import ns; ns.enter()
import os
import threading
import unittest

import libvirt
from net import IS_VIREO, Host, NetServer, links, members, network, interface, processes, rules, sh, wait_for
from server import boot_guest, main, require
from steps import SUPPORTED, Steps

# Changes that dnsmasq reads again on a signal, and those for which it is started again.
SECTIONS = {"names": (libvirt.VIR_NETWORK_SECTION_DNS_HOST, "<host ip='192.168.60.{0}'><hostname>name{0}</hostname></host>"),
            "texts": (libvirt.VIR_NETWORK_SECTION_DNS_TXT, "<txt name='name{0}' value='text'/>")}
FIRST, ALL = 100, 99  # numbers of one length; more steps than anything here has


class Kills:
    backend = None

    @classmethod
    def setUpClass(cls):
        sh(f"{cls.other} -P FORWARD DROP")  # we have rules in chains of others as well
        cls.server = NetServer(f"kills-{cls.backend}", f'firewall_backend = "{cls.backend}"\n').start()
        cls.server.net(network("net", 60, forward="<forward mode='nat'><nat ipv6='yes'/></forward>",
                               ip6="<ip family='ipv6' address='fd00:60::1' prefix='64'/>"))
        # A guest that outlives all of it: its interface is plugged in again at each start.
        cls.server.define(boot_guest("g", devices=interface("net", "52:54:00:aa:00:05")))
        cls.server.virsh("start", "g")
        cls.whole = cls.there()
        cls.server.virsh("net-destroy", "net")
        wait_for("the end of it", lambda: "net.status" not in str(cls.there()))
        cls.nothing = cls.there()

    @classmethod
    def tearDownClass(cls):
        cls.server.clear()
        cls.server.stop()
        sh(f"{cls.other} -P FORWARD ACCEPT")

    @classmethod
    def there(cls):
        """All that a network may leave: files, links with their bridges, addresses, rules, its dnsmasq."""
        root = cls.server.root
        files = [os.path.relpath(os.path.join(where, name), root) for where, _, names in os.walk(root) for name in names]
        interfaces = [line.split(": ", 1)[1].split(" qdisc")[0] for line in sh("ip -o link").splitlines()]
        addresses = [" ".join(line.split()[1:4]) for line in sh("ip -o addr").splitlines() if "fe80:" not in line]
        return {"files": sorted(files), "links": sorted(interfaces), "addresses": sorted(addresses), "rules": rules(),
                "dnsmasq": len(processes("dnsmasq"))}

    def is_active(self):
        return self.server.out("net-list", "--name") == "net"

    def put(self, active):
        """Starts or stops it, where it isn't so."""
        if self.is_active() != active:
            self.server.virsh("net-start" if active else "net-destroy", "net")
        want = self.whole if active else self.nothing
        wait_for("a good beginning", lambda: self.there() == want)

    def ask(self, net, action, step):
        try:
            if action == "start":
                net.create()
            elif action == "destroy":
                net.destroy()
            else:
                section, text = SECTIONS[action]
                net.update(libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, section, -1, text.format(FIRST + step),
                           libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE | libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG)
        except libvirt.libvirtError:
            pass  # the daemon died

    def kill(self, action, step):
        """Kills the daemon at a step and starts it again; the steps that came."""
        self.put(action != "start")
        net = self.server.connect().networkLookupByName("net")
        asking = threading.Thread(target=self.ask, args=(net, action, step))
        steps = Steps(self.server.process.pid)
        asking.start()
        steps.kill_at(step, lambda: not asking.is_alive() and (action != "destroy" or self.there() == self.nothing))
        asking.join()
        self.server.process.wait()
        self.server.check_log()
        self.server.start()
        return steps.names

    def at_each_step(self, action, *some):
        """Kills it at all steps of an action, among them `some`; and after the last."""
        steps = self.kill(action, ALL)
        self.assertEqual(self.is_active(), action != "destroy")
        self.check(action, ALL)
        for name in some:
            self.assertIn(name, steps)
        for step in range(len(steps)):
            seen = self.kill(action, step)
            with self.subTest(step=step, seen=seen, steps=steps):
                self.check(action, step)

    def check(self, action, step):
        want = self.whole if self.is_active() else self.nothing
        wait_for(f"all or nothing (there is {self.there()})", lambda: self.there() == want, 3)
        if action not in SECTIONS:
            return
        # In the live document, the stored one and what the name server knows, or nowhere.
        self.assertIs(want, self.whole)
        name = f"name{FIRST + step}"
        live, stored = (name in self.server.out("net-dumpxml", "net", *flag) for flag in ((), ("--inactive",)))
        self.assertEqual(live, stored, "live and stored differ")
        wait_for(f"a name server that {'knows' if live else 'forgot'} it", lambda: self.is_known(action, name) == live, 3)

    def is_known(self, action, name):
        return bool(Host().resolve(name, "192.168.60.1", kind=1 if action == "names" else 16))

    def test_start(self):
        self.at_each_step("start", self.firewall, "rename net.status", "rename net.conf", "clone", "clone done")

    def test_destroy(self):
        self.at_each_step("destroy", self.firewall, "rename net.status", "kill", "unlink net.status")

    def test_update_of_names(self):
        self.at_each_step("names", "rename net.status", "rename net.xml", "rename net.addnhosts", "kill")

    def test_update_of_texts(self):
        self.at_each_step("texts", "rename net.status", "rename net.xml", "rename net.conf", "clone")


class Attach(unittest.TestCase):
    """The same while an interface is plugged into a running guest."""

    @classmethod
    def setUpClass(cls):
        cls.server = NetServer("kills-attach").start()
        cls.server.net(network("net", 60))

    @classmethod
    def tearDownClass(cls):
        cls.server.clear()
        cls.server.stop()

    def attach(self, guest):
        try:
            guest.attachDeviceFlags(interface("net", "52:54:00:aa:00:06"), libvirt.VIR_DOMAIN_AFFECT_LIVE)
        except libvirt.libvirtError:
            pass  # the daemon died

    def kill(self, step):
        guest = self.server.connect().createXML(boot_guest("g"), libvirt.VIR_DOMAIN_START_PAUSED)
        asking = threading.Thread(target=self.attach, args=(guest,))
        steps = Steps(self.server.process.pid)
        asking.start()
        steps.kill_at(step, lambda: not asking.is_alive())
        asking.join()
        self.server.process.wait()
        self.server.check_log()
        self.server.start()
        return steps.names

    def there(self):
        """What the documents have of it, the bridge, the network and QEMU."""
        devices = self.server.out("qemu-monitor-command", "g", "--hmp", "info network")
        return (len(self.server.out("domiflist", "g").splitlines()), len(members("virbr60")), len(links("tun")),
                len(self.server.out("net-port-list", "net").split()), devices.count("type=tap"))

    def test_interface(self):
        steps, seen = self.kill(ALL), set()
        for name in ("rename g.status", "qmp getfd", "qmp netdev_add", "qmp device_add"):
            self.assertIn(name, steps)
        for step in range(len(steps) + 1):
            with self.subTest(step=step, steps=steps):
                wait_for(f"all or nothing (there is {self.there()})", lambda: self.there() in ((1,) * 5, (0,) * 5), 3)
                seen.add(self.there())
            self.server.virsh("destroy", "g")
            if step < len(steps):
                self.kill(step)
        self.assertEqual(len(seen), 2)


class Nftables(Kills, unittest.TestCase):
    backend, firewall, other = "nftables", "nftables batch", "iptables-legacy"


class Iptables(Kills, unittest.TestCase):
    backend, firewall, other = "iptables", "iptables replace", "iptables-nft"


if __name__ == "__main__":
    require(IS_VIREO and SUPPORTED, "for vireod on x86_64")
    main()
