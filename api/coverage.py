#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which procedures have a handler: reads the symbols of api/'s objects, writes a table, prints counts.

usage: coverage.py NM PROCEDURES_TSV OUTPUT OBJECT...
"""
import subprocess
import sys

QEMU = "0x20008087"


def is_provided(row, full, defined):
    """Whether what provides the procedure is there: see `through` in schemas/wire/tables.py."""
    through = row["through"]
    if through == "-":
        return full in defined
    if through.startswith("object."):
        return row["object"] + "_class" in defined
    what = through.split()[0]
    return what == "reply" or what.endswith("()") or what.replace(".", "_") in defined


def main():
    nm, table, output, objects = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    defined = set()
    for line in subprocess.run([nm, "-g", "--defined-only"] + objects, check=True, text=True,
                               stdout=subprocess.PIPE).stdout.splitlines():
        cells = line.split()
        if len(cells) == 3 and cells[2].startswith("api_"):
            defined.add(cells[2][4:])
    rows, counts = [], {"implemented": 0, "refused": 0, "event": 0}
    with open(table, encoding="utf-8") as f:
        head = f.readline().lstrip("#").rstrip("\n").split("\t")
        for line in f:
            row = dict(zip(head, line.rstrip("\n").split("\t")))
            if row["kind"] == "keepalive":
                continue
            full = ("qemu_" if row["program"] == QEMU else "") + row["name"]
            state = "event" if row["kind"] == "event" else \
                "implemented" if is_provided(row, full, defined) else "refused"
            counts[state] += 1
            rows.append("\t".join((row["program"], row["number"], full, row["api"], state)))
    with open(output, "w", encoding="utf-8") as f:
        f.write("#program\tnumber\tname\tapi\tstate\n" + "\n".join(rows) + "\n")
    print("%d procedures: %d implemented, %d refused, %d events" %
          (len(rows), counts["implemented"], counts["refused"], counts["event"]))


main()
