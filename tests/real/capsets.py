# SPDX-License-Identifier: GPL-2.0-or-later
"""Capabilities that vireod(8) lists, and those that a process has."""
import os
import re

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NUMBERS = {"chown": 0, "dac_override": 1, "fowner": 3, "kill": 5, "setgid": 6, "setuid": 7, "setpcap": 8, "net_bind_service": 10,
           "net_admin": 12, "net_raw": 13, "sys_admin": 21, "sys_resource": 24, "mknod": 27}


def documented():
    """Program as vireod(8) names it -> the sets it lists for it, as names."""
    with open(f"{SOURCE}/packaging/man/vireod.8") as file:
        section = re.search(r"\.SH CAPABILITIES\n(.*?)\.SH", file.read(), re.DOTALL)[1]
    return {name: sets.split(";") for names, sets in re.findall(r"\.TP\n\.B (.*)\n(.*)\n", section)
            for name in names.replace("\\", "").split(", ")}


def mask(names):
    return sum(1 << NUMBERS[name] for name in re.findall(r"[a-z_]+", names.split(":")[-1]) if name != "none")


def read_status(pid):
    with open(f"/proc/{pid}/status") as file:
        return file.read()


def of_status(status):
    """/proc/PID/status as {"Eff": hexadecimal, ...}."""
    return {name: f"{int(bits, 16):x}" for name, bits in re.findall(r"^Cap(\w+):\t(\w+)$", status, re.MULTILINE)}


PERMITTED = int(of_status(read_status("self"))["Prm"], 16)


def wanted(names, bounding=None):
    """What of_status() must give for documented sets, as far as this system permits them."""
    has = f"{mask(names) & PERMITTED:x}"
    return {"Inh": "0", "Prm": has, "Eff": has, "Amb": "0", "Bnd": f"{mask(bounding or names) & PERMITTED:x}"}


def wrap(path, program, record):
    """Makes `path` a script that writes its /proc/PID/status to `record` and becomes `program`."""
    with open(path, "w") as file:
        file.write(f"#!/bin/sh\ncat /proc/self/status >{record}\nexec {program} \"$@\"\n")
    os.chmod(path, 0o755)
