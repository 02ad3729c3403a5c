# SPDX-License-Identifier: GPL-2.0-or-later
"""The threads of test_soak.py: clients that make random calls, one that damages the host, one that only reads.

Each chooses by a generator of its own, seeded with VIREO_SOAK_SEED and its number.
"""
import collections
import contextlib
import os
import pwd
import random
import re
import signal
import struct
import subprocess
import threading
import time

import libvirt
import wire
from net import NetServer, links, members, processes, sh
from ns import WORK
from server import GUESTS, boot_guest

SEED = int(os.environ.get("VIREO_SOAK_SEED") or 1)
ANSWER_S = 60  # no call takes longer, whatever others do to the same guest
NAMES = {"net": ["n0", "n1", "n2", "n3"], "guest": ["g0", "g1", "g2", "g3"], "pool": ["p0", "p1"]}
UUID = "5bc8e6ea-0b0a-4d9e-8f06-3c1d2a1b{:02}{:02}"
POOLS, IMAGE = f"{WORK}/pools", f"{GUESTS}/halt.img"

# Codes that a refusal may have. VIR_ERR_INTERNAL_ERROR only where libvirt has it too: see ALLOWED_INTERNAL.
ALLOWED = {getattr(libvirt, f"VIR_ERR_{name}") for name in (
    "INVALID_ARG", "OPERATION_FAILED", "OPERATION_INVALID", "OPERATION_UNSUPPORTED", "OPERATION_TIMEOUT", "OPERATION_ABORTED",
    "CONFIG_UNSUPPORTED", "ARGUMENT_UNSUPPORTED", "XML_ERROR", "SYSTEM_ERROR", "RESOURCE_BUSY", "DEVICE_MISSING", "NO_DOMAIN",
    "NO_NETWORK", "NO_STORAGE_POOL", "NO_STORAGE_VOL", "STORAGE_VOL_EXIST", "NO_NETWORK_PORT", "DOM_EXIST", "NETWORK_EXIST",
    "NO_SUPPORT")}
ALLOWED_INTERNAL = ("bridge name '.*' already in use", "needs a free interface for each domain, but none is free", "storage volume name '.*' already in use",
                    "ended while starting: QEMU says")


class Model:
    """What stored definitions may say, from what was answered when: each carries a tag of its own."""

    def __init__(self):
        self.lock, self.actions = threading.Lock(), collections.defaultdict(list)

    def note(self, key, begin, tag, sure=True, end=None):
        """Records an action that stored the definition with this tag (None: removed it)."""
        with self.lock:
            self.actions[key].append((begin, end or time.monotonic(), tag, sure))

    def possible(self, key):
        """The tags of actions that no other one surely followed."""
        actions = [(0, 0, None, True), *self.actions[key]]
        last = max(begin for begin, _, _, sure in actions if sure)
        return {tag for _, end, tag, _ in actions if end >= last}

    def settle(self, key, tag):
        now = time.monotonic()
        self.actions[key] = [(now, now, tag, True)]


class World:
    """The daemon, and what all its clients share."""

    def __init__(self, backend):
        os.chmod(WORK, 0o755)
        self.server = NetServer("soak", f'firewall_backend = "{backend}"\n')
        with contextlib.suppress(OSError):
            os.chown(IMAGE, pwd.getpwnam("libvirt-qemu").pw_uid, 0)  # there are other users here
            os.chown(IMAGE, 0, 0)
            with open(f"{self.server.root}/etc/vireo/vireod.conf", "w") as file:
                file.write(f'firewall_backend = "{backend}"\n')
        self.server.start()
        self.model, self.serial = Model(), 0
        self.deaths = [0.0]  # when the daemon was killed
        self.tally = collections.Counter()
        self.failures = []
        self.lost = set()  # names of taps deleted from outside
        self.ends = threading.Event()

    def tag(self):
        with self.model.lock:
            self.serial += 1
            return f"t{self.serial}"

    def fail(self, text):
        self.failures.append(text)
        self.ends.set()


def network_document(chance, name, tag):
    number, bridge = chance.randrange(60, 64), chance.randrange(60, 64)
    uuid = f"<uuid>{UUID.format(1, chance.choice((int(name[1]),) * 4 + (int(name[1]) + 10, 99)))}</uuid>"
    head = f"<network><name>{name}</name>{uuid}<title>{tag}</title>"
    kind = chance.random()
    if kind < 0.1:
        return f"{head}<forward mode='bridge'/><bridge name='hostbr'/></network>"
    if kind < 0.2:
        mode = chance.choice(("bridge", "private", "vepa", "passthrough"))
        return f"{head}<forward mode='{mode}'><interface dev='low0'/><interface dev='low1'/></forward></network>"
    forward = chance.choice(("<forward mode='nat'/>", "<forward mode='route'/>", "", "<forward mode='open'/>",
                             "<forward mode='nat'><nat><port start='2000' end='3000'/></nat></forward>"))
    named = f"<bridge name='virbr{bridge}' stp='{chance.choice(('on', 'off'))}' delay='0'/>" if chance.random() < 0.8 else ""
    leases = f"<dhcp><range start='192.168.{number}.100' end='192.168.{number}.200'/></dhcp>" if chance.random() < 0.7 else ""
    six = f"<ip family='ipv6' address='fd00:{number}::1' prefix='64'/>" if chance.random() < 0.3 else ""
    return f"{head}{forward}{named}<ip address='192.168.{number}.1' prefix='24'>{leases}</ip>{six}</network>"


def interface(chance, mac=None):
    mac = mac or f"52:54:00:00:00:{chance.randrange(16):02x}"
    kind, source = chance.choice((("network", f"network='{chance.choice(NAMES['net'])}'"),) * 4 + (
        ("bridge", "bridge='hostbr'"), ("ethernet", None), ("direct", f"dev='low{chance.randrange(2)}' mode='bridge'"),
        ("direct", "dev='low0' mode='passthrough'"), ("bridge", "bridge='none'")))
    state = f"<link state='{chance.choice(('up', 'down'))}'/>" if chance.random() < 0.3 else ""
    return (f"<interface type='{kind}'><mac address='{mac}'/>{source and f'<source {source}/>' or ''}"
            f"<model type='{chance.choice(('virtio', 'virtio', 'e1000'))}'/>{state}</interface>")


def guest_document(chance, name, tag):
    uuid = UUID.format(2, chance.choice((int(name[1]),) * 4 + (int(name[1]) + 10, 99)))
    interfaces = "".join(interface(chance) for _ in range(chance.choice((0, 1, 1, 2))))
    return boot_guest(name, extra=f"<title>{tag}</title>", devices=interfaces, uuid=uuid).replace(">32</memory>", ">8</memory>")


def pool_document(chance, name):
    path = f"{POOLS}/{chance.choice((name, name, 'both'))}"
    return f"<pool type='dir'><name>{name}</name><uuid>{UUID.format(3, int(name[1]))}</uuid><target><path>{path}</path></target></pool>", path


def volume_document(chance, name, backing=""):
    kind = chance.choice(("raw", "qcow2"))
    return (f"<volume><name>{name}</name><capacity>{chance.choice((1, 3, 8)) << 20}</capacity><allocation>0</allocation>"
            f"<target><format type='{kind}'/></target>{backing}</volume>")


class Client(threading.Thread):
    """One who calls whatever comes to mind."""

    def __init__(self, world, number):
        super().__init__(daemon=True)
        self.world, self.chance = world, random.Random(f"{SEED}.{number}")
        self.conn, self.events, self.doing = None, [], None
        self.actions = [getattr(self, name) for name in dir(self) if name.startswith("on_")]

    def run(self):
        try:
            while not self.world.ends.is_set():
                if self.conn is None and not self.connect():
                    continue
                self.one()
            self.leave()
        except Exception as error:  # pylint: disable=broad-except
            self.world.fail(f"a client of the test failed at {self.doing}: {error!r}")
            raise

    def connect(self):
        try:
            self.conn = libvirt.open(self.world.server.uri)
            return True
        except libvirt.libvirtError:  # killed; another one comes
            time.sleep(0.02)
            return False

    def leave(self):
        with contextlib.suppress(libvirt.libvirtError):
            while self.events:  # they would keep it open
                self.conn.domainEventDeregisterAny(self.events.pop())
        with contextlib.suppress(libvirt.libvirtError):
            if self.conn:
                self.conn.close()
        self.events, self.conn = [], None

    def one(self):
        action = self.chance.choice(self.actions)
        begin, result = time.monotonic(), "ok"
        self.doing = (action.__name__, begin)
        try:
            action()
        except libvirt.libvirtError as error:
            result = self.judge(action.__name__, begin, error)
        self.doing = None
        self.world.tally[action.__name__, result] += 1

    def judge(self, name, begin, error):
        """How an error is counted; an unexpected one ends the test."""
        code, text = error.get_error_code(), " ".join(str(error).split())[:300]
        if self.world.deaths[-1] >= begin or not self.conn.isAlive():
            if self.world.deaths[-1] < begin - 0.5 and not self.world.ends.is_set():
                self.world.fail(f"{name}: the daemon hung up: {text}")
            self.leave()
            return "died"
        if code not in ALLOWED and not any(re.search(one, text) for one in ALLOWED_INTERNAL):
            self.world.fail(f"{name}: error {code} in {error.get_error_domain()}: {text}")
        return f"{code}: {re.sub(r'[0-9a-f]{8}-[-0-9a-f]{27}', 'UUID', re.sub(r'(?<![a-z])[0-9]+', 'N', text))}"

    def stores(self, key, tag, call):
        """A call that changes a stored definition; what becomes of it when the daemon dies is open."""
        begin = time.monotonic()
        try:
            call()
        except libvirt.libvirtError:
            if self.world.deaths[-1] >= begin or not self.conn.isAlive():
                self.world.model.note(key, begin, tag, sure=False)
            raise
        self.world.model.note(key, begin, tag)

    # ---- networks

    def net(self):
        return self.conn.networkLookupByName(self.chance.choice(NAMES["net"]))

    def on_net_define(self):
        name, tag = self.chance.choice(NAMES["net"]), self.world.tag()
        text = network_document(self.chance, name, tag)
        self.stores(("net", name), tag, lambda: self.conn.networkDefineXML(text))

    def on_net_create(self):
        self.conn.networkCreateXML(network_document(self.chance, self.chance.choice(NAMES["net"]), "transient"))

    def on_net_start(self):
        self.net().create()

    on_net_start_again = on_net_start

    def on_net_destroy(self):
        self.net().destroy()

    def on_net_undefine(self):
        net = self.net()
        self.stores(("net", net.name()), None, net.undefine)

    def on_net_autostart(self):
        self.net().setAutostart(self.chance.randrange(2))

    def on_net_update(self):
        number, chance = self.chance.randrange(60, 64), self.chance
        section, text = chance.choice((
            (libvirt.VIR_NETWORK_SECTION_DNS_HOST, f"<host ip='192.168.{number}.9'><hostname>h{chance.randrange(3)}</hostname></host>"),
            (libvirt.VIR_NETWORK_SECTION_DNS_TXT, f"<txt name='t{chance.randrange(3)}' value='x'/>"),
            (libvirt.VIR_NETWORK_SECTION_PORTGROUP, f"<portgroup name='g{chance.randrange(3)}'/>"),
            (libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST,
             f"<host mac='52:54:00:00:00:0{chance.randrange(4)}' ip='192.168.{number}.{chance.randrange(20, 24)}'/>")))
        command = chance.choice((libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE))
        self.net().update(command, section, -1, text, chance.randrange(4))

    def on_net_list(self):
        for net in self.conn.listAllNetworks():
            net.XMLDesc(self.chance.randrange(2))
            net.isActive()
            net.DHCPLeases()
            net.listAllPorts()

    # ---- guests

    def guest(self):
        return self.conn.lookupByName(self.chance.choice(NAMES["guest"]))

    def on_guest_define(self):
        name, tag = self.chance.choice(NAMES["guest"]), self.world.tag()
        text = guest_document(self.chance, name, tag)
        self.stores(("guest", name), tag, lambda: self.conn.defineXML(text))

    def on_guest_create(self):
        flags = libvirt.VIR_DOMAIN_START_PAUSED | self.chance.choice((0, libvirt.VIR_DOMAIN_START_AUTODESTROY))
        self.conn.createXML(guest_document(self.chance, self.chance.choice(NAMES["guest"]), "transient"), flags)

    def on_guest_start(self):
        self.guest().createWithFlags(self.chance.choice((0, libvirt.VIR_DOMAIN_START_PAUSED)))

    on_guest_start_again = on_guest_start

    def on_guest_destroy(self):
        self.guest().destroyFlags(self.chance.choice((0, libvirt.VIR_DOMAIN_DESTROY_GRACEFUL)))

    def on_guest_undefine(self):
        guest = self.guest()
        self.stores(("guest", guest.name()), None, guest.undefine)

    def on_guest_suspend(self):
        self.guest().suspend()

    def on_guest_resume(self):
        self.guest().resume()

    def on_guest_reset(self):
        self.guest().reset()

    def on_guest_autostart(self):
        self.guest().setAutostart(self.chance.randrange(2))

    def on_guest_attach(self):
        self.guest().attachDeviceFlags(interface(self.chance), self.chance.randrange(4))

    on_guest_attach_again = on_guest_attach

    def with_interface(self):
        """A guest, and the document of one of its interfaces."""
        guest = self.guest()
        interfaces = re.findall(r"<interface .*?</interface>", guest.XMLDesc(), re.DOTALL)
        return guest, self.chance.choice(interfaces) if interfaces else interface(self.chance)

    def on_guest_detach(self):
        guest, text = self.with_interface()
        # A guest that runs nothing lets go of nothing: that takes the daemon five seconds.
        guest.detachDeviceFlags(text, self.chance.choice((0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3)) if guest.isActive() else 2)

    def on_guest_setlink(self):
        guest, text = self.with_interface()
        state = f"<link state='{self.chance.choice(('up', 'down'))}'/>"
        guest.updateDeviceFlags(re.sub(r"<link state=.*?/>", "", text).replace("</interface>", f"{state}</interface>"),
                                self.chance.randrange(4))

    def on_guest_replug(self):
        guest, text = self.with_interface()
        mac = re.search(r"mac address='(.*?)'", text)[1]
        guest.updateDeviceFlags(interface(self.chance, mac), self.chance.randrange(4))

    def on_guest_list(self):
        for guest in self.conn.listAllDomains():
            guest.XMLDesc(self.chance.choice((0, libvirt.VIR_DOMAIN_XML_INACTIVE)))
            guest.state()
            guest.info()
            if guest.isActive():
                guest.interfaceAddresses(self.chance.choice((0, 2)))

    def on_guest_stats(self):
        self.conn.getAllDomainStats()

    # ---- pools and volumes

    def pool(self):
        return self.conn.storagePoolLookupByName(self.chance.choice(NAMES["pool"]))

    def volume(self):
        pool = self.pool()
        return pool, pool.storageVolLookupByName(f"v{self.chance.randrange(4)}")

    def on_pool_define(self):
        name = self.chance.choice(NAMES["pool"])
        text, path = pool_document(self.chance, name)
        self.stores(("pool", name), path, lambda: self.conn.storagePoolDefineXML(text))

    def on_pool_create(self):
        text, _ = pool_document(self.chance, self.chance.choice(NAMES["pool"]))
        self.conn.storagePoolCreateXML(text, libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD)

    def on_pool_start(self):
        self.pool().create(libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD)

    on_pool_start_again = on_pool_start

    def on_pool_stop(self):
        self.pool().destroy()

    def on_pool_undefine(self):
        pool = self.pool()
        self.stores(("pool", pool.name()), None, pool.undefine)

    def on_pool_refresh(self):
        self.pool().refresh()

    def on_pool_list(self):
        for pool in self.conn.listAllStoragePools():
            pool.XMLDesc()
            if pool.isActive():
                for volume in pool.listAllVolumes():
                    volume.info()

    def on_volume_create(self):
        self.pool().createXML(volume_document(self.chance, f"v{self.chance.randrange(4)}"))

    on_volume_create_again = on_volume_create

    def on_volume_clone(self):
        pool, volume = self.volume()
        pool.createXMLFrom(volume_document(self.chance, f"v{self.chance.randrange(4)}"), volume)

    def on_volume_resize(self):
        self.volume()[1].resize(self.chance.choice((2, 9)) << 20)

    def on_volume_wipe(self):
        self.volume()[1].wipe()

    def on_volume_delete(self):
        self.volume()[1].delete()

    def on_volume_stream(self):
        _, volume = self.volume()
        stream = self.conn.newStream()
        if self.chance.randrange(2):
            volume.upload(stream, 0, 1 << 20)
            for _ in range(self.chance.randrange(5)):
                stream.send(bytes(65536))
        else:
            volume.download(stream, 0, 1 << 20)
            for _ in range(self.chance.randrange(5)):
                stream.recv(65536)
        (stream.abort if self.chance.randrange(2) else stream.finish)()

    # ---- odd clients

    def on_events(self):
        """Registers for events, or has enough of them."""
        if self.events and self.chance.randrange(2):
            self.conn.domainEventDeregisterAny(self.events.pop())
        elif len(self.events) < 8:
            kind = self.chance.choice((libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED))
            self.events.append(self.conn.domainEventRegisterAny(None, kind, lambda *_: None, None))

    def on_new_connection(self):
        self.leave()

    def on_virsh(self):
        """A virsh, which at times is killed at what it does."""
        command = self.chance.choice((("list", "--all"), ("net-list", "--all"), ("pool-list", "--all"), ("start", "g0", "--paused"),
                                      ("destroy", "g0"), ("net-start", "n0"), ("domstats",)))
        virsh = subprocess.Popen(["virsh", "-q", "-c", self.world.server.uri, *command], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if self.chance.randrange(2):
            time.sleep(self.chance.uniform(0, 0.05))
            virsh.kill()
        virsh.wait(ANSWER_S)

    def on_raw(self):
        """Calls several things at once and vanishes, or stays a while and reads nothing."""
        chance, model, begin = self.chance, self.world.model, time.monotonic()
        try:
            raw = wire.Raw(self.world.server.sock, self.world.server.driver)
        except (OSError, EOFError):
            return  # killed
        raw.socket.settimeout(ANSWER_S)
        late = begin + 3600  # done who knows when
        with contextlib.suppress(OSError):
            for _ in range(chance.randrange(1, 5)):
                net, guest, tag = chance.choice(NAMES["net"]), chance.choice(NAMES["guest"]), self.world.tag()
                net_ref = wire.text(net) + bytes.fromhex(UUID.format(1, int(net[1])).replace("-", ""))
                guest_ref = wire.text(guest) + bytes.fromhex(UUID.format(2, int(guest[1])).replace("-", "")) + struct.pack(">i", -1)
                number, payload, key, made = chance.choice((
                    (9, guest_ref, None, None), (12, guest_ref, None, None), (35, guest_ref, ("guest", guest), None),
                    (11, wire.text(guest_document(chance, guest, tag)), ("guest", guest), tag),
                    (8, guest_ref + wire.text(interface(chance)), None, None),
                    (39, net_ref, None, None), (42, net_ref, None, None), (49, net_ref, ("net", net), None),
                    (41, wire.text(network_document(chance, net, tag)), ("net", net), tag)))
                if key:
                    model.note(key, begin, made, sure=False, end=late)
                raw.send(number, payload)
            if chance.randrange(2):
                time.sleep(chance.uniform(0, 0.3))
        raw.close()


class Outside(threading.Thread):
    """Damages what it finds on the host."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.chance = world, random.Random(f"{SEED}.outside")
        self.actions = [getattr(self, name) for name in dir(self) if name.startswith("on_")]

    def run(self):
        try:
            while not self.world.ends.wait(self.chance.uniform(0.02, 0.4)):
                with contextlib.suppress(AssertionError):  # it went between the search and the action
                    self.chance.choice(self.actions)()
        except Exception as error:  # pylint: disable=broad-except
            self.world.fail(f"the test itself failed outside: {error!r}")
            raise

    def some(self, things):
        return [self.chance.choice(things)] if things else []

    def on_bridge_deleted(self):
        for one in self.some([one for one in links() if one != "hostbr"]):
            sh("ip", "link", "del", one, check=False)

    def on_tap_deleted(self):
        """Only a new QEMU can bring it back."""
        for one in self.some(links(self.chance.choice(("tun", "macvtap")))):
            self.world.lost.add(one)
            sh("ip", "link", "del", one, check=False)

    def on_tap_pulled(self):
        for one in self.some([one for bridge in links() if bridge != "hostbr" for one in members(bridge)]):
            sh("ip", "link", "set", one, "nomaster", check=False)

    def on_bridge_down(self):
        for one in self.some([one for one in links() if one != "hostbr"]):
            sh("ip", "link", "set", one, "down", check=False)
            sh("ip", "addr", "flush", "dev", one, check=False)

    def on_nft_flush(self):
        sh("nft flush ruleset", check=False)

    def on_iptables_flush(self):
        sh("iptables-legacy -w -F; iptables-legacy -w -t nat -F", check=False)

    def kill(self, program, *signals):
        for pid in self.some(processes(program)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, self.chance.choice(signals))

    def on_qemu_killed(self):
        self.kill("qemu-system-x86_64", signal.SIGKILL, signal.SIGTERM)

    def on_qemu_stopped(self):
        """One that hangs for a moment."""
        for pid in self.some(processes("qemu-system-x86_64")):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                time.sleep(self.chance.uniform(0, 0.3))
                os.kill(pid, signal.SIGCONT)

    def on_dnsmasq_killed(self):
        self.kill("dnsmasq", signal.SIGKILL, signal.SIGTERM)

    def on_hangup(self):
        if self.world.deaths[-1] < time.monotonic():  # one that is just being started knows no signals yet
            self.world.server.process.send_signal(signal.SIGHUP)


class Reader(threading.Thread):
    """A client that has nothing to do with it: how long it waits for lists."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.times, self.doing = world, [], None

    def run(self):
        while not self.world.ends.is_set():
            with contextlib.suppress(libvirt.libvirtError):
                conn = libvirt.openReadOnly(f"{self.world.server.driver}?socket={self.world.server.ro_sock}")
                while not self.world.ends.is_set():
                    for call in (conn.listAllDomains, conn.listAllNetworks, conn.listAllStoragePools):
                        begin = time.monotonic()
                        self.doing = (call.__name__, begin)
                        call()
                        self.times.append(time.monotonic() - begin)
                        self.doing = None
                    time.sleep(0.01)
            self.doing = None
            time.sleep(0.02)
