#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares vireod with Debian's libvirtd, and both with the minimum that any server needs.

    bench.py [--build DIR] [--rounds N]

Both daemons run in namespaces, and one client program (client.c) measures them in turn, round after
round, so that load on the machine slows all equally. Each line of the table shows the median time of all rounds, and the
ratio vireod : libvirtd with its spread. Times depend on the machine; ratios much less.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "real"))
import ns; ns.enter()
import argparse
import glob
import statistics
import subprocess

from server import QEMU, SOURCE, Server, boot_guest, wait_for

# name, client command, times a round, floor's command (None: no floor), unit
LINES = [
    ("call round trip, p50", "call", 2000, "call", "us"),
    ("open + close", "open", 50, "open", "us"),
    ("8 clients, calls a second", "loop", 2000, "loop", "/s"),
    ("define", "define", 20, None, "us"),
    ("start paused", "start", 4, "qemu-start", "us"),
    ("destroy", "destroy", 4, "qemu-stop", "us"),
]


class Bench:
    def __init__(self, build):
        self.client = "/run/t/bench-client"
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libvirt"], capture_output=True, text=True, check=True)
        subprocess.run(["cc", "-std=gnu17", "-O2", "-D_GNU_SOURCE", f"{SOURCE}/tests/bench/client.c", "-o", self.client,
                        *flags.stdout.split()], check=True)
        self.servers = {"libvirtd": Server("libvirtd", kind="libvirtd").start()}
        daemon = next(iter(glob.glob(f"{build}/vireod") + glob.glob(f"{build}/*/vireod")), None)
        if daemon:
            os.environ["VIREOD"] = os.path.abspath(daemon)
            self.servers["vireod"] = Server("vireod", kind="vireod").start()
        else:
            print(f"no vireod in {build}: only libvirtd and the floor are measured", file=sys.stderr)
        self.responder = subprocess.Popen([self.client, "responder", "/run/t/responder"])
        wait_for("the responder", lambda: os.path.exists("/run/t/responder"))
        self.xml = boot_guest("bench")

    def measure(self, what, count, target):
        if what.startswith("qemu-"):
            args = [what, str(count), QEMU]
        else:
            uri = "qemu:///system?socket=/run/t/responder" if target == "floor" else self.servers[target].uri
            args = [what, uri, str(count)] + ([self.xml] if what in ("define", "start", "destroy") else [])
        out = subprocess.run([self.client, *args], capture_output=True, text=True, timeout=300)
        if out.returncode != 0:
            raise SystemExit(f"{target}: {out.stderr}")
        return statistics.median(map(float, out.stdout.split()))

    def rss_mib(self, server):
        with open(f"/proc/{server.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

    def close(self):
        self.responder.kill()
        self.responder.wait()
        for server in self.servers.values():
            server.stop()


def show(value, unit):
    if unit == "/s":
        return f"{value:,.0f} /s"
    return f"{value:.0f} us" if value < 1000 else f"{value / 1000:.2f} ms"


def row(name, times, unit):
    cells = {target: show(statistics.median(seen), unit) if seen else "-" for target, seen in times.items()}
    ratio = ""
    if times.get("vireod"):
        ratios = sorted(a / b for a, b in zip(times["vireod"], times["libvirtd"]))
        ratio = f"{statistics.median(ratios):.2f}  ({ratios[0]:.2f} .. {ratios[-1]:.2f})"
    print(f"{name:28}{cells.get('vireod', '-'):>14}{cells['libvirtd']:>14}{cells.get('floor', '-'):>14}   {ratio}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=f"{SOURCE}/build/release")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    bench = Bench(options.build)
    print(f"{options.rounds} rounds, each measuring all in turn\n")
    print(f"{'':28}{'vireod':>14}{'libvirtd':>14}{'floor':>14}   vireod : libvirtd (spread)")
    for name, what, count, floor, unit in LINES:
        times = {target: [] for target in [*bench.servers, "floor"]}
        for _ in range(options.rounds):
            for target in bench.servers:
                times[target].append(bench.measure(what, count, target))
            if floor:
                times["floor"].append(bench.measure(floor, count, "floor"))
        row(name, times, unit)
    rss = {target: bench.rss_mib(server) for target, server in bench.servers.items()}
    print(f"{'resident memory':28}" + "".join(f"{rss[t]:>10.1f} MiB" if t in rss else f"{'-':>14}"
                                              for t in ("vireod", "libvirtd")) +
          (f"{'':17}{rss['vireod'] / rss['libvirtd']:.2f}" if "vireod" in rss else ""))
    print("\nfloor: a server that only replies; bare QEMU until qmp_capabilities; SIGTERM until QEMU exits")
    bench.close()


if __name__ == "__main__":
    main()
