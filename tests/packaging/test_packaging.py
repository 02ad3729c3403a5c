#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks what `cmake --install` installs besides the programs, with the tools that are installed.

    test_packaging.py CMAKE BUILD PREFIX
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD, PREFIX = sys.argv[1:4]
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"no {program}")


class Packaging(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.top = cls.folder.name
        cls.run_well(CMAKE, "--install", BUILD, DESTDIR=cls.top)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @staticmethod
    def run_well(*command, **env):
        done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, **env), timeout=50)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def at(self, path):
        return f"{self.top}{PREFIX}/{path}"

    def test_daemon_is_installed_as_libvirtd_too(self):
        self.assertEqual(os.path.realpath(self.at("libexec/vireo/libvirtd")), os.path.realpath(self.at("sbin/vireod")))

    def test_installed_settings_are_read_and_valid(self):
        with open(f"{self.top}/etc/vireo/vireod.conf", encoding="utf-8") as file:
            text = file.read()
        settings = re.findall(r"^#(\w+) = (.*)$", text, re.MULTILINE)
        self.assertGreater(len(settings), 10)
        with open(f"{self.top}/all.conf", "w", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings)
        self.run_well(self.at("sbin/vireod"), "--check", "--session", "--root", f"{self.top}/state", "--config",
                      f"{self.top}/all.conf")
        with open(f"{SOURCE}/packaging/man/vireod.conf.5", encoding="utf-8") as file:
            manual = file.read()
        with open(f"{SOURCE}/vireod/config.c", encoding="utf-8") as file:
            known = re.findall(r'^    \{"(\w+)", ', file.read(), re.MULTILINE)
        self.assertEqual(sorted(known), sorted(name for name, _ in settings), "vireod.conf shows every setting")
        for name in known:
            self.assertIn(name, manual)

    @needs("systemd-analyze")
    def test_system_units(self):
        # The programs are not at their final paths: point the units to where they are installed now.
        for path in glob.glob(self.at("lib/systemd/system/*.service")):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertIn(f"ExecStart={PREFIX}/sbin/vireod --system", text)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(f"{PREFIX}/sbin", self.at("sbin")))
        units = glob.glob(self.at("lib/systemd/system/*"))
        self.assertEqual(len(units), 3)
        output = self.run_well("systemd-analyze", "verify", "--man=no", *units)
        self.assertEqual([line for line in output.splitlines() if "vireod" in line], [])

    @needs("systemd-sysusers")
    def test_users_are_created(self):
        root = f"{self.top}/root"
        os.makedirs(f"{root}/etc")
        output = subprocess.run(["systemd-sysusers", f"--root={root}", self.at("lib/sysusers.d/vireod.conf")], capture_output=True,
                              text=True)
        if "Operation not permitted" in output.stderr:
            self.skipTest("only root makes users")
        with open(f"{root}/etc/passwd", encoding="utf-8") as file:
            self.assertIn("libvirt-qemu:", file.read())
        with open(f"{root}/etc/group", encoding="utf-8") as file:
            self.assertIn("libvirt:", file.read())

    @needs("man")
    def test_manual_pages_have_no_warnings(self):
        pages = glob.glob(self.at("share/man/man*/*"))
        self.assertGreaterEqual(len(pages), 3)
        for page in pages:
            self.assertEqual(subprocess.run(["man", "-l", "--warnings", "-Tutf8", page], stdout=subprocess.DEVNULL,
                                            stderr=subprocess.PIPE, text=True).stderr, "", page)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
