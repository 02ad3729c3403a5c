#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every file of libvireo and of the command vireo, headers included, is LGPL-2.1-or-later; ninja lists the files.

    test_licence.py CMAKE BUILD SOURCE
"""
import os
import re
import subprocess
import sys

CMAKE, BUILD, SOURCE = sys.argv[1:]
TARGETS = {"vireo", "clients", "vireo_command"}
WANTED = "SPDX-License-Identifier: LGPL-2.1-or-later"


def main():
    deps = subprocess.run(["ninja", "-C", BUILD, "-t", "deps"], capture_output=True, text=True)
    if deps.returncode != 0:
        print("skipped: not built by ninja")
        sys.exit(77)
    files, inside = set(), False
    for line in deps.stdout.split("\n"):
        if line and not line[0].isspace():
            target = re.match(r"(\w+)/CMakeFiles/(\w+)\.dir/", line)
            inside = bool(target) and (target[1] == "clients" and target[2] in TARGETS or target[2] == "base")
        elif inside and line:
            path = os.path.realpath(os.path.join(BUILD, line.strip()))
            if path.startswith((os.path.realpath(SOURCE) + "/", os.path.realpath(BUILD) + "/")):
                files.add(path)
    wrong = []
    for path in sorted(files):
        with open(path, encoding="utf-8") as file:
            if WANTED not in file.read(400):
                wrong.append(os.path.relpath(path, SOURCE))
    print("\n".join([f"{path}: not {WANTED}" for path in wrong] + [f"{len(files)} files, {len(wrong)} wrong"]))
    if len(files) < 30:
        sys.exit("too few files: is everything built?")
    sys.exit(1 if wrong else 0)


main()
