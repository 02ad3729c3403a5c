#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients other than virsh: virt-install, and the calls that virt-manager makes."""
import ns; ns.enter()
import os
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as xml

import libvirt
from server import GUESTS, IS_VIREO, Events, Server, boot_guest, main, require

require(shutil.which("virt-install"), "no virt-install")


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def tearDown(self):
        for name in self.server.out("list", "--all", "--name").split():
            self.server.virsh("destroy", name, check=False)
            self.server.virsh("undefine", name, check=False)

    def virt_install(self, *args):
        done = subprocess.run(["virt-install", "--connect", self.server.uri, "--virt-type", "qemu", "--memory", "64",
                               "--osinfo", "generic", "--network", "none", "--graphics", "none", *args],
                              capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_virt_install_without_a_disk(self):
        self.virt_install("--name", "pxe", "--disk", "none", "--pxe", "--noautoconsole", "--wait", "0")
        self.assertEqual(self.server.state("pxe"), "running")
        self.assertEqual(self.server.out("list", "--persistent", "--name"), "pxe")
        self.assertIsNotNone(self.server.qemu_pid("pxe"))

    def test_virt_install_prints_a_document_that_defines(self):
        text = self.virt_install("--name", "printed", "--disk", "none", "--import", "--boot", f"kernel={GUESTS}/vmlinuz",
                                 "--print-xml")
        self.assertEqual(xml.fromstring(text).findtext("name"), "printed")
        self.server.define(text)

    def test_virt_install_imports_a_kernel(self):
        self.virt_install("--name", "direct", "--disk", "none", "--import", "--noautoconsole", "--boot",
                          f"kernel={GUESTS}/vmlinuz,initrd={GUESTS}/initrd.gz,kernel_args=console=ttyS0")
        self.assertEqual(self.server.state("direct"), "running")

    def test_what_virt_manager_asks_before_it_shows_anything(self):
        self.server.define(boot_guest("a"))
        conn = self.server.connect()
        self.assertGreater(conn.getVersion(), 7000000)
        xml.fromstring(conn.getCapabilities())
        self.assertEqual([dom.name() for dom in conn.listAllDomains(0)], ["a"])
        self.assertEqual(len(conn.getInfo()), 8)
        dom = conn.lookupByUUIDString(conn.lookupByName("a").UUIDString())
        self.assertEqual(dom.state()[0], libvirt.VIR_DOMAIN_SHUTOFF)
        for flags in (0, libvirt.VIR_DOMAIN_XML_SECURE, libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE):
            xml.fromstring(dom.XMLDesc(flags))
        xml.fromstring(conn.getDomainCapabilities(None, "x86_64", "pc", "qemu", 0))
        for ask in (conn.listAllStoragePools, conn.listAllNetworks, conn.listAllDevices, conn.listNetworks,
                    dom.hasManagedSaveImage, dom.listAllSnapshots, lambda: conn.getAllDomainStats(0x0b)):
            try:
                ask()
            except libvirt.libvirtError as error:
                # virt-manager goes on without a page only when the call fails with one of these codes.
                self.assertIn(error.get_error_code(), (libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_RPC), str(error))

    def test_event_kinds_that_virt_manager_registers(self):
        events = Events(self.server)
        for kind in (libvirt.VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, libvirt.VIR_DOMAIN_EVENT_ID_TRAY_CHANGE,
                     libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
                     libvirt.VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE):
            events.conn.domainEventDeregisterAny(events.conn.domainEventRegisterAny(None, kind, lambda *_: None, None))
        events.close()


if __name__ == "__main__":
    main()
