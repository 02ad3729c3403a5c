#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How the daemon starts, who may talk to it, and when it ends. vireod's own command line: libvirtd has another."""
import ns; ns.enter()
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
import unittest

from ns import WORK
from server import IS_VIREO, Server, boot_guest, main, require, wait_for

require(IS_VIREO, "these tests are about vireod's own modes")
VIREOD = os.environ["VIREOD"]
USER = "vireo-user"


def run(*args, **more):
    return subprocess.run([VIREOD, *args], capture_output=True, text=True, timeout=30, **more)


class Modes(unittest.TestCase):
    def test_help_names_the_sockets_of_each_mode(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("/run/libvirt/libvirt-sock", done.stdout)
        self.assertIn(f"{os.environ['XDG_RUNTIME_DIR']}/libvirt/libvirt-sock", done.stdout)

    def test_version(self):
        done = run("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^vireod .*\d+\.\d+\.\d+")

    def test_unknown_option_is_refused(self):
        done = run("--no-such-option")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no-such-option", done.stderr)

    def test_second_daemon_on_the_same_socket_says_which(self):
        server = Server("twice").start()
        done = run("--session", "--root", f"{WORK}/other", "--listen", server.sock)
        self.assertEqual(done.returncode, 1)
        self.assertIn(server.sock, done.stderr)
        self.assertIn(str(server.process.pid), done.stderr)
        self.assertEqual(server.out("list", "--all"), "")
        server.stop()

    def test_what_is_no_socket_is_not_taken_over(self):
        os.makedirs(f"{WORK}/file")
        path = f"{WORK}/file/precious"
        with open(path, "w") as file:
            file.write("a document")
        done = run("--session", "--root", f"{WORK}/file", "--listen", path, "--timeout", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn(path, done.stderr)
        with open(path) as file:
            self.assertEqual(file.read(), "a document")

    def test_system_mode_of_a_user_names_session_mode(self):
        require_user()
        program = f"{WORK}/vireod-for-all"
        shutil.copy(VIREOD, program)
        done = subprocess.run(as_user(program, "--system"), capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--session", done.stderr)

    def test_a_stale_socket_is_taken_over(self):
        server = Server("stale").start()
        server.kill(signal.SIGKILL)
        self.assertTrue(os.path.exists(server.sock))
        server.start()
        server.stop()
        self.assertFalse(os.path.exists(server.sock), "a daemon that ends orderly removes its socket")

    def test_timeout_ends_an_idle_daemon(self):
        server = Server("idle", extra=["--timeout", "1"]).start()
        conn = server.connect()
        with self.assertRaises(subprocess.TimeoutExpired):
            server.process.wait(2.5)
        conn.close()
        self.assertEqual(server.process.wait(10), 0)

    def test_timeout_waits_for_guests(self):
        server = Server("busy", extra=["--timeout", "1"]).start()
        server.virsh("create", server.write(boot_guest("a")))
        with self.assertRaises(subprocess.TimeoutExpired):
            server.process.wait(2.5)
        server.virsh("destroy", "a")
        self.assertEqual(server.process.wait(10), 0)

    def test_hangup_reloads_and_keeps_clients(self):
        server = Server("hup").start()
        conn = server.connect()
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(conn.getType(), "QEMU")
        self.assertIsNone(server.process.poll())
        self.assertEqual(conn.getType(), "QEMU")
        server.stop()

    def test_check_reads_configuration_and_documents(self):
        conf = f"{WORK}/check.conf"
        with open(conf, "w") as file:
            file.write("max_clients = 10\n")
        self.assertEqual(run("--check", "--session", "--root", f"{WORK}/check", "--config", conf).returncode, 0)
        with open(conf, "w") as file:
            file.write("max_clients = 10\nno_such_setting = 1\n")
        done = run("--check", "--session", "--root", f"{WORK}/check", "--config", conf)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no_such_setting", done.stderr + done.stdout)
        self.assertIn("2", done.stderr + done.stdout)

    def test_daemon_returns_when_it_listens(self):
        root = f"{WORK}/bg"
        os.makedirs(root)
        done = subprocess.run([VIREOD, "--session", "--root", root, "--listen", f"{root}/sock", "--daemon", "--timeout",
                               "1"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
        self.assertEqual(done.returncode, 0)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{root}/sock")
        wait_for("the idle daemon's end", lambda: not os.path.exists(f"{root}/sock"))

    def test_readiness_is_reported_and_inherited_sockets_are_used(self):
        root = f"{WORK}/sd"
        os.makedirs(root)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(f"{root}/notify")
        notify.settimeout(20)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(f"{root}/sock")
        listening.listen()
        script = 'exec env LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=vireod.socket "$@" 3<&%d' % listening.fileno()
        daemon = subprocess.Popen(["bash", "-c", script, "_", VIREOD, "--session", "--root", root], cwd="/",
                                  pass_fds=[listening.fileno()], env=dict(os.environ, NOTIFY_SOCKET=f"{root}/notify"))
        try:
            self.assertIn(b"READY=1", notify.recv(4096))
            out = subprocess.run(["virsh", "-c", f"qemu:///session?socket={root}/sock", "uri"], capture_output=True, text=True)
            self.assertEqual(out.returncode, 0, out.stderr)
        finally:
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)
            listening.close()
            notify.close()

    def test_of_inherited_sockets_the_read_only_one_only_reads(self):
        root = f"{WORK}/sd2"
        os.makedirs(root)
        sockets = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for one, path in zip(sockets, ("libvirt-sock", "libvirt-sock-ro")):
            one.bind(f"{root}/{path}")
            one.listen()
        moved = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 50) for one in sockets]
        script = 'exec env LISTEN_PID=$$ LISTEN_FDS=2 "$@" 3<&%d 4<&%d' % tuple(moved)
        daemon = subprocess.Popen(["bash", "-c", script, "_", VIREOD, "--session", "--root", root], cwd="/", pass_fds=moved)
        try:
            document = f"{root}/a.xml"
            with open(document, "w") as file:
                file.write(boot_guest("a"))
            for path, status in (("libvirt-sock-ro", 1), ("libvirt-sock", 0)):
                done = subprocess.run(["virsh", "-c", f"qemu:///session?socket={root}/{path}", "define", document],
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertEqual("read only access prevents" in done.stderr, status == 1)
        finally:
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)
            for one in (*sockets, *map(lambda fd: socket.socket(fileno=fd), moved)):
                one.close()

    def test_nothing_is_touched_outside_the_root(self):
        before = snapshot()
        server = Server("inside").start()
        server.define(boot_guest("a"))
        server.virsh("start", "a")
        server.stop()
        self.assertEqual(snapshot() - before, set())

    def test_a_user_s_virsh_starts_it_as_libvirtd(self):
        require_user()
        bindir = f"{WORK}/bin"
        os.makedirs(bindir)
        shutil.copy(VIREOD, f"{bindir}/vireod")  # where another user reaches it
        os.symlink("vireod", f"{bindir}/libvirtd")
        env = dict(os.environ, LIBVIRTD_PATH=bindir, HOME=f"{WORK}/user", XDG_RUNTIME_DIR=f"{WORK}/user/run")
        out = subprocess.run(as_user("virsh", "-c", "qemu:///session", "list", "--all"), capture_output=True, text=True,
                             env=env, timeout=60)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertTrue(os.path.exists(f"{WORK}/user/run/libvirt/libvirt-sock"))
        pid = next(p for p in filter(str.isdigit, os.listdir("/proc")) if arguments(p)[0].endswith("/libvirtd"))
        self.assertIn("--timeout=120", arguments(pid))
        self.assertEqual(os.stat(f"/proc/{pid}").st_uid, pwd.getpwnam(USER).pw_uid)
        os.kill(int(pid), signal.SIGTERM)

    def test_system_mode_lets_others_only_read(self):
        require_user()
        server = Server("system", mode="system").start()
        os.chmod(server.root, 0o755)
        os.chmod(WORK, 0o755)
        read = f"qemu:///system?socket={server.ro_sock}"
        out = subprocess.run(as_user("virsh", "-r", "-c", read, "list", "--all"), capture_output=True, text=True)
        self.assertEqual(out.returncode, 0, out.stderr)
        out = subprocess.run(as_user("virsh", "-c", read, "undefine", "x"), capture_output=True, text=True)
        self.assertNotEqual(out.returncode, 0)
        document = server.write(boot_guest("a"))
        os.chmod(document, 0o644)
        out = subprocess.run(as_user("virsh", "-c", server.uri, "define", document), capture_output=True, text=True)
        self.assertNotEqual(out.returncode, 0, "only root and the group change anything")
        self.assertEqual(server.out("list", "--all", "--name"), "")
        server.stop()

    def test_a_client_that_never_reads_harms_no_other(self):
        server = Server("deaf").start()
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.connect(server.sock)
            deaf.sendall(b"\0\0\0\x1c" + bytes.fromhex("20008086 00000001 00000042 00000000 00000000 00000000"))
            started = time.monotonic()
            for _ in range(20):
                server.virsh("list", "--all")
            self.assertLess(time.monotonic() - started, 20)
        with socket.socket(socket.AF_UNIX) as liar:
            liar.connect(server.sock)
            liar.sendall(b"\xff\xff\xff\xff")
            liar.settimeout(10)
            self.assertEqual(liar.recv(1), b"", "an impossible length ends the connection")
        server.stop()


def arguments(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read().split("\0")
    except OSError:
        return [""]


def as_user(*args):
    return ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--", *args]


def require_user():
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root can become another user")
    for path in (f"{WORK}/user", f"{WORK}/user/run"):
        os.makedirs(path, exist_ok=True)
        try:
            os.chown(path, pwd.getpwnam(USER).pw_uid, pwd.getpwnam(USER).pw_gid)
        except OSError as error:
            raise unittest.SkipTest(f"no other users in this namespace: {error}")


def snapshot():
    seen = set()
    for top in ("/run", "/etc/libvirt", "/etc/vireo", "/var/lib/libvirt", "/var/log/libvirt", "/var/cache/libvirt",
                os.environ["HOME"]):
        for folder, _, files in os.walk(top):
            if not folder.startswith(f"{WORK}/inside"):
                seen.update(os.path.join(folder, name) for name in files)
    return seen


if __name__ == "__main__":
    main()
