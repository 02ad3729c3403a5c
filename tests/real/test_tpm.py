#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""TPMs with the real swtpm: as QEMU sees them, across daemons, and what is kept of them."""
import ns; ns.enter()
import glob
import json
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import time
import unittest

import libvirt

from ns import WORK
from server import IS_VIREO, Server, Terminal, boot_guest, linux_guest, main, require, wait_for

UUID = "0c6ae3a5-6fb5-4f2e-9d5b-5e0d6f1f7a03"
LIBVIRT_CA = "/var/lib/swtpm-localca"


def tpm(model="tpm-crb", attributes="", banks=""):
    return f"<tpm model='{model}'><backend type='emulator'{attributes}>{banks}</backend></tpm>"


def swtpms():
    """The processes, by their arguments and user."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path) as file:
                argv = file.read().split("\0")
            if os.path.basename(argv[0]) == "swtpm":
                found[int(path.split("/")[2])] = (argv, os.stat(os.path.dirname(path)).st_uid)
        except OSError:
            pass
    return found


class Tpm(unittest.TestCase):
    mode = "session"

    def setUp(self):
        if not IS_VIREO:  # a CA of the test's own, below swtpm's user
            os.makedirs(f"{WORK}/ca", exist_ok=True)
            shutil.chown(f"{WORK}/ca", "tss", "tss")
            subprocess.run(["mount", "--bind", f"{WORK}/ca", LIBVIRT_CA], check=True)
        self.server = Server(f"{self.mode[:3]}-{self._testMethodName[5:25]}", mode=self.mode).start()
        os.chmod(self.server.root, 0o755)

    def tearDown(self):
        self.server.stop()
        wait_for("the end of every swtpm", lambda: not swtpms())
        if not IS_VIREO:
            subprocess.run(["umount", LIBVIRT_CA], check=True)

    def state_dirs(self):
        """What is kept, by the end of its path."""
        root = f"{self.server.root}/**/swtpm" if IS_VIREO else "/var/lib/libvirt/swtpm"
        return sorted("/".join(path.split("/")[-2:]) for path in glob.glob(f"{root}/{UUID}/tpm*", recursive=True))

    def state_dir(self):
        root = f"{self.server.root}/**/swtpm" if IS_VIREO else "/var/lib/libvirt/swtpm"
        return glob.glob(f"{root}/{UUID}/tpm*", recursive=True)[0]

    def define(self, device):
        self.server.define(boot_guest("a", devices=device, uuid=UUID))

    def ask(self, command):
        return json.loads(self.server.out("qemu-monitor-command", "a", json.dumps({"execute": command})))["return"]

    def test_lifecycle(self):
        self.define(tpm())
        self.server.virsh("start", "a", "--paused")
        self.assertEqual([one["model"] for one in self.ask("query-tpm")], ["tpm-crb"])
        self.assertIn("<backend type='emulator' version='2.0'/>", self.server.out("dumpxml", "a"))
        ((pid, (argv, _)),) = swtpms().items()
        self.assertIn("--tpm2", argv)
        self.assertEqual(self.state_dirs(), [f"{UUID}/tpm2"])
        path = self.state_dir()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o700)
        before = os.path.getsize(f"{path}/tpm2-00.permall")
        self.assertGreater(before, 4000)  # with keys and certificates
        self.server.restart(signal.SIGKILL)
        self.assertEqual(self.server.state("a"), "paused")
        self.assertEqual([one["model"] for one in self.ask("query-tpm")], ["tpm-crb"])
        self.server.virsh("resume", "a")
        self.assertEqual(list(swtpms()), [pid])
        self.server.virsh("destroy", "a")
        self.assertEqual(swtpms(), {})
        self.server.restart(signal.SIGKILL)
        self.assertEqual(self.state_dirs(), [f"{UUID}/tpm2"])
        self.server.virsh("start", "a")
        self.assertEqual(len(swtpms()), 1)
        self.server.virsh("destroy", "a")
        self.server.virsh("undefine", "a")
        self.assertEqual(self.state_dirs(), [])

    def test_a_linux_guest_uses_it(self):
        self.server.define(linux_guest("linux", devices=tpm("tpm-tis", " version='2.0'")))
        terminal = Terminal(self.server, "start", "--console", "linux")
        try:
            terminal.expect("VIREO-GUEST ready", 60)
            terminal.expect("guest# ")
            terminal.ask("echo v$(cat /sys/class/tpm/tpm0/tpm_version_major)\n", "v2\r\n")
            terminal.ask("ls -d /sys/class/tpm/tpm0/pcr-*\n", "/sys/class/tpm/tpm0/pcr-sha256\r\n")
        finally:
            terminal.close()

    def test_version_1(self):
        self.define(tpm("tpm-tis"))
        self.server.virsh("start", "a")
        self.assertEqual([one["model"] for one in self.ask("query-tpm")], ["tpm-tis"])
        self.assertEqual(self.state_dirs(), [f"{UUID}/tpm1.2"])
        ((argv, _),) = swtpms().values()
        self.assertNotIn("--tpm2", argv)
        self.server.virsh("destroy", "a")
        conn = self.server.connect()
        with self.assertRaisesRegex(libvirt.libvirtError, "cannot both keep and delete TPM"):
            conn.lookupByName("a").undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_TPM | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM)
        conn.close()
        self.server.virsh("undefine", "a", "--keep-tpm")
        self.assertEqual(self.state_dirs(), [f"{UUID}/tpm1.2"])

    @unittest.skipUnless(IS_VIREO, "libvirtd leaves processes behind")
    def test_the_daemon_killed_during_a_start(self):
        for i in range(8):
            self.define(tpm())
            client = subprocess.Popen(["virsh", "-c", self.server.uri, "start", "a"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, 1.2))
            self.server.restart(signal.SIGKILL)
            client.wait(30)
            wait_for("the domain to be settled", lambda: self.server.state("a") in ("running", "shut off"))
            if self.server.state("a") == "running":
                self.server.virsh("destroy", "a")
            wait_for("the end of every swtpm", lambda: not swtpms())
            self.server.virsh("undefine", "a")
            self.assertEqual(self.state_dirs(), [])

    def test_persistent_state(self):
        banks = "<active_pcr_banks><sha1/><sha512/></active_pcr_banks>"
        self.define(tpm("tpm-tis", " version='2.0' persistent_state='yes'", banks))
        self.server.virsh("start", "a")
        self.server.virsh("destroy", "a")
        self.server.virsh("undefine", "a")
        self.assertEqual(self.state_dirs(), [f"{UUID}/tpm2"])
        self.server.virsh("create", self.server.write(boot_guest("a", devices=tpm(), uuid=UUID)))
        self.server.virsh("destroy", "a")
        self.assertEqual(self.state_dirs(), [])

    def test_its_end_is_survived(self):
        self.define(tpm())
        self.server.virsh("start", "a", "--paused")
        os.kill(next(iter(swtpms())), signal.SIGKILL)
        wait_for("its end", lambda: not swtpms())
        if IS_VIREO:
            wait_for("the daemon to say so", lambda: "the swtpm of its device 'tpm0'" in self.server.log_text())
        self.assertEqual(self.server.state("a"), "paused")
        self.server.virsh("destroy", "a")
        self.server.virsh("start", "a")

    @unittest.skipUnless(IS_VIREO, "libvirtd remembers the programs it has found")
    def test_not_installed(self):
        self.define(tpm())
        tools = ["/usr/bin/swtpm", "/usr/bin/swtpm_setup"]
        subprocess.run(["mount", "--bind", "/dev/null", tools[0]], check=True)
        try:
            self.assertIn("apt-get install swtpm)", self.server.error("start", "a"))
            self.assertIn("<tpm supported='no'/>", self.server.out("domcapabilities"))
        finally:
            subprocess.run(["umount", tools[0]], check=True)
        self.assertIn("<value>tpm-crb</value>", self.server.out("domcapabilities"))
        subprocess.run(["mount", "--bind", "/dev/null", tools[1]], check=True)
        try:
            self.server.virsh("start", "a")  # starts from nothing
            self.assertEqual(len(self.ask("query-tpm")), 1)
            self.server.virsh("destroy", "a")
            banks = "<active_pcr_banks><sha512/></active_pcr_banks>"
            self.define(tpm(banks=banks))
            self.assertIn("apt-get install swtpm-tools)", self.server.error("start", "a"))
        finally:
            subprocess.run(["umount", tools[1]], check=True)
        self.server.virsh("start", "a")


def has_qemu_user():
    """Whether this is root, in a namespace with other users."""
    try:
        shutil.chown(WORK, "libvirt-qemu")
        shutil.chown(WORK, "root")
        return True
    except OSError:
        return False


@unittest.skipUnless(IS_VIREO and has_qemu_user(), "needs QEMU's user; libvirtd uses another one")
class SystemTpm(Tpm):
    """As the user of QEMU."""
    mode = "system"

    def test_user(self):
        self.define(tpm())
        self.server.virsh("start", "a")
        ((_, user),) = swtpms().values()
        self.assertEqual(user, os.stat(f"/proc/{self.server.qemu_pid('a')}").st_uid)
        self.assertEqual(user, os.stat(self.state_dir()).st_uid)
        with open(f"/proc/{next(iter(swtpms()))}/status") as file:
            (capabilities,) = re.findall(r"^CapEff:\s*(\w+)", file.read(), re.M)
        self.assertEqual(int(capabilities, 16), 0)


if __name__ == "__main__":
    require(shutil.which("swtpm") and shutil.which("swtpm_setup"), "no swtpm (Debian: swtpm swtpm-tools)")
    main()
