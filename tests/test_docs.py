#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The files and functions that the documents name exist: `file.c`, `module/file.h`, `function()`, ./run COMMAND."""
import glob
import os
import re
import sys
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENTS = ["README.md", "HACKING.md", *sorted(os.path.relpath(path, SOURCE) for path in glob.glob(f"{SOURCE}/docs/*.md"))]
MODULES = "base schemas monitor bridge firewall host qemu netmgr storage supervisor rpc api vireod clients tests".split()


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


class Documents(unittest.TestCase):
    def test_files_are_there(self):
        for document in DOCUMENTS:
            for name in re.findall(r"`([a-z_]+/[\w./-]*)`", read(document)):
                if name.split("/")[0] in MODULES and "MODULE" not in name:
                    with self.subTest(document=document, name=name):
                        self.assertTrue(os.path.exists(os.path.join(SOURCE, name)))

    def test_links_lead_somewhere(self):
        for document in DOCUMENTS:
            for name in re.findall(r"\]\(([^)#:]+)\)", read(document)):
                with self.subTest(document=document, name=name):
                    self.assertTrue(os.path.exists(os.path.join(SOURCE, os.path.dirname(document), name)))

    def test_functions_are_there(self):
        code = "".join(read(os.path.relpath(path, SOURCE)) for module in MODULES
                       for path in glob.glob(f"{SOURCE}/{module}/**/*.[ch]", recursive=True))
        code += read("tests/CMakeLists.txt")
        for document in DOCUMENTS:
            for name in re.findall(r"`(\w+)\(\)`", read(document)):
                with self.subTest(document=document, name=name):
                    self.assertTrue(name == "module_verb_object" or re.search(rf"\b{name}\(", code), "no such function")

    def test_commands_of_run_are_there(self):
        known = re.findall(r"^([a-z]+)\) ", read("run"), re.MULTILINE)
        self.assertIn("demo", known)
        for document in DOCUMENTS:
            for name in re.findall(r"\./run (\w+)", read(document)):
                with self.subTest(document=document, name=name):
                    self.assertIn(name, [*known, "help"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
