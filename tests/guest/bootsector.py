#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write boot-sector guests: a disk image of one sector that does one thing.

    bootsector.py KIND FILE      one image
    bootsector.py --all DIR      KIND.img for every kind

Each prints its kind and a newline on the first serial port (COM1, 0x3f8) and then

    halt        sleeps forever
    echo        sends back what it reads from the serial port
    spin        uses its processor forever
    poweroff    writes S5 to the PM1a control port (0x604 on pc and q35 under SeaBIOS)
    reboot      asks the keyboard controller for a reset
    triple      faults with an empty interrupt table, which resets the machine

They boot in about 0.1 s under TCG, which makes them the guests for every test that only needs
*a* guest. No assembler is needed: the machine code is below, with comments.
"""
import os
import sys

PRINT = bytes.fromhex(
    "fa"        # cli
    "31c0"      # xor ax, ax
    "8ed8"      # mov ds, ax
    "be407c"    # mov si, 0x7c40        the text
    "bafd03"    # next: mov dx, 0x3fd   line status
    "ec"        # wait: in al, dx
    "a820"      # test al, 0x20         ready to send?
    "74fb"      # jz wait
    "baf803"    # mov dx, 0x3f8
    "ac"        # lodsb
    "84c0"      # test al, al           end of text?
    "7403"      # jz done
    "ee"        # out dx, al
    "ebed"      # jmp next
)               # done:

DO = {
    "halt": "f4" "ebfd",                        # hlt; jmp back
    "echo": "bafd03"                            # mov dx, 0x3fd
            "ec" "a801" "74fb"                  # in al, dx; test al, 1; jz: wait for a byte
            "baf803" "ec" "ee"                  # mov dx, 0x3f8; in al, dx; out dx, al
            "ebf1",                             # jmp to the start
    "spin": "ebfe",                             # jmp $
    "poweroff": "ba0406" "b80020" "ef"          # mov dx, 0x604; mov ax, 0x2000 (SLP_EN, type 0); out
                "f4" "ebfd",
    "reboot": "b0fe" "e664" "f4" "ebfd",        # mov al, 0xfe; out 0x64, al; hlt; jmp back
    "triple": "0f011e" "707c" "cc" "f4" "ebfd", # lidt [0x7c70] (zeroes); int3
}
TEXT_AT = 0x40


def image(kind):
    code = PRINT + bytes.fromhex(DO[kind])
    if len(code) > TEXT_AT:
        raise ValueError(f"{kind}: the code reaches the text")
    text = kind.encode() + b"\r\n\0"
    sector = code.ljust(TEXT_AT, b"\0") + text
    return sector.ljust(510, b"\0") + b"\x55\xaa"


def write(kind, path):
    temp = f"{path}.{os.getpid()}"
    with open(temp, "wb") as file:
        file.write(image(kind))
        file.truncate(1024 * 1024)  # SeaBIOS needs a whole cylinder of a virtio or SATA disk
    os.replace(temp, path)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in [*DO, "--all"]:
        sys.exit(__doc__)
    if sys.argv[1] != "--all":
        return write(sys.argv[1], sys.argv[2])
    os.makedirs(sys.argv[2], exist_ok=True)
    for kind in DO:
        write(kind, os.path.join(sys.argv[2], f"{kind}.img"))


if __name__ == "__main__":
    main()
