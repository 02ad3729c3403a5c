# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks to test with: a host outside that serves a page, cheap guests, and what exists on the host.

The test's own network namespace is the host. Beside it there are namespaces made here: one "outside", joined by a
cable (veth), and one for each VethGuest, whose other end is put into a bridge by hand. No route leads out of them.
Sockets belong to the namespace they were made in, so guests' traffic is made by threads of the test itself.
"""
import contextlib
import ctypes
import os
import random
import re
import socket
import socketserver
import struct
import subprocess
import threading
import time

from ns import WORK
from server import GUESTS, IS_VIREO, SLOW, Server, Terminal, linux_guest, wait_for

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
OUT4, OUT6 = "203.0.113.2", "2001:db8:113::2"      # the host outside
HOST4, HOST6 = "203.0.113.1", "2001:db8:113::1"    # our end of the cable
PORT = 80


def sh(*command, check=True, text=None):
    """Runs a program; its output. One string is given to the shell."""
    done = subprocess.run(command[0] if len(command) == 1 else command, shell=len(command) == 1, capture_output=True, text=True,
                          input=text, timeout=30 * SLOW, stdin=None if text is not None else subprocess.DEVNULL)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def links(kind="bridge"):
    """Names of the host's links of one kind."""
    return [line.split(": ")[1].split("@")[0] for line in sh("ip", "-o", "link", "show", "type", kind).splitlines()]


def wait_gone(bridge):
    """Bridges are deleted in the background."""
    wait_for(f"the end of {bridge}", lambda: bridge not in links())


def members(bridge):
    return sorted(line.split(": ")[1].split("@")[0] for line in sh("ip", "-o", "link", "show", "master", bridge).splitlines())


def rules():
    """What all tables of the host's firewall say, without counters and comments."""
    seen = sh("nft -s list ruleset", check=False)
    for tool in ("iptables-legacy-save", "ip6tables-legacy-save"):
        seen += "".join(line for line in sh(tool, check=False).splitlines(True) if line.startswith("-A") or " - [" in line)
    return seen


def processes(program):
    """Process ids whose program is `program`."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/cmdline") as file:
                argv = file.read().split("\0")
            if os.path.basename(argv[0]) == program:
                found.append(int(pid))
    return sorted(found)


def forwarding(on=None):
    """The switches for forwarding, IPv4 and IPv6."""
    paths = ("/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding")
    if on is not None:
        for path in paths:
            with open(path, "w") as file:
                file.write(str(int(on)))
    state = []
    for path in paths:
        with open(path) as file:
            state.append(file.read().strip())
    return state


class Netns:
    """A network namespace with a name."""

    def __init__(self, name):
        self.name = name
        sh("ip", "netns", "add", name)
        self.ip("link set lo up")
        # Duplicate address detection would hold every address back for a second.
        self.run("sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 "
                 "net.ipv6.conf.default.router_solicitation_delay=0 net.ipv6.conf.all.forwarding=0")

    def ip(self, command, check=True):
        return sh(f"ip -n {self.name} {command}", check=check)

    def run(self, command, check=True):
        return sh(f"ip netns exec {self.name} {command}", check=check)

    @contextlib.contextmanager
    def inside(self):
        """This thread makes sockets in the namespace."""
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.name}") as there:
            if LIBC.setns(there.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                LIBC.setns(home.fileno(), CLONE_NEWNET)

    def socket(self, address, kind=socket.SOCK_STREAM):
        with self.inside():
            return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)

    def fetch(self, address, port=PORT, seconds=1.0):
        """The page of a host, one attempt; None when it can't be reached."""
        with self.socket(address) as s:
            s.settimeout(seconds * SLOW)
            try:
                s.connect((address, port))
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                answer = b""
                while more := s.recv(4096):
                    answer += more
            except OSError:
                return None
        return answer.partition(b"\r\n\r\n")[2].decode()

    def resolve(self, name, server, seconds=1.0, kind=1):
        """What a DNS server has for a name (kind 1: A, 28: AAAA, 16: TXT as it comes); None when it doesn't answer."""
        query = struct.pack(">HHHHHH", random.randrange(65536), 0x100, 1, 0, 0, 0)
        query += b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + struct.pack(">BHH", 0, kind, 1)
        with self.socket(server, socket.SOCK_DGRAM) as s:
            s.settimeout(seconds * SLOW)
            try:
                s.connect((server, 53))
                s.send(query)
                answer = s.recv(4096)
            except OSError:
                return None
        count, at, found = struct.unpack(">H", answer[6:8])[0], len(query), []
        for _ in range(count):
            at += 2 if answer[at] >= 0xc0 else answer.index(0, at) - at + 1
            rtype, _, _, size = struct.unpack(">HHIH", answer[at:at + 10])
            if rtype == kind:
                data = answer[at + 10:at + 10 + size]
                found.append(data if kind == 16 else socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, data))
            at += 10 + size
        return found

    def close(self):
        sh("ip", "netns", "del", self.name, check=False)


class Host(Netns):
    """The test's own namespace."""
    name, inside = "host", contextlib.nullcontext

    def __init__(self):
        pass

    def ip(self, command, check=True):
        return sh(f"ip {command}", check=check)

    def run(self, command, check=True):
        return sh(command, check=check)


class Page(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Serves one page on one address of a namespace, and notes who came and when."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, netns, address, port=PORT):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.seen = []  # (monotonic time, peer's address, its port)
        self.came = threading.Condition()
        super().__init__((address, port), None, bind_and_activate=False)
        self.socket.close()
        self.socket = netns.socket(address)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self.socket.setsockopt(socket.IPPROTO_IPV6, 78, 1)  # IPV6_FREEBIND: the address may still be tentative
        self.server_bind()
        self.server_activate()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def finish_request(self, request, peer):
        with self.came:
            self.seen.append((time.monotonic(), peer[0], peer[1]))
            self.came.notify_all()
        request.settimeout(2)
        with contextlib.suppress(OSError):
            while b"\r\n\r\n" not in request.recv(4096):
                pass
            body = f"page for {peer[0]}\n".encode()
            request.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def handle_error(self, request, peer):
        pass

    def wait_after(self, moment, seconds):
        """When the first visitor came after a moment; None when none did in time."""
        end = moment + seconds * SLOW
        with self.came:
            while True:
                later = [t for t, _, _ in self.seen if t > moment]
                if later:
                    return later[0]
                if not self.came.wait(max(0, end - time.monotonic())) and time.monotonic() > end:
                    return None

    def close(self):
        self.shutdown()
        self.server_close()


class Outside(Netns):
    """The rest of the world: a namespace joined to the host, serving a page on IPv4 and IPv6."""

    def __init__(self, name="outside", host=Host()):
        super().__init__(name)
        self.host = host
        host.run("sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0")
        host.ip(f"link add out0 type veth peer name eth0 netns {name}")
        host.ip(f"addr add {HOST4}/24 dev out0")
        host.ip(f"addr add {HOST6}/64 dev out0 nodad")
        host.ip("link set out0 up")
        self.ip(f"addr add {OUT4}/24 dev eth0")
        self.ip(f"addr add {OUT6}/64 dev eth0 nodad")
        self.ip("link set eth0 up")
        self.page4, self.page6 = Page(self, OUT4), Page(self, OUT6)

    def knows_the_way_to(self, *subnets):
        """Routes by way of the host, as a routed network's neighbours have them."""
        for subnet in subnets:
            self.ip(f"{'-6 ' if ':' in subnet else ''}route replace {subnet} via {HOST6 if ':' in subnet else HOST4}")

    def close(self):
        self.page4.close()
        self.page6.close()
        super().close()
        self.host.ip("link del out0", check=False)


_UDHCPC = """#!/bin/sh
case $1 in
deconfig) ip addr flush dev $interface; ip link set $interface up ;;
bound|renew) ip addr replace $ip/$mask dev $interface
    [ -z "$router" ] || ip route replace default via ${router%% *} dev $interface
    echo "$ip|$router|$dns|$domain|$hostname|$lease" >$LEASE ;;
esac
"""


class VethGuest(Netns):
    """A guest without a machine: a namespace with one interface, eth0, plugged into a bridge."""

    def __init__(self, name, bridge=None, mac=None):
        super().__init__(name)
        self.tap = f"{name}-tap"
        sh(f"ip link add {self.tap} type veth peer name eth0 netns {name}")
        if mac:
            self.ip(f"link set eth0 address {mac}")
        self.ip("link set eth0 up")
        self.ipv4 = self.router = self.dns = self.domain = self.hostname = None
        if bridge:
            self.plug(bridge)

    def plug(self, bridge):
        sh(f"ip link set {self.tap} master {bridge} up")

    def dhcp(self, tries=8 * SLOW, hostname=True):
        """Asks for a lease; the seconds it took. libvirt's dnsmasq first checks for 3 s that no other host has the address."""
        script, lease = f"{WORK}/udhcpc", f"{WORK}/lease-{self.name}"
        if not os.path.exists(script):
            with open(script, "w") as file:
                file.write(_UDHCPC)
            os.chmod(script, 0o755)
        name = f"-x hostname:{self.name}" if hostname else ""
        started = time.monotonic()
        self.run(f"env LEASE={lease} busybox udhcpc -i eth0 -s {script} -n -q -f -t {tries} -T {1 if IS_VIREO else 4} {name}")
        took = time.monotonic() - started
        with open(lease) as file:
            self.ipv4, self.router, self.dns, self.domain, self.hostname, self.seconds = file.read().strip().split("|")
        return took

    def set(self, address, router):
        """An address without asking."""
        flag, length = ("-6 ", 64) if ":" in address else ("", 24)
        self.ip(f"{flag}addr add {address}/{length} dev eth0 {'nodad' if flag else ''}")
        if router:
            self.ip(f"{flag}route replace default via {router}")

    def close(self):
        super().close()
        sh("ip", "link", "del", self.tap, check=False)


class LinuxGuest:
    """A Linux guest with an interface in each of some networks, the first brought up at its start; commands go to its console."""

    def __init__(self, server, name, *networks):
        self.name, self.count = name, 0
        options = f"guestname={name} patience={1 if IS_VIREO else 4}"  # as in VethGuest.dhcp()
        server.define(linux_guest(name, options, devices="".join(map(interface, networks))))
        self.macs = re.findall(r"52:54:00:\S+", server.out("domiflist", name))
        self.terminal = Terminal(server, "start", "--console", name)

    def run(self, command, check=True):
        """What a command says."""
        if not self.count:
            self.terminal.expect("VIREO-GUEST ready", 60)
            self.terminal.expect("guest# ")
        self.count += 1
        self.terminal.type(f"{command}; echo =$(({self.count}))=$?=\n")
        said = self.terminal.expect(f"={self.count}=")
        status = self.terminal.expect("=")
        if check and status != "0":
            raise AssertionError(f"{self.name}: {command}: {said}")
        return said

    def address(self, iface, family):
        """The interface's address with a scope wider than its link."""
        found = re.search(r" inet6? (\S+)/\d+ .*scope global", self.run(f"ip -{family} addr show dev {iface}"))
        return found and found[1]

    def fetch(self, address, port=PORT, seconds=None):
        """The page of a host; None when it can't be reached. The guest waits as long as it likes."""
        said = self.run(f"fetch http://{f'[{address}]' if ':' in address else address}:{port}/", check=False)
        page = re.search(r"^(page for \S+|I am \S+)\r$", said, re.MULTILINE)
        return page and page[1] + "\n"

    def close(self):
        self.terminal.close()


class NetServer(Server):
    """The server in system mode with settings of its own, without networks."""

    def __init__(self, name="net", settings="", bare=True, **more):
        super().__init__(name, mode="system", **more)
        self.bare = bare
        if self.kind == "vireod":
            os.makedirs(f"{self.root}/etc/vireo", exist_ok=True)
            with open(f"{self.root}/etc/vireo/vireod.conf", "w") as file:
                file.write(f'qemu_user = "root"\nqemu_group = "root"\n{settings}')

    def start(self):
        super().start()
        if self.bare:
            self.bare = False
            self.clear()
        return self

    def clear(self):
        """No guests and no networks."""
        for kind in ("", "net-"):
            for name in self.virsh(f"{kind}list", "--name", check=False).stdout.split():
                self.virsh(f"{kind}destroy", name, check=False)
            for name in self.virsh(f"{kind}list", "--all", "--name", check=False).stdout.split():
                self.virsh(f"{kind}undefine", name, check=False)

    def net(self, text, start=True):
        """Defines a network and starts it."""
        self.virsh("net-define", self.write(text, "network.xml"))
        if start:
            self.virsh("net-start", text.split("<name>")[1].split("<")[0])

    def stop(self):
        for name in self.virsh("list", "--name", check=False).stdout.split() if self._runs() else ():
            self.virsh("destroy", name, check=False)
        for name in self.virsh("net-list", "--name", check=False).stdout.split() if self._runs() else ():
            self.virsh("net-destroy", name, check=False)
        super().stop()

    def _runs(self):
        return self.process is not None and self.process.poll() is None

    def log_count(self, *parts):
        """How many lines of the log contain all these parts."""
        with open(self.log) as file:
            return sum(all(part in line for part in parts) for line in file)


DEFAULT = """<network><name>default</name><forward mode='nat'/><bridge name='virbr0' stp='on' delay='0'/>
<ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>"""


def network(name, number, forward="<forward mode='nat'/>", dhcp=True, more="", ip6="", bridge=None):
    """A network 192.168.NUMBER.0/24 on virbrNUMBER."""
    leases = f"<dhcp><range start='192.168.{number}.100' end='192.168.{number}.200'/></dhcp>" if dhcp else ""
    return (f"<network><name>{name}</name>{forward}<bridge name='{bridge or f'virbr{number}'}' stp='off' delay='0'/>{more}"
            f"<ip address='192.168.{number}.1' prefix='24'>{leases}</ip>{ip6}</network>")


def interface(network_name, mac=None, model="virtio", more=""):
    address = f"<mac address='{mac}'/>" if mac else ""
    return f"<interface type='network'>{address}<source network='{network_name}'/><model type='{model}'/>{more}</interface>"


__all__ = [name for name in globals() if not name.startswith("_")]
