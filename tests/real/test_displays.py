#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who gets into a guest's display: passwords and how long they are valid."""
import ns; ns.enter()
import datetime
import socket
import subprocess
import unittest

from server import IS_VIREO, Server, boot_guest, main

PASSWORD = "s3cret"


def vnc_response(challenge, password):
    """The answer of RFC 6143, 7.2.2: DES with the password's bits in reverse order."""
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode().ljust(8, b"\0")[:8])
    return subprocess.run(["openssl", "enc", "-des-ecb", "-K", key.hex(), "-nopad", "-provider", "legacy", "-provider",
                           "default"], input=challenge, capture_output=True, check=True).stdout


def vnc_lets_in(port, password):
    """Whether a VNC server accepts the password; "" when it asks for none."""
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        file = sock.makefile("rwb", buffering=0)
        file.write(file.read(12))  # answered with the same version
        kinds = file.read(file.read(1)[0])
        if 2 not in kinds:  # VNC authentication
            return ""
        file.write(bytes([2]))
        file.write(vnc_response(file.read(16), password))
        return file.read(4) == bytes(4)


class Displays(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def tearDown(self):
        self.server.virsh("destroy", "a", check=False)
        self.server.virsh("undefine", "a", check=False)

    def start(self, attributes):
        self.server.define(boot_guest("a", devices=f"<graphics type='vnc' port='-1' {attributes}/>"))
        self.server.virsh("start", "a")
        return 5900 + int(self.server.out("vncdisplay", "a").rpartition(":")[2])

    @staticmethod
    def time(hours):
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
        return f"{now:%Y-%m-%dT%H:%M:%S}"

    def test_password(self):
        port = self.start(f"passwd='{PASSWORD}'")
        self.assertIs(vnc_lets_in(port, PASSWORD), True)
        self.assertIs(vnc_lets_in(port, "other"), False)

    def test_password_still_valid(self):
        port = self.start(f"passwd='{PASSWORD}' passwdValidTo='{self.time(1)}'")
        self.assertIs(vnc_lets_in(port, PASSWORD), True)

    def test_password_no_longer_valid(self):
        port = self.start(f"passwd='{PASSWORD}' passwdValidTo='{self.time(-1)}'")
        self.assertIs(vnc_lets_in(port, PASSWORD), False)

    @unittest.skipUnless(IS_VIREO, "libvirt's display is open to everyone then")
    def test_validity_without_password(self):
        """A document read without its secrets and defined again must not open the display."""
        port = self.start(f"passwdValidTo='{self.time(1)}'")
        self.assertIs(vnc_lets_in(port, ""), False)


if __name__ == "__main__":
    main()
