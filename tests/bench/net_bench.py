#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares networks of vireod and Debian's libvirtd, each daemon in a network namespace of its own.

    net_bench.py [--build DIR] [--rounds N]

As in bench.py, both are measured in turn, round after round; the table shows medians and the ratio with its spread.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "real"))
import ns; ns.enter()
import argparse
import contextlib
import glob
import shutil
import signal
import statistics
import subprocess
import time

import libvirt
from net import NetServer, Netns, VethGuest, network, processes, sh
from server import SOURCE, wait_for

RULES, AUTOSTARTED, TAPS = 1000, 50, 200
GOALS = {"net-start, p50": "15 ms", "net-destroy, p50": "10 ms", "200 taps plugged": "60 ms",
         "1000 foreign rules add": "10 ms", "50 networks autostarted": "1 s", "lease after DISCOVER": "150 ms"}


class Side:
    """One daemon in its namespace."""

    def __init__(self, kind):
        self.kind = kind
        self.host = Netns(f"host-{kind}")
        self.server = NetServer(f"bench-{kind}", kind=kind)
        self.server.argv = ["ip", "netns", "exec", self.host.name, *self.server.argv]
        self.server.start()
        self.guests = 0
        self.server.net(network("bench", 70), start=False)
        self.open()

    def open(self):
        self.conn = libvirt.open(self.server.uri)
        self.net = self.conn.networkLookupByName("bench")

    def timed(self, call):
        started = time.monotonic()
        call()
        return (time.monotonic() - started) * 1e6

    def settled(self):
        """Waits until the kernel has deleted the bridge: it removes the name first, and then does most of the work."""
        state = f"{self.server.root}/run/vireo/networks/bench.status"
        return "virbr70" not in self.host.ip("-o link show type bridge") and not os.path.exists(state)

    def start_and_destroy(self, count):
        """Times of net-start and net-destroy. A start waits for pending deletions, so these finish first."""
        starts, destroys = [], []
        for _ in range(count):
            starts.append(self.timed(self.net.create))
            destroys.append(self.timed(self.net.destroy))
            wait_for("the bridge to go", self.settled)
        return statistics.median(starts), statistics.median(destroys)

    def restart_at_once(self):
        """A start while the kernel still deletes the bridge."""
        self.net.create()
        self.net.destroy()
        took = self.timed(self.net.create)
        self.net.destroy()
        wait_for("the bridge to go", self.settled)
        return took

    def foreign_rules(self, on):
        tables = ["table ip foreign {\n chain c {"] + [f"  ip saddr 10.1.{i >> 8}.{i & 255} accept;" for i in range(RULES)] + [" }\n}"]
        if on:
            sh(f"ip netns exec {self.host.name} nft -f -", text="\n".join(tables))
            sh(f"ip netns exec {self.host.name} iptables-legacy-restore", text="*filter\n" + "".join(
                f"-A FORWARD -s 10.2.{i >> 8}.{i & 255} -j ACCEPT\n" for i in range(RULES)) + "COMMIT\n")
        else:
            sh(f"ip netns exec {self.host.name} nft delete table ip foreign; ip netns exec {self.host.name} iptables-legacy -F FORWARD")

    def lease(self):
        """A guest's complete DHCP exchange, including the start of udhcpc (some 10 ms)."""
        self.guests += 1
        guest = VethGuest(f"g{self.guests}{self.kind[0]}")
        sh("ip", "link", "set", guest.tap, "netns", self.host.name)
        self.host.ip(f"link set {guest.tap} master virbr70 up")
        try:
            return guest.dhcp() * 1e6
        finally:
            guest.close()

    @staticmethod
    def served():
        """Names of the networks with a running dnsmasq, by its configuration file."""
        names = set()
        for pid in processes("dnsmasq"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline") as file:
                names.update(os.path.basename(arg)[:-5] for arg in file.read().split("\0") if arg.endswith(".conf"))
        return names

    def autostart(self):
        """From the daemon's start until all networks are active and each dnsmasq, the last step, runs."""
        expected = {f"n{i}" for i in range(AUTOSTARTED)}
        for i in range(AUTOSTARTED):
            self.conn.networkDefineXML(network(f"n{i}", 100 + i)).setAutostart(1)
        self.conn.close()
        self.server.kill(signal.SIGTERM)
        if self.kind == "vireod":
            shutil.rmtree(f"{self.server.root}/run")  # as after a boot
        else:
            for path in glob.glob("/run/libvirt/network/*"):
                os.unlink(path)
        began = time.monotonic()
        self.server.process = subprocess.Popen(self.server.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                               stderr=subprocess.DEVNULL, start_new_session=True)
        wait_for("the daemon", self.connects)
        wait_for("dnsmasq", lambda: expected <= self.served(), 60)
        wait_for("the networks", lambda: expected <= {net.name() for net in self.conn.listAllNetworks(2)}, 60)
        return (time.monotonic() - began) * 1e6

    def connects(self):
        try:
            self.open()
            return True
        except libvirt.libvirtError:
            return False

    def close(self):
        """Stops the daemon; its other processes end with the namespaces."""
        self.conn.close()
        self.server.kill(signal.SIGKILL)
        end_all("dnsmasq")
        self.host.close()


def end_all(program):
    for pid in processes(program):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def taps(build):
    """200 taps through the module bridge/; Vireo only."""
    program = "/run/t/net_taps"
    objects = [path for module in ("base", "bridge") for path in glob.glob(f"{build}/{module}/CMakeFiles/{module}.dir/*.o")]
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libnl-3.0", "libsystemd", "libcap-ng"],
                           capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["cc", "-std=gnu17", "-O2", "-D_GNU_SOURCE", f"-I{SOURCE}", f"{SOURCE}/tests/bench/net_taps.c", *objects,
                    "-o", program, *flags], check=True)
    place = Netns("taps")
    took = float(place.run(f"{program} {TAPS}"))
    place.close()
    return took


def show(value):
    return f"{value:.0f} us" if value < 1000 else f"{value / 1000:.2f} ms" if value < 1e6 else f"{value / 1e6:.2f} s"


def row(name, times):
    cells = {kind: show(statistics.median(seen)) if seen else "-" for kind, seen in times.items()}
    ratio = ""
    if times.get("vireod") and min(times.get("libvirtd", [0])) > 0:
        ratios = sorted(a / b for a, b in zip(times["vireod"], times["libvirtd"]))
        ratio = f"{statistics.median(ratios):.3f}  ({ratios[0]:.3f} .. {ratios[-1]:.3f})"
    print(f"{name:28}{cells.get('vireod', '-'):>14}{cells.get('libvirtd', '-'):>14}{GOALS.get(name, ''):>14}   {ratio}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=f"{SOURCE}/build/release")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    libvirt.registerErrorHandler(lambda *_: None, None)
    os.environ["VIREOD"] = os.path.abspath(f"{options.build}/vireod")
    sides = {kind: Side(kind) for kind in ("libvirtd", "vireod")}
    seen = {}

    def note(name, kind, value):
        seen.setdefault(name, {}).setdefault(kind, []).append(value)

    for _ in range(options.rounds):
        for kind, side in sides.items():
            start, destroy = side.start_and_destroy(5)
            note("net-start, p50", kind, start)
            note("net-destroy, p50", kind, destroy)
            note("start right after destroy", kind, side.restart_at_once())
            side.foreign_rules(True)
            crowded, _ = side.start_and_destroy(3)
            side.foreign_rules(False)
            note("with 1000 foreign rules", kind, crowded)
            note("1000 foreign rules add", kind, max(0.0, crowded - start))
            side.net.create()
            note("lease after DISCOVER", kind, side.lease())
            side.net.destroy()
            wait_for("the bridge to go", side.settled)
        note("200 taps plugged", "vireod", taps(options.build))
    for kind, side in sides.items():
        end_all("dnsmasq")  # those of the other daemon
        note("50 networks autostarted", kind, side.autostart())
    print(f"{options.rounds} rounds, each measuring both in turn\n")
    print(f"{'':28}{'vireod':>14}{'libvirtd':>14}{'goal':>14}   vireod : libvirtd (spread)")
    for name, times in seen.items():
        row(name, times)
    for side in sides.values():
        side.close()


if __name__ == "__main__":
    main()
