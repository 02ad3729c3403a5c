#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares monitor/qmp.tsv with what the installed QEMU says of its own commands and events (query-qmp-schema).

usage: qmp_schema.py TABLE [QEMU]

Required arguments must all be given; members must exist, be of that type, and be marked as optional where QEMU may
leave them out (or an older one may); enums must have all their values. What is newer than the installed QEMU is
skipped.
"""
import json
import shutil
import subprocess
import sys


class Qemu:
    def __init__(self, binary):
        self.process = subprocess.Popen([binary, "-machine", "none", "-S", "-nodefaults", "-display", "none", "-qmp", "stdio"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        version = json.loads(self.process.stdout.readline())["QMP"]["version"]["qemu"]
        self.version = (version["major"], version["minor"])
        self.call("qmp_capabilities")
        self.schema = {e["name"]: e for e in self.call("query-qmp-schema")}
        self.call("quit")
        self.process.communicate(timeout=30)

    def call(self, command):
        self.process.stdin.write(json.dumps({"execute": command}) + "\n")
        self.process.stdin.flush()
        while True:
            reply = json.loads(self.process.stdout.readline())
            if "return" in reply:
                return reply["return"]


class Check:
    def __init__(self, path, qemu):
        self.qemu, self.schema, self.faults = qemu, qemu.schema, []
        with open(path, encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f.readlines()[1:]]
        self.types = {row[1]: row for row in rows if row[0] in ("enum", "struct")}
        for kind, name, members, returns, _ in rows:
            if kind in ("command", "event"):
                self.entry(kind, name, members, returns)

    def entry(self, kind, name, members, returns):
        entry = self.schema.get(name)
        if not entry or entry["meta-type"] != kind:
            self.faults.append(f"QEMU has no {kind} '{name}'")
            return
        self.members(name, members, entry["arg-type"], kind == "command")
        if returns != "-":
            self.type(name + ": its result", returns, entry["ret-type"])

    def members(self, where, members, type_name, given):
        """`given`: by the caller; otherwise they come from QEMU."""
        theirs = {m["name"]: m for m in self.schema[type_name].get("members", [])}
        for text in [] if members == "-" else members.split(","):
            member, _, since = text.partition("@")
            optional, (name, kind) = member[0] == "*", member.lstrip("*").split(":")
            if since and tuple(int(n) for n in since.split(".")) > self.qemu.version:
                continue
            if name not in theirs:
                self.faults.append(f"{where}: QEMU has no '{name}'")
                continue
            their = theirs.pop(name)
            if optional < ("default" in their) and not given:
                self.faults.append(f"{where}: '{name}' is optional")
            self.type(f"{where}: '{name}'", kind, their["type"])
        if given:
            self.faults += [f"{where}: needs '{m}'" for m, their in theirs.items() if "default" not in their]

    def type(self, where, expected, theirs):
        entry = self.schema[theirs]
        kind = entry["meta-type"]
        if expected.startswith("["):
            if kind != "array":
                self.faults.append(f"{where} is no list")
            else:
                self.type(where, expected[1:-1], entry["element-type"])
            return
        row = self.types.get(expected)
        if row and row[0] == "struct" and kind == "object":
            self.members(where, row[2], theirs, False)
        elif row and row[0] == "enum" and kind == "enum":
            values = [m["name"] for m in entry["members"]] if "members" in entry else entry["values"]
            if sorted(values) != sorted(row[2].split(",")) and self.qemu.version == (7, 2):
                self.faults.append(f"{where} is one of {','.join(values)}")
        elif not (theirs == "any" or {"size": "int"}.get(expected, expected) == theirs or (expected, kind) == ("str", "enum")):
            self.faults.append(f"{where} is not {expected} but {kind} {theirs}")


def main():
    binary = sys.argv[2] if len(sys.argv) > 2 else shutil.which("qemu-system-x86_64")
    if not binary:
        print("no qemu-system-x86_64 (apt-get install qemu-system-x86)")
        sys.exit(77)
    check = Check(sys.argv[1], Qemu(binary))
    if check.faults:
        sys.exit("\n".join(check.faults))
    print("ok: as QEMU %d.%d has it" % check.qemu.version)


if __name__ == "__main__":
    main()
