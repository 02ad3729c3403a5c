#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What vireod and the programs it starts may do: exactly what vireod(8) lists, as far as this system permits it."""
import ns; ns.enter()
import os
import shutil
import unittest

from capsets import documented, of_status, read_status, wanted, wrap
from net import NetServer, network, processes
from ns import WORK
from server import IS_VIREO, boot_guest, main, require


class Capabilities(unittest.TestCase):
    maxDiff = None

    def check(self, status, names, bounding=None):
        self.assertEqual(of_status(status), wanted(names, bounding))

    def test_exactly_the_documented_sets(self):
        tools, sets_of = f"{WORK}/tools", documented()
        os.makedirs(tools, exist_ok=True)
        for name in ("qemu-img", "tc"):
            wrap(f"{tools}/{name}", shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin"), f"{tools}/{name}.status")
        server = NetServer("caps", settings="")
        os.environ["PATH"] = f"{tools}:{os.environ['PATH']}"
        os.makedirs(f"{server.root}/etc/vireo/hooks", exist_ok=True)
        wrap(f"{server.root}/etc/vireo/hooks/qemu", "/bin/true", f"{tools}/hook.status")
        with open(f"{server.root}/etc/vireo/vireod.conf", "w") as file:
            file.write('qemu_user = "libvirt-qemu"\nqemu_group = "libvirt-qemu"\n')
        self.addCleanup(server.stop)
        server.start()
        self.check(read_status(server.process.pid), sets_of["vireod"][0])

        server.net(network("net", 60, more="<bandwidth><inbound average='1000'/></bandwidth>"))
        pid, = processes("dnsmasq")
        first, then, ipv6 = sets_of["dnsmasq"]
        self.check(read_status(pid), then, bounding=first)
        self.assertIn("NoNewPrivs:\t1", read_status(pid))
        server.virsh("net-destroy", "net")
        server.net(network("six", 61, ip6="<ip family='ipv6' address='fd00:61::1' prefix='64'/>"))
        pid, = processes("dnsmasq")
        self.check(read_status(pid), then + ipv6.split(":")[1], bounding=first)
        self.check_recorded(f"{tools}/tc", sets_of["tc"][0])

        server.define(boot_guest("g"))
        server.virsh("start", "g")
        status = read_status(server.qemu_pid("g"))
        self.check(status, sets_of["QEMU"][0])
        self.assertIn("NoNewPrivs:\t1", status)
        self.check_recorded(f"{tools}/hook", sets_of["vireod"][0], new_privileges=True)

        os.makedirs(f"{server.root}/pool")
        server.virsh("pool-create-as", "pool", "dir", "--target", f"{server.root}/pool")
        server.virsh("vol-create-as", "pool", "v.qcow2", "1M", "--format", "qcow2")
        self.check_recorded(f"{tools}/qemu-img", sets_of["qemu-img"][0])

    def check_recorded(self, path, names, new_privileges=False):
        with open(f"{path}.status") as file:
            status = file.read()
        self.check(status, names)
        self.assertIn(f"NoNewPrivs:\t{0 if new_privileges else 1}", status)


if __name__ == "__main__":
    require(IS_VIREO and os.geteuid() == 0, "only root has capabilities, and only vireod drops them")
    main()
