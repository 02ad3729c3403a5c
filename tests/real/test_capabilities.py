#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What vireod and the programs it starts may do: exactly what vireod(8) lists, as far as this system permits it."""
import ns; ns.enter()
import os
import re
import shutil
import unittest

from net import NetServer, network, processes
from ns import WORK
from server import IS_VIREO, SOURCE, boot_guest, main, require

NUMBERS = {"chown": 0, "dac_override": 1, "fowner": 3, "kill": 5, "setgid": 6, "setuid": 7, "setpcap": 8, "net_bind_service": 10,
           "net_admin": 12, "net_raw": 13, "sys_admin": 21, "sys_resource": 24, "mknod": 27}


def documented():
    """Program as vireod(8) names it -> the sets it lists for it, as text."""
    with open(f"{SOURCE}/packaging/man/vireod.8") as file:
        section = re.search(r"\.SH CAPABILITIES\n(.*?)\.SH", file.read(), re.DOTALL)[1]
    return {name.replace("\\", ""): sets.split(";") for name, sets in re.findall(r"\.TP\n\.B (.*)\n(.*)\n", section)}


def mask(text):
    return sum(1 << NUMBERS[name] for name in re.findall(r"[a-z_]+", text.split(":")[-1]) if name != "none")


def sets(status):
    """/proc/PID/status as {"Eff": bits, ...}."""
    return {name: int(bits, 16) for name, bits in re.findall(r"^Cap(\w+):\t(\w+)$", status, re.MULTILINE)}


def read_status(pid):
    with open(f"/proc/{pid}/status") as file:
        return file.read()


PERMITTED = sets(read_status("self"))["Prm"]


class Capabilities(unittest.TestCase):
    maxDiff = None

    def check(self, status, wanted_set, bounding=None):
        there, wanted = sets(status), mask(wanted_set) & PERMITTED
        self.assertEqual({name: f"{bits:x}" for name, bits in there.items()},
                         {"Inh": "0", "Prm": f"{wanted:x}", "Eff": f"{wanted:x}", "Amb": "0",
                          "Bnd": f"{mask(bounding or wanted_set) & PERMITTED:x}"})

    def test_exactly_the_documented_sets(self):
        tools, sets_of = f"{WORK}/tools", documented()
        os.makedirs(tools, exist_ok=True)
        for name in ("qemu-img", "tc"):
            self.wrap(f"{tools}/{name}", shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin"))
        server = NetServer("caps", settings="")
        os.environ["PATH"] = f"{tools}:{os.environ['PATH']}"
        os.makedirs(f"{server.root}/etc/vireo/hooks", exist_ok=True)
        self.wrap(f"{server.root}/etc/vireo/hooks/qemu", "/bin/true", f"{tools}/hook")
        with open(f"{server.root}/etc/vireo/vireod.conf", "w") as file:
            file.write('qemu_user = "libvirt-qemu"\nqemu_group = "libvirt-qemu"\n')
        self.addCleanup(server.stop)
        server.start()
        self.check(read_status(server.process.pid), sets_of["vireod, hooks and scripts of interfaces"][0])

        server.net(network("net", 60, more="<bandwidth><inbound average='1000'/></bandwidth>"))
        pid, = processes("dnsmasq")
        first, then, ipv6 = sets_of["dnsmasq"]
        self.check(read_status(pid), then, bounding=first)
        self.assertIn("NoNewPrivs:\t1", read_status(pid))
        server.virsh("net-destroy", "net")
        server.net(network("six", 61, ip6="<ip family='ipv6' address='fd00:61::1' prefix='64'/>"))
        pid, = processes("dnsmasq")
        self.check(read_status(pid), then + ipv6.split(":")[1], bounding=first)
        self.check_recorded(f"{tools}/tc", sets_of["tc, resolvectl"][0])

        server.define(boot_guest("g"))
        server.virsh("start", "g")
        status = read_status(server.qemu_pid("g"))
        self.check(status, sets_of["QEMU"][0])
        self.assertIn("NoNewPrivs:\t1", status)
        self.check_recorded(f"{tools}/hook", sets_of["vireod, hooks and scripts of interfaces"][0], new_privileges=True)

        os.makedirs(f"{server.root}/pool")
        server.virsh("pool-create-as", "pool", "dir", "--target", f"{server.root}/pool")
        server.virsh("vol-create-as", "pool", "v.qcow2", "1M", "--format", "qcow2")
        self.check_recorded(f"{tools}/qemu-img", sets_of["qemu-img"][0])

    def wrap(self, path, program, record=None):
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\ncat /proc/self/status >{record or path}.status\nexec {program} \"$@\"\n")
        os.chmod(path, 0o755)

    def check_recorded(self, path, wanted_set, new_privileges=False):
        with open(f"{path}.status") as file:
            status = file.read()
        self.check(status, wanted_set)
        self.assertIn(f"NoNewPrivs:\t{0 if new_privileges else 1}", status)


if __name__ == "__main__":
    require(IS_VIREO and os.geteuid() == 0, "only root has capabilities, and only vireod drops them")
    main()
