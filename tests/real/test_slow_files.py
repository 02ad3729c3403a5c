#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of domains and pools on a file system that answers slowly or not at all: everyone else is served as usual."""
import ns; ns.enter()
import os
import signal
import subprocess
import threading
import time
import unittest

import libvirt

from server import Server, boot_guest, main, wait_for
from slowfs import SlowFS

DISK = "<disk type='file'><driver name='qemu' type='raw'/><source file='{}'/><target dev='vda' bus='virtio'/></disk>"


class Prober:
    """Another client: asks for another domain's state again and again, and keeps the longest time an answer took."""

    def __init__(self, server):
        self.longest, self.answers, self._stop = 0.0, 0, threading.Event()
        self._domain = libvirt.open(server.uri).lookupByName("other")
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._stop.is_set():
            began = time.monotonic()
            self._domain.state()
            self.longest = max(self.longest, time.monotonic() - began)
            self.answers += 1
            time.sleep(0.005)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


@unittest.skipUnless(os.path.exists("/dev/fuse"), "no /dev/fuse here")
class SlowFiles(unittest.TestCase):
    def setUp(self):
        self.server = Server(self._testMethodName[5:20], mode="system").start()
        self.fs = SlowFS(f"{self.server.root}/slow", {"a.img": 1 << 20, "b.img": 1 << 20})
        self.server.define(boot_guest("other"))
        self.server.virsh("start", "other")

    def tearDown(self):
        self.fs.close()
        self.server.stop()

    def owner(self, name="a.img"):
        return os.stat(f"{self.fs.path}/{name}").st_uid

    def test_slow(self):
        self.server.define(boot_guest("a", devices=DISK.format(f"{self.fs.path}/a.img")))
        hot = self.server.write(DISK.format(f"{self.fs.path}/b.img").replace("vda", "vdb"))
        self.fs.delay = 0.7
        with Prober(self.server) as prober:
            for command in (["start", "a"], ["attach-device", "a", hot], ["destroy", "a"]):
                self.server.virsh(*command)
        print(f"longest answer for another domain {prober.longest * 1000:.0f} ms of {prober.answers}")
        self.assertGreater(prober.answers, 20)
        self.assertLess(prober.longest, self.fs.delay)
        self.fs.delay = 0.0
        self.assertEqual(self.owner(), 0)
        self.assertEqual(self.owner("b.img"), 0)

    def test_hanging(self):
        self.server.define(boot_guest("a", devices=DISK.format(f"{self.fs.path}/a.img")))
        self.server.define(boot_guest("b"))
        self.fs.hang()
        start = subprocess.Popen(["virsh", "-c", self.server.uri, "start", "a"], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
        with Prober(self.server) as prober:
            self.server.virsh("start", "b")
            self.server.virsh("destroy", "b")
            self.assertIsNone(start.poll())
        print(f"longest answer for another domain {prober.longest * 1000:.0f} ms of {prober.answers}")
        self.server.kill(signal.SIGTERM)  # waits for the daemon's end
        start.communicate(timeout=20)
        self.fs.resume()
        self.server.start()
        self.assertEqual(self.server.state("a"), "shut off")
        self.server.virsh("start", "a")
        self.server.virsh("destroy", "a")
        self.assertEqual(self.owner(), 0)

    def test_pipe_as_output(self):
        """Opening a pipe for writing waits for a reader: nothing else may."""
        pipe = f"{self.server.root}/pipe"
        os.mkfifo(pipe)
        for device in (f"<serial type='file'><source path='{pipe}'/></serial>",
                       f"<serial type='pty'><log file='{pipe}'/></serial>"):
            self.server.define(boot_guest("a", devices=device))
            self.assertIn("neither a regular file", self.server.error("start", "a"))
            self.assertEqual(self.server.state("other"), "running")
            self.server.virsh("undefine", "a")

    def test_many_hanging_pools(self):
        self.fs.hang()
        pools = []
        for i in range(40):
            document = f"<pool type='dir'><name>p{i}</name><target><path>{self.fs.path}</path></target></pool>"
            pools.append(subprocess.Popen(["virsh", "-c", self.server.uri, "pool-create", self.server.write(document)],
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        with Prober(self.server) as prober:
            self.server.define(boot_guest("c"))  # a file of the daemon's own
            self.server.virsh("start", "c")
        self.assertGreater(prober.answers, 1)
        self.fs.resume()
        for pool in pools:
            pool.communicate(timeout=60)


if __name__ == "__main__":
    main()
