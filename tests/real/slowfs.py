# SPDX-License-Identifier: GPL-2.0-or-later
"""A file system that answers slowly or not at all: one directory of regular files, kept in memory, served over /dev/fuse.

    fs = SlowFS("/mnt", {"a.img": 1 << 20})
    fs.delay = 0.5      # seconds that each request takes from now on
    fs.hang()           # no request is answered until resume()
"""
import ctypes
import errno
import os
import stat
import struct
import threading
import time

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE = 1, 2, 3, 4, 14, 15, 16, 17, 18
INIT, OPENDIR, READDIR, RELEASEDIR, ACCESS, CREATE, INTERRUPT, BATCH_FORGET = 26, 27, 28, 29, 34, 35, 36, 42
FLUSH, FSYNC = 25, 20
FATTR_UID, FATTR_GID, FATTR_SIZE, FATTR_MODE = 2, 4, 8, 1
ROOT = 1
HEADER = struct.Struct("=IIQQIIII")  # fuse_in_header


class File:
    def __init__(self, mode, size=0):
        self.mode, self.uid, self.gid, self.data = mode, 0, 0, bytearray(size)


class SlowFS:
    def __init__(self, path, files):
        self.path, self.delay = path, 0.0
        self._changed, self._hanging, self._interrupted = threading.Condition(), False, set()
        self._nodes = {ROOT: File(stat.S_IFDIR | 0o755)}
        self._names = {}
        for name, size in files.items():
            self._add(name, File(stat.S_IFREG | 0o600, size))
        os.makedirs(path, exist_ok=True)
        self._fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._fd},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"slowfs", path.encode(), b"fuse", 0, options.encode()) < 0:
            raise OSError(ctypes.get_errno(), "cannot mount a FUSE file system")
        threading.Thread(target=self._serve, daemon=True).start()

    def hang(self):
        self._set(hanging=True)

    def resume(self):
        self._set(hanging=False)

    def _set(self, hanging):
        with self._changed:
            self._hanging = hanging
            self._changed.notify_all()

    def close(self):
        self.delay = 0.0
        self.resume()
        ctypes.CDLL(None).umount2(self.path.encode(), 2)  # MNT_DETACH

    def _add(self, name, file):
        node = max(self._nodes) + 1
        self._nodes[node], self._names[name] = file, node
        return node

    def _serve(self):
        while True:
            try:
                request = os.read(self._fd, 1 << 20)
            except OSError as failure:
                if failure.errno in (errno.EINTR, errno.ENOENT):
                    continue
                return  # unmounted
            threading.Thread(target=self._answer, args=(request,), daemon=True).start()

    def _answer(self, request):
        _, opcode, unique, node, *_ = HEADER.unpack_from(request)
        body = request[HEADER.size:]
        if opcode == INTERRUPT:  # the caller is being killed, as a hard NFS mount lets it be
            with self._changed:
                self._interrupted.add(struct.unpack_from("=Q", body)[0])
                self._changed.notify_all()
        if opcode in (FORGET, INTERRUPT, BATCH_FORGET):
            return
        if opcode != INIT:
            time.sleep(self.delay)
            with self._changed:
                self._changed.wait_for(lambda: not self._hanging or unique in self._interrupted)
                interrupted = self._hanging
        try:
            if opcode != INIT and interrupted:
                raise OSError(errno.EINTR, "interrupted")
            error, reply = 0, self._do(opcode, node, body)
        except OSError as failure:
            error, reply = -failure.errno, b""
        try:
            os.write(self._fd, struct.pack("=IiQ", 16 + len(reply), error, unique) + reply)
        except OSError:
            pass  # the caller was interrupted

    def _attr(self, node):
        file = self._nodes[node]
        size = len(file.data)
        return struct.pack("=QQQQQQIIIIIIIIII", node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, file.mode, 1,
                           file.uid, file.gid, 0, 4096, 0)

    def _entry(self, node):
        return struct.pack("=QQQQII", node, 0, 0, 0, 0, 0) + self._attr(node)

    def _do(self, opcode, node, body):
        if opcode == INIT:
            major, minor = struct.unpack_from("=II", body)
            return struct.pack("=IIIIHHII", 7, min(minor, 31), 1 << 16, 0, 12, 10, 1 << 16, 1) + bytes(32)
        if opcode == LOOKUP:
            name = body.rstrip(b"\0").decode()
            if name not in self._names:
                raise OSError(errno.ENOENT, name)
            return self._entry(self._names[name])
        if opcode == CREATE:
            name = body[16:].rstrip(b"\0").decode()
            return self._entry(self._add(name, File(stat.S_IFREG | 0o600))) + struct.pack("=QII", 0, 0, 0)
        file = self._nodes[node]
        if opcode == SETATTR:
            valid, _, _, size = struct.unpack_from("=IIQQ", body)
            mode, _, uid, gid = struct.unpack_from("=IIII", body, 68)
            if valid & FATTR_UID:
                file.uid = uid
            if valid & FATTR_GID:
                file.gid = gid
            if valid & FATTR_MODE:
                file.mode = mode
            if valid & FATTR_SIZE:
                file.data[:] = file.data[:size].ljust(size, b"\0")
        if opcode in (GETATTR, SETATTR):
            return struct.pack("=QII", 0, 0, 0) + self._attr(node)
        if opcode in (OPEN, OPENDIR):
            return struct.pack("=QII", 0, 0, 0)
        if opcode == READ:
            _, offset, size = struct.unpack_from("=QQI", body)
            return bytes(file.data[offset:offset + size])
        if opcode == WRITE:
            _, offset, size = struct.unpack_from("=QQI", body)
            data = body[40:40 + size]
            file.data[offset:offset + size] = data
            return struct.pack("=II", size, 0)
        if opcode == READDIR:
            _, offset = struct.unpack_from("=QQ", body)
            entries = b""
            for i, (name, entry) in enumerate(sorted(self._names.items())):
                if i >= offset:
                    text = name.encode()
                    entries += struct.pack("=QQII", entry, i + 1, len(text), 8) + text + bytes(-len(text) % 8)
            return entries
        if opcode == STATFS:
            return struct.pack("=QQQQQIIII", 1 << 20, 1 << 20, 1 << 20, 1 << 10, 1 << 10, 4096, 255, 4096, 0) + bytes(24)
        if opcode in (RELEASE, RELEASEDIR, FLUSH, FSYNC, ACCESS):
            return b""
        raise OSError(errno.ENOSYS, "not served")
