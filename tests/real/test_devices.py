#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices that come and go while a guest runs; its metadata; its graphics by descriptor."""
import ns; ns.enter()
import glob
import os
import re
import socket
import unittest

import libvirt
from server import IS_VIREO, Events, Server, Terminal, boot_guest, linux_guest, main, wait_for

CDROM = "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>"
IFACE = "<interface type='user'><mac address='52:54:00:00:00:21'/><model type='e1000'/></interface>"
VNC = "<graphics type='vnc' port='-1'/>"


class Devices(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.image = f"{cls.server.root}/image.raw"
        with open(cls.image, "wb") as file:
            file.truncate(1 << 20)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        self.events = Events(self.server)
        self.virsh, self.out = self.server.virsh, self.server.out

    def tearDown(self):
        for name in self.out("list", "--all", "--name").split():
            self.virsh("destroy", name, check=False)
            self.virsh("undefine", name, check=False)
        self.events.close()

    def start(self, devices=""):
        self.server.define(boot_guest("a", devices=devices))
        self.virsh("start", "a")

    def disks(self, *flags):
        return dict(line.split(None, 1) for line in self.out("domblklist", "a", *flags).splitlines())

    def test_sockets_of_channels_are_each_domains_own(self):
        names = ("org.qemu.guest_agent.0", "a.monitor")
        channels = "".join(f"<channel type='unix'><source mode='bind'/><target type='virtio' name='{name}'/></channel>"
                           for name in names)
        paths = []
        for guest in ("a", "b"):
            self.server.define(boot_guest(guest, devices=channels))
            self.virsh("start", guest)
            xml = self.out("dumpxml", guest)
            paths += re.findall(r"<source mode='bind' path='([^']*)'/>\s*<target type='virtio'", xml)
        self.assertEqual(len(set(paths)), 4, paths)
        if IS_VIREO:
            self.server.restart()
        self.assertEqual(self.out("list", "--name").split(), ["a", "b"])
        for path in paths:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
        self.virsh("destroy", "a")
        self.assertFalse(os.path.exists(os.path.dirname(paths[0])) if IS_VIREO else os.path.exists(paths[0]))
        self.assertTrue(os.path.exists(paths[2]))

    def test_kinds_that_qemu_does_not_name_are_refused(self):
        self.start(devices=VNC)
        domain = self.events.conn.lookupByName("a")
        audio = ["<audio id='1' type='none'/>"] if IS_VIREO else []  # libvirtd: an XML error
        for xml in [VNC, "<video><model type='virtio'/></video>"] + audio:
            for call in (domain.attachDeviceFlags, domain.detachDeviceFlags, domain.updateDeviceFlags):
                if call == domain.updateDeviceFlags and xml == VNC:
                    continue
                with self.assertRaises(libvirt.libvirtError) as caught:
                    call(xml, libvirt.VIR_DOMAIN_AFFECT_LIVE)
                self.assertEqual((call.__name__, xml, caught.exception.get_error_code()),
                                 (call.__name__, xml, libvirt.VIR_ERR_OPERATION_UNSUPPORTED))
        self.assertTrue(domain.isActive())

    def test_linux_lets_go_of_a_disk(self):
        self.server.define(linux_guest("a"))
        terminal = Terminal(self.server, "start", "--console", "a")
        terminal.expect("VIREO-GUEST ready", 60)
        terminal.expect("guest# ")
        before = self.pci_devices(terminal)
        self.virsh("attach-disk", "a", self.image, "vdb", "--live", "--config")
        self.assertEqual(self.disks("--inactive")["vdb"], self.image)
        self.assertEqual(self.disks()["vdb"], self.image)
        wait_for("the guest to see it", lambda: self.pci_devices(terminal) == before + 1, 30)
        self.virsh("detach-disk", "a", "vdb", "--live", "--config")
        wait_for("the guest to let go of it", lambda: "vdb" not in self.disks(), 30)
        self.assertNotIn("vdb", self.disks("--inactive"))
        # Its back end is gone too: the same image can be plugged in again.
        self.virsh("attach-disk", "a", self.image, "vdc")
        terminal.close()

    def pci_devices(self, terminal):
        terminal.type("echo there-$(ls /sys/bus/pci/devices | wc -l)-are\n")
        terminal.expect("there-$(")  # the echo of what was typed
        terminal.expect("there-")
        return int(terminal.expect("-are"))

    def test_a_disk_that_cannot_be_plugged_in_changes_nothing(self):
        self.start()
        before = self.out("dumpxml", "a", "--inactive"), self.out("dumpxml", "a")
        error = self.server.error("attach-disk", "a", f"{self.server.root}/none.raw", "vdb", "--live", "--config")
        self.assertIn("none.raw", error)
        self.assertEqual((self.out("dumpxml", "a", "--inactive"), self.out("dumpxml", "a")), before)
        error = self.server.error("attach-disk", "a", self.image, "hda", "--config")
        self.assertIn("hda", error)
        self.server.restart()
        self.assertEqual(self.out("dumpxml", "a", "--inactive"), before[0])

    def test_device_that_goes_while_no_daemon_runs(self):
        def disk(target, bus, device="disk"):
            image = f"{self.server.root}/{target}.raw"
            with open(image, "wb") as file:
                file.truncate(1 << 20)
            return f"<disk type='file' device='{device}'><source file='{image}'/><target dev='{target}' bus='{bus}'/></disk>"

        self.start("<controller type='scsi' model='virtio-scsi'/>" + IFACE + IFACE.replace("e1000", "virtio").replace(":21", ":22")
                   + CDROM + disk("fda", "fdc", "floppy") + disk("vda", "virtio") + disk("sda", "scsi") + disk("sdb", "usb")
                   + disk("sdc", "sata"))
        before = self.out("dumpxml", "a")
        self.server.restart()
        self.assertEqual(self.out("dumpxml", "a"), before)
        self.server.kill()
        with socket.socket(socket.AF_UNIX) as monitor, monitor.makefile("rw") as lines:
            monitor.connect(glob.glob(f"{self.server.root}/**/a.monitor", recursive=True)[0])
            for command in ('{"execute": "qmp_capabilities"}',
                            '{"execute": "device_del", "arguments": {"id": "scsi0-0-0-0"}}'):
                lines.write(command)
                lines.flush()
            for line in lines:
                if "DEVICE_DELETED" in line:
                    break
        self.server.start()
        wait_for("the daemon to see it", lambda: "sda" not in self.disks())
        after = self.out("dumpxml", "a")
        self.assertEqual(after.count("<disk "), before.count("<disk ") - 1)
        self.assertEqual(after.count("<interface "), 2)
        # Its back end is gone, too.
        self.assertNotIn("scsi0-0-0-0", self.out("qemu-monitor-command", "a", '{"execute": "query-named-block-nodes"}'))
        self.virsh("attach-device", "a", self.server.write(disk("sda", "scsi")), "--live")
        self.assertEqual(self.out("dumpxml", "a").count("<disk "), before.count("<disk "))

    def test_media_come_and_go(self):
        self.start(CDROM)
        self.virsh("change-media", "a", "hdc", self.image, "--insert", "--live", "--config")
        self.assertEqual(self.disks()["hdc"], self.image)
        self.assertEqual(self.disks("--inactive")["hdc"], self.image)
        self.virsh("change-media", "a", "hdc", "--eject", "--live")
        self.assertEqual(self.disks()["hdc"], "-")

    def test_link_of_an_interface(self):
        self.start(IFACE)
        self.virsh("domif-setlink", "a", "52:54:00:00:00:21", "down")
        self.assertIn("down", self.out("domif-getlink", "a", "52:54:00:00:00:21"))
        self.virsh("domif-setlink", "a", "52:54:00:00:00:21", "up")
        self.assertIn("up", self.out("domif-getlink", "a", "52:54:00:00:00:21"))

    def test_interface_is_plugged_in(self):
        self.start()
        path = self.server.write(IFACE.replace("e1000", "virtio"), "interface.xml")
        self.virsh("attach-device", "a", path, "--live", "--config")
        self.assertIn("52:54:00:00:00:21", self.out("domiflist", "a"))
        self.assertIn("52:54:00:00:00:21", self.out("domiflist", "a", "--inactive"))
        self.assertIn("52:54:00:00:00:21", self.out("qemu-monitor-command", "a", "--hmp", "info network"))
        self.virsh("detach-device", "a", path, "--config")
        self.assertNotIn("52:54:00:00:00:21", self.out("domiflist", "a", "--inactive"))

    def test_an_interface_gets_one_address_for_both(self):
        self.start()
        path = self.server.write("<interface type='user'><model type='virtio'/></interface>", "interface.xml")
        self.virsh("attach-device", "a", path, "--live", "--config")
        live, stored = self.out("domiflist", "a").split()[-1], self.out("domiflist", "a", "--inactive").split()[-1]
        self.assertRegex(live, "^52:54:00:")
        self.assertEqual(live, stored)

    def test_description_title_and_metadata(self):
        self.start()
        self.virsh("desc", "a", "--live", "--config", "--new-desc", "what it is for")
        self.virsh("desc", "a", "--title", "--config", "--new-desc", "its title")
        self.assertEqual(self.out("desc", "a"), "what it is for")
        self.assertEqual(self.out("desc", "a", "--title", "--config"), "its title")
        self.virsh("metadata", "a", "--uri", "http://x.example/", "--key", "k", "--set", "<a b='1'/>", "--config")
        self.assertIn('b="1"', self.out("metadata", "a", "--uri", "http://x.example/", "--config"))
        self.assertIn("<k:a", self.out("dumpxml", "a", "--inactive"))
        self.server.error("metadata", "a", "--uri", "http://x.example/", "--live")
        self.virsh("metadata", "a", "--uri", "http://x.example/", "--remove", "--config")
        conn = self.server.connect()
        with self.assertRaises(libvirt.libvirtError) as caught:
            conn.lookupByName("a").metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, "http://x.example/",
                                            libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        self.assertEqual(caught.exception.get_error_code(), libvirt.VIR_ERR_NO_DOMAIN_METADATA)
        conn.close()

    def test_uefi_keeps_its_variables(self):
        text = boot_guest("a").replace("<os>", "<os firmware='efi'>").replace("machine='pc'", "machine='q35'") \
            .replace("bus='ide'", "bus='sata'").replace("<boot dev='hd'/>", "").replace(">32<", ">256<")
        if not os.path.isdir("/usr/share/qemu/firmware"):
            raise unittest.SkipTest("no UEFI firmware here (package ovmf)")
        self.server.define(text)
        nvram = self.out("dumpxml", "a").split("<nvram>")[1].split("<")[0]
        self.virsh("start", "a")
        with open(nvram, "rb") as file:
            template = file.read()
        # The firmware runs, and writes what it found.
        wait_for("the firmware to write its variables", lambda: open(nvram, "rb").read() != template, 60)
        self.virsh("destroy", "a")
        self.assertIn("nvram", self.server.error("undefine", "a"))
        self.virsh("start", "a")
        self.virsh("destroy", "a")
        self.assertNotEqual(open(nvram, "rb").read(), template)
        if IS_VIREO:  # a path that a document names may be anything
            kept = f"{self.server.root}/precious"
            with open(kept, "w") as file:
                file.write("not UEFI variables" * 10)
            self.server.define(self.out("dumpxml", "a", "--inactive").replace(f">{nvram}<", f">{kept}<"))
            self.assertIn("not a regular file with UEFI variables", self.server.error("undefine", "a", "--nvram"))
            os.symlink(nvram, f"{kept}-link")
            self.server.define(self.out("dumpxml", "a", "--inactive").replace(f">{kept}<", f">{kept}-link<"))
            self.assertIn("not a regular file", self.server.error("undefine", "a", "--nvram"))
            self.assertTrue(os.path.exists(kept) and os.path.exists(nvram))
            self.server.define(self.out("dumpxml", "a", "--inactive").replace(f">{kept}-link<", f">{nvram}<"))
        self.virsh("undefine", "a", "--nvram")
        self.assertFalse(os.path.exists(nvram))

    def test_a_named_loader_gets_the_variables_that_belong_to_it(self):
        loader = "/usr/share/OVMF/OVMF_CODE_4M.fd"
        if not os.path.exists(loader):
            raise unittest.SkipTest("no UEFI firmware here (package ovmf)")
        flash = f"<loader readonly='yes' type='pflash'>{loader}</loader><boot dev='hd'/>"
        self.server.define(boot_guest("a").replace("<boot dev='hd'/>", flash))
        nvram = self.out("dumpxml", "a").split("<nvram>")[1].split("<")[0]
        self.virsh("start", "a", "--paused")
        with open(nvram, "rb") as made, open(loader.replace("CODE", "VARS"), "rb") as template:
            self.assertEqual(made.read(), template.read())
        self.virsh("destroy", "a")
        os.unlink(nvram)
        self.server.define(self.out("dumpxml", "a").replace(loader, "/bin/true"))
        self.assertIn("Unable to find any master var store for loader: /bin/true", self.server.error("start", "a"))
        self.virsh("undefine", "a", "--nvram")

    def test_kvm_starts_pauses_and_ends(self):
        if not os.access("/dev/kvm", os.R_OK | os.W_OK):
            raise unittest.SkipTest("/dev/kvm does not open here")
        self.server.define(boot_guest("a").replace("<domain type='qemu'>", "<domain type='kvm'>"))
        self.virsh("start", "a")
        self.assertIn('"enabled":true', self.out("qemu-monitor-command", "a", '{"execute":"query-kvm"}'))
        self.virsh("suspend", "a")
        self.assertEqual(self.server.state("a", True), "paused (user)")
        self.virsh("resume", "a")
        self.virsh("destroy", "a")
        self.assertEqual(self.server.state("a", True), "shut off (destroyed)")

    def test_graphics_by_descriptor(self):
        self.start(VNC)
        conn = self.server.connect()
        fd = conn.lookupByName("a").openGraphicsFD(0)
        self.assertEqual(os.read(fd, 12), b"RFB 003.008\n")
        os.close(fd)
        with self.assertRaises(libvirt.libvirtError):
            conn.lookupByName("a").openGraphicsFD(7)
        conn.close()


if __name__ == "__main__":
    main()
