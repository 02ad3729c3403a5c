#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seed corpus of fuzz_connection: sessions as real clients have them, and with faults.

usage: connection_seeds.py CORPUS_DIR
"""
import os
import struct
import sys

BYTES, PACKET, FD, RUN, READ, AGAIN, HALF, LARGE = range(8)
OPEN, CLOSE, ECHO, SLEEP, FDS, UP, DOWN, BRIDGE = range(1, 9)
CALL, STREAM, CALL_FDS, HOLE = 0, 3, 4, 6
OK, ERROR, CONTINUE = 0, 1, 2


def step(what, data=b"", client=0):
    return bytes([what | client << 3, len(data)]) + data


def packet(procedure, kind=CALL, status=OK, serial=1, payload=b"", client=0):
    return step(PACKET, bytes([procedure, kind, status, serial]) + payload, client)


def run(turns=20):
    return step(RUN, bytes([turns]))


NAME = struct.pack(">I", 4) + b"name"
FD_CALL = packet(FDS, CALL_FDS, payload=struct.pack(">I", 1)) + step(FD, b"\0")
SESSIONS = {
    "echo": packet(OPEN) + run() + packet(ECHO, serial=2, payload=NAME) + run() + step(READ) + packet(CLOSE) + run(),
    "pipelined": packet(OPEN) + run() + b"".join(packet(SLEEP, serial=i) for i in range(8)) * 3 + run() + run(),
    "upload": packet(OPEN) + run() + packet(UP) + run() + packet(UP, STREAM, CONTINUE, payload=b"data") * 3 + run() +
    packet(UP, STREAM, OK) + run() + step(READ),
    "upload-refused": packet(OPEN) + run() + packet(UP) + packet(UP, STREAM, CONTINUE, payload=b"no") * 3 + run() +
    packet(UP, STREAM, ERROR) + run(),
    "download-unread": packet(OPEN) + run() + packet(DOWN) + run(31) + step(READ) + run(31) + step(READ) + run(31),
    "download-left": packet(OPEN) + run() + packet(DOWN) + run(3) + step(AGAIN, b"\0") + run(),
    "bridge": packet(OPEN) + run() + packet(BRIDGE) + run() + packet(BRIDGE, STREAM, CONTINUE, payload=b"ls\n") + run() +
    step(HALF) + run(),
    "holes": packet(OPEN) + run() + packet(UP) + packet(UP, HOLE, CONTINUE, payload=struct.pack(">qI", 4096, 0)) + run(),
    "descriptors": packet(OPEN) + run() + FD_CALL + run() + FD_CALL + step(FD, b"\1") * 3 + run() + step(READ),
    "descriptor-missing": packet(OPEN) + run() + packet(FDS, CALL_FDS, payload=struct.pack(">I", 2)) + step(BYTES, b"ab") + run(),
    "reader": packet(OPEN, client=2) + run() + FD_CALL.replace(b"\1\x08", b"\x11\x08") + run() +
    step(LARGE, bytes([ECHO, CALL, OK, 1]) + bytes(200), client=2) * 3 + run(),
    "large": packet(OPEN) + run() + step(LARGE, bytes([ECHO, CALL, OK, 1]) + bytes(250)) * 3 + run() + step(READ) + run(),
    "pieces": packet(OPEN) + run() + b"".join(step(BYTES, bytes([b])) + run(1) for b in struct.pack(
        ">IIIIIII", 36, 0x20008086, 1, ECHO, 0, 7, 0) + NAME) + run() + step(READ),
    "keepalive": packet(0xff, 2) + packet(OPEN) + run() + packet(0xff, 2) * 3 + run() + step(READ),
    "lengths": step(BYTES, b"\0\0\0\3") + run() + step(AGAIN, b"\1") + step(BYTES, b"\xff\xff\xff\xff") + run(),
}

for name, data in SESSIONS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
