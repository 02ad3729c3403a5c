#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""System mode: whom QEMU runs as, whose the images are meanwhile, and who may change anything."""
import ns; ns.enter()
import glob
import os
import pwd
import shutil
import signal
import stat
import struct
import subprocess
import unittest

import libvirt
from ns import WORK
from server import GUESTS, IS_VIREO, Server, boot_guest, main, require, wait_for

require(IS_VIREO, "these tests are about vireod's own settings")
require(os.geteuid() == 0, "only root has a system mode with other users")
try:
    QEMU_USER, USER = pwd.getpwnam("libvirt-qemu"), pwd.getpwnam("vireo-user")
    os.chown(WORK, QEMU_USER.pw_uid, -1)
    os.chown(WORK, 0, -1)
except OSError as error:
    require(False, f"no other users here: {error}")


def status(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def owner(path):
    seen = os.stat(path)
    return seen.st_uid, seen.st_gid, stat.S_IMODE(seen.st_mode)


def allow_pass(path, uid):
    """setfacl -m u:UID:x PATH, without the program."""
    entries = [(1, 7, 0xffffffff), (2, 1, uid), (4, 0, 0xffffffff), (16, 1, 0xffffffff), (32, 0, 0xffffffff)]
    os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries))


def as_user(*args, groups=()):
    keep = ["--groups", ",".join(groups)] if groups else ["--clear-groups"]
    return ["setpriv", "--reuid", USER.pw_name, "--regid", USER.pw_name, *keep, "--", *args]


class System(unittest.TestCase):
    def setUp(self):
        os.chmod(WORK, 0o755)
        self.images = f"{WORK}/images-{self._testMethodName}"
        os.mkdir(self.images, 0o755)
        self.server = Server(self._testMethodName[5:30], mode="system", extra=self.settings()).start()
        os.chmod(self.server.root, 0o755)

    def tearDown(self):
        self.server.stop()

    def settings(self, group=USER.pw_name):
        path = f"{WORK}/{self._testMethodName}.conf"
        with open(path, "w") as file:
            file.write(f'unix_sock_group = "{group}"\n')
        return ["--config", path]

    def image(self, name="a", mode=0o600, folder=None):
        path = f"{folder or self.images}/{name}.img"
        shutil.copy(f"{GUESTS}/halt.img", path)
        os.chmod(path, mode)
        return path

    def define(self, name, image, devices=""):
        self.server.define(boot_guest(name, devices=devices).replace(f"{GUESTS}/halt.img", image))

    def test_qemu_is_a_user_without_rights_and_the_image_comes_back(self):
        image = self.image()
        self.define("a", image, f"<serial type='file'><source path='{self.images}/serial.log'/><target port='1'/></serial>")
        self.server.virsh("start", "a")
        pid = self.server.qemu_pid("a")
        seen = status(pid)
        self.assertEqual(set(seen["Uid"].split()), {str(QEMU_USER.pw_uid)})
        self.assertEqual(set(seen["Gid"].split()), {str(QEMU_USER.pw_gid)})
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(seen[kind], 16), 0, kind)
        self.assertEqual(seen["NoNewPrivs"], "1")
        self.assertEqual(seen["Seccomp"], "2", "-sandbox on")
        self.assertEqual(os.getsid(pid), pid)
        self.assertEqual(owner(image), (QEMU_USER.pw_uid, QEMU_USER.pw_gid, 0o600))
        # Nothing of the daemon's is open in it: no sockets of clients, no lock of the daemon.
        files = [os.readlink(path) for path in glob.glob(f"/proc/{pid}/fd/*")]
        for path in files:
            self.assertNotIn("vireod.pid", path)
            self.assertFalse(path.startswith(self.server.sock), path)
        self.assertIn(f"{self.images}/serial.log", files)
        self.server.virsh("destroy", "a")
        self.assertEqual(owner(image), (0, 0, 0o600))

    def test_images_come_back_though_the_daemon_was_killed(self):
        images = [self.image("a"), self.image("b")]
        for name, image in zip("ab", images):
            self.define(name, image)
            self.server.virsh("start", name)
        self.server.kill(signal.SIGKILL)
        os.kill(self.server.qemu_pid("b"), signal.SIGKILL)
        wait_for("QEMU's end", lambda: self.server.qemu_pid("b") is None)
        self.server.start()
        # Its guest died meanwhile, or is still on its way out.
        wait_for("its image to come back", lambda: owner(images[1]) == (0, 0, 0o600))
        self.assertEqual(owner(images[0])[0], QEMU_USER.pw_uid)
        self.server.virsh("destroy", "a")
        self.assertEqual(owner(images[0]), (0, 0, 0o600))

    def test_a_file_for_the_firmware_is_given_while_the_guest_runs(self):
        path = f"{self.images}/a,b.ign"
        with open(path, "w") as file:
            file.write("content")
        os.chmod(path, 0o600)
        self.server.define(boot_guest("a", extra=f"""<sysinfo type='fwcfg'><entry name='opt/vireo/a' file='{path}'/>
<entry name='opt/vireo/b'>one, two</entry></sysinfo>"""))
        self.server.virsh("start", "a")
        self.assertEqual(owner(path), (QEMU_USER.pw_uid, QEMU_USER.pw_gid, 0o600))
        self.server.virsh("destroy", "a")
        self.assertEqual(owner(path), (0, 0, 0o600))

    def test_a_start_that_fails_gives_the_image_back(self):
        image = self.image()
        self.define("a", image, "<disk type='file' device='disk'><source file='/no/such.img'/><target dev='hdb' bus='ide'/></disk>")
        self.assertIn("/no/such.img", self.server.error("start", "a"))
        self.assertEqual(owner(image), (0, 0, 0o600))

    def test_an_image_of_two_guests_that_end_at_the_same_time_comes_back(self):
        image, go = self.image("shared"), f"{WORK}/go"
        hook = f"{self.server.root}/etc/vireo/hooks/qemu"
        os.makedirs(os.path.dirname(hook), exist_ok=True)
        os.mkfifo(go)
        with open(hook, "w") as file:
            file.write(f'#!/bin/sh\n[ "$1 $2" != "b release" ] || read line <{go}\n')
        os.chmod(hook, 0o755)
        for name in ("a", "b"):
            self.define(name, image)
            self.server.virsh("start", name)
        ending = subprocess.Popen(["virsh", "-q", "-c", self.server.uri, "destroy", "b"])
        fd = os.open(go, os.O_WRONLY)  # it has given back all it had, and waits
        self.server.virsh("destroy", "a")
        os.close(fd)
        self.assertEqual(ending.wait(20), 0)
        self.assertEqual(owner(image), (0, 0, 0o600))

    def test_an_image_of_two_guests_comes_back_after_the_second(self):
        image = self.image()
        for name in "ab":
            self.define(name, image)
            self.server.virsh("start", name)
        self.server.virsh("destroy", "a")
        self.assertEqual(owner(image)[0], QEMU_USER.pw_uid)
        self.server.virsh("destroy", "b")
        self.assertEqual(owner(image), (0, 0, 0o600))

    def test_the_closed_directory_is_named_and_the_remedy_helps(self):
        closed = f"{self.images}/closed"
        os.makedirs(f"{closed}/inner")
        os.chmod(closed, 0o700)
        image = self.image(folder=f"{closed}/inner")
        self.define("a", image)
        error = self.server.error("start", "a")
        self.assertIn(f"permission denied on directory '{closed}'", error)
        self.assertIn("libvirt-qemu", error)
        self.assertIn("setfacl", error)
        self.assertEqual(owner(image), (0, 0, 0o600))
        try:
            allow_pass(closed, QEMU_USER.pw_uid)
        except OSError:
            os.chmod(closed, 0o711)
        self.server.virsh("start", "a")

    def test_what_the_user_may_read_anyway_keeps_its_owner(self):
        image = self.image(mode=0o644)
        document = boot_guest("a").replace(f"{GUESTS}/halt.img", image).replace("<shareable/>", "<readonly/>").replace(
            "hda", "vda").replace("bus='ide'", "bus='virtio'")
        self.server.define(document)
        self.server.virsh("start", "a")
        self.assertEqual(owner(image), (0, 0, 0o644))

    def test_the_group_changes_and_others_only_read(self):
        document = self.server.write(boot_guest("a").replace(f"{GUESTS}/halt.img", self.image()))
        os.chmod(document, 0o644)
        refused = subprocess.run(as_user("virsh", "-c", self.server.uri, "list", "--all", groups=["daemon"]),
                                 capture_output=True, text=True)
        self.assertEqual(refused.returncode, 0, refused.stderr)
        member = subprocess.run(as_user("virsh", "-c", self.server.uri, f"define {document}; start a; destroy a"),
                                capture_output=True, text=True)
        self.assertEqual(member.returncode, 0, member.stderr)
        self.server.kill(signal.SIGTERM)
        self.server.extra = self.settings("daemon")
        self.server.start()
        self.assertEqual(subprocess.run(as_user("virsh", "-c", self.server.uri, "start", "a", groups=["daemon"]),
                                        capture_output=True).returncode, 0, "by one of its other groups")
        code = ("import libvirt, sys\nlibvirt.registerErrorHandler(lambda *_: None, None)\nconn = libvirt.open(sys.argv[1])\n"
                "assert conn.lookupByName('a').isActive() == 1\n"
                "try: conn.lookupByName('a').destroy()\nexcept libvirt.libvirtError as e: print(e.get_error_code(), e)")
        other = subprocess.run(as_user("/usr/bin/python3", "-c", code, self.server.uri), capture_output=True, text=True)
        self.assertEqual(other.returncode, 0, other.stderr)
        self.assertRegex(other.stdout, f"^{libvirt.VIR_ERR_OPERATION_DENIED} operation forbidden: read only access prevents virDomainDestroy[^;]*; "
                                       "uid [0-9]+ has read-only access: this takes root, or a member of group 'daemon'")
        self.assertEqual(self.server.state("a"), "running")

    def test_the_group_is_read_again_by_a_hangup(self):
        document = self.server.write(boot_guest("a"))
        os.chmod(document, 0o644)
        define = as_user("virsh", "-c", self.server.uri, "define", document)
        self.assertEqual(subprocess.run(define, capture_output=True).returncode, 0)
        self.settings("daemon")
        self.server.process.send_signal(signal.SIGHUP)
        wait_for("the new settings", lambda: "settings read again" in self.server.log_text())
        self.assertNotEqual(subprocess.run(define, capture_output=True).returncode, 0)


class Session(unittest.TestCase):
    """A user without rights runs the daemon."""

    def setUp(self):
        os.chmod(WORK, 0o755)
        self.program = f"{WORK}/vireod-{self._testMethodName}"
        shutil.copy(os.environ["VIREOD"], self.program)  # where that user reaches it
        self.server = Server(self._testMethodName[5:30])
        os.chown(self.server.root, USER.pw_uid, USER.pw_gid)
        self.server.argv = as_user("env", f"HOME={self.server.root}", f"XDG_RUNTIME_DIR={self.server.root}/xdg",
                                   self.program, *self.server.argv[1:])

    def tearDown(self):
        self.server.stop()

    def guest(self, name):
        image = f"{self.server.root}/halt.img"
        shutil.copy(f"{GUESTS}/halt.img", image)
        os.chown(image, USER.pw_uid, USER.pw_gid)
        return boot_guest(name).replace(f"{GUESTS}/halt.img", image)

    def test_guests_are_the_users_processes(self):
        self.server.start()
        self.server.define(self.guest("a"))
        self.server.virsh("start", "a")
        self.assertEqual(set(status(self.server.qemu_pid("a"))["Uid"].split()), {str(USER.pw_uid)})
        self.server.restart(signal.SIGKILL)
        self.assertEqual(self.server.state("a"), "running")
        self.server.virsh("destroy", "a")

    @unittest.skipUnless(os.path.exists("/dev/kvm"), "no /dev/kvm to deny")
    def test_kvm_that_does_not_open_is_not_offered_and_named(self):
        if os.stat("/dev/kvm").st_mode & 0o006:
            self.skipTest("/dev/kvm is open to everybody here")
        self.server.start()
        self.assertNotIn("type='kvm'", self.server.out("capabilities"))
        self.server.define(self.guest("a").replace("type='qemu'", "type='kvm'"))
        error = self.server.error("start", "a")
        self.assertIn("/dev/kvm", error)
        self.assertRegex(error, "(?i)permission denied")
        self.assertIn("group", error, "the remedy")


if __name__ == "__main__":
    main()
