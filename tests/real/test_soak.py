#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many clients, the host and death itself at one daemon, at random: then what it says must be what is there.

    VIREO_SOAK_SEED=N       other choices than those of 1; the timing is another each time
    VIREO_SOAK_SECONDS=N    how long, instead of three rounds
    VIREO_SOAK_VERBOSE=1    each kind of answer with its count; the whole log of a daemon that failed

A round is: clients call at the same time what they like, about few objects whose names, subnets, bridges and devices
collide, while another thread damages the host and, in every third round, kills the daemon. Then all rest, and
everything is compared. Calls may fail, for a reason; none may hang, and the daemon may not die by itself.
"""
import ns; ns.enter()
import collections
import contextlib
import os
import random
import re
import signal
import threading
import time
import unittest

import libvirt
from net import IS_VIREO, links, members, processes, rules, sh, wait_for
from server import main, require
from soak_clients import ANSWER_S, IMAGE, NAMES, POOLS, SEED, Client, Reader, Outside, World

SECONDS = float(os.environ.get("VIREO_SOAK_SECONDS") or 1)
VERBOSE = bool(os.environ.get("VIREO_SOAK_VERBOSE"))
ROUND_S, CLIENTS = 2, 5
CALM_P99_S = 2    # of the client that only reads
DESCRIPTORS = 2   # that are opened when they are first needed


def command_line(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read().split("\0")
    return [""]


def descriptors(pid):
    """What the daemon has open, by kind, but for the numbers of sockets."""
    kinds = collections.Counter()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            kinds[re.sub(r"\d+", "N", os.readlink(f"/proc/{pid}/fd/{fd}"))] += 1
    return kinds


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) >> 10


def children(pid):
    found = []
    for one in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{one}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append((command_line(one)[0], fields[0]))
    return found


def run_events():
    while True:
        libvirt.virEventRunDefaultImpl()


def stored_tag(text):
    return re.search(r"<title>(.*?)</title>", text)[1]


class Soak(unittest.TestCase):
    maxDiff = None

    # ---- what the daemon says, and what is there

    def said(self, conn):
        """All documents and states."""
        seen = {}
        for net in conn.listAllNetworks():
            stored = net.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE) if net.isPersistent() else None
            live = net.XMLDesc() if net.isActive() else None
            ports = sorted(port.UUIDString() for port in net.listAllPorts()) if live else None
            seen["net", net.name()] = (live, stored, net.isPersistent() and net.autostart(), ports)
        for guest in conn.listAllDomains():
            stored = guest.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) if guest.isPersistent() else None
            live = guest.XMLDesc() if guest.isActive() else None
            seen["guest", guest.name()] = (live, stored, guest.isPersistent() and guest.autostart(), guest.state()[0], guest.ID())
        for pool in conn.listAllStoragePools():
            stored = re.search("<path>.*?</path>", pool.XMLDesc(libvirt.VIR_STORAGE_XML_INACTIVE))[0] if pool.isPersistent() else None
            path = re.search("<path>.*?</path>", pool.XMLDesc())[0] if pool.isActive() else None
            seen["pool", pool.name()] = (path, stored, pool.isPersistent() and pool.autostart(),
                                         pool.isActive() and sorted(volume.name() for volume in pool.listAllVolumes()))
        return seen

    def wrong(self, said):
        """The differences between what the daemon says and what is there; empty: none."""
        found = []

        def same(what, wanted, there):
            if wanted != there:
                found.append(f"{what}: should be {wanted}, is {there}")
        live_nets = {name: state[0] for (kind, name), state in said.items() if kind == "net" and state[0]}
        live_guests = {name: state[0] for (kind, name), state in said.items() if kind == "guest" and state[0]}
        # Guests and their QEMU.
        running = [re.search(r"guest=(\w+)", " ".join(command_line(pid))) for pid in processes("qemu-system-x86_64")]
        same("QEMU processes", sorted(live_guests), sorted(one[1] if one else "?" for one in running))
        if not live_guests:
            same("owner of the image", 0, os.stat(IMAGE).st_uid)
        # Bridges.
        owned = {}
        for name, text in live_nets.items():
            if "<ip" in text:
                owned[name] = re.search(r"<bridge name='(.*?)'", text)[1]
        same("bridges", sorted(owned.values()), sorted(one for one in links() if one != "hostbr"))
        for name, bridge in owned.items():
            shown = sh("ip", "addr", "show", "dev", bridge, check=False)
            same(f"{bridge} up", True, ",UP" in shown or "<UP" in shown)
            wanted = re.findall(r"<ip (?:family='ipv6' )?address='(.*?)'", live_nets[name])
            same(f"addresses of {bridge}", sorted(wanted), sorted(re.findall(r"inet6? (?!fe80:)(\S+?)/", shown)))
        # Name servers and rules.
        confs = [re.search(r"/([^/]+)\.conf", " ".join(command_line(pid))) for pid in processes("dnsmasq")]
        same("dnsmasq", sorted(owned), sorted(one[1] if one else "?" for one in confs if one))
        ruled = {bridge for name, bridge in owned.items() if "<forward mode='open'" not in live_nets[name]}
        same("bridges in rules", sorted(ruled), sorted(set(re.findall(r"virbr\d+", rules()))))
        # Interfaces: taps and macvtaps are those of live documents, and plugged in.
        taps, macvtaps, ids, plugged, loose = [], [], set(), collections.defaultdict(list), set()
        ports = {port: net for (kind, net), state in said.items() if kind == "net" for port in state[3] or ()}
        lost = self.world.lost  # their names are given to others as well
        for one in re.findall(r"<interface .*?</interface>", "".join(live_guests.values()), re.DOTALL):
            kind = re.search(r"<interface type='(\w+)'", one)[1]
            target = (re.search(r"<target dev='(.*?)'", one) or ["", "?"])[1]
            port, bridge = re.search(r"portid='(.*?)'", one), re.search(r"<source .*?bridge='(.*?)'", one)
            ids.add(port and port[1])
            if target in lost:
                continue
            (macvtaps if kind == "direct" else taps).append(target)
            if port and port[1] in ports:
                bridge = re.search(r"<bridge name='(.*?)'", live_nets[ports[port[1]]])
            elif port:  # its network was stopped, and maybe another of its name started
                loose.add(target)
                continue
            if bridge and kind != "direct":
                plugged[bridge[1]].append(target)
        same("taps", sorted(taps), sorted(set(links("tun")) - lost))
        same("macvtaps", sorted(macvtaps), sorted(set(links("macvtap")) - lost))
        for bridge in ("hostbr", *owned.values()):
            there = set(members(bridge)) if bridge in links() else set()
            same(f"in {bridge}", sorted(plugged[bridge]), sorted(there - loose - lost))
        same("ports without owner", [], sorted(set(ports) - ids))
        return found + self.wrong_files(said)

    def wrong_files(self, said):
        """Files of what is not there, or missing of what is."""
        root, found = self.world.server.root, []
        kinds = {"etc/vireo/networks": "net", "etc/vireo/qemu": "guest", "etc/vireo/storage": "pool", "run/vireo/networks": "net",
                 "run/vireo/qemu": "guest", "run/vireo/storage": "pool", "var/lib/vireo": "net", "var/lib/vireo/networks": "net"}
        for where, _, names in os.walk(root):
            below = re.sub(r"/\w+\.ports$", "", os.path.relpath(where, root))
            in_ports = where.endswith(".ports")
            if below.startswith("var/log") or below.startswith("var/cache") or below == ".":
                continue
            kind = kinds.get(below.removesuffix("/autostart"))
            stored = below.startswith("etc/")
            for name in names:
                stem = os.path.basename(where).split(".")[0] if in_ports else name.split(".")[0]
                if name in ("vireod.conf", "autostarted", "vireod.pid", "default-made") or re.match("default", name):
                    continue
                state = said.get((kind, stem))
                if kind is None:
                    found.append(f"unknown file {below}/{name}")
                elif state is None or stored and state[1] is None or below.startswith("run/") and not state[0] and not in_ports:
                    found.append(f"file {os.path.relpath(where, root)}/{name} of nothing")
        return found

    def wrong_tags(self, said):
        found = []
        for kind, names in NAMES.items():
            for name in names:
                stored = said.get((kind, name), (None, None))[1]
                tag = None
                if stored:
                    tag = re.search(r"<path>(.*?)</path>", stored)[1] if kind == "pool" else stored_tag(stored)
                possible = self.world.model.possible((kind, name))
                if tag not in possible:
                    found.append(f"{kind} {name}: stored is {tag}, can be {possible}")
                self.world.model.settle((kind, name), tag)
        return found

    def check(self, conn, seconds=60):
        """All is as it is said to be, soon."""
        end, last = time.monotonic() + seconds, None
        while True:
            said, wrong = {}, []
            try:
                # A client that vanished may have left calls behind, which are at work.
                wrong = [f"{guest.name()} is busy" for guest in conn.listAllDomains() if guest.isActive() and guest.controlInfo()[0]]
                said = self.said(conn)
                wrong += self.wrong(said)
            except (libvirt.libvirtError, AssertionError) as error:  # something ended just now
                wrong = [str(error)]
            if not wrong and said == last:
                return said
            last = said
            if time.monotonic() > end:
                documents = "\n".join(str(state) for state in said.values()).replace("\\n", "\n") if VERBOSE else ""
                self.fail("\n".join(wrong) + self.log() + documents)
            time.sleep(0.1)

    def log(self):
        text = self.world.server.log_text()
        if VERBOSE:
            with open(self.world.server.log, errors="replace") as file:
                text = file.read()
        return f"\n(VIREO_SOAK_SEED={SEED})\n{text}"

    # ---- a round

    def play(self, deadly):
        world = self.world
        world.ends.clear()
        clients = [Client(world, f"{self.number}.{n}") for n in range(CLIENTS)]
        reader = Reader(world)
        threads = [*clients, reader, Outside(world)]
        for thread in threads:
            thread.start()
        chance, end = random.Random(f"{SEED}.{self.number}"), time.monotonic() + ROUND_S
        while time.monotonic() < end and not world.failures:
            time.sleep(chance.uniform(0.1, 0.7) if deadly else 0.1)
            if deadly:
                self.kill()
            self.find_hangs(clients + [reader])
        world.ends.set()
        end = time.monotonic() + ANSWER_S + 10
        while any(thread.is_alive() for thread in threads):
            self.find_hangs(clients + [reader])
            self.assertLess(time.monotonic(), end, self.log())
            time.sleep(0.02)
        self.times += reader.times
        if world.failures:
            self.fail("\n".join(world.failures) + self.log())
        self.assertIsNone(world.server.process.poll(), self.log())

    def find_hangs(self, clients):
        for client in clients:
            doing = client.doing
            if doing and time.monotonic() - doing[1] > ANSWER_S:
                self.fail(f"{doing[0]} hangs{self.log()}")
        if self.world.server.process.poll() is not None:
            self.world.server.check_log()
            self.fail(f"the daemon ended with {self.world.server.process.returncode}{self.log()}")

    def kill(self):
        world = self.world
        world.deaths.append(time.monotonic() + 3600)
        world.server.kill(signal.SIGKILL)
        world.server.start()
        world.deaths[-1] = time.monotonic()

    def restart(self, sig):
        self.world.deaths.append(time.monotonic())
        self.world.server.restart(sig)

    def fights(self):
        with open(self.world.server.log) as file:
            return file.read().count("something keeps changing")

    def rest(self, deadly):
        """Compares what is there with what is said, what is said with what was answered, and both with what the next daemon says."""
        server = self.world.server
        fights = self.fights()
        if fights > self.fought:  # it waits longer and longer now, as it should
            self.restart(signal.SIGTERM)
        self.fought = fights
        conn = server.connect()
        before = self.check(conn)
        wrong = self.wrong_tags(before)
        self.assertFalse(wrong, "\n".join(wrong) + self.log())
        conn.close()
        if deadly:
            self.restart(random.Random(f"{SEED}.{self.number}").choice((signal.SIGKILL, signal.SIGTERM)))
            conn = server.connect()
            self.assertEqual(before, self.check(conn), self.log())
            conn.close()

    def clear(self):
        """All ends; nothing remains."""
        self.server.clear()
        for name in self.server.virsh("pool-list", "--all", "--name").stdout.split():
            self.server.virsh("pool-destroy", name, check=False)
            self.server.virsh("pool-undefine", name, check=False)
        for kind, names in NAMES.items():
            for name in names:
                self.world.model.settle((kind, name), None)
        self.world.lost.clear()
        conn = self.server.connect()
        said = self.check(conn)
        conn.close()
        self.assertEqual(said, {})
        pid = self.server.process.pid
        wait_for("its children to go", lambda: children(pid) == [], 5)
        self.before.setdefault(pid, descriptors(pid))
        with contextlib.suppress(AssertionError):  # failures are reported below
            wait_for("the last connections to go", lambda: (descriptors(pid) - self.before[pid]).total() <= DESCRIPTORS, 3)
        now = descriptors(pid)
        self.assertLessEqual((now - self.before[pid]).total(), DESCRIPTORS, f"{now} after {self.before[pid]}{self.log()}")
        print(f"{time.monotonic() - self.begin:.0f} s: {self.number} rounds, {sum(now.values())} descriptors, {resident_mib(pid)} MiB", flush=True)

    def test_soak(self):
        print(f"VIREO_SOAK_SEED={SEED}", flush=True)
        for n in range(2):
            sh(f"ip link add low{n} type veth peer name far{n}; ip link set far{n} up; ip link set low{n} up")
        sh("ip link add hostbr type bridge; ip link set hostbr up")
        os.makedirs(POOLS)
        libvirt.registerErrorHandler(lambda *_: None, None)
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=run_events, daemon=True).start()
        self.world = World(random.Random(SEED).choice(("nftables", "iptables")))
        self.server, self.times, self.fought, self.number = self.world.server, [], 0, 0
        self.before = {}  # descriptors of each daemon, when it had done all once
        self.begin = time.monotonic()
        while time.monotonic() - self.begin < SECONDS:
            for deadly in (False, False, True):
                self.number += 1
                self.play(deadly)
                self.rest(deadly)
                self.clear()
        if VERBOSE:
            for (name, result), count in sorted(self.world.tally.items()):
                print(f"{count:6} {name}: {result}")
        self.times.sort()
        p99 = self.times[len(self.times) * 99 // 100]
        print(f"{sum(self.world.tally.values())} calls, reads p99 {p99 * 1000:.0f} ms, longest {self.times[-1] * 1000:.0f} ms")
        self.assertLess(p99, CALM_P99_S)
        self.server.stop()


if __name__ == "__main__":
    require(IS_VIREO, "libvirtd has other habits")
    main()
