#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs and documents in examples/ do what they say."""
import ns; ns.enter()
import glob
import os
import subprocess
import unittest
import xml.etree.ElementTree as xml

from server import GUESTS, SOURCE, Server, main

EXAMPLES = f"{SOURCE}/examples"


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        with open(f"{EXAMPLES}/demo.xml", encoding="utf-8") as file:
            cls.demo = cls.server.write(file.read().replace("GUESTS/", f"{GUESTS}/"), "demo.xml")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def run_lifecycle(self, *command):
        done = subprocess.run([*command, self.server.uri, self.demo], capture_output=True, text=True, timeout=90)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for line in ("active domains", "event: demo started", "event: demo stopped", "done"):
            self.assertIn(line, done.stdout)
        self.assertEqual(self.server.out("list", "--all", "--name"), "")

    def test_c(self):
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libvirt"], capture_output=True, text=True)
        if flags.returncode != 0:
            self.skipTest("libvirt-dev is not installed")
        subprocess.run(["cc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", f"{EXAMPLES}/lifecycle.c", "-o", "/run/t/lifecycle",
                        *flags.stdout.split()], check=True)
        self.run_lifecycle("/run/t/lifecycle")

    def test_python(self):
        self.run_lifecycle(f"{EXAMPLES}/lifecycle.py")

    def test_every_domain_document_defines(self):
        for path in sorted(glob.glob(f"{EXAMPLES}/*.xml") + glob.glob(f"{EXAMPLES}/domains/*.xml")):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            root = xml.fromstring(text)
            if root.tag != "domain":
                continue
            with self.subTest(document=os.path.basename(path)):
                self.server.define(text)
                self.server.virsh("undefine", root.findtext("name"))


if __name__ == "__main__":
    main()
