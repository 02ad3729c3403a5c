#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits: clients that ask for too much, do not read, died or mean harm must not delay others; settings."""
import ns; ns.enter()
import os
import re
import signal
import socket
import struct
import subprocess
import time
import unittest

import libvirt
import wire
from ns import WORK
from server import IS_VIREO, Events, Server, Terminal, boot_guest, main, wait_for


def rss_kib(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


class Limits(unittest.TestCase):
    def setUp(self):
        self.server = Server(self._testMethodName[5:30])
        self.conf = f"{self.server.root}/test.conf"
        if IS_VIREO:
            self.server.extra = ["--config", self.conf]
            self.configure()

    def tearDown(self):
        self.server.stop()

    def configure(self, **settings):
        with open(self.conf, "w") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def reload(self):
        seen = self.server.log_text().count("settings")
        self.server.process.send_signal(signal.SIGHUP)
        wait_for("the daemon to read its settings", lambda: self.server.log_text().count("settings") > seen)

    def raw(self):
        return wire.Raw(self.server.sock, self.server.driver)


class Clients(Limits):
    @unittest.skipUnless(IS_VIREO, "vireod's own settings")
    def test_a_client_that_leaves_replies_unread_is_cut_off(self):
        self.configure(client_backlog_bytes=65536)
        self.server.start()
        deaf = self.raw()
        before = rss_kib(self.server.process.pid)
        try:
            for _ in range(20000):
                deaf.send(wire.GET_CAPABILITIES)
        except OSError:
            pass  # cut off while it talked
        wait_for("the log to say so", lambda: "output backlog exceeds" in self.server.log_text())
        self.assertIn("client=", self.server.log_text())
        self.assertEqual(self.server.out("list"), "")
        self.assertLess(rss_kib(self.server.process.pid) - before, 64 * 1024)
        deaf.close()

    @unittest.skipUnless(IS_VIREO, "vireod's own settings")
    def test_a_client_that_leaves_events_unread_is_cut_off_and_others_get_all(self):
        self.configure(client_backlog_bytes=65536)
        self.server.start()
        deaf, good = self.raw(), self.raw()
        for one in (deaf, good):
            one.call(wire.CALLBACK_REGISTER_ANY, struct.pack(">II", 0, 0))
        conn = self.server.connect()
        document = boot_guest("a", uuid="8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0011")
        sent = 0
        while "output backlog exceeds" not in self.server.log_text():
            self.assertLess(sent, 6000, "the deaf client is never cut off")
            for _ in range(50):
                conn.defineXML(document)
                sent += 1
            while len(good.events) < sent:
                program, number, kind, _, _, _ = good.receive()
                self.assertEqual((number, kind), (wire.CALLBACK_LIFECYCLE, wire.EVENT))
                good.events.append(number)
        self.assertEqual(len(good.events), sent)
        deaf.close()
        good.close()
        conn.close()

    @unittest.skipUnless(IS_VIREO, "vireod's own settings")
    def test_more_clients_than_allowed_wait_and_a_hangup_lets_them_in(self):
        self.configure(max_clients=2)
        self.server.start()
        first, second = self.raw(), self.raw()
        third = subprocess.Popen(["virsh", "-q", "-c", self.server.uri, "uri"], stdout=subprocess.PIPE, text=True)
        with self.assertRaises(subprocess.TimeoutExpired):
            third.wait(1)
        first.close()
        self.assertEqual(third.wait(20), 0)
        third.stdout.close()
        first = self.raw()
        third = subprocess.Popen(["virsh", "-q", "-c", self.server.uri, "uri"], stdout=subprocess.PIPE, text=True)
        with self.assertRaises(subprocess.TimeoutExpired):
            third.wait(1)
        self.configure(max_clients=3)
        self.reload()
        self.assertEqual(third.wait(20), 0)
        third.stdout.close()
        first.close()
        second.close()

    def test_an_orderly_end_is_end_of_file(self):
        self.server.start()
        client = subprocess.Popen(["/usr/bin/python3", "-c", "import libvirt, os, sys\nlibvirt.virEventRegisterDefaultImpl()\n"
                                   "conn = libvirt.open(sys.argv[1])\n"
                                   "conn.registerCloseCallback(lambda c, why, o: (print(why, flush=True), os._exit(0)), None)\n"
                                   "print('ready', flush=True)\nwhile True: libvirt.virEventRunDefaultImpl()",
                                   self.server.uri], stdout=subprocess.PIPE, text=True)
        self.assertEqual(client.stdout.readline(), "ready\n")
        self.server.kill(signal.SIGTERM)
        self.assertEqual(client.stdout.readline(), f"{libvirt.VIR_CONNECT_CLOSE_REASON_EOF}\n")
        client.wait(10)
        client.stdout.close()

    @unittest.skipUnless(IS_VIREO, "vireod's own limits")
    def test_readers_take_neither_memory_nor_places_of_others(self):
        self.configure(max_clients=50)
        self.server.start()
        before = rss_kib(self.server.process.pid)
        readers = []
        for _ in range(60):  # those beyond 45 wait
            reader = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            reader.connect(self.server.ro_sock)
            reader.setblocking(False)
            readers.append(reader)
            try:
                reader.send(struct.pack(">I", 28 + 256 * 1024) + b"x" * (255 * 1024))
            except OSError:
                pass
        self.assertEqual(self.server.out("list"), "")
        self.assertLess(rss_kib(self.server.process.pid) - before, 64 * 1024)
        for reader in readers:
            reader.close()
        reader = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        reader.connect(self.server.ro_sock)
        reader.send(struct.pack(">I", 32 << 20))
        reader.settimeout(10)
        self.assertEqual(reader.recv(1), b"", "more than a reader may send")
        reader.close()
        wait_for("the log to say so", lambda: "at most 262172 are taken" in self.server.log_text())
        with open(f"/proc/{self.server.process.pid}/limits") as file:
            soft, hard = re.search(r"Max open files +(\d+) +(\d+)", file.read()).groups()
        self.assertEqual(soft, hard)

    def test_legacy_events_before_the_callback_form(self):
        self.server.start()
        old, any_form = self.raw(), self.raw()
        self.assertEqual(len(old.call(wire.EVENT_REGISTER)), 4)
        any_form.call(wire.EVENT_REGISTER_ANY, struct.pack(">I", 0))
        self.server.define(boot_guest("a", uuid="8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0012"))
        for client in (old, any_form):
            _, number, kind, _, status, payload = client.receive()
            self.assertEqual((number, kind, status), (wire.EVENT_LIFECYCLE, wire.EVENT, 0))
            self.assertEqual(payload[:8], wire.text("a"))
            self.assertEqual(payload[8:24].hex(), "8a3f1c2e52a14c119b0d0f5d5a0f0012")
            self.assertEqual(struct.unpack(">iii", payload[24:]), (-1, 0, 0))
        self.assertEqual(len(old.call(wire.EVENT_DEREGISTER)), 4)
        any_form.call(wire.EVENT_DEREGISTER_ANY, struct.pack(">I", 0))
        self.server.virsh("undefine", "a")
        for client in (old, any_form):
            client.call(wire.SUPPORTS_FEATURE, struct.pack(">I", 10))
            self.assertEqual(client.events, [])
            client.close()

    def test_a_client_that_answers_pings_stays_and_a_silent_one_goes(self):
        if IS_VIREO:
            self.configure(keepalive_interval_s=1, keepalive_count=1)
        else:
            with open(f"{self.server.root}/libvirtd.conf", "a") as file:
                file.write("keepalive_interval = 1\nkeepalive_count = 1\n")
        self.server.start()
        silent = self.raw()
        silent.call(wire.SUPPORTS_FEATURE, struct.pack(">I", 10))
        python = ["/usr/bin/python3", "-c", "import libvirt, sys\nlibvirt.virEventRegisterDefaultImpl()\n"
                  "conn = libvirt.open(sys.argv[1])\nconn.setKeepAlive(5, 5)\nwhile True: libvirt.virEventRunDefaultImpl()"]
        answering = subprocess.Popen([*python, self.server.uri])
        started = time.monotonic()
        with self.assertRaises((EOFError, ConnectionResetError)):
            while True:
                self.assertEqual(silent.receive()[0], wire.KEEPALIVE)
        self.assertLess(time.monotonic() - started, 15)
        with self.assertRaises(subprocess.TimeoutExpired):
            answering.wait(3)
        sockets = subprocess.run(["ss", "-xpn"], capture_output=True, text=True).stdout
        self.assertIn(f"pid={answering.pid},", sockets)
        answering.kill()
        answering.wait()
        silent.close()

    def test_virsh_notices_a_stopped_daemon(self):
        self.server.start()
        terminal = Terminal(self.server, "-k", "1", "-K", "1", "event", "--all", "--loop")
        time.sleep(0.5)
        os.kill(self.server.process.pid, signal.SIGSTOP)
        try:
            terminal.expect("keepalive timeout", 20)
        finally:
            os.kill(self.server.process.pid, signal.SIGCONT)
            terminal.close()
        self.assertEqual(self.server.out("list"), "")

    @unittest.skipUnless(IS_VIREO, "libvirtd's threads are another matter")
    def test_a_stuck_guest_delays_no_other_call(self):
        self.server.start()
        self.server.define(boot_guest("stuck"))
        self.server.define(boot_guest("fine"))
        self.server.virsh("start", "stuck")
        pid = self.server.qemu_pid("stuck")
        os.kill(pid, signal.SIGSTOP)
        waiting = subprocess.Popen(["virsh", "-c", self.server.uri, "suspend", "stuck"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            conn = self.server.connect()
            stuck, fine = conn.lookupByName("stuck"), conn.lookupByName("fine")
            times = []
            other = boot_guest("other", uuid="8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0013")
            for call in (stuck.state, stuck.info, stuck.XMLDesc, conn.listAllDomains, fine.state,
                         lambda: conn.getAllDomainStats(0x0b), lambda: conn.defineXML(other), conn.getInfo):
                for _ in range(25):
                    started = time.monotonic()
                    call()
                    times.append(time.monotonic() - started)
            times.sort()
            self.assertLess(times[len(times) * 99 // 100], 2, "less than the wait for a stuck guest")
            self.assertIsNone(waiting.poll())
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual(waiting.wait(30), 0)


@unittest.skipUnless(IS_VIREO, "libvirtd 9.0 dies of some of them")
class BadInput(Limits):
    def setUp(self):
        super().setUp()
        os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=1"
        try:
            self.server.start()
        finally:
            del os.environ["ASAN_OPTIONS"]

    def refused(self, document, pattern):
        error = self.server.error("define", self.server.write(document))
        if IS_VIREO:
            self.assertRegex(error, pattern)
        self.assertLess(len(error), 3000, "an error is for reading")
        self.assertEqual(self.server.out("list", "--all", "--name"), "")

    def test_more_than_the_wire_carries(self):
        self.refused(boot_guest("a", extra=f"<description>{'x' * (10 << 20)}</description>"), ".")

    def test_deep_nesting(self):
        self.refused("<domain>" + "<a>" * 100000 + "</a>" * 100000 + "</domain>", "(?i)depth|deep|nest")
        inner = "<x>" * 200 + "</x>" * 200
        self.refused(boot_guest("a").replace("<memballoon", f"{inner}<memballoon"), "x")

    def test_entity_bombs(self):
        bomb = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
        for name in ("&e11;", "a"):
            self.refused(f'<!DOCTYPE d [<!ENTITY e0 "lol">{bomb}]>' + boot_guest("a", extra=f"<title>{'&e11;'}</title>")
                         .replace("<name>a", f"<name>{name}"), "(?i)entit|DOCTYPE|document type")
        self.refused('<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]>' +
                     boot_guest("a", extra="<description>&f;</description>"), "(?i)entit|DOCTYPE|document type")

    def test_names(self):
        for name, pattern in (("x" * 4096, "name"), ("a/b", "/"), ("../../etc/passwd", "/"), ("", "name"), ("a&#10;b", "name"),
                              ("..", "name"), (".", "name")):
            with self.subTest(name=name[:20]):
                self.refused(boot_guest("NAME").replace("NAME", name), pattern)

    def test_control_characters_and_no_utf8(self):
        self.refused(boot_guest("NAME").replace("NAME", "a\x01b"), "(?i)not well-formed|char")
        path = f"{self.server.root}/latin1.xml"
        with open(path, "wb") as file:
            file.write(boot_guest("NAME").encode().replace(b"NAME", b"caf\xe9"))
        self.server.error("define", path)

    def test_values_out_of_range(self):
        for bad, pattern in (("<vcpu>-1</vcpu>", "vcpu"), ("<vcpu>99999999999999999999</vcpu>", "vcpu"), ("<vcpu>0</vcpu>", "vcpu"),
                             ("<vcpu>two</vcpu>", "vcpu")):
            with self.subTest(bad=bad):
                self.refused(boot_guest("a").replace("<vcpu>1</vcpu>", bad), pattern)
        self.refused(boot_guest("a").replace("<memory unit='MiB'>32<", "<memory unit='YiB'>32<"), "memory|unit")
        self.refused(boot_guest("a").replace("<memory unit='MiB'>32<", "<memory unit='EiB'>99999999<"), "memory")

    def test_a_thousand_refusals_leave_nothing_behind(self):
        conn = self.server.connect()
        documents = ["<domain", boot_guest("a").replace("<vcpu>1", "<vcpu>x"), "<domain>" + "<a>" * 3000,
                     boot_guest("a").replace("</devices>", "<nosuch/></devices><devices>"),
                     boot_guest("a", extra="<title>" + "t" * 100000 + "</title>").replace("hvm", "nothing"),
                     boot_guest("a").replace("ide", "nobus")]
        files = len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

        def refuse(count):
            for i in range(count):
                with self.assertRaises(libvirt.libvirtError):
                    conn.defineXML(documents[i % len(documents)])
        refuse(300)
        before = rss_kib(self.server.process.pid)
        refuse(1000)
        self.assertLess(rss_kib(self.server.process.pid) - before, 4096)
        self.assertLessEqual(len(os.listdir(f"/proc/{self.server.process.pid}/fd")), files + 1)
        conn.close()


@unittest.skipUnless(IS_VIREO, "vireod's own options")
class Options(Limits):
    def check(self):
        return subprocess.run([os.environ["VIREOD"], "--check", *self.server.argv[1:], *self.server.extra],
                              capture_output=True, text=True, timeout=30)

    def test_check_names_each_damaged_document_and_touches_nothing(self):
        self.server.start()
        for name in ("good", "bad", "worse"):
            self.server.define(boot_guest(name))
        self.server.kill(signal.SIGTERM)
        self.assertEqual(self.check().returncode, 0)
        paths = {}
        for folder, _, names in os.walk(self.server.root):
            paths.update({name: os.path.join(folder, name) for name in names})
        with open(paths["bad.xml"], "w") as file:
            file.write("<domain type='qemu'>\n<name>bad</name>\n<vcpu>no</vcpu></domain>")
        with open(paths["worse.xml"], "w") as file:
            file.write("")
        done = self.check()
        self.assertEqual(done.returncode, 1)
        said = done.stdout + done.stderr
        self.assertRegex(said, r"bad\.xml.*line 3")
        self.assertIn("worse.xml", said)
        self.assertNotIn("good.xml", said)
        self.assertIn("guests: 3 stored, 2 damaged", said)
        self.assertIn("networks: 0 stored, 0 damaged", said)
        networks = f"{os.path.dirname(os.path.dirname(paths['bad.xml']))}/networks"
        os.makedirs(networks)
        with open(f"{networks}/odd.xml", "w") as file:
            file.write("<network>\n<name>odd</name>\n<forward mode='bogus'/></network>")
        said = self.check()
        self.assertRegex(said.stderr, r"odd\.xml.*line 3.*bogus")
        self.assertIn("networks: 1 stored, 1 damaged", said.stdout)
        for name in ("good", "bad", "worse"):
            self.assertTrue(os.path.exists(paths[f"{name}.xml"]), "--check changes nothing")

    def test_log_level(self):
        self.server.extra += ["--log-level", "error"]
        self.server.start()
        self.server.define(boot_guest("a"))
        self.server.virsh("start", "a")
        self.assertNotIn("info:", self.server.log_text())
        self.server.stop()
        self.server.extra[-1] = "debug"
        self.server.start()
        self.server.virsh("start", "a")
        self.assertIn("debug:", self.server.log_text())
        self.assertIn("domain=a", self.server.log_text())

    def test_a_hangup_with_bad_settings_changes_nothing(self):
        self.configure(log_level='"debug"')
        self.server.start()
        self.configure(log_level='"shouting"')
        self.reload()
        self.assertIn("test.conf:1: log_level must be", self.server.log_text())
        self.configure(log_level='"error"')
        self.server.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.server.out("list"), "")


del Limits


if __name__ == "__main__":
    main()
