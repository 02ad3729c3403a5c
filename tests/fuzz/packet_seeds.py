#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seed corpus of fuzz_packet: packets of all types, many to a file. The procedure is the
type's number, as tests/fuzz/packet.c reads it.

usage: packet_seeds.py wire_golden.txt table.h CORPUS_DIR
"""
import os
import re
import struct
import sys

with open(sys.argv[2], encoding="utf-8") as f:
    names = re.findall(r"WIRE_TYPE_(\w+),", f.read())[1:]
packets = []
with open(sys.argv[1], encoding="utf-8") as f:
    for line in f:
        name, data = line.split()
        body = bytes.fromhex(data)
        number = names.index(name.upper())
        packets.append(struct.pack(">IIIiiIi", 28 + len(body), 0x20008086, 1, number, number % 7, number,
                                   1 if name == "error" else 0) + body)
for i in range(0, len(packets), 40):
    with open(os.path.join(sys.argv[3], "types-%03d" % i), "wb") as f:
        f.write(b"".join(packets[i:i + 40]))
