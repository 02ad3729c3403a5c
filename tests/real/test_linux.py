#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A Linux guest: its console, the power button, rebooting, a panic."""
import ns; ns.enter()
import unittest

import libvirt
from server import Events, Server, Terminal, boot_guest, linux_guest, main, wait_for


class Linux(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        self.events = Events(self.server)
        self.terminal = None

    def tearDown(self):
        if self.terminal:
            self.terminal.close()
        for name in self.server.out("list", "--all", "--name").split():
            self.server.virsh("destroy", name, check=False)
            self.server.virsh("undefine", name, check=False)
        self.events.close()

    def boot(self, options="", **more):
        self.server.define(linux_guest("linux", options, **more))
        self.terminal = Terminal(self.server, "start", "--console", "linux")
        self.terminal.expect("VIREO-GUEST ready", 60)
        self.terminal.expect("guest# ")
        self.events.take(3)

    def test_console_types_and_reads(self):
        self.boot()
        self.terminal.ask("echo $((6 * 7))-$(uname -s)\n", "42-Linux")
        self.terminal.type("\x1d")
        self.assertEqual(self.terminal.end(), 0)
        again = self.terminal = Terminal(self.server, "console", "linux")
        again.expect("Escape character")
        again.ask("\necho again-$((1 + 1))\n", "again-2")

    def test_sysinfo_is_in_its_smbios_tables(self):
        self.server.define(linux_guest("linux", extra="""<sysinfo type='smbios'><system>
<entry name='product'>Sample, of vireo</entry></system><chassis><entry name='asset'>asset-7</entry></chassis>
<oemStrings><entry>one</entry></oemStrings></sysinfo>""").replace("</os>", "<smbios mode='sysinfo'/></os>"))
        self.terminal = Terminal(self.server, "start", "--console", "linux")
        self.terminal.expect("VIREO-GUEST ready", 60)
        self.terminal.expect("guest# ")
        self.terminal.ask("cat /sys/class/dmi/id/product_name\n", "Sample, of vireo\r\n")
        self.terminal.ask("cat /sys/class/dmi/id/chassis_asset_tag\n", "asset-7\r\n")

    def test_power_button_shuts_it_down(self):
        self.boot()
        self.server.virsh("shutdown", "linux")
        self.terminal.expect("VIREO-GUEST power button")
        self.assertEqual(self.events.take(2), [("shutdown", 1), ("stopped", 0)])
        self.assertEqual(self.server.state("linux", True), "shut off (shutdown)")
        self.terminal.end()
        self.terminal = None

    def test_reboot_through_the_power_button_boots_again(self):
        self.boot()
        pid = self.server.qemu_pid("linux")
        self.server.virsh("reboot", "linux")
        self.terminal.expect("VIREO-GUEST power button")
        self.terminal.expect("VIREO-GUEST ready", 60)
        self.assertEqual(self.server.qemu_pid("linux"), pid)
        self.assertEqual(self.server.state("linux"), "running")

    def test_reset_boots_again(self):
        self.boot()
        self.server.virsh("reset", "linux")
        self.terminal.expect("VIREO-GUEST ready", 60)

    def test_reboot_from_inside(self):
        self.boot()
        self.terminal.type("reboot -f\n")
        self.terminal.expect("VIREO-GUEST ready", 60)
        self.assertEqual(self.server.state("linux", True), "running (booted)")

    def test_reboot_from_inside_with_on_reboot_destroy(self):
        self.boot(extra="<on_reboot>destroy</on_reboot>")
        self.terminal.type("reboot -f\n")
        self.assertEqual(self.events.take(2), [("shutdown", 1), ("stopped", 0)])

    def panic(self, action):
        self.server.define(linux_guest("linux", "then=panic", f"<on_crash>{action}</on_crash>", "<panic model='isa'/>"))
        self.server.virsh("start", "linux")
        self.events.take(3)
        # libvirtd reports, before or after it, that QEMU stopped the processors; vireod doesn't.
        self.assertIn(("crashed", 0), self.events.take(1) + ([] if self.events.last[0] == "crashed" else self.events.take(1)))

    def test_panic_with_on_crash_destroy(self):
        self.panic("destroy")
        self.server.wait_state("linux", "shut off (crashed)")
        self.assertEqual(self.events.take(1), [("stopped", 2)])

    def test_panic_with_on_crash_preserve(self):
        self.panic("preserve")
        self.assertEqual(self.server.state("linux", True), "crashed (panicked)")
        self.assertIsNotNone(self.server.qemu_pid("linux"))

    def test_user_network_gives_an_address(self):
        self.server.define(linux_guest("linux", devices="<interface type='user'><mac address='52:54:00:00:00:07'/>"
                                                        "<model type='virtio'/></interface>"))
        self.terminal = Terminal(self.server, "start", "--console", "linux")
        self.terminal.expect("ip=10.0.2.15", 60)
        self.assertIn("52:54:00:00:00:07", self.server.out("domiflist", "linux"))

    def test_suspended_guest_does_not_run(self):
        self.boot()
        self.server.virsh("suspend", "linux")
        self.terminal.type("echo moved-$((5 + 5))\n")
        self.assertEqual(self.server.state("linux", True), "paused (user)")
        self.server.connect().getLibVersion()
        self.assertNotIn("moved-10", self.terminal.seen)
        self.server.virsh("resume", "linux")
        self.terminal.expect("moved-10")

    def test_stream_of_the_console_through_the_library(self):
        self.server.define(boot_guest("echo", "echo"))
        conn = self.server.connect()
        dom = conn.lookupByName("echo")
        dom.create()
        stream = conn.newStream(0)
        dom.openConsole(None, stream, 0)
        got = b""
        while b"echo\r\n" not in got:
            got += stream.recv(1024)
        stream.send(b"A line for the guest.")
        while b"A line for the guest." not in got:
            got += stream.recv(1024)
        with self.assertRaises(libvirt.libvirtError):
            dom.openConsole(None, conn.newStream(0), 0)
        dom.openConsole(None, conn.newStream(0), libvirt.VIR_DOMAIN_CONSOLE_FORCE)
        with self.assertRaises(libvirt.libvirtError):
            stream.send(b"the forced one took it")
            stream.recv(1024)
            stream.abort()
        dom.destroy()

    def test_console_ends_with_its_guest(self):
        self.boot()
        self.server.virsh("destroy", "linux")
        self.assertEqual(self.terminal.end(), 0)
        self.terminal = None


if __name__ == "__main__":
    main()
