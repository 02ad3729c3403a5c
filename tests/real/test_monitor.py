#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's own monitor through virsh, its events, virsh's event watcher, and graphics."""
import ns; ns.enter()
import json
import subprocess
import unittest

import libvirt
import libvirt_qemu
from server import Server, Terminal, boot_guest, main


class Monitor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.server.define(boot_guest("a", devices="<graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>"))
        cls.server.virsh("start", "a")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_qmp_command(self):
        answer = json.loads(self.server.out("qemu-monitor-command", "a", '{"execute": "query-status"}'))
        self.assertEqual(answer["return"]["status"], "running")

    def test_qmp_error_comes_back_whole(self):
        answer = json.loads(self.server.out("qemu-monitor-command", "a", '{"execute": "no-such-command"}'))
        self.assertEqual(answer["error"]["class"], "CommandNotFound")

    def test_hmp_command(self):
        self.assertIn("VM status: running", self.server.out("qemu-monitor-command", "--hmp", "a", "info status"))

    def test_garbage_is_refused(self):
        with self.assertRaises(libvirt.libvirtError):
            libvirt_qemu.qemuMonitorCommand(self.server.connect().lookupByName("a"), "not json", 0)
        self.assertEqual(self.server.state("a"), "running")

    def test_qemu_events_reach_a_watcher(self):
        watcher = Terminal(self.server, "qemu-monitor-event", "--domain", "a", "--event", "RESET", "--loop")
        try:
            # The first event may come before the watcher has registered, so it is caused until seen.
            for _ in range(50):
                self.server.virsh("reset", "a")
                try:
                    seen = watcher.expect("event RESET", 0.5)
                    break
                except AssertionError:
                    continue
            else:
                self.fail(f"no RESET event: {watcher.seen}")
            watcher.expect("domain 'a'" if "domain" not in seen else "", 5)
        finally:
            watcher.close()

    def test_virsh_event_all(self):
        watcher = Terminal(self.server, "event", "--all", "--loop")
        try:
            for _ in range(50):
                self.server.virsh("suspend", "a")
                self.server.virsh("resume", "a")
                try:
                    watcher.expect("event 'lifecycle' for domain 'a': Suspended Paused", 0.5)
                    break
                except AssertionError:
                    continue
            else:
                self.fail(f"no event: {watcher.seen}")
            watcher.expect("event 'lifecycle' for domain 'a': Resumed Unpaused", 5)
        finally:
            watcher.close()

    def test_vncdisplay_is_where_qemu_listens(self):
        display = self.server.out("vncdisplay", "a")
        self.assertRegex(display, r"^127\.0\.0\.1:\d+$")
        port = 5900 + int(display.split(":")[1])
        listening = subprocess.run(["ss", "-ltn"], capture_output=True, text=True, check=True).stdout
        self.assertIn(f"127.0.0.1:{port} ", listening)
        self.assertIn(f"port='{port}'", self.server.out("dumpxml", "a"))
        self.assertIn("port='-1'", self.server.out("dumpxml", "--inactive", "a"))

    def test_ttyconsole_is_a_pty(self):
        self.assertRegex(self.server.out("ttyconsole", "a"), r"^/dev/pts/\d+$")


if __name__ == "__main__":
    main()
