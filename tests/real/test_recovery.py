#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What survives: the daemon killed at any instant, QEMU dead or stuck, files damaged, the disk full."""
import ns; ns.enter()
import glob
import os
import random
import signal
import subprocess
import sys
import time
import unittest

from server import IS_VIREO, Server, boot_guest, main, wait_for
from steps import SUPPORTED, Steps


class Recovery(unittest.TestCase):
    def setUp(self):
        self.server = Server(self._testMethodName[5:30]).start()

    def tearDown(self):
        self.server.stop()
        if not IS_VIREO:
            for path in glob.glob("/etc/libvirt/qemu/**/*.xml", recursive=True):
                os.unlink(path)

    def documents(self, name):
        """The daemon's stored document of a guest, wherever it keeps it."""
        places = self.server.root if IS_VIREO else "/etc/libvirt"
        return [path for path in glob.glob(f"{places}/**/{name}.xml", recursive=True)
                if "/run/" not in path[len(places):] and "autostart" not in path]

    def test_guests_outlive_the_daemon_and_are_found_again(self):
        self.server.define(boot_guest("a", "echo"))
        self.server.virsh("start", "a")
        self.server.virsh("create", self.server.write(boot_guest("t")))
        before = {name: (self.server.out("domid", name), self.server.qemu_pid(name)) for name in ("a", "t")}
        self.server.restart(signal.SIGKILL)
        for name, (number, pid) in before.items():
            self.assertEqual(self.server.out("domid", name), number)
            self.assertEqual(self.server.qemu_pid(name), pid)
            self.assertEqual(self.server.state(name), "running")
        self.assertEqual(self.server.out("list", "--transient", "--name"), "t")
        self.server.console_echoes("a")
        self.server.virsh("suspend", "a")
        self.assertEqual(self.server.state("a", True), "paused (user)")
        self.server.restart(signal.SIGTERM)
        self.assertEqual(self.server.state("a"), "paused")
        self.server.virsh("resume", "a")
        self.server.virsh("destroy", "a")
        self.assertIsNone(self.server.qemu_pid("a"))

    @unittest.skipUnless(IS_VIREO, "libvirtd takes any socket")
    def test_a_socket_that_a_child_of_a_killed_daemon_holds_is_waited_for(self):
        self.server.kill(signal.SIGKILL)
        os.unlink(self.server.sock)
        leave = ("import os, socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
                 "if os.fork(): os._exit(0)\n"
                 "time.sleep(1)")
        subprocess.run([sys.executable, "-c", leave, self.server.sock], check=True)
        self.server.start()

    def test_guests_that_died_meanwhile(self):
        self.server.define(boot_guest("a"))
        self.server.virsh("start", "a")
        self.server.virsh("create", self.server.write(boot_guest("t")))
        self.server.kill(signal.SIGKILL)
        for name in ("a", "t"):
            os.kill(self.server.qemu_pid(name), signal.SIGKILL)
            wait_for("QEMU's end", lambda: self.server.qemu_pid(name) is None)
        self.server.start()
        self.server.wait_state("a", "shut off")
        self.assertIn(self.server.state("a", True), ("shut off (crashed)", "shut off (failed)", "shut off (unknown)"))
        self.assertEqual(self.server.out("list", "--all", "--name"), "a")
        self.server.virsh("start", "a")

    def test_a_stuck_guest_delays_no_other_call(self):
        self.server.define(boot_guest("stuck"))
        self.server.define(boot_guest("fine"))
        self.server.virsh("start", "stuck")
        pid = self.server.qemu_pid("stuck")
        os.kill(pid, signal.SIGSTOP)
        waiting = subprocess.Popen(["virsh", "-c", self.server.uri, "suspend", "stuck"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            started = time.monotonic()
            self.server.virsh("start", "fine")
            self.server.virsh("list", "--all")
            self.server.virsh("domstate", "stuck")
            self.server.virsh("dumpxml", "stuck")
            self.server.virsh("destroy", "fine")
            self.assertLess(time.monotonic() - started, 10)
            self.assertIsNone(waiting.poll(), "the stuck guest's own caller waits")
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual(waiting.wait(30), 0)
        self.assertEqual(self.server.state("stuck", True), "paused (user)")

    def test_a_stuck_guest_can_be_destroyed(self):
        self.server.define(boot_guest("stuck"))
        self.server.virsh("start", "stuck")
        os.kill(self.server.qemu_pid("stuck"), signal.SIGSTOP)
        self.server.virsh("destroy", "stuck")
        self.assertIsNone(self.server.qemu_pid("stuck"))

    @unittest.skipUnless(IS_VIREO, "libvirtd waits for ever")
    def test_a_qemu_that_does_not_answer_a_new_daemon_keeps_its_domain(self):
        for name in ("a", "b"):
            self.server.define(boot_guest(name, "echo"))
            self.server.virsh("start", name)
        pids = [self.server.qemu_pid(name) for name in ("a", "b")]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        self.server.restart()
        wait_for("the daemon to say so", lambda: self.server.log_text().count("cannot take it over yet") == 2, 30)
        for name, pid in zip(("a", "b"), pids):
            self.assertEqual(self.server.state(name), "running")
            self.assertEqual(self.server.qemu_pid(name), pid)
        self.assertIn("can only be destroyed until its QEMU answers", self.server.error("suspend", "a"))
        began = time.monotonic()
        self.server.virsh("destroy", "b")
        self.assertLess(time.monotonic() - began, 8, "no wait for a QEMU that is stopped")
        os.kill(pids[0], signal.SIGCONT)
        wait_for("the domain to be taken over", lambda: "domain=a taken over" in self.server.log_text(), 20)
        self.assertEqual(self.server.qemu_pid("a"), pids[0])
        self.server.console_echoes("a")

    def test_a_damaged_document_is_named_and_the_rest_load(self):
        self.server.define(boot_guest("good"))
        self.server.define(boot_guest("bad"))
        self.server.kill(signal.SIGTERM)
        path, = self.documents("bad")
        with open(path, "w") as file:
            file.write("<domain type='qemu'><name>bad</name")
        self.server.start()
        self.assertEqual(self.server.out("list", "--all", "--name"), "good")
        self.assertIn("bad", self.server.log_text())
        if IS_VIREO:
            self.assertEqual(self.documents("bad"), [], "it is set aside")
            self.server.define(boot_guest("bad"))

    @unittest.skipUnless(IS_VIREO, "libvirtd has no --root")
    def test_a_full_disk_refuses_a_define_and_keeps_the_old_document(self):
        self.server.stop()
        small = f"{self.server.root}.small"
        os.mkdir(small)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", small], check=True)
        server = Server(os.path.basename(small)).start()
        server.define(boot_guest("a"))
        with open(f"{small}/ballast", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        with open("/run/t/new.xml", "w") as file:
            file.write(boot_guest("b", extra="<description>" + "x" * 20000 + "</description>"))
        error = server.error("define", "/run/t/new.xml")
        self.assertIn("No space left", error)
        os.unlink(f"{small}/ballast")
        server.restart(signal.SIGKILL)
        self.assertEqual(server.out("list", "--all", "--name"), "a")
        server.stop()

    def test_killed_at_random_instants_nothing_is_lost(self):
        seed = int(os.environ.get("VIREO_SEED", time.time_ns() % 10000))
        print(f"VIREO_SEED={seed}", end=" ", flush=True)
        chance = random.Random(seed)
        self.server.define(boot_guest("kept"))
        path = self.server.write(boot_guest("loop", uuid="8a3f1c2e-52a1-4c11-9b0d-0f5d5a0f0009"))
        script = 'while :; do virsh -q -c "$1" "define $2; start loop; destroy loop; undefine loop" || exit; done'
        for _ in range(8 if IS_VIREO else 3):
            client = subprocess.Popen(["bash", "-c", script, "_", self.server.uri, path], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(chance.uniform(0.02, 0.8))
            self.server.kill(signal.SIGKILL)
            os.killpg(client.pid, signal.SIGKILL)
            client.wait()
            self.server.start()
            names = self.server.out("list", "--all", "--name").split()
            self.assertIn("kept", names)
            wait_for("QEMU and the list to agree", lambda: (self.server.qemu_pid("loop") is not None) ==
                     ("loop" in self.server.out("list", "--name").split()))
            # It may have been asked to end before the daemon was killed, and end by itself just now.
            self.server.virsh("destroy", "loop", check=False)
            self.assertIsNone(self.server.qemu_pid("loop"))
            if "loop" in names:
                self.server.virsh("undefine", "loop", check=False)
            self.server.define(boot_guest("loop"))
            self.server.virsh("start", "loop")
            self.server.virsh("destroy", "loop")
            self.server.virsh("undefine", "loop")

    @unittest.skipUnless(IS_VIREO and SUPPORTED, "for vireod on x86_64")
    def test_killed_at_each_step_no_file_of_a_guest_is_left(self):
        self.server.define(boot_guest("a"))
        run = f"{self.server.root}/run/vireo/qemu"

        def killed_at(action, step):
            self.server.virsh("start" if action == "destroy" else "destroy", "a", check=False)
            steps = Steps(self.server.process.pid)
            client = subprocess.Popen(["virsh", "-q", "-c", self.server.uri, action, "a"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            steps.kill_at(step, lambda: client.poll() is not None)
            client.wait()
            self.server.process.wait()
            self.server.start()
            wait_for("all of it or nothing", lambda: ("a.status" in os.listdir(run), "a.pid" in os.listdir(run), "a.monitor" in os.listdir(run)) ==
                     (self.server.state("a") == "running",) * 3, 5)
            return steps.names

        for action, sign in (("start", "create a.pid"), ("destroy", "unlink a.pid")):
            killed_at(action, 1000)  # it makes its directories
            steps = killed_at(action, 1000)
            first = next(number for number, name in enumerate(steps) if name == sign)
            for step in range(max(0, first - 3), min(len(steps), first + 5)):
                with self.subTest(action=action, step=step, name=steps[step]):
                    killed_at(action, step)

    def test_autostarted_guests_come_with_the_daemon(self):
        self.server.define(boot_guest("auto"))
        self.server.define(boot_guest("manual"))
        self.server.virsh("autostart", "auto")
        self.server.kill(signal.SIGTERM)
        # libvirtd starts them once a boot; a mark in /run says that it did.
        for mark in glob.glob("/run/libvirt/qemu/autostarted") + glob.glob(f"{self.server.root}/run/**/autostarted",
                                                                           recursive=True):
            os.unlink(mark)
        self.server.start()
        self.server.wait_state("auto", "running")
        self.assertEqual(self.server.state("manual"), "shut off")


if __name__ == "__main__":
    main()
