#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's virt-manager on a screen of its own: what its windows show of us, and what their buttons do."""
import ns; ns.enter()
import os
import shutil
import subprocess
import unittest

from server import HERE, IS_VIREO, Server, boot_guest, main, require

DEFAULT = """<network><name>default</name><forward mode='nat'/><bridge name='virbr0'/><ip address='192.168.122.1' netmask='255.255.255.0'>
<dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>"""
SCREEN = """<graphics type='vnc' port='-1'/><video><model type='vga'/></video>
<interface type='network'><source network='default'/></interface>"""


class VirtManager(unittest.TestCase):
    def setUp(self):
        for program in ("virt-manager", "Xvfb", "dbus-daemon"):
            require(shutil.which(program), f"no {program} here")
        require(os.path.exists("/dev/net/tun"), "no /dev/net/tun here")
        self.server = Server(mode="system").start()
        self.addCleanup(self.server.stop)

    def start(self, argv, ready, **more):
        """Starts a program, which says on the descriptor `ready` that it is there; what it says."""
        process = subprocess.Popen(argv, stderr=subprocess.DEVNULL, **more)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        with os.fdopen(ready) as file:
            return file.readline().strip()

    def test_its_windows(self):
        # Only the names of its own network namespace, so that nothing is left in /tmp.
        there, ready = os.pipe()
        display = self.start(["Xvfb", "-displayfd", str(ready), "-nolock", "-nolisten", "tcp", "-nolisten", "unix"],
                             there, pass_fds=[ready])
        os.close(ready)
        there, ready = os.pipe()
        bus = self.start(["dbus-daemon", "--session", "--nofork", f"--address=unix:path={self.server.root}/bus",
                          f"--print-address={ready}"], there, pass_fds=[ready])
        os.close(ready)
        if not IS_VIREO:  # its package brings that, for the host
            self.server.virsh("net-define", self.server.write(DEFAULT, "default.xml"))
        self.server.define(boot_guest("a", devices=SCREEN))
        os.mkdir(f"{self.server.root}/pool")
        self.server.virsh("pool-create-as", "p", "dir", "--target", f"{self.server.root}/pool")
        env = dict(os.environ, DISPLAY=f":{display}", DBUS_SESSION_BUS_ADDRESS=bus, GSETTINGS_BACKEND="memory",
                   NO_AT_BRIDGE="1")
        done = subprocess.run(["/usr/bin/python3", f"{HERE}/virt_manager_user.py", self.server.uri], env=env,
                              capture_output=True, text=True, timeout=240)
        said = f"{done.stdout}\n{done.stderr[-4000:]}"
        self.assertEqual([line[5:] for line in done.stdout.splitlines() if line.startswith("did: ")],
                         ["connect", "networks", "storage", "guest", "wizard", "delete"], said)
        self.assertEqual(done.returncode, 0, said)
        self.assertEqual(self.server.out("net-list", "--all", "--name").split(), ["default", "lab"])
        self.assertEqual(self.server.out("vol-list", "p").split(), ["data.qcow2", f"{self.server.root}/pool/data.qcow2"])
        self.assertEqual(self.server.out("list", "--all", "--name").split(), ["a"])


if __name__ == "__main__":
    main()
