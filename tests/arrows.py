#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The one-way arrows between the modules (docs/ARCHITECTURE.md): which folder may include from which.

    arrows.py [SOURCE]     prints each include that goes the wrong way; exit status 1 if there is one
"""
import os
import re
import sys

GROUND = {"base", "schemas"}
MAY = {
    "base": set(),
    "objects": {"base"},
    "schemas": {"base"},
    "monitor": GROUND,
    "bridge": GROUND,
    "firewall": GROUND,
    "host": GROUND | {"monitor"},       # probes an emulator over QMP
    "netmgr": GROUND | {"objects", "bridge", "firewall"},
    "storage": GROUND | {"objects"},
    "qemu": GROUND | {"host"},          # pure: a definition to a command line
    "supervisor": GROUND | {"objects", "monitor", "bridge", "host", "qemu", "netmgr"},
    "rpc": GROUND,                      # knows the wire, not what is behind it
    "api": GROUND | {"objects", "rpc", "monitor", "bridge", "firewall", "host", "netmgr", "storage", "supervisor"},
    "vireod": GROUND | {"objects", "rpc", "api", "firewall", "host", "netmgr", "storage", "supervisor"},  # puts the modules together
    "clients": GROUND,                  # other programs: they talk through the socket
}
# What the generator writes carries the name of the module it serves.
INCLUDE = re.compile(r'^\s*#\s*include\s*"(?:\.\./)*([a-z_]+)/')


def check(source):
    """The wrong includes below `source`, as lines of text, and how many includes there are."""
    wrong, count = [], 0
    for module, may in MAY.items():
        for folder, _, files in sorted(os.walk(os.path.join(source, module))):
            for name in sorted(files):
                if not name.endswith((".c", ".h", ".inc")):
                    continue
                path = os.path.relpath(os.path.join(folder, name), source)
                with open(os.path.join(source, path), encoding="utf-8") as file:
                    for number, line in enumerate(file, 1):
                        found = INCLUDE.match(line)
                        if not found or found[1] not in MAY:
                            continue
                        count += 1
                        if found[1] != module and found[1] not in may:
                            wrong.append(f"{path}:{number}: {module}/ may not include from {found[1]}/")
    return wrong, count


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    wrong, count = check(source)
    print("\n".join(wrong + [f"{count} includes between modules, {len(wrong)} the wrong way"]))
    if not count:
        sys.exit(f"no sources below {source}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
