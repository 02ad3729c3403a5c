#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents that users write: each defines, dumps, defines again unchanged, and starts."""
import ns; ns.enter()
import os
import subprocess
import unittest
import xml.etree.ElementTree as xml

from server import GUESTS, IS_VIREO, QEMU, Server, main

KVM = os.access("/dev/kvm", os.R_OK | os.W_OK)


def document(name, inner, devices, kind="qemu", emulator=QEMU):
    return f"""<domain type='{kind}'><name>{name}</name>{inner}<devices><emulator>{emulator}</emulator>{devices}
</devices></domain>"""


def disk(dev="hda", bus="ide", device="disk", image="halt.img", more=""):
    return (f"<disk type='file' device='{device}'><source file='/run/t/{image}'/><target dev='{dev}' bus='{bus}'/>{more}</disk>")


VNC = "<graphics type='vnc' port='-1'/>"

DOCUMENTS = {
    "kvm": document("kvm", """<uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1809</uuid><memory>131072</memory><vcpu>1</vcpu>
        <os><type>hvm</type></os><clock sync='localtime'/>""",
                    disk() + "<interface type='user'><mac address='24:42:53:21:52:45'/></interface>" + VNC, kind="kvm"),
    "i686": document("i686", """<uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1810</uuid><memory>219200</memory>
        <currentMemory>219200</currentMemory><vcpu>2</vcpu><os><type arch='i686' machine='pc'>hvm</type><boot dev='cdrom'/></os>""",
                     disk("hdc", device="cdrom", image="boot.iso", more="<readonly/>") + disk() + VNC,
                     emulator="/usr/bin/qemu-system-i386"),
    "cdrom": document("cdrom", """<memory>131072</memory><vcpu>1</vcpu><os><type>hvm</type><boot dev='hd'/><boot dev='cdrom'/></os>""",
                      disk() + disk("hdc", device="cdrom", image="boot.iso", more="<readonly/>") + VNC),
    "pxe": document("pxe", """<memory>131072</memory><vcpu>1</vcpu><os><type>hvm</type><boot dev='hd'/><boot dev='network'/></os>""",
                    disk() + "<interface type='user'/>" + VNC),
    "kernel": document("kernel", f"""<memory>131072</memory><vcpu>1</vcpu><os><type>hvm</type><kernel>{GUESTS}/vmlinuz</kernel>
        <initrd>{GUESTS}/initrd.gz</initrd><cmdline>console=ttyS0 quiet</cmdline></os><on_reboot>destroy</on_reboot>""",
                       "<serial type='pty'/>"),
    "actions": document("actions", """<memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os>
        <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>restart</on_crash>""", disk()),
    "floppy": document("floppy", """<memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type><boot dev='fd'/></os>""",
                       disk("fda", "fdc", "floppy")),
    "console-file": document("console-file", """<memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os>""",
                             disk("vda", "virtio") + "<serial type='file'><source path='/run/t/serial.log'/></serial>"),
}


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name in ("halt.img", "boot.iso"):
            subprocess.run(["cp", f"{GUESTS}/halt.img", f"/run/t/{name}"], check=True)
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def one(self, name):
        server = self.server
        server.define(DOCUMENTS[name])
        try:
            text = server.out("dumpxml", "--inactive", name)
            server.virsh("undefine", name)
            server.define(text)
            self.assertEqual(server.out("dumpxml", "--inactive", name), text, "what was dumped comes back unchanged")
            if xml.fromstring(text).get("type") == "kvm" and not KVM:
                self.skipTest("defined and dumped; /dev/kvm is not there to start it")
            server.virsh("start", name)
            self.assertEqual(server.state(name), "running")
            live = xml.fromstring(server.out("dumpxml", name))
            self.assertGreater(int(live.get("id")), 0)
            self.assertEqual(server.out("dumpxml", "--inactive", name), text)
            return xml.fromstring(text)
        finally:
            server.virsh("destroy", name, check=False)
            server.virsh("undefine", name, check=False)

    def test_kvm(self):
        root = self.one("kvm")
        # The old spelling of offset: libvirt 9.0 drops it in silence (docs/differences.md).
        self.assertEqual(root.find("clock").get("offset"), "localtime" if IS_VIREO else "utc")
        self.assertEqual(root.find("devices/interface/mac").get("address"), "24:42:53:21:52:45")

    def test_i686(self):
        if not os.path.exists("/usr/bin/qemu-system-i386"):
            self.skipTest("no qemu-system-i386")
        root = self.one("i686")
        self.assertEqual(root.find("os/type").get("arch"), "i686")
        self.assertEqual(root.findtext("vcpu"), "2")
        self.assertIsNotNone(root.find("devices/disk[@device='cdrom']/readonly"))

    def test_cdrom(self):
        self.assertEqual([boot.get("dev") for boot in self.one("cdrom").findall("os/boot")], ["hd", "cdrom"])

    def test_pxe(self):
        self.assertEqual([boot.get("dev") for boot in self.one("pxe").findall("os/boot")], ["hd", "network"])

    def test_kernel(self):
        root = self.one("kernel")
        self.assertEqual(root.findtext("os/cmdline"), "console=ttyS0 quiet")
        self.assertEqual(root.findtext("on_reboot"), "destroy")

    def test_actions(self):
        root = self.one("actions")
        self.assertEqual([root.findtext(f"on_{what}") for what in ("poweroff", "reboot", "crash")],
                         ["destroy", "restart", "restart"])

    def test_floppy(self):
        self.assertEqual(self.one("floppy").find("devices/disk").get("device"), "floppy")

    def test_console_file(self):
        self.one("console-file")
        with open("/run/t/serial.log") as file:
            self.assertIn(file.read().strip(), ("halt", ""))


if __name__ == "__main__":
    main()
