# SPDX-License-Identifier: GPL-2.0-or-later
"""A client that says exactly what the test wants: libvirt's packets over a socket, no library."""
import socket
import struct

REMOTE, KEEPALIVE = 0x20008086, 0x6b656570
CALL, REPLY, EVENT = 0, 1, 2
OPEN, GET_CAPABILITIES, SUPPORTS_FEATURE, AUTH_LIST = 1, 7, 60, 66
EVENT_REGISTER, EVENT_DEREGISTER, EVENT_LIFECYCLE, EVENT_REGISTER_ANY, EVENT_DEREGISTER_ANY = 105, 106, 107, 167, 168
CALLBACK_REGISTER_ANY, CALLBACK_LIFECYCLE = 316, 318


def text(value):
    data = value.encode()
    return struct.pack(">I", len(data)) + data + bytes(-len(data) % 4)


class Raw:
    def __init__(self, path, driver="qemu:///session"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.serial = 0
        self.events = []  # (procedure, payload)
        self.pings = 0
        self.call(AUTH_LIST)
        self.call(OPEN, struct.pack(">I", 1) + text(driver) + struct.pack(">I", 0))

    def send(self, procedure, payload=b"", program=REMOTE, kind=CALL):
        self.serial += 1
        self.socket.sendall(struct.pack(">IIIIIII", 28 + len(payload), program, 1, procedure, kind, self.serial, 0) + payload)
        return self.serial

    def exactly(self, size):
        data = b""
        while len(data) < size:
            got = self.socket.recv(size - len(data))
            if not got:
                raise EOFError
            data += got
        return data

    def receive(self):
        """The next packet: (program, procedure, type, serial, status, payload)."""
        size, program, _, procedure, kind, serial, status = struct.unpack(">IIIIIII", self.exactly(28))
        return program, procedure, kind, serial, status, self.exactly(size - 28)

    def call(self, procedure, payload=b""):
        """The payload of its good reply; events before it are kept."""
        serial = self.send(procedure, payload)
        while True:
            program, number, kind, got, status, data = self.receive()
            if program == KEEPALIVE:
                self.pings += 1
            elif kind == EVENT:
                self.events.append((number, data))
            else:
                assert (number, got, status) == (procedure, serial, 0), (number, got, status, data)
                return data

    def close(self):
        self.socket.close()
