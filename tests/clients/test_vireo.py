#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command vireo against a running daemon, with domains that virsh defines and starts."""
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "real"))
import ns; ns.enter()
import json
import pty
import re
import signal
import subprocess
import unittest

from server import IS_VIREO, SOURCE, Server, Terminal, boot_guest, main, wait_for

VIREO = os.environ["VIREO"]
USER = ["setpriv", "--reuid=64056", "--regid=64056", "--clear-groups"]  # ns.py's vireo-user
HEADS = ["ID", "NAME", "STATE", "VCPUS", "MEMORY"]


def vireo(*args, before=(), status=0, **env):
    done = subprocess.run([*before, VIREO, *args], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, env=dict(os.environ, **env))
    assert done.returncode == status, f"vireo {args}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


class Running(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def tearDown(self):
        for name in self.server.out("list", "--name").split():
            self.server.virsh("destroy", name)
        for name in self.server.out("list", "--all", "--name").split():
            self.server.virsh("undefine", name)

    def ask(self, *args, **more):
        return vireo("--connect", self.server.uri, *args, **more).stdout

    def rows(self, *args):
        lines = [re.split(r"  +", line) for line in self.ask(*args).splitlines()]
        self.assertEqual(lines[0], HEADS)
        return lines[1:]

    def two_domains(self):
        self.server.define(boot_guest("runs"))
        self.server.define(boot_guest("rests").replace("<vcpu>1<", "<vcpu>2<").replace(">32<", ">1536<"))
        self.server.virsh("start", "runs")
        return self.server.out("domid", "runs")

    def test_no_domains(self):
        self.assertEqual(self.ask("list"), "")
        self.assertEqual(json.loads(self.ask("list", "--json")), [])
        self.assertIn("domains   none\n", self.ask("status"))

    def test_list_follows_domains(self):
        number = self.two_domains()
        rests = ["-", "rests", "shut off", "2", "1.5 GiB"]
        self.assertEqual(self.rows("list"), [[number, "runs", "running", "1", "32 MiB"], rests])
        self.server.virsh("suspend", "runs")
        self.assertEqual(self.rows("list"), [[number, "runs", "paused", "1", "32 MiB"], rests])
        self.assertEqual(self.rows("list", "rests"), [rests])
        self.server.virsh("destroy", "runs")
        self.assertEqual(self.rows("list"), [rests, ["-", "runs", "shut off", "1", "32 MiB"]])
        self.assertEqual(self.ask("list", "--name"), "rests\nruns\n")

    def test_json_agrees_with_virsh(self):
        number = self.two_domains()
        domains = {one["name"]: one for one in json.loads(self.ask("list", "--json"))}
        self.assertEqual(domains["runs"], {
            "id": int(number), "name": "runs", "uuid": self.server.out("domuuid", "runs"), "state": "running",
            "vcpus": 1, "memory_kib": 32768, "max_memory_kib": 32768})
        self.assertEqual(domains["rests"], {
            "id": None, "name": "rests", "uuid": self.server.out("domuuid", "rests"), "state": "shut off",
            "vcpus": 2, "memory_kib": 1536 * 1024, "max_memory_kib": 1536 * 1024})

    def test_status(self):
        self.two_domains()
        text = self.ask("status")
        pid = self.server.process.pid
        self.assertRegex(text, rf"(?m)^daemon    {self.server.kind}, pid {pid}, up \d+ (s|min), libvirt protocol 9\.0\.0$")
        self.assertIn(f"uri       {self.server.driver} at {self.server.sock}\n", text)
        self.assertRegex(text, r"(?m)^host      \S+: \d+ CPUs? \S+, [\d.]+ [MG]iB memory, QEMU 7\.2\.\d+$")
        self.assertIn("domains   1 running, 1 shut off\n", text)
        self.assertIn("\nID  NAME   STATE     VCPUS  MEMORY\n", text)
        self.assertIn("rests  shut off  2      1.5 GiB\n", text)

    def test_default_uri_from_environment(self):
        self.two_domains()
        names = vireo("list", "--name", LIBVIRT_DEFAULT_URI=self.server.uri).stdout
        self.assertEqual(names, "runs\nrests\n")

    def test_bare_socket(self):
        self.server.define(boot_guest("one"))
        self.assertEqual(vireo("-c", self.server.sock, "list", "--name").stdout, "one\n")
        self.assertEqual(vireo("-c", self.server.ro_sock, "list", "--name").stdout, "one\n")

    def test_unknown_domain(self):
        done = vireo("-c", self.server.uri, "list", "missing", status=1)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, "^vireo: cannot list the domains: .*missing")

    def test_daemon_stops_answering(self):
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            done = vireo("-c", self.server.uri, "--timeout", "1", "list", status=1)
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        self.assertIn("no reply within the timeout", done.stderr)
        self.assertEqual(self.ask("list"), "")

    def test_doctor_finds_the_daemon(self):
        text = vireo("-c", self.server.uri, "doctor", status=self.expected_status()).stdout
        self.assertIn("session mode, run by root\n" if IS_VIREO else "system mode, run by root\n", text)
        self.assertRegex(text, rf"ok     {self.server.sock}: s\S+ root root, served by {self.server.kind} \(pid \d+\)")
        self.assertRegex(text, r"ok     QEMU: /usr/bin/qemu-system-x86_64, version 7\.2\.\d+")

    @staticmethod
    def expected_status():
        return 0 if IS_VIREO and (not os.path.exists("/dev/kvm") or os.access("/dev/kvm", os.W_OK)) else 1

    def completed(self, *args, uri=None):
        """What bash offers to complete the last word."""
        script = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; '
                  'COMP_POINT=${#COMP_LINE}; _vireo; printf "%s\\n" "${COMPREPLY[@]}"')
        env = dict(os.environ, PATH=f"{os.path.dirname(VIREO)}:{os.environ['PATH']}")
        if uri:
            env["LIBVIRT_DEFAULT_URI"] = uri
        done = subprocess.run(["bash", "-c", script, "bash", f"{SOURCE}/clients/vireo.bash", "vireo", *args],
                              capture_output=True, text=True, timeout=30, env=env)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_completion(self):
        self.two_domains()
        self.assertEqual(self.completed(""), ["list", "status", "doctor", "help"])
        self.assertEqual(self.completed("s"), ["status"])
        self.assertEqual(self.completed("list", "--j"), ["--json"])
        self.assertEqual(self.completed("doctor", "--i"), ["--images"])
        self.assertEqual(self.completed("doctor", ""), [])
        self.assertEqual(self.completed("--connect", ""), ["qemu:///system", "qemu:///session"])
        self.assertEqual(self.completed("list", "", uri=self.server.uri), ["runs", "rests"])
        self.assertEqual(self.completed("status", "re", uri=self.server.uri), ["rests"])
        self.assertEqual(self.completed("-c", self.server.sock, "list", "ru"), ["runs"])
        self.assertEqual(self.completed("list", "r", uri="/nonexistent"), [])

    def test_completion_in_a_real_bash(self):
        """bash splits a URI at its colons and equals signs: complete the line as a user types it."""
        self.two_domains()
        terminal = Terminal.__new__(Terminal)
        terminal.seen = ""
        terminal.pid, terminal.fd = pty.fork()
        if terminal.pid == 0:
            os.environ.update(PATH=f"{os.path.dirname(VIREO)}:{os.environ['PATH']}", PS1="> ", TERM="dumb")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
        try:
            terminal.type(f". {SOURCE}/clients/vireo.bash\n")
            terminal.type(f"vireo --connect '{self.server.uri}' list ru\t")
            terminal.expect("list runs ")
            terminal.type("--j\t\n")
            terminal.expect('"name": "runs"')
        finally:
            terminal.close()


class NoDaemon(unittest.TestCase):
    """Without a running daemon."""

    def test_commands_point_to_doctor(self):
        for command in ("list", "status"):
            done = vireo("-c", "/nonexistent/sock", command, status=1)
            self.assertEqual(done.stdout, "")
            self.assertIn("vireo: no daemon: cannot connect to the daemon's socket '/nonexistent/sock'", done.stderr)
            self.assertIn("`vireo doctor`", done.stderr)

    def test_doctor_needs_no_daemon(self):
        text = vireo("-c", "qemu:///system", "doctor", status=1).stdout
        self.assertIn("system mode, run by root\n", text)
        self.assertIn("FAIL   /run/libvirt/libvirt-sock: is missing: no daemon is running\n"
                      "         fix: vireod --system --daemon\n", text)

    def test_doctor_checks_the_path_to_images(self):
        os.makedirs("/run/t/walk/a/images")
        os.chmod("/run/t/walk/a", 0o700)
        self.addCleanup(lambda: subprocess.run(["rm", "-r", "/run/t/walk"], check=True))
        os.symlink("/run/t/walk/a/images", "/run/t/walk/link")
        for path in ("/run/t/walk/a/images", "/run/t/walk/link"):
            text = vireo("-c", "qemu:///system", "doctor", "--images", path, status=1).stdout
            fix = re.search(r"FAIL   images: .* may not search directory /run/t/walk/a .*\n +fix: (.*)\n", text)
            self.assertTrue(fix, text)
        subprocess.run(fix[1], shell=True, check=True)  # the command that doctor printed works
        text = vireo("-c", "qemu:///system", "doctor", "--images", path, status=1).stdout
        self.assertIn(f"ok     images: user libvirt-qemu can reach {path}\n", text)

    def test_usage(self):
        for args in ([], ["dance"], ["status", "--json"], ["list", "--json", "--name"], ["help", "me"], ["--wrong"],
                     ["list", "--images", "x"], ["--timeout", "soon", "list"]):
            self.assertIn("vireo", vireo(*args, status=2).stderr + "vireo" * (not args), args)
        self.assertIn("doctor [--images DIR]", vireo("help").stdout)
        self.assertEqual(vireo("help").stdout, vireo("--help").stdout)
        self.assertRegex(vireo("--version").stdout, r"^vireo \d+\.\d+\.\d+\n$")


@unittest.skipUnless(IS_VIREO, "paths of vireod")
class System(unittest.TestCase):
    """vireod in system mode at its default paths, which are private here."""

    @classmethod
    def setUpClass(cls):
        if subprocess.run([*USER, VIREO, "--version"], capture_output=True).returncode != 0:
            raise unittest.SkipTest("cannot switch to another user, or that user cannot run the build")

    def setUp(self):
        self.log = open("/run/t/system.log", "w+")
        self.daemon = subprocess.Popen([os.environ["VIREOD"], "--system"], stdin=subprocess.DEVNULL, stdout=self.log,
                                       stderr=self.log)
        self.addCleanup(self.log.close)
        self.addCleanup(self.end)
        wait_for("vireod to answer", lambda: subprocess.run([VIREO, "status"], capture_output=True).returncode == 0)

    def end(self):
        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(30), 0)

    def test_other_users_read(self):
        self.assertIn("at /run/libvirt/libvirt-sock-ro\n", vireo("status").stdout)
        text = vireo("-c", "qemu:///system", "status", before=USER).stdout
        self.assertIn("uri       qemu:///system at /run/libvirt/libvirt-sock-ro\n", text)

    def test_doctor_reports_rights(self):
        group = subprocess.run(["getent", "group", "libvirt"], capture_output=True).returncode == 0
        served = rf"/run/libvirt/libvirt-sock: srwxrwxrwx root root, served by vireod \(pid {self.daemon.pid}\); "
        text = vireo("doctor", status=1 if not group or "FAIL" in vireo_doctor() else 0).stdout
        self.assertRegex(text, "ok     " + served + "root may change domains")
        text = vireo("-c", "qemu:///system", "doctor", before=USER, status=1).stdout
        if group:
            self.assertRegex(text, "FAIL   " + served + "vireo-user has read-only access, not being in group libvirt")
        else:
            self.assertRegex(text, r"FAIL   group: there is no group 'libvirt'[^\n]*\n +fix: sudo groupadd")
            self.assertRegex(text, "note   " + served + "only root may change domains")
        self.assertRegex(text, r"ok     /run/libvirt/libvirt-sock-ro: s\S+ root root, served by vireod .*vireo-user has read-only")

    def test_doctor_finds_libvirtd(self):
        if not os.path.exists("/usr/sbin/libvirtd"):
            self.skipTest("no libvirtd")
        self.assertIn("ok     another daemon", vireo_doctor())
        other = Server("other", kind="libvirtd").start()
        try:
            found = re.search(r"FAIL   another daemon: libvirtd \(pid (\d+)\) .*\n +fix: (.*)\n", vireo_doctor())
            self.assertTrue(found)
            self.assertEqual(int(found[1]), other.process.pid)
            subprocess.run(found[2], shell=True, check=True)
            other.process.wait(30)
        finally:
            other.stop()
        self.assertIn("ok     another daemon", vireo_doctor())


def vireo_doctor():
    """The output of vireo doctor, whatever its exit status."""
    return subprocess.run([VIREO, "doctor"], capture_output=True, text=True, timeout=60).stdout


if __name__ == "__main__":
    main()
