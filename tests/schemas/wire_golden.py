#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes wire_golden.txt: one line for each type, its name and the bytes of a value made by a rule that
test_wire_golden.c follows, too. Encodes straight from the tables, with nothing of the generator's.

usage: wire_golden.py TABLE_DIR > wire_golden.txt
"""
import re
import struct
import sys

SIMPLE = {"i32": ">i", "u32": ">I", "i64": ">q", "u64": ">Q", "f64": ">d", "char": ">i", "u8": ">I",
          "u16": ">I"}


class Maker:
    """Each value takes the next number n, from 1 on."""

    def __init__(self, layouts):
        self.layouts, self.n = layouts, 0

    def simple(self, t, n):
        v = {"i32": -n if n % 2 else n, "u32": n + 2**31, "i64": -(n << 32), "u64": n + 2**63,
             "f64": n + 0.5, "char": (n * 37) % 256, "u8": 200 + n % 50, "u16": 60000 + n}[t]
        if t == "char" and v > 127:
            v -= 256
        return struct.pack(SIMPLE[t], v)

    def counted(self, data):
        return struct.pack(">I", len(data)) + data + b"\0" * (-len(data) % 4)

    def string(self, n):
        return self.counted(b"s%d" % n + b"x" * (n % 4))

    def item(self, t):
        if t == "typed_param_value":
            self.n += 1
            n, kind = self.n, 1 + self.n % 7
            body = self.string(n) if kind == 7 else self.simple(
                ["i32", "u32", "i64", "u64", "f64", "i32"][kind - 1], n)
            return struct.pack(">i", kind) + body
        if t == "string":
            self.n += 1
            return self.string(self.n)
        if t in SIMPLE:
            self.n += 1
            return self.simple(t, self.n)
        return self.layout(self.layouts[t])

    def field(self, t):
        t = t.replace("(enum i32)", "").replace("auth_type", "i32")
        if t == "opaque[16]":
            self.n += 1
            return bytes((self.n + i) % 256 for i in range(16))
        if t.startswith("opaque<"):
            self.n += 1
            return self.counted(bytes((self.n + i) % 256 for i in range(3 + self.n % 4)))
        if t.startswith("opt "):
            self.n += 1
            if self.n % 2 == 0:
                return b"\0\0\0\0"
            return b"\0\0\0\1" + self.item(t[4:])
        m = re.fullmatch(r"(?:array )?(\w+)<\d+>", t)
        if m:
            return b"\0\0\0\2" + self.item(m.group(1)) + self.item(m.group(1))
        m = re.fullmatch(r"array (\w+)\[(\d+)\]", t)
        if m:
            return b"".join(self.item(m.group(1)) for _ in range(int(m.group(2))))
        return self.item(t)

    def layout(self, text):
        return b"".join(self.field(f.split(":", 1)[1]) for f in re.split(r",(?![^(]*\))", text))


def main():
    layouts = {}
    with open(sys.argv[1] + "/types.tsv", encoding="utf-8") as f:
        for line in f:
            cells = line.rstrip("\n").split("\t")
            if cells[1] == "struct" and cells[0] != "message_header":
                layouts[cells[0]] = cells[2]
    with open(sys.argv[1] + "/procedures.tsv", encoding="utf-8") as f:
        for line in list(f)[1:]:
            cells = line.rstrip("\n").split("\t")
            name = ("qemu_" if cells[0] == "0x20008087" else "") + cells[2]
            for text, ending in ((cells[4], "_args"), (cells[5], "_ret")):
                if text != "-":
                    layouts[name + ("_msg" if cells[7] == "event" else ending)] = text
    for name in sorted(layouts):
        print(name, Maker(layouts).layout(layouts[name]).hex())


main()
