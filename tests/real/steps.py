# SPDX-License-Identifier: GPL-2.0-or-later
"""Killing a process at a chosen step of what it does.

A step is a system call that changes something others can see: a file, the kernel's network, a process. The tests
trace the daemon with ptrace(2), all its threads and none of its children, count the steps from the moment of a
request and kill it as it enters the one they want, which then doesn't take place. What was asked of a process has a
step more, when that process is at it by itself.
"""
import ctypes
import os
import platform
import re
import signal
import socket
import struct
import time

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long
SYSCALL, SEIZE, INTERRUPT, GET_SYSCALL_INFO = 24, 0x4206, 0x4207, 0x420e
TRACE_SYSGOOD, TRACE_CLONE = 1, 8
WALL, NOTHREAD = 0x40000000, 0x20000000
SUPPORTED = platform.machine() == "x86_64"

FILES = {1: "write", 18: "pwrite", 20: "writev", 77: "ftruncate"}  # the first argument is a file
PATHS = {83: ("mkdir", 0, False), 258: ("mkdir", 1, False), 84: ("rmdir", 0, True), 87: ("unlink", 0, True), 263: ("unlink", 1, True)}
RENAMES = {82: 1, 264: 3, 316: 3}  # index of the new path
OPENS = {2: (0, 1), 257: (1, 2)}  # indices of path and flags
PROCESSES = {56: "clone", 57: "fork", 58: "vfork", 62: "kill", 424: "kill", 435: "clone"}
SENDTO, SENDMSG, SETSOCKOPT, IOCTL = 44, 46, 54, 16
NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12


def ptrace(request, tid, data=0, address=0):
    got = LIBC.ptrace(request, tid, address, data)
    if got < 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    return got


class Steps:
    """The steps of a process from now on."""

    def __init__(self, pid):
        self.pid, self.names, self.sockets = pid, [], {}
        self.asking = {}  # thread: what it asks of a process
        self.memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
        for tid in map(int, os.listdir(f"/proc/{pid}/task")):
            ptrace(SEIZE, tid, TRACE_SYSGOOD | TRACE_CLONE)
            ptrace(INTERRUPT, tid)

    def kill_at(self, number, finished):
        """Kills it as it enters step `number` (0 is the first), or when finished() is true."""
        reached, buffer = False, ctypes.create_string_buffer(88)
        while True:
            tid, status = os.waitpid(-1, os.WNOHANG | WALL | NOTHREAD)
            if tid == 0:
                if not reached and finished():
                    os.kill(self.pid, signal.SIGKILL)
                time.sleep(0.0002)  # nothing happens just now
            elif not os.WIFSTOPPED(status):
                if tid == self.pid:  # the last of its threads
                    os.close(self.memory)
                    return
            elif os.WSTOPSIG(status) == signal.SIGTRAP | 0x80:
                name = None if reached else self._stopped_at(tid, buffer)
                if name:
                    self.names.append(name)
                    if len(self.names) > number:
                        reached = True
                        os.kill(self.pid, signal.SIGKILL)
                self._go_on(tid, 0)
            else:
                self._go_on(tid, 0 if status >> 16 else os.WSTOPSIG(status))

    def _stopped_at(self, tid, buffer):
        ptrace(GET_SYSCALL_INFO, tid, ctypes.addressof(buffer), len(buffer))
        if buffer.raw[0] != 1:  # its end
            return self.asking.get(tid) and f"{self.asking[tid]} done"
        name = self._step(struct.unpack_from("<7Q", buffer, 24))
        self.asking[tid] = name if name in PROCESSES.values() else None
        return name

    @staticmethod
    def _go_on(tid, sig):
        try:
            ptrace(SYSCALL, tid, sig)
        except ProcessLookupError:
            pass  # killed

    # ---- what a system call is about

    def _path(self, address, wanted):
        """The name of a path; None when it is there, or isn't, and the call changes nothing."""
        path = os.fsdecode(os.pread(self.memory, 256, address).split(b"\0")[0])
        return self._name(path) if wanted in (None, os.path.lexists(path)) else None

    @staticmethod
    def _name(path):
        name = os.path.basename(path)
        return ".new" if name.startswith(".vireo-new-") else name

    def _file(self, fd):
        path = os.readlink(f"/proc/{self.pid}/fd/{fd}")
        return self._name(path) if path.startswith("/") and not path.startswith("/dev/") and not path.endswith(".log") else None

    def _message(self, fd, address):
        """A change asked of the kernel by netlink, or of QEMU."""
        command = re.match(rb'\{ *"execute": *"([\w-]+)"', os.pread(self.memory, 64, address))
        if command:
            return f"qmp {command[1].decode()}"
        inode = re.sub(r"\D", "", os.readlink(f"/proc/{self.pid}/fd/{fd}"))
        if inode not in self.sockets:
            with open(f"/proc/{self.pid}/net/netlink") as file:
                self.sockets.update((columns[-1], int(columns[1])) for columns in map(str.split, file) if columns[1].isdigit())
        family = self.sockets.get(inode)  # not before its first message
        kind = struct.unpack("<H", os.pread(self.memory, 2, address + 4))[0]
        if family == NETLINK_ROUTE and kind % 4 != 2:  # RTM_GET...
            return f"rtnetlink {kind}"
        return "nftables batch" if family == NETLINK_NETFILTER and kind == 16 else None

    def _step(self, call):
        number, *args = call
        try:
            if number in FILES:
                path = self._file(args[0])
                return path and f"{FILES[number]} {path}"
            if number in RENAMES:
                return f"rename {self._path(args[RENAMES[number]], None)}"
            if number in PATHS:
                action, at, wanted = PATHS[number]
                name = self._path(args[at], wanted)
                return name and f"{action} {name}"
            if number in OPENS:
                path, flags = (args[at] for at in OPENS[number])
                name = self._path(path, False) if flags & os.O_CREAT else None
                return f"create {name}" if name and name != ".new" else None  # what fills or renames it is the step
            if number in PROCESSES:
                thread = number == 56 and args[0] & 0x10000 or number == 435 and os.pread(self.memory, 3, args[0])[2] & 1
                return None if thread else PROCESSES[number]
            if number == SENDTO:
                return self._message(args[0], args[1])
            if number == SENDMSG:
                vector = struct.unpack("<Q", os.pread(self.memory, 8, args[1] + 16))[0]
                return self._message(args[0], struct.unpack("<Q", os.pread(self.memory, 8, vector))[0])
            if number == SETSOCKOPT and args[2] == 64 and args[1] in (socket.IPPROTO_IP, socket.IPPROTO_IPV6):
                return "iptables replace"  # IPT_SO_SET_REPLACE
            if number == IOCTL and args[1] >> 8 & 0xff == ord("T"):
                return f"tap {args[1]:x}"
        except OSError:
            pass  # closed or unmapped: the call will fail as well
        return None
