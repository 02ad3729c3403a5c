# SPDX-License-Identifier: GPL-2.0-or-later
"""The server under test, real guests, and real clients for it.

VIREO_TEST_SERVER chooses: `vireod` (the program in $VIREOD), or `libvirtd`, Debian's 9.0, against
which every test here was written first: what passes there is libvirt's behaviour.
"""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

from ns import SKIP, WORK

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
# Copies: images are their QEMU's while a guest runs, and several tests run at a time.
GUESTS = f"{WORK}/guests"
KIND = os.environ.get("VIREO_TEST_SERVER") or ("vireod" if os.environ.get("VIREOD") else "libvirtd")
IS_VIREO = KIND == "vireod"
# Everything may take so many times as long here: an emulated machine (tests/vm).
SLOW = int(os.environ.get("VIREO_SLOW", "1"))
QEMU = "/usr/bin/qemu-system-x86_64"

_BUILT = os.environ.get("VIREO_GUESTS", f"{SOURCE}/build/guest")
if os.path.isdir(_BUILT) and not os.path.exists(GUESTS):
    shutil.copytree(_BUILT, GUESTS)


def wait_for(what, check, seconds=20):
    """check() until it says something true; that is returned. Fails naming `what`."""
    end = time.monotonic() + seconds * SLOW
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds * SLOW} s for {what}")
        time.sleep(0.02)


class Server:
    """One daemon with all its state below one directory, so that it can be killed and started again."""

    def __init__(self, name="s", extra=(), mode="session", kind=KIND):
        self.kind = kind
        self.root = f"{WORK}/{name}"
        os.makedirs(self.root, exist_ok=True)
        self.log = f"{self.root}/daemon.log"
        self.extra = list(extra)
        self.process = None
        if kind == "vireod":
            self.sock = f"{self.root}/sock"
            self.ro_sock = f"{self.root}/sock-ro"
            self.driver = f"qemu:///{mode}"
            self.argv = [os.environ["VIREOD"], f"--{mode}", "--root", self.root, "--listen", self.sock]
        else:
            self.sock = f"{self.root}/libvirt-sock"
            self.ro_sock = f"{self.root}/libvirt-sock-ro"
            self.driver = "qemu:///system"
            self._configure_libvirtd()
            self.argv = ["/usr/sbin/libvirtd", "-f", f"{self.root}/libvirtd.conf", "-p", f"{self.root}/pid"]
        self.uri = f"{self.driver}?socket={self.sock}"

    def _configure_libvirtd(self):
        with open(f"{self.root}/libvirtd.conf", "w") as file:
            file.write(f'unix_sock_dir = "{self.root}"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        with open("/etc/libvirt/qemu.conf", "w") as file:
            file.write('user = "root"\ngroup = "root"\nsecurity_driver = "none"\nstdio_handler = "file"\n'
                       'namespaces = []\nremember_owner = 0\ncgroup_controllers = []\n')

    def start(self):
        out = open(self.log, "a")
        self.process = subprocess.Popen([*self.argv, *self.extra], stdin=subprocess.DEVNULL, stdout=out,
                                        stderr=out, start_new_session=True)
        out.close()
        wait_for("the daemon to answer", self._answers, 30)
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}:\n{self.log_text()}")
        return os.path.exists(self.sock) and self.virsh("uri", check=False).returncode == 0

    def log_text(self):
        with open(self.log) as file:
            return file.read()[-4000:]

    def kill(self, sig=signal.SIGKILL):
        self.process.send_signal(sig)
        self.process.wait(20 * SLOW)
        self.check_log()

    def check_log(self):
        """What AddressSanitizer, LeakSanitizer or UBSan said fails the test, whatever the daemon's exit status was."""
        with open(self.log, errors="replace") as file:
            text = file.read()
        found = re.search(r"ERROR: \w+Sanitizer|LeakSanitizer|runtime error:", text)
        if found:
            raise AssertionError(f"the daemon's log has a sanitizer report:\n{text[max(0, found.start() - 500):][:8000]}")

    def restart(self, sig=signal.SIGKILL):
        self.kill(sig)
        return self.start()

    def stop(self):
        """Ends the guests, then the daemon; what ended badly is a failure."""
        if self.process is None or self.process.poll() is not None:
            self.check_log()
            return
        for name in self.virsh("list", "--name", check=False).stdout.split():
            self.virsh("destroy", name, check=False)
        self.kill(signal.SIGTERM)
        if self.kind == "vireod" and self.process.returncode != 0:
            raise AssertionError(f"vireod ended with {self.process.returncode}:\n{self.log_text()}")

    def virsh(self, *args, check=True, ro=False, input=None, timeout=60):
        command = ["virsh", "-q", *(["-r"] if ro else []), "-c",
                   f"{self.driver}?socket={self.ro_sock}" if ro else self.uri, *map(str, args)]
        done = subprocess.run(command, capture_output=True, text=True, input=input, timeout=timeout * SLOW,
                              stdin=None if input is not None else subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise AssertionError(f"virsh {' '.join(map(str, args))}: {done.stderr.strip()}\n{self.log_text()}")
        return done

    def out(self, *args, **more):
        return self.virsh(*args, **more).stdout.strip()

    def error(self, *args, **more):
        """The error text of a virsh command that must fail."""
        done = self.virsh(*args, check=False, **more)
        if done.returncode == 0:
            raise AssertionError(f"virsh {' '.join(map(str, args))} did not fail: {done.stdout}")
        return done.stderr.strip()

    def connect(self, ro=False):
        import libvirt
        libvirt.registerErrorHandler(lambda *_: None, None)
        if ro:
            return libvirt.openReadOnly(f"{self.driver}?socket={self.ro_sock}")
        return libvirt.open(self.uri)

    def write(self, text, name="document.xml"):
        path = f"{self.root}/{name}"
        with open(path, "w") as file:
            file.write(text)
        return path

    def define(self, text):
        self.virsh("define", self.write(text))

    def state(self, name, reason=False):
        return " ".join(self.out("domstate", name, *(["--reason"] if reason else [])).split())

    def wait_state(self, name, state, seconds=20):
        wait_for(f"{name} to be '{state}'", lambda: self.state(name, "(" in state) == state, seconds)

    def console_echoes(self, name):
        """The guest (kind echo) answers on its console, asked through a stream of the library."""
        conn = self.connect()
        stream = conn.newStream(0)
        conn.lookupByName(name).openConsole(None, stream, 0)
        stream.send(b"hello, guest")
        got = b""
        signal.alarm(30 * SLOW)  # a blocking stream that brings nothing ends the test
        while b"hello, guest" not in got:
            got += stream.recv(1024)
        signal.alarm(0)
        stream.abort()
        conn.close()

    def qemu_pid(self, name):
        """The process id of a guest's QEMU, from the process table."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline") as file:
                    argv = file.read().split("\0")  # a zombie has none
            except OSError:
                continue
            if "qemu-system" in argv[0] and any(re.match(rf"(guest=)?{re.escape(name)}(,|$)", w) for w in argv):
                return int(pid)
        return None


def boot_guest(name, kind="halt", extra="", devices="", uuid=""):
    """A guest that boots a sector of tests/guest (kind), with a serial console."""
    return f"""<domain type='qemu'><name>{name}</name>{uuid and f'<uuid>{uuid}</uuid>'}<memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os><features><acpi/></features>{extra}
<devices><emulator>{QEMU}</emulator><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{GUESTS}/{kind}.img'/>
<target dev='hda' bus='ide'/><shareable/></disk><serial type='pty'/><console type='pty'/><memballoon model='none'/>{devices}</devices></domain>
"""


def linux_guest(name, options="", extra="", devices=""):
    return f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>{GUESTS}/vmlinuz</kernel><initrd>{GUESTS}/initrd.gz</initrd>
<cmdline>console=ttyS0 quiet panic=-1 {options}</cmdline></os><features><acpi/></features>{extra}
<devices><emulator>{QEMU}</emulator><console type='pty'/><memballoon model='none'/>{devices}</devices></domain>
"""


class Terminal:
    """A client that wants a terminal (virsh console, virsh event), typed at and read through a pty."""

    def __init__(self, server, *args):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp("virsh", ["virsh", "-c", server.uri, *args])

    def expect(self, text, seconds=30):
        """Reads until `text` comes; what is before it is consumed."""
        end = time.monotonic() + seconds * SLOW
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                got = os.read(self.fd, 65536) if ready else b""
            except OSError:
                got = b""
            if not got:
                raise AssertionError(f"no {text!r} within {seconds * SLOW} s; the terminal showed:\n{self.seen}")
            self.seen += got.decode(errors="replace")
        before, self.seen = self.seen.split(text, 1)
        return before

    def type(self, text):
        os.write(self.fd, text.encode())

    def ask(self, text, answer, seconds=30):
        """Types until the answer comes: what is typed before the client has switched its terminal to raw is lost."""
        for _ in range(seconds):
            self.type(text)
            try:
                return self.expect(answer, 1)
            except AssertionError:
                continue
        raise AssertionError(f"{text!r} brought no {answer!r}; the terminal showed:\n{self.seen}")

    def end(self):
        """Waits for the client to leave by itself and gives its exit status."""
        end = time.monotonic() + 15 * SLOW
        while time.monotonic() < end:
            ready, _, _ = select.select([self.fd], [], [], 0.1)
            try:
                if ready and not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        else:
            self.close()
            raise AssertionError("the client did not leave")
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class Events:
    """Lifecycle events through libvirt-python, as (domain, event, detail)."""

    def __init__(self, server):
        import libvirt
        if not getattr(Events, "loop", False):
            libvirt.virEventRegisterDefaultImpl()
            Events.loop = True
        self.libvirt = libvirt
        self.seen = []
        self.conn = libvirt.open(server.uri)
        self.id = self.conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._note, None)
        self.timer = libvirt.virEventAddTimeout(50, lambda *_: None, None)

    def _note(self, _conn, domain, event, detail, _opaque):
        kinds = ["defined", "undefined", "started", "suspended", "resumed", "stopped", "shutdown",
                 "pmsuspended", "crashed"]
        self.seen.append((domain.name(), kinds[event], detail))

    def take(self, count, seconds=20):
        """The next `count` events; fails when they don't come."""
        end = time.monotonic() + seconds
        while len(self.seen) < count:
            if time.monotonic() > end:
                raise AssertionError(f"{count} events expected, seen within {seconds} s: {self.seen}")
            self.libvirt.virEventRunDefaultImpl()
        taken, self.seen = self.seen[:count], self.seen[count:]
        self.last = taken[-1][1:]
        return [one[1:] for one in taken]

    def take_stop(self, detail):
        """A guest that was stopped by the daemon: libvirt passes on QEMU's own event about the signal when
        they come before its end, so that event may be there or not."""
        if self.take(1) == [("shutdown", 2)]:
            return self.take(1) == [("stopped", detail)]
        return self.last == ("stopped", detail)

    def quiet(self):
        """Nothing more than what was taken came: a round trip later everything sent before is here."""
        self.conn.getLibVersion()
        for _ in range(3):
            self.libvirt.virEventRunDefaultImpl()
        if self.seen:
            raise AssertionError(f"unexpected events: {self.seen}")

    def close(self):
        self.libvirt.virEventRemoveTimeout(self.timer)
        try:
            self.conn.domainEventDeregisterAny(self.id)
            self.conn.close()
        except self.libvirt.libvirtError:
            pass  # a test that failed waiting didn't answer the server's keepalive


def require(condition, reason):
    """Ends the whole file as skipped."""
    if not condition:
        print("skipped:", reason)
        os._exit(SKIP)


def main():
    """Each test file's last line."""
    import unittest
    require(os.path.exists(f"{GUESTS}/initrd.gz"), "no guests: run tests/guest/build.sh build/guest")
    require(os.path.exists(QEMU), "no qemu-system-x86_64")
    print(f"server: {KIND}")
    unittest.main(verbosity=2)
