#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A domain's lifecycle through virsh: documents, lists, states with their reasons, and the events of each step."""
import ns; ns.enter()
import os
import signal
import unittest
import xml.etree.ElementTree as xml

import libvirt
from server import IS_VIREO, Events, Server, boot_guest, main, wait_for

ADDED, UPDATED = 0, 1                       # of defined
GUEST, HOST = 1, 2                          # of shutdown
SHUTDOWN, DESTROYED, CRASHED, FAILED = 0, 1, 2, 5  # of stopped
BOOTED = [("resumed", 0), ("started", 0)]   # libvirt's order: the processors run before the event of the start


class Lifecycle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        self.events = Events(self.server)

    def tearDown(self):
        for name in self.server.out("list", "--all", "--name").split():
            self.server.virsh("destroy", name, check=False)
            self.server.virsh("undefine", name, check=False)
        self.events.close()

    def virsh(self, *args, **more):
        return self.server.out(*args, **more)

    def expect(self, *events):
        self.assertEqual(self.events.take(len(events)), list(events))
        self.events.quiet()

    def test_cpuset(self):
        """Every thread of QEMU stays on the CPUs that <vcpu cpuset=> names."""
        self.server.define(boot_guest("a").replace("<vcpu>", "<vcpu cpuset='0-1,^1'>"))
        self.assertIn("cpuset='0'", self.server.out("dumpxml", "a"))
        self.server.virsh("start", "a")
        pid = self.server.qemu_pid("a")
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/status") as file:
                self.assertIn("Cpus_allowed_list:\t0\n", file.read())

    def test_cpuset_of_another_host(self):
        self.server.define(boot_guest("a").replace("<vcpu>", "<vcpu cpuset='900'>"))
        self.assertRegex(self.server.error("start", "a"), "no CPU 900|Invalid argument")

    def test_define_update_undefine(self):
        self.server.define(boot_guest("a"))
        self.expect(("defined", ADDED))
        text = self.virsh("dumpxml", "a")
        self.assertEqual(text, self.virsh("dumpxml", "a"), "virsh edit compares two dumps byte for byte")
        self.server.define(text.replace("<vcpu placement='static'>1<", "<vcpu placement='static'>2<"))
        self.expect(("defined", UPDATED))
        self.assertEqual(xml.fromstring(self.virsh("dumpxml", "a")).findtext("vcpu"), "2")
        self.assertEqual(self.server.state("a"), "shut off")
        self.virsh("undefine", "a")
        self.expect(("undefined", 0))
        self.assertIn("failed to get domain 'a'", self.server.error("dominfo", "a"))

    def test_dump_keeps_what_was_written(self):
        self.server.define(boot_guest("a", uuid="8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0001",
                                      extra="<title>A title</title><description>&lt;b&gt;</description>"))
        root = xml.fromstring(self.virsh("dumpxml", "a"))
        self.assertEqual(root.findtext("uuid"), "8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0001")
        self.assertEqual(root.findtext("title"), "A title")
        self.assertEqual(root.findtext("description"), "<b>")
        self.assertEqual(root.find("memory").text, str(32 * 1024))
        self.assertEqual(root.find("devices/disk/target").get("dev"), "hda")
        self.assertEqual(self.virsh("domid", "a"), "-")
        self.assertEqual(self.virsh("domuuid", "a"), "8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0001")
        self.assertEqual(self.virsh("domname", "8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0001"), "a")

    def test_edit_replaces_the_document(self):
        self.server.define(boot_guest("a"))
        os.environ["VISUAL"] = os.environ["EDITOR"] = "sed -i s/32768/65536/"
        try:
            self.virsh("edit", "a")
        finally:
            del os.environ["VISUAL"], os.environ["EDITOR"]
        self.assertEqual(xml.fromstring(self.virsh("dumpxml", "a")).findtext("memory"), "65536")

    def test_start_suspend_resume_destroy(self):
        self.server.define(boot_guest("a"))
        self.events.take(1)
        self.virsh("start", "a")
        self.expect(*BOOTED)
        self.assertEqual(self.server.state("a", True), "running (booted)")
        self.assertIn("already active", self.server.error("start", "a"))
        self.virsh("suspend", "a")
        self.expect(("suspended", 0))
        self.assertEqual(self.server.state("a", True), "paused (user)")
        self.virsh("resume", "a")
        self.expect(("resumed", 0))
        self.assertEqual(self.server.state("a", True), "running (unpaused)")
        self.virsh("destroy", "a")
        self.assertTrue(self.events.take_stop(DESTROYED), self.events.last)
        self.events.quiet()
        self.assertEqual(self.server.state("a", True), "shut off (destroyed)")
        self.assertIsNone(self.server.qemu_pid("a"))
        self.assertIn("domain is not running", self.server.error("destroy", "a"))
        self.assertIn("domain is not running", self.server.error("suspend", "a"))

    def test_start_paused(self):
        self.server.define(boot_guest("a"))
        self.events.take(1)
        self.virsh("start", "--paused", "a")
        self.expect(("started", 0), ("suspended", 0))
        self.assertEqual(self.server.state("a", True), "paused (user)")
        self.virsh("resume", "a")
        self.expect(("resumed", 0))

    def test_transient_runs_and_vanishes(self):
        self.virsh("create", self.server.write(boot_guest("t")))
        self.expect(*BOOTED)
        self.assertEqual(self.virsh("list", "--transient", "--name"), "t")
        self.assertIn("Persistent:     no", self.virsh("dominfo", "t"))
        self.assertIn("transient", self.server.error("autostart", "t"))
        self.virsh("destroy", "t")
        self.assertTrue(self.events.take_stop(DESTROYED), self.events.last)
        self.events.quiet()
        self.assertEqual(self.virsh("list", "--all", "--name"), "")

    def test_defining_a_running_transient_guest_makes_it_persistent(self):
        path = self.server.write(boot_guest("t", uuid="8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0002"))
        self.virsh("create", path)
        self.virsh("define", path)
        self.expect(*BOOTED, ("defined", ADDED))
        self.assertEqual(self.server.connect().lookupByName("t").isPersistent(), 1)
        self.virsh("destroy", "t")
        self.assertEqual(self.virsh("list", "--inactive", "--name"), "t")

    def test_undefining_a_running_guest_makes_it_transient(self):
        self.server.define(boot_guest("a"))
        self.virsh("start", "a")
        self.virsh("undefine", "a")
        self.assertEqual(self.virsh("list", "--transient", "--name"), "a")
        self.virsh("destroy", "a")
        self.assertEqual(self.virsh("list", "--all", "--name"), "")

    def test_name_in_use_with_another_uuid_is_refused(self):
        self.server.define(boot_guest("a", uuid="8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0003"))
        other = self.server.write(boot_guest("a", uuid="8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0004"))
        with self.assertRaises(libvirt.libvirtError) as caught:
            with open(other) as file:
                self.server.connect().defineXML(file.read())
        self.assertEqual(caught.exception.get_error_code(), libvirt.VIR_ERR_OPERATION_FAILED)
        self.assertIn("domain 'a' already exists with uuid", str(caught.exception))

    def test_lists_and_their_filters(self):
        for name in ("on", "off", "paused"):
            self.server.define(boot_guest(name))
        self.virsh("start", "on")
        self.virsh("start", "--paused", "paused")
        self.virsh("autostart", "off")
        self.virsh("create", self.server.write(boot_guest("transient")))
        for filters, names in {
                (): {"on", "paused", "transient"}, ("--all",): {"on", "off", "paused", "transient"},
                ("--inactive",): {"off"}, ("--state-running",): {"on", "transient"}, ("--state-paused",): {"paused"},
                ("--state-shutoff", "--all"): {"off"}, ("--transient",): {"transient"},
                ("--persistent",): {"on", "paused"}, ("--persistent", "--all"): {"on", "off", "paused"},
                ("--autostart", "--all"): {"off"}, ("--no-autostart", "--all"): {"on", "paused", "transient"},
                ("--with-managed-save", "--all"): set(), ("--without-snapshot", "--all"): {"on", "off", "paused", "transient"},
        }.items():
            with self.subTest(filters=filters):
                self.assertEqual(set(self.virsh("list", "--name", *filters).split()), names)

    def test_old_list_calls(self):
        self.server.define(boot_guest("off"))
        self.server.define(boot_guest("on"))
        self.virsh("start", "on")
        conn = self.server.connect()
        self.assertEqual(conn.numOfDomains(), 1)
        self.assertEqual(conn.numOfDefinedDomains(), 1)
        self.assertEqual(conn.listDefinedDomains(), ["off"])
        ids = conn.listDomainsID()
        self.assertEqual([conn.lookupByID(one).name() for one in ids], ["on"])
        self.assertEqual(ids[0], conn.lookupByName("on").ID())

    def test_info_and_flags_of_a_domain(self):
        self.server.define(boot_guest("a"))
        conn = self.server.connect()
        dom = conn.lookupByName("a")
        self.assertEqual((dom.isActive(), dom.isPersistent(), dom.isUpdated(), dom.ID()), (0, 1, 0, -1))
        self.assertEqual(dom.info()[0:4], [libvirt.VIR_DOMAIN_SHUTOFF, 32768, 32768, 1])
        self.assertEqual(dom.OSType(), "hvm")
        self.assertEqual(dom.maxMemory(), 32768)
        dom.create()
        self.assertGreater(dom.ID(), 0)
        self.assertEqual(dom.info()[0], libvirt.VIR_DOMAIN_RUNNING)
        wait_for("the processor time of the guest", lambda: dom.info()[4] > 0)

    def test_ids_grow_and_are_not_used_again(self):
        self.server.define(boot_guest("a"))
        self.virsh("start", "a")
        first = int(self.virsh("domid", "a"))
        self.virsh("destroy", "a")
        self.virsh("start", "a")
        self.assertGreater(int(self.virsh("domid", "a")), first)

    def test_autostart_is_kept(self):
        self.server.define(boot_guest("a"))
        self.virsh("autostart", "a")
        self.assertIn("Autostart:      enable", self.virsh("dominfo", "a"))
        self.virsh("autostart", "--disable", "a")
        self.assertIn("Autostart:      disable", self.virsh("dominfo", "a"))

    def test_reset_and_reboot_keep_the_process(self):
        self.server.define(boot_guest("a"))
        self.virsh("start", "a")
        self.events.take(3)
        pid = self.server.qemu_pid("a")
        self.virsh("reset", "a")
        self.assertEqual(self.server.qemu_pid("a"), pid)
        self.assertEqual(self.server.state("a"), "running")

    def test_guest_switches_itself_off(self):
        self.server.define(boot_guest("a", "poweroff"))
        self.events.take(1)
        self.virsh("start", "a")
        self.expect(*BOOTED, ("shutdown", GUEST), ("stopped", SHUTDOWN))
        self.assertEqual(self.server.state("a", True), "shut off (shutdown)")

    def count_reboots(self, want):
        conn, seen = self.events.conn, []
        key = conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, lambda *_: seen.append(1), None)
        pid = self.server.qemu_pid("a")
        wait_for("reboot events", lambda: (libvirt.virEventRunDefaultImpl(), len(seen) >= want)[1])
        conn.domainEventDeregisterAny(key)
        self.assertEqual(self.server.qemu_pid("a"), pid, "it goes on in the same process")
        self.assertEqual(self.server.state("a", True), "running (booted)")

    def test_on_poweroff_restart_boots_again(self):
        self.server.define(boot_guest("a", "poweroff", "<on_poweroff>restart</on_poweroff>"))
        self.virsh("start", "a")
        self.count_reboots(2)
        self.expect(("defined", ADDED), *BOOTED)

    def test_on_reboot_destroy_stops_it(self):
        for kind in ("reboot", "triple"):
            with self.subTest(kind=kind):
                self.server.define(boot_guest(kind, kind, "<on_reboot>destroy</on_reboot>"))
                self.virsh("start", kind)
                self.expect(("defined", ADDED), *BOOTED, ("shutdown", GUEST), ("stopped", SHUTDOWN))

    def test_reset_with_on_reboot_destroy_stops_it(self):
        reset = '{"execute":"system_reset"}'
        for command in (["reset", "a"], ["qemu-monitor-command", "a", reset]):
            with self.subTest(command=command[0]):
                self.server.define(boot_guest("a", "halt", "<on_reboot>destroy</on_reboot>"))
                self.virsh("start", "a")
                self.events.take(3)
                self.virsh(*command)
                self.expect(("shutdown", HOST), ("stopped", SHUTDOWN))
                self.assertEqual(self.server.state("a", True), "shut off (shutdown)")
                self.virsh("undefine", "a")
                self.events.take(1)

    def test_rename_restart_is_refused(self):
        for when in ("poweroff", "reboot", "crash"):
            with self.subTest(when=when):
                text = boot_guest("a", extra=f"<on_{when}>rename-restart</on_{when}>")
                with self.assertRaises(libvirt.libvirtError) as caught:
                    self.events.conn.defineXML(text)
                self.assertEqual(caught.exception.get_error_code(), libvirt.VIR_ERR_CONFIG_UNSUPPORTED)
                self.assertIn("rename-restart", str(caught.exception))

    def test_on_reboot_restart_goes_on(self):
        self.server.define(boot_guest("a", "triple", "<on_reboot>restart</on_reboot>"))
        self.virsh("start", "a")
        self.count_reboots(2)

    def test_on_poweroff_preserve(self):
        text = boot_guest("a", "poweroff", extra="<on_poweroff>preserve</on_poweroff>")
        if not IS_VIREO:
            self.assertIn("preserve", self.server.error("define", self.server.write(text)))
            return
        self.server.define(text)
        self.virsh("start", "a")
        self.server.wait_state("a", "in shutdown")
        self.assertIsNotNone(self.server.qemu_pid("a"))
        self.virsh("destroy", "a")

    def test_killed_qemu_is_noticed_and_called_crashed(self):
        self.server.define(boot_guest("a"))
        self.virsh("start", "a")
        self.events.take(3)
        os.kill(self.server.qemu_pid("a"), signal.SIGKILL)
        self.expect(("stopped", FAILED))
        self.assertEqual(self.server.state("a", True), "shut off (crashed)")
        self.virsh("start", "a")

    def test_terminated_qemu_is_a_shutdown_by_the_host(self):
        self.server.define(boot_guest("a"))
        self.virsh("start", "a")
        self.events.take(3)
        os.kill(self.server.qemu_pid("a"), signal.SIGTERM)
        self.expect(("shutdown", HOST), ("stopped", SHUTDOWN))
        self.assertEqual(self.server.state("a", True), "shut off (shutdown)")

    def test_qemu_that_dies_at_start_says_why(self):
        ns_qemu = "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"
        text = boot_guest("bad").replace("<domain type", f"<domain {ns_qemu} type").replace(
            "</domain>", "<qemu:commandline><qemu:arg value='-no-such-option'/></qemu:commandline></domain>")
        self.server.define(text)
        self.events.take(1)
        error = self.server.error("start", "bad")
        self.assertIn("-no-such-option: invalid option", error)
        self.assertEqual(self.server.state("bad"), "shut off")
        self.events.quiet()

    def test_missing_disk_is_named(self):
        self.server.define(boot_guest("bad").replace("halt.img", "not-there.img"))
        error = self.server.error("start", "bad")
        self.assertIn("not-there.img", error)
        self.assertIn("No such file", error)

    def test_bad_documents_are_refused(self):
        for text, part in {
                "<domain": "", "<domain type='qemu'/>": "", boot_guest("a/b"): "name",
                boot_guest("a").replace("hvm", "nonsense"): "nonsense", boot_guest("a").replace("'hda'", "'zz9'"): "",
                boot_guest("a").replace("<memory unit='MiB'>32", "<memory unit='furlongs'>32"): "furlongs",
        }.items():
            with self.subTest(text=text[:60]):
                self.assertIn(part, self.server.error("define", self.server.write(text)))
        self.assertEqual(self.virsh("list", "--all", "--name"), "")


if __name__ == "__main__":
    main()
