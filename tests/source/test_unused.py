#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No public function or object of a module is unused in the programs, or used only by tests: test_unused.py BUILD

BUILD is not optimised: there, a call within a file has a relocation with the name of what is called, as one to another file has.
"""
import json
import os
import re
import subprocess
import sys

# Used in a way that no relocation of the programs shows.
ALLOWED = {
    "main": "by the C library",
    "vireo_task_main": "by assembly in base/task.c",
    "server_stats": "counters that tests check",
    "qemu_cache_probes": "a counter that a test checks",
    "call_take_fd": "by calls that get descriptors: none is provided yet, but clients may send some, which is tested and fuzzed",
}


def objects(build):
    """The object files of the programs: not those of tests, nor what an earlier build left."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        outputs = [re.search(r" -o (\S+)", entry["command"])[1] for entry in json.load(file)]
    return [path for path in outputs if not path.startswith("tests/") and os.path.exists(os.path.join(build, path))]


def symbols(build, path):
    """What an object file defines for others and what it refers to."""
    shown = subprocess.run(["objdump", "--syms", "--reloc", path], cwd=build, capture_output=True, text=True, check=True).stdout
    defined = re.findall(r"^[0-9a-f]+ g .{5} (?!\*UND)\S+\s+[0-9a-f]+ +(?:\.hidden )?(\w+)$", shown, re.MULTILINE)
    used = set()
    for section, relocations in re.findall(r"^RELOCATION RECORDS FOR \[(.*?)\]:\n(.*?)\n\n", shown + "\n\n", re.MULTILINE | re.DOTALL):
        if not section.startswith((".debug", ".eh_frame", "asan_globals")):
            used.update(re.findall(r"R_\S+ +([A-Za-z_]\w*)", relocations))
    return defined, used


def main():
    build = os.path.abspath(sys.argv[1])
    defined, used = {}, set(ALLOWED)
    for path in objects(build):
        names, wanted = symbols(build, path)
        used |= wanted
        # libvireo is for other programs; of what is generated, all may not be needed yet.
        if "vireo.dir/" not in path and "generated/" not in path:
            defined.update(dict.fromkeys(names, path.replace("CMakeFiles/", "")))
    if "main" not in defined:
        sys.exit(f"no object files below {build}")
    unused = sorted((path, name) for name, path in defined.items() if name not in used and not name.startswith("__odr_asan"))
    for path, name in unused:
        print(f"{path}: {name}")
    print(f"{len(defined)} public symbols, {len(unused)} of them unused")
    sys.exit(1 if unused else 0)


main()
